"""One set more closely: what is taken for what, each class, and further figures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.results import OfClass, SetResult
from app.widgets import result_table
from app.widgets.basics import Button, Card, Content, ElidedLabel, Segmented, line, row
from app.widgets.confusion import Confusion
from app.widgets.kept import Kept
from app.widgets.result_table import ClassTable, DetailTable
from engine.evaluation.metrics import Ints


class ClassesCard(Card):
    """Three views of the set that is shown."""

    cell_chosen = Signal(object)
    """(true class, said class), or None."""
    class_chosen = Signal(str)
    """Folder name of a class whose row was chosen."""
    view_changed = Signal()

    def __init__(self, readable: Callable[[str], str]) -> None:
        super().__init__(padding=0, spacing=0)
        self._readable = readable
        self.view = Segmented(
            {
                "matrix": self.tr("Taken for what"),
                "classes": self.tr("Per class"),
                "more": self.tr("More"),
            },
            self.tr("View of the set"),
            {
                "matrix": self.tr("True classes against said ones (confusion matrix)"),
                "classes": self.tr("How many of each class are right, and how that changed"),
                "more": self.tr("Confidence, worst class and further figures, and what was kept"),
            },
        )
        self.view.chosen.connect(self.show_view)
        self.unit = QComboBox()
        self.unit.addItem(self.tr("Counts"), False)
        self.unit.addItem(self.tr("Shares"), True)
        self.unit.setAccessibleName(self.tr("Numbers in the cells"))
        self.unit.setToolTip(self.tr("Pictures, or their share of the true class"))
        self.unit.setFixedHeight(28)
        self.unit.activated.connect(lambda _: self._unit_chosen())
        self.copy_button = Button(
            icon="copy", kind="quiet", small=True, act=self.copy, name=self.tr("Copy as table"),
            tip=self.tr("Copies what is shown with tabs, for a spreadsheet"),
        )  # fmt: skip
        head = row(self.view, None, self.copy_button, self.unit)
        head.setContentsMargins(12, 10, 12, 10)
        self.body.addLayout(head)
        self.matrix = Confusion(readable)
        self.matrix.cell_chosen.connect(self._cell)
        self.classes = ClassTable(readable)
        self.classes.selectionModel().selectionChanged.connect(lambda *_: self._class())
        self.details = DetailTable()
        self.kept = Kept()
        self.stack = QStackedWidget()
        for view in (self._matrix_view(), self._class_view(), self._more_view()):
            self.stack.addWidget(view)
        self.body.addWidget(self.stack, 1)
        self.view.choose("matrix")

    def _matrix_view(self) -> QWidget:
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(16, 0, 12, 10)
        inside.setSpacing(6)
        self.words = ElidedLabel("", "support")
        inside.addWidget(self.matrix, 1)
        inside.addWidget(self.words)
        return holder

    def _class_view(self) -> QWidget:
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(line())
        inside.addWidget(self.classes, 1)
        return holder

    def _more_view(self) -> QWidget:
        inner = Content()
        inside = QVBoxLayout(inner)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(line())
        inside.addWidget(self.details)
        inside.addWidget(line())
        inside.addWidget(self.kept)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        return scroll

    # --- what is shown ------------------------------------------------------------------------

    def show_set(self, found: SetResult, matrix_CC: Ints, classes: tuple[str, ...]) -> None:
        """The figures of one set at one stop."""
        self.classes.token = result_table.token_of(found)
        self.classes.rows.show_rows(list(found.per_class))
        self.matrix.show_matrix(found.name, matrix_CC, classes)
        self.show_details(found)
        self.say()

    def show_details(self, found: SetResult) -> None:
        """Further figures; their ranges may come a moment later."""
        self.details.rows.show_rows(result_table.details(found, self._readable))
        self.details.fit_height()

    def say(self) -> None:
        """What the matrix means, or what is chosen in it."""
        chosen = self.matrix.selectedIndexes()
        general = self.tr("Rows true, columns said. A cell shows its pictures.")
        words = chosen[0].data(Qt.ItemDataRole.AccessibleTextRole) if chosen else general
        self.words.setText(str(words))

    def show_view(self, key: str) -> None:
        """One of matrix, classes, more."""
        self.view.choose(key)
        self.stack.setCurrentIndex(("matrix", "classes", "more").index(key))
        self.unit.setVisible(key == "matrix")
        self.view_changed.emit()

    def clear_choice(self) -> None:
        """No cell and no class is chosen; tells nobody."""
        self.matrix.clear_cell()
        self.classes.selectionModel().blockSignals(True)
        self.classes.clearSelection()
        self.classes.selectionModel().blockSignals(False)
        self.classes.viewport().update()
        self.say()

    # --- what the person does -----------------------------------------------------------------

    def copy(self) -> None:
        """Put the view on the clipboard as a table."""
        shown = ("matrix", "classes", "more")[self.stack.currentIndex()]
        text = {
            "matrix": self.matrix.copied,
            "classes": self.classes.as_text,
            "more": self.details.as_text,
        }[shown]()
        QGuiApplication.clipboard().setText(text)

    def _unit_chosen(self) -> None:
        self.matrix.show_shares(bool(self.unit.currentData()))

    def _cell(self, cell: tuple[int, int] | None) -> None:
        self.say()
        self.cell_chosen.emit(cell)

    def _class(self) -> None:
        chosen: list[OfClass] = self.classes.chosen()
        if chosen:
            self.class_chosen.emit(chosen[0].name)
