"""The run that the window shows: one under way in an engine of its own, or one read from disk."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import texts
from app.charts.series import Series, reduce, replay
from app.engine_thread import Engine, Ticket
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


class RunSession(QObject):
    """One run at a time. ``changed`` comes at most as often as the engine's batches."""

    changed = Signal()
    """Numbers or words are different."""
    state_changed = Signal()
    ended = Signal()
    """A run that was under way here has come to its end, whatever it was."""

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
        self.engine: Engine | None = None
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
    def can_resume(self) -> bool:
        if self.state in (RunState.FAILED, RunState.CANCELLED):
            return self.folder is not None and _has_checkpoint(self.folder)
        return self.state in (RunState.PAUSED, RunState.INTERRUPTED)

    # --- asking -----------------------------------------------------------------------------

    def start(self, recipe: Recipe, out: Path | None = None) -> None:
        """Train a recipe in a new run."""
        self._begin(recipe, Series(), out)
        self._ask(TrainRequest(recipe=recipe.content(), out=None if out is None else str(out)))

    def resume(self) -> None:
        """Go on with the run that is shown."""
        assert self.folder is not None
        before = self.state
        self._begin(self.recipe, self.series, self.folder)
        self._before = before
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

    def open(self, folder: Path) -> None:
        """Show a run from its folder. Raises EngineError if it is none, or damaged."""
        assert not self.under_way
        run = RunDirectory.open(folder)
        recipe = run.recipe()
        # asked first: what a run says last comes before it is let go
        in_use = run.in_use()
        events, read = run.events_after(0)
        self._tick.stop()
        self.folder, self.recipe, self.series, self._read = folder, recipe, replay(events), read
        self.phase, self.detail = None, ""
        self.error = self.series.finished.error if self.series.finished is not None else None
        if in_use:
            self._tick.start()
        self._set(RunState.ELSEWHERE if in_use else _state_of(self.series, folder))
        self.changed.emit()

    def forget(self) -> None:
        """Show no run."""
        assert not self.under_way
        self._tick.stop()
        self.series, self.folder, self.recipe, self.phase, self.error = Series(), None, None, None, None
        self._set(RunState.NONE)
        self.changed.emit()

    def close(self, wait_ms: int = 60_000) -> None:
        """End the process; what trains is saved first. Tells nobody, as it is for the window's end."""
        self._tick.stop()
        self._told.stop()
        engines, self._leaving = self._leaving, []
        if self.engine is not None:
            engines.append(self.engine)
            self.engine = None
        for engine in engines:
            engine.close(wait_ms)
        if self.under_way:
            self._ticket = None
            saved = self.folder is not None and _has_checkpoint(self.folder)
            self.state = RunState.PAUSED if saved else RunState.NONE

    # --- words --------------------------------------------------------------------------------

    def words(self) -> str:
        """Where the run stands, short."""
        series = self.series
        if self.state is RunState.RUNNING and series.started is not None and self.phase is None:
            epoch = min(series.epoch + 1, series.started.epochs)
            return self.tr("epoch {} of {}").format(epoch, series.started.epochs)
        if self.state in (RunState.STARTING, RunState.RUNNING):
            return texts.message(self.phase.phase)[0] if self.phase is not None else self.tr("starting")
        if self.state is RunState.FINISHED:
            best = series.finished.best_epoch if series.finished is not None else None
            total = series.started.epochs if series.started is not None else 0
            if best is None:
                return self.tr("finished")
            return self.tr("best epoch {} of {}").format(best, total)
        return {
            RunState.PAUSING: self.tr("pausing"),
            RunState.STOPPING: self.tr("judging the best epoch"),
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
        if self.state is RunState.RUNNING and self.series.steps:
            return self.series.steps[-1].seconds_left
        return None

    # --- inside -------------------------------------------------------------------------------

    def _begin(self, recipe: Recipe | None, series: Series, folder: Path | None) -> None:
        assert not self.under_way
        self._tick.stop()
        assert self.engine is None
        self.engine = Engine(self, restart=False, low_priority=True)
        self.series, self.recipe, self.folder = series, recipe, folder
        self.phase, self.error, self.detail, self._before = None, None, "", None
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
            saved = self.folder is not None and _has_checkpoint(self.folder)
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
        in_use = run.in_use()
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


def _has_checkpoint(folder: Path) -> bool:
    return RunDirectory(folder).has_checkpoint("last")


def _state_of(series: Series, folder: Path) -> RunState:
    """Of a run that nobody works on."""
    if series.finished is None:
        return RunState.INTERRUPTED if _has_checkpoint(folder) else RunState.FAILED
    return {
        Reason.PAUSED: RunState.PAUSED,
        Reason.CANCELLED: RunState.CANCELLED,
        Reason.FAILED: RunState.FAILED,
    }.get(series.finished.reason, RunState.FINISHED)
