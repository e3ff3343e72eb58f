"""The counts of a confusion matrix as a model of a table: rows the true class, columns the said one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtWidgets import QWidget

from app import texts
from app.widgets.row_table import Index
from engine.evaluation.metrics import Ints

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


def _share(share: float) -> str:
    return f"{100 * share:.0f}\u202f%"


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

    def widest_words(self) -> list[str]:
        """Words as wide as any in a cell at any blend: the pictures of a class stay as many."""
        if self.shares:
            return [_share(1.0)]
        return [texts.number(int(self.matrix_CC.sum(axis=1).max(initial=0)))]

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
            return _share(count / total) if total else "–"
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
