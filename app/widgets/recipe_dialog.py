"""The recipe as text and the command that trains it, both to be copied."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit, QWidget

from app.widgets.basics import Button, Label, column, row


class RecipeDialog(QDialog):
    """Read-only; what is changed on the pages changes it."""

    def __init__(self, parent: QWidget, text: str, command: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Recipe"))
        self.resize(720, 560)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPixelSize(12)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setFont(mono)
        self.text.setAccessibleName(self.tr("Recipe"))
        self.text.setToolTip(
            self.tr("All that decides the run, in TOML. Save it and train it on any machine with flyp.")
        )
        self.command = QLineEdit(command)
        self.command.setReadOnly(True)
        self.command.setFont(mono)
        self.command.setCursorPosition(0)
        self.command.setAccessibleName(self.tr("Command"))
        self.command.setToolTip(self.tr("Trains this very recipe in a terminal, without the window"))
        self.copy_text = Button(
            self.tr("Copy the recipe"), icon="copy", tip=self.tr("Put the recipe into the clipboard"),
            act=lambda: copy(self.text.toPlainText(), self.copy_text),
        )  # fmt: skip
        self.copy_command = Button(
            self.tr("Copy the command"), icon="copy", tip=self.tr("Put the command into the clipboard"),
            act=lambda: copy(self.command.text(), self.copy_command),
        )  # fmt: skip
        close = Button(self.tr("Close"), tip=self.tr("Close the recipe"), act=self.accept)
        close.setDefault(True)
        layout = column(
            Label(self.tr("All that decides the run. It is saved with every change."), "support", wrap=True),
            self.text,
            Label(self.tr("The same in a terminal"), "label"),
            row(self.command, self.copy_command),
            8,
            row(self.copy_text, None, close),
        )
        layout.setContentsMargins(24, 16, 24, 16)
        self.setLayout(layout)


def copy(text: str, button: Button) -> None:
    """Put a text into the clipboard; the button's mark says that it is there."""
    QGuiApplication.clipboard().setText(text)
    button.set_icon("check")
