"""Before and after, a row for each set; what they say of each class; further figures of one set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QHeaderView

from app import texts
from app.charts import marks
from app.results import OfClass, SetResult
from app.theme import theme
from app.widgets.cells import FIRST_PADDING, PADDING, Column, Rows, Table
from app.widgets.runs_table import figure

TALL = 42
"""Height of a row with a second line."""
_BAR = 8
_LEAST_NAME, _NAME = 150, 300
"""Width of the first column: at least, and at most where bars can take the rest."""


_RANGE = 106
"""For 88.8 – 100.0: a number that is cut off at its left is another number."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("evaluate", text)


def token_of(each: SetResult) -> str:
    """Colour of a set's marker and bar, as the charts name it."""
    if each.series >= 0:
        return f"series {each.series}"
    return "text" if each.kind == "test" else "text2"


def paint_marker(painter: QPainter, centre: QPointF, each: SetResult) -> None:
    """As in the charts; a ring for pictures that do not belong to the run."""
    if each.kind == "other":
        painter.setPen(QPen(marks.colour_of(token_of(each)), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, 3.2, 3.2)
    else:
        marks.paint_mark(painter, marks.mark_of(max(0, each.series)), token_of(each), centre, 7)


def set_name(each: SetResult) -> str:
    return _tr("shifted sets") if each.kind == "mean" else each.name


def used_for(each: SetResult) -> str:
    """What the set was used for, in words."""
    words = {
        "test": _tr("never used to choose"),
        "validation": _tr("chose epoch and blend"),
        "shift": _tr("shifted"),
        "mean": _tr("mean of them"),
        "other": _tr("other pictures, at blend {:g}").format(each.alpha),
    }[each.kind]
    if 0 < each.classes < each.of_classes:
        words = _tr("{}, {} of {} classes").format(words, each.classes, each.of_classes)
    return words


def ranged(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{figure(interval[0])}\u2009–\u2009{figure(interval[1])}"


def changed(difference: float | None) -> str:
    return "–" if difference is None else texts.points(difference)


def change_colour(difference: float | None) -> str:
    if difference is None or abs(difference) < 0.0005:
        return "text2"
    return "good" if difference > 0 else "bad"


def two_lines(painter: QPainter, box: QRectF, first: str, second: str) -> None:
    """A name with a quiet line below it; what does not fit ends in …"""
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    _line(painter, QRectF(box.left(), box.center().y() - 18, box.width(), 18), first, font, "text")
    font.setWeight(QFont.Weight.Normal)
    font.setPixelSize(12)
    _line(painter, QRectF(box.left(), box.center().y(), box.width(), 16), second, font, "text2")


def _bar_tip() -> str:
    return _tr("Ring: before. Bar: after. Tinted: the range to expect 95 times in 100.")


def _line(painter: QPainter, box: QRectF, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(theme().colour(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_set(painter: QPainter, box: QRectF, each: SetResult) -> None:
    if each.kind != "mean":
        paint_marker(painter, QPointF(box.left() + 8, box.center().y() - 8), each)
    two_lines(painter, box.adjusted(22, 0, 0, 0), set_name(each), used_for(each))


def _paint_name(painter: QPainter, box: QRectF, name: str) -> None:
    """Of many classes the names begin alike: what does not fit is left out of the middle."""
    painter.setPen(theme().colour("text"))
    shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(box.width()))
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def paint_bar(painter: QPainter, box: QRectF, each: SetResult | OfClass, token: str) -> None:
    """From before (ring) to after (bar, with its range behind it) on a scale from 0 to 100 %."""
    y = round(box.center().y()) + 0.5
    colour = marks.colour_of(token)

    def at(share: float) -> float:
        return box.left() + _BAR / 2 + share * (box.width() - _BAR)

    painter.setPen(QPen(theme().colour("track"), 2))
    painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
    if each.interval is not None:
        band = QColor(colour)
        band.setAlphaF(0.28)
        low, high = at(each.interval[0]), at(each.interval[1])
        painter.fillRect(QRectF(low, y - 4, max(1.0, high - low), 8), band)
    if each.before is not None:
        quiet = theme().colour("text3")
        painter.setPen(QPen(quiet, 1.5))
        painter.drawLine(QPointF(at(each.before), y), QPointF(at(each.after), y))
        painter.setBrush(theme().colour("surface"))
        painter.drawEllipse(QPointF(at(each.before), y), 3, 3)
    painter.fillRect(QRectF(at(each.after) - 1.5, y - 5, 3, 10), colour)


class ScaleHeader(QHeaderView):
    """A header whose last column is a scale from 0 to 100 %."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setSectionsClickable(True)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802  Qt's names
        super().paintSection(painter, rect, logicalIndex)
        if logicalIndex != self.count() - 1:
            return
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(theme().colour("text3"))
        box = rect.adjusted(PADDING, 0, -PADDING, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0")
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "100\u202f%")


@dataclass(frozen=True)
class _Figure:
    """What is its own of a column of figures: room in pixels and tooltip."""

    width: int
    tip: str


_T = TypeVar("_T", SetResult, OfClass)


def _figure_columns(
    pictures: _Figure, before: _Figure, after: _Figure, change: _Figure, interval: _Figure
) -> list[Column[_T]]:
    """Pictures, before, after, change and range of whatever has them."""
    return [
        Column(
            _tr("Pictures"),
            lambda each: texts.number(each.pictures),
            sort=lambda each: each.pictures,
            right=True,
            width=pictures.width,
            tip=pictures.tip,
            colour=lambda _: "text2",
        ),
        Column(
            _tr("Before"),
            lambda each: figure(each.before),
            sort=lambda each: each.before,
            right=True,
            width=before.width,
            tip=before.tip,
            colour=lambda _: "text2",
        ),
        Column(
            _tr("After"),
            lambda each: figure(each.after),
            sort=lambda each: each.after,
            right=True,
            width=after.width,
            tip=after.tip,
            strong=lambda _: True,
        ),
        Column(
            _tr("Change"),
            lambda each: changed(each.change),
            sort=lambda each: each.change,
            right=True,
            width=change.width,
            tip=change.tip,
            colour=lambda each: change_colour(each.change),
            strong=lambda _: True,
        ),
        Column(
            _tr("Range"),
            lambda each: ranged(each.interval),
            sort=lambda each: each.interval,
            right=True,
            width=interval.width,
            tip=interval.tip,
            colour=lambda _: "text2",
        ),
    ]


def _set_columns() -> list[Column[SetResult]]:
    ranges = _tr(
        "Where the accuracy after lies 95 times in 100 (Wilson's interval); fewer pictures, wider range"
    )
    figures: list[Column[SetResult]] = _figure_columns(
        _Figure(60, _tr("How many pictures were judged")),
        _Figure(60, _tr("Accuracy in % before training, from the captions alone (zero-shot)")),
        _Figure(68, _tr("Accuracy in % after training, at the blend that is shown")),
        _Figure(72, _tr("In points of accuracy")),
        _Figure(_RANGE, ranges),
    )
    return [
        Column(_tr("Set"), set_name, cell_tip=lambda each: used_for(each), paint=_paint_set),
        *figures,
        Column(
            "",
            lambda _: "",
            width=104,
            tip=_bar_tip(),
            cell_tip=lambda each: f"{figure(each.before)} → {figure(each.after)}\u202f%",
            paint=lambda painter, box, each: paint_bar(painter, box, each, token_of(each)),
        ),
    ]


class ResultTable(Table):
    """A row for each set: before, after, change, range."""

    def __init__(self) -> None:
        rows: Rows[SetResult] = Rows(_set_columns(), key=lambda each: (each.kind, each.name))
        name = _tr("Before and after, for each set of pictures")
        super().__init__(rows, name, row_height=TALL, sortable=False, header=ScaleHeader())
        _tight_heads(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        font = QFont(self.font())
        font.setPixelSize(12)
        words = [used_for(each) for each in self.rows.rows if each.kind != "other"]
        longest = max(map(QFontMetrics(font).horizontalAdvance, words), default=0)
        _share_out(self, 76, longest + 52)


def _tight_heads(table: Table) -> None:
    """Numbers stand at the right: their heads need no room at the left."""
    header = table.horizontalHeader()
    first = f"QHeaderView::section:first {{ padding-left: {FIRST_PADDING}px; }}"
    header.setStyleSheet(f"QHeaderView::section {{ padding: 0 {PADDING}px 0 2px; }} {first}")


def _share_out(table: Table, least: int, least_name: int = _LEAST_NAME) -> None:
    """Names take what they may need, the bars in the last column all that is left; ``least`` or none."""
    last = len(table.rows.columns) - 1
    others = sum(table.columnWidth(i) for i in range(1, last) if not table.isColumnHidden(i))
    room = table.viewport().width() - others
    bar = max(least, room - _NAME)
    table.setColumnHidden(last, room - bar < least_name)
    table.setColumnWidth(last, bar)


def _class_columns(readable: Callable[[str], str]) -> list[Column[OfClass]]:
    figures: list[Column[OfClass]] = _figure_columns(
        _Figure(72, _tr("Pictures of this class in the set")),
        _Figure(66, _tr("How many of the class were right before training, in %")),
        _Figure(68, _tr("How many of the class are right now, in %")),
        _Figure(76, _tr("In points")),
        _Figure(_RANGE, _tr("Where the figure after lies 95 times in 100")),
    )
    return [
        Column(
            _tr("Class"),
            lambda each: readable(each.name),
            tip=_tr("As the model is told it; its folder's name is in the tooltip"),
            cell_tip=lambda each: f"{readable(each.name)}\n{each.name}",
            paint=lambda painter, box, each: _paint_name(painter, box, readable(each.name)),
        ),
        *figures,
    ]


class ClassTable(Table):
    """What became of each class of one set. Where there is room for them, with bars."""

    def __init__(self, readable: Callable[[str], str]) -> None:
        self.token = "text"
        """Colour of the bars: that of the set."""
        bars: Column[OfClass] = Column(
            "",
            lambda _: "",
            width=160,
            tip=_bar_tip(),
            paint=lambda painter, box, each: paint_bar(painter, box, each, self.token),
        )
        rows: Rows[OfClass] = Rows([*_class_columns(readable), bars], key=lambda each: each.name)
        super().__init__(rows, _tr("Accuracy of each class"), header=ScaleHeader())
        _tight_heads(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        # where the card is narrow the change counts more than how many pictures there are
        for number, least in ((5, 540), (1, 380)):
            self.setColumnHidden(number, self.viewport().width() < least)
        _share_out(self, 160)


@dataclass(frozen=True)
class Detail:
    """One further figure, before and after."""

    name: str
    below: str
    tip: str
    before: str
    after: str
    interval: str


def details(each: SetResult, readable: Callable[[str], str]) -> list[Detail]:
    """Further figures of a set."""
    made = [
        _detail(each, "ece", _tr("Confidence is off by"), _tr("in points, 0 is best"), _tr(
            "How far its confidence can be trusted: how much its stated confidence and its share of right "
            "answers differ on average (expected calibration error, 15 bins)."
        )),
    ]  # fmt: skip
    worst = each.worst_class()
    if worst is not None:
        tip = _tr("The class of which the fewest are right; before, it may have been another one.")
        made.append(_detail(each, "worst_class_accuracy", _tr("Worst class, %"), readable(worst.name), tip))
    if "worst_group_accuracy" in each.after_figures:
        tip = _tr("The group of pictures (from the table's group column) of which the fewest are right.")
        group = str(each.after_figures.get("worst_group", ""))
        made.append(_detail(each, "worst_group_accuracy", _tr("Worst group, %"), group, tip))
    tip = _tr("Every class counts the same, also the small ones (macro-averaged F1).")
    made.append(_detail(each, "macro_f1", _tr("Mean of classes, %"), _tr("all count the same"), tip))
    tip = _tr("How surprised the model is by the right class (negative log-likelihood, in nats).")
    made.append(_detail(each, "nll", _tr("Surprise at the truth"), _tr("in nats, 0 is best"), tip))
    return [detail for detail in made if detail.after != "–"]


def _detail(each: SetResult, name: str, title: str, below: str, tip: str) -> Detail:
    def shown(value: Any) -> str:
        if not isinstance(value, int | float):
            return "–"
        return f"{value:.2f}" if name == "nll" else figure(value)

    found = each.after_figures.get("intervals", {}).get(name)
    interval = f"{shown(found[0])}\u2009–\u2009{shown(found[1])}" if found else ""
    before, after = each.before_figures.get(name), each.after_figures.get(name)
    return Detail(title, below, tip, shown(before), shown(after), interval)


class DetailTable(Table):
    """Further figures of one set."""

    def __init__(self) -> None:
        columns: list[Column[Detail]] = [
            Column(
                _tr("Figure"),
                lambda each: each.name,
                cell_tip=lambda each: each.tip,
                paint=lambda painter, box, each: two_lines(painter, box, each.name, each.below),
            ),
            Column(_tr("Before"), lambda each: each.before, right=True, width=62, colour=lambda _: "text2"),
            Column(_tr("After"), lambda each: each.after, right=True, width=62, strong=lambda _: True),
            Column(
                _tr("Range"),
                lambda each: each.interval,
                right=True,
                width=_RANGE,
                tip=_tr("Where the figure after lies 95 times in 100"),
                colour=lambda _: "text2",
            ),
        ]
        rows: Rows[Detail] = Rows(columns, key=lambda each: each.name)
        super().__init__(rows, _tr("Further figures"), row_height=TALL, sortable=False)
        _tight_heads(self)
