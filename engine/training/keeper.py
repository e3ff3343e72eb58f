"""What every trainer does with a candidate: judge it on validation, keep it if it is the best, save."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from typing import Any

from engine.control import Asked, Control, Wish
from engine.errors import EngineError
from engine.events import CheckpointSaved, EvaluationDone, Event, Figures, Reason
from engine.methods import Learner, State
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.checkpoints import Position

Evaluate = Callable[[int], dict[str, Figures]]
"""Short figures of every set at an epoch; 'validation' is among them and comes first."""


class Keeper:
    """Position of a run, its best candidate so far, and its checkpoints."""

    def __init__(
        self,
        learner: Learner,
        evaluate: Evaluate,
        run: RunDirectory,
        control: Control,
        position: Position,
        bad_loss: Callable[[], EngineError],
        save_every: float = 0.0,
    ) -> None:
        """``save_every``: seconds for which the best candidate may be held in memory only; 0 writes each."""
        self._learner = learner
        self._evaluate = evaluate
        self._run = run
        self._control = control
        self._bad_loss = bad_loss
        self.position = position
        self.saved_at = time.monotonic()
        self._save_every = save_every
        self._held: State | None = None

    @property
    def due(self) -> bool:
        """Is it time to write ``last`` again?"""
        return time.monotonic() - self.saved_at >= self._save_every

    def save_last(self, training_state: dict[str, Any], state: State | None = None) -> CheckpointSaved:
        """Write ``last``: the learner as it stands, or ``state``, with what resuming needs."""
        self.write_held()
        state = self._learner.state_dict() if state is None else state
        write_config = self._learner.backbone.write_config
        checkpoints.save(self._run, "last", state, write_config, self.position, training_state)
        self.saved_at = time.monotonic()
        return CheckpointSaved(step=self.position.step, epoch=self.position.epoch, name="last")

    def save_best(self) -> CheckpointSaved | None:
        """Write ``best``: the learner as it stands; or hold it for a while, to be written later."""
        state = self._learner.state_dict()
        if self._save_every:
            self._held = {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}
            return None
        return self._write_best(state)

    def write_held(self) -> CheckpointSaved | None:
        """Write a best candidate that is held in memory only, if there is one."""
        if self._held is None:
            return None
        saved = self._write_best(self._held)
        self._held = None
        return saved

    def _write_best(self, state: State) -> CheckpointSaved:
        write_config = self._learner.backbone.write_config
        checkpoints.save(self._run, "best", state, write_config, self.position)
        return CheckpointSaved(step=self.position.step, epoch=self.position.best_epoch, name="best")

    def judge(self, epoch: int, keep: Callable[[], Event | None]) -> Generator[Event, None, Reason | None]:
        """Evaluate, and ``keep`` the learner if validation is better than ever (ties keep the earlier).

        Asking to pause or stop in the middle leaves the evaluation; after a pause it is done again.
        """
        position = self.position
        while True:
            try:
                with self._control.alert():
                    figures = self._evaluate(epoch)
                break
            except Asked:
                if self._control.wish is Wish.PAUSE:
                    return Reason.PAUSED
                # to stop and keep means to know whether this epoch is the one to keep
        loss = figures["validation"].loss
        if not math.isfinite(loss):
            raise self._bad_loss()
        position.history.append(loss)
        # an epoch that was judged, then killed before it was saved, is judged again after resuming
        again = epoch == position.best_epoch and loss <= position.best_loss
        best = loss < position.best_loss or again
        if best:
            position.best_epoch, position.best_loss, position.since_best = epoch, loss, 0
        else:
            position.since_best += 1
        yield EvaluationDone(step=position.step, epoch=epoch, sets=figures, best=best)
        if best and (event := keep()) is not None:
            yield event
        return None
