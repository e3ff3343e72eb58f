"""``flyp serve``: requests in, events out, as the window's engine.

The life of a request. Whatever happens, it ends with exactly one Answer or Failed:

    line --not a request-----------------------------------> Failed
      |
      v
    waiting --cancel, pause, stop; a newer one takes its place; the engine ends--> Failed(cancelled)
      |  its lane is free
      v
    running --returns---------------------------------------> Answer
            --EngineError-----------------------------------> Failed
            --Cancelled (cancel, or a newer one took its place)--> Failed(cancelled)
            --anything else---------------------------------> Failed(fault), traceback in a log
            --the engine ends, and it does not stop in time-> Failed(cancelled), cut off

Two lanes: one job at a time that computes with torch, in order; and a few others beside it.
The main thread alone decides: the reader, the jobs and the signals only put calls into its inbox,
so there is no lock around the state of requests and each ends once by construction.

The engine ends when stdin closes, on ``shutdown``, on Ctrl-C, or when nobody reads the wire any
more. Training is then asked to pause, and waited for until it is saved; other jobs are cancelled.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from engine import wire
from engine.control import Wish
from engine.errors import EngineError
from engine.events import Answer, Failed, Hello
from engine.messages import say
from engine.requests import (
    AskedAnswer,
    CancelRequest,
    EndedAnswer,
    PauseRequest,
    RequestError,
    RequestLine,
    ShutdownRequest,
    StopRequest,
    parse_request,
)
from engine.work import Ending, Job, Lane, Work

JOBS: dict[str, Job] = {
    "inspect": Job("engine.jobs.inspect:inspect"),
    "pictures": Job("engine.jobs.pictures:pictures"),
    "tokens": Job("engine.jobs.tokens:tokens"),  # imports torch with open_clip, but computes nothing
    "presets": Job("engine.jobs.presets:presets"),  # open_clip's, and with it torch
    "models": Job("engine.jobs.models:models"),
    "methods": Job("engine.jobs.methods:methods"),
    "doctor": Job("engine.jobs.doctor:doctor"),  # its kernels are tiny
    "download": Job("engine.jobs.download:download"),
    "init": Job("engine.jobs.init:init"),
    "preview": Job("engine.jobs.preview:preview", needs_torch=True, supersedes=True),
    "preflight": Job("engine.jobs.preflight:preflight", needs_torch=True, supersedes=True),
    "evaluate": Job("engine.jobs.evaluate:evaluate", needs_torch=True),
    # a newer wish to see or try something takes the place of an older one's rest
    "sweep": Job("engine.jobs.sweep:sweep", needs_torch=True, supersedes=True),
    "try": Job("engine.jobs.try_pictures:try_pictures", needs_torch=True, supersedes=True),
    "report": Job("engine.jobs.report:report", needs_torch=True),
    "exporters": Job("engine.jobs.exporters:exporters", needs_torch=True),
    "export": Job("engine.jobs.export:export", needs_torch=True),
    "predict": Job("engine.jobs.predict:predict", needs_torch=True),
    "train": Job("engine.jobs.train:train", needs_torch=True, pausable=True),
}
"""Request type -> how it is done."""

_WISHES = {PauseRequest: Wish.PAUSE, StopRequest: Wish.STOP, CancelRequest: Wish.CANCEL}


class Service:
    """The main thread's part: takes requests, starts jobs, passes wishes on, ends."""

    def __init__(self, incoming: int, outgoing: int, jobs: Mapping[str, Job], patience: float) -> None:
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._writer = wire.Writer(outgoing, gone=lambda: self._inbox.put(self.end))
        self._incoming = incoming
        self._jobs = jobs
        self._patience = patience
        self._lanes = {
            True: Lane("torch", 1, self._report),
            False: Lane("beside", 4, self._report),
        }
        self._under_way: dict[str, Work] = {}
        self._ending_since: float | None = None
        self._shutdowns: list[str] = []
        self._left_behind = False

    def run(self) -> bool:
        """Serve until the end; False if a thread had to be left behind."""
        self._writer.put(None, Hello(pid=os.getpid()))
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while self._ending_since is None or self._under_way:
            # the bound lets signals in on systems where waiting holds them up
            with contextlib.suppress(queue.Empty):
                self._inbox.get(timeout=0.2)()
            self._cut_off_the_late()
        for identity in self._shutdowns:
            self._writer.put(identity, Answer(result=EndedAnswer().model_dump()))
        return self._writer.close(self._patience) and not self._left_behind

    def interrupted(self) -> None:
        """End soon. May be called from a signal handler: putting into the inbox takes no lock."""
        self._inbox.put(self.end)

    def end(self) -> None:
        """Take nothing new, have training saved and the rest cancelled."""
        if self._ending_since is not None:
            return
        self._ending_since = time.monotonic()
        for work in list(self._under_way.values()):
            if work.running:
                work.control.ask(Wish.PAUSE if work.job.pausable else Wish.CANCEL)
            else:
                self._drop(work, Failed(message=say("service.ending"), cancelled=True))

    # --- called from other threads: they only put into the inbox ---------------------------------

    def _read(self) -> None:
        for line in wire.lines(self._incoming):
            self._inbox.put(partial(self._arrived, line))
        self._inbox.put(self.end)

    def _report(self, work: Work, ending: Ending) -> None:
        self._inbox.put(partial(self._done, work, ending))

    # --- the main thread --------------------------------------------------------------------------

    def _arrived(self, line: bytes | None) -> None:
        if line is None:
            self._refuse(None, EngineError("request.too_long", limit=wire.LONGEST))
            return
        if not line.strip():
            return
        try:
            given = parse_request(line)
        except RequestError as error:
            self._refuse(error.id, error)
            return
        self._take(given)

    def _take(self, given: RequestLine) -> None:
        request = given.request
        if given.id in self._under_way or given.id in self._shutdowns:
            # under that id it would look like the end of the other one
            self._refuse(None, EngineError("request.id_in_use", id=given.id))
        elif isinstance(request, ShutdownRequest):
            self._shutdowns.append(given.id)
            self.end()
        elif isinstance(request, PauseRequest | StopRequest | CancelRequest):
            self._wish(given.id, request)
        elif self._ending_since is not None:
            self._writer.put(given.id, Failed(message=say("service.ending"), cancelled=True))
        elif (job := self._jobs.get(request.type)) is None:
            self._refuse(given.id, EngineError("service.not_here", type=request.type))
        else:
            self._add(Work(given.id, request, job, self._writer))

    def _add(self, work: Work) -> None:
        if work.job.supersedes:
            for older in list(self._under_way.values()):
                if older.job is work.job:
                    self._supersede(older)
        self._under_way[work.id] = work
        lane = self._lanes[work.job.needs_torch]
        lane.waiting.append(work)
        lane.start()

    def _supersede(self, older: Work) -> None:
        if older.running:
            older.superseded = True
            older.control.ask(Wish.CANCEL)
        else:
            self._drop(older, Failed(message=say("service.superseded"), cancelled=True))

    def _wish(self, identity: str, request: PauseRequest | StopRequest | CancelRequest) -> None:
        target = self._under_way.get(request.target)
        if target is None:
            self._refuse(identity, EngineError("request.no_target", target=request.target[:200]))
            return
        waiting = not target.running
        if waiting:
            # it has done nothing that could be saved or judged
            self._drop(target, Failed(message=say("core.cancelled"), cancelled=True))
        else:
            target.control.ask(_WISHES[type(request)])
        answer = AskedAnswer(target=target.id, waiting=waiting)
        self._writer.put(identity, Answer(result=answer.model_dump(mode="json")))

    def _drop(self, work: Work, ending: Failed) -> None:
        """End work that has not begun."""
        self._lanes[work.job.needs_torch].waiting.remove(work)
        del self._under_way[work.id]
        work.end(ending)

    def _done(self, work: Work, ending: Ending) -> None:
        lane = self._lanes[work.job.needs_torch]
        lane.running.remove(work)
        if self._under_way.pop(work.id, None) is work:
            work.end(ending)
        lane.start()

    def _refuse(self, identity: str | None, error: EngineError) -> None:
        self._writer.put(identity, Failed(message=error.message, detail=error.detail))

    def _cut_off_the_late(self) -> None:
        """When ending: give up on cancelled jobs that do not look at their control."""
        if self._ending_since is None or time.monotonic() - self._ending_since < self._patience:
            return
        for work in list(self._under_way.values()):
            if not work.job.pausable:
                self._left_behind = True
                del self._under_way[work.id]
                work.end(Failed(message=say("service.abandoned"), cancelled=True))


def serve(jobs: Mapping[str, Job] = JOBS, patience: float = 10.0) -> int:
    """Serve on stdin and stdout until the end; the exit code.

    ``patience`` bounds, in seconds, the waits for cancelled jobs and for a reader that reads no more.
    """
    incoming, outgoing = wire.private_input(), wire.private_output()
    sys.stdout, sys.stderr = wire.forgiving_text(1), wire.forgiving_text(2)
    service = Service(incoming, outgoing, jobs, patience)
    asked: list[int] = []

    def interrupted(number: int, frame: object) -> None:
        if asked and number == signal.SIGINT:
            os._exit(130)
        asked.append(number)
        service.interrupted()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, interrupted)
        signal.signal(signal.SIGTERM, interrupted)
    if not service.run():
        # a thread of torch that still computes would crash the interpreter's own way out
        sys.stderr.flush()
        os._exit(0)
    return 0
