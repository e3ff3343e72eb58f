"""The slider between before and after: a dot for each stop, hollow until it is computed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider

from app.theme import theme
from engine.recipe import ALPHAS

_TRACK = 14
"""Middle of the track, from the top."""
_WORDS = 28
_HEIGHT = 46
_HANDLE = 8
"""Radius."""


class AlphaSlider(QSlider):
    """Goes from one computed stop to the next; the value is the stop's number. Stands under a chart's x-axis."""

    picked = Signal(float)
    """The person wants this stop."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, len(ALPHAS) - 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # the style sheet's own height for sliders would leave no room for the words
        self.setStyleSheet(f"QSlider {{ min-height: {_HEIGHT}px; max-height: {_HEIGHT}px; }}")
        self.setAccessibleName(self.tr("Blend, from before to after"))
        self.setToolTip(
            self.tr(
                "Mixes the weights before and after training: 0 is the model as it was, 1 the finetuned one. In "
                "between it often keeps more of what it knew about shifted pictures (WiSE-FT; the share is alpha). "
                "A hollow dot is not computed yet."
            )
        )
        self.ready: frozenset[int] = frozenset()
        self.best: int | None = None
        self._ends: tuple[float, float] | None = None
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's names
        return QSize(240, _HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(160, _HEIGHT)

    def set_ends(self, low: float, high: float) -> None:
        """Where 0 and 1 lie, so that they stand under the chart's."""
        if (low, high) != self._ends:
            self._ends = (low, high)
            self.update()

    def show_stops(self, ready: frozenset[int], best: int | None) -> None:
        """Which stops are computed, and which is best on validation."""
        if (ready, best) != (self.ready, self.best):
            self.ready, self.best = ready, best
            self._describe()
            self.update()

    def show_stop(self, number: int) -> None:
        """Stand at a stop; tells nobody."""
        self.setValue(number)
        self._describe()
        self.update()

    def _describe(self) -> None:
        words = self.tr("{:.1f} of 1").format(ALPHAS[self.value()])
        if self.value() == self.best:
            words = self.tr("{}, the best on validation").format(words)
        self.setAccessibleDescription(
            self.tr("{}; {} of {} stops are computed").format(words, len(self.ready), len(ALPHAS))
        )

    # --- places -------------------------------------------------------------------------------

    def place_of(self, number: int) -> QPointF:
        """Middle of a stop's dot."""
        low, high = self._ends or (12.0, self.width() - 12.0)
        return QPointF(low + (high - low) * number / (len(ALPHAS) - 1), _TRACK)

    def nearest(self, x: float) -> int | None:
        """The computed stop nearest to a place; None while there is none."""
        return min(self.ready, key=lambda number: abs(self.place_of(number).x() - x), default=None)

    def _pick(self, number: int | None) -> None:
        if number is not None and number != self.value():
            self.show_stop(number)
            self.picked.emit(ALPHAS[number])

    # --- pointer and keys ---------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() is Qt.MouseButton.LeftButton:
            self._pick(self.nearest(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(self.nearest(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        # the page may scroll; the blend does not change by it
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_PageDown):
            self.go(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_PageUp):
            self.go(1)
        elif key == Qt.Key.Key_Home:
            self._pick(min(self.ready, default=None))
        elif key == Qt.Key.Key_End:
            self._pick(max(self.ready, default=None))
        else:
            super().keyPressEvent(event)

    def go(self, way: int) -> None:
        """To the next computed stop, back (-1) or on (1)."""
        ahead = [number for number in self.ready if (number - self.value()) * way > 0]
        self._pick(min(ahead, key=lambda number: abs(number - self.value()), default=None))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.update()

    # --- drawing ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        on = self.isEnabled()
        fill = colours.colour("accent" if on else "border")
        first, here, last = (self.place_of(n) for n in (0, self.value(), len(ALPHAS) - 1))
        painter.setPen(_stroke(colours.colour("track")))
        painter.drawLine(first, last)
        painter.setPen(_stroke(fill))
        painter.drawLine(first, here)
        for number in range(len(ALPHAS)):
            centre = self.place_of(number)
            if number in self.ready:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(fill)
                painter.drawEllipse(centre, 3.5, 3.5)
            else:
                painter.setPen(QPen(colours.colour("control"), 1.2))
                painter.setBrush(colours.colour("surface"))
                painter.drawEllipse(centre, 3.0, 3.0)
        # the chart's line goes on down to the handle
        painter.setPen(QPen(colours.colour("text"), 1))
        painter.drawLine(QPointF(here.x(), 0), QPointF(here.x(), here.y() - _HANDLE))
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(here, _HANDLE + 3, _HANDLE + 3)
        painter.setPen(QPen(fill, 2))
        painter.setBrush(colours.colour("surface"))
        painter.drawEllipse(here, _HANDLE - 1, _HANDLE - 1)
        self._words(painter)

    def _words(self, painter: QPainter) -> None:
        """Every second stop, the chosen one in bold."""
        step = self.place_of(1).x() - self.place_of(0).x()
        for number, alpha in enumerate(ALPHAS):
            chosen = number == self.value()
            if not chosen and (number % 2 or (step < 24 and abs(number - self.value()) == 1)):
                continue
            font = QFont(self.font())
            font.setPixelSize(11)
            font.setWeight(QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(theme().colour("text" if chosen else "text3"))
            box = QRectF(self.place_of(number).x() - 20, _WORDS, 40, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{alpha:g}")
        if self.best is not None:
            # a small flag beside the stop that validation chose
            x = self.place_of(self.best).x()
            painter.setPen(QPen(theme().colour("text2"), 1.2))
            painter.drawLine(QPointF(x, _TRACK + 9), QPointF(x, _TRACK + 13))

    def handle(self) -> QRect:
        """Where the handle is."""
        here = self.place_of(self.value())
        return QRectF(here.x() - _HANDLE, here.y() - _HANDLE, 2 * _HANDLE, 2 * _HANDLE).toRect()


def _stroke(colour: QColor) -> QPen:
    return QPen(colour, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
