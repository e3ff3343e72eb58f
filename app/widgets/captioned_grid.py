"""The grid of thumbnails with two lines below each: what it is, how sure, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from app.theme import theme
from app.widgets.image_grid import GAP, ImageGrid, Index, Tile, TileDelegate
from app.widgets.thumbnails import Thumbnails

_BELOW = 36
"""Height of both lines."""
_ROOMY = 1000
"""From this width on tiles are larger."""


@dataclass(frozen=True, slots=True)
class Told(Tile):
    """A picture and what was said of it."""

    truth: str = ""
    confidence: str = ""
    said: str = ""
    before: str = ""
    """What was said of it before training, in words."""

    @property
    def caption(self) -> str:
        parts = (self.truth, f"{self.said}, {self.confidence}", self.before)
        return "  ·  ".join(part for part in parts if part)

    @property
    def spoken(self) -> str:
        words = f"{self.truth}, {self.said}, {self.confidence}. {self.name}"
        return f"{words}. {self.problem}" if self.problem else words


class Tiles(Sequence[Tile]):
    """Tiles that are made when they are looked at: there may be many thousands."""

    def __init__(self, count: int, make: Callable[[int], Tile]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Tile: ...
    @overload
    def __getitem__(self, place: slice) -> list[Tile]: ...
    def __getitem__(self, place: int | slice) -> Tile | list[Tile]:
        if isinstance(place, slice):
            return [self._make(each) for each in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        return self._make(place % self._count)


class _ToldDelegate(TileDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        tile = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(tile, Told):
            return
        rect: QRect = option.rect
        side = self._grid.tile
        left, top = rect.x() + GAP / 2, rect.y() + GAP / 2 + side + 3
        painter.save()
        font = QFont(option.font)
        font.setPixelSize(12)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        upright = Qt.AlignmentFlag.AlignVCenter
        first = QRectF(left, top, side, 16)
        painter.setPen(theme().colour("text3"))
        painter.drawText(first, upright | Qt.AlignmentFlag.AlignRight, tile.confidence)
        room = side - metrics.horizontalAdvance(tile.confidence) - 6
        painter.setPen(theme().colour("text2"))
        name = metrics.elidedText(tile.truth, Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(first, upright | Qt.AlignmentFlag.AlignLeft, name)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme().colour("text"))
        said = painter.fontMetrics().elidedText(tile.said, Qt.TextElideMode.ElideMiddle, int(side))
        painter.drawText(QRectF(left, top + 16, side, 16), upright | Qt.AlignmentFlag.AlignLeft, said)
        painter.restore()


class CaptionedGrid(ImageGrid):
    """Tiles of ``Told``."""

    correct_wanted = Signal()
    """R was pressed: the chosen pictures are of another class."""
    below = _BELOW

    def __init__(self, thumbnails: Thumbnails, tile: int = 96) -> None:
        super().__init__(thumbnails, tile)
        self.setItemDelegate(_ToldDelegate(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.key() == Qt.Key.Key_R and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.correct_wanted.emit()
        else:
            super().keyPressEvent(event)

    def wanted(self, width: int) -> int:
        # the words below get more of the room too
        return super().wanted(width) if width < _ROOMY else super().wanted(width) * 3 // 2
