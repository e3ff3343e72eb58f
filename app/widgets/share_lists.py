"""Two lists of figures painted by hand: a bar for each class, and which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app import icons, texts
from app.theme import theme
from app.widgets.row_table import Index, font_of, write

ROW = 24


@dataclass(frozen=True)
class ShareRow:
    """How many of a class's pictures are right."""

    folder: str
    name: str
    right: int
    pictures: int
    accuracy: float


@dataclass(frozen=True)
class PairRow:
    """Pictures of one class that were taken for another."""

    folder: str
    truth: str
    taken_for: str
    count: int
    pictures: int


class _Model(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[ShareRow] | list[PairRow] = []

    def show_rows(self, rows: list[ShareRow] | list[PairRow]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's names
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        row = self.rows[index.row()]
        if isinstance(row, PairRow):
            words = self.tr("{} of {} pictures of {} were taken for {}.")
            return words.format(texts.number(row.count), texts.number(row.pictures), row.truth, row.taken_for)
        words = self.tr("{}: {} of {} pictures right, {}")
        return words.format(
            row.name, texts.number(row.right), texts.number(row.pictures), texts.percent(row.accuracy)
        )


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: FigureList) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(option.font)
        focused = bool(state & QStyle.StateFlag.State_HasFocus) and self._view.hasFocus()
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        if hovered or focused:
            painter.setBrush(theme().colour("hover"))
            painter.drawRoundedRect(QRectF(box).adjusted(-0.5, 1, -0.5, -1), 4, 4)
        if focused:
            painter.setPen(theme().colour("accent_text"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 1.5, -1.5, -1.5), 4, 4)
        row = self._view.list_model.rows[index.row()]
        if isinstance(row, PairRow):
            self._pair(painter, box, row)
        else:
            self._share(painter, box, row)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(100, ROW)

    def _share(self, painter: QPainter, box: QRect, row: ShareRow) -> None:
        view = self._view
        right = box.right() - 4
        quiet = "disabled" if view.old else "text2"
        if view.with_counts:
            counts = QRect(right - view.count_width, box.top(), view.count_width, box.height())
            painter.setFont(font_of(painter, 12))
            write(painter, counts, view.of(row.right, row.pictures), quiet, Qt.AlignmentFlag.AlignRight)
            right = counts.left() - 12
        figure = QRect(right - 60, box.top(), 60, box.height())
        painter.setFont(font_of(painter, 13, QFont.Weight.DemiBold))
        strong = "disabled" if view.old else "text"
        write(painter, figure, texts.percent(row.accuracy), strong, Qt.AlignmentFlag.AlignRight)
        weight = QFont.Weight.DemiBold if row.folder == view.strong else QFont.Weight.Normal
        painter.setFont(font_of(painter, 13, weight))
        name = QRect(box.left() + 4, box.top(), view.name_width, box.height())
        write(painter, name, row.name, strong, mode=Qt.TextElideMode.ElideMiddle)
        track = QRectF(name.right() + 12, box.top() + (ROW - 8) / 2, figure.left() - name.right() - 20, 8)
        if track.width() < 16:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("track"))
        painter.drawRoundedRect(track, 2, 2)
        painter.setBrush(theme().colour("control") if view.old else theme().series(0))
        painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * row.accuracy, 8), 2, 2)

    def _pair(self, painter: QPainter, box: QRect, row: PairRow) -> None:
        view = self._view
        strong = "disabled" if view.old else "text"
        counts = QRect(box.right() - 4 - view.count_width, box.top(), view.count_width, box.height())
        room = counts.left() - box.left() - 4 - 36
        width = max(24, min(view.name_width, room // 2))
        truth = QRect(box.left() + 4, box.top(), width, box.height())
        taken = QRect(
            truth.right() + 36, box.top(), max(24, counts.left() - truth.right() - 44), box.height()
        )
        for name, place, folder in ((row.truth, truth, row.folder), (row.taken_for, taken, "")):
            weight = QFont.Weight.DemiBold if folder and folder == view.strong else QFont.Weight.Normal
            painter.setFont(font_of(painter, 13, weight))
            write(painter, place, name, strong, mode=Qt.TextElideMode.ElideMiddle)
        arrow = QRectF(truth.right() + 10, box.top() + (ROW - 14) / 2, 14, 14)
        icons.paint(painter, "arrow-right", "text3", arrow)
        painter.setFont(font_of(painter, 12))
        words = view.of(row.count, row.pictures)
        write(painter, counts, words, "disabled" if view.old else "text2", Qt.AlignmentFlag.AlignRight)


class FigureList(QListView):
    """A list that scrolls; a click or Enter chooses the class of a row."""

    picked = Signal(str)
    """Folder of the class."""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self.list_model = _Model()
        self.list_model.setParent(self)
        self.old = False
        """The figures are not of the present names and templates."""
        self.strong = ""
        """Folder of the class that stands out."""
        self.name_width = 60
        self.count_width = 60
        self.with_counts = True
        self.setAccessibleName(name)
        self.setAccessibleDescription(tip)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setModel(self.list_model)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(3 * ROW)
        self.clicked.connect(self._picked)
        self.activated.connect(self._picked)
        theme().changed.connect(self.viewport().update)

    def show_rows(self, rows: list[ShareRow] | list[PairRow], old: bool) -> None:
        """Show the figures; pale if they are old."""
        self.old = old
        self.list_model.show_rows(rows)
        metrics = QFontMetrics(font_of_view(self, QFont.Weight.DemiBold))
        small = QFontMetrics(font_of_view(self, QFont.Weight.Normal, 12))
        names: Sequence[str] = [row.truth if isinstance(row, PairRow) else row.name for row in rows]
        widest = max((metrics.horizontalAdvance(name) for name in names), default=40)
        self.name_width = max(48, min(widest, round(0.36 * self.viewport().width())))
        counted = [
            self.of(row.count if isinstance(row, PairRow) else row.right, row.pictures) for row in rows
        ]
        self.count_width = max((small.horizontalAdvance(words) for words in counted), default=40)
        # in a narrow window the bar needs the room more
        self.with_counts = self.viewport().width() - self.name_width - self.count_width > 150
        self.viewport().update()

    def of(self, count: int, pictures: int) -> str:
        """108 of 158."""
        return self.tr("{} of {}").format(texts.number(count), texts.number(pictures))

    def set_strong(self, folder: str) -> None:
        """Let one class stand out."""
        if folder != self.strong:
            self.strong = folder
            self.viewport().update()

    def _picked(self, index: QModelIndex) -> None:
        if index.isValid():
            self.picked.emit(self.list_model.rows[index.row()].folder)


def font_of_view(view: QListView, weight: QFont.Weight, pixels: int = 13) -> QFont:
    """The view's font in another size and weight."""
    font = QFont(view.font())
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font
