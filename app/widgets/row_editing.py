"""Rows whose words are edited where they stand: what tables with such a field have in common."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QLineEdit, QWidget

from app.widgets.row_table import Index, RowDelegate, RowTable

_Hint = QAbstractItemDelegate.EndEditHint
_STEPS = {_Hint.EditNextItem: 1, _Hint.EditPreviousItem: -1}


class EditingDelegate(RowDelegate):
    """Fills a field once, and takes what it says when it is closed."""

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802  Qt's names
        # what is being typed is not taken back by what it changes elsewhere
        if isinstance(editor, QLineEdit) and not editor.isModified() and not editor.property("begun"):
            editor.setProperty("begun", True)
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())


class EditingTable(RowTable):
    """One field is open at a time; Tab goes to the next."""

    closed = Signal()
    """No field is open any more."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__(name, tip)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )

    def is_editing(self) -> bool:
        """A field is open."""
        return self.state() == QAbstractItemView.State.EditingState

    def open(self, row: int) -> None:
        """Open the field of a row."""
        raise NotImplementedError

    def after_enter(self, row: int) -> None:
        """Enter has closed the field of a row."""

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:  # noqa: N802
        row = self.currentIndex().row()
        super().closeEditor(editor, _Hint.NoHint)
        self.closed.emit()
        step = _STEPS.get(hint, 0)
        if hint is _Hint.SubmitModelCache:
            self.after_enter(row)
        elif step and 0 <= row + step < self.model().rowCount():
            self.open(row + step)
