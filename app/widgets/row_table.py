"""A table of whole rows painted by hand: hover and choice go across, hairlines between, focus visible."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.theme import theme

Index = QModelIndex | QPersistentModelIndex
PADDING = 16
"""Left of the first and right of the last column."""


class HoverTable(QTableView):
    """Whole rows are pointed at and chosen; Tab goes on to the next control."""

    def __init__(self, name: str) -> None:
        """``name`` is the accessible name."""
        super().__init__()
        self.hovered_row = -1
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        theme().changed.connect(self.viewport().update)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's names
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self.hovered_row:
            self.hovered_row = row
            self.viewport().update()


class RowTable(HoverTable):
    """One row is chosen at a time."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__(name)
        self.setAccessibleDescription(tip)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setMinimumSectionSize(24)
        self.horizontalHeader().setMinimumSectionSize(24)
        self.horizontalHeader().setHighlightSections(False)
        # the delegate paints choice and hover; the style would paint its own beneath
        self.setStyleSheet(
            "QTableView { selection-background-color: transparent; }"
            "QTableView::item:selected, QTableView::item:hover { background: transparent; }"
            f"QHeaderView::section {{ padding: 0 2px 0 {PADDING}px; }}"
            f"QHeaderView::section:last {{ padding: 0 {PADDING}px; }}"
        )


class RowDelegate(QStyledItemDelegate):
    """Paints the ground of a row; what stands on it is ``paint_cell``'s."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        # Qt's stubs do not know the option's fields
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        view: QWidget | None = option.widget
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        table = view if isinstance(view, HoverTable) else None
        hovered = table is not None and table.hovered_row == index.row()
        ground = self.ground(index, chosen, hovered)
        if ground:
            painter.fillRect(box, theme().colour(ground))
        self.hairline(painter, box, index)
        if table is not None and table.hasFocus():
            self.focus(painter, box, table, index, chosen)
        painter.setFont(option.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(box)
        self.paint_cell(painter, box, index, chosen)
        painter.restore()

    def ground(self, index: Index, chosen: bool, hovered: bool) -> str:
        """Colour of the row, or none."""
        return "accent_soft" if chosen else "hover" if hovered else ""

    def paint_cell(self, painter: QPainter, box: QRect, index: Index, chosen: bool) -> None:
        """What the cell shows."""

    def hairline(self, painter: QPainter, box: QRect, index: Index) -> None:
        """What parts the row from the next."""
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), theme().colour("hair"))

    def focus(self, painter: QPainter, box: QRect, view: QTableView, index: Index, chosen: bool) -> None:
        """A ring around the chosen row, while the table is worked in; each cell paints its part of it."""
        if not chosen:
            return
        last = view.model().columnCount() - 1
        painter.setPen(Qt.PenStyle.NoPen)
        ring = theme().colour("accent_text")
        painter.fillRect(QRect(box.left(), box.top(), box.width(), 2), ring)
        painter.fillRect(QRect(box.left(), box.bottom() - 1, box.width(), 2), ring)
        if index.column() == 0:
            painter.fillRect(QRect(box.left(), box.top(), 2, box.height()), ring)
        if index.column() == last:
            painter.fillRect(QRect(box.right() - 1, box.top(), 2, box.height()), ring)


def font_of(painter: QPainter, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The painter's font in another size and weight."""
    font = QFont(painter.font())
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font


def write(
    painter: QPainter,
    box: QRect | QRectF,
    text: str,
    colour: str | QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    """One line of text, with … at its end, or where ``mode`` says, if there is no room."""
    box = QRectF(box)
    painter.setPen(QPen(theme().colour(colour) if isinstance(colour, str) else colour))
    shown = painter.fontMetrics().elidedText(text, mode, int(box.width()) + 1)
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, shown)
