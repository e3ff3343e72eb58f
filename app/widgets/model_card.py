"""The list of models with its search field and its filter."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from app import icons
from app.model_rows import ModelRow
from app.widgets.basics import Card, Label, Segmented, line, row
from app.widgets.model_list import ModelList


class ModelListCard(Card):
    """Says how many of the models are shown."""

    def __init__(self) -> None:
        super().__init__(padding=0, spacing=0)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a model"))
        self.search.setAccessibleName(self.tr("Find a model"))
        self.search.setToolTip(self.tr("Words of the name or of the weights, such as: ViT laion"))
        self.search.setClearButtonEnabled(True)
        self._search_action = self.search.addAction(
            icons.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.setMinimumWidth(130)
        self.search.setMaximumWidth(320)
        self.filter = Segmented(
            {"all": self.tr("All"), "here": self.tr("On this machine"), "fits": self.tr("Fits")},
            self.tr("Which models"),
            {"fits": self.tr("What this device has memory for")},
        )
        self.filter.choose("all")
        self.count = Label("", "help")
        self.list = ModelList()
        self.none = Label(
            self.tr("No model has all these words. Try fewer, or another filter."), "support", wrap=True
        )
        self.none.setContentsMargins(16, 16, 16, 16)
        self.none.hide()
        head = row(self.search, self.filter, None, self.count, spacing=12)
        head.setContentsMargins(12, 10, 16, 10)
        head.setStretch(0, 1)
        # the room that is left is the search's, as far as it goes
        head.setStretch(2, 0)
        self.body.addLayout(head)
        self.body.addWidget(line())
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.none)
        self.search.textChanged.connect(self._searched)
        self.filter.chosen.connect(self._filtered)

    def show_rows(self, rows: list[ModelRow]) -> None:
        """Show these models."""
        self.list.table.show_rows(rows)
        self._say_count()

    def _say_count(self) -> None:
        shown, whole = self.list.filtered.rowCount(), len(self.list.table.rows)
        self.count.setText(
            self.tr("{} models").format(whole) if shown == whole else self.tr("{} of {}").format(shown, whole)
        )
        self.none.setVisible(whole > 0 and shown == 0)

    def _searched(self, text: str) -> None:
        self.list.filtered.search(text)
        self._say_count()

    def _filtered(self, key: str) -> None:
        self.list.filtered.only(key)  # type: ignore[arg-type]
        self._say_count()
