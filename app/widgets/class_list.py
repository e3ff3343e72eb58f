"""The classes with their counts as bars: searched, sorted, ticked to be included."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import icons, texts
from app.theme import theme

Index = QModelIndex | QPersistentModelIndex
ROW = 35
_LEAST_BAR = 20.0
"""A shorter bar shows nothing."""
_COUNT = Qt.ItemDataRole.UserRole
_TICK = QRectF(12, (ROW - 16) / 2, 16, 16)


class ClassModel(QAbstractListModel):
    """Class folders, their pictures, and which are included."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.counts: tuple[int, ...] = ()
        self.included: frozenset[str] = frozenset()
        self.most = 1
        self.longest = 0.0

    def show(self, names: tuple[str, ...], counts: tuple[int, ...], included: frozenset[str]) -> None:
        same = (names, counts) == (self.names, self.counts)
        if same and included == self.included:
            return
        if not same:
            self.beginResetModel()
        self.names, self.counts, self.included = names, counts, included
        self.most = max(counts, default=1) or 1
        metrics = QFontMetricsF(QApplication.font())
        # a little more, as the chosen one is bold
        self.longest = 1.08 * max((metrics.horizontalAdvance(name) for name in names), default=0.0)
        if not same:
            self.endResetModel()
        elif names:
            self.dataChanged.emit(self.index(0), self.index(len(names) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name, count = self.names[index.row()], self.counts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == _COUNT:
            return count
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if name in self.included else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr("{}: {} pictures").format(name, texts.number(count))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = (
                self.tr("{}, {} pictures, included")
                if name in self.included
                else self.tr("{}, {} pictures, not included")
            )
            return words.format(name, count)
        return None


class _Sorted(QSortFilterProxyModel):
    by_count = True

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802
        if self.by_count:
            a, b = -left.data(_COUNT), -right.data(_COUNT)
            if a != b:
                return bool(a < b)
        return bool(str(left.data()).casefold() < str(right.data()).casefold())


class _Row(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRectF(option.rect)
        state = option.state
        view = option.widget
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        ticked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        count = int(index.data(_COUNT))
        colours = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        width = rect.width()
        ground = QRectF(2, 0.5, width - 4, ROW - 1)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(ground, 6, 6)
        if chosen and view is not None and view.hasFocus():
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 5, 5)
        painter.setPen(QPen(colours.colour("accent" if ticked else "control"), 1))
        painter.setBrush(colours.colour("accent" if ticked else "surface"))
        painter.drawRoundedRect(_TICK.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if ticked:
            icons.paint(painter, "check", "on_accent", _TICK.adjusted(1, 1, -1, -1))
        font = painter.font()
        font.setPixelSize(13)
        font.setBold(False)
        font.setWeight(font.Weight.DemiBold if chosen else font.Weight.Normal)
        painter.setFont(font)
        # names differ by their letters, and the number says what the bar says: the bar gives way
        number_width = 48.0
        bar_width = min(112.0, width - 40 - 8 - 12 - number_width - _longest(index))
        if bar_width < _LEAST_BAR:
            bar_width = 0.0
            number_width = painter.fontMetrics().horizontalAdvance(texts.number(_most(index))) + 6.0
        bar_left = width - 12 - number_width - bar_width
        painter.setPen(colours.colour("text" if ticked else "text3"))
        room = bar_left - 40 - 8
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(QRectF(40, 0, room, ROW), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(bar_left, (ROW - 6) / 2, bar_width, 6)
        painter.setBrush(colours.colour("accent_line" if chosen else "track"))
        if bar_width:
            painter.drawRoundedRect(track, 3, 3)
        most = _most(index)
        if count and ticked and bar_width:
            painter.setBrush(colours.colour("accent" if chosen else "control"))
            painter.drawRoundedRect(QRectF(track.x(), track.y(), max(6.0, bar_width * count / most), 6), 3, 3)
        painter.setPen(colours.colour("text" if ticked else "text3"))
        painter.drawText(
            QRectF(width - 12 - number_width, 0, number_width, ROW),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            texts.number(count),
        )
        painter.restore()


def _source(index: Index) -> ClassModel:
    model = index.model()
    source = model.sourceModel() if isinstance(model, QSortFilterProxyModel) else model
    assert isinstance(source, ClassModel)
    return source


def _most(index: Index) -> int:
    return _source(index).most


def _longest(index: Index) -> float:
    """Width of the longest name: where names are long the bars make room."""
    return _source(index).longest


class ClassList(QListView):
    """Arrow keys choose a class, Space ticks it."""

    picked = Signal(str)
    """The class whose pictures are to be shown."""
    ticked = Signal(str, bool)
    """A class is to be included or not."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = ClassModel(self)
        self._sorted = _Sorted(self)
        self._sorted.setSourceModel(self.classes)
        self._sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._sorted.setDynamicSortFilter(True)
        self._sorted.sort(0)
        self.setModel(self._sorted)
        self.setItemDelegate(_Row(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._current)
        theme().changed.connect(self.viewport().update)

    def search(self, text: str) -> None:
        """Show only classes whose name contains the text."""
        self._sorted.setFilterFixedString(text)

    def sort_by_count(self, by_count: bool) -> None:
        self._sorted.by_count = by_count
        self._sorted.invalidate()

    @property
    def by_count(self) -> bool:
        return self._sorted.by_count

    @property
    def current(self) -> str:
        index = self.currentIndex()
        return str(index.data()) if index.isValid() else ""

    def choose(self, name: str) -> None:
        """Make a class the current one, if it is there; else the first."""
        for row in range(self._sorted.rowCount()):
            index = self._sorted.index(row, 0)
            if index.data() == name or not name:
                self.setCurrentIndex(index)
                return
        if self._sorted.rowCount():
            self.setCurrentIndex(self._sorted.index(0, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.position().x() < _TICK.right() + 6:
            self._tick(index)
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._tick(self.currentIndex())
            return
        super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        super().leaveEvent(event)
        self.viewport().update()

    def _tick(self, index: QModelIndex) -> None:
        on = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        self.ticked.emit(str(index.data()), not on)

    def _current(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid():
            self.picked.emit(str(now.data()))
