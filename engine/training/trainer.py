"""The loop: epochs of steps, an evaluation after each, checkpoints, and a way out at any moment.

Knows learners by their protocol only. Yields the run's events; whoever drives it writes them
down and passes them on.

    zero-shot is epoch 0 -> [steps -> evaluation -> best? -> checkpoint] per epoch -> the end

States: running -> finished | stopped | patience | paused | cancelled | failed (``Reason``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator

import torch

from engine.control import Control, Wish
from engine.data.batches import Loader, Pictures, batch_bounds, epoch_order, turns_of
from engine.errors import Cancelled, EngineError
from engine.evaluation.features import Normalizer
from engine.events import (
    CheckpointSaved,
    Event,
    Reason,
    StepDone,
    Warned,
)
from engine.messages import say
from engine.methods import StepLearner
from engine.recipe import Training
from engine.run_directory import RunDirectory
from engine.training import checkpoints, schedule
from engine.training.checkpoints import Position
from engine.training.keeper import Evaluate, Keeper
from engine.training.optimizer import adamw, set_learning_rate
from engine.training.precision import Plan, memory_used
from engine.training.step import Stepper, training_mode

SPEAK_EVERY = 0.1
"""Seconds between StepDone events; reading the loss waits for the device, so not every step does."""
SAVE_EVERY = 300.0
"""Seconds after which a checkpoint is written also within an epoch."""


class Trainer:
    """One attempt at training one learner.

    ``prepare`` runs the stages before it, after zero-shot was judged.
    """

    def __init__(
        self,
        learner: StepLearner,
        pictures: Pictures,
        evaluate: Evaluate,
        settings: Training,
        balanced: bool,
        plan: Plan,
        run: RunDirectory,
        loader: Loader,
        normalize: Normalizer,
        control: Control,
        prepare: Callable[[], None] | None = None,
        save_every: float = 0.0,
    ) -> None:
        """``save_every``: seconds between checkpoints at the ends of epochs; 0 writes one after each."""
        self._learner = learner
        self._pictures = pictures
        self._settings = settings
        self._balanced = balanced
        self._plan = plan
        self._run = run
        self._loader = loader
        self._control = control
        self._device = torch.device(plan.device)
        self._bounds = batch_bounds(len(pictures), settings.batch_size)
        self.steps_per_epoch = len(self._bounds)
        self.total_steps = self.steps_per_epoch * settings.epochs
        self._warmup = schedule.warmup_steps(settings.warmup, self.total_steps)
        learner.begin(self.total_steps)
        groups = learner.parameter_groups(settings.weight_decay, settings.decay_all)
        self._optimizer = adamw(groups, settings.learning_rate, plan.fused)
        self._stepper = Stepper(learner, self._optimizer, normalize, plan, settings.clip_gradient, control)
        position = Position(micro_batch=plan.micro_batch)
        self._keeper = Keeper(learner, evaluate, run, control, position, self._not_a_number, save_every)
        self._prepare = prepare
        self._step_seconds = 0.0
        self._evaluation_seconds = 0.0

    @property
    def position(self) -> Position:
        return self._keeper.position

    # --- saving and taking up ---------------------------------------------------------------

    def restore(self) -> None:
        """Continue from the run's last checkpoint."""
        position, state = checkpoints.load_state(self._run)
        self._learner.load_state_dict(checkpoints.load_weights(self._run, "last"))
        try:
            self._optimizer.load_state_dict(state["optimizer"])
            self._learner.load_training_state(state["learner"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            path = str(self._run.standing_checkpoint("last"))
            raise EngineError("training.bad_weights", str(error), path=path, reason=str(error)) from None
        if state["scaler"] and self._stepper.scaler.is_enabled():
            self._stepper.scaler.load_state_dict(state["scaler"])
        kept = checkpoints.best_on_disk(self._run)
        if kept is not None and kept[0] > position.best_epoch:
            # the run was killed between writing "best" and writing "last"
            position.best_epoch, position.best_loss = kept
        self._keeper.position = position
        self._stepper.micro_batch = min(position.micro_batch, self._plan.micro_batch)

    def write_held(self) -> None:
        """Write a best candidate that is held in memory only, if there is one."""
        self._keeper.write_held()

    def _save_last(self) -> CheckpointSaved:
        self.position.micro_batch = self._stepper.micro_batch
        return self._keeper.save_last(
            {
                "optimizer": self._optimizer.state_dict(),
                "scaler": self._stepper.scaler.state_dict(),
                "learner": self._learner.training_state(),
            }
        )

    # --- the loop ---------------------------------------------------------------------------

    def train(self) -> Generator[Event, None, Reason]:
        """Train to the end, or as far as the control lets it; returns how it ended.

        Raises EngineError for a loss that is not a number and for too little memory; the best
        weights so far are then on the disk.
        """
        asked = schedule.asked_warmup(self._settings.warmup, self.total_steps)
        if asked != self._warmup and self.position.step == 0 and self.total_steps:
            yield Warned(message=say("training.warmup_cut", asked=asked, used=self._warmup))
        if not self.position.history:
            # asked while pictures and model were still being read; to stop still means a zero-shot result
            if self._control.wish is Wish.PAUSE:
                yield self._save_last()
                return Reason.PAUSED
            reason = yield from self._judge(0)
            yield self._save_last()
            if reason is not None:
                return reason
        if self._prepare is not None and self.position.step == 0 and self._settings.epochs:
            self._prepare()
        while self.position.epoch <= self._settings.epochs:
            patience = self._settings.patience
            if patience is not None and self.position.since_best >= patience:
                return Reason.PATIENCE
            reason = yield from self._epoch()
            if reason is not None:
                return reason
        return Reason.FINISHED

    def _epoch(self) -> Generator[Event, None, Reason | None]:
        position = self.position
        epoch = position.epoch
        order = epoch_order(self._pictures, self._settings.seed, epoch, self._balanced)
        turns = turns_of(order)
        left = self._bounds[position.batch :]
        groups = [order[start:stop] for start, stop in left]
        times = [turns[start:stop] for start, stop in left]
        augment = (self._settings.augment_scale, self._settings.flip)
        batches = self._loader.batches(
            self._pictures, groups, self._control, augment, self._settings.seed, epoch, times
        )
        training_mode(self._learner.module, self._settings.freeze_batchnorm)
        heard = _Meter(self._device)
        spoken = 0.0
        reason = yield from self._asked()
        if reason is not None:
            return reason
        for batch in batches:
            rate = schedule.warmup_cosine(
                position.step, self.total_steps, self._warmup, self._settings.learning_rate
            )
            set_learning_rate(self._optimizer, rate)
            before = self._stepper.micro_batch
            result = self._stepper.step(batch)
            if self._stepper.micro_batch < before:
                after = self._stepper.micro_batch
                yield Warned(
                    message=say("training.smaller_micro_batch", before=min(before, len(batch)), after=after)
                )
            position.step += 1
            position.batch += 1
            heard.add(result.loss, result.floor, len(batch))
            now = time.monotonic()
            if now - spoken >= SPEAK_EVERY or position.batch == self.steps_per_epoch:
                spoken = now
                yield self._spoken(heard, rate)
            # at the end of an epoch to stop means to judge it, to pause means not to begin with that
            last = position.batch == self.steps_per_epoch
            saving = now - self._keeper.saved_at > SAVE_EVERY and not last
            if saving or self._control.wish is not Wish.NONE:
                if not math.isfinite(float(result.loss)):
                    raise self._not_a_number()
                if not (last and self._control.wish is Wish.STOP):
                    reason = yield from self._asked()
                    if reason is not None:
                        return reason
                if saving:
                    yield self._save_last()
        began = time.monotonic()
        reason = yield from self._judge(epoch)
        self._evaluation_seconds = time.monotonic() - began
        if reason is None:
            position.epoch, position.batch = epoch + 1, 0
        if self._keeper.due or reason is not None or self._control.wish is not Wish.NONE:
            yield self._save_last()
        if reason is None and self._control.wish is Wish.STOP:
            return Reason.STOPPED
        return reason

    def _asked(self) -> Generator[Event, None, Reason | None]:
        """Resolve what was asked for, between two steps."""
        wish = self._control.wish
        if wish is Wish.CANCEL:
            raise Cancelled
        if wish is Wish.PAUSE:
            yield self._save_last()
            return Reason.PAUSED
        if wish is Wish.STOP:
            if self.position.batch:
                # the part of the epoch that was trained is judged too: it may be the best
                yield from self._judge(self.position.epoch)
            yield self._save_last()
            return Reason.STOPPED
        return None

    def _judge(self, epoch: int) -> Generator[Event, None, Reason | None]:
        return self._keeper.judge(epoch, self._keeper.save_best)

    # --- telling ----------------------------------------------------------------------------

    def _spoken(self, heard: _Meter, rate: float) -> StepDone:
        loss, floor, speed, step_seconds = heard.read()
        if not math.isfinite(loss):
            raise self._not_a_number()
        # lightly smoothed: the first steps of a run are slower than the rest
        old = self._step_seconds
        self._step_seconds = step_seconds if old == 0 else 0.7 * old + 0.3 * step_seconds
        position = self.position
        epochs_left = self._settings.epochs - position.epoch + 1
        left = (self.total_steps - position.step) * self._step_seconds
        return StepDone(
            step=position.step,
            epoch=position.epoch,
            loss=loss,
            floor=floor,
            learning_rate=rate,
            temperature=1 / float(self._learner.backbone.scale().detach()),
            pictures_per_second=speed,
            seconds_left=left + epochs_left * self._evaluation_seconds,
            memory=memory_used(self._device),
        )

    def _not_a_number(self) -> EngineError:
        rate = self._optimizer.param_groups[0]["lr"]
        return EngineError(
            "training.nan",
            step=self.position.step,
            learning_rate=f"{rate:.2g}",
            precision=self._plan.precision,
        )


class _Meter:
    """Mean loss and speed of the steps since it was last read; does not wait for the device until then."""

    def __init__(self, device: torch.device) -> None:
        self._sum = torch.zeros((), device=device)
        self._clear()

    def _clear(self) -> None:
        self._sum.zero_()
        self._floor = 0.0
        self._steps = 0
        self._pictures = 0
        self._since = time.perf_counter()

    def add(self, loss: torch.Tensor, floor: float, pictures: int) -> None:
        self._sum += loss
        self._floor += floor
        self._steps += 1
        self._pictures += pictures

    def read(self) -> tuple[float, float, float, float]:
        """(loss, floor, pictures a second, seconds a step); a sync point."""
        loss = float(self._sum) / self._steps
        seconds = max(time.perf_counter() - self._since, 1e-9)
        result = (loss, self._floor / self._steps, self._pictures / seconds, seconds / self._steps)
        self._clear()
        return result
