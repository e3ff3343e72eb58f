"""Judging a run's blends in the background: what lies on disk at once, the rest by the engine.

begin -> read the folder in a worker -> (all there: done) -> sweep -> a stop is ready -> read it in a worker
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import blends, pool, run_care, texts
from app.blends import Stop, Stored
from app.engine_thread import Ticket
from app.shell import Shell
from engine.evaluation.outputs import Sets
from engine.events import BlendReady, Event, Failed, Progress
from engine.messages import Message
from engine.recipe import ALPHAS
from engine.requests import SweepAnswer, SweepRequest


class Sweeping(QObject):
    """Of one run at a time. Interrupted, it goes on from what was saved."""

    ready = Signal(object)
    """A ``Stop``."""
    changed = Signal()
    """It began, came further, or is over."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.folder: Path | None = None
        self.stops: dict[float, Stop] = {}
        self.sets: Sets | None = None
        self.reason: Message | None = None
        """Why the method has no blend; then only before and after are there."""
        self.trouble = ""
        """Why it could not be done, in words."""
        self.phase: Progress | None = None
        self.under_way = False
        self._ticket: Ticket | None = None
        self._errands: list[pool.Errand] = []

    @property
    def wanted(self) -> tuple[float, ...]:
        """The stops that there will be."""
        return ALPHAS if self.reason is None else (0.0, 1.0)

    @property
    def complete(self) -> bool:
        return all(alpha in self.stops for alpha in self.wanted)

    def begin(self, folder: Path) -> None:
        """Judge this run's blends, or go on with it."""
        if folder != self.folder:
            self.forget()
        if self.under_way or self.complete:
            return
        self.folder, self.trouble, self.under_way = folder, "", True
        self._do(pool.run(lambda: blends.stored(folder), self._found))
        self.changed.emit()

    def stop(self) -> None:
        """Judge no further; what is done stays."""
        for errand in self._errands:
            errand.drop()
        self._errands = []
        if self._ticket is not None:
            self._ticket.drop()
        self._ticket = self.phase = None
        if self.under_way:
            self.under_way = False
            self.changed.emit()

    def forget(self) -> None:
        """Stop, and show no run."""
        self.stop()
        self.folder = self.sets = self.reason = None
        self.stops, self.trouble = {}, ""

    # --- inside -------------------------------------------------------------------------------

    def _do(self, errand: pool.Errand) -> None:
        self._errands = [each for each in self._errands if each.open]
        self._errands.append(errand)

    def _found(self, found: Stored | Exception) -> None:
        assert self.folder is not None
        if isinstance(found, Stored):
            if found.sets is not None:
                self.sets = found.sets
            if found.answer is not None:
                self.reason = found.answer.reason
            for stop in found.stops:
                self._take(stop)
        if self.complete:
            self._over()
            return
        self._ticket = self._shell.engine.ask(SweepRequest(run=str(self.folder)))
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.phase = event
            self.changed.emit()
        elif isinstance(event, BlendReady):
            folder, file, alpha, known = self.folder, Path(event.file), _stop_of(event.alpha), self.sets
            assert folder is not None
            self._do(pool.run(lambda: blends.arrived(folder, file, alpha, known), self._arrived))

    def _arrived(self, found: tuple[Sets, Stop] | Exception) -> None:
        if isinstance(found, Exception):
            self._fail(run_care.why(found))
            return
        sets, stop = found
        if self.sets is not None and sets.weights != self.sets.weights:
            # the run was trained on since: what was read before is of other weights
            self.stops = {}
        self.sets = sets
        self._take(stop)
        if self._ticket is None and self.complete:
            self._over()

    def _take(self, stop: Stop) -> None:
        self.stops[stop.alpha] = stop
        self.ready.emit(stop)

    def _answered(self, answer: SweepAnswer) -> None:
        self._ticket = None
        self.reason = answer.reason
        if self.complete:
            self._over()
        else:
            # the last ones are still being read
            self.changed.emit()

    def _failed(self, failed: Failed) -> None:
        self._ticket = None
        if failed.cancelled:
            self._over()
        else:
            self._fail(texts.whole(failed.message))

    def _fail(self, why: str) -> None:
        self.trouble = why
        self.stop()
        self.changed.emit()

    def _over(self) -> None:
        self.phase, self.under_way = None, False
        self.changed.emit()


def _stop_of(alpha: float) -> float:
    """The stop that is meant, as it is written here."""
    return next((stop for stop in ALPHAS if blends.same(stop, alpha)), alpha)
