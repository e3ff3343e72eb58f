"""Runs beside each other: their figures, what differs in their recipes, their validation curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.charts import marks
from app.run_list import Entry, differences
from app.theme import theme
from app.widgets import runs_table
from app.widgets.basics import Button, Card, Label, row
from app.widgets.cells import Column, Rows, Table

MOST = 6
"""Runs that can be told apart by the colours of the series."""
_NAME, _VALUE = 156, 112

if TYPE_CHECKING:
    from app.charts.live_chart import LiveChart


def _tr(text: str) -> str:
    return QCoreApplication.translate("runs", text)


@dataclass(frozen=True)
class _Line:
    """One line of the table: what, and its value in each run."""

    name: str
    values: tuple[str, ...]
    figure: bool = False
    tip: str = ""


def _kept(entry: Entry) -> str:
    """Which of its epochs or candidates; of a method that trains nothing there is none."""
    if entry.best_epoch is None or (entry.of_candidates and not entry.epochs):
        return "–"
    words = _tr("candidate {} of {}") if entry.of_candidates else _tr("epoch {} of {}")
    return words.format(entry.best_epoch, entry.epochs)


def _unit(entries: list[Entry]) -> str:
    """What the curves of these runs go along."""
    kinds = {entry.of_candidates for entry in entries if len(entry.curve) > 1}
    if len(kinds) == 2:
        return _tr("epoch or candidate")
    return _tr("candidate") if kinds == {True} else _tr("epoch")


def _figures(entries: list[Entry]) -> list[_Line]:
    ways: list[tuple[str, Callable[[Entry], str]]] = [
        (_tr("Validation, %"), lambda e: runs_table.figure(e.validation)),
        (_tr("Test, %"), lambda e: runs_table.figure(e.test)),
        (_tr("Shift mean, %"), lambda e: runs_table.figure(e.shift_mean)),
        (_tr("Kept"), _kept),
        (_tr("Blend"), lambda e: "–" if e.alpha is None else f"{e.alpha:g}"),
        (_tr("State"), runs_table.state_words),
    ]
    return [_Line(name, tuple(tell(entry) for entry in entries), True) for name, tell in ways]


def _paint(painter: QPainter, box: QRectF, line: _Line, number: int) -> None:
    """A value; in the first line how the run's curve is drawn."""
    if not line.values[number]:
        sample = QRectF(box.left(), box.top(), 28, box.height())
        marks.paint_sample(painter, sample, f"series {number}", marks.mark_of(number), False, 2)
        return
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold if line.figure else QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(theme().colour("text"))
    metrics = painter.fontMetrics()
    text = metrics.elidedText(line.values[number], Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _field(name: str, values: tuple[str, ...]) -> _Line:
    """A field of the recipe, by its name without the section."""
    words = name.rpartition(".")[2].replace("_", " ")
    return _Line(words[:1].upper() + words[1:], values, tip=name)


def _about(unit: str) -> str:
    return _tr("after each {}, 0 is before training").format(unit)


class Compare(QWidget):
    """Takes the place of the list of runs until it is closed."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.table: Table | None = None
        self.chart: LiveChart | None = None
        self.heading = Label("", "card")
        back = Button(
            _tr("All runs"),
            icon="chevron-left",
            tip=_tr("Back to the list of runs"),
            act=self.closed.emit,
        )
        self.copy = Button(
            _tr("Copy as table"),
            icon="copy",
            tip=_tr("Copies the table with tabs, for a spreadsheet"),
            act=lambda: self.table.copy() if self.table is not None else None,
        )
        self.figures = Card(_tr("Figures and recipes"), _tr("only what differs"), padding=0)
        self.curves = Card(_tr("Validation"), _about(_tr("epoch")), padding=8)
        both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        both.setSpacing(16)
        both.addWidget(self.figures, 1)
        both.addWidget(self.curves, 1)
        self.curves.setMinimumWidth(300)
        self.both = both
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(row(back, 4, self.heading, None, self.copy))
        layout.addLayout(both, 1)

    def show_entries(self, entries: list[Entry]) -> None:
        """Put these runs beside each other."""
        self.entries = entries
        self.heading.setText(_tr("{} runs beside each other").format(len(entries)))
        lines = [
            _Line(_tr("Line"), ("",) * len(entries)),
            *_figures(entries),
            *(_field(n, tuple(v)) for n, v in differences(entries)),
        ]
        columns: list[Column[_Line]] = [
            Column(
                "",
                lambda line: line.name,
                width=_NAME,
                colour=lambda line: "text2",
                cell_tip=lambda line: line.tip,
            ),
        ]
        for i, entry in enumerate(entries):
            columns.append(
                Column(
                    f"{i + 1}. {runs_table.title(entry)}",
                    lambda line, i=i: line.values[i],  # type: ignore[misc]
                    width=_VALUE if len(entries) > 2 else 0,
                    tip=str(entry.folder),
                    cell_tip=lambda line, i=i: line.values[i],  # type: ignore[misc]
                    paint=lambda painter, box, line, i=i: _paint(painter, box, line, i),  # type: ignore[misc]
                )
            )
        if self.table is not None:
            self.figures.body.removeWidget(self.table)
            self.table.deleteLater()
        model: Rows[_Line] = Rows(columns)
        model.show_rows(lines)
        self.table = Table(model, _tr("Runs compared"), sortable=False)
        self.table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.figures.body.addWidget(self.table, 1)
        self._arrange()
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Beside each other if the table has the room for its columns, else below."""
        needed = _NAME + _VALUE * len(self.entries) + 16
        beside = self.width() - 300 - 16 >= needed
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self.both.setDirection(way)
        self.figures.setMinimumWidth(needed if beside else 0)

    def _draw(self) -> None:
        """A validation curve for each run."""
        # pyqtgraph takes a moment to import and is wanted only here
        import numpy as np

        from app.charts.live_chart import Curve, LiveChart

        unit = _unit(self.entries)
        self.curves.about.setText(_about(unit))
        if self.chart is None:
            self.chart = LiveChart(
                _tr("Validation curves of the runs"), _tr("latest, %"), strip=False, axis_word=unit
            )
            self.chart.setToolTip(_tr("The number beside a line is the run's column in the table"))
            self.chart.set_levels([(share / 4, f"{25 * share}\u202f%") for share in range(5)])
            self.curves.body.addWidget(self.chart, 1)
        self.chart.set_axis_word(unit)
        self.chart.set_span(max((each.curve[-1][0] for each in self.entries if each.curve), default=1))
        self.chart.draw(
            [
                Curve(
                    str(each.folder),
                    np.array([epoch for epoch, _ in each.curve], float),
                    np.array([share for _, share in each.curve]),
                    f"series {i}",
                    _tr("run {}").format(i + 1),
                    marks.mark_of(i),
                    value=f"{100 * each.curve[-1][1]:.1f}",
                )
                for i, each in enumerate(self.entries)
                if each.curve
            ]
        )
