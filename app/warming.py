"""Pages made before they are asked for, while nobody waits.

Charts bring numpy and pyqtgraph, half a second of imports: these happen in a thread after the first
paint. Then one page after the other is made in the pauses of the event loop, so that going to a page
for the first time, perhaps while all cores train, does not stutter.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.registry import MODULES
from app.steps import Step

if TYPE_CHECKING:
    from app.main_window import MainWindow

_BEGIN_MS = 400
_BETWEEN_MS = 150


class Warming(QObject):
    """Once for a window; ends by itself when all pages are there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.done = False
        self._thread = threading.Thread(target=_import_all, name="imports", daemon=True)
        self._timer = QTimer(self)
        self._timer.setInterval(_BETWEEN_MS)
        self._timer.timeout.connect(self._next)
        QTimer.singleShot(_BEGIN_MS, self, self._begin)

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()
        self.done = True

    def _begin(self) -> None:
        if not self.done:
            self._thread.start()
            self._timer.start()

    def _next(self) -> None:
        if self._thread.is_alive():
            return
        missing = [step for step in Step if step not in self._window.pages]
        if missing:
            self._window.page(missing[0])
        else:
            self.stop()


def _import_all() -> None:
    for module in MODULES:
        try:
            import_module(module)
        except Exception as error:  # noqa: BLE001
            # whoever goes to the page is told in the window; here nobody would be
            print(f"flyp-gui: {module} could not be loaded: {error}", file=sys.stderr)
            return
