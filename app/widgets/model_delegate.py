"""How a line of the model list is painted: two lines of words, marks that never speak by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from app import icons
from app.estimates import Fits
from app.model_rows import MEMORY, NAME, ROW, STATE, ModelRow, fits_words, memory_words, state_words
from app.theme import theme

_FITS_MARK = {
    Fits.WELL: ("check", "good"),
    Fits.TIGHT: ("warning", "warn"),
    Fits.NOT: ("close", "bad"),
    Fits.UNKNOWN: ("minus", "text3"),
}


class RowDelegate(QStyledItemDelegate):
    """Paints the whole of a cell; the row under the pointer and the chosen one have their own ground."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(80, 44)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: ModelRow = index.data(ROW)
        view = self.parent()
        assert isinstance(view, QTableView)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect
        current = view.hasFocus() and view.currentIndex().row() == index.row()
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver) or _hovered(view, index.row())
        ground = "accent_soft" if row.chosen else "hover" if hover or current else "surface"
        painter.fillRect(box, theme().colour(ground))
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), theme().colour("hair"))
        inner = box.adjusted(12, 4, -12, -5)
        if index.column() == NAME:
            self._name(painter, option.font, inner, row)
        elif index.column() == MEMORY:
            self._memory(painter, option.font, inner, row)
        elif index.column() == STATE:
            self._state(painter, option.font, inner, row)
        else:
            painter.setFont(option.font)
            painter.setPen(theme().colour("text"))
            across = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(inner, int(across), str(index.data()))
        if current:
            self._focus(painter, box, index, view)
        painter.restore()

    def _name(self, painter: QPainter, font: QFont, box: QRect, row: ModelRow) -> None:
        _radio(painter, QRectF(box.left(), box.center().y() - 6, 14, 14), row.chosen)
        words = box.adjusted(24, 0, 0, 0)
        badge = _small(font, 11, QFont.Weight.Medium)
        strong, quiet = QFont(font), _small(font, 12)
        strong.setWeight(QFont.Weight.DemiBold if row.chosen else QFont.Weight.Medium)
        left, top, room = words.left(), words.top(), words.width()
        width = QFontMetrics(badge).horizontalAdvance(row.badge) + 14 + 8 if row.badge else 0
        title = QFontMetrics(strong).horizontalAdvance(row.title)
        # the name matters more than what is said of it: a badge that would cut it goes below
        below = width > 0 and title + width > room
        first, second = (room, room - width) if below else (room - width, room)
        _line(painter, strong, "text", QRect(left, top, first, 18), row.title)
        _line(painter, quiet, "text3", QRect(left, top + 18, second, 17), row.second)
        if row.badge:
            under = min(second, QFontMetrics(quiet).horizontalAdvance(row.second))
            at = QPoint(left + 8 + (under if below else title), top + (17 if below else 0))
            _badge(painter, badge, at, row.badge, row.tone, row.chosen)

    def _memory(self, painter: QPainter, font: QFont, box: QRect, row: ModelRow) -> None:
        _line(painter, font, "text", QRect(box.left(), box.top(), box.width(), 18), memory_words(row))
        mark, colour = _FITS_MARK[row.fits]
        icons.paint(painter, mark, colour, QRectF(box.left(), box.top() + 20, 14, 14))
        below = QRect(box.left() + 18, box.top() + 18, box.width() - 18, 17)
        _line(painter, _small(font, 12), colour, below, fits_words(row.fits))

    def _state(self, painter: QPainter, font: QFont, box: QRect, row: ModelRow) -> None:
        if row.missing:
            mark, colour = "warning", "warn"
        elif row.trouble and row.here:
            mark, colour = "warning", "bad"
        elif row.here:
            mark, colour = "check", "good"
        else:
            mark, colour = "download", "text2"
        icons.paint(painter, mark, colour, QRectF(box.left(), box.top() + 1, 16, 16))
        first, second = state_words(row)
        words = box.adjusted(22, 0, 0, 0)
        if second:
            _line(
                painter,
                _small(font, 12),
                "text3",
                QRect(words.left(), words.top() + 18, words.width(), 17),
                second,
            )
            words.setHeight(18)
        shown = "bad" if row.trouble and row.here else "text" if row.here else "text2"
        _line(painter, font, shown, words, first)

    def _focus(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, view: QTableView
    ) -> None:
        """One ring round the whole row."""
        shown = [column for column in range(5) if not view.isColumnHidden(column)]
        painter.setPen(QPen(theme().colour("accent_text"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(box)
        left = 2 if index.column() == shown[0] else -8
        right = -3 if index.column() == shown[-1] else 8
        painter.drawRoundedRect(QRectF(box.adjusted(left, 2, right, -3)), 4, 4)


def _hovered(view: QTableView, row: int) -> bool:
    at = view.viewport().mapFromGlobal(view.cursor().pos())
    return view.viewport().underMouse() and view.rowAt(at.y()) == row


def _small(font: QFont, pixels: int, weight: QFont.Weight | None = None) -> QFont:
    made = QFont(font)
    made.setPixelSize(pixels)
    if weight is not None:
        made.setWeight(weight)
    return made


def _line(painter: QPainter, font: QFont, colour: str, box: QRect, text: str) -> None:
    painter.setFont(font)
    painter.setPen(theme().colour(colour))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


def _badge(painter: QPainter, font: QFont, at: QPoint, text: str, tone: str, chosen: bool) -> None:
    width = QFontMetrics(font).horizontalAdvance(text) + 14
    box = QRectF(at.x(), at.y() - 1, width, 20)
    painter.setPen(Qt.PenStyle.NoPen)
    ground = "accent_soft" if tone == "accent" else "sunken"
    # the chosen row has the accent's own ground
    painter.setBrush(theme().colour("surface" if chosen else ground))
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(font)
    painter.setPen(theme().colour("accent_text" if tone == "accent" else "text2"))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def _radio(painter: QPainter, box: QRectF, on: bool) -> None:
    painter.setBrush(theme().colour("surface"))
    if on:
        painter.setPen(QPen(theme().colour("accent"), 4.5))
        painter.drawEllipse(box.adjusted(2.25, 2.25, -2.25, -2.25))
    else:
        painter.setPen(QPen(theme().colour("control"), 1))
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
