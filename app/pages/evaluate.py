"""What the training brought: each set before and after at any blend, each class, and the mistakes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget

from app import blends, pool, results, run_care
from app.pages.page import Hint, Page
from app.results import Result
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button
from app.widgets.empty import Empty
from app.widgets.evaluate_view import EvaluateView
from app.widgets.judging import Judging
from app.widgets.try_dialog import TryDialog, pictures_in
from engine.run_directory import RunDirectory


class EvaluatePage(Page):
    """Shows the run that is open, at one blend at a time."""

    step = Step.EVALUATE
    title = str(QT_TRANSLATE_NOOP("pages", "Evaluate"))
    purpose = str(QT_TRANSLATE_NOOP("pages", "How much better it became, on pictures it has never seen."))
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "The test set was put aside before training and is looked at once, at the end: its figures are the "
            "honest ones. Validation chose the epoch, and the blend where you take the best; it is therefore a "
            "little too good. Shifted sets are of the same classes from elsewhere; they show how far the model can "
            "be trusted away from home. The blend mixes the weights before and after training.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self._of: tuple[Path, int] | None = None
        self._reading: pool.Errand | None = None
        self._try: TryDialog | None = None
        self._visible = False
        self._build()
        session.state_changed.connect(self._look)
        session.changed.connect(self._other_run)
        shell.project_changed.connect(lambda _: self.state_changed.emit())
        self._look()
        self._offer()

    @property
    def result(self) -> Result | None:
        """The run's figures as the engine wrote them."""
        return self.view.result

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        tr = self.tr
        self.try_button = Button(
            tr("Try pictures…"), icon="image", act=self.try_pictures,
            tip=tr("See what the model says of single pictures, before and after"),
        )  # fmt: skip
        self.report_button = Button(
            tr("Save report…"), icon="download", act=self.ask_report,
            tip=tr("Figures, charts and the surest mistakes in one HTML file, at the blend that is shown"),
        )  # fmt: skip
        self.head.insertWidget(1, self.try_button)
        self.head.insertWidget(2, self.report_button)
        self.judging = Judging(self.shell)
        self.judging.judged.connect(self._judged)
        self.judging.reported.connect(self._reported)
        self.judging.changed.connect(self._work_changed)
        self.empty = Empty("chart")
        self.view = EvaluateView(self.shell, self.session)
        self.view.changed.connect(self._view_changed)
        self.view.sets_card.other_button.clicked.connect(lambda: self.ask_other())
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        self.body.addWidget(self.judging)
        self.body.addWidget(self.stack, 1)
        self.setAcceptDrops(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self.view.inside.arrange(self.width() - 48)

    # --- which run ----------------------------------------------------------------------------

    def entered(self) -> None:
        self._visible = True
        self._look()
        self.view.sweep()

    def left(self) -> None:
        # the engine is free for the other pages; what is computed stays
        self._visible = False
        self.view.sweeping.stop()

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
        name = self.session.folder.name
        if blends.same(self.view.alpha, 1.0):
            return Hint("info", self.tr("Every number on this page is of the run {}.").format(name))
        words = self.tr("Every number on this page is for blend {:g}.")
        if self.view.blend.best is not None and blends.same(self.view.alpha, self.view.blend.best):
            words = self.tr("Every number on this page is for blend {:g}, the best on validation.")
        return Hint("info", words.format(self.view.alpha))

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

    def _other_run(self) -> None:
        """Another run may be as finished as the one before."""
        if self._of is not None and self._of[0] != self.session.folder:
            self._look()

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading.drop()
            self._reading = None
        self.view.forget()
        if self._try is not None and self._try.run != self.session.folder:
            # what it shows, and would say of more pictures, is of the run before
            self._try.close()
        self.stack.setCurrentWidget(self.empty)
        self._offer()

    def _arrived(self, result: Result | Exception) -> None:
        self._reading = None
        if isinstance(result, Exception):
            what = self.tr("The figures of this run cannot be read.")
            self.empty.say(what, run_care.why(result), self.tr("Judge it again"), self.judge_again)
            return
        self._take(result)

    def _take(self, result: Result) -> None:
        self.view.take(result)
        self.stack.setCurrentWidget(self.view)
        if self._visible:
            self.view.sweep()
        self._offer()

    def _view_changed(self) -> None:
        if self._try is not None and self.session.folder is not None:
            self._try.follow(self.session.folder, self.view.alpha)
        self.state_changed.emit()

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

    # --- other pictures, single pictures, the report ------------------------------------------

    def _offer(self) -> None:
        idle = self.result is not None and not self.judging.busy
        self.view.sets_card.other_button.setEnabled(idle)
        self.report_button.setEnabled(idle)
        self.try_button.setEnabled(self.result is not None)
        self.state_changed.emit()

    def _work_changed(self) -> None:
        """What the person asks for goes before the blends, which go on where they were."""
        if self.judging.busy or (self._try is not None and self._try.busy):
            self.view.sweeping.stop()
        elif self._visible:
            self.view.sweep()
        self._offer()

    def ask_other(self) -> None:
        """Ask for a folder of pictures of the same classes, and judge it."""
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder with the same class folders"))
        if given:
            self.judge(Path(given))

    def judge(self, pictures: Path) -> None:
        """Judge pictures that do not belong to the run; their row is not saved with it."""
        if self.session.folder is not None:
            self.judging.ask(self.session.folder, pictures, self.view.alpha)

    def judge_again(self) -> None:
        """Judge the run's own sets with the weights that were saved."""
        if self.session.folder is not None:
            self.judging.ask(self.session.folder)

    def _judged(self, folder: Path, found: Result, own: bool) -> None:
        if not own:
            self.view.add_others(folder, found)
        elif folder == self.session.folder:
            self._take(found)

    def try_pictures(self) -> None:
        """Open the place for single pictures."""
        folder = self.session.folder
        if folder is None or self.result is None:
            return
        if self._try is None:
            self._try = TryDialog(self, self.shell, self.view.readable)
            self._try.changed.connect(self._work_changed)
        self._try.follow(folder, self.view.alpha)
        self._try.show()
        self._try.raise_()

    def ask_report(self) -> None:
        """Ask where the report goes."""
        folder = self.session.folder
        if folder is None or self.result is None:
            return
        start = str(Path.home() / f"{folder.name}-report.html")
        given, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), start, self.tr("Web page (*.html)")
        )
        if given:
            out = Path(given)
            self.save_report(out if out.suffix else out.with_suffix(".html"))

    def save_report(self, out: Path) -> None:
        """Write the report at the blend that is shown."""
        if self.session.folder is not None:
            self.judging.report(self.session.folder, out, self.view.alpha)

    def _reported(self, path: str) -> None:
        self.shell.notify(
            "good",
            self.tr("The report is saved."),
            path,
            self.tr("Open"),
            lambda: _open(path),
            key="evaluate.report",
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's names
        if self.result is not None and _dropped(event):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        paths = _dropped(event)
        event.acceptProposedAction()
        self.try_pictures()
        if self._try is not None:
            self._try.take(paths)


def _dropped(event: QDropEvent) -> list[str]:
    """Picture files that are dropped; none where a folder is among it, which is to be opened as ever."""
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return [] if any(Path(path).is_dir() for path in paths) else pictures_in(paths)


def _open(path: str) -> None:
    """In the system's program for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))
