"""A run left in the background on its way into the window: its process is asked to save it and is waited for."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import pool, run_care


class Fetching(QObject):
    """One run at a time."""

    changed = Signal()
    """Another run, or none, is waited for."""
    free = Signal(object)
    """The folder of the run that was waited for: its process has saved it and ended."""
    failed = Signal(str)
    """Why it could not be had."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        """The run that is waited for."""
        self._work: pool.Errand | None = None
        self._enough = threading.Event()

    def begin(self, folder: Path) -> None:
        """Ask the process that works on it to save the run and end; nothing if one is waited for already."""
        if self.folder is not None:
            return
        self.folder = folder
        enough = self._enough = threading.Event()
        self._work = pool.run(lambda: run_care.let_go(folder, enough), self._over)
        self.changed.emit()

    def cancel(self) -> None:
        """Wait no more. The process saves the run and ends all the same."""
        self._enough.set()
        if self._work is not None:
            self._work.drop()
            self._work = None
        if self.folder is not None:
            self.folder = None
            self.changed.emit()

    def _over(self, free: bool | Exception) -> None:
        folder, self.folder, self._work = self.folder, None, None
        assert folder is not None
        self.changed.emit()
        if free is True:
            self.free.emit(folder)
        elif isinstance(free, Exception):
            self.failed.emit(run_care.why(free))
        else:
            self.failed.emit(self.tr("Its process did not answer in time; it goes on where it is."))
