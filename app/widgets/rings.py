"""A ring that turns: work under way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.theme import theme


def paint_ring(painter: QPainter, box: QRectF, angle: float, colour: QColor, width: float = 2.0) -> None:
    """Three quarters of a circle: work under way."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(box, round(-angle * 16), 270 * 16)


class Ring(QWidget):
    """Turns while work is under way; hidden it does nothing."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        self.setFixedSize(size, size)
        self._angle = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)

    def showEvent(self, event: QEvent) -> None:  # noqa: N802
        self._timer.start(80)

    def hideEvent(self, event: QEvent) -> None:  # noqa: N802
        self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + 30) % 360
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        inner = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        paint_ring(painter, inner, self._angle, theme().colour("accent_text"))
