"""Which class pictures really are of: asked before a correction is written into the recipe."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app import texts
from app.widgets.basics import Button, Label, row


class RelabelDialog(QDialog):
    """A list of classes that is searched by typing."""

    def __init__(
        self, parent: QWidget, pictures: int, classes: Sequence[tuple[str, str]], current: str
    ) -> None:
        """``classes`` are (folder, words); ``current`` is the folder that is chosen at first."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Correct the class"))
        self.resize(420, 460)
        what = (
            self.tr("Which class is this picture of?")
            if pictures == 1
            else self.tr("Which class are these {} pictures of?").format(texts.number(pictures))
        )
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a class"))
        self.search.setAccessibleName(self.tr("Find a class"))
        self.search.setToolTip(self.tr("Part of a name; Down goes to the list"))
        self.search.textChanged.connect(self._filter)
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Classes"))
        self.list.setStyleSheet(
            "QListWidget { border-radius: 6px; } QListWidget::item { height: 30px; padding-left: 8px; }"
        )
        for folder, words in classes:
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, folder)
            item.setToolTip(folder)
            self.list.addItem(item)
            if folder == current:
                self.list.setCurrentItem(item)
        self.list.itemActivated.connect(lambda _: self.accept())
        self.list.currentItemChanged.connect(lambda *_: self._offer())
        about = Label(
            self.tr(
                "The correction is written into the recipe; the files stay where they are. It counts from the next "
                "training on. Undo takes it back."
            ),
            "help",
            wrap=True,
        )
        self.ok = Button(
            self.tr("Correct"), kind="primary", act=self.accept, tip=self.tr("Write it into the recipe")
        )
        cancel = Button(self.tr("Cancel"), act=self.reject, tip=self.tr("Change nothing (Esc)"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(Label(what, "card", wrap=True))
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(about)
        layout.addLayout(row(None, cancel, self.ok))
        self.search.setFocus()
        self._offer()

    @staticmethod
    def ask(parent: QWidget, pictures: int, classes: Sequence[tuple[str, str]], current: str) -> str | None:
        """The folder of the class that was chosen; None if nothing is to be changed."""
        dialog = RelabelDialog(parent, pictures, classes, current)
        done = dialog.exec() == QDialog.DialogCode.Accepted
        chosen = dialog.chosen()
        dialog.deleteLater()
        return chosen if done else None

    def chosen(self) -> str | None:
        """The class that is marked in the list."""
        item = self.list.currentItem()
        return None if item is None or item.isHidden() else str(item.data(Qt.ItemDataRole.UserRole))

    def _filter(self, text: str) -> None:
        wanted = text.strip().casefold()
        first: QListWidgetItem | None = None
        for number in range(self.list.count()):
            item = self.list.item(number)
            folder = str(item.data(Qt.ItemDataRole.UserRole))
            hit = wanted in item.text().casefold() or wanted in folder.casefold()
            item.setHidden(not hit)
            if hit and first is None:
                first = item
        current = self.list.currentItem()
        if (current is None or current.isHidden()) and first is not None:
            self.list.setCurrentItem(first)
        self._offer()

    def _offer(self) -> None:
        self.ok.setEnabled(self.chosen() is not None)
