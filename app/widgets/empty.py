"""A calm place in the middle of a page that has nothing to show yet: what is needed, and the way there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.widgets.basics import Button, Icon, Label
from app.widgets.labels import lines_height

_WIDTH = 460


class Empty(QWidget):
    """An icon, a sentence, why, and one button."""

    def __init__(self, icon: str, width: int = _WIDTH) -> None:
        super().__init__()
        self._width = width
        self._act: Callable[[], object] | None = None
        self.icon = Icon(icon, "text3", 32)
        self.what = Label("", "card", wrap=True)
        self.why = Label("", "support", wrap=True)
        self.button = Button("", act=self._clicked)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(4)
        for label in (self.what, self.why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setFixedWidth(width)
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(8)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(
        self, what: str, why: str, button: str = "", act: Callable[[], object] | None = None, tip: str = ""
    ) -> None:
        """Show this; without ``button`` there is none."""
        self.what.setText(what)
        self.why.setText(why)
        for label in (self.what, self.why):
            # a centred label does not ask for the height of its second line
            label.setFixedHeight(lines_height(label, self._width))
            label.setVisible(bool(label.text()))
        self.button.setText(button)
        self.button.setAccessibleName(button)
        self.button.setToolTip(tip or button)
        self.button.setVisible(bool(button))
        self._act = act

    def _clicked(self) -> None:
        if self._act is not None:
            self._act()
