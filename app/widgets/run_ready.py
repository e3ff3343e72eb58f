"""Before the first run: what will be trained, in a few calm lines."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.facts import Facts
from app.widgets import run_words
from app.widgets.basics import Card, ElidedLabel, Icon, Label, clear, column, row
from app.widgets.empty import Empty
from engine.recipe import Recipe


class ReadyCard(Card):
    """Takes the place of the charts while there is no run."""

    def __init__(self) -> None:
        super().__init__(padding=24, spacing=16)
        self.title = Label("", "card")
        self.about = Label("", "support", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._outline = QWidget()
        inner = QWidget()
        inner.setMaximumWidth(520)
        icon = column(Icon("chart", "text3", 32), None)
        inner.setLayout(row(icon, column(self.title, self.about, 8, self._grid, None, spacing=4), spacing=16))
        inner.setMinimumWidth(400)
        # an alignment would ask for its height at another width than it gets, and cut its last lines
        between = QHBoxLayout()
        between.addStretch(1)
        between.addWidget(inner, 100)
        between.addStretch(1)
        whole = QVBoxLayout(self._outline)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addStretch(2)
        whole.addLayout(between)
        whole.addStretch(3)
        self.nothing = Empty("chart", 360)
        self.body.addWidget(self._outline, 1)
        self.body.addWidget(self.nothing, 1)
        self._known: list[tuple[str, str]] | None = None

    def refresh(self, recipe: Recipe | None, facts: Facts, missing: str) -> None:
        """What the recipe says, or what it lacks."""
        self._outline.setVisible(recipe is not None)
        self.nothing.setVisible(recipe is None)
        if recipe is None:
            self.nothing.say(self.tr("Nothing to train yet"), missing)
        else:
            self.title.setText(self.tr("Ready to train"))
            self.about.setText(self.tr("The charts appear with the first step and grow as the model learns."))
        lines = run_words.outline(recipe, facts) if recipe is not None else []
        if lines == self._known:
            return
        self._known = lines
        clear(self._grid)
        for number, (what, how) in enumerate(lines):
            value = ElidedLabel(how)
            value.setAccessibleName(f"{what}: {how}")
            self._grid.addWidget(Label(what, "support"), number, 0)
            self._grid.addWidget(value, number, 1)
