"""What a terminal shows while a job works, and what Ctrl-C means there."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from engine.control import Control, Wish
from engine.events import (
    EvaluationDone,
    Event,
    Paused,
    Progress,
    Resumed,
    RunStarted,
    StepDone,
    Warned,
)
from engine.messages import Message, say


class Terminal:
    """Shows events on stderr: one line that is written anew on a terminal, else a line now and then."""

    def __init__(
        self, stream: TextIO, seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``seconds`` is the least time between two lines of progress where nobody watches live."""
        self._stream = stream
        self._live = stream.isatty()
        self._seconds = 0.1 if self._live else seconds
        self._clock = clock
        self._last = float("-inf")
        self._phase = ""
        self._shown = 0
        self._total_steps = 0
        self._lost = False
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Show an event, or not: progress that comes too soon after the last is left out."""
        if isinstance(event, Progress):
            # the first sign of each phase is always shown
            fresh = event.phase.code != self._phase
            self._phase = event.phase.code
            self._passing(_progress(event), fresh)
        elif isinstance(event, StepDone):
            self._passing(_step(event, self._total_steps), fresh=False)
        else:
            if isinstance(event, RunStarted):
                self._total_steps = event.total_steps
            if text := _lasting(event):
                self.line(text)

    def line(self, text: str) -> None:
        """Show a line that stays."""
        with self._lock:
            self._write(self._wipe() + text + "\n")
            self._shown = 0

    def close(self) -> None:
        """Take the passing line away."""
        with self._lock:
            self._write(self._wipe())
            self._shown = 0

    def _passing(self, text: str, fresh: bool) -> None:
        with self._lock:
            now = self._clock()
            if not fresh and now - self._last < self._seconds:
                return
            self._last = now
            if not self._live:
                self._write(text + "\n")
                return
            width = max(shutil.get_terminal_size().columns - 1, 20)
            text = text if len(text) <= width else text[: width - 1] + "…"
            self._write("\r" + text.ljust(self._shown))
            self._shown = len(text)

    def _wipe(self) -> str:
        return "\r" + " " * self._shown + "\r" if self._shown else ""

    def _write(self, text: str) -> None:
        if self._lost or not text:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # whoever watched has gone; that is no reason to end the work
            self._lost = True


def duration(seconds: float) -> str:
    """A length of time in the coarsest words that still say something."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """A number of bytes, readable."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _progress(event: Progress) -> str:
    if event.unit == "bytes":
        amount = size(event.done) + (f" of {size(event.total)}" if event.total else "")
    else:
        amount = f"{event.done}/{event.total}" if event.total else str(event.done or "")
        amount = f"{amount} {event.unit}".strip() if amount else ""
    left = "" if event.seconds_left is None else f", {duration(event.seconds_left)} left"
    return f"{event.phase.text}: {amount}{left}" if amount or left else event.phase.text


def _step(event: StepDone, total: int) -> str:
    return say(
        "terminal.step",
        epoch=event.epoch,
        step=event.step,
        total=total or "?",
        loss=f"{event.loss:.4f}",
        floor=f"{event.floor:.4f}",
        speed=f"{event.pictures_per_second:.1f}",
        left=duration(event.seconds_left),
    ).text


def _lasting(event: Event) -> str:
    """The text of an event that stays on the screen; empty for one that is not shown."""
    if isinstance(event, RunStarted):
        return say(
            "terminal.run",
            run=event.run,
            method=event.method,
            model=event.model,
            classes=len(event.classes),
            epochs=event.epochs,
            steps=event.steps_per_epoch,
        ).text
    if isinstance(event, EvaluationDone):
        sets = ", ".join(f"{name} {figures.accuracy:.1%}" for name, figures in event.sets.items())
        kept = say("terminal.kept").text if event.best else ""
        return say("terminal.evaluated", epoch=event.epoch, sets=sets, kept=kept).text
    if isinstance(event, Warned):
        return say("terminal.note", text=str(event.message)).text
    if isinstance(event, Resumed):
        return say("terminal.resumed", step=event.step).text
    if isinstance(event, Paused):
        return say("terminal.paused", step=event.step).text
    return ""


@contextlib.contextmanager
def interruptible(control: Control, wish: Wish, told: Callable[[Message], None]) -> Iterator[None]:
    """Ctrl-C or SIGTERM once asks for ``wish``; Ctrl-C again leaves at once.

    The handler itself only puts into a queue, which takes no lock: the main thread, in whose midst
    it runs, may hold the very locks that asking and printing need.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    signals: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def handle(number: int, frame: object) -> None:
        if asked and number == signal.SIGINT:
            _leave()
        asked.append(number)
        signals.put(number)

    def watch() -> None:
        while signals.get() is not None:
            control.ask(wish)
            told(say("cli.pausing" if wish is Wish.PAUSE else "cli.cancelling"))

    threading.Thread(target=watch, name="signals", daemon=True).start()
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        # what a process without a terminal of its own can be sent there
        wanted.append(signal.SIGBREAK)
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None stands for a handler that was not set from Python
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signals.put(None)


def _leave() -> None:
    # a stream in the middle of a write cannot be flushed, and nothing may hold up leaving
    with contextlib.suppress(RuntimeError, OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(130)


def have_standard_streams() -> None:
    """Open what the program was started without, so that nothing else gets the descriptors 0 to 2.

    And a console that cannot show a sign shows a substitute, instead of ending the command.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # the lowest free number is taken, which is this one
            os.open(os.devnull, os.O_RDWR)
    # Python has None in the place of streams it was started without, whatever its types say
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


@contextlib.contextmanager
def stdout_for_the_answer() -> Iterator[None]:
    """Within, whatever prints to stdout, in Python or in C, writes to stderr instead."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 1)
        os.close(kept)
