"""A run's events as the numbers that charts draw. Knows no Qt.

The same reducer serves a live run and one replayed from its ``events.jsonl``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.events import (
    CheckpointSaved,
    EvaluationDone,
    Event,
    Figures,
    Paused,
    Resumed,
    RunFinished,
    RunStarted,
    StepDone,
    Warned,
)
from engine.messages import Message


@dataclass
class Series:
    """All that the events of a run say up to now."""

    started: RunStarted | None = None
    """Of the latest attempt."""
    steps: list[StepDone] = field(default_factory=list)
    evaluations: dict[int, EvaluationDone] = field(default_factory=dict)
    """By epoch, 0 before training. Told twice after a pause in an evaluation, the later one counts."""
    warnings: list[Message] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)
    """What happened beside the numbers, oldest first."""
    earlier: float = 0.0
    """Seconds of the attempts before the latest; one that was killed counts nothing."""
    finished: RunFinished | None = None
    """How the latest attempt ended; None while it runs, or if it was killed."""

    # --- what charts ask ----------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Steps done."""
        done = self.steps[-1].step if self.steps else 0
        evaluated = max((e.step for e in self.evaluations.values()), default=0)
        begun = self.started.start_step if self.started is not None else 0
        return max(done, evaluated, begun)

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return max(self.evaluations, default=0)

    @property
    def of_candidates(self) -> bool:
        """What it calls epochs are candidates, tried on features of pictures that were looked at once."""
        return self.started is not None and not self.started.batch_size

    @property
    def trains_nothing(self) -> bool:
        """It only measures the model as it is."""
        return self.of_candidates and self.started is not None and not self.started.epochs

    @property
    def total_steps(self) -> int:
        return self.started.total_steps if self.started is not None else 0

    @property
    def best(self) -> EvaluationDone | None:
        """The evaluation of the weights that are kept."""
        if self.finished is not None and self.finished.best_epoch in self.evaluations:
            return self.evaluations[self.finished.best_epoch]
        kept = [evaluation for evaluation in self.evaluations.values() if evaluation.best]
        return max(kept, key=lambda evaluation: evaluation.epoch, default=None)

    @property
    def zero_shot(self) -> EvaluationDone | None:
        """Before training."""
        return self.evaluations.get(0)

    @property
    def set_names(self) -> list[str]:
        """Validation first, then the shift sets in their order."""
        names: list[str] = []
        for evaluation in self.evaluations.values():
            names += [name for name in evaluation.sets if name not in names]
        return sorted(names, key=lambda name: name != "validation")

    def curve(self, name: str) -> tuple[list[int], list[Figures]]:
        """(steps, figures) of a set, in the order of the epochs."""
        found = [self.evaluations[epoch] for epoch in sorted(self.evaluations)]
        points = [(each.step, each.sets[name]) for each in found if name in each.sets]
        return [step for step, _ in points], [figures for _, figures in points]

    def training_loss(self) -> tuple[list[int], list[float]]:
        """(steps, loss above its floor)."""
        return [s.step for s in self.steps], [max(0.0, s.loss - s.floor) for s in self.steps]


def reduce(series: Series, event: Event) -> None:
    """Take one event in."""
    if isinstance(event, RunStarted):
        _started(series, event)
    elif isinstance(event, StepDone):
        series.steps.append(event)
    elif isinstance(event, EvaluationDone):
        series.evaluations[event.epoch] = event
        if "validation" in event.sets:
            series.log.append(event)
    elif isinstance(event, Warned):
        series.warnings.append(event.message)
        series.log.append(event)
    elif isinstance(event, RunFinished):
        series.finished = event
        series.log.append(event)
    elif isinstance(event, Paused | Resumed) or (isinstance(event, CheckpointSaved) and event.name == "last"):
        series.log.append(event)


def _started(series: Series, event: RunStarted) -> None:
    """A new attempt: what lies past the checkpoint it goes on from did not happen."""
    seconds = series.finished.seconds if series.finished is not None else None
    series.earlier += seconds or 0.0
    series.started = event
    series.finished = None
    if event.attempt == 1:
        series.earlier = 0.0
        series.steps.clear()
        series.evaluations.clear()
        series.warnings.clear()
    else:
        series.steps = [s for s in series.steps if s.step <= event.start_step]
        series.evaluations = {
            epoch: e for epoch, e in series.evaluations.items() if e.step <= event.start_step
        }


def replay(events: Iterable[Event]) -> Series:
    """The series of a whole event file."""
    series = Series()
    for event in events:
        reduce(series, event)
    return series


def smooth(values: list[float], strength: float) -> list[float]:
    """Exponential moving average, corrected for its start; strength 0 changes nothing, below 1."""
    if strength <= 0:
        return list(values)
    made: list[float] = []
    mean, weight = 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            mean = strength * mean + (1 - strength) * value
            weight = strength * weight + (1 - strength)
        made.append(mean / weight if weight else value)
    return made


def clipped_top(values: list[float]) -> float:
    """Upper end of an axis that lets few outliers go past it: 99 % of the values lie below."""
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return 1.0
    top = finite[min(len(finite) - 1, math.ceil(0.99 * len(finite)))]
    return top * 1.08 if top > 0 else 1.0
