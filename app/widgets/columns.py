"""Columns told as functions of a row, the rows as a model, and their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QRectF,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QPainter

from app.widgets.row_table import Index

T = TypeVar("T")
ROW = Qt.ItemDataRole.UserRole
"""The row's own thing."""
COLUMN = Qt.ItemDataRole.UserRole + 1
SORT = Qt.ItemDataRole.UserRole + 2


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
            return alignment(column)
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
            return alignment(column)
        return None


def alignment(column: Column[Any]) -> Qt.AlignmentFlag:
    """Where its cells and its head stand."""
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
