"""The blend: curves of every set, the slider below them, what is best on validation, and its use."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSizePolicy, QStackedWidget, QWidget

from app import blends, texts
from app.blends import Stop
from app.charts import blend_chart
from app.charts.blend_chart import BlendChart, SetCurve
from app.results import Result
from app.sweeping import Sweeping
from app.widgets.alpha_slider import AlphaSlider
from app.widgets.basics import Badge, Button, Card, Icon, Label, Ring, row
from app.widgets.figures_table import FiguresTable
from app.widgets.labels import lines_height
from engine.recipe import ALPHAS

_LEAST_CHART = 72
"""Height that the chart keeps beside a long sentence."""
_EDGE = 14
"""Room for half a handle at both ends of the slider."""


class _Sentence(Label):
    """As high as its lines; the chart above gives way, where a height for a width would not be asked for."""

    def setText(self, text: str) -> None:  # noqa: N802  Qt's names
        super().setText(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(lines_height(self, self.width()))


class BlendCard(Card):
    """Shows what it is given; moving it tells ``picked`` and changes nothing by itself."""

    picked = Signal(float)
    """The person wants the page at this stop."""
    used = Signal(float)
    """The person wants to go on with this stop."""
    again = Signal()
    """What failed is to be tried again."""

    def __init__(self, sweeping: Sweeping) -> None:
        super().__init__(self.tr("Blend"), self.tr("before 0 \u2194 1 after"), padding=0, spacing=0)
        self.sweeping = sweeping
        self.alpha = 1.0
        self.best: float | None = None
        self.chosen = 1.0
        self._curves: list[SetCurve] = []
        self.body.setContentsMargins(12, 8, 12, 10)
        self.about.setToolTip(
            self.tr("Weights between those before and those after training; alpha in WiSE-FT's formula")
        )
        self.table_button = Button(
            self.tr("Table"), icon="table", kind="quiet", small=True, act=self._toggle,
            name=self.tr("Blends as a table"), tip=self.tr("Show the numbers as a table"),
        )  # fmt: skip
        self.table_button.setCheckable(True)
        self.head.addWidget(self.table_button)
        self.chart = BlendChart()
        self.figures = FiguresTable(self.tr("Accuracy of every set at each blend, in %"))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.chart)
        self.stack.addWidget(self.figures)
        # as high as the tables beside it leave room, whatever the table of its numbers would like
        self.stack.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.stack.setMinimumHeight(_LEAST_CHART)
        self.slider = AlphaSlider()
        self.field = self._field()
        self.body.addWidget(self.stack, 1)
        self.control = QWidget()
        self.control.setLayout(row(self.slider, self.field, spacing=4))
        self.body.addWidget(self.control)
        self.body.addSpacing(4)
        self.body.addWidget(self._foot())
        self.chart.picked.connect(self._pointed)
        self.chart.moved.connect(self.slider.go)
        self.chart.fitted.connect(self._align)
        self.slider.picked.connect(self.picked)

    def _field(self) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(0, 1)
        field.setSingleStep(0.1)
        field.setDecimals(2)
        field.setFixedWidth(84)
        field.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        field.setKeyboardTracking(False)
        field.setAccessibleName(self.tr("Blend"))
        field.setToolTip(self.tr("Goes to the computed stop nearest to what is typed"))
        field.valueChanged.connect(self._typed)
        return field

    def _foot(self) -> QWidget:
        self.mark = Icon("flag", "text2")
        self.ring = Ring()
        self.words = _Sentence("", "help", wrap=True)
        self.badge = Badge()
        self.show_best = Button(
            self.tr("Show it"), kind="link", small=True, act=self._to_best,
            tip=self.tr("Go to the blend that is best on validation"),
        )  # fmt: skip
        self.use = Button(
            self.tr("Use this blend"), small=True, act=lambda: self.used.emit(self.alpha),
            tip=self.tr("Keeps the blend that is shown with the run, to go on with: it opens here, and Export tells of it"),
        )  # fmt: skip
        self.retry = Button(
            self.tr("Try again"), small=True, act=self.again.emit, tip=self.tr("Compute the blends again")
        )
        inner = row(self.mark, self.ring, self.words, self.show_best, self.badge, self.use, self.retry)
        inner.setStretch(2, 1)
        holder = QWidget()
        holder.setLayout(inner)
        # a minimum of the holder's own would hide that of the sentence
        inner.addStrut(28)
        return holder

    # --- what is shown ------------------------------------------------------------------------

    def show_blend(self, curves: list[SetCurve], alpha: float, best: float | None, chosen: float) -> None:
        """The curves of all sets, the stop that the page shows, the best, and the one to go on with."""
        self._curves, self.alpha, self.best, self.chosen = curves, alpha, best, chosen
        ready = frozenset(ALPHAS.index(each) for each in self.sweeping.stops if each in ALPHAS)
        self.slider.show_stops(ready, ALPHAS.index(best) if best is not None else None)
        self.slider.show_stop(min(range(len(ALPHAS)), key=lambda number: abs(ALPHAS[number] - alpha)))
        self.field.blockSignals(True)
        self.field.setValue(alpha)
        self.field.blockSignals(False)
        for each in (self.slider, self.field):
            each.setEnabled(len(ready) > 1)
        self.chart.show_curves(curves, alpha, best)
        self.show_work()
        self._fill_table()

    def show_work(self) -> None:
        """How far the computing is, and in the end what it found."""
        sweep = self.sweeping
        busy = sweep.under_way and not sweep.complete
        is_best = self.best is not None and blends.same(self.best, self.alpha)
        in_use = blends.same(self.chosen, self.alpha)
        self.ring.setVisible(busy)
        self.mark.setVisible(not busy)
        self.mark.show_icon(
            "warning" if sweep.trouble else "flag" if self._says_best() else "info",
            "warn" if sweep.trouble else "text2",
        )
        self.words.setText(self._words(busy))
        told = texts.whole(sweep.reason) if sweep.reason is not None else self._tip()
        # a long one may be cut off
        self.words.setToolTip(sweep.trouble or told)
        self.retry.setVisible(bool(sweep.trouble))
        self.show_best.setVisible(self._says_best() and not is_best)
        self.use.setVisible(sweep.complete and sweep.reason is None and not in_use)
        self.badge.say(
            self.tr("in use") if sweep.complete and in_use and sweep.reason is None else "", "good"
        )
        self.badge.setToolTip(self.tr("The blend of this run to go on with"))

    def _says_best(self) -> bool:
        return self.sweeping.complete and self.sweeping.reason is None and self.best is not None

    def _words(self, busy: bool) -> str:
        sweep = self.sweeping
        if sweep.trouble:
            return self.tr("The blends could not be computed. {}").format(sweep.trouble)
        if busy:
            done, total = len(sweep.stops), len(sweep.wanted)
            words = self.tr("Computing the blends, {} of {} done").format(done, total)
            phase = sweep.phase
            if phase is not None and phase.total:
                share = self.tr("{} of {}").format(texts.number(phase.done), texts.number(phase.total))
                return f"{words}: {texts.message(phase.phase)[0]} {share}"
            return words
        if not sweep.complete:
            return self.tr("The blends are computed as soon as the engine is free.")
        if sweep.reason is not None:
            if sweep.reason.code == "sweep.nothing_learnt":
                # its own words name the run's folder, which the page does already
                return self.tr("Every blend is the same: the weights from before training were kept.")
            return texts.message(sweep.reason)[0]
        if self._says_best():
            return self.tr("{:g} is best on validation. Shifted sets and test choose nothing.").format(
                self.best
            )
        return ""

    def _tip(self) -> str:
        return self.tr(
            "The blend is chosen by its accuracy on validation alone. The curves of the shifted sets and of the test "
            "set show what that choice brings; choosing by them would make their figures too good to be true."
        )

    def _fill_table(self) -> None:
        if self.stack.currentWidget() is not self.figures:
            return
        headers = [self.tr("Blend"), *(each.name for each in self._curves)]
        known = [dict(zip(each.alphas, each.accuracy, strict=True)) for each in self._curves]
        rows = []
        for alpha in ALPHAS:
            cells = [f"{100 * each[alpha]:.1f}" if alpha in each else "–" for each in known]
            rows.append([f"{alpha:g}" + (" \u2691" if alpha == self.best else ""), *cells])
        self.figures.fill(headers, rows)

    # --- what the person does -----------------------------------------------------------------

    def _toggle(self) -> None:
        shown = self.table_button.isChecked()
        self.stack.setCurrentWidget(self.figures if shown else self.chart)
        self._fill_table()
        self.figures.scrollToTop()
        if not shown:
            self.chart.show_curves(self._curves, self.alpha, self.best)
        self._align()

    def _pointed(self, place: float) -> None:
        self._pick(place)

    def _typed(self, value: float) -> None:
        self._pick(value)
        self.field.blockSignals(True)
        self.field.setValue(self.alpha)
        self.field.blockSignals(False)

    def _pick(self, place: float) -> None:
        ready = [ALPHAS[number] for number in self.slider.ready]
        nearest = min(ready, key=lambda alpha: abs(alpha - place), default=None)
        if nearest is not None and not blends.same(nearest, self.alpha):
            self.picked.emit(nearest)

    def _to_best(self) -> None:
        if self.best is not None:
            self.picked.emit(self.best)

    def _align(self) -> None:
        """The slider's ends lie under the axis' ends; under the table it takes its whole width."""
        if self.stack.currentWidget() is self.figures:
            self.slider.set_ends(_EDGE, self.slider.width() - _EDGE)
        elif self.chart.isVisible():
            low, high = self.chart.ends()
            shift = self.chart.mapTo(self, QPoint(0, 0)).x() - self.slider.mapTo(self, QPoint(0, 0)).x()
            self.slider.set_ends(low + shift, high + shift)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._align()


def set_curves(run: Result, stops: dict[float, Stop]) -> list[SetCurve]:
    """Of each set of a run through the stops that are computed; until then what its result says."""
    made = []
    for each in run.sets:
        if each.kind == "mean":
            continue
        points = [
            (alpha, stop.figures[each.name]["accuracy"])
            for alpha, stop in sorted(stops.items())
            if each.name in stop.figures
        ]
        if not points:
            points = [(run.alpha, each.after)]
            if each.before is not None and not blends.same(run.alpha, 0.0):
                points.insert(0, (0.0, each.before))
        colour, mark = blend_chart.token_and_mark(each.series, each.kind)
        alphas, values = zip(*points, strict=True)
        made.append(SetCurve(each.name, colour, mark, alphas, values))
    return made
