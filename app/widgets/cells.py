"""Tables in one hand: columns told as functions of a row, painted in the theme's colours.

Rows of 32 px, or 42 with a second line; numbers right-aligned; the row under the pointer and the
chosen rows are tinted as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from app import icons
from app.theme import theme

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
"""The row's own thing."""
COLUMN = Qt.ItemDataRole.UserRole + 1
SORT = Qt.ItemDataRole.UserRole + 2
PADDING = 12
FIRST_PADDING = 16
"""Before the first column, so that it stands under a card's title."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column; what it shows is told by functions of the row."""

    title: str
    text: Callable[[T], str]
    sort: Callable[[T], Any] | None = None
    """By what rows are put in order; None takes the text. Rows whose value is None come last."""
    right: bool = False
    width: int = 0
    """In pixels; 0 takes what is left."""
    tip: str = ""
    """What the column means."""
    cell_tip: Callable[[T], str] | None = None
    colour: Callable[[T], str] | None = None
    strong: Callable[[T], bool] | None = None
    mark: Callable[[T], tuple[str, str] | None] | None = None
    """Icon and its colour, before the text."""
    paint: Callable[[QPainter, QRectF, T], None] | None = None
    """Paints the cell by hand in place of its text."""


class Rows(QAbstractTableModel, Generic[T]):
    """Rows of one kind. ``show_rows`` keeps the selection where the same rows stay."""

    def __init__(self, columns: list[Column[T]], key: Callable[[T], object] | None = None) -> None:
        super().__init__()
        self.columns = columns
        self.rows: list[T] = []
        self._key = key or id

    def show_rows(self, rows: list[T]) -> None:
        """Take other rows; those of the same keys in the same order are changed in place."""
        same = [self._key(row) for row in rows] == [self._key(row) for row in self.rows]
        if same:
            self.rows = rows
            if rows:
                last = self.index(len(rows) - 1, len(self.columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's form
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == ROW:
            return row
        if role == COLUMN:
            return column
        if role == SORT:
            return column.sort(row) if column.sort is not None else column.text(row).casefold()
        if role == Qt.ItemDataRole.ToolTipRole:
            return (column.cell_tip(row) if column.cell_tip is not None else "") or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title}: {column.text(row)}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None


def _alignment(column: Column[Any]) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class Order(QSortFilterProxyModel):
    """Sorts by the columns' own values, those without one last; finds text in any column."""

    def __init__(self, source: QAbstractItemModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSourceModel(source)

    def search(self, text: str) -> None:
        """Show only rows with this text somewhere in them."""
        self.beginFilterChange()
        self._text = text.strip().casefold()
        self.endFilterChange()

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802  Qt's names
        a, b = left.data(SORT), right.data(SORT)
        if a is None or b is None:
            last_first = self.sortOrder() is Qt.SortOrder.DescendingOrder
            return (a is None) == last_first and a is not b
        return bool(a < b)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        source = self.sourceModel()
        texts = (str(source.index(row, c, parent).data() or "") for c in range(source.columnCount(parent)))
        return not self._text or any(self._text in text.casefold() for text in texts)


class CellPainter(QStyledItemDelegate):
    """Paints a cell by its column."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(40, self._table.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        state: Any = option.state
        box = QRectF(option.rect)
        row, column = index.data(ROW), index.data(COLUMN)
        painter.save()
        self._ground(painter, box, index, bool(state & QStyle.StateFlag.State_Selected))
        left = FIRST_PADDING if index.column() == 0 else PADDING
        inner = box.adjusted(left, 0, -PADDING, -1)
        if column.paint is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self._table.font())
            column.paint(painter, inner, row)
        else:
            self._words(painter, inner, column, row, index)
        painter.restore()

    def _ground(self, painter: QPainter, box: QRectF, index: Index, chosen: bool) -> None:
        if chosen:
            painter.fillRect(box, theme().colour("accent_soft"))
        elif self._table.hovered == index.row():
            painter.fillRect(box, theme().colour("hover"))
        if not (self._table.fitted and index.row() == index.model().rowCount() - 1):
            painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme().colour("hair"))
        current = self._table.currentIndex()
        if self._table.hasFocus() and index.column() == 0 and current.row() == index.row():
            painter.fillRect(
                QRectF(box.left(), box.top(), 3, box.height() - 1), theme().colour("accent_text")
            )

    def _words(self, painter: QPainter, box: QRectF, column: Column[Any], row: Any, index: Index) -> None:
        mark = column.mark(row) if column.mark is not None else None
        if mark is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            icons.paint(painter, *mark, QRectF(box.left(), box.center().y() - 8, 16, 16))
            box = box.adjusted(22, 0, 0, 0)
        font = QFont(self._table.font())
        if column.strong is not None and column.strong(row):
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme().colour(column.colour(row) if column.colour is not None else "text"))
        mode = Qt.TextElideMode.ElideNone if column.right else Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(index.data(), mode, int(box.width()))
        painter.drawText(box, _alignment(column), text)


class Table(QTableView):
    """A table of ``Rows`` that sorts, is chosen from by whole rows, and is copied with Ctrl+C."""

    def __init__(
        self,
        rows: Rows[Any],
        name: str,
        several: bool = False,
        row_height: int = 32,
        sortable: bool = True,
        header: QHeaderView | None = None,
    ) -> None:
        """``name`` is the accessible name; ``several`` lets several rows be chosen."""
        super().__init__()
        self.rows = rows
        self.order = Order(rows, self)
        self.row_height = row_height
        self.hovered = -1
        self.fitted = False
        """Exactly as high as its rows; the last needs no line below it."""
        if header is not None:
            self.setHorizontalHeader(header)
        self.setModel(self.order)
        self.setAccessibleName(name)
        self.setItemDelegate(CellPainter(self))
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row_height)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setFixedHeight(28)
        header.setStyleSheet(f"QHeaderView::section:first {{ padding-left: {FIRST_PADDING}px; }}")
        for number, column in enumerate(rows.columns):
            if column.width:
                self.setColumnWidth(number, column.width)
            else:
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
        if sortable:
            self.setSortingEnabled(True)
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            header.setSortIndicatorClearable(True)
        theme().changed.connect(self.viewport().update)

    def all_rows(self) -> list[Any]:
        """Every shown row, in the order on the screen."""
        return [self.order.index(i, 0).data(ROW) for i in range(self.order.rowCount())]

    def chosen(self) -> list[Any]:
        """The chosen rows, in the order on the screen."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(ROW) for index in indexes]

    def choose(self, wanted: Callable[[Any], bool]) -> None:
        """Choose the rows that are wanted, and no others."""
        self.clearSelection()
        for i in range(self.order.rowCount()):
            index = self.order.index(i, 0)
            if wanted(index.data(ROW)):
                flag = self.selectionModel().SelectionFlag
                self.selectionModel().select(index, flag.Select | flag.Rows)
                if not self.currentIndex().isValid():
                    self.selectionModel().setCurrentIndex(index, flag.NoUpdate)

    def as_text(self) -> str:
        """The table with tabs between its cells, for spreadsheets."""
        count = len(self.rows.columns)
        lines = ["\t".join(column.title for column in self.rows.columns if column.title)]
        for i in range(self.order.rowCount()):
            cells = [str(self.order.index(i, c).data() or "") for c in range(count)]
            lines.append("\t".join(cell for c, cell in enumerate(cells) if self.rows.columns[c].title))
        return "\n".join(lines) + "\n"

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.as_text())

    def fit_height(self, most: int = 10_000) -> None:
        """As high as its rows, but for more than ``most`` it scrolls."""
        shown = min(most, self.order.rowCount())
        self.fitted = shown == self.order.rowCount()
        self.setFixedHeight(28 + shown * self.row_height)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()
