"""The names beside and above a confusion matrix: whole where there is any way to show them whole.

Above the columns they lie, or stand upright; where neither has room, rows and columns are numbered.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from app.theme import theme

GAP = 8
"""Pixels between a row's number and its name, and between its name and the cells."""
_SIZE = 12
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def head_font(base: QFont) -> QFont:
    """``base`` in the size of the names."""
    font = QFont(base)
    font.setPixelSize(_SIZE)
    return font


def widest(font: QFont, words: Sequence[str]) -> int:
    """Pixels that are sure to be enough for the widest of them, of the first few hundred."""
    return max(map(QFontMetrics(font).horizontalAdvance, words[:400]), default=0) + 2


def without_common(names: Sequence[str]) -> list[str]:
    """The names without the words that all of them begin or end with; … stands for those."""
    words = [name.split() for name in names]
    if len(words) < 2:
        return list(names)
    # a word of each name stays
    spare = min(map(len, words)) - 1
    first = min(spare, _alike([list(each) for each in words]))
    last = min(spare - first, _alike([each[::-1] for each in words]))
    if first <= 0 and last <= 0:
        return list(names)
    return [
        " ".join(["…"] * (first > 0) + each[first : len(each) - last] + ["…"] * (last > 0)) for each in words
    ]


def _alike(words: list[list[str]]) -> int:
    """With how many equal words all of them begin."""
    return sum(1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*words, strict=False)))


class Heads(QHeaderView):
    """Class names, or numbers, in the order of the matrix."""

    def __init__(self, orientation: Qt.Orientation, view: QWidget) -> None:
        super().__init__(orientation, view)
        self.upright = False
        """Whether names above the columns stand."""
        self.numbered = False
        """Whether columns have numbers for names, and rows a number before theirs."""
        self.names: Sequence[str] = ()
        """As far as there is room for them at all; the model has them whole."""
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(8)

    def room(self, section: int) -> int:
        """Pixels there are for a section's name."""
        if self.orientation() is Qt.Orientation.Vertical:
            return self.width() - GAP - self._number_width()
        return self.height() - GAP if self.upright else self.sectionSize(section)

    def words(self, section: int) -> str:
        """What is painted of a section's name, or its number in its place."""
        if self.numbered and self.orientation() is Qt.Orientation.Horizontal:
            return str(section + 1)
        # names of many classes begin alike
        middle = Qt.TextElideMode.ElideMiddle
        name = self.names[section] if section < len(self.names) else ""
        return QFontMetrics(head_font(self.font())).elidedText(name, middle, self.room(section))

    def _number_width(self) -> int:
        """Pixels before a row's name."""
        return number_width(head_font(self.font()), len(self.names)) if self.numbered else 0

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802
        painter.save()
        painter.fillRect(rect, theme().colour("surface"))
        painter.setFont(head_font(self.font()))
        painter.setPen(theme().colour("text2"))
        words = self.words(logicalIndex)
        if self.orientation() is Qt.Orientation.Vertical:
            before = self._number_width()
            painter.drawText(rect.adjusted(before, 0, -GAP, 0), _LEFT, words)
            if before:
                painter.setPen(theme().colour("text3"))
                number = QRect(rect.left(), rect.top(), before - GAP, rect.height())
                painter.drawText(number, _RIGHT, str(logicalIndex + 1))
        elif self.upright:
            painter.translate(rect.left(), rect.bottom())
            painter.rotate(-90)
            painter.drawText(QRect(GAP // 2, 0, rect.height() - GAP, rect.width()), _LEFT, words)
        else:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()


def number_width(font: QFont, count: int) -> int:
    """Pixels that the numbers 1 to ``count`` take before names."""
    return widest(font, [str(count)]) + GAP
