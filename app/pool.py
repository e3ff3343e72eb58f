"""Short work beside the window: a function in a thread of the pool, its result in the GUI thread.

The pool's threads hold no object of Qt and none of the caller's: whoever lets go of the last reference to one
destroys it, and Qt's objects must not be destroyed in a thread that is not theirs. They know a piece of work by
its number, and one object tells the GUI thread of the end: a child of the application, which waits for the pool
before its children go.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, QThreadPool, Signal


class Errand(QObject):
    """One function under way. ``done`` comes once, in the GUI thread, and not after ``drop``."""

    done = Signal(object)
    """What the function returned, or the exception that it raised."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self.open = True
        # what it refers to is let go of here, not by the thread that has called it
        self._act: Callable[[], Any] | None = act

    def drop(self) -> None:
        """Hear no more of it; the function still runs to its end."""
        self.open = False

    def _tell(self, result: object) -> None:
        self._act = None
        if self.open:
            self.open = False
            self.done.emit(result)
        self.deleteLater()


class _Desk(QObject):
    """Where the pool's threads leave what they have done."""

    ended = Signal(int)

    def __init__(self) -> None:
        super().__init__(QCoreApplication.instance())
        self._numbers = itertools.count()
        self._errands: dict[int, Errand] = {}
        self._acts: dict[int, Callable[[], Any]] = {}
        self._results: dict[int, object] = {}
        # the slot runs where this object lives
        self.ended.connect(self._hand_over)

    def take(self, errand: Errand, act: Callable[[], Any]) -> int:
        """The number of a new piece of work. In the GUI thread, as ``_hand_over``."""
        number = next(self._numbers)
        self._errands[number], self._acts[number] = errand, act
        return number

    def work(self, number: int) -> None:
        """Do it. In a thread of the pool: after the signal nothing here refers to the result or to the function."""
        try:
            self._results[number] = self._acts.pop(number)()
        except Exception as error:  # noqa: BLE001  whoever asked says what it means
            self._results[number] = error
        except BaseException as error:  # noqa: BLE001  whoever waits must hear of it all the same
            self._results[number] = RuntimeError(repr(error))
        self.ended.emit(number)

    def _hand_over(self, number: int) -> None:
        self._errands.pop(number)._tell(self._results.pop(number))


_desk: _Desk | None = None


def run(act: Callable[[], Any], done: Callable[[Any], None], owner: QObject | None = None) -> Errand:
    """Run ``act`` in the pool; ``done`` gets its result or its exception. To be called in the GUI thread.

    Not once its owner is gone: that is the object whose method ``done`` is, unless another is named.
    """
    global _desk
    if _desk is None or not shiboken6.isValid(_desk):
        _desk = _Desk()
    desk = _desk
    errand = Errand(act)
    errand.done.connect(done)
    owner = owner if owner is not None else getattr(done, "__self__", None)
    if isinstance(owner, QObject):
        # a result that comes after its page is deleted would be shown on nothing
        owner.destroyed.connect(errand.drop)
    number = desk.take(errand, act)
    QThreadPool.globalInstance().start(lambda: desk.work(number))
    return errand
