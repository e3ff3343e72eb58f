"""The formats in which a model can leave as cards with a tick each, in as many columns as fit."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QSizePolicy, QWidget

from app import texts
from app.widgets.basics import Card, Icon, Label, row
from engine.exports import ExporterEntry

_WIDTH = 264
"""A card is at least so wide."""


class FormatCard(Card):
    """One format: what it is, who reads it, or why this run cannot leave in it."""

    ticked = Signal()
    """The person has ticked it or taken the tick away."""

    def __init__(self, entry: ExporterEntry) -> None:
        super().__init__(padding=15, spacing=4)
        self.entry = entry
        self.setProperty("choice", True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.tick = QCheckBox(entry.title)
        self.tick.setStyleSheet("QCheckBox { font-size: 14px; font-weight: 600; }")
        self.tick.toggled.connect(self._mark)
        self.tick.clicked.connect(lambda _: self.ticked.emit())
        self.lock = Icon("lock", "text3")
        self.body.addLayout(row(self.tick, None, self.lock))
        self.summary = Label(entry.summary, "support", wrap=True)
        self.readers = Label("", "help", wrap=True)
        self.reason = Label("", "help", "warn", wrap=True)
        self.body.addWidget(self.summary)
        self.body.addStretch(1)
        self.body.addWidget(self.readers)
        self.body.addWidget(self.reason)
        self.show_entry(entry)

    def show_entry(self, entry: ExporterEntry) -> None:
        """Show what is known of it now."""
        self.entry = entry
        reason = texts.whole(entry.unavailable) if entry.unavailable is not None else ""
        readers = self.tr("Read by {}").format(", ".join(entry.readers))
        self.readers.setText(readers)
        self.reason.setText(reason[:1].upper() + reason[1:])
        for each in (self.tick, self.summary):
            each.setEnabled(not reason)
        self.readers.setVisible(not reason)
        self.reason.setVisible(bool(reason))
        self.lock.setVisible(bool(reason))
        if reason:
            self.tick.setChecked(False)
        tip = self.reason.text() or f"{entry.summary} {readers} ({entry.name})"
        for widget in (self, self.tick):
            widget.setToolTip(tip)
        self.tick.setAccessibleName(entry.title)
        self.tick.setAccessibleDescription(tip)

    def _mark(self, on: bool) -> None:
        # the border is a pixel thicker, the words stay where they are
        self.set_chosen(on)
        edge = 0 if on else 1
        if (layout := self.layout()) is not None:
            layout.setContentsMargins(edge, edge, edge, edge)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and inside and self.tick.isEnabled():
            self.tick.click()


class FormatCards(QWidget):
    """Every format; the person's ticks stay while another run is looked at."""

    changed = Signal()
    """Other formats are ticked."""

    def __init__(self, first: str) -> None:
        """``first`` stands first and is ticked from the beginning, where the run can leave in it."""
        super().__init__()
        self._first, self._wanted = first, {first}
        self.cards: dict[str, FormatCard] = {}
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self.setAccessibleName(self.tr("Formats"))

    @property
    def formats(self) -> tuple[str, ...]:
        """The ticked ones in the order of their cards."""
        return tuple(name for name, card in self.cards.items() if card.tick.isChecked())

    def show_entries(self, entries: tuple[ExporterEntry, ...]) -> None:
        """Show these formats, the usual one first."""
        entries = tuple(sorted(entries, key=lambda each: each.name != self._first))
        before = self.formats
        if [each.name for each in entries] != [card.entry.name for card in self.cards.values()]:
            for card in self.cards.values():
                self._grid.removeWidget(card)
                card.hide()
                card.deleteLater()
            self.cards = {}
            for entry in entries:
                card = FormatCard(entry)
                card.setParent(self)
                card.ticked.connect(self._ticked)
                self.cards[entry.name] = card
            self._columns = 0
            self._arrange()
        for entry in entries:
            card = self.cards[entry.name]
            card.show_entry(entry)
            if entry.unavailable is None:
                card.tick.setChecked(entry.name in self._wanted)
        if self.formats != before:
            self.changed.emit()

    def _ticked(self) -> None:
        locked = {name for name, card in self.cards.items() if card.entry.unavailable is not None}
        self._wanted = set(self.formats) | (self._wanted & locked)
        self.changed.emit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        # the columns of now must not keep the cards from having fewer
        return QSize(200, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if not self.cards:
            return
        columns = max(1, min(len(self.cards), 3, (self.width() + 12) // (_WIDTH + 12)))
        if columns == self._columns:
            return
        for place in range(max(columns, self._columns, self._grid.columnCount())):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
        self._columns = columns
        for card in self.cards.values():
            self._grid.removeWidget(card)
        for place, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, place // columns, place % columns)
            card.show()
