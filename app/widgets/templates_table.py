"""The templates: number, sentence with its {} as a chip, the caption it makes, its tokens, a way to remove it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHeaderView,
    QLineEdit,
    QSizePolicy,
    QStyleOptionViewItem,
    QWidget,
)

from app import icons
from app.theme import theme
from app.widgets.row_editing import EditingDelegate, EditingTable
from app.widgets.row_table import PADDING, Index, font_of, write
from app.widgets.templates_model import NUMBER, REMOVE, TEMPLATE, TOKENS, TemplateRow, TemplatesModel

_ROW = 44


class _Delegate(EditingDelegate):
    """Paints a template and opens the field for it."""

    def __init__(self, view: TemplatesTable) -> None:
        super().__init__(view)
        self._view = view

    def ground(self, index: Index, chosen: bool, hovered: bool) -> str:
        trouble = self._view.template_model.rows[index.row()].trouble
        if trouble is not None and trouble.tone == "bad":
            return "warn_soft"
        # the choice tells keys where to act; without them it would only compete with the class's
        return super().ground(index, chosen and self._view.hasFocus(), hovered)

    def paint_cell(self, painter: QPainter, box: QRect, index: Index, chosen: bool) -> None:
        row = self._view.template_model.rows[index.row()]
        column = index.column()
        if column == NUMBER:
            number = str(index.row() + 1)
            write(painter, box.adjusted(PADDING, 0, 0, -1), number, "text2")
        elif column == TEMPLATE:
            self._template(painter, QRectF(box), row, index)
        elif column == TOKENS:
            colour = "warn" if row.cut else "text2" if row.fresh else "disabled"
            words = self._view.template_model.tokens(row, short=self._view.is_narrow())
            write(painter, box.adjusted(4, 0, -4, -1), words, colour, Qt.AlignmentFlag.AlignRight)
        elif len(self._view.template_model.rows) > 1:
            pointed = self._view.hovered_row == index.row() and self._view.over_remove
            cross = QRectF(
                box.left() + (box.width() - 16) / 2 - 4, box.top() + (box.height() - 17) / 2, 16, 16
            )
            if pointed:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("press"))
                painter.drawRoundedRect(cross.adjusted(-4, -4, 4, 4), 6, 6)
            icons.paint(painter, "close", "text" if pointed else "text2", cross)

    def _template(self, painter: QPainter, box: QRectF, row: TemplateRow, index: Index) -> None:
        editing = self._view.is_editing() and index.row() == self._view.currentIndex().row()
        first = QRectF(box.left() + 4, box.top() + 3, box.width() - 12, 20)
        if row.trouble is None and not row.caption:
            # nothing stands below it
            first.moveTop(box.top() + (box.height() - first.height()) / 2)
        below = QRectF(
            first.left(), box.top() + (28 if editing else 23), first.width(), 15 if editing else 17
        )
        if not editing:
            self._sentence(painter, first, row.template)
        painter.setFont(font_of(painter, 12))
        if row.trouble is None:
            write(painter, below, row.caption, "text2")
            return
        tone = "warn"
        if row.trouble.tone == "warn" and row.caption:
            # the caption stays; the warning follows it
            width = QFontMetricsF(painter.font()).horizontalAdvance(row.caption) + 2
            room = below.width() - 36 - _advance(painter, row.trouble.text)
            width = min(width, max(below.width() * 0.3, room))
            write(painter, QRectF(below.left(), below.top(), width, below.height()), row.caption, "text2")
            below.setLeft(below.left() + width + 12)
        icons.paint(painter, "warning", tone, QRectF(below.left(), below.top() + 1, 14, 14))
        write(painter, below.adjusted(18, 0, 0, 0), row.trouble.text, tone)

    @staticmethod
    def _sentence(painter: QPainter, box: QRectF, template: str) -> None:
        """The sentence, each {} as a chip."""
        plain = font_of(painter, 13, QFont.Weight.DemiBold)
        small = font_of(painter, 12, QFont.Weight.DemiBold)
        x = box.left()
        for i, piece in enumerate(template.split("{}")):
            if i:
                width = QFontMetricsF(small).horizontalAdvance("{}") + 10
                chip = QRectF(x + 1, box.top() + 1, width, 18)
                if chip.right() > box.right():
                    painter.setFont(plain)
                    write(painter, QRectF(min(x, box.right() - 14), box.top(), 14, box.height()), "…", "text")
                    return
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("accent_soft"))
                painter.drawRoundedRect(chip, 4, 4)
                painter.setFont(small)
                painter.setPen(theme().colour("accent_text"))
                painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, "{}")
                x = chip.right() + 1
            painter.setFont(plain)
            write(painter, QRectF(x, box.top(), max(0.0, box.right() - x), box.height()), piece, "text")
            x += QFontMetricsF(plain).horizontalAdvance(piece)
            if x >= box.right():
                return

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        field = QLineEdit(parent)
        row = index.row()
        field.setAccessibleName(self.tr("Template {}").format(row + 1))
        field.setPlaceholderText(self.tr("a photo of a {}."))
        field.textEdited.connect(lambda text: self._view.typed.emit(row, text))
        return field

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        box: QRect = option.rect
        editor.setGeometry(box.left() - 4, box.top() + 2, box.width() - 4, 26)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(80, _ROW)


def _advance(painter: QPainter, text: str) -> float:
    return QFontMetricsF(painter.font()).horizontalAdvance(text)


class TemplatesTable(EditingTable):
    """As high as its rows where there is room for them; else it scrolls."""

    typed = Signal(int, str)
    """Row and what the open field says."""
    removed = Signal(int)
    """The person wants this row gone."""

    def __init__(self) -> None:
        super().__init__(
            self.tr("Templates"),
            self.tr("Sentences with {} where the class name goes; F2 changes one, Delete removes it."),
        )
        self.over_remove = False
        self._pressed = -1
        self.template_model = TemplatesModel()
        self.template_model.setParent(self)
        self.setModel(self.template_model)
        self.setItemDelegate(_Delegate(self))
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for changed in (self.template_model.rowsInserted, self.template_model.rowsRemoved):
            changed.connect(self._fit)
        self._fit()

    def show_rows(self, rows: Sequence[TemplateRow]) -> None:
        """Show the templates."""
        self.template_model.show_rows(rows)
        if not self.currentIndex().isValid() and rows:
            self.setCurrentIndex(self.template_model.index(0, TEMPLATE))

    def is_narrow(self) -> bool:
        """The sentences need the room."""
        return self.width() < 440

    def open(self, row: int) -> None:
        index = self.template_model.index(row, TEMPLATE)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self.edit(index)

    def finish(self) -> None:
        """Close an open field and keep what it says."""
        if self.is_editing():
            field = self.indexWidget(self.currentIndex())
            if field is not None:
                self.commitData(field)
                self.closeEditor(field, QAbstractItemDelegate.EndEditHint.NoHint)

    # --- Qt's --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        row = self.currentIndex().row()
        if self.is_editing():
            # the key that closed the field comes here too
            event.ignore()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row >= 0:
            self.removed.emit(row)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and row >= 0:
            self.open(row)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        over = self.columnAt(round(event.position().x())) == REMOVE
        if over != self.over_remove:
            self.over_remove = over
            self.viewport().update()
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        self._pressed = index.row() if index.column() == REMOVE else -1

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        # the second press of a double click is none: it would remove the row that came up
        pressed, self._pressed = self._pressed, -1
        if (
            event.button() is Qt.MouseButton.LeftButton
            and index.column() == REMOVE
            and index.row() == pressed
        ):
            self.removed.emit(pressed)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        width = self.viewport().width()
        header = self.horizontalHeader()
        words = self.tr("{} of {}") if self.is_narrow() else self.tr("{} of {} tokens")
        widest = self.fontMetrics().horizontalAdvance(words.format("000", "000"))
        sizes = {NUMBER: 36, TOKENS: widest + 12, REMOVE: 44}
        for column, size in sizes.items():
            header.resizeSection(column, size)
        header.resizeSection(TEMPLATE, max(80, width - sum(sizes.values())))

    def _fit(self) -> None:
        self.setMaximumHeight(max(1, self.template_model.rowCount()) * _ROW)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(320, max(1, self.template_model.rowCount()) * _ROW)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, _ROW)
