"""Text in the type sizes, icons and badges."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app import icons

Role = Literal["headline", "title", "card", "strong", "label", "support", "help", "header", "body"]

Tone = Literal["", "accent", "good", "warn", "bad"]


def repolish(widget: QWidget) -> None:
    """Let the style sheet look at the widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class Label(QLabel):
    """Text in one of the type sizes."""

    def __init__(
        self, text: str = "", role: Role = "body", tone: Tone = "", wrap: bool = False, select: bool = False
    ) -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if wrap:
            self.setWordWrap(True)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if select:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def set_tone(self, tone: Tone) -> None:
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)


def lines_height(label: QLabel, width: int) -> int:
    """Height of the label's lines at this width; its own ``heightForWidth`` is never less than its minimum."""
    if not label.text():
        return 0
    margins = label.contentsMargins()
    within = max(1, width - margins.left() - margins.right())
    box = label.fontMetrics().boundingRect(0, 0, within, 1 << 20, Qt.TextFlag.TextWordWrap, label.text())
    return box.height() + margins.top() + margins.bottom()


class ElidedLabel(Label):
    """One line that ends in … where there is no room; the whole text is its tooltip."""

    def __init__(
        self,
        text: str = "",
        role: Role = "body",
        tone: Tone = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, role, tone)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(24)

    def setText(self, text: str) -> None:  # noqa: N802  Qt's name
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        box = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, box.width())
        painter.drawText(box, self.alignment() | Qt.AlignmentFlag.AlignVCenter, text)


class Icon(QWidget):
    """A line icon in a colour of the theme."""

    def __init__(self, name: str, colour: str = "text2", size: int = 16) -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        self.setFixedSize(size, size)

    def show_icon(self, name: str, colour: str) -> None:
        self._name, self._colour = name, colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.paint(painter, self._name, self._colour, QRectF(self.rect()))


class Badge(QLabel):
    """A short fragment in lower case on a tinted ground."""

    def __init__(self, text: str = "", tone: Tone = "") -> None:
        super().__init__(text)
        self.setProperty("badge", True)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def say(self, text: str, tone: Tone = "") -> None:
        self.setText(text)
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)
        self.setVisible(bool(text))
