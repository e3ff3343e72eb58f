"""Where Evaluate's four cards stand: two and two, or below each other where there is no room for that."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

_WIDE = 900
"""From this width on two cards stand beside each other."""
_BROAD = 1500
_LEAST = ((260, 288), (260, 288), (296, 260), (300, 260))
"""Smallest width and height of each card. Sets and blend: beside each other the shares alone count."""


class _Rows(QVBoxLayout):
    """Its height is what the cards need at least, whatever lines their sentences would like."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802  Qt's name
        return False


class EvaluateLayout(QWidget):
    """Sets and blend above, one set's classes and mistakes below."""

    def __init__(self, sets: QWidget, blend: QWidget, classes: QWidget, mistakes: QWidget) -> None:
        super().__init__()
        self._above, self._below = QHBoxLayout(), QHBoxLayout()
        outer = _Rows(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(16)
        for half, cards in ((self._above, (sets, blend)), (self._below, (classes, mistakes))):
            half.setSpacing(16)
            for card in cards:
                half.addWidget(card)
            outer.addLayout(half)
        outer.setStretch(1, 1)
        self._cards = (sets, blend, classes, mistakes)
        self._kind = ""
        for card, (width, _) in zip(self._cards, _LEAST, strict=True):
            # what is in a card must not move the edge between two of them
            card.setMinimumWidth(width)
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.arrange(_WIDE)

    def arrange(self, width: int) -> None:
        """For a page of this width in pixels."""
        kind = "broad" if width >= _BROAD else "wide" if width >= _WIDE else "narrow"
        if kind == self._kind:
            return
        self._kind = kind
        narrow = kind == "narrow"
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        # of seven parts: 4 and 3 above, 3 and 4 below; on a broad screen the pictures get more
        for half, shares in ((self._above, (4, 3)), (self._below, (2, 5) if kind == "broad" else (3, 4))):
            half.setDirection(way)
            for number, share in enumerate(shares):
                half.setStretch(number, 0 if narrow and half is self._above else share)
        for card, (_, height) in zip(self._cards, _LEAST, strict=True):
            card.setMinimumHeight(height + 60 if narrow and card is not self._cards[0] else height)
        self._cards[0].setMinimumHeight(0)
