"""Tables in one hand: columns told as functions of a row, painted in the theme's colours.

Rows of 32 px, or 42 with a second line; numbers right-aligned; the row under the pointer and the
chosen rows are tinted as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTableView

from app import icons
from app.theme import theme
from app.widgets.columns import COLUMN, ROW, Column, Order, Rows, alignment
from app.widgets.row_table import HoverTable, Index, RowDelegate

__all__ = ["PADDING", "Column", "Rows", "Table"]

PADDING = 12
FIRST_PADDING = 16
"""Before the first column, so that it stands under a card's title."""


class CellPainter(RowDelegate):
    """Paints a cell by its column."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(40, self._table.row_height)

    def hairline(self, painter: QPainter, box: QRect, index: Index) -> None:
        if not (self._table.fitted and index.row() == index.model().rowCount() - 1):
            super().hairline(painter, box, index)

    def focus(self, painter: QPainter, box: QRect, view: QTableView, index: Index, chosen: bool) -> None:
        """A bar at the left of the current row, as several may be chosen."""
        if index.column() == 0 and view.currentIndex().row() == index.row():
            bar = QRect(box.left(), box.top(), 3, box.height() - 1)
            painter.fillRect(bar, theme().colour("accent_text"))

    def paint_cell(self, painter: QPainter, box: QRect, index: Index, chosen: bool) -> None:
        row, column = index.data(ROW), index.data(COLUMN)
        left = FIRST_PADDING if index.column() == 0 else PADDING
        inner = QRectF(box).adjusted(left, 0, -PADDING, -1)
        painter.setFont(self._table.font())
        if column.paint is not None:
            column.paint(painter, inner, row)
        else:
            self._words(painter, inner, column, row, index)

    def _words(self, painter: QPainter, box: QRectF, column: Column[Any], row: Any, index: Index) -> None:
        mark = column.mark(row) if column.mark is not None else None
        if column.right:
            # a number that is a little too wide takes the room at its left rather than lose a digit
            box = box.adjusted(2 - PADDING, 0, 0, 0)
        if mark is not None:
            icons.paint(painter, *mark, QRectF(box.left(), box.center().y() - 8, 16, 16))
            box = box.adjusted(22, 0, 0, 0)
        font = QFont(self._table.font())
        if column.strong is not None and column.strong(row):
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme().colour(column.colour(row) if column.colour is not None else "text"))
        mode = Qt.TextElideMode.ElideNone if column.right else Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(index.data(), mode, int(box.width()))
        painter.drawText(box, alignment(column), text)


class Table(HoverTable):
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
        super().__init__(name)
        self.rows = rows
        self.order = Order(rows, self)
        self.row_height = row_height
        self.fitted = False
        """Exactly as high as its rows; the last needs no line below it."""
        if header is not None:
            self.setHorizontalHeader(header)
        self.setModel(self.order)
        self.setItemDelegate(CellPainter(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
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
