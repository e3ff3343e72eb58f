"""A run's events become the numbers that charts draw, live and from the file alike."""

from __future__ import annotations

import math

import pytest

from app.charts.series import Series, clipped_top, reduce, replay, smooth
from engine.events import (
    CheckpointSaved,
    EvaluationDone,
    Event,
    Figures,
    Paused,
    Reason,
    Resumed,
    RunFinished,
    RunStarted,
    StepDone,
    Warned,
)
from engine.messages import say


def started(attempt: int = 1, start_step: int = 0) -> RunStarted:
    return RunStarted(
        run="/runs/one",
        attempt=attempt,
        start_step=start_step,
        total_steps=12,
        epochs=3,
        steps_per_epoch=4,
        batch_size=6,
        method="flyp",
        model="starter",
        seed=0,
        classes=("a", "b"),
        sets=(),
        plan={},
        time="2025-01-01T00:00:00+00:00",
    )


def step(number: int, loss: float = 1.0, floor: float = 0.25) -> StepDone:
    return StepDone(
        step=number,
        epoch=1 + (number - 1) // 4,
        loss=loss,
        floor=floor,
        learning_rate=1e-3,
        temperature=0.01,
        pictures_per_second=10.0,
        seconds_left=5.0,
    )


def evaluation(epoch: int, validation: float, best: bool = False, **shifts: float) -> EvaluationDone:
    sets = {**shifts, "validation": validation}
    figures = {name: Figures(pictures=10, accuracy=value, loss=1 - value) for name, value in sets.items()}
    return EvaluationDone(step=4 * epoch, epoch=epoch, sets=figures, best=best)


WHOLE: list[Event] = [
    started(),
    evaluation(0, 0.4, best=True),
    *(step(n) for n in range(1, 5)),
    evaluation(1, 0.7, best=True),
    CheckpointSaved(step=4, epoch=1, name="last"),
    *(step(n) for n in range(5, 9)),
    evaluation(2, 0.6),
    *(step(n) for n in range(9, 13)),
    evaluation(3, 0.65),
    RunFinished(reason=Reason.FINISHED, best_epoch=1),
]


def test_a_whole_run() -> None:
    series = replay(WHOLE)
    assert (series.step, series.epoch, series.total_steps) == (12, 3, 12)
    assert series.zero_shot == evaluation(0, 0.4, best=True)
    assert series.best is not None
    assert series.best.epoch == 1
    assert series.finished is not None
    steps, figures = series.curve("validation")
    assert steps == [0, 4, 8, 12]
    assert [f.accuracy for f in figures] == [0.4, 0.7, 0.6, 0.65]
    assert series.curve("nowhere") == ([], [])


def test_every_prefix_of_a_run_has_numbers() -> None:
    series = Series()
    assert (series.step, series.epoch, series.best, series.zero_shot) == (0, 0, None, None)
    for event in WHOLE:
        reduce(series, event)
        assert 0 <= series.step <= 12
        assert series.epoch <= 3


def test_the_best_so_far_is_the_latest_that_was_kept() -> None:
    events = [started(), evaluation(0, 0.4, best=True), evaluation(1, 0.5, best=True), evaluation(2, 0.45)]
    best = replay(events).best
    assert best is not None
    assert best.epoch == 1


def test_zero_shot_can_be_the_best() -> None:
    events = [*WHOLE[:-1], RunFinished(reason=Reason.FINISHED, best_epoch=0)]
    best = replay(events).best
    assert best is not None
    assert best.epoch == 0


def test_a_resumption_drops_what_lies_past_its_checkpoint() -> None:
    series = replay([*WHOLE[:11], started(attempt=2, start_step=4), Resumed(step=4)])
    assert [s.step for s in series.steps] == [1, 2, 3, 4]
    assert sorted(series.evaluations) == [0, 1]
    assert (series.step, series.epoch) == (4, 1)
    reduce(series, step(5, loss=9.0))
    assert [s.loss for s in series.steps if s.step == 5] == [9.0]


def test_after_a_pause_no_end_is_shown_until_the_next() -> None:
    paused = [*WHOLE[:7], Paused(step=4), RunFinished(reason=Reason.PAUSED)]
    series = replay(paused)
    assert series.finished is not None
    assert series.finished.reason is Reason.PAUSED
    reduce(series, started(attempt=2, start_step=4))
    assert series.finished is None
    assert len(series.steps) == 4


def test_an_evaluation_told_twice_counts_once_and_the_later_one() -> None:
    events = [started(), step(4), evaluation(1, 0.5), started(attempt=2, start_step=4), evaluation(1, 0.55)]
    series = replay(events)
    assert [f.accuracy for f in series.curve("validation")[1]] == [0.55]


def test_starting_over_forgets_everything() -> None:
    series = replay([*WHOLE, started()])
    assert (series.steps, series.evaluations, series.warnings, series.finished) == ([], {}, [], None)


def test_validation_is_the_first_set_and_the_others_keep_their_order() -> None:
    series = replay([started(), evaluation(0, 0.5, sketch=0.3, art=0.2)])
    assert series.set_names == ["validation", "sketch", "art"]


def test_the_training_loss_stands_above_its_floor_and_never_below() -> None:
    series = replay([started(), step(1, loss=1.25), step(2, loss=0.2499)])
    assert series.training_loss() == ([1, 2], [1.0, 0.0])


def test_warnings_and_errors_are_in_the_log() -> None:
    error = say("training.no_test")
    events = [started(), Warned(message=error), RunFinished(reason=Reason.FAILED, error=error)]
    series = replay(events)
    assert series.warnings == [error]
    assert [type(event) for event in series.log] == [Warned, RunFinished]


def test_time_is_counted_over_all_attempts_but_for_a_killed_one() -> None:
    paused = RunFinished(reason=Reason.PAUSED, seconds=40.0)
    series = replay([started(), step(4), paused, started(attempt=2, start_step=4), step(5)])
    assert series.earlier == 40.0
    # the second one was killed; the third is under way
    reduce(series, started(attempt=3, start_step=4))
    assert series.earlier == 40.0
    reduce(series, paused)
    reduce(series, started(attempt=4, start_step=4))
    assert series.earlier == 80.0
    reduce(series, started())
    assert series.earlier == 0.0


def plain_smoothing(values: list[float], strength: float) -> list[float]:
    """Weighted mean of all values so far, the weight falling by ``strength`` a step."""
    made = []
    for index in range(len(values)):
        weights = [strength ** (index - at) for at in range(index + 1)]
        total = sum(w * v for w, v in zip(weights, values[: index + 1], strict=True))
        made.append(total / sum(weights))
    return made


@pytest.mark.parametrize("strength", [0.3, 0.6, 0.99])
def test_smoothing_is_the_weighted_mean_so_far(strength: float) -> None:
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
    assert smooth(values, strength) == pytest.approx(plain_smoothing(values, strength))


def test_smoothing_of_nothing_by_nothing_and_across_holes() -> None:
    assert smooth([], 0.9) == []
    assert smooth([1.0, 2.0], 0.0) == [1.0, 2.0]
    made = smooth([math.nan, 2.0, math.inf, 2.0], 0.5)
    assert math.isnan(made[0])
    assert made[1:] == pytest.approx([2.0, 2.0, 2.0])


def test_an_axis_lets_few_outliers_go_past_it() -> None:
    values = [1.0] * 995 + [1000.0] * 5
    assert clipped_top(values) == pytest.approx(1.08)
    assert clipped_top([1.0] * 50 + [2.0] * 50) == pytest.approx(2.16)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf], [0.0], [-1.0]])
def test_an_axis_always_has_a_height(values: list[float]) -> None:
    assert clipped_top(values) == 1.0
