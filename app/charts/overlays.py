"""What stands around and over a chart: the latest values at its right edge, chips above it, upright lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.charts.scales import pushed_apart
from app.theme import theme

_LABEL_GAP = 18
_LABEL_LEAST = 14
"""Closer than this, words would run into each other; earlier runs then go without."""
CHIP_HEIGHT = 18


def _font(widget: QWidget, size: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont(widget.font())
    font.setPixelSize(size)
    font.setWeight(weight)
    return font


@dataclass(frozen=True)
class EdgeLabel:
    """A line's name and latest value, at the height where the line ends."""

    name: str
    value: str
    y: float
    quiet: bool = False


class EdgeLabels(QWidget):
    """The labels, pushed apart where they would touch."""

    WIDTH = 108

    def __init__(self, header: str) -> None:
        super().__init__()
        self._header = header
        self._labels: Sequence[EdgeLabel] = ()
        self._low, self._high = 0.0, 0.0
        self._top = 0
        self.setFixedWidth(self.WIDTH)
        theme().changed.connect(self.update)

    def show_labels(self, labels: Sequence[EdgeLabel], low: float, high: float, top: int) -> None:
        """``y`` counts from this widget's top; ``low`` and ``high`` bound it; the header is ``top`` high."""
        room = int((high - low) // _LABEL_LEAST) + 1
        for label in [label for label in reversed(labels) if label.quiet]:
            if len(labels) > room:
                labels = [each for each in labels if each is not label]
        if (labels, low, high, top) != (self._labels, self._low, self._high, self._top):
            self._labels, self._low, self._high, self._top = labels, low, high, top
            self.update()

    def places(self) -> list[float]:
        """Where the labels stand, in their order."""
        return pushed_apart([label.y for label in self._labels], _LABEL_GAP, self._low, self._high)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        width = self.width()
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if self._top and self._labels:
            painter.setFont(_font(self, 11))
            painter.setPen(theme().colour("text3"))
            painter.drawText(QRect(0, 0, width, self._top), right, self._header)
        for label, y in zip(self._labels, self.places(), strict=True):
            box = QRect(0, round(y) - 9, width, 18)
            value_font = _font(self, 12, QFont.Weight.Normal if label.quiet else QFont.Weight.DemiBold)
            painter.setFont(value_font)
            painter.setPen(theme().colour("text3" if label.quiet else "text"))
            painter.drawText(box, right, label.value)
            room = width - QFontMetrics(value_font).horizontalAdvance(label.value) - 8
            name_font = _font(self, 12)
            painter.setFont(name_font)
            painter.setPen(theme().colour("text3" if label.quiet else "text2"))
            name = QFontMetrics(name_font).elidedText(label.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(box, left, name)


@dataclass(frozen=True)
class Chip:
    """A few words at a place along the x-axis; earlier ones keep their place, later ones give way."""

    text: str
    x: float
    strong: bool = False


class ChipStrip(QWidget):
    """A line of chips above a chart."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._chips: tuple[Chip, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme().changed.connect(self.update)

    def show_chips(self, chips: tuple[Chip, ...]) -> None:
        if chips != self._chips:
            self._chips = chips
            self.update()

    def boxes(self) -> list[tuple[Chip, QRectF]]:
        """Where each chip stands; one that finds no room is left out."""
        metrics = QFontMetrics(_font(self, 11, QFont.Weight.Medium))
        placed: list[tuple[Chip, QRectF]] = []
        for chip in self._chips:
            wide = metrics.horizontalAdvance(chip.text) + 12
            last = self.width() - wide - 1
            wanted = min(max(0.0, chip.x - wide / 2), last)
            for box in (
                QRectF(wanted, 0, wide, CHIP_HEIGHT),
                *(
                    QRectF(other.right() + 4, 0, wide, CHIP_HEIGHT)
                    for _, other in placed
                    if other.center().x() < chip.x
                ),
                *(QRectF(other.left() - 4 - wide, 0, wide, CHIP_HEIGHT) for _, other in placed),
            ):
                if 0 <= box.left() <= last and not any(box.intersects(other) for _, other in placed):
                    placed.append((chip, box))
                    break
        return placed

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        for chip, box in self.boxes():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().colour("text" if chip.strong else "border"), 1))
            painter.setBrush(theme().colour("surface"))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setFont(_font(self, 11, QFont.Weight.Medium))
            painter.setPen(theme().colour("text" if chip.strong else "text2"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, chip.text)


class Upright(QWidget):
    """A line one pixel wide over the chart: moving it repaints nothing but a column."""

    def __init__(self, parent: QWidget, dotted: bool = False) -> None:
        super().__init__(parent)
        self._dotted = dotted
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def place(self, x: float, top: float, bottom: float) -> None:
        self.setGeometry(round(x), round(top), 1, max(1, round(bottom - top)))
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        if not self._dotted:
            painter.fillRect(self.rect(), theme().colour("text"))
            return
        pen = QPen(theme().colour("text2"), 1)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.drawLine(QLineF(QPointF(0.5, 0), QPointF(0.5, self.height())))
