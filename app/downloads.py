"""Bringing models onto this machine, one at a time: how far it is, stopping it, going on with it."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from app.engine_thread import Ticket
from app.model_rows import Key
from app.shell import Shell
from engine.answers import DownloadAnswer
from engine.events import Event, Failed, Progress
from engine.messages import Message
from engine.requests import DownloadRequest


class Fetching(StrEnum):
    """Where a download stands."""

    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


class Download(QObject):
    """The latest download. What came before it was stopped is kept by the engine, for the next try."""

    changed = Signal()
    finished = Signal(object)
    """Key of the model that lies here now."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._ticket: Ticket | None = None
        self.key: Key | None = None
        self.state = Fetching.DONE
        self.done = 0
        self.total = 0
        self.seconds_left: float | None = None
        self.phase: Message | None = None
        """What is done that has no bytes to count."""
        self.error: Message | None = None

    @property
    def running(self) -> bool:
        return self.state in (Fetching.RUNNING, Fetching.STOPPING)

    @property
    def share(self) -> float:
        """Of its bytes that are here, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def of(self, key: Key | None) -> bool:
        """Is it about this model, and has something to say?"""
        return key is not None and key == self.key and self.state is not Fetching.DONE

    def start(self, key: Key) -> None:
        """Fetch a model, or go on with it."""
        if self.running:
            return
        if key != self.key:
            self.done, self.total = 0, 0
        self.key, self.state = key, Fetching.RUNNING
        self.seconds_left, self.phase, self.error = None, None, None
        self._ticket = self._shell.engine.ask(DownloadRequest(name=key[0], weights=key[1]))
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def stop(self) -> None:
        """Stop; what came so far is kept."""
        if self._ticket is not None and self.state is Fetching.RUNNING:
            self.state = Fetching.STOPPING
            self._ticket.cancel()
            self.changed.emit()

    def _said(self, event: Event) -> None:
        if not isinstance(event, Progress):
            return
        self.phase = event.phase
        if event.unit == "bytes":
            self.done, self.total, self.seconds_left = event.done, event.total, event.seconds_left
        self.changed.emit()

    def _answered(self, answer: DownloadAnswer) -> None:
        key = self.key
        self._ticket = None
        self.state, self.done, self.total = Fetching.DONE, answer.bytes, answer.bytes
        self.changed.emit()
        self.finished.emit(key)

    def _failed(self, failed: Failed) -> None:
        self._ticket = None
        self.state = Fetching.STOPPED if failed.cancelled else Fetching.FAILED
        self.error = None if failed.cancelled else failed.message
        self.changed.emit()
