"""Colours and markers of a chart's lines, so that a line, its legend and its row in a list agree."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from app.theme import theme

SHAPES = 6
PAIRS = 6
"""From the seventh set on a colour comes again, with another marker."""


def mark_of(index: int) -> int:
    """The marker of the set at this place: validation, then the shift sets in their order."""
    return (index + index // PAIRS) % SHAPES


def colour_of(token: str) -> QColor:
    """'series 2' for a set's colour, else a colour of the theme by its name."""
    if token.startswith("series "):
        return theme().series(int(token.removeprefix("series ")))
    return theme().colour(token)


def mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    """As much of the colour as if it lay see-through on the ground."""
    pairs = zip(colour.getRgbF()[:3], ground.getRgbF()[:3], strict=True)  # type: ignore[index]
    return QColor.fromRgbF(*(share * one + (1 - share) * other for one, other in pairs))


def is_pale(token: str) -> bool:
    """Too light on white to stand without a dark edge."""
    return (
        token.startswith("series ")
        and int(token.removeprefix("series ")) % PAIRS >= 4
        and not theme().is_dark
    )


def shape(mark: int) -> QPainterPath:
    """A marker around the origin, one unit wide: disc, square, triangle, diamond, triangle down, cross."""
    path = QPainterPath()
    if mark == 0:
        path.addEllipse(QRectF(-0.5, -0.5, 1, 1))
    elif mark == 1:
        path.addRect(QRectF(-0.44, -0.44, 0.88, 0.88))
    elif mark in (2, 4):
        turn = 1 if mark == 2 else -1
        points = ((0, -0.56), (0.56, 0.46), (-0.56, 0.46))
        path.addPolygon(QPolygonF([QPointF(x, turn * y) for x, y in points]))
        path.closeSubpath()
    elif mark == 3:
        path.addPolygon(QPolygonF([QPointF(0, -0.6), QPointF(0.6, 0), QPointF(0, 0.6), QPointF(-0.6, 0)]))
        path.closeSubpath()
    else:
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(QRectF(-0.55, -0.18, 1.1, 0.36))
        path.addRect(QRectF(-0.18, -0.55, 0.36, 1.1))
    return path


def paint_mark(painter: QPainter, mark: int, token: str, centre: QPointF, size: float) -> None:
    """One marker; pale colours on white get a dark edge."""
    moved = QTransform.fromTranslate(centre.x(), centre.y()).scale(size, size).map(shape(mark))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().colour("text2"), 1) if is_pale(token) else Qt.PenStyle.NoPen)
    painter.setBrush(colour_of(token))
    painter.drawPath(moved)


def paint_sample(
    painter: QPainter, box: QRectF, token: str, mark: int | None, dashed: bool, width: float
) -> None:
    """A piece of a line as the chart draws it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour_of(token), width)
    if dashed:
        pen.setDashPattern([4, 3])
    painter.setPen(pen)
    middle = box.center().y()
    painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))
    if mark is not None:
        paint_mark(painter, mark, token, box.center(), 8)


class Mark(QWidget):
    """A marker alone, for the rows of a list."""

    def __init__(self, token: str, mark: int) -> None:
        super().__init__()
        self._token, self._mark = token, mark
        self.setFixedSize(12, 16)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's names
        return QSize(12, 16)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        paint_mark(QPainter(self), self._mark, self._token, QPointF(6, 8), 8)
