"""The numbers behind a chart as a table that can be copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem


class FiguresTable(QTableWidget):
    """Rows of numbers, right-aligned, the latest at the bottom."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(self.tr("Choose rows and press Ctrl+C to copy them"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)

    def fill(self, headers: list[str], rows: list[list[str]]) -> None:
        """Show these rows; stays at the bottom if it was there."""
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum()
        self.setColumnCount(len(headers))
        self.setRowCount(len(rows))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, header in enumerate(headers):
            item = QTableWidgetItem(header)
            item.setTextAlignment(right)
            self.setHorizontalHeaderItem(column, item)
        for number, texts in enumerate(rows):
            for column, text in enumerate(texts):
                known = self.item(number, column)
                if known is None:
                    known = QTableWidgetItem()
                    known.setTextAlignment(right)
                    self.setItem(number, column, known)
                if known.text() != text:
                    known.setText(text)
        if at_end:
            self.scrollToBottom()

    def copied(self) -> str:
        """The chosen rows, or all, as text with tabs and a head."""
        chosen = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
        columns = range(self.columnCount())
        lines = ["\t".join(self._head(column) for column in columns)]
        lines += ["\t".join(self._text(number, column) for column in columns) for number in chosen]
        return "\n".join(lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.copied())
        else:
            super().keyPressEvent(event)

    def _head(self, column: int) -> str:
        item = self.horizontalHeaderItem(column)
        return item.text() if item is not None else ""

    def _text(self, number: int, column: int) -> str:
        item = self.item(number, column)
        return item.text() if item is not None else ""
