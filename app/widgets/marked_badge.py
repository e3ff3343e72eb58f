"""A badge with a mark before its words, so that it is never told by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import icons
from app.theme import theme
from app.widgets.basics import Tone


class MarkedBadge(QWidget):
    """Mark and words on a tinted ground."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._icon = ""
        self._tone: Tone = ""
        self.setFixedHeight(20)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_mark(self, icon: str, text: str, tone: Tone) -> None:
        """Say something else."""
        self._icon, self.text, self._tone = icon, text, tone
        self.setAccessibleName(text)
        self.setFixedWidth(self.sizeHint().width())
        self.show()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's names
        return QSize(QFontMetrics(self._small()).horizontalAdvance(self.text) + 32, 20)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(f"{self._tone}_soft" if self._tone else "sunken"))
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        colour = {"": "text2", "accent": "accent_text"}.get(self._tone, self._tone)
        icons.paint(painter, self._icon, colour, QRectF(6, 4, 12, 12))
        painter.setFont(self._small())
        painter.setPen(theme().colour(colour))
        painter.drawText(self.rect().adjusted(22, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text)

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Medium)
        return font
