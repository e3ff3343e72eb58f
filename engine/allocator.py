"""How the C library hands out memory, set for arithmetic on large tensors. Torch-free.

A step of training allocates and frees the same large blocks again and again. glibc gives such blocks
back to the system at once and asks for them anew, and the system fills each page with zeros before it
is used: for a small convolutional model that took a quarter of a training step's processor time, and
two thirds of an evaluation's. Kept, they are there for the next step; ``give_back`` returns them when
the work is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt, as in glibc's malloc.h."""
_NEVER = -1
_LARGEST = (2**31 - 1, 32 * 2**20)
"""Blocks up to this size come from what is kept. glibc before 2.35 takes no more than the second."""


def keep_freed_memory() -> bool:
    """Keep what is freed for what is asked for next; did the C library take that?

    To be called before other threads start: all shall share one pool, since those of threads are cut
    into pieces that are given back. Only glibc can; elsewhere nothing is changed, nor where the person has
    set its variables.
    """
    set_by_hand = any(name.startswith("MALLOC_") for name in os.environ)
    if set_by_hand or "malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    mallopt = _function("mallopt")
    # first the size: without it the others would have every block asked for anew
    if mallopt is None or not any(mallopt(_MMAP_THRESHOLD, size) == 1 for size in _LARGEST):
        return False
    return all([mallopt(_TRIM_THRESHOLD, _NEVER) == 1, mallopt(_ARENA_MAX, 1) == 1])


def give_back() -> None:
    """Return what is free to the system, where the C library can; takes milliseconds."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Callable[..., Any] | None:
    """A function of glibc of whole numbers; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        found: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    except (ImportError, OSError, AttributeError):
        return None
    return found
