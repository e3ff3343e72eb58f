"""All runs: open one, go on with it, use its recipe, compare some, throw some away."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from app import pool, run_care, run_places, texts
from app import project as projects
from app.pages.page import Hint, Page
from app.run_list import IN_USE, Entry, RunList, State
from app.run_session import RunSession
from app.shell import Shell
from app.steps import Step
from app.widgets import compare
from app.widgets.basics import Button, Card, Label, Ring, row
from app.widgets.compare import Compare
from app.widgets.empty import Empty
from app.widgets.run_actions import RunActions
from app.widgets.runs_table import Row, RunsTable
from engine.paths import runs_folder

_LOOK_MS = 3000
"""How often runs in use are looked at while the page is shown."""


class RunsPage(Page):
    """The list of runs. It is read in a worker thread."""

    step = Step.RUNS
    title = str(QT_TRANSLATE_NOOP("pages", "Runs"))
    purpose = str(QT_TRANSLATE_NOOP("pages", "Every training so far, to open, to go on with and to compare."))
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "Each training is a run with a folder of its own: its recipe, its figures and its weights. Open one to "
            "see its charts and results. A run that was paused or interrupted can go on from where it was saved.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self.list = RunList()
        self.entries: list[Entry] = []
        self._reading: pool.Errand | None = None
        self._again = False
        self._work: pool.Errand | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        self._build()
        session.state_changed.connect(self._session_changed)
        session.changed.connect(self._show_rows)
        session.ended.connect(self.refresh)
        session.fetching.changed.connect(self._fetching_changed)
        self._session_changed()
        self._show_fetching()

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        open_other = Button(
            self.tr("Open a run…"),
            icon="folder",
            tip=self.tr("A run that lies in another folder; it is listed here from then on"),
            act=self.ask_other,
        )
        self.head.insertWidget(1, open_other)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the runs"))
        self.search.setToolTip(self.tr("Shows only runs with this text in any column"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(220)
        self.search.setMinimumWidth(96)
        self.table = RunsTable()
        self.search.textChanged.connect(self.table.order.search)
        self.actions_ = RunActions()
        wishes = {
            "open": self.open_chosen,
            "go_on": self.go_on,
            "fetch": self.fetch,
            "reuse": self.reuse,
            "compare": self.compare_chosen,
            "folder": self.show_folder,
            "delete": self.delete,
        }
        self.actions_.wanted.connect(lambda what: wishes[what]())
        self.table.wanted.connect(lambda what: wishes[what]())
        tools = row(self.search, None, self.actions_)
        card = Card(padding=0)
        card.body.addWidget(self.table)
        listing = QWidget()
        inside = QVBoxLayout(listing)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addLayout(tools)
        inside.addWidget(card, 1)
        self.ring = Ring()
        self.wait_words = Label("", "support")
        self.waiting = QWidget()
        self.no_wait = Button(
            self.tr("Do not wait"),
            small=True,
            tip=self.tr("Its process saves the run and ends all the same; it can be gone on with later"),
            act=self.session.fetching.cancel,
        )
        self.waiting.setLayout(row(self.ring, self.wait_words, self.no_wait, None))
        self.waiting.hide()
        inside.addWidget(self.waiting)
        self.empty = Empty("list")
        self.compare = Compare()
        self.compare.closed.connect(self._close_compare)
        self.stack = QStackedWidget()
        for page in (self.empty, listing, self.compare):
            self.stack.addWidget(page)
        self.listing = listing
        self.empty.say(self.tr("Looking for runs"), "")
        self.body.addWidget(self.stack, 1)
        self.table.selectionModel().selectionChanged.connect(self._offer)
        self.table.doubleClicked.connect(lambda _: self.open_chosen())
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)

    # --- reading ------------------------------------------------------------------------------

    def entered(self) -> None:
        self.refresh()

    def left(self) -> None:
        self._timer.stop()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        self._timer.stop()
        super().hideEvent(event)

    def refresh(self) -> None:
        """Read the runs again; what comes in the meantime is read once more after it."""
        if self._reading is not None:
            self._again = True
            return
        elsewhere = run_places.elsewhere(self.shell.settings)
        self._reading = pool.run(lambda: self.list.read(elsewhere), self._arrived)

    def _arrived(self, entries: list[Entry] | Exception) -> None:
        self._reading = None
        if isinstance(entries, Exception):
            what = self.tr("The runs could not be read.")
            self.shell.notify("bad", what, run_care.why(entries), key="runs")
            self._again = False
            return
        self.entries = entries
        self._show_rows()
        self.shell.runs_counted.emit(len(entries))
        if self.stack.currentWidget() is not self.compare:
            self._show_list()
        in_use = any(entry.state in IN_USE for entry in entries)
        if in_use and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()
        if self._again:
            self._again = False
            self.refresh()

    def _show_rows(self) -> None:
        session = self.session
        titles = {each.name: each.title for each in self.shell.facts.methods}
        self.table.show_entries(
            [
                Row(
                    entry,
                    here=self.tr("here: {}").format(session.words())
                    if session.under_way and entry.folder == _absolute(session.folder)
                    else "",
                    method=titles.get(entry.recipe.method.name, "") if entry.recipe is not None else "",
                    shown=entry.folder == _absolute(session.folder),
                )
                for entry in self.entries
            ]
        )
        self._offer()

    def _show_list(self) -> None:
        if self.entries:
            self.stack.setCurrentWidget(self.listing)
            return
        self.empty.say(
            self.tr("No runs yet"),
            self.tr("Every training becomes a run and is listed here with its figures."),
            self.tr("Go to Train"),
            lambda: self.shell.go(Step.TRAIN),
        )
        self.stack.setCurrentWidget(self.empty)

    def _session_changed(self) -> None:
        if self.session.folder is not None and not self.session.under_way:
            run_places.note(self.shell.settings, self.session.folder)
        self._show_rows()

    # --- what can be done ---------------------------------------------------------------------

    def _offer(self) -> None:
        """Switch on what the chosen runs allow."""
        chosen = self.table.entries()
        one = chosen[0] if len(chosen) == 1 else None
        idle = self.session.fetching.folder is None
        self.actions_.open.setEnabled(one is not None and one.state is not State.DAMAGED)
        behind = one is not None and one.state is State.BACKGROUND and not self._here(one)
        self.actions_.fetch.setVisible(behind)
        self.actions_.fetch.setEnabled(behind and idle and not self.session.under_way)
        self.actions_.go_on.setVisible(not behind)
        self.actions_.go_on.setEnabled(
            one is not None and self._resumable(one) and not self.session.under_way
        )
        self.actions_.reuse.setEnabled(one is not None and one.recipe is not None)
        self.actions_.compare.setEnabled(2 <= len(chosen) <= compare.MOST)
        self.actions_.folder.setEnabled(one is not None)
        self.actions_.delete.setEnabled(bool(chosen))
        self.state_changed.emit()

    def _here(self, entry: Entry) -> bool:
        return self.session.under_way and entry.folder == _absolute(self.session.folder)

    @staticmethod
    def _resumable(entry: Entry) -> bool:
        return entry.resumable and entry.state in (State.PAUSED, State.INTERRUPTED)

    def hint(self) -> Hint | None:
        if not self.entries or self.stack.currentWidget() is self.compare:
            return None
        chosen = self.table.entries()
        if not chosen:
            return Hint("info", self.tr("Choose a run to open it; choose two or more to compare them."))
        if len(chosen) > compare.MOST:
            return Hint("info", self.tr("At most {} runs can be compared at once.").format(compare.MOST))
        if len(chosen) == 1 and self.session.under_way and self._resumable(chosen[0]):
            return Hint("info", self.tr("It can go on when the training under way is paused or over."))
        if len(chosen) == 1 and chosen[0].trouble:
            return Hint("warn", chosen[0].trouble)
        return None

    def _menu(self, at: QPoint) -> None:
        self.actions_.pop_up(self.table.viewport().mapToGlobal(at))

    def _one(self) -> Entry | None:
        chosen = self.table.entries()
        return chosen[0] if len(chosen) == 1 else None

    def open_chosen(self) -> None:
        """Show the chosen run in Train, Evaluate and Export."""
        entry = self._one()
        if entry is not None and self.actions_.open.isEnabled():
            self.shell.run_wanted.emit(str(entry.folder))

    def ask_other(self) -> None:
        """Open a run from another folder."""
        given = QFileDialog.getExistingDirectory(self, self.tr("The folder of a run"), str(runs_folder()))
        if given:
            self.shell.run_wanted.emit(given)

    def go_on(self) -> None:
        """Open the chosen run and go on with it."""
        entry = self._one()
        if entry is not None and self.actions_.go_on.isEnabled():
            self.shell.resume_wanted.emit(str(entry.folder))

    def reuse(self) -> None:
        """A new project with the chosen run's recipe."""
        entry = self._one()
        if entry is not None and entry.recipe is not None:
            made = projects.of_recipe(entry.recipe)
            # it is in its file before anything happens to it
            made.save()
            self.shell.open_project(made)
            if made.unsaved is not None:
                what = self.tr("The project could not be saved.")
                self.shell.notify("bad", what, texts.whole(made.unsaved), key="project.unsaved")
            self.shell.go(Step.METHOD)

    def show_folder(self) -> None:
        """Show the chosen run's folder in the system's file manager."""
        entry = self._one()
        if entry is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(entry.folder)))

    def compare_chosen(self) -> None:
        """Put the chosen runs beside each other."""
        chosen = self.table.entries()
        if 2 <= len(chosen) <= compare.MOST:
            self.compare.show_entries(chosen)
            self.stack.setCurrentWidget(self.compare)
            self.state_changed.emit()

    def _close_compare(self) -> None:
        self._show_list()
        self.table.setFocus()
        self.state_changed.emit()

    # --- a run in the background ----------------------------------------------------------------

    def fetch(self) -> None:
        """Let the background process save the chosen run and end, then go on with it here."""
        entry = self._one()
        if entry is not None and self.actions_.fetch.isEnabled():
            self.session.fetching.begin(entry.folder)

    def _fetching_changed(self) -> None:
        self._show_fetching()
        if self.session.fetching.folder is None:
            self.refresh()

    def _show_fetching(self) -> None:
        folder = self.session.fetching.folder
        if folder is not None:
            self.wait_words.setText(self.tr("{} is being saved by its process").format(folder.name))
        self.waiting.setVisible(folder is not None)
        self._offer()

    # --- to the bin -----------------------------------------------------------------------------

    def delete(self) -> None:
        """Ask, then move the chosen runs to the system's bin; runs in use stay."""
        chosen = self.table.entries()
        if not chosen or (self._work is not None and self._work.open):
            return
        busy = [entry for entry in chosen if entry.state in IN_USE or self._here(entry)]
        if busy:
            what = self.tr("{} is being worked on.").format(busy[0].name)
            self.shell.notify("warn", what, self.tr("Pause or end it first; nothing was deleted."), key="bin")
            return
        if not self._sure(chosen):
            return
        folders = [entry.folder for entry in chosen]
        if not self.session.under_way and _absolute(self.session.reading or self.session.folder) in folders:
            self.session.forget()
        self._work = pool.run(lambda: run_care.to_bin(folders), self._deleted)

    def _sure(self, chosen: list[Entry]) -> bool:
        if len(chosen) == 1:
            question = self.tr("Move the run {} to the bin?").format(chosen[0].name)
        else:
            question = self.tr("Move {} runs to the bin?").format(len(chosen))
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("To the bin"), question, parent=self)
        box.setInformativeText(
            self.tr("Its weights and figures go with it. The pictures stay where they are.")
        )
        move = box.addButton(self.tr("Move to the bin"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(self.tr("Keep"), QMessageBox.ButtonRole.RejectRole))
        box.exec()
        return box.clickedButton() is move

    def _deleted(self, outcome: tuple[list[Path], str] | Exception) -> None:
        gone, trouble = outcome if not isinstance(outcome, Exception) else ([], run_care.why(outcome))
        for folder in gone:
            run_places.forget(self.shell.settings, folder)
        if trouble:
            self.shell.notify("bad", self.tr("Not everything could be moved to the bin."), trouble, key="bin")
        elif gone:
            what = (
                self.tr("1 run is in the bin.")
                if len(gone) == 1
                else self.tr("{} runs are in the bin.").format(len(gone))
            )
            self.shell.notify("good", what, self.tr("It can be restored from there."), key="bin")
        self.refresh()


def _absolute(folder: Path | None) -> Path | None:
    return folder.absolute() if folder is not None else None
