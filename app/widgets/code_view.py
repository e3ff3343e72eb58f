"""A few lines of code to read and to copy, folded away until they are wanted."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.widgets.basics import Button, column, row

_MOST_LINES = 18


class CodeView(QPlainTextEdit):
    """Read only, as high as its lines; Tab goes on to the next control."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.text = ""
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        self.setFont(font)
        self.setStyleSheet("QPlainTextEdit { padding: 8px 12px; }")
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def show_code(self, text: str) -> None:
        """Show these lines."""
        self.text = text
        self.setPlainText(text.rstrip("\n"))
        lines = min(_MOST_LINES, text.rstrip("\n").count("\n") + 1)
        # a scroll bar may lie below the last line
        self.setFixedHeight(lines * QFontMetrics(self.font()).lineSpacing() + 36)


class FoldedCode(QWidget):
    """A button that unfolds the code, one that copies it, and the code."""

    def __init__(self, title: str, name: str, tip: str) -> None:
        super().__init__()
        self.view = CodeView(name, tip)
        self.view.hide()
        self.fold = Button(title, icon="chevron-right", kind="quiet", small=True, act=self._turn, tip=tip)
        self.fold.setCheckable(True)
        self.copy_button = Button(
            self.tr("Copy"), icon="copy", kind="quiet", small=True, act=self.copy,
            tip=self.tr("Puts these lines on the clipboard"), name=self.tr("Copy the code"),
        )  # fmt: skip
        head = row(self.fold, self.copy_button, None, spacing=4)
        head.setContentsMargins(0, 0, 0, 0)
        self.setLayout(column(head, self.view, spacing=4))

    def show_code(self, text: str) -> None:
        """Hold these lines."""
        self.view.show_code(text)

    def unfold(self) -> None:
        """Show the lines."""
        self.fold.setChecked(True)
        self._turn()

    def copy(self) -> None:
        """Put the lines on the clipboard."""
        QGuiApplication.clipboard().setText(self.view.text)

    def _turn(self) -> None:
        self.fold.set_icon("chevron-down" if self.fold.isChecked() else "chevron-right")
        self.view.setVisible(self.fold.isChecked())
