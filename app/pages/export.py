"""The finetuned model for elsewhere: formats, blend and folder, verified exports, and new pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QStackedWidget

from app.export_places import Place
from app.exporting import Exporting
from app.pages.page import Hint, Page
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button
from app.widgets.export_empty import ExportEmpty
from app.widgets.export_view import ExportView
from app.widgets.use_dialog import UseDialog
from engine.exports import ExportAnswer, ExportRequest
from engine.messages import Message
from engine.prompts import class_names
from engine.run_directory import RunDirectory


class ExportPage(Page):
    """Of the run that is open."""

    step = Step.EXPORT
    title = str(QT_TRANSLATE_NOOP("pages", "Export"))
    purpose = str(QT_TRANSLATE_NOOP("pages", "Take the finetuned model to other programs, or use it here."))
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "Tick the formats that your programs read. Each is written, read back by its own reader in a fresh "
            "process and compared with the run on pictures of the validation set; only then does it lie in its "
            "folder, with a model card, the recipe and what was compared. If anything fails, nothing is left.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self._run: Path | None = None
        self._of: tuple[Path | None, RunState] | None = None
        self._use: UseDialog | None = None
        self._asked: Path | None = None
        self.exporting = Exporting(shell, self)
        self.empty = ExportEmpty(session, lambda: shell.go(Step.TRAIN))
        self._build()
        self.exporting.known.connect(self._show_formats)
        self.exporting.changed.connect(self._offer)
        self.exporting.done.connect(self._done)
        self.exporting.failed.connect(self._failed)
        session.state_changed.connect(self._look)
        session.changed.connect(self._look)
        session.alpha_changed.connect(self._alpha_changed)
        shell.project_changed.connect(lambda _: self.state_changed.emit())
        self._look()

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        tr = self.tr
        self.use_button = Button(
            tr("Use on new pictures…"), icon="image", act=self.use,
            tip=tr("Classify pictures of your own here: names, a table, copies sorted into folders"),
        )  # fmt: skip
        self.head.insertWidget(1, self.use_button)
        self.view = ExportView(self.exporting, self.session, _show)
        self.formats, self.settings = self.view.formats, self.view.settings
        self.trouble, self.results, self.run_card = self.view.trouble, self.view.results, self.view.run_card
        self.formats.changed.connect(self._offer)
        self.settings.export_wanted.connect(self.export)
        self.settings.alpha_changed.connect(self._follow)
        self.settings.folder.changed.connect(self._offer)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        self.body.addWidget(self.stack, 1)

    # --- which run ----------------------------------------------------------------------------

    def entered(self) -> None:
        self._look()
        if self._run is not None:
            self.exporting.look(self._run)
            self.settings.read_sweep(self._run)
            self.settings.folder.refresh()

    def hint(self) -> Hint | None:
        if self._run is None:
            return None
        if self.exporting.busy:
            return Hint("info", self.settings.phase.text())
        recipe = self.shell.project.recipe()
        if recipe is not None and recipe != self.session.recipe:
            words = self.tr("The recipe has changed since this run; this is the model of before.")
            return Hint("warn", words)
        if self.exporting.entries and not self.formats.formats:
            return Hint("info", self.tr("Tick at least one format to export."))
        if self.settings.folder.place is Place.EXPORT:
            words = self.tr("An export lies in this folder already. Take another name, or replace it.")
            return Hint("info", words)
        if trouble := self.settings.folder.trouble():
            return Hint("warn", self.tr("{} Take another name.").format(trouble))
        return Hint("info", self.tr("This is the model of the run {}.").format(self._run.name))

    def _look(self) -> None:
        session, known = self.session, self._of
        self._of = (session.folder, session.state)
        if self._of == known and session.state is not RunState.FINISHED:
            # while it trains it tells of every batch
            return
        run = RunDirectory(session.folder) if session.folder is not None else None
        if session.state is not RunState.FINISHED or run is None or not run.has_checkpoint("best"):
            self._run = None
            self._close_use()
            self.exporting.forget()
            self.empty.say_why()
            self.stack.setCurrentWidget(self.empty)
            self._offer()
            return
        weights = run.standing_checkpoint("best")
        if (run.path, weights) == (self._run, self.run_card.folder):
            return
        self._run = run.path
        self._close_use()
        started = session.series.started
        self.run_card.show_run(weights, started.classes if started is not None else ())
        self.settings.show_run(run.path)
        self.settings.folder.suggest(run.path)
        self.trouble.forget()
        self.results.show_run(run.path)
        self.stack.setCurrentWidget(self.view)
        if self.isVisible():
            self.exporting.look(run.path)
        self._show_formats()

    def _alpha_changed(self) -> None:
        if self._run is not None:
            self.run_card.say_blend()
            self.settings.show_run(self._run)
            self._follow()

    # --- formats and the export ---------------------------------------------------------------

    def _show_formats(self) -> None:
        self.view.show_formats()
        trouble = self.exporting.trouble
        if trouble is not None:
            what = self.tr("It is not known which formats this run can leave in.")
            self.trouble.tell(what, trouble, self.tr("Look again"), self._look_again)
        self._offer()

    def _look_again(self) -> None:
        if self._run is not None:
            self.exporting.look(self._run, again=True)

    def _offer(self) -> None:
        ready = bool(self.formats.formats) and self.settings.folder.place is Place.FREE
        busy = self.exporting.busy
        self.settings.export_button.setEnabled(ready and not busy and self._run is not None)
        self.settings.folder.replace_button.setEnabled(bool(self.formats.formats) and not busy)
        self.formats.setEnabled(not busy)
        self.view.options.setEnabled(not busy)
        self.use_button.setEnabled(self._run is not None)
        self.state_changed.emit()

    def export(self, replace: bool = False) -> None:
        """Write and verify what is ticked, in a worker's process; nothing is left if that fails."""
        if self._run is None or self.exporting.busy or not self.formats.formats:
            return
        self.trouble.forget()
        self._asked = self._run
        self.view.reveal(self.settings)
        self.exporting.begin(
            ExportRequest(
                run=str(self._run),
                formats=self.formats.formats,
                out=str(self.settings.folder.path),
                alpha=self.settings.alpha,
                options=self.view.options.values,
                replace=replace,
            )
        )

    def _done(self, answer: ExportAnswer) -> None:
        assert self._asked is not None
        self.results.keep(self._asked, answer)
        self.settings.folder.refresh()
        if self._asked == self._run:
            self.results.show_run(self._run)
            self.view.reveal(self.results.cards[-1])
            self.view.reveal(self.results.cards[0])

    def _failed(self, message: Message) -> None:
        self.settings.folder.refresh()
        if self._asked == self._run:
            self.trouble.tell(self.tr("Not exported."), message, self.tr("Try again"), self.export)
            self.view.reveal(self.trouble)

    # --- new pictures -------------------------------------------------------------------------

    def use(self) -> None:
        """Open the place for new pictures."""
        if self._run is None:
            return
        if self._use is None:
            self._use = UseDialog(self, self.shell, self._readable)
        self._follow()
        self._use.show()
        self._use.raise_()

    def _readable(self, name: str) -> str:
        recipe = self.session.recipe
        return class_names.for_model([name], recipe.prompts.class_names if recipe is not None else {})[0]

    def _follow(self) -> None:
        if self._use is not None and self._run is not None:
            self._use.follow(self._run, self.settings.alpha)

    def _close_use(self) -> None:
        """What the dialog shows, and would say of more pictures, is of the run before."""
        if self._use is not None and self._use.predicting.run != self._run:
            self._use.close()


def _show(folder: Path) -> None:
    """In the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
