"""The engine as the window sees it: a child process, a thread that owns it, tickets for what was asked.

    Engine (GUI thread) --ask--> stdin of `flyp serve`
                        <--batches, at most 20 a second-- EngineThread <--lines-- its stdout

A ticket ends once: with ``answered`` or with ``failed``. When the process dies, every open ticket
fails, the person is told, and a new process starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

import psutil
from pydantic import BaseModel, ValidationError
from PySide6.QtCore import QCoreApplication, QObject, QThread, QTimer, Signal

from app import texts
from engine import paths, requests
from engine.errors import EngineError
from engine.events import Answer, Failed, Hello, Line
from engine.program import command as engine_command
from engine.program import environment, frozen

BATCH_MS = 50
"""Shortest time between two batches of events in the GUI thread."""
_RESTARTS = 3
"""Crashes within a minute after which the engine is not started again by itself."""

ANSWERS: dict[str, type[BaseModel]] = {
    "inspect": requests.InspectAnswer,
    "pictures": requests.PicturesAnswer,
    "tokens": requests.TokensAnswer,
    "preview": requests.PreviewAnswer,
    "preflight": requests.PreflightAnswer,
    "presets": requests.PresetsAnswer,
    "models": requests.ModelsAnswer,
    "methods": requests.MethodsAnswer,
    "doctor": requests.DoctorAnswer,
    "download": requests.DownloadAnswer,
    "init": requests.InitAnswer,
    "train": requests.TrainAnswer,
    "evaluate": requests.EvaluateAnswer,
    "exporters": requests.ExportersAnswer,
    "export": requests.ExportAnswer,
    "predict": requests.PredictAnswer,
    "sweep": requests.SweepAnswer,
    "try": requests.TryAnswer,
    "report": requests.ReportAnswer,
    "pause": requests.AskedAnswer,
    "stop": requests.AskedAnswer,
    "cancel": requests.AskedAnswer,
    "shutdown": requests.EndedAnswer,
}
"""Request type -> form of its answer."""


def gone(text: str = "") -> Failed:
    """What an open ticket is told when the engine's process ended under it."""
    return Failed(message=texts.ours("app.engine_gone"), fault=True, detail=text)


def _unreadable(text: str) -> Failed:
    """What a ticket is told whose answer has not the form that was agreed upon."""
    return Failed(message=texts.ours("app.answer_unreadable"), fault=True, detail=text)


class Ticket(QObject):
    """One request under way. Signals come in the GUI thread; none after ``drop``."""

    said = Signal(object)
    """An event of the request: Progress, Structure, StepDone, …"""
    answered = Signal(object)
    """The answer model."""
    failed = Signal(object)
    """A ``Failed``; ``cancelled`` tells a wish from an error."""

    def __init__(self, engine: Engine, identity: str, kind: str) -> None:
        super().__init__(engine)
        self.id = identity
        self.kind = kind
        self.open = True
        self._engine = engine

    def cancel(self) -> None:
        """Ask for it to end at once; it then fails as cancelled."""
        if self.open:
            self._engine.ask(requests.CancelRequest(target=self.id))

    def drop(self) -> None:
        """Cancel it and hear no more of it. Nothing happens to one that has ended."""
        if self.open:
            self.blockSignals(True)
            self.cancel()


class EngineThread(QThread):
    """Owns the process: starts it, reads its lines, tells how it ended."""

    pending = Signal()
    """Lines wait to be taken."""
    ended = Signal(int)
    """The process is gone; its exit code, or -1 if it could not be started (then see ``trouble``)."""

    def __init__(self, low_priority: bool = False) -> None:
        super().__init__()
        self._low_priority = low_priority
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._lines: list[tuple[Line, BaseModel | None]] = []
        self._kinds: dict[str, str] = {}
        self.trouble = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def run(self) -> None:
        """The thread's life is the process's."""
        try:
            with _log_for_errors() as errors:
                process = subprocess.Popen(
                    engine_command("serve"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment(),
                    cwd=_work_folder() if frozen() else None,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            self.trouble = str(error)
            self.ended.emit(-1)
            return
        with self._lock:
            self._process = process
            killed = self._killed
        if killed:
            process.kill()
        if self._low_priority:
            _be_polite(process.pid)
        # writing may wait for the engine to read, which the window must not
        writer = threading.Thread(target=self._write, args=(process,), daemon=True)
        writer.start()
        assert process.stdout is not None
        with process.stdout:
            for text in process.stdout:
                self._arrived(text)
        code = process.wait()
        self._outgoing.put(None)
        writer.join()
        self.ended.emit(code)

    def send(self, identity: str, kind: str, line: bytes) -> None:
        """Write a request; its answer has the form of ``kind``, so that it is read in this thread."""
        with self._lock:
            self._kinds[identity] = kind
        self._outgoing.put(line)

    def close_input(self) -> None:
        """After what was sent: the engine saves what trains and ends."""
        self._outgoing.put(None)

    def kill(self) -> None:
        """End the process at once, also one that is just being started."""
        with self._lock:
            self._killed = True
            process = self._process
        if process is not None and process.poll() is None:
            process.kill()

    def take(self) -> list[tuple[Line, BaseModel | None]]:
        """What has arrived since the last call, with answers in their own form."""
        with self._lock:
            taken, self._lines = self._lines, []
        return taken

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        # what cannot be written is lost with the process, whose end is told anyway
        with contextlib.suppress(OSError), process.stdin:
            while (line := self._outgoing.get()) is not None:
                process.stdin.write(line)
                process.stdin.flush()

    def _arrived(self, text: bytes) -> None:
        answer: BaseModel | None = None
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            _note(f"A line of the engine could not be read: {error}")
            return
        if isinstance(line.event, Answer | Failed) and line.id is not None:
            with self._lock:
                kind = self._kinds.pop(line.id, "")
            if isinstance(line.event, Answer) and kind:
                try:
                    answer = ANSWERS[kind].model_validate(line.event.result)
                except ValidationError as error:
                    line = Line(id=line.id, event=_unreadable(str(error)))
        with self._lock:
            first = not self._lines
            self._lines.append((line, answer))
        if first:
            self.pending.emit()


class Engine(QObject):
    """One engine process for the GUI thread."""

    state_changed = Signal()
    crashed = Signal(str)
    """The process died by itself; the text says how. It is started again unless that happens often."""
    left = Signal()
    """After ``leave``: the process has ended."""

    def __init__(
        self, parent: QObject | None = None, restart: bool = True, low_priority: bool = False
    ) -> None:
        super().__init__(parent)
        self.ready = False
        self.closing = False
        self._restart = restart
        self._low_priority = low_priority
        self._thread: EngineThread | None = None
        self._tickets: dict[str, Ticket] = {}
        self._number = 0
        self._crashes: list[float] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self.kill)
        self._delivered = 0.0

    @property
    def pid(self) -> int | None:
        return self._thread.pid if self._thread is not None else None

    @property
    def running(self) -> bool:
        """There is a process."""
        return self._thread is not None

    @property
    def busy(self) -> list[Ticket]:
        """What is under way."""
        return list(self._tickets.values())

    def start(self) -> None:
        """Start the process in the background; requests may be asked at once."""
        if self._thread is not None or self.closing:
            return
        self._thread = EngineThread(self._low_priority)
        self._thread.setParent(self)
        self._thread.pending.connect(self._schedule)
        self._thread.ended.connect(self._process_ended)
        self._thread.start()
        self.state_changed.emit()

    def ask(self, request: BaseModel) -> Ticket:
        """Send a request. The ticket fails by itself if there is no engine to send it to."""
        if self._thread is None:
            self.start()
        self._number += 1
        kind = getattr(request, "type", "")
        ticket = Ticket(self, str(self._number), kind)
        self._tickets[ticket.id] = ticket
        content = request.model_dump(mode="json", by_alias=True)
        text = json.dumps({"id": ticket.id, "request": content}, ensure_ascii=False, allow_nan=False)
        if self._thread is None or self.closing:
            QTimer.singleShot(0, self, lambda: self._fail(ticket, gone()))
        else:
            self._thread.send(ticket.id, kind, text.encode("utf-8", "replace") + b"\n")
        self.state_changed.emit()
        return ticket

    def close(self, wait_ms: int = 15_000) -> bool:
        """Let it save and end; kill it if it takes longer than ``wait_ms``. True if it ended by itself."""
        self._silence()
        self._patience.stop()
        thread = self._thread
        if thread is None:
            return True
        thread.blockSignals(True)
        thread.close_input()
        in_time = thread.wait(wait_ms)
        if not in_time:
            thread.kill()
            thread.wait()
        self._thread = None
        self.ready = False
        return in_time

    def leave(self, wait_ms: int | None = 5_000) -> None:
        """Like ``close``, but without being waited for; afterwards ``left`` is told. None: however long it takes."""
        self._silence()
        thread = self._thread
        if thread is None:
            QTimer.singleShot(0, self, self.left.emit)
            return
        thread.close_input()
        if wait_ms is not None:
            self._patience.start(wait_ms)

    def kill(self) -> None:
        """End the process at once; its end is told as ever."""
        if self._thread is not None:
            self._thread.kill()

    def _silence(self) -> None:
        self.closing = True
        self._timer.stop()
        for ticket in self._tickets.values():
            ticket.open = False
        self._tickets.clear()

    # --- in the GUI thread, from the thread's signals -------------------------------------------

    def _schedule(self) -> None:
        if not self._timer.isActive():
            since = (time.monotonic() - self._delivered) * 1000
            self._timer.start(max(0, round(BATCH_MS - since)))

    def _deliver(self) -> None:
        self._delivered = time.monotonic()
        thread = self._thread
        if thread is None:
            return
        for line, answer in thread.take():
            self._tell(line, answer)

    def _tell(self, line: Line, answer: BaseModel | None) -> None:
        event = line.event
        if isinstance(event, Hello):
            self.ready = True
            self.state_changed.emit()
            return
        ticket = self._tickets.get(line.id or "")
        if ticket is None:
            return
        if isinstance(event, Answer):
            self._end(ticket)
            ticket.answered.emit(answer)
            ticket.deleteLater()
        elif isinstance(event, Failed):
            self._fail(ticket, event)
        else:
            ticket.said.emit(event)

    def _fail(self, ticket: Ticket, failed: Failed) -> None:
        if ticket.id in self._tickets:
            self._end(ticket)
            ticket.failed.emit(failed)
            ticket.deleteLater()

    def _end(self, ticket: Ticket) -> None:
        ticket.open = False
        del self._tickets[ticket.id]
        self.state_changed.emit()

    def _process_ended(self, code: int) -> None:
        self._deliver()
        thread = self._thread
        self._thread = None
        self.ready = False
        if thread is not None:
            thread.wait()
            thread.deleteLater()
        trouble = (thread.trouble if thread else "") or _how(code)
        for ticket in list(self._tickets.values()):
            self._fail(ticket, gone(trouble))
        self.state_changed.emit()
        if self.closing:
            self._patience.stop()
            self.left.emit()
            return
        self.crashed.emit(trouble)
        now = time.monotonic()
        self._crashes = [*(at for at in self._crashes if now - at < 60), now]
        if self._restart and len(self._crashes) <= _RESTARTS:
            self.start()


def _how(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return QCoreApplication.translate("engine_thread", "ended by signal {}").format(-code)
    return QCoreApplication.translate("engine_thread", "exit code {}").format(code)


def _log_file() -> Path:
    folder = paths.log_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "engine.log"


def _log_for_errors() -> IO[bytes]:
    """Where the engine's own words go; nowhere, if no log can be written: the engine works without one."""
    try:
        return _log_file().open("ab")
    except (OSError, EngineError):
        return Path(os.devnull).open("ab")


def _work_folder() -> str:
    """Where the bundle's engine runs: a folder in use cannot be renamed on Windows, nor a medium taken out."""
    # an account without a home is no reason to have no engine
    with contextlib.suppress(RuntimeError, OSError):
        home = Path.home()
        if home.is_dir() and os.access(home, os.X_OK):
            return str(home)
    return tempfile.gettempdir()


def _note(text: str) -> None:
    """Write into the engine's log what is no matter for the person."""
    with contextlib.suppress(OSError), _log_file().open("a", encoding="utf-8") as log:
        log.write(f"{text}\n")


def _be_polite(pid: int) -> None:
    """Let the window go first where both want the same core."""
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process(pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process(pid).nice(5)
