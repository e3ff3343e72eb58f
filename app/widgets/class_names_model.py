"""The rows of the table of classes: folder, the name the model is told, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from app import texts
from app.prompt_checks import Trouble
from app.widgets.row_table import Index

FOLDER, NAME, PICTURES = range(3)


@dataclass(frozen=True)
class ClassRow:
    """One class as the table shows it."""

    folder: str
    name: str
    own: bool
    """The name is the person's own, not the folder's made readable."""
    pictures: int | None
    trouble: Trouble | None = None


class ClassNamesModel(QAbstractTableModel):
    """Rows in the order that the person sorted them into; edits are told, not done."""

    renamed = Signal(str, str)
    """Folder and its new name; empty for the readable folder name."""
    resized = Signal()
    """Rows are higher or lower now."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ClassRow] = []
        self._order: tuple[int, Qt.SortOrder] = (FOLDER, Qt.SortOrder.AscendingOrder)

    def show_rows(self, rows: Sequence[ClassRow]) -> None:
        """Take other rows; the order stays as long as the classes do."""
        place = {row.folder: i for i, row in enumerate(self.rows)}
        if place.keys() != {row.folder for row in rows}:
            self.beginResetModel()
            self.rows = self._sorted(rows)
            self.endResetModel()
            self.resized.emit()
            return
        changed: list[int] = []
        higher = False
        for row in rows:
            i = place[row.folder]
            if self.rows[i] != row:
                higher |= (self.rows[i].trouble is None) != (row.trouble is None)
                self.rows[i] = row
                changed.append(i)
        if changed:
            self.dataChanged.emit(self.index(min(changed), 0), self.index(max(changed), PICTURES))
        if higher:
            self.resized.emit()

    def folders(self) -> list[str]:
        """In the order shown."""
        return [row.folder for row in self.rows]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's names
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 3

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            pictures = "" if row.pictures is None else texts.number(row.pictures)
            return (row.folder, row.name, pictures)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if index.column() == NAME and row.trouble is not None:
                return f"{row.name}: {row.trouble.text}"
            return self.data(index)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == PICTURES:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        if role != Qt.ItemDataRole.EditRole or index.column() != NAME:
            return False
        row = self.rows[index.row()]
        self.renamed.emit(row.folder, str(value))
        return True

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Folder"), self.tr("Name for the model"), self.tr("Pictures"))[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr("Click to sort by this column")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == PICTURES else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (column, order)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        folders = [self.rows[index.row()].folder for index in before]
        self.rows = self._sorted(self.rows)
        place = {row.folder: i for i, row in enumerate(self.rows)}
        after = [
            self.index(place[folder], index.column()) for folder, index in zip(folders, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
        self.resized.emit()

    def _sorted(self, rows: Sequence[ClassRow]) -> list[ClassRow]:
        column, order = self._order
        keys = {
            FOLDER: lambda row: row.folder.casefold(),
            NAME: lambda row: row.name.casefold(),
            PICTURES: lambda row: row.pictures or 0,
        }
        return sorted(rows, key=keys[column], reverse=order is Qt.SortOrder.DescendingOrder)

    def _tip(self, row: ClassRow, column: int) -> str:
        if column == PICTURES:
            return self.tr("Pictures found in this class's folder")
        if column == FOLDER:
            return row.folder
        said = f"{row.trouble.whole or row.trouble.text}\n" if row.trouble is not None else ""
        if row.own:
            return said + self.tr("Your own name. Empty the field to go back to the folder's name.")
        return said + self.tr("The folder's name made readable. Double-click or press F2 to change it.")
