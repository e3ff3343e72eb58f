"""A chart's legend: shows what each line is, its value under the crosshair, and hides it at a click."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.charts import marks
from app.theme import theme

_SAMPLE = 20
_HEIGHT = 24


@dataclass(frozen=True)
class Entry:
    """One line of the chart as the legend shows it."""

    key: str
    name: str
    colour: str
    mark: int | None = None
    dashed: bool = False
    width: float = 2
    tip: str = ""


class LegendButton(QAbstractButton):
    """A sample of the line, its name, its value; on while the line is shown."""

    def __init__(self, entry: Entry, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self.value = ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(entry.tip or self.tr("{}: click to hide or show this line").format(entry.name))
        self.setAccessibleName(entry.name)
        self.toggled.connect(self.update)

    def show_value(self, value: str) -> None:
        """The value under the crosshair; empty when there is none."""
        if value != self.value:
            self.value = value
            self.setAccessibleDescription(value)
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's names
        # room for a value, so that nothing moves when the crosshair comes
        name, value = self._fonts()
        words = QFontMetrics(name).horizontalAdvance(self._shown_name())
        room = QFontMetrics(value).horizontalAdvance("88.8\u202f%") if not self.entry.dashed else -6
        return QSize(4 + _SAMPLE + 5 + words + 6 + room + 4, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown, entry = self.isChecked(), self.entry
        name, value = self._fonts()
        middle = QRectF(4, 0, _SAMPLE, self.height())
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setOpacity(1.0 if shown else 0.35)
        marks.paint_sample(painter, middle, entry.colour, entry.mark, entry.dashed, entry.width)
        painter.setOpacity(1.0)
        painter.setFont(name)
        painter.setPen(theme().colour("text2" if shown else "text3"))
        left = 4 + _SAMPLE + 5
        words = QFontMetrics(name).horizontalAdvance(self._shown_name())
        upright = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(left, 0, words + 4, self.height()), upright, self._shown_name())
        if self.value and shown:
            painter.setFont(value)
            painter.setPen(theme().colour("text"))
            painter.drawText(QRect(left + words + 6, 0, 80, self.height()), upright, self.value)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _shown_name(self) -> str:
        return QFontMetrics(self._fonts()[0]).elidedText(self.entry.name, Qt.TextElideMode.ElideMiddle, 160)

    def _fonts(self) -> tuple[QFont, QFont]:
        name = QFont(self.font())
        name.setPixelSize(12)
        name.setStrikeOut(not self.isChecked())
        value = QFont(self.font())
        value.setPixelSize(12)
        value.setWeight(QFont.Weight.DemiBold)
        return name, value


class Legend(QWidget):
    """The entries beside each other, on as many lines as they need."""

    toggled = Signal(str, bool)
    """Key of a line and whether it is to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, LegendButton] = {}
        self._off: set[str] = set()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        theme().changed.connect(self.update)

    def show_entries(self, entries: list[Entry]) -> None:
        """What there is to show; what was hidden stays hidden."""
        if [button.entry for button in self.buttons.values()] == entries:
            return
        for button in self.buttons.values():
            button.hide()
            button.deleteLater()
        self.buttons = {}
        for entry in entries:
            button = LegendButton(entry, self)
            button.setChecked(entry.key not in self._off)
            button.toggled.connect(lambda on, key=entry.key: self._toggled(key, on))
            button.show()
            self.buttons[entry.key] = button
        self._arrange()

    def hidden_keys(self) -> frozenset[str]:
        return frozenset(self._off)

    def show_values(self, values: dict[str, str]) -> None:
        """Values under the crosshair by key; lines without one show none."""
        for key, button in self.buttons.items():
            button.show_value(values.get(key, ""))

    def _toggled(self, key: str, on: bool) -> None:
        (self._off.discard if on else self._off.add)(key)
        self.toggled.emit(key, on)

    # --- layout -------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(120, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._arrange()

    def _arrange(self) -> None:
        """On as many lines as the width asks for."""
        x = y = 0
        for button in self.buttons.values():
            size = button.sizeHint()
            if x and x + size.width() > self.width():
                x, y = 0, y + _HEIGHT
            button.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + 6
        if self.height() != y + _HEIGHT:
            self.setFixedHeight(y + _HEIGHT)
