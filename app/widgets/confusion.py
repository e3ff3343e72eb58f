"""What is taken for what: a table of true classes against said ones; a cell leads to its pictures.

It is a table view, so that arrow keys go through it, screen readers read it, and Ctrl+C copies it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import (
    QItemSelectionModel,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from app.charts import marks
from app.theme import theme
from app.widgets.confusion_heads import GAP, Heads, head_font, number_width, widest, without_common
from app.widgets.confusion_model import COUNT, SHARE, MatrixModel, most_confused
from app.widgets.row_table import Index
from engine.evaluation.metrics import Ints

_CELL_WIDTH = (22, 72)
_CELL_HEIGHT = (20, 44)
_WIDE_CELL = 150
"""Most pixels of a cell that is as wide as the name above it."""
_NAMES_SHARE = (0.35, 0.45)
"""Of a view's width: what names of rows must have left to them by the cells, else what they take."""
_UPRIGHT, _UPRIGHT_SHARE = 72, 0.3
"""Pixels that names of columns may take where they stand, and their share of a high view."""
_HEAD = 22
"""Pixels of names or numbers that lie above the columns."""
_BAR = 14
"""Pixels of a scroll bar."""


class _Cell(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        count: int = index.data(COUNT)
        share: float = index.data(SHARE)
        right = index.row() == index.column()
        model = index.model()
        assert isinstance(model, MatrixModel)
        box = QRectF(rect).adjusted(1, 1, -1, -1)
        colours = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if right:
            painter.setBrush(colours.colour("sunken"))
            painter.drawRoundedRect(box, 3, 3)
        elif count:
            depth = share if model.shares else count / model.most
            # nothing darker than what the words on it can be read on
            tint = marks.mixed(marks.colour_of("series 1"), colours.colour("surface"), 0.16 + 0.42 * depth)
            painter.setBrush(tint)
            painter.drawRoundedRect(box, 3, 3)
        font = QFont(option.font)
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.DemiBold if count and not right else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(colours.colour("text2" if right else "text" if count else "text3"))
        words = str(index.data()) if count or right else "·"
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 3, 3)
        painter.restore()


class Confusion(QTableView):
    """Cells that can be chosen one at a time."""

    cell_chosen = Signal(object)
    """(true class, said class), or None when none is chosen any more."""

    def __init__(self, readable: Callable[[str], str]) -> None:
        super().__init__()
        self._readable = readable
        self.matrix = MatrixModel(self)
        self._of = ""
        self.setModel(self.matrix)
        self.setItemDelegate(_Cell(self))
        self.across = Heads(Qt.Orientation.Horizontal, self)
        self.down = Heads(Qt.Orientation.Vertical, self)
        self.setHorizontalHeader(self.across)
        self.setVerticalHeader(self.down)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setStyleSheet(
            "QTableView { selection-background-color: transparent; }"
            "QTableView::item { border: 0; padding: 0; }"
            "QTableCornerButton::section { background: transparent; border: 0; }"
            "QHeaderView { background: transparent; }"
        )
        self.setAccessibleName(self.tr("What is taken for what: rows the true class, columns the said one"))
        self.setAccessibleDescription(self.tr("A cell with pictures shows them; Escape shows all mistakes"))
        self.selectionModel().selectionChanged.connect(self._selected)
        theme().changed.connect(self.viewport().update)

    def show_matrix(self, of: str, matrix_CC: Ints, classes: tuple[str, ...]) -> None:
        """Counts of the set ``of``. The order of the classes stays until another set is shown."""
        names = tuple(self._readable(each) for each in classes)
        before = self.matrix.order
        if (of, names) != (self._of, self.matrix.names):
            order = most_confused(matrix_CC)
        else:
            there = np.flatnonzero(matrix_CC.sum(axis=0) + matrix_CC.sum(axis=1)).tolist()
            order = [*before, *sorted(set(there) - set(before))]
        if of != self._of:
            self._of = of
            self.clear_cell()
        is_new = (order, names) != (before, self.matrix.names)
        self.matrix.show_matrix(matrix_CC, order, names)
        if is_new:
            self._fit()

    def show_shares(self, shares: bool) -> None:
        """Shares of a row's pictures, or their number."""
        self.matrix.shares = shares
        self.matrix.tell()
        self._fit()

    def choose_cell(self, truth: int, said: int) -> None:
        """As if the person had clicked it."""
        order = self.matrix.order
        if truth in order and said in order:
            self.setCurrentIndex(self.matrix.index(order.index(truth), order.index(said)))

    def clear_cell(self) -> None:
        """None is chosen; tells nobody."""
        self.selectionModel().blockSignals(True)
        self.selectionModel().clear()
        self.selectionModel().blockSignals(False)
        self.viewport().update()

    def _selected(self) -> None:
        chosen = self.selectedIndexes()
        # an empty cell has no pictures to show
        index = chosen[0] if chosen else None
        full = index is not None and index.data(COUNT) > 0
        self.cell_chosen.emit(self.matrix.classes(index) if index is not None and full else None)

    def copied(self) -> str:
        """The whole matrix with tabs, rows the true class."""
        names = [self.matrix.names[each] for each in self.matrix.order]
        lines = ["\t".join(["", *names])]
        for row, name in enumerate(names):
            cells = [str(self.matrix.index(row, column).data()) for column in range(len(names))]
            lines.append("\t".join([name, *cells]))
        return "\n".join(lines) + "\n"

    def copy(self) -> None:
        """Put it on the clipboard."""
        QGuiApplication.clipboard().setText(self.copied())

    # --- keys and sizes -----------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's names
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_Escape and self.selectedIndexes():
            self.selectionModel().clearSelection()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        if not self.currentIndex().isValid() and self.matrix.order:
            # arrow keys need somewhere to begin; nothing is chosen by that
            first = self.matrix.index(0, 0)
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Cells take the room there is; names are whole wherever they can be, else what differs in them."""
        count = len(self.matrix.order)
        if not count:
            return
        font = head_font(self.font())
        whole = [self.matrix.names[each] for each in self.matrix.order]
        apart = without_common(whole)
        least = max(_CELL_WIDTH[0], widest(font, self.matrix.widest_words()) + 4)
        most_upright = max(_UPRIGHT, int(_UPRIGHT_SHARE * self.height()))
        across, down = self.across, self.down
        across.numbered = across.upright = False
        for names in (whole, apart):
            longest = widest(font, names) + GAP
            rows, side, room = self._beside(whole, apart, least, _HEAD, 0)
            if longest <= min(_WIDE_CELL, room // count):
                least = max(least, longest)
                break
            if longest <= most_upright:
                across.upright = True
                rows, side, room = self._beside(whole, apart, least, longest, 0)
                break
        else:
            across.numbered = True
            rows, side, room = self._beside(whole, apart, least, _HEAD, number_width(font, count))
        down.numbered = across.numbered
        across.names, down.names = names, rows
        down.setFixedWidth(side)
        across.setDefaultSectionSize(max(least, min(_CELL_WIDTH[1], room // count)))
        across.setFixedHeight(longest if across.upright else _HEAD)
        high = (self.height() - across.height() - 2) // count
        down.setDefaultSectionSize(max(_CELL_HEIGHT[0], min(_CELL_HEIGHT[1], high)))
        across.viewport().update()
        down.viewport().update()

    def _beside(
        self, whole: list[str], apart: list[str], least: int, head: int, before: int
    ) -> tuple[list[str], int, int]:
        """Names of the rows, their width with ``before`` pixels of numbers, and what is left for cells.

        ``least`` is the width that each cell needs, ``head`` the height of what stands above them.
        """
        count, font = len(whole), head_font(self.font())
        is_low = head + count * _CELL_HEIGHT[0] > self.height()
        room = self.width() - (_BAR if is_low else 2)
        left = room - count * least
        # where the columns have to be scrolled anyway, the names may as well be read
        most = left if left >= _NAMES_SHARE[0] * room else int(_NAMES_SHARE[1] * room)
        rows = whole if widest(font, whole) + GAP + before <= most else apart
        side = min(most, widest(font, rows) + GAP + before)
        return rows, side, room - side
