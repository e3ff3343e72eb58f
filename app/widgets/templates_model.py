"""The rows of the table of templates: sentence, the caption it makes, its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from app import texts
from app.prompt_checks import Trouble
from app.widgets.row_table import Index

NUMBER, TEMPLATE, TOKENS, REMOVE = range(4)


@dataclass(frozen=True)
class TemplateRow:
    """One template as the table shows it."""

    template: str
    caption: str
    """For the chosen class; empty where there is none."""
    tokens: int | None = None
    limit: int | None = None
    fresh: bool = True
    """The count is of this caption; else it is of the one before."""
    trouble: Trouble | None = None

    @property
    def cut(self) -> bool:
        """The end of the caption is not read."""
        return self.tokens is not None and self.limit is not None and self.tokens > self.limit


class TemplatesModel(QAbstractTableModel):
    """Rows as they are; edits are told, not done."""

    written = Signal(int, str)
    """Row and its new text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TemplateRow] = []

    def show_rows(self, rows: Sequence[TemplateRow]) -> None:
        """Take other rows; a field that is open stays open as long as rows come and go below it only."""
        rows = list(rows)
        common = min(len(rows), len(self.rows))
        changed = [i for i in range(common) if self.rows[i] != rows[i]]
        self.rows[:common] = rows[:common]
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], REMOVE))
        if len(rows) > common:
            self.beginInsertRows(QModelIndex(), common, len(rows) - 1)
            self.rows = rows
            self.endInsertRows()
        elif len(self.rows) > common:
            self.beginRemoveRows(QModelIndex(), common, len(self.rows) - 1)
            self.rows = rows
            self.endRemoveRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's names
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 4

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == TEMPLATE else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (str(index.row() + 1), row.template, self.tokens(row), "")[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = row.trouble.text if row.trouble is not None else row.caption
            remove = self.tr("Remove template {}").format(index.row() + 1)
            return (str(index.row() + 1), f"{row.template}: {said}", self.tokens(row), remove)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        if role != Qt.ItemDataRole.EditRole or index.column() != TEMPLATE:
            return False
        self.written.emit(index.row(), str(value))
        return True

    def tokens(self, row: TemplateRow, short: bool = False) -> str:
        """9 of 77 tokens; empty as long as nothing is known."""
        if row.tokens is None or row.limit is None:
            return ""
        words = self.tr("{} of {}") if short else self.tr("{} of {} tokens")
        return words.format(texts.number(row.tokens), texts.number(row.limit))

    def _tip(self, row: TemplateRow, column: int) -> str:
        if column == REMOVE:
            if len(self.rows) == 1:
                return self.tr("The last template stays: without one there are no captions.")
            return self.tr("Remove this template (Delete)")
        if column == TOKENS:
            return self.tr(
                "A model reads a caption in pieces of words, called tokens, and only so many of them. "
                "Start and end count as one each."
            )
        said = f"{row.trouble.whole or row.trouble.text}\n" if row.trouble is not None else ""
        caption = f"{row.caption}\n" if row.caption else ""
        return (
            said
            + caption
            + self.tr("{} is where the class name goes. Double-click or press F2 to change it.")
        )
