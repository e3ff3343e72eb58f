"""A grid of thumbnails over a model: thousands of pictures, only those on screen are decoded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import icons
from app.theme import theme
from app.widgets.thumbnails import Thumbnails

Index = QModelIndex | QPersistentModelIndex
GAP = 8
_PICTURES = 500
"""Tiles kept as they are painted; a 4K screen shows 250 of them."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture in the grid."""

    path: str
    """Absolute, for the file system."""
    name: str
    """For the person and the screen reader."""
    problem: str = ""
    """In words; empty if there is none."""
    faded: bool = False
    """It is left out."""

    @property
    def caption(self) -> str:
        """What is to be said of this picture alone; empty where all have the same in common."""
        return ""

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        return f"{self.name}. {self.problem}" if self.problem else self.name


class TileModel(QAbstractListModel):
    """Tiles in order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: Sequence[Tile] = ()

    def show(self, tiles: Sequence[Tile]) -> None:
        self.beginResetModel()
        self.tiles = tiles
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's form
        return 0 if parent.isValid() else len(self.tiles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        tile = self.tiles[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return tile
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(words for words in (tile.name, tile.caption, tile.problem) if words)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tile.spoken
        return None


class TileDelegate(QStyledItemDelegate):
    """Paints a thumbnail with its edge, its mark and the ring of those that are chosen."""

    def __init__(self, grid: ImageGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return self._grid.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tile: Tile = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect
        state = option.state
        side = self._grid.tile
        box = QRectF(rect.x() + GAP / 2, rect.y() + GAP / 2, side, side)
        colours = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(box, 4, 4)
        picture = self._grid.picture(tile.path, painter.device().devicePixelRatioF())
        if picture is not None:
            painter.setOpacity(0.35 if tile.faded else 1.0)
            painter.drawPixmap(box.topLeft(), picture)
            painter.setOpacity(1.0)
        else:
            painter.fillPath(shape, colours.colour("sunken"))
            if self._grid.thumbnails.failed(tile.path):
                middle = QRectF(box.center().x() - 10, box.center().y() - 10, 20, 20)
                icons.paint(painter, "eye-off", "text3", middle)
        # white pictures on white ground keep an edge
        edge = QColor(colours.colour("text"))
        edge.setAlphaF(0.1)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if tile.problem:
            mark = QRectF(box.right() - 23, box.top() + 3, 20, 20)
            painter.setPen(QPen(colours.colour("warn_line"), 1))
            painter.setBrush(colours.colour("warn_soft"))
            painter.drawRoundedRect(mark, 4, 4)
            icons.paint(painter, "warning", "warn", mark.adjusted(3, 3, -3, -3))
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 6, 6)
        painter.restore()


class ImageGrid(QListView):
    """Square tiles that fill the width; arrow keys move, Enter or a double click opens."""

    opened = Signal(int)
    """Row of a picture that is to be seen large."""

    below = 0
    """Room for words below each tile."""

    def __init__(self, thumbnails: Thumbnails, tile: int = 104) -> None:
        super().__init__()
        self.thumbnails = thumbnails
        self.tile = tile
        self._wanted_tile = tile
        self._pictures: OrderedDict[tuple[str, int], QPixmap] = OrderedDict()
        self.tiles = TileModel(self)
        self.setModel(self.tiles)
        self.setItemDelegate(TileDelegate(self))
        # a list that wraps is laid out in constant time a row; icon mode would keep a place for each item
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(False)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.activated.connect(lambda index: self.opened.emit(index.row()))
        thumbnails.ready.connect(self.viewport().update)
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(60)
        self._forget.timeout.connect(self._only_visible)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._forget.start())
        self.verticalScrollBar().setSingleStep(48)
        theme().changed.connect(self.viewport().update)
        self._show_bar()
        self.set_tile(tile)

    def _show_bar(self) -> None:
        """There or not by what would fit without it, as tiles that fill the width jump with it."""
        inner = self.contentsRect().size()
        side, columns = self._side(inner.width())
        rows = -(-len(self.tiles.tiles) // columns)
        fits = rows * (side + GAP + self.below) <= inner.height()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        if policy != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(policy)

    def show_tiles(self, tiles: Sequence[Tile], stay: bool = False) -> None:
        """Show other pictures; ``stay`` keeps the place, where only marks have changed."""
        place = self.verticalScrollBar().value()
        chosen = [index.row() for index in self.selectedIndexes()]
        self.tiles.show(tiles)
        self._show_bar()
        if stay:
            for row in chosen:
                if row < len(tiles):
                    self.selectionModel().select(
                        self.tiles.index(row), self.selectionModel().SelectionFlag.Select
                    )
            self.verticalScrollBar().setValue(place)
        else:
            self.scrollToTop()
        self._forget.start()

    def set_tile(self, side: int) -> None:
        """Size of the tiles; a little more where that fills the width."""
        self._wanted_tile = side
        self._show_bar()
        self._arrange()

    def picture(self, path: str, ratio: float) -> QPixmap | None:
        """The thumbnail in the size of a tile, with its round corners; None while it is not there.

        Made once for each size: scaling all tiles at each step of scrolling would make it stutter.
        """
        side = round(self.tile * ratio)
        key = (path, side)
        if key in self._pictures:
            self._pictures.move_to_end(key)
            return self._pictures[key]
        image = self.thumbnails.get(path)
        if image is None:
            return None
        scaled = image.scaled(
            side, side, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        made = QPixmap(side, side)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(scaled))
        painter.drawRoundedRect(made.rect(), 4 * ratio, 4 * ratio)
        painter.end()
        made.setDevicePixelRatio(ratio)
        self._pictures[key] = made
        while len(self._pictures) > _PICTURES:
            self._pictures.popitem(last=False)
        return made

    def visible_rows(self) -> range:
        """Rows that are on screen, roughly."""
        count = len(self.tiles.tiles)
        if not count:
            return range(0)
        columns = max(1, self.viewport().width() // self.gridSize().width())
        height = self.gridSize().height()
        top = self.verticalScrollBar().value() // height
        rows = self.viewport().height() // height + 2
        return range(max(0, top * columns), min(count, (top + rows) * columns))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._show_bar()
        self._arrange()
        super().resizeEvent(event)

    def wanted(self, width: int) -> int:
        """Side that a tile should have in a grid of this width."""
        return self._wanted_tile

    def _side(self, width: int) -> tuple[int, int]:
        """(side of a tile, tiles in a row) that fill this width."""
        # by the whole width: beside a scroll bar they are to be of the same kind
        least = self.wanted(self.contentsRect().width()) + GAP
        room = max(width - 1, least)
        columns = max(1, room // least)
        return room // columns - GAP, columns

    def _arrange(self) -> None:
        self.tile, _ = self._side(self.viewport().width())
        self.setGridSize(QSize(self.tile + GAP, self.tile + GAP + self.below))

    def _only_visible(self) -> None:
        tiles = self.tiles.tiles
        self.thumbnails.only({tiles[row].path for row in self.visible_rows()})

    def row_at(self, point: QPoint) -> int:
        """Row under a point of the viewport, or -1."""
        return self.indexAt(point).row()
