"""How a running job learns that it should pause, stop or be cancelled.

Asking only sets a flag. Loops look at it between steps (or pictures) and resolve it there,
so nothing is ever cut in the middle of a write.

    running --pause--> finishes the step, saves, ends (can be resumed)
    running --stop---> finishes the step, evaluates, keeps the best, ends
    running --cancel-> ends at the next look, keeps what was saved before
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from engine.errors import Cancelled


class Wish(IntEnum):
    """What the person asked for; a stronger wish replaces a weaker one."""

    NONE = 0
    PAUSE = 1
    STOP = 2
    CANCEL = 3


class Asked(Exception):
    """Something was asked for while a loop that can be left and done again was under way."""


class Control:
    """A thread-safe flag between whoever asks and the loop that looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wish = Wish.NONE
        self._ignored = Wish.STOP

    def ask(self, wish: Wish) -> None:
        """Set the wish, unless a stronger one stands already."""
        with self._lock:
            self._wish = max(self._wish, wish)

    @property
    def wish(self) -> Wish:
        return self._wish

    def check(self) -> None:
        """Raise Cancelled if cancelling was asked for. For every long loop.

        Within ``alert`` also raise Asked as soon as anything new is asked.
        """
        if self._wish is Wish.CANCEL:
            raise Cancelled
        if self._wish > self._ignored:
            raise Asked

    @contextmanager
    def alert(self, standing: bool = False) -> Iterator[None]:
        """For work that may be left at any point and done again, such as an evaluation.

        ``standing``: what was asked before it began counts too.
        """
        self._ignored = Wish.NONE if standing else self._wish
        try:
            yield
        finally:
            self._ignored = Wish.STOP
