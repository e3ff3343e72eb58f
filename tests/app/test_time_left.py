"""Time left: what the engine's estimate leaves out of judging is learnt from its progress."""

from __future__ import annotations

import pytest

from app.charts.series import Series, reduce
from app.time_left import Judging
from engine.events import EvaluationDone, Event, Figures, Progress, RunStarted, SetInfo, StepDone
from engine.messages import say

SETS = (("validation", "validation", 40), ("test", "test", 60), ("far", "shift", 100))


class Run:
    """Says things at times of a clock of its own."""

    def __init__(self) -> None:
        self.now, self.series, self.judging = 0.0, Series(), Judging()
        sets = tuple(SetInfo(name=n, kind=k, pictures=p, classes=2) for n, k, p in SETS)  # type: ignore[arg-type]
        self.say(
            RunStarted(
                run="/r", attempt=1, start_step=0, total_steps=20, epochs=2, steps_per_epoch=10, batch_size=4,
                method="flyp", model="starter", seed=0, classes=("a", "b"), sets=sets, plan={}, time="",
            )
        )  # fmt: skip

    def say(self, event: Event) -> None:
        self.judging.hear(event, self.now)
        reduce(self.series, event)

    def judge(self, name: str, total: int, upto: int | None = None, seconds: float = 0.1) -> None:
        """Ten pictures at a time."""
        for done in range(10, (total if upto is None else upto) + 1, 10):
            self.now += seconds
            self.say(
                Progress(phase=say("phase.evaluating", name=name), done=done, total=total, unit="pictures")
            )

    def step(self, number: int, left: float) -> None:
        self.say(
            StepDone(
                step=number, epoch=1 + (number - 1) // 10, loss=1, floor=0, learning_rate=1e-4,
                temperature=0.01, pictures_per_second=9, seconds_left=left,
            )
        )  # fmt: skip

    def evaluated(self, epoch: int, best: bool = True) -> None:
        figures = Figures(pictures=40, accuracy=0.5, loss=1.0)
        self.say(EvaluationDone(step=10 * epoch, epoch=epoch, sets={"validation": figures}, best=best))

    def left(self) -> float | None:
        return self.judging.left_of_run(self.series, 1.0, self.now)


def test_judging_counts_before_an_epoch_is_done_and_the_end_is_counted_always() -> None:
    run = Run()
    run.judge("validation", 40)
    run.judge("far", 50, 20)
    # 90 pictures at 100 a second, 60 of them done
    assert run.judging.left(run.series, 1.0) == pytest.approx(0.3, rel=0.2)
    assert run.left() is None
    run.judge("far", 50)
    run.evaluated(0)
    # how long the steps take is not known yet
    assert run.left() is None
    run.step(5, 30.0)
    # two epochs of 90 pictures, at the end three times 200
    assert run.left() == pytest.approx(30 + 1.8 + 6, rel=0.05)
    run.step(10, 20.0)
    run.judge("validation", 40)
    assert run.left() == pytest.approx(20 + 1.4 + 6, rel=0.05)
    run.judge("far", 50)
    run.evaluated(1)
    run.step(15, 12.0)
    # from now on the engine counts epochs itself
    assert run.left() == pytest.approx(12 + 6, rel=0.05)
    run.step(20, 1.0)
    run.judge("validation", 40)
    assert run.left() == pytest.approx(1 - 0.4 + 6, rel=0.05)
    run.judge("far", 50)
    run.evaluated(2, best=False)
    run.judge("test", 60)
    # before, kept and last: 600 pictures, 60 of them done
    assert run.left() == pytest.approx(5.4, rel=0.05)


def test_after_a_stop_the_epoch_under_way_and_the_end_are_counted() -> None:
    run = Run()
    assert run.judging.left_of_stop(run.series, 1.0) is None
    run.judge("validation", 40)
    run.judge("far", 50)
    run.evaluated(0)
    run.step(5, 30.0)
    # the weights before training are those kept so far: they are judged once
    assert run.judging.left_of_stop(run.series, 1.0) == pytest.approx(0.9 + 4, rel=0.05)
    run.judge("validation", 40)
    # asked in its middle, judging begins again
    run.judge("validation", 40)
    run.judge("far", 50)
    assert run.judging.left_of_stop(run.series, 1.0) == pytest.approx(4, rel=0.05)
    run.evaluated(1)
    run.judge("test", 60)
    assert run.judging.left_of_stop(run.series, 1.0) == pytest.approx(3.4, rel=0.05)
