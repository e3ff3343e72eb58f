"""Python's cyclic garbage is collected in the GUI thread alone.

Python collects in whichever thread happens to allocate. Widgets and timers lie in cycles (signals know
bound methods), and Qt's objects must not be destroyed in a thread that is not theirs: the process dies of it,
rarely, and far from the cause.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1_000
_YOUNG, _MIDDLE, _OLD = 700, 10, 30
"""Python's own thresholds for the first two generations; the last costs most and is looked at least."""


class Garbage(QObject):
    """Takes over from Python; begin it in the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(_EVERY_MS)

    def look(self) -> int | None:
        """Collect the oldest generation that is due; its number, or None if none was."""
        young, middle, old = gc.get_count()
        if young < _YOUNG:
            return None
        generation = 2 if old > _OLD else 1 if middle > _MIDDLE else 0
        gc.collect(generation)
        return generation
