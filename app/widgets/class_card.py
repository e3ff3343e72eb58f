"""The classes beside their pictures: searched, sorted, included or not."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from app import texts
from app.widgets.basics import Button, Card, Label, line, row
from app.widgets.class_list import ClassList


class ClassCard(Card):
    """The list with its search field and what is included of it."""

    all_wanted = Signal()
    """Every class is to be used again."""

    def __init__(self) -> None:
        super().__init__(padding=0, spacing=0)
        self.setFixedWidth(304)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a class"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Find a class"))
        self.search.setToolTip(self.tr("Show only classes whose name contains this"))
        self.sort = Button(icon="sort", name=self.tr("Sort by name"), act=self._sort)
        head = row(self.search, self.sort)
        head.setContentsMargins(12, 10, 12, 10)
        self.body.addLayout(head)
        self.body.addWidget(line())
        self.included = Label("", "help")
        self.tick_all = Button(
            self.tr("Include all"),
            kind="link",
            tip=self.tr("Use every class again"),
            act=self.all_wanted.emit,
        )
        head = row(self.included, self.tick_all, None, Label(self.tr("Pictures"), "help"))
        head.setContentsMargins(14, 6, 14, 2)
        self.body.addLayout(head)
        self.classes = ClassList()
        self.classes.setAccessibleName(self.tr("Classes"))
        self.classes.setToolTip("")
        holder = QVBoxLayout()
        holder.setContentsMargins(4, 0, 4, 6)
        holder.addWidget(self.classes)
        self.body.addLayout(holder, 1)
        self.search.textChanged.connect(self.classes.search)
        self._sort_words()

    def show_classes(self, names: tuple[str, ...], counts: tuple[int, ...], included: frozenset[str]) -> None:
        """Show these classes; the first is chosen where none is."""
        self.classes.classes.show(names, counts, included)
        shown = sum(name in included for name in names)
        self.included.setText(
            self.tr("{} of {} included").format(texts.number(shown), texts.number(len(names)))
        )
        self.tick_all.setVisible(shown < len(names))
        if names and not self.classes.current:
            self.classes.choose("")

    def fit(self, most: int) -> None:
        """Long names get more room, where there is some."""
        wanted = round(self.classes.classes.longest) + 204
        self.setFixedWidth(max(min(304, most), min(wanted, most)))

    def _sort(self) -> None:
        self.classes.sort_by_count(not self.classes.by_count)
        self._sort_words()

    def _sort_words(self) -> None:
        words = self.tr("Sort by name") if self.classes.by_count else self.tr("Sort by number of pictures")
        self.sort.setToolTip(words)
        self.sort.setAccessibleName(words)
