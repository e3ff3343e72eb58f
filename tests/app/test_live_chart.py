"""The charts of a run: what is drawn of a series, the crosshair through both, cost with many steps."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.charts import scales
from app.charts.run_charts import RunCharts
from app.charts.series import Series, reduce, smooth
from app.charts.trace import LossTrace, thinned
from engine.events import EvaluationDone, Figures, RunStarted, SetInfo, StepDone

FLOOR = 0.05


def step(number: int, loss: float, epoch: int = 1) -> StepDone:
    return StepDone(
        step=number, epoch=epoch, loss=loss, floor=FLOOR, learning_rate=1e-5, temperature=0.01,
        pictures_per_second=100, seconds_left=10, memory=2_000_000_000,
    )  # fmt: skip


def made(steps: int, epochs: int, done: int | None = None, outlier: int | None = None) -> Series:
    """Validation rises from 50 % by 4 points an epoch, 'art' falls from 40 % by 1 point."""
    done = steps if done is None else done
    per, series, chance = steps // epochs, Series(), random.Random(3)
    reduce(
        series,
        RunStarted(
            run="/r", attempt=1, start_step=0, total_steps=steps, epochs=epochs, steps_per_epoch=per,
            batch_size=32, method="flyp", model="starter", seed=0, classes=("a", "b"), sets=(), plan={},
            time="2026-01-01T10:00:00+00:00",
        ),
    )  # fmt: skip
    for number in range(done + 1):
        if number:
            loss = FLOOR + math.exp(-3 * number / steps) * (0.8 + 0.4 * chance.random())
            reduce(series, step(number, 40.0 if number == outlier else loss, (number - 1) // per + 1))
        if number % per == 0:
            epoch = number // per
            sets = {
                "validation": Figures(pictures=50, accuracy=0.5 + 0.04 * epoch, loss=0.9 - 0.05 * epoch),
                "art": Figures(pictures=50, accuracy=0.4 - 0.01 * epoch, loss=1.5),
            }
            reduce(series, EvaluationDone(step=number, epoch=epoch, sets=sets, best=True))
    return series


@pytest.fixture
def charts(qtbot):
    widget = RunCharts()
    widget.resize(760, 560)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_lines_span_the_whole_run_from_its_first_second(charts):
    series = made(100, 10, done=0)
    charts.show_series(series)
    xs, ys = charts.accuracy.chart.drawn_points("before validation")
    assert xs.tolist() == [0, 100]
    assert ys.tolist() == [0.5, 0.5]
    xs, ys = charts.accuracy.chart.drawn_points("set validation")
    assert (xs.tolist(), ys.tolist()) == ([0], [0.5])


def test_every_set_is_drawn_and_the_legend_hides_it(charts):
    charts.show_series(made(100, 10, done=30))
    chart, legend = charts.accuracy.chart, charts.accuracy.legend
    xs, ys = chart.drawn_points("set art")
    assert xs.tolist() == [0, 10, 20, 30]
    assert ys == pytest.approx([0.4, 0.39, 0.38, 0.37])
    legend.buttons["set art"].click()
    assert not chart.is_shown("set art")
    assert not chart.is_shown("before art")
    assert chart.is_shown("set validation")
    legend.buttons["before"].click()
    assert not chart.is_shown("before validation")
    legend.buttons["set art"].click()
    assert chart.is_shown("set art")


def test_the_crosshair_runs_through_both_charts_with_the_values_of_its_epoch(charts):
    charts.show_series(made(100, 10, done=50))
    chart = charts.accuracy.chart
    place = chart.place_of(21.5, 0.5).toPoint()
    QTest.mouseMove(chart._plot.viewport(), chart._plot.mapFrom(chart, place))
    assert charts.accuracy.step == charts.loss.step == 20
    assert charts.accuracy.legend.buttons["set validation"].value.startswith("58.0")
    assert charts.loss.legend.buttons["set validation"].value == "0.80"
    assert chart.strip.boxes()[0][0].text == "epoch 2, step 20"
    # the keyboard goes on to the next epoch and back off the chart
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert charts.loss.step == 30
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert charts.loss.step is None
    assert charts.accuracy.legend.buttons["set validation"].value == ""


def test_outliers_are_cut_off_and_counted(charts):
    charts.show_series(made(400, 4, outlier=200))
    top = charts.loss.chart.levels()[-1][0]
    assert top < 2
    _, ys = charts.loss.chart.drawn_points("raw")
    assert ys.max() == pytest.approx(top)
    assert "1 outlier" in charts.loss.about_label.text()


def test_log_scale_and_smoothing_change_what_is_drawn(charts):
    series = made(400, 4)
    charts.show_series(series)
    card = charts.loss
    card.smoothing.setValue(0)
    xs, ys = card.chart.drawn_points("training")
    assert ys.tolist() == pytest.approx(np.minimum([s.loss - FLOOR for s in series.steps], 2).tolist())
    card.smoothing.setValue(60)
    _, smoothed = card.chart.drawn_points("training")
    assert np.abs(np.diff(smoothed)).mean() < 0.3 * np.abs(np.diff(ys)).mean()
    card.log.click()
    _, logs = card.chart.drawn_points("set validation")
    assert 10 ** logs[-1] == pytest.approx(0.7)
    assert xs[-1] == 400


def test_each_chart_has_its_table(charts):
    charts.show_series(made(100, 10, done=30))
    for card, last in (
        (charts.accuracy, ["3", "30", "62.0", "37.0"]),
        (charts.loss, ["3", "30", None, "0.750"]),
    ):
        card.table_button.click()
        cells = [card.figures.item(3, column).text() for column in range(card.figures.columnCount())]
        assert [cell for cell, wanted in zip(cells, last, strict=True) if wanted] == [w for w in last if w]
    assert charts.accuracy.figures.copied().splitlines()[0] == "Epoch\tStep\tvalidation, %\tart, %"


def test_a_resumed_run_forgets_what_lies_past_its_checkpoint(charts):
    series = made(100, 10, done=45)
    charts.show_series(series)
    again = series.started.model_copy(update={"attempt": 2, "start_step": 40})
    reduce(series, again)
    charts.show_series(series)
    xs, _ = charts.loss.chart.drawn_points("training")
    assert xs.max() == 40


def test_twenty_thousand_steps_cost_a_few_milliseconds(charts):
    series = made(20_000, 20, done=19_000)
    charts.show_series(series)
    xs, _ = charts.loss.chart.drawn_points("raw")
    assert 1000 < len(xs) <= 2100
    times = []
    for number in range(19_001, 19_051):
        reduce(series, step(number, 0.2, 20))
        began = time.thread_time()
        charts.show_series(series)
        times.append(time.thread_time() - began)
    # about 1.5 ms of this thread's own; what drawing all the steps anew takes is far more
    assert sorted(times)[25] < 0.02


def test_the_trace_follows_as_the_series_own_smoothing_does():
    series = made(300, 3)
    trace = LossTrace(0.8)
    for end in (1, 50, 51, 300):
        trace.follow(series.steps[:end])
    trace.follow(series.steps)
    values = [max(0.0, s.loss - s.floor) for s in series.steps]
    assert trace.smooth.tolist() == pytest.approx(smooth(values, 0.8))
    assert trace.at(120.2) == (120.0, pytest.approx(smooth(values, 0.8)[119]))


def test_thinning_keeps_the_extremes():
    ys = np.sin(np.linspace(0, 60, 30_000))
    ys[12_345] = 9.0
    xs, kept = thinned(np.arange(30_000.0), ys)
    assert len(kept) < 2100
    assert kept.max() == 9.0
    assert xs[0] == 0
    assert xs[-1] == 29_999


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ([50.0, 52.0], [42.0, 60.0]),
        ([0.0, 1.0, 99.0], [0.0, 18.0, 99.0]),
        ([80.0, 20.0], [80.0, 20.0]),
        ([100.0, 99.0, 98.0], [100.0, 82.0, 64.0]),
    ],
)
def test_labels_are_pushed_apart(wanted, made):
    assert scales.pushed_apart(wanted, 18, 0, 100) == pytest.approx(made)


def test_the_x_axis_ends_with_the_last_step():
    assert scales.whole_ticks(720) == [0, 120, 240, 360, 480, 600, 720]
    assert scales.whole_ticks(97)[-1] == 97
    assert all(scales.whole_ticks(end)[-1] == end for end in range(1, 400))


def test_labels_stand_beside_the_ends_of_their_lines(charts):
    charts.show_series(made(100, 10, done=30))
    labels = charts.accuracy.chart.labels
    (validation, art) = sorted(labels.places())
    chart = charts.accuracy.chart
    assert validation == pytest.approx(chart.place_of(0, 0.62).y(), abs=10)
    assert art == pytest.approx(chart.place_of(0, 0.37).y(), abs=10)
    assert chart.rect().contains(QPoint(labels.x(), round(art)))


def test_that_shifted_sets_are_sampled_is_said_beside_the_chart(charts):
    series = made(steps=40, epochs=2)
    assert series.started is not None
    art = SetInfo(name="art", kind="shift", pictures=50, classes=2)
    series.started = series.started.model_copy(update={"sets": (art,)})
    charts.show_series(series)
    assert charts.accuracy.about_label.text() == "after each epoch"
    sampled = made(steps=40, epochs=2)
    larger = art.model_copy(update={"pictures": 2000})
    sampled.started = series.started.model_copy(update={"sets": (larger,)})
    charts.show_series(sampled)
    assert charts.accuracy.about_label.text() == "after each epoch; shifted sets on 50 pictures"
    assert "Evaluate looks at all of them" in charts.accuracy.about_label.toolTip()
