"""The classes: folder, the name the model is told, pictures. Names are edited where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHeaderView,
    QLineEdit,
    QStyleOptionViewItem,
    QWidget,
)

from app import icons, texts
from app.prompt_checks import Trouble
from app.widgets.class_names_model import FOLDER, NAME, PICTURES, ClassNamesModel, ClassRow
from app.widgets.row_editing import EditingDelegate, EditingTable
from app.widgets.row_table import PADDING, Index, font_of, write

_ROW, _ROW_WITH_TROUBLE = 33, 46


class _Delegate(EditingDelegate):
    """Paints a class and opens the field for its name."""

    def __init__(self, view: ClassNamesTable) -> None:
        super().__init__(view)
        self._view = view

    def ground(self, index: Index, chosen: bool, hovered: bool) -> str:
        trouble = self._view.class_model.rows[index.row()].trouble
        if trouble is not None and trouble.tone == "bad" and not chosen:
            return "warn_soft"
        return super().ground(index, chosen, hovered)

    def paint_cell(self, painter: QPainter, box: QRect, index: Index, chosen: bool) -> None:
        row = self._view.class_model.rows[index.row()]
        column = index.column()
        inner = box.adjusted(PADDING, 0, -PADDING if column == PICTURES else -4, -1)
        if row.trouble is not None and column != FOLDER:
            self._trouble(painter, box, row.trouble)
            inner = QRect(inner.left(), inner.top() + 6, inner.width(), 20)
        if column == FOLDER:
            write(painter, inner, row.folder, "text2", mode=Qt.TextElideMode.ElideMiddle)
        elif column == PICTURES:
            figure = "" if row.pictures is None else texts.number(row.pictures)
            write(painter, inner, figure, "text", Qt.AlignmentFlag.AlignRight)
        else:
            write(painter, inner, row.name, "text", mode=Qt.TextElideMode.ElideMiddle)

    def _trouble(self, painter: QPainter, box: QRect, trouble: Trouble) -> None:
        """A line below name and count; each of the two cells paints its part."""
        left = self._view.columnViewportPosition(NAME) + PADDING
        right = self._view.viewport().width() - PADDING
        below = QRectF(left, box.top() + 27, right - left, 16)
        icons.paint(painter, "warning", "warn", QRectF(below.left(), below.top() + 1, 14, 14))
        font = painter.font()
        painter.setFont(font_of(painter, 12))
        write(painter, below.adjusted(18, 0, 0, 0), trouble.text, "warn")
        painter.setFont(font)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        field = QLineEdit(parent)
        folder = self._view.class_model.rows[index.row()].folder
        field.setAccessibleName(self.tr("Name of {} shown to the model").format(folder))
        field.setPlaceholderText(self.tr("the folder's name"))
        field.textEdited.connect(lambda text: self._view.typed.emit(folder, text))
        return field

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        box: QRect = option.rect
        editor.setGeometry(box.left() + 8, box.top() + 3, box.width() - 10, 26)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(80, _ROW)


class ClassNamesTable(EditingTable):
    """The table with its keys: Enter goes down, Delete takes the folder's name again, Ctrl+V pastes names."""

    typed = Signal(str, str)
    """Folder and what the open field says."""
    chosen = Signal(str)
    """Folder of the row chosen."""
    pasted = Signal(str)
    """Text from the clipboard."""

    def __init__(self) -> None:
        super().__init__(
            self.tr("Classes"),
            self.tr("Names are edited in place; Ctrl+V takes a list or two columns of a spreadsheet."),
        )
        self.class_model = ClassNamesModel()
        self.class_model.setParent(self)
        self.setModel(self.class_model)
        self.setItemDelegate(_Delegate(self))
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setFixedHeight(28)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSortIndicator(FOLDER, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.class_model.resized.connect(self._set_heights)
        self.class_model.modelReset.connect(self._choose_first)

    def show_rows(self, rows: Sequence[ClassRow]) -> None:
        """Show the classes."""
        # the field stays over its row however the rows below change
        self.class_model.show_rows(rows)

    def folder(self) -> str:
        """Of the row chosen; empty without classes."""
        row = self.currentIndex().row()
        return self.class_model.rows[row].folder if 0 <= row < len(self.class_model.rows) else ""

    def choose(self, folder: str) -> None:
        """Make a class the chosen one and show its row."""
        for row, each in enumerate(self.class_model.rows):
            if each.folder == folder:
                index = self.class_model.index(row, NAME)
                self.setCurrentIndex(index)
                self.scrollTo(index)

    def open(self, row: int) -> None:
        index = self.class_model.index(row, NAME)
        self.setCurrentIndex(index)
        self.edit(index)

    def after_enter(self, row: int) -> None:
        # Enter goes down as in a spreadsheet, without opening the next field
        below = self.class_model.index(row + 1, NAME)
        if below.isValid():
            self.setCurrentIndex(below)

    def finish(self) -> None:
        """Close an open field and keep what it says."""
        if self.is_editing():
            field = self.focusWidget() if self.isAncestorOf(self.focusWidget() or self) else None
            for editor in self.viewport().findChildren(QLineEdit):
                if field is None or editor is field:
                    self.commitData(editor)
                    self.closeEditor(editor, QAbstractItemDelegate.EndEditHint.NoHint)
                    break

    # --- Qt's --------------------------------------------------------------------------------------

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        super().currentChanged(current, previous)
        self.viewport().update()
        if current.row() != previous.row():
            self.chosen.emit(self.folder())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        current = self.currentIndex()
        if self.is_editing():
            # the key that closed the field comes here too
            event.ignore()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit(QGuiApplication.clipboard().text())
        elif event.matches(QKeySequence.StandardKey.Copy):
            rows = self.class_model.rows
            QGuiApplication.clipboard().setText("\n".join(f"{row.folder}\t{row.name}" for row in rows))
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and current.isValid():
            self.class_model.setData(self.class_model.index(current.row(), NAME), "")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and current.isValid():
            self._open(current.row())
        elif event.text().isprintable() and event.text().strip() and current.isValid() and not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        ):  # fmt: skip
            self._open(current.row(), event.text())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        width = self.viewport().width()
        header = self.horizontalHeader()
        pictures = 92
        folder = max(84, round(0.3 * width))
        header.resizeSection(FOLDER, folder)
        header.resizeSection(PICTURES, pictures)
        header.resizeSection(NAME, max(60, width - folder - pictures))

    def _open(self, row: int, text: str = "") -> None:
        if self.is_editing():
            return
        self.open(row)
        field = self.indexWidget(self.class_model.index(row, NAME))
        if text and isinstance(field, QLineEdit):
            # a letter begins a new name, as in a spreadsheet
            field.clear()
            field.insert(text)
            field.textEdited.emit(text)

    def _set_heights(self) -> None:
        for i, row in enumerate(self.class_model.rows):
            height = _ROW if row.trouble is None else _ROW_WITH_TROUBLE
            if self.rowHeight(i) != height:
                self.setRowHeight(i, height)

    def _choose_first(self) -> None:
        if self.class_model.rows:
            self.setCurrentIndex(self.class_model.index(0, NAME))
