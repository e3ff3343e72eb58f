"""How the C library hands out memory, set for arithmetic on large tensors. Torch-free.

A step of training allocates and frees the same large blocks again and again. glibc gives such blocks
back to the system at once and asks for them anew, and the system fills each page with zeros before it
is used: for a small convolutional model that took a quarter of a training step's processor time, and
two thirds of an evaluation's. Kept, they are there for the next step. The largest amount of memory in use
is the same; it is only not given back before the process ends.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt, as in glibc's malloc.h."""
_NEVER = -1
_LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keep what is freed for what is asked for next; did the C library take that?

    To be called before other threads start: all shall share one pool, since those of threads are cut
    into pieces that are given back. Only glibc can; elsewhere nothing is changed, nor where the person has
    set its variables.
    """
    if not sys.platform.startswith("linux") or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _NEVER), (_ARENA_MAX, 1))
    taken = [int(mallopt(parameter, ctypes.c_int(value))) for parameter, value in settings]
    return all(taken)
