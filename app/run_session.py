"""The run that the window shows: one under way in an engine of its own, or one read from disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app import background, pool, texts
from app.charts.series import Series, reduce, replay
from app.engine_thread import Engine, Ticket
from app.fetching import Fetching
from app.time_left import Judging
from engine.errors import EngineError
from engine.events import EvaluationDone, Event, Failed, Progress, Reason, RunFinished, RunStarted, StepDone
from engine.messages import Message
from engine.recipe import Recipe
from engine.requests import CancelRequest, PauseRequest, StopRequest, TrainAnswer, TrainRequest
from engine.run_directory import RunDirectory

_LOOK_MS = 1000
"""How often a run in another process is looked at."""


class RunState(StrEnum):
    """Where the run stands."""

    NONE = "none"
    READING = "reading"
    """It is being read from its folder."""
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    STOPPING = "stopping"
    CANCELLING = "cancelling"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Its process was killed or crashed; it can go on from its last checkpoint."""
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ELSEWHERE = "elsewhere"
    """Another process works on it; what it writes is shown."""


UNDER_WAY = frozenset(
    {RunState.STARTING, RunState.RUNNING, RunState.PAUSING, RunState.STOPPING, RunState.CANCELLING}
)


@dataclass(frozen=True)
class Found:
    """A run as it lies in its folder."""

    folder: Path
    recipe: Recipe
    series: Series
    read: int
    """Bytes of its events that were read."""
    in_use: bool
    left_behind: bool
    """The process that works on it was left behind by a window of ours."""
    state: RunState


def read(folder: Path) -> Found:
    """Read a run; a long one takes most of a second. Raises EngineError if it is none, or damaged."""
    run = RunDirectory.open(folder)
    recipe = run.recipe()
    # asked first: what a run says last comes before it is let go
    left_behind = folder.absolute() in background.alive()
    # a process left behind that is still being started has it already
    in_use = left_behind or run.in_use()
    events, place = run.events_after(0)
    series = replay(events)
    state = RunState.ELSEWHERE if in_use else _state_of(series, folder)
    return Found(folder, recipe, series, place, in_use, left_behind, state)


class RunSession(QObject):
    """One run at a time. ``changed`` comes at most as often as the engine's batches."""

    changed = Signal()
    """Numbers or words are different."""
    state_changed = Signal()
    ended = Signal()
    """A run that was under way here has come to its end, whatever it was."""
    left = Signal()
    """After ``leave``: what trained is saved and its process has ended."""
    alpha_changed = Signal()
    """Another blend of the run was chosen to go on with."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = RunState.NONE
        self.series = Series()
        self.folder: Path | None = None
        self.recipe: Recipe | None = None
        self.phase: Progress | None = None
        """What is done before and between the steps."""
        self.error: Message | None = None
        self.detail = ""
        self.reading: Path | None = None
        """The folder that is being read."""
        self.left_behind = False
        """The other process that works on the run was left behind by a window of ours."""
        self.quits_after = False
        """The window closes when this run has been stopped and judged."""
        self.fetching = Fetching(self)
        self.engine: Engine | None = None
        self._reading: pool.Errand | None = None
        self._shown_before: dict[str, Any] = {}
        """What was shown until something else began to be read; it comes back if that is no run."""
        self._judging = Judging()
        self._keep = False
        """It is gone on with only to be stopped and kept."""
        self._leaving: list[Engine] = []
        """Engines that have said their last word and are about to end."""
        self._ticket: Ticket | None = None
        self._before: RunState | None = None
        """Where the run stood that is to be gone on with, until it has begun."""
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self._look)
        self._read = 0
        """Bytes of a followed run's events that were read."""
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.setInterval(0)
        self._told.timeout.connect(self.changed)

    @property
    def under_way(self) -> bool:
        """A process of ours works on it."""
        return self.state in UNDER_WAY

    @property
    def has_begun(self) -> bool:
        """The attempt under way has said its first word, also to its folder."""
        return self.under_way and self._before is None and self.series.started is not None

    @property
    def can_resume(self) -> bool:
        if self.state in (RunState.FAILED, RunState.CANCELLED):
            return self.folder is not None and has_checkpoint(self.folder)
        return self.state in (RunState.PAUSED, RunState.INTERRUPTED)

    @property
    def alpha(self) -> float:
        """The blend to go on with (0 before, 1 after training): the person's choice, else the recipe's."""
        chosen = RunDirectory(self.folder).chosen_alpha() if self.folder is not None else None
        if chosen is not None:
            return chosen
        return self.recipe.blend.alpha if self.recipe is not None else 1.0

    def choose_alpha(self, alpha: float) -> None:
        """Go on with this blend of the run; kept in its folder. Raises WriteError."""
        assert self.folder is not None
        RunDirectory(self.folder).choose_alpha(alpha)
        self.alpha_changed.emit()

    # --- asking -----------------------------------------------------------------------------

    def start(self, recipe: Recipe, out: Path | None = None) -> None:
        """Train a recipe in a new run."""
        self._begin(recipe, Series(), out)
        self._ask(TrainRequest(recipe=recipe.content(), out=None if out is None else str(out)))

    def resume(self, keep: bool = False) -> None:
        """Go on with the run that is shown; with ``keep`` only to stop it at once, judge it and keep the best."""
        assert self.folder is not None
        before = self.state
        self._begin(self.recipe, self.series, self.folder)
        self._before, self._keep = before, keep
        self._ask(TrainRequest(resume=str(self.folder)))

    def pause(self) -> None:
        """Save and give the device back."""
        self._wish(RunState.PAUSING, PauseRequest)

    def stop(self) -> None:
        """End early; the best epoch so far is judged and kept."""
        self._wish(RunState.STOPPING, StopRequest)

    def cancel(self) -> None:
        """End at once."""
        self._wish(RunState.CANCELLING, CancelRequest)

    def quit_after(self, wish: bool) -> None:
        """Whether the window closes when this run has been stopped and judged."""
        if wish is not self.quits_after:
            self.quits_after = wish
            self.changed.emit()

    def load(self, folder: Path, then: Callable[[Exception | None], None] | None = None) -> None:
        """Read a run's folder in a worker thread and show it.

        ``then`` is told None, or why it cannot be; what was shown before is then shown again. It hears
        nothing if another run is opened or started, or this one forgotten, before.
        """
        assert not self.under_way
        if self._reading is None:
            names = ("state", "folder", "recipe", "series", "error", "detail", "left_behind", "_read")
            self._shown_before = {name: getattr(self, name) for name in names}
        self._drop_reading()
        self._tick.stop()
        self.folder, self.recipe, self.series, self.phase, self.error = None, None, Series(), None, None
        self.reading = folder
        self._reading = pool.run(lambda: read(folder), lambda found: self._loaded(found, then), self)
        self._set(RunState.READING)
        self.changed.emit()

    def _loaded(self, found: Found | Exception, then: Callable[[Exception | None], None] | None) -> None:
        self._drop_reading()
        if isinstance(found, Found):
            self.show(found)
        else:
            before, self._shown_before = self._shown_before, {}
            state = before.pop("state")
            for name, value in before.items():
                setattr(self, name, value)
            if state is RunState.ELSEWHERE:
                self._tick.start()
            self._set(state)
            self.changed.emit()
        if then is not None:
            then(found if isinstance(found, Exception) else None)

    def _drop_reading(self) -> None:
        if self._reading is not None:
            self._reading.drop()
        self._reading = self.reading = None

    def open(self, folder: Path) -> None:
        """Show a run from its folder at once. Raises EngineError if it is none, or damaged."""
        self.show(read(folder))

    def show(self, found: Found) -> None:
        """Show a run that was read."""
        assert not self.under_way
        self._drop_reading()
        self._tick.stop()
        self.folder, self.recipe, self.series, self._read = (
            found.folder, found.recipe, found.series, found.read,
        )  # fmt: skip
        self.phase, self.detail, self.left_behind = None, "", found.left_behind
        self.error = self.series.finished.error if self.series.finished is not None else None
        if found.in_use:
            self._tick.start()
        self._set(found.state)
        self.changed.emit()

    def forget(self) -> None:
        """Show no run."""
        assert not self.under_way
        self._drop_reading()
        self._tick.stop()
        self.series, self.folder, self.recipe, self.phase, self.error = Series(), None, None, None, None
        self._set(RunState.NONE)
        self.changed.emit()

    def leave(self) -> None:
        """Have what trains saved and its process end, without being waited for: ``left`` tells."""
        if self.engine is None:
            QTimer.singleShot(0, self, self.left.emit)
            return
        self.engine.left.connect(self.left)
        self.engine.leave(None)

    def kill(self) -> None:
        """End the process at once, saved or not."""
        if self.engine is not None:
            self.engine.kill()

    def close(self, wait_ms: int = 60_000) -> None:
        """End the process; what trains is saved first. Tells nobody, as it is for the window's end."""
        self._tick.stop()
        self._told.stop()
        self._drop_reading()
        self.fetching.cancel()
        engines, self._leaving = self._leaving, []
        if self.engine is not None:
            engines.append(self.engine)
            self.engine = None
        for engine in engines:
            engine.close(wait_ms)
        if self.under_way:
            self._ticket = None
            saved = self.folder is not None and has_checkpoint(self.folder)
            self.state = RunState.PAUSED if saved else RunState.NONE

    # --- words --------------------------------------------------------------------------------

    def words(self) -> str:
        """Where the run stands, short."""
        series = self.series
        if self.state is RunState.RUNNING and series.started is not None and self.phase is None:
            if series.trains_nothing:
                return self.tr("measuring the model")
            epoch = min(series.epoch + 1, series.started.epochs)
            words = self.tr("candidate {} of {}") if series.of_candidates else self.tr("epoch {} of {}")
            return words.format(epoch, series.started.epochs)
        if self.state in (RunState.STARTING, RunState.RUNNING):
            return texts.message(self.phase.phase)[0] if self.phase is not None else self.tr("starting")
        if self.state is RunState.FINISHED:
            best = series.finished.best_epoch if series.finished is not None else None
            total = series.started.epochs if series.started is not None else 0
            if best is None:
                return self.tr("finished")
            if best == 0:
                return self.tr("measured") if series.trains_nothing else self.tr("kept as before training")
            words = self.tr("best: no. {} of {}") if series.of_candidates else self.tr("best epoch {} of {}")
            return words.format(best, total)
        return {
            RunState.READING: self.tr("reading the run"),
            RunState.PAUSING: self.tr("pausing"),
            RunState.STOPPING: self.tr("judging what is kept, then the window closes")
            if self.quits_after
            else self.tr("judging what is kept"),
            RunState.CANCELLING: self.tr("cancelling"),
            RunState.PAUSED: self.tr("paused"),
            RunState.INTERRUPTED: self.tr("interrupted"),
            RunState.FAILED: self.tr("failed"),
            RunState.CANCELLED: self.tr("cancelled"),
            RunState.ELSEWHERE: self.tr("running in another process"),
        }.get(self.state, "")

    def share(self) -> float:
        """Of the steps that are done, 0 to 1."""
        total = self.series.total_steps
        return min(1.0, self.series.step / total) if total else 0.0

    def seconds_left(self) -> float | None:
        """Of the whole run, with the judging that is still to come."""
        alpha = self.recipe.blend.alpha if self.recipe is not None else 1.0
        if self.state is RunState.RUNNING:
            return self._judging.left_of_run(self.series, alpha, time.monotonic())
        if self.state is RunState.STOPPING:
            return self._judging.left_of_stop(self.series, alpha)
        return None

    def phase_left(self) -> float | None:
        """Seconds left of what is done before and between the steps, where that is known."""
        if self.phase is None or self.phase.seconds_left is not None:
            return self.phase.seconds_left if self.phase is not None else None
        alpha = self.recipe.blend.alpha if self.recipe is not None else 1.0
        return self._judging.left(self.series, alpha) if self.under_way else None

    # --- inside -------------------------------------------------------------------------------

    def _begin(self, recipe: Recipe | None, series: Series, folder: Path | None) -> None:
        assert not self.under_way
        self._drop_reading()
        self._tick.stop()
        assert self.engine is None
        self.engine = Engine(self, restart=False, low_priority=True)
        self.series, self.recipe, self.folder = series, recipe, folder
        self.phase, self.error, self.detail, self._before = None, None, "", None
        self.left_behind = self.quits_after = self._keep = False
        self._judging = Judging()
        self._set(RunState.STARTING)

    def _ask(self, request: TrainRequest) -> None:
        assert self.engine is not None
        self._ticket = self.engine.ask(request)
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def _wish(
        self, state: RunState, kind: type[PauseRequest] | type[StopRequest] | type[CancelRequest]
    ) -> None:
        if self.engine is None or self._ticket is None or not self.under_way:
            return
        self.engine.ask(kind(target=self._ticket.id))
        self._set(state)

    def _said(self, event: Event) -> None:
        self._judging.hear(event, time.monotonic())
        if isinstance(event, Progress):
            self.phase = event
        else:
            if isinstance(event, RunStarted):
                self.folder, self._before = Path(event.run), None
            if isinstance(event, StepDone | EvaluationDone):
                self.phase = None
                if self.state is RunState.STARTING:
                    self._set(RunState.RUNNING)
            reduce(self.series, event)
            if isinstance(event, RunStarted) and self._keep and self.state is RunState.STARTING:
                # asked any sooner, it would not be begun at all
                self.stop()
            if isinstance(event, RunFinished) and event.error is not None:
                self.error = event.error
        # several events of one batch are one change
        if not self._told.isActive():
            self._told.start()

    def _answered(self, answer: TrainAnswer) -> None:
        self.folder = Path(answer.run)
        self._over(RunState.PAUSED if answer.reason is Reason.PAUSED else RunState.FINISHED)

    def _failed(self, failed: Failed) -> None:
        if not failed.cancelled:
            self.error, self.detail = failed.message, failed.detail
        if self._before is not None:
            self._not_begun(self._before)
        elif failed.cancelled:
            self._over(RunState.CANCELLED)
        else:
            killed = failed.message.code == "app.engine_gone"
            saved = self.folder is not None and has_checkpoint(self.folder)
            self._over(RunState.INTERRUPTED if killed and saved else RunState.FAILED)

    def _not_begun(self, before: RunState) -> None:
        """It could not be gone on with; on the disk the run is as it was, or another process has it."""
        assert self.folder is not None
        if RunDirectory(self.folder).in_use():
            self._read = 0
            self._tick.start()
            before = RunState.ELSEWHERE
        self._over(before)

    def _over(self, state: RunState) -> None:
        self._ticket = self._before = None
        self.phase = None
        if self.folder is not None and not self.folder.is_dir():
            # cancelled or failed before there was anything to keep
            self.folder = None
        engine, self.engine = self.engine, None
        if engine is not None:
            # the answer was its last word; its process ends without being waited for
            self._leaving.append(engine)
            engine.left.connect(lambda: self._left(engine))
            engine.leave()
        self._set(state)
        self.changed.emit()
        self.ended.emit()

    def _left(self, engine: Engine) -> None:
        if engine in self._leaving:
            self._leaving.remove(engine)
            engine.deleteLater()

    def _set(self, state: RunState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit()

    def _look(self) -> None:
        """Follow a run that another process works on."""
        assert self.folder is not None
        run = RunDirectory(self.folder)
        # asked first: what a run says last comes before it is let go
        if self.left_behind:
            self.left_behind = self.folder.absolute() in background.alive()
        in_use = self.left_behind or run.in_use()
        fresh = self._read == 0
        try:
            events, self._read = run.events_after(self._read)
        except EngineError as error:
            self._tick.stop()
            self.error = error.message
            self._over(RunState.FAILED)
            return
        if fresh:
            self.series = Series()
        for event in events:
            reduce(self.series, event)
        if not in_use:
            self._tick.stop()
            # that it could not be had here is over; how it ended there is what counts
            self.error = self.series.finished.error if self.series.finished is not None else None
            self._over(_state_of(self.series, self.folder))
        elif events:
            self.changed.emit()


def has_checkpoint(folder: Path) -> bool:
    """It can go on from what was saved."""
    return RunDirectory(folder).has_checkpoint("last")


def _state_of(series: Series, folder: Path) -> RunState:
    """Of a run that nobody works on."""
    if series.finished is None:
        return RunState.INTERRUPTED if has_checkpoint(folder) else RunState.FAILED
    return {
        Reason.PAUSED: RunState.PAUSED,
        Reason.CANCELLED: RunState.CANCELLED,
        Reason.FAILED: RunState.FAILED,
    }.get(series.finished.reason, RunState.FINISHED)
