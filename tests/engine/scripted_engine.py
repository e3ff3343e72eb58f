"""An engine whose jobs do what their request's name says. Run by test_service.py as a process.

Arguments: seconds of patience at the end.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

from engine.answers import Answered, TrainAnswer
from engine.control import Control, Wish
from engine.errors import EngineError
from engine.events import EvaluationDone, Figures, Progress, Reason, RunFinished, StepDone
from engine.jobs import Emit
from engine.messages import say
from engine.requests import DownloadRequest, EvaluateRequest, PreviewRequest, TrainRequest
from engine.service import Job, serve


class Done(Answered):
    """The scripted answer."""

    what: str


def beside(request: DownloadRequest, emit: Emit, control: Control) -> Answered:
    """A job of the other lane."""
    return _act(request.name, request.weights or "", emit, control)


def computes(request: EvaluateRequest, emit: Emit, control: Control) -> Answered:
    """A job of the torch lane."""
    return _act(request.run, request.data or "", emit, control)


def preview(request: PreviewRequest, emit: Emit, control: Control) -> Answered:
    """A job that a newer one supersedes."""
    return _act(str(request.recipe["what"]), "", emit, control)


def train(request: TrainRequest, emit: Emit, control: Control) -> TrainAnswer:
    """Steps until something is asked; then saves for a moment."""
    saved = Path(str(request.out))
    step = 0
    while control.wish < Wish.PAUSE:
        step += 1
        emit(_step(step))
        time.sleep(0.02)
    control.check()
    time.sleep(float(os.environ.get("SAVING_TAKES", "0.3")))
    saved.write_text(f"step {step}")
    reason = Reason.PAUSED if control.wish is Wish.PAUSE else Reason.STOPPED
    emit(RunFinished(reason=reason))
    return TrainAnswer(run=str(saved), reason=reason, result=None)


def _step(step: int) -> StepDone:
    return StepDone(
        step=step,
        epoch=1,
        loss=1.0,
        floor=0.0,
        learning_rate=0.1,
        temperature=0.01,
        pictures_per_second=1.0,
        seconds_left=1.0,
    )


def _act(what: str, argument: str, emit: Emit, control: Control) -> Answered:
    if what == "wait":
        emit(Progress(phase=say("preview.pictures")))
        while True:
            control.check()
            time.sleep(0.02)
    elif what == "deaf":
        emit(Progress(phase=say("preview.pictures")))
        time.sleep(120)
    elif what == "print":
        print("a stray line")
        sys.stdout.flush()
        os.write(1, b'{"id": "stray", "event": {"type": "hello", "pid": 1}}\n')
        libc = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
        libc.puts(b"a line of a C library")
        libc.fflush(None)
        subprocess.run([sys.executable, "-c", "import sys; print('a child', sys.stdin.read())"], check=True)
        sys.stdin.read()
    elif what == "flood":
        # evaluations in between: nothing that coalesces may overtake or drop them
        for step in range(1, 100_001):
            emit(_step(step))
            if step % 25_000 == 0:
                figures = Figures(pictures=1, accuracy=1.0, loss=0.0)
                emit(EvaluationDone(step=step, epoch=step, sets={"validation": figures}, best=True))
        emit(RunFinished(reason=Reason.FINISHED))
        Path(argument).write_text("done")
    elif what == "input":
        raise EngineError("run.missing", path="/nowhere")
    elif what == "fault":
        raise ZeroDivisionError("one by nought")
    elif what == "exit":
        raise SystemExit(3)
    elif what == "answers":
        emit(Progress(phase=say("preview.pictures")))
        # an event that only the service may send
        from engine.events import Answer

        emit(Answer(result={}))
    elif what == "names":
        emit(Progress(phase=say("files.unreadable", path="bad\udcff.png", reason="x")))
    return Done(what=what)


JOBS = {
    "download": Job("scripted_engine:beside"),
    "tokens": Job("scripted_engine:gone"),
    "evaluate": Job("scripted_engine:computes", needs_torch=True),
    "preview": Job("scripted_engine:preview", needs_torch=True, supersedes=True),
    "train": Job("scripted_engine:train", needs_torch=True, pausable=True),
}

if __name__ == "__main__":
    sys.exit(serve(JOBS, patience=float(sys.argv[1])))
