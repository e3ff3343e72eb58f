"""One cell of a comparison: trained, taken up, or left alone as it is; then judged."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from engine.comparison.folder import ComparisonFolder, remove_remains, remove_unfinished
from engine.comparison.grid import Cell
from engine.comparison.summary import CellFigures
from engine.control import Control
from engine.errors import Cancelled, EngineError
from engine.evaluation import outputs
from engine.events import Event, Reason
from engine.jobs import Emit
from engine.jobs.sweep import best_alpha, read_stops, sweep
from engine.jobs.train import train
from engine.recipe import ALPHAS, Recipe
from engine.requests import SweepRequest, TrainRequest
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.setup import Shared

ENDED = (Reason.FINISHED, Reason.STOPPED, Reason.PATIENCE)
_DIVERGED = "training.nan"
"""A rate at which a method diverges belongs to the search: what was kept before is judged."""


class State(Enum):
    """How far a cell is."""

    FRESH = "fresh"
    CUT_SHORT = "cut short"
    TRAINED = "trained"
    ELSEWHERE = "elsewhere"
    """Another process works on it."""


class Worker:
    """Does cells, one at a time, with what they have in common."""

    def __init__(
        self, folder: ComparisonFolder, base: Recipe, blend: bool, keep_weights: bool, shared: Shared
    ) -> None:
        self._folder = folder
        self._base = base
        self._alphas = ALPHAS if blend else (1.0,)
        self._blend = blend
        self._keep_weights = keep_weights
        self._shared = shared

    def state(self, cell: Cell) -> State:
        """How far the cell is now. Raises EngineError if its run is of another recipe."""
        run = self._folder.opened(cell, self._base)
        if run is None:
            return State.FRESH
        if run.in_use():
            return State.ELSEWHERE
        return self._state_of(run)

    @staticmethod
    def _state_of(run: RunDirectory) -> State:
        ended = run.ended()
        if ended is not None and ended.reason in ENDED:
            return State.TRAINED
        diverged = ended is not None and ended.error is not None and ended.error.code == _DIVERGED
        return State.TRAINED if diverged else State.CUT_SHORT

    def done(self, cell: Cell) -> bool:
        """Is it trained and judged at every blend that is wanted?"""
        run = self._folder.opened(cell, self._base)
        return (
            run is not None
            and not run.in_use()
            and self._state_of(run) is State.TRAINED
            and read_stops(run, self._alphas) is not None
        )

    def work(self, cell: Cell, emit: Emit, control: Control) -> bool:
        """Train and judge a cell; False if another process has it. Raises what training raises."""
        with self._folder.taken(cell) as ours:
            return ours and self._work(cell, emit, control)

    def _work(self, cell: Cell, emit: Emit, control: Control) -> bool:
        state = self.state(cell)
        try:
            if state is State.CUT_SHORT:
                self._take_up(cell, emit, control)
            elif state is State.FRESH:
                self._begin(cell, emit, control)
        except EngineError as error:
            if error.message.code == "run.busy":
                # somebody goes on with this very run
                return False
            if error.message.code != _DIVERGED:
                raise
        if state is State.ELSEWHERE:
            return False
        place = self._folder.run(cell)
        sweep(SweepRequest(run=str(place), alphas=self._alphas), _only_progress(emit), control, self._shared)
        if not self._keep_weights:
            run = RunDirectory.open(place)
            run.hold()
            try:
                run.remove_checkpoint("last")
            finally:
                run.close()
        return True

    def _begin(self, cell: Cell, emit: Emit, control: Control) -> None:
        place = self._folder.run(cell)
        remove_remains(place)
        request = TrainRequest(recipe=cell.recipe(self._base).content(), out=str(place))
        self._whole(request, emit, control)

    def _take_up(self, cell: Cell, emit: Emit, control: Control) -> None:
        run = RunDirectory.open(self._folder.run(cell))
        if run.has_checkpoint("last"):
            self._whole(TrainRequest(resume=str(run.path)), emit, control)
        else:
            remove_unfinished(run)
            self._begin(cell, emit, control)

    def _whole(self, request: TrainRequest, emit: Emit, control: Control) -> None:
        answer = train(request, emit, control, self._shared)
        if answer.reason not in ENDED:
            # paused: what was saved is taken up the next time
            raise Cancelled

    def figures(self, cell: Cell) -> CellFigures:
        """What a finished cell came to."""
        run = RunDirectory.open(self._folder.run(cell))
        best = checkpoints.best_on_disk(run)
        found = read_stops(run, self._alphas)
        assert best is not None
        assert found is not None
        sets, stops = found
        epoch, loss = best

        def of(alpha: float) -> dict[str, dict[str, object]]:
            return {
                one.name: {"kind": one.kind, **outputs.figures(one, sets.classes)} for one in stops[alpha]
            }

        # a method that trains nothing has no blend; a run that kept zero-shot has one, the same throughout
        blends = self._blend and cell.entry.blends
        alphas = tuple(sorted(stops)) if blends else ()
        chosen = best_alpha(stops) if blends else None
        return CellFigures(
            cell=cell,
            best_epoch=epoch,
            validation_loss=loss,
            sets=of(1.0),
            alphas=alphas,
            curves={
                one.name: {
                    "kind": one.kind,
                    "accuracy": [outputs.accuracy(stops[alpha][place]) for alpha in alphas],
                }
                for place, one in enumerate(stops[1.0])
            }
            if blends
            else None,
            best_alpha=chosen,
            blended=None if chosen is None else of(chosen),
        )


def _only_progress(emit: Emit) -> Callable[[Event], None]:
    def told(event: Event) -> None:
        if event.type == "progress":
            emit(event)

    return told
