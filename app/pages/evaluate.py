"""What the training brought: each set before and after, each class, and further figures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from app import pool, results, run_care
from app.pages.page import Hint, Page
from app.results import Result, SetResult
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from app.widgets import result_table
from app.widgets.basics import Button, Card, Icon, Label, row
from app.widgets.empty import Empty
from app.widgets.judging import Judging
from app.widgets.kept import Kept
from app.widgets.result_table import ClassTable, DetailTable, ResultTable
from engine.prompts.class_names import readable
from engine.run_directory import RunDirectory

_WIDE = 900
"""From this width on two columns stand beside each other."""
_SIDE = 372


class EvaluatePage(Page):
    """Shows the figures of the run that is open."""

    step = Step.EVALUATE
    title = str(QT_TRANSLATE_NOOP("pages", "Evaluate"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "How much better the model became, on pictures it has never seen.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "The test set was put aside before training and is looked at once, at the end: its figures are the "
            "honest ones. Validation chose the epoch and is therefore a little too good. Shifted sets are of the "
            "same classes from elsewhere; they show how far the model can be trusted away from home.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self.result: Result | None = None
        self.shown: str = ""
        """Name of the set whose classes are shown."""
        self._of: tuple[Path, int] | None = None
        self._others: dict[Path, list[SetResult]] = {}
        """Run -> other pictures judged since the program started."""
        self._reading: pool.Errand | None = None
        self._build()
        session.state_changed.connect(self._look)
        self._look()
        self._offer()

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        self.other_button = Button(
            self.tr("Evaluate other pictures…"),
            icon="image",
            tip=self.tr("A folder with the same class folders; its figures are added to the table for now"),
            act=self.ask_other,
        )
        self.head.insertWidget(1, self.other_button)
        self.judging = Judging(self.shell)
        self.judging.judged.connect(self._judged)
        self.judging.changed.connect(self._offer)
        self.empty = Empty("chart")
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(16)
        self.inside = QWidget()
        self.inside.setLayout(self.grid)
        self.sets_card, self.class_card = self._sets_card(), self._class_card()
        self.kept, self.detail_card = Kept(), self._detail_card()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.inside)
        self.filled = scroll
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scroll)
        self.body.addWidget(self.judging)
        self.body.addWidget(self.stack, 1)
        self._columns = 0
        self._arrange(2)

    def _sets_card(self) -> Card:
        card = Card(
            self.tr("Before and after"),
            self.tr("accuracy in %, and the range to expect 95 times in 100"),
            padding=0,
        )
        card.body.setSpacing(0)
        self.sets = ResultTable()
        self.sets.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sets.setToolTip(self.tr("Choose a set to see its classes"))
        self.sets.selectionModel().selectionChanged.connect(self._set_chosen)
        self.copy_button = Button(
            self.tr("Copy as table"),
            icon="copy",
            kind="quiet",
            small=True,
            tip=self.tr("Copies the table with tabs, for a spreadsheet"),
            act=self.sets.copy,
        )
        card.head.addWidget(self.copy_button)
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
        card.body.addWidget(self.sets)
        card.body.addWidget(self.optimistic)
        card.body.addStretch(1)
        return card

    def _class_card(self) -> Card:
        card = Card(self.tr("Per class"), self.tr("how many of each class are right, in %"), padding=0)
        self.classes = ClassTable(self._readable)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Set whose classes are shown"))
        self.chooser.setToolTip(self.tr("Set whose classes and further figures are shown"))
        self.chooser.setMinimumWidth(120)
        self.chooser.setFixedHeight(28)
        self.chooser.activated.connect(lambda _: self._show_set(self.chooser.currentData()))
        self.copy_classes = Button(
            icon="copy",
            kind="quiet",
            small=True,
            name=self.tr("Copy the classes as table"),
            tip=self.tr("Copies the table of classes with tabs, for a spreadsheet"),
            act=self.classes.copy,
        )
        card.head.addWidget(self.copy_classes)
        card.head.addWidget(self.chooser)
        card.body.addWidget(self.classes)
        card.setMinimumHeight(48 + 28 + 5 * 32)
        return card

    def _detail_card(self) -> Card:
        card = Card(self.tr("Further figures"), padding=0)
        self.details = DetailTable()
        self.details.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        card.body.addWidget(self.details)
        card.body.addStretch(1)
        return card

    def _arrange(self, columns: int) -> None:
        """Two columns, or where there is no room for them the side cards between the tables."""
        if columns == self._columns:
            return
        self._columns = columns
        for card in (self.sets_card, self.class_card, self.kept, self.detail_card):
            self.grid.removeWidget(card)
        if columns == 2:
            for card, place in (
                (self.sets_card, (0, 0)),
                (self.kept, (0, 1)),
                (self.class_card, (1, 0)),
                (self.detail_card, (1, 1)),
            ):
                self.grid.addWidget(card, *place)
            self.kept.setFixedWidth(_SIDE)
            self.detail_card.setFixedWidth(_SIDE)
            self.grid.setColumnStretch(0, 1)
            self.grid.setColumnStretch(1, 0)
            self.grid.setRowStretch(1, 1)
            self.grid.setRowStretch(2, 0)
        else:
            for card in (self.kept, self.detail_card):
                card.setMinimumWidth(0)
                card.setMaximumWidth(16_777_215)
            self.grid.addWidget(self.sets_card, 0, 0, 1, 2)
            self.grid.addWidget(self.kept, 1, 0)
            self.grid.addWidget(self.detail_card, 1, 1)
            self.grid.addWidget(self.class_card, 2, 0, 1, 2)
            self.grid.setColumnStretch(0, 1)
            self.grid.setColumnStretch(1, 1)
            self.grid.setRowStretch(1, 0)
            self.grid.setRowStretch(2, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._arrange(2 if self.width() - 48 >= _WIDE else 1)

    # --- what is shown ------------------------------------------------------------------------

    def entered(self) -> None:
        self._look()

    def hint(self) -> Hint | None:
        if self.session.state is not RunState.FINISHED:
            return Hint("info", self.tr("Export opens when a run has finished."))
        if self.result is None or self.session.folder is None:
            return None
        recipe = self.shell.project.recipe()
        if recipe is not None and recipe != self.session.recipe:
            return Hint(
                "warn", self.tr("The recipe has changed since this run; these are the figures of before.")
            )
        return Hint(
            "info", self.tr("Every number on this page is of the run {}.").format(self.session.folder.name)
        )

    def _look(self) -> None:
        """Show the run that is open, reading its figures if they are other ones."""
        folder, state = self.session.folder, self.session.state
        if folder is None or state is not RunState.FINISHED:
            key = (folder, -1) if folder is not None else None
            if self._of != key:
                self._forget()
            judged = self._of == key and self.result is not None
            self._of = key
            if not judged:
                self._say_why()
            return
        try:
            stamp = RunDirectory(folder).result_file.stat().st_mtime_ns
        except OSError:
            stamp = 0
        if self._of == (folder, stamp):
            return
        self._forget()
        self._of = (folder, stamp)
        self.empty.say(self.tr("Reading the figures"), "")
        self._reading = pool.run(lambda: results.read(folder), self._arrived)

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading.drop()
            self._reading = None
        self.result = None
        self.shown = ""
        self.stack.setCurrentWidget(self.empty)
        self._offer()

    def _arrived(self, result: Result | Exception) -> None:
        self._reading = None
        if isinstance(result, Exception):
            what = self.tr("The figures of this run cannot be read.")
            self.empty.say(what, run_care.why(result), self.tr("Judge it again"), self.judge_again)
            return
        self.result = result
        self._show()

    def _say_why(self) -> None:
        """Why there are no figures, and where to get them."""
        session, folder = self.session, self.session.folder
        train = (self.tr("Go to Train"), lambda: self.shell.go(Step.TRAIN))
        if session.under_way or session.state is RunState.ELSEWHERE:
            why = self.tr("Its figures come here when it ends. Until then Train shows how it does.")
            self.empty.say(self.tr("The training is under way"), why, *train)
        elif session.state in (RunState.PAUSED, RunState.INTERRUPTED):
            why = self.tr("Let it go on to its end in Train, or open a run that is done in Runs.")
            self.empty.say(self.tr("The run has not ended yet"), why, *train)
        elif folder is not None and RunDirectory(folder).has_checkpoint("best"):
            why = self.tr("The best weights up to then were saved. They can be judged on every set now.")
            what = self.tr("The run ended before it was judged")
            self.empty.say(what, why, self.tr("Judge what was saved"), self.judge_again)
        elif folder is not None:
            why = self.tr("It ended before any weights were saved. Train says what went wrong.")
            self.empty.say(self.tr("This run has nothing to judge"), why, *train)
        else:
            why = self.tr(
                "Train a model, or open a run that is done in Runs. Its figures before and after come here."
            )
            self.empty.say(self.tr("Needs a finished run"), why, *train)

    def _show(self) -> None:
        """Fill the tables."""
        result, folder = self.result, self.session.folder
        if result is None or folder is None:
            return
        sets = [*result.sets, *self._others.get(folder, [])]
        names = [each.name for each in sets if each.kind != "mean"]
        if self.shown not in names:
            self.shown = names[0] if names else ""
        self.sets.selectionModel().blockSignals(True)
        self.sets.rows.show_rows(sets)
        self.sets.choose(lambda each: each.kind != "mean" and each.name == self.shown)
        self.sets.selectionModel().blockSignals(False)
        self.sets.fit_height()
        self.optimistic.setVisible(not result.has_test)
        self.kept.show_result(result, RunDirectory(folder).standing_checkpoint("best"))
        self.chooser.clear()
        for name in names:
            self.chooser.addItem(name, name)
        self._show_set(self.shown)
        self.stack.setCurrentWidget(self.filled)
        self._offer()

    def _set_chosen(self) -> None:
        chosen = self.sets.chosen()
        if chosen and chosen[0].kind != "mean" and chosen[0].name != self.shown:
            self._show_set(chosen[0].name)

    def _show_set(self, name: str) -> None:
        """Show the classes and further figures of one set."""
        found = next(
            (each for each in self.sets.all_rows() if each.kind != "mean" and each.name == name), None
        )
        if found is None:
            return
        self.shown = name
        self.chooser.setCurrentIndex(self.chooser.findData(name))
        self.sets.choose(lambda each: each is found)
        self.classes.token = result_table.token_of(found)
        self.classes.rows.show_rows(list(found.per_class))
        self.details.rows.show_rows(result_table.details(found, self._readable))
        self.details.fit_height()
        self.detail_card.about.setText(name)

    def _readable(self, folder: str) -> str:
        """A class as the model is told it."""
        own = self.session.recipe.prompts.class_names if self.session.recipe is not None else {}
        return own.get(folder) or readable(folder)

    # --- judging ------------------------------------------------------------------------------

    def _offer(self) -> None:
        self.other_button.setEnabled(self.result is not None and not self.judging.busy)
        self.state_changed.emit()

    def ask_other(self) -> None:
        """Ask for a folder of pictures of the same classes, and judge it."""
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder with the same class folders"))
        if given:
            self.judge(Path(given))

    def judge(self, pictures: Path) -> None:
        """Judge pictures that do not belong to the run; their row is not saved with it."""
        if self.session.folder is not None:
            self.judging.ask(self.session.folder, pictures)

    def judge_again(self) -> None:
        """Judge the run's own sets with the weights that were saved."""
        if self.session.folder is not None:
            self.judging.ask(self.session.folder)

    def _judged(self, folder: Path, found: Result, own: bool) -> None:
        shown = folder == self.session.folder
        if own and shown:
            self.result = found
        elif not own:
            taken = {each.name for each in self.result.sets} if shown and self.result is not None else set()
            new = [_renamed(each, taken) for each in found.sets]
            names = {each.name for each in new}
            kept = [each for each in self._others.get(folder, []) if each.name not in names]
            self._others[folder] = [*kept, *new]
            if shown and new:
                self.shown = new[0].name
        self._show()


def _renamed(each: SetResult, taken: set[str]) -> SetResult:
    """Under a name that no set of the run has."""
    name, number = each.name, 2
    while name in taken:
        name = f"{each.name} ({number})"
        number += 1
    return SetResult(**{**each.__dict__, "name": name})
