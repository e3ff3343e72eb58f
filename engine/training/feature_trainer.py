"""Training on features that were computed once: candidates one after another, the best on validation kept.

    zero-shot is epoch 0 -> [fit -> evaluation -> best?] per candidate -> the best is written

It takes seconds, so a pause keeps nothing of it: it begins anew, and comes to the same end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.events import Event, Reason, StepDone
from engine.methods import FeatureLearner, Features, State
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.checkpoints import Position
from engine.training.keeper import Evaluate, Keeper
from engine.training.precision import memory_used

_NOTHING: dict[str, dict[str, Tensor]] = {"optimizer": {}, "scaler": {}}
"""The state of an optimizer that there is not."""


class FeatureTrainer:
    """One attempt at training a feature learner. The same face as ``Trainer``."""

    steps_per_epoch = 1

    def __init__(
        self,
        learner: FeatureLearner,
        features: Callable[[], tuple[Features, Features]],
        evaluate: Evaluate,
        seed: int,
        balanced: bool,
        run: RunDirectory,
        control: Control,
        device: torch.device,
    ) -> None:
        self._learner = learner
        self._device = device
        self._features = features
        self._seed = seed
        self._balanced = balanced
        self._run = run
        self._control = control
        self.total_steps = learner.rounds()
        self._start: State = _copied(learner.state_dict())
        self._best: State = self._start
        self._keeper = Keeper(learner, evaluate, run, control, Position(), self._bad_loss)

    @property
    def position(self) -> Position:
        return self._keeper.position

    def restore(self) -> None:
        """Begin anew after a pause or a crash; zero-shot need not be judged again."""
        position, _ = checkpoints.load_state(self._run)
        history = position.history[:1]
        self._keeper.position = Position(history=history, best_loss=history[0] if history else float("inf"))

    def train(self) -> Generator[Event, None, Reason]:
        """Go through the candidates; the learner ends as the best of them, which is written."""
        if not self.position.history:
            if self._control.wish is Wish.PAUSE:
                return (yield from self._paused())
            if (yield from self._keeper.judge(0, self._keeper.save_best)) is not None:
                return (yield from self._paused())
            yield self._keeper.save_last(_NOTHING)
        if not self.total_steps:
            # zero-shot: no look at the training pictures, of which there may be a million
            return Reason.FINISHED
        training, validation = self._features()
        began, reason = time.monotonic(), Reason.FINISHED
        rounds = self._learner.fit(training, validation, self._seed, self._balanced)
        for candidate in rounds:
            self.position.step = self.position.epoch = candidate.number
            seconds = time.monotonic() - began
            yield StepDone(
                step=candidate.number,
                epoch=candidate.number,
                loss=candidate.loss,
                floor=candidate.floor,
                learning_rate=None,
                temperature=1 / float(self._learner.backbone.scale().detach()),
                pictures_per_second=len(training.labels_N) * candidate.number / max(seconds, 1e-9),
                seconds_left=seconds / candidate.number * (self.total_steps - candidate.number),
                memory=memory_used(self._device),
            )
            paused = yield from self._keeper.judge(candidate.number, self._keep)
            if self._control.wish is Wish.CANCEL:
                raise Cancelled
            if paused is not None or self._control.wish is Wish.PAUSE:
                return (yield from self._paused())
            if self._control.wish is Wish.STOP:
                reason = Reason.STOPPED
                break
        self._learner.load_state_dict(self._best)
        position = self.position
        if checkpoints.best_on_disk(self._run) != (position.best_epoch, position.best_loss):
            # also where an attempt before this one came further and left a better one
            saved = self._keeper.save_best()
            assert saved is not None
            yield saved
        yield self._keeper.save_last(_NOTHING)
        return reason

    def write_held(self) -> None:
        """Nothing is held in memory only."""

    def _keep(self) -> None:
        self._best = _copied(self._learner.state_dict())

    def _paused(self) -> Generator[Event, None, Reason]:
        """Go back to where it began, and write that."""
        history = self.position.history[:1]
        self._keeper.position = Position(history=history, best_loss=history[0] if history else float("inf"))
        self._learner.load_state_dict(self._start)
        yield self._keeper.save_last(_NOTHING)
        return Reason.PAUSED

    def _bad_loss(self) -> EngineError:
        return EngineError("training.features_not_finite", round=self.position.step)


def fit_best(
    learner: FeatureLearner,
    training: Features,
    validation: Features,
    seed: int,
    balanced: bool,
    control: Control,
) -> None:
    """Fit, and leave the learner as the candidate with the lowest cross-entropy on validation.

    For a stage before another one: zero-shot is no candidate here, as the next stage is to begin
    from something that was learnt.
    """
    best, lowest = learner.state_dict(), float("inf")
    for _ in learner.fit(training, validation, seed, balanced):
        control.check()
        logits_NC = learner.head(control).on_cpu()(learner.embeddings(validation.rows_NF))
        loss = float(F.cross_entropy(logits_NC, validation.labels_N))
        if loss < lowest:
            best, lowest = _copied(learner.state_dict()), loss
    learner.load_state_dict(best)


def _copied(state: State) -> State:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
