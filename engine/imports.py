"""Importing what takes seconds: torch, and what comes with it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No looking for garbage meanwhile.

    Modules are none, and looking through a growing heap of them takes a sixth of the time torch needs.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # of several threads at it, the one that found it on turns it on again
        if was_on:
            gc.enable()
