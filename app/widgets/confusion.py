"""What is taken for what: a table of true classes against said ones; a cell leads to its pictures.

It is a table view, so that arrow keys go through it, screen readers read it, and Ctrl+C copies it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetrics,
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
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app import texts
from app.charts import marks
from app.theme import theme
from app.widgets.row_table import Index
from engine.evaluation.metrics import Ints

_CELL_WIDTH = (30, 72)
_CELL_HEIGHT = (22, 44)
_NAMES = 104
"""Most pixels of a row's name."""
_UPRIGHT = (72, 132)
"""Most pixels of a name that stands upright: where the view is low, and where it is not."""
_LOW = 400
COUNT = Qt.ItemDataRole.UserRole
SHARE = Qt.ItemDataRole.UserRole + 1
"""Of the row's pictures, 0 to 1."""


def most_confused(matrix_CC: Ints) -> list[int]:
    """The classes that the set has or that are said, those with the most mistakes first."""
    wrong_CC = matrix_CC.copy()
    np.fill_diagonal(wrong_CC, 0)
    mistakes_C = wrong_CC.sum(axis=0) + wrong_CC.sum(axis=1)
    there = np.flatnonzero(matrix_CC.sum(axis=0) + matrix_CC.sum(axis=1))
    order: list[int] = there[np.argsort(-mistakes_C[there], kind="stable")].tolist()
    return order


class MatrixModel(QAbstractTableModel):
    """Rows the true class, columns the said one, both in the same order."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.matrix_CC: Ints = np.zeros((0, 0), dtype=np.int64)
        self.order: list[int] = []
        self.names: tuple[str, ...] = ()
        self.shares = False
        self.most = 1

    def show_matrix(self, matrix_CC: Ints, order: list[int], names: tuple[str, ...]) -> None:
        """Other counts; in place where the classes and their order are the same."""
        is_new = (order, names) != (self.order, self.names)
        if is_new:
            self.beginResetModel()
        self.matrix_CC, self.order, self.names = matrix_CC, order, names
        wrong_CC = matrix_CC.copy()
        np.fill_diagonal(wrong_CC, 0)
        self.most = max(1, int(wrong_CC.max(initial=0)))
        if is_new:
            self.endResetModel()
        else:
            self.tell()

    def tell(self) -> None:
        """Every cell may be different."""
        if self.order:
            last = len(self.order) - 1
            self.dataChanged.emit(self.index(0, 0), self.index(last, last))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's form
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.order)

    def classes(self, index: Index) -> tuple[int, int]:
        """True and said class of a cell."""
        return self.order[index.row()], self.order[index.column()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        truth, said = self.classes(index)
        count = int(self.matrix_CC[truth, said])
        total = int(self.matrix_CC[truth].sum())
        if role == COUNT:
            return count
        if role == SHARE:
            return count / total if total else 0.0
        if role == Qt.ItemDataRole.DisplayRole:
            if not self.shares:
                return texts.number(count) if count else "0"
            return f"{100 * count / total:.0f}\u202f%" if total else "–"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            if truth == said:
                words = self.tr("{0}: {1} of {2} are right")
                return words.format(self.names[truth], texts.number(count), texts.number(total))
            return self.tr("{0} taken for {3}: {1} of {2}").format(
                self.names[truth], texts.number(count), texts.number(total), self.names[said]
            )
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not 0 <= section < len(self.order):
            return None
        name = self.names[self.order[section]]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.ToolTipRole:
            if orientation is Qt.Orientation.Horizontal:
                return self.tr("said to be {}").format(name)
            return self.tr("really {}").format(name)
        return None


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


class _Heads(QHeaderView):
    """Class names; above columns too narrow for them they stand upright."""

    def __init__(self, orientation: Qt.Orientation, view: QWidget) -> None:
        super().__init__(orientation, view)
        self.upright = False
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(8)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802
        painter.save()
        painter.fillRect(rect, theme().colour("surface"))
        font = QFont(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(theme().colour("text2"))
        name = str(self.model().headerData(logicalIndex, self.orientation()))
        elided = QFontMetrics(font).elidedText
        # names of many classes begin alike
        end = Qt.TextElideMode.ElideMiddle
        if self.orientation() is Qt.Orientation.Vertical:
            box = rect.adjusted(0, 0, -8, 0)
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, left, elided(name, end, box.width()))
        elif self.upright:
            painter.translate(rect.left(), rect.bottom())
            painter.rotate(-90)
            box = QRect(4, 0, rect.height() - 8, rect.width())
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, left, elided(name, end, box.width()))
        else:
            middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(rect, middle, elided(name, end, rect.width()))
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
        self.across = _Heads(Qt.Orientation.Horizontal, self)
        self.down = _Heads(Qt.Orientation.Vertical, self)
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
        """Cells take the room there is; names above them turn upright where they would not fit."""
        count = len(self.matrix.order)
        if not count:
            return
        font = QFont(self.font())
        font.setPixelSize(12)
        wide = QFontMetrics(font).horizontalAdvance
        names = [self.matrix.names[each] for each in self.matrix.order]
        longest = max(map(wide, names[:400]))
        side = min(max(_NAMES, self.width() // 4), longest + 12)
        self.down.setFixedWidth(side)
        room = self.width() - side - 14
        width = max(_CELL_WIDTH[0], min(_CELL_WIDTH[1], room // count))
        self.across.upright = longest > width - 2
        most = _UPRIGHT[0] if self.height() < _LOW else _UPRIGHT[1]
        self.across.setFixedHeight(min(most, longest + 10) if self.across.upright else 22)
        high = (self.height() - self.across.height() - 2) // count
        height = max(_CELL_HEIGHT[0], min(_CELL_HEIGHT[1], high))
        self.across.setDefaultSectionSize(width)
        self.down.setDefaultSectionSize(height)
        self.across.viewport().update()
