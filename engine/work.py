"""A request under way and the lanes of threads that do the work of ``flyp serve``."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from engine import faults, wire
from engine.allocator import give_back
from engine.control import Control
from engine.errors import Cancelled, EngineError
from engine.events import Answer, Event, Failed, Hello
from engine.imports import uncollected
from engine.jobs import Emit
from engine.messages import say

Function = Callable[[Any, Emit, Control], BaseModel]
Ending = Answer | Failed


@dataclass(frozen=True)
class Job:
    """How requests of one type are done."""

    function: str
    """``module:function``; imported in the job's own thread when it is first asked for."""
    needs_torch: bool = False
    """Computes with torch for long: takes the one torch lane. Others run beside it."""
    supersedes: bool = False
    """A newer request of the type takes the place of an older one."""
    pausable: bool = False
    """Is asked to pause, not cancelled, when the engine ends, and waited for until it is saved."""


@dataclass(eq=False)
class Work:
    """One request under way. Only the main thread changes its state; its job emits."""

    id: str
    request: BaseModel
    job: Job
    writer: wire.Writer
    control: Control = field(default_factory=Control)
    running: bool = False
    superseded: bool = False
    _silent: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def emit(self, event: Event) -> None:
        """Send an event of the job; nothing once the request has ended."""
        if isinstance(event, Answer | Failed | Hello):
            raise TypeError(f"a job returns or raises; it does not emit {event.type}")
        with self._lock:
            if not self._silent:
                self.writer.put(self.id, event)

    def end(self, ending: Ending) -> None:
        """Send the last event."""
        with self._lock:
            self._silent = True
        try:
            self.writer.put(self.id, ending)
        except PydanticSerializationError as error:
            self.writer.put(self.id, _fault(error))

    def perform(self) -> Ending:
        """Do the job; never raises."""
        try:
            answer = _function(self.job.function)(self.request, self.emit, self.control)
            return Answer(result=answer.model_dump(mode="json"))
        except Cancelled as error:
            message = say("service.superseded") if self.superseded else error.message
            return Failed(message=message, cancelled=True)
        except EngineError as error:
            # of several errors at once the message has the first only, the text all
            everything = str(error) if str(error) != str(error.message) else ""
            return Failed(message=error.message, detail=error.detail or everything)
        except BaseException as error:  # noqa: BLE001  a library's sys.exit must not end the lane either
            return _fault(error)


def _function(path: str) -> Function:
    module, _, name = path.partition(":")
    with uncollected():
        return cast(Function, getattr(import_module(module), name))


def _fault(error: BaseException) -> Failed:
    message, trace = faults.recorded(error)
    return Failed(message=message, fault=True, detail=trace)


class Lane:
    """Threads that do jobs, ``width`` at once; the rest waits in order.

    The threads stay: torch keeps its pool of helpers with the thread that computes.
    """

    def __init__(self, name: str, width: int, ended: Callable[[Work, Ending], None]) -> None:
        self.waiting: list[Work] = []
        self.running: list[Work] = []
        self._name = name
        self._width = width
        self._ended = ended
        self._todo: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._threads = 0

    def start(self) -> None:
        """Let waiting work begin where there is room."""
        while self.waiting and len(self.running) < self._width:
            work = self.waiting.pop(0)
            work.running = True
            self.running.append(work)
            if self._threads < len(self.running):
                self._threads += 1
                threading.Thread(target=self._run, name=f"{self._name}-{self._threads}", daemon=True).start()
            self._todo.put(work)

    def _run(self) -> None:
        while True:
            work = self._todo.get()
            ending = work.perform()
            if work.job.needs_torch:
                # else what it used would be missing in the next estimate, and to other programs
                give_back()
            self._ended(work, ending)
