"""The most probable classes of one picture as bars, and a tried picture with both columns of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app import texts
from app.theme import theme
from app.widgets.basics import ElidedLabel, Label, column, row
from app.widgets.thumbnails import Thumbnails
from engine.requests import Guess, TriedPicture

_LINE = 22
_SIDE = 112


class Guesses(QWidget):
    """A line for each class: name, bar, per cent."""

    def __init__(self, title: str, guesses: tuple[Guess, ...], readable: Callable[[str], str]) -> None:
        super().__init__()
        self.title = title
        self.lines = [
            (readable(each.class_name), each.probability, texts.percent(each.probability, 0))
            for each in guesses
        ]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(170)
        spoken = ", ".join(f"{name} {share}" for name, _, share in self.lines)
        self.setAccessibleName(f"{title}: {spoken}")
        self.setToolTip(f"{title}: {spoken}")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's names
        return QSize(220, 20 + _LINE * max(1, len(self.lines)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        upright = Qt.AlignmentFlag.AlignVCenter
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(theme().colour("text3"))
        painter.drawText(QRectF(0, 0, self.width(), 18), upright | Qt.AlignmentFlag.AlignLeft, self.title)
        name_width = min(120.0, self.width() * 0.45)
        for number, (name, probability, share) in enumerate(self.lines):
            y = 20.0 + _LINE * number
            font.setPixelSize(12)
            font.setWeight(QFont.Weight.DemiBold if number == 0 else QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(theme().colour("text" if number == 0 else "text2"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(name_width) - 8)
            painter.drawText(QRectF(0, y, name_width, _LINE), upright | Qt.AlignmentFlag.AlignLeft, shown)
            painter.drawText(
                QRectF(self.width() - 42, y, 42, _LINE), upright | Qt.AlignmentFlag.AlignRight, share
            )
            room = QRectF(name_width, y + _LINE / 2 - 3, max(10.0, self.width() - 48 - name_width), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("track"))
            painter.drawRoundedRect(room, 3, 3)
            room.setWidth(max(3.0, room.width() * probability))
            painter.setBrush(theme().colour("text2" if number == 0 else "text3"))
            painter.drawRoundedRect(room, 3, 3)


class _Thumb(QWidget):
    def __init__(self, path: str, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._path, self._thumbnails = path, thumbnails
        self.setFixedSize(_SIDE, _SIDE)
        self.setAccessibleName(Path(path).name)
        thumbnails.ready.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        image = self._thumbnails.get(self._path)
        if image is None:
            painter.fillRect(self.rect(), theme().colour("sunken"))
        else:
            painter.drawImage(self.rect(), image)


class TriedRow(QFrame):
    """A picture, its name, and what is said of it before and after."""

    def __init__(
        self, tried: TriedPicture, thumbnails: Thumbnails, readable: Callable[[str], str], alpha: float
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        name = ElidedLabel(Path(tried.path).name, "strong", mode=Qt.TextElideMode.ElideMiddle)
        name.setToolTip(tried.path)
        if tried.problem is not None:
            words = Label(texts.whole(tried.problem), "support", "bad", wrap=True)
            layout = row(_Thumb(tried.path, thumbnails), column(name, words, None), spacing=16)
        else:
            after = self.tr("After") if alpha == 1 else self.tr("After, blend {:g}").format(alpha)
            both = row(
                Guesses(self.tr("Before"), tried.before, readable),
                Guesses(after, tried.after, readable),
                spacing=24,
            )
            layout = row(_Thumb(tried.path, thumbnails), column(name, both, None, spacing=4), spacing=16)
        layout.setContentsMargins(12, 12, 16, 12)
        layout.setStretch(1, 1)
        self.setLayout(layout)
