"""Where Evaluate's four cards stand: two and two, or below each other where there is no room for that."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

_WIDE = 900
"""From this width on two cards stand beside each other."""
_BROAD = 1500
_LOW = 280
"""Least height of the lower cards."""


class EvaluateLayout(QWidget):
    """Sets and blend above, one set's classes and mistakes below."""

    def __init__(self, sets: QWidget, blend: QWidget, classes: QWidget, mistakes: QWidget) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(16)
        self._cards = (sets, blend, classes, mistakes)
        self._kind = ""
        for card in (classes, mistakes):
            card.setMinimumHeight(_LOW)
        self.arrange(_WIDE)

    def arrange(self, width: int) -> None:
        """For a page of this width in pixels."""
        kind = "broad" if width >= _BROAD else "wide" if width >= _WIDE else "narrow"
        if kind == self._kind:
            return
        self._kind = kind
        for card in self._cards:
            self.grid.removeWidget(card)
        sets, blend, classes, mistakes = self._cards
        if kind == "narrow":
            for number, card in enumerate(self._cards):
                self.grid.addWidget(card, number, 0, 1, 7)
            blend.setMinimumHeight(280)
        else:
            # of seven parts: 4 and 3 above, 3 and 4 below; on a broad screen the pictures get more
            self.grid.addWidget(sets, 0, 0, 1, 4)
            self.grid.addWidget(blend, 0, 4, 1, 3)
            below = 2 if kind == "broad" else 3
            self.grid.addWidget(classes, 1, 0, 1, below)
            self.grid.addWidget(mistakes, 1, below, 1, 7 - below)
            blend.setMinimumHeight(0)
        for column in range(7):
            self.grid.setColumnStretch(column, 1)
            self.grid.setColumnMinimumWidth(column, 0)
        for number in range(4):
            self.grid.setRowStretch(number, 0)
        self.grid.setRowStretch(3 if kind == "narrow" else 1, 1)
