"""The table of all sets before and after, with what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from app.results import SetResult
from app.widgets.basics import Button, Card, ElidedLabel, Icon, Label, row
from app.widgets.result_table import ResultTable


class SetsCard(Card):
    """A row a set, the test first; choosing one shows its classes and pictures."""

    set_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(self.tr("Before and after"), padding=0)
        about = ElidedLabel(self.tr("accuracy in %, with its range"), "support")
        about.setToolTip(self.tr("Accuracy in %, and the range to expect 95 times in 100"))
        self.head.replaceWidget(self.about, about)
        self.about.hide()
        self.head.setStretchFactor(about, 1)
        self.body.setSpacing(0)
        self.sets = ResultTable()
        self.sets.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sets.setToolTip(self.tr("Choose a set to see its classes and mistakes"))
        self.sets.selectionModel().selectionChanged.connect(lambda *_: self._chosen())
        self.other_button = Button(
            self.tr("Other pictures…"),
            icon="plus",
            kind="quiet",
            small=True,
            tip=self.tr(
                "Judge a folder with the same class folders; its figures are added to the table for now"
            ),
        )
        self.copy_button = Button(
            icon="copy",
            kind="quiet",
            small=True,
            name=self.tr("Copy as table"),
            tip=self.tr("Copies the table with tabs, for a spreadsheet"),
            act=self.sets.copy,
        )
        self.head.addWidget(self.other_button)
        self.head.addWidget(self.copy_button)
        self.optimistic = QWidget()
        words = Label(
            self.tr(
                "There is no test set. Validation chose the epoch, so its figures are a little too good."
            ),
            "help",
            wrap=True,
        )
        inner = row(Icon("info", "text3"), words)
        inner.setContentsMargins(16, 10, 16, 10)
        inner.setStretch(1, 1)
        self.optimistic.setLayout(inner)
        self.body.addWidget(self.sets)
        self.body.addWidget(self.optimistic)
        self.body.addStretch(1)

    def show_sets(self, found: list[SetResult], shown: str, has_test: bool) -> None:
        """These sets, ``shown`` among them chosen."""
        self.sets.selectionModel().blockSignals(True)
        self.sets.rows.show_rows(found)
        chosen = self.sets.chosen()
        if not chosen or chosen[0].name != shown:
            self.sets.choose(lambda each: each.kind != "mean" and each.name == shown)
        self.sets.selectionModel().blockSignals(False)
        self.sets.fit_height()
        self.sets.viewport().update()
        self.optimistic.setVisible(not has_test)

    def _chosen(self) -> None:
        chosen: list[SetResult] = self.sets.chosen()
        if chosen and chosen[0].kind != "mean":
            self.set_wanted.emit(chosen[0].name)
