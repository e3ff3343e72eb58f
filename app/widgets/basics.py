"""Labels, buttons, cards, badges, banners and other small things in one hand.

Each takes its looks from the style sheet by property, and its icon's colour from the theme.
"""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.widgets.banner import Banner
from app.widgets.buttons import Button, Kind, Segmented, Switch, group
from app.widgets.labels import Badge, ElidedLabel, Icon, Label, Tone, repolish
from app.widgets.layouts import Content, clear, column, line, row
from app.widgets.rings import Ring

__all__ = [
    "Badge",
    "Banner",
    "Button",
    "Card",
    "Content",
    "ElidedLabel",
    "Field",
    "Icon",
    "Kind",
    "Label",
    "Ring",
    "Segmented",
    "Switch",
    "Tone",
    "clear",
    "column",
    "group",
    "line",
    "repolish",
    "row",
]


class Card(QFrame):
    """A surface with a hairline. ``body`` is its layout; a title makes a head of 48 px above a line."""

    def __init__(self, title: str = "", about: str = "", padding: int = 16, spacing: int = 8) -> None:
        super().__init__()
        self.setObjectName("card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.head = QHBoxLayout()
        self.about = Label(about, "support")
        if title:
            self.title = Label(title, "card")
            holder = QWidget()
            holder.setFixedHeight(48)
            self.head.setContentsMargins(16, 0, 12, 0)
            self.head.setSpacing(8)
            self.head.addWidget(self.title)
            self.head.addWidget(self.about, 1)
            holder.setLayout(self.head)
            outer.addWidget(holder)
            outer.addWidget(line())
        else:
            self.about.setParent(self)
            self.about.hide()
        self.body = QVBoxLayout()
        self.body.setContentsMargins(padding, padding, padding, padding)
        self.body.setSpacing(spacing)
        outer.addLayout(self.body, 1)

    def set_chosen(self, chosen: bool) -> None:
        self.setProperty("chosen", chosen)
        repolish(self)


class Field(QWidget):
    """A control with its label above and its help below; an error takes the place of the help."""

    def __init__(self, label: str, control: QWidget, help_text: str = "", tip: str = "") -> None:
        super().__init__()
        self.control = control
        self._help = help_text
        self._mark = Icon("warning", "bad", 14)
        self._below = Label(help_text, "help", wrap=True)
        self.label = Label(label, "label")
        self.label.setBuddy(control)
        control.setAccessibleName(label)
        control.setAccessibleDescription(help_text or tip)
        if tip or help_text:
            control.setToolTip(tip or help_text)
        below = row(self._mark, self._below, spacing=4)
        layout = column(self.label, control, below, spacing=4)
        self.setLayout(layout)
        self._mark.hide()
        self._below.setVisible(bool(help_text))

    def set_error(self, error: str) -> None:
        """Show what is wrong, or the help again for an empty text."""
        self._mark.setVisible(bool(error))
        self._below.setText(error or self._help)
        self._below.set_tone("bad" if error else "")
        self._below.setVisible(bool(error or self._help))
        self.control.setProperty("wrong", bool(error))
        repolish(self.control)

    def set_help(self, text: str) -> None:
        self._help = text
        if not self._mark.isVisible():
            self._below.setText(text)
            self._below.setVisible(bool(text))
