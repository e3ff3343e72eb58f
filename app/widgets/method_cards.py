"""The ways of finetuning as cards, one of them chosen: like radio buttons, also for the keyboard."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app import texts
from app.widgets.basics import Badge, Button, Card, Icon, Label, column, row
from engine.answers import MethodEntry

_WIDTH = 264
"""A card is at least so wide."""
_NEXT = (Qt.Key.Key_Right, Qt.Key.Key_Down)
_BEFORE = (Qt.Key.Key_Left, Qt.Key.Key_Up)


class MethodCard(Card):
    """One method: what it does, when it wins, its paper; or why it cannot run on the chosen model."""

    wanted = Signal()
    moved = Signal(int)
    """An arrow key asks for the card so many places on."""

    def __init__(self, entry: MethodEntry, recommended: bool) -> None:
        super().__init__(padding=15, spacing=4)
        self.entry = entry
        self.setProperty("choice", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        locked = entry.unavailable is not None
        self.title = Label(entry.title, "card")
        self.badge = Badge(self.tr("recommended"), "accent")
        self.badge.setVisible(recommended and not locked)
        self.lock = Icon("lock", "text3")
        self.lock.setVisible(locked)
        self.mark = Icon("check-circle", "accent_text")
        self.mark.hide()
        head = row(self.title, None, self.badge, self.lock, self.mark)
        self.body.addLayout(head)
        self.summary = Label(" ".join(entry.summary.split()), "support", wrap=True)
        self.body.addWidget(self.summary)
        self.when = Label(entry.when, "help", wrap=True)
        self.when.setVisible(bool(entry.when))
        self.body.addWidget(self.when)
        self.reason = Label("", "help", "warn", wrap=True)
        reason = texts.whole(entry.unavailable) if entry.unavailable is not None else ""
        self.reason.setText(reason)
        self.reason.setVisible(locked)
        self.body.addWidget(self.reason)
        self.body.addStretch(1)
        self.paper = Label(entry.paper, "help", wrap=True)
        self.body.addWidget(self.paper)
        if locked:
            for each in (self.title, self.summary, self.when):
                each.setEnabled(False)
        self.setToolTip(reason or self.tr("Train with {}. {}").format(entry.title, entry.paper))
        self._describe(False)

    def set_chosen(self, chosen: bool) -> None:
        # the border is a pixel thicker, the words stay where they are
        super().set_chosen(chosen)
        edge = 0 if chosen else 1
        if (layout := self.layout()) is not None:
            layout.setContentsMargins(edge, edge, edge, edge)
        self.mark.setVisible(chosen)
        self._describe(chosen)

    def _describe(self, chosen: bool) -> None:
        state = self.tr("chosen") if chosen else self.tr("not chosen")
        if self.entry.unavailable is not None:
            state = self.tr("cannot run on this model")
        self.setAccessibleName(f"{self.entry.title}, {state}")
        described = f"{self.summary.text()} {self.when.text()}".strip()
        self.setAccessibleDescription(self.reason.text() or described)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.wanted.emit()
        elif key in _NEXT or key in _BEFORE:
            self.moved.emit(1 if key in _NEXT else -1)
        else:
            super().keyPressEvent(event)


class MethodCards(QWidget):
    """The recommended method and the chosen one; all of them when asked for, in as many columns as fit."""

    chosen = Signal(str)
    """Name of the method that the person wants."""

    def __init__(self, recommended: str = "flyp") -> None:
        super().__init__()
        self._recommended = recommended
        self.cards: dict[str, MethodCard] = {}
        self._entries: tuple[MethodEntry, ...] = ()
        self._columns = 0
        self._chosen = ""
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self.fold = Button(
            self.tr("{} more methods").format(0), icon="chevron-right", kind="quiet", small=True, act=self._turn,
            tip=self.tr("The rivals that FLYP is measured against, and what was built on it"),
        )  # fmt: skip
        self.fold.setCheckable(True)
        layout = column(self._grid, row(self.fold, None), spacing=8)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.setAccessibleName(self.tr("Methods"))

    def show_methods(self, entries: tuple[MethodEntry, ...], name: str) -> None:
        """Show these methods, the recommended one first, with one of them chosen."""
        if entries != self._entries:
            self._entries = entries
            focused = next((n for n, card in self.cards.items() if card.hasFocus()), None)
            for card in self.cards.values():
                self._grid.removeWidget(card)
                card.hide()
                card.deleteLater()
            ordered = sorted(entries, key=lambda e: (e.name != self._recommended, e.unavailable is not None))
            self.cards = {}
            for entry in ordered:
                card = MethodCard(entry, entry.name == self._recommended)
                card.setParent(self)
                card.wanted.connect(lambda name=entry.name: self._want(name))
                card.moved.connect(lambda by, name=entry.name: self._move(name, by))
                self.cards[entry.name] = card
            self._columns = 0
            if focused in self.cards:
                self.cards[focused].setFocus()
        for each, card in self.cards.items():
            card.set_chosen(each == name)
        if name != self._chosen:
            self._chosen, self._columns = name, 0
        self._arrange()

    def _shown(self) -> list[MethodCard]:
        if self.fold.isChecked():
            return list(self.cards.values())
        return [card for name, card in self.cards.items() if name in (self._recommended, self._chosen)]

    def _turn(self) -> None:
        self.fold.set_icon("chevron-down" if self.fold.isChecked() else "chevron-right")
        self._columns = 0
        self._arrange()

    def unfold(self) -> None:
        """Show every method."""
        self.fold.setChecked(True)
        self._turn()

    def _want(self, name: str) -> None:
        if self.cards[name].entry.unavailable is None:
            self.chosen.emit(name)

    def _move(self, name: str, by: int) -> None:
        names = [card.entry.name for card in self._shown()]
        self.cards[names[(names.index(name) + by) % len(names)]].setFocus(Qt.FocusReason.TabFocusReason)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        # the columns of now must not keep the cards from having fewer
        return QSize(200, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        if not self.cards:
            return
        shown = self._shown()
        columns = max(1, min(len(shown), (self.width() + 12) // (_WIDTH + 12)))
        if columns == self._columns:
            return
        for place in range(max(columns, self._columns, self._grid.columnCount())):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
        self._columns = columns
        for card in self.cards.values():
            self._grid.removeWidget(card)
            card.setVisible(card in shown)
        for place, card in enumerate(shown):
            self._grid.addWidget(card, place // columns, place % columns)
        others = len(self.cards) - 1 if self.fold.isChecked() else len(self.cards) - len(shown)
        self.fold.setVisible(others > 0)
        words = self.tr("Fewer methods") if self.fold.isChecked() else self.tr("{} more methods")
        self.fold.setText(words.format(others))
        self.fold.setAccessibleName(words.format(others))
