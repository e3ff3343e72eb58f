"""Says what a pasted list of names would change before it does so."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QPlainTextEdit, QWidget

from app import pasted_names, texts
from app.pasted_names import Pasted
from app.widgets.basics import Button, Icon, Label, column, row
from app.widgets.row_table import Index, RowTable

_FOLDER, _NOW, _NEW = range(3)


class _Changes(QAbstractTableModel):
    """Folder, name now, new name: only classes whose name would be another."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, str]] = []

    def show_rows(self, rows: list[tuple[str, str, str]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's names
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.rows[index.row()][index.column()]
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | int | None:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Folder"), self.tr("Name now"), self.tr("New name"))[section]
        return None


class PasteNames(QDialog):
    """A field for the text, and below it what it would change."""

    def __init__(
        self, parent: QWidget, folders: Sequence[str], names: dict[str, str], text: str = ""
    ) -> None:
        """``folders`` in the order of the table; ``names`` folder -> name now."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Paste names"))
        self.resize(560, 520)
        self._folders = list(folders)
        self._names = names
        self.pasted = Pasted()
        about = Label(
            self.tr(
                "One name a line, in the order of the table, or two columns from a spreadsheet: folder and name."
            ),
            "support",
            wrap=True,
        )
        self.field = QPlainTextEdit(text)
        self.field.setAccessibleName(self.tr("Names to paste"))
        self.field.setPlaceholderText(self.tr("guitar\twooden guitar"))
        self.field.setTabChangesFocus(True)
        self.field.setToolTip(self.tr("Paste or type the names here; below is what they would change."))
        self.icon = Icon("info", "text3")
        self.summary = Label("", wrap=True)
        self.changes = RowTable(self.tr("Names that would change"), self.tr("Folder, name now and new name"))
        self.changes.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.changes.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.changes.horizontalHeader().setFixedHeight(28)
        self.changes.verticalHeader().setDefaultSectionSize(28)
        self.model = _Changes()
        self.model.setParent(self)
        self.changes.setModel(self.model)
        self.cancel = Button(self.tr("Cancel"), tip=self.tr("Change nothing"), act=self.reject)
        self.take = Button(
            kind="primary", text=self.tr("Use names"), tip=self.tr("One step to undo"), act=self.accept
        )
        self.take.setDefault(True)
        said = row(self.icon, self.summary)
        said.setStretch(1, 1)
        said.setAlignment(self.icon, Qt.AlignmentFlag.AlignTop)
        layout = column(about, self.field, said, self.changes, row(None, self.cancel, self.take), spacing=12)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setStretch(1, 2)
        layout.setStretch(3, 3)
        self.setLayout(layout)
        self.field.textChanged.connect(self._read)
        self._read()
        if not text:
            self._offer_clipboard()

    def _offer_clipboard(self) -> None:
        """What lies in the clipboard is shown if it is a list: that is why the person came."""
        text = QGuiApplication.clipboard().text()
        if len(text.splitlines()) > 1 and pasted_names.read(text, self._folders).names:
            self.field.setPlainText(text)
            self.field.selectAll()

    def _read(self) -> None:
        text = self.field.toPlainText()
        self.pasted = pasted_names.read(text, self._folders) if text.strip() else Pasted()
        changed = [
            (folder, self._names.get(folder, ""), name or self.tr("(the folder's name)"))
            for folder, name in self.pasted.names.items()
            if name != self._names.get(folder, "")
        ]
        self.model.show_rows(changed)
        self.take.setEnabled(bool(changed))
        words = self.tr("Use 1 name") if len(changed) == 1 else self.tr("Use {} names")
        self.take.setText(words.format(texts.number(len(changed))))
        self.summary.setText(" ".join(self._summary(len(changed), bool(text.strip()))))
        odd = bool(text.strip()) and not self.pasted.fits
        self.icon.show_icon("warning" if odd else "info", "warn" if odd else "text3")

    def _summary(self, changed: int, any_text: bool) -> list[str]:
        """What the text would do, in sentences."""
        pasted, classes, number = self.pasted, len(self._folders), texts.number
        if not any_text:
            return [self.tr("Nothing pasted yet.")]
        if not pasted.names:
            said = [self.tr("No line names a folder here.")]
        else:
            said = [self.tr("{} of {} classes get another name.").format(number(changed), number(classes))]
        if pasted.unknown:
            some = ", ".join(f"‘{each}’" for each in pasted.unknown[:3])
            more = " …" if len(pasted.unknown) > 3 else ""
            said.append(self.tr("Not a folder here: {}.").format(some + more))
        if pasted.repeated:
            said.append(self.tr("Named twice, the last counts: {}.").format(", ".join(pasted.repeated[:3])))
        if pasted.too_many:
            said.append(self.tr("{} names are left over.").format(number(pasted.too_many)))
        if pasted.untouched and pasted.names:
            said.append(
                self.tr("{} classes are not in the list and keep their name.").format(
                    number(pasted.untouched)
                )
            )
        return said
