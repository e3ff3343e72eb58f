"""Loss above its lowest possible value: training raw and smoothed, validation at each epoch."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QSlider

from app import texts
from app.charts import marks, scales, trace
from app.charts.chart_card import ChartCard, Overlay, value_at
from app.charts.legend import Entry
from app.charts.live_chart import Curve
from app.charts.series import Series, clipped_top
from app.charts.trace import LossTrace
from app.widgets.basics import Label, Switch

_SAMPLE = 500
"""Values that decide on the axis; more would not change it."""
_SMOOTH_POINTS = 600
"""A smooth line needs no more, and its two pixels are costly to draw."""


class LossCard(ChartCard):
    """The smoothing and the log scale are of this chart alone."""

    def __init__(self) -> None:
        super().__init__(
            self.tr("Loss"),
            self.tr("above its lowest possible value"),
            self.tr(
                "What training makes smaller; pictures of one class in a step keep it above zero, that part is taken off"
            ),
            header="",
            strip=False,
            axis_word=self.tr("step"),
        )
        self._training: list[Curve] = []
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 100)
        self.smoothing.setValue(40)
        self.smoothing.setFixedWidth(84)
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        tip = self.tr(
            "Averages the training loss over more steps (exponential moving average); the raw line stays behind it"
        )
        self.smoothing.setToolTip(tip)
        self.log = Switch(self.tr("Log scale"))
        self.log.setAccessibleName(self.tr("Log scale"))
        self.log.setToolTip(
            self.tr("Equal factors take equal heights: shows progress while the loss is small")
        )
        words = Label(self.tr("Smoothing"), "support")
        words.setBuddy(self.smoothing)
        for each in (words, self.log):
            each.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for place, widget in enumerate((words, self.smoothing, self.log)):
            self.tools.insertWidget(place, widget)
        self.tools.insertSpacing(2, 8)
        self.tools.setSpacing(8)
        self.trace = LossTrace(self._strength())
        self.smoothing.valueChanged.connect(self._smoothed)
        self.log.toggled.connect(lambda _: self._scale())

    def show_series(self, series: Series, last: int, known: bool) -> None:
        if self.trace.follow(series.steps):
            self._draw_training()
        super().show_series(series, last, known)
        self._scale()

    def redraw(self) -> None:
        if self.stack.currentWidget() is self.chart:
            self.chart.draw([*self._curves[:-1], *self._training, *self._curves[-1:]], self.hidden())
        if self._step is not None:
            self.legend.show_values(self.values(self._step))

    def hidden(self) -> frozenset[str]:
        off = self.legend.hidden_keys()
        return off | {"raw"} if "training" in off else off

    def entries(self, series: Series) -> list[Entry]:
        return [
            Entry("training", self.tr("training, smoothed"), "text3", tip=self.tr("Mean over the pictures of the last steps")),
            Entry("set validation", self.tr("validation"), "series 0", 0, tip=self.tr("Pictures held out to choose the best epoch (cross-entropy)")),
        ]  # fmt: skip

    def curves(self, series: Series, last: int) -> list[Curve]:
        """Other runs and validation; the training loss has its own way as it changes all the time."""
        made = [self._overlaid(each) for each in self.overlays]
        steps, figures = series.curve("validation")
        losses = [each.loss for each in figures]
        value = f"{losses[-1]:.2f}" if losses else ""
        made.append(
            Curve("set validation", np.array(steps, float), np.array(losses), "series 0", self.tr("validation"), marks.mark_of(0), value=value)
        )  # fmt: skip
        return made

    def values(self, step: float) -> dict[str, str]:
        found = {}
        if (here := self.trace.at(step)) is not None and here[0] >= 1:
            found["training"] = f"{here[1]:.2f}"
        steps, figures = self.series.curve("validation")
        value = value_at(steps, [each.loss for each in figures], step)
        if value is not None:
            found["set validation"] = f"{value:.2f}"
        return found

    def table(self, series: Series) -> tuple[list[str], list[list[str]]]:
        first = self.tr("Candidate") if series.of_candidates else self.tr("Epoch")
        headers = [first, self.tr("Step"), self.tr("Training"), self.tr("Validation")]
        sums: dict[int, tuple[float, int]] = {}
        for each in series.steps:
            total, count = sums.get(each.epoch, (0.0, 0))
            sums[each.epoch] = total + max(0.0, each.loss - each.floor), count + 1
        rows = []
        for epoch in sorted(series.evaluations):
            done = series.evaluations[epoch]
            total, count = sums.get(epoch, (0.0, 0))
            validation = f"{done.sets['validation'].loss:.3f}" if "validation" in done.sets else "–"
            rows.append(
                [str(epoch), texts.number(done.step), f"{total / count:.3f}" if count else "–", validation]
            )
        return headers, rows

    # --- inside -------------------------------------------------------------------------------

    def _strength(self) -> float:
        """0 leaves the line as it is; the far end averages over about a hundred values."""
        return 1 - 10 ** (-2 * self.smoothing.value() / 100)

    def _smoothed(self) -> None:
        self.trace.set_strength(self._strength())
        self._draw_training()
        self.redraw()

    def _draw_training(self) -> None:
        """Both lines at about as many points as there are pixels."""
        raw_xs, raw = trace.thinned(self.trace.steps, self.trace.raw)
        xs, smooth = trace.every(self.trace.steps, self.trace.smooth, _SMOOTH_POINTS)
        value = f"{smooth[-1]:.2f}" if len(smooth) else ""
        self._training = [
            Curve("raw", raw_xs, raw, "text3", width=1, opacity=0.28),
            Curve("training", xs, smooth, "text3", self.tr("training"), value=value),
        ]

    def _scale(self) -> None:
        """The axis: outliers may go past its top, the validation line never does."""
        raw = self.trace.raw
        sample = raw[:: max(1, len(raw) // _SAMPLE)].tolist()
        _, figures = self.series.curve("validation")
        validation = [each.loss for each in figures if np.isfinite(each.loss)]
        top = max(clipped_top(sample) if sample else 0.0, 1.04 * max(validation, default=0.0)) or 1.0
        if self.log.isChecked():
            smooth = self.trace.smooth
            lowest = min([float(smooth.min()) if len(smooth) else top, *validation])
            low = max(lowest * 0.8, top * 1e-5)
            ticks = scales.log_ticks(low, top)
            inner = [(tick, f"{tick:.3g}") for tick in ticks if low * 1.001 < tick < top * 0.999]
            self.chart.set_levels([(low, ""), *inner, (top, "")], log=True)
            self._say_outliers(top)
            return
        ticks = scales.level_ticks(top, 5)
        self.chart.set_levels([(tick, scales.tick_text(tick, ticks[1])) for tick in ticks])
        self._say_outliers(ticks[-1])

    def _say_outliers(self, top: float) -> None:
        """What is cut off at the top is said, or the line would lie."""
        count = int(np.count_nonzero(self.trace.raw > top))
        words = self.tr("above its lowest possible value")
        if count == 1:
            words = self.tr("above its lowest possible value, 1 outlier cut off")
        elif count:
            words = self.tr("above its lowest possible value, {} outliers cut off").format(
                texts.number(count)
            )
        if words != self.about_label.text():
            self.about_label.setText(words)

    def _overlaid(self, overlay: Overlay) -> Curve:
        run = overlay.run
        xs, ys = np.array(run.steps, float), np.array(run.loss)
        value = f"{run.loss[-1]:.2f}" if run.loss else ""
        return Curve(f"run {run.name}", xs, ys, "text3", run.label, width=1, opacity=0.7, value=value)
