"""Short work beside the window: a function in a thread of the pool, its result in the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal


class Errand(QObject):
    """One function under way. ``done`` comes once, in the GUI thread, and not after ``drop``."""

    done = Signal(object)
    """What the function returned, or the exception that it raised."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.open = True
        self._arrived.connect(self._tell)

    _arrived = Signal(object)

    def drop(self) -> None:
        """Hear no more of it; the function still runs to its end."""
        self.open = False

    def _tell(self, result: object) -> None:
        if self.open:
            self.open = False
            self.done.emit(result)
        self.deleteLater()


class _Work(QRunnable):
    def __init__(self, errand: Errand, act: Callable[[], Any]) -> None:
        super().__init__()
        self._errand = errand
        self._act = act

    def run(self) -> None:
        result: object
        try:
            result = self._act()
        except Exception as error:  # noqa: BLE001  whoever asked says what it means
            result = error
        try:
            self._errand._arrived.emit(result)
        except RuntimeError:
            # the window is gone meanwhile
            return


def run(act: Callable[[], Any], done: Callable[[Any], None], owner: QObject | None = None) -> Errand:
    """Run ``act`` in the pool; ``done`` gets its result or its exception.

    Not once its owner is gone: that is the object whose method ``done`` is, unless another is named.
    """
    errand = Errand()
    errand.done.connect(done)
    owner = owner if owner is not None else getattr(done, "__self__", None)
    if isinstance(owner, QObject):
        # a result that comes after its page is deleted would be shown on nothing
        owner.destroyed.connect(errand.drop)
    QThreadPool.globalInstance().start(_Work(errand, act))
    return errand
