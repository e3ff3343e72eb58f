"""What both charts of a run have in common: a head with tools, a legend, the chart and its table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from app.charts.legend import Entry, Legend
from app.charts.live_chart import Curve, LiveChart
from app.charts.series import Series
from app.widgets.basics import Button, Card, ElidedLabel, Label, row
from app.widgets.figures_table import FiguresTable
from app.widgets.run_compare import Compared


@dataclass(frozen=True)
class Overlay:
    """An earlier run behind this one."""

    run: Compared


class ChartCard(Card):
    """Shows a series when told to; does nothing while it is hidden."""

    pointed = Signal(object)
    """The step under the pointer, or None."""
    moved = Signal(int)
    """The crosshair is to go a point back or on."""

    def __init__(
        self, title: str, about: str, tip: str, header: str, strip: bool, axis_word: str = ""
    ) -> None:
        super().__init__(padding=0, spacing=4)
        self.body.setContentsMargins(13, 8, 9, 6)
        self.series = Series()
        self.overlays: list[Overlay] = []
        self._curves: list[Curve] = []
        self._known: tuple[object, ...] = ()
        self._step: float | None = None
        name = Label(title, "card")
        name.setToolTip(tip)
        self.table_button = Button(
            icon="table", kind="quiet", small=True, act=self._toggle_table,
            name=self.tr("{} as a table").format(title), tip=self.tr("Show the numbers as a table"),
        )  # fmt: skip
        self.table_button.setCheckable(True)
        self.tools = row(self.table_button, spacing=4)
        self.about_label = ElidedLabel(about, "support")
        head = row(3, name, self.about_label, self.tools)
        head.setStretchFactor(self.about_label, 1)
        self.body.addLayout(head)
        self.legend = Legend()
        self.legend.toggled.connect(lambda *_: self.redraw())
        self.body.addWidget(self.legend)
        self.chart = LiveChart(f"{title} {about}", header, strip, axis_word)
        self.chart.setToolTip("")
        self.chart.pointed.connect(self.pointed)
        self.chart.moved.connect(self.moved)
        self.figures = FiguresTable(self.tr("{}, every epoch").format(title))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.chart)
        self.stack.addWidget(self.figures)
        self.body.addWidget(self.stack, 1)

    # --- for each chart to say ----------------------------------------------------------------

    def entries(self, series: Series) -> list[Entry]:
        """The legend."""
        raise NotImplementedError

    def curves(self, series: Series, last: int) -> list[Curve]:
        """All lines, made anew; called only when evaluations or overlays changed."""
        raise NotImplementedError

    def table(self, series: Series) -> tuple[list[str], list[list[str]]]:
        """Heads and rows."""
        raise NotImplementedError

    def values(self, step: float) -> dict[str, str]:
        """Words by legend key for a step."""
        raise NotImplementedError

    def hidden(self) -> frozenset[str]:
        """Keys of the lines that are switched off."""
        return self.legend.hidden_keys()

    # --- showing ------------------------------------------------------------------------------

    def show_series(self, series: Series, last: int, known: bool) -> None:
        """Draw what is new. ``last`` is the last step of the x-axis."""
        self.series = series
        newest = series.evaluations[max(series.evaluations)] if series.evaluations else None
        now = (
            id(series),
            id(newest),
            len(series.evaluations),
            last,
            tuple(self.overlays),
            len(series.set_names),
        )
        self.chart.set_span(last, known)
        if now != self._known:
            self._known = now
            self.legend.show_entries(self.entries(series))
            self._curves = self.curves(series, last)
            self._fill_table()
        self.redraw()

    def redraw(self) -> None:
        """Draw the lines as they are."""
        if self.stack.currentWidget() is self.chart:
            self.chart.draw(self._curves, self.hidden())
        if self._step is not None:
            self.legend.show_values(self.values(self._step))

    @property
    def step(self) -> float | None:
        """Where the crosshair is."""
        return self._step

    def show_step(self, step: float | None, words: str) -> None:
        """The crosshair at a step, and the values there in the legend."""
        self._step = step
        self.chart.show_crosshair(step, words)
        self.legend.show_values(self.values(step) if step is not None else {})

    def _toggle_table(self) -> None:
        shown = self.table_button.isChecked()
        self.stack.setCurrentWidget(self.figures if shown else self.chart)
        self.legend.setVisible(not shown)
        self._fill_table()
        self.redraw()

    def _fill_table(self) -> None:
        if self.stack.currentWidget() is self.figures:
            self.figures.fill(*self.table(self.series))


def value_at(steps: Sequence[int], values: Sequence[float], step: float) -> float | None:
    """The value told last up to a step."""
    place = bisect_right(steps, step)
    return values[place - 1] if place else None
