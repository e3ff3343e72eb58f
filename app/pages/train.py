"""Train: charts of the run as it learns, where it stands, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QScrollArea, QStackedWidget, QWidget

from app import reading_order, texts
from app.charts.run_charts import RunCharts
from app.pages.page import Hint, Page
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from app.widgets import run_words
from app.widgets.basics import column, row
from app.widgets.run_buttons import RunButtons
from app.widgets.run_failure import FailureCard, Remedy
from app.widgets.run_log import LogCard
from app.widgets.run_panel import RunPanel
from app.widgets.run_ready import ReadyCard
from engine.recipe import Recipe


class TrainPage(Page):
    """Follows the session; a hidden page does nothing but remember that something changed."""

    step = Step.TRAIN
    title = str(QT_TRANSLATE_NOOP("pages", "Train"))
    purpose = str(
        QT_TRANSLATE_NOOP(
            "pages", "Watch the model learn. You can stop at any time and keep the best epoch so far."
        )
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "Training shows the model your pictures epoch after epoch. After each epoch it is tried on pictures "
            "held out for that (validation); the epoch that does best there is kept. Shifted sets are only watched. "
            "Pausing saves the training and frees the device (a method that takes seconds begins anew and comes to "
            "the same end); stopping keeps the best epoch; cancelling leaves no result.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self._stale = True
        self._asking: QMessageBox | None = None
        self._wait = QTimer(self)
        """For good values, which are on their way as a start is wished."""
        self._wait.setSingleShot(True)
        self._wait.setInterval(100)
        self._wait.timeout.connect(self.start)
        self.ready = ReadyCard()
        self.charts = RunCharts()
        self.failure = FailureCard(session)
        self.log = LogCard()
        self.panel = RunPanel(shell, session)
        self.buttons = RunButtons(session)
        self.panel.foot.addWidget(self.buttons)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.ready)
        self.stack.addWidget(self.charts)
        upper = QWidget()
        inside = column(spacing=12)
        inside.addWidget(self.failure)
        inside.addWidget(self.stack, 1)
        upper.setLayout(inside)
        left = column(spacing=12)
        left.addWidget(_scrolled(upper), 1)
        left.addWidget(self.log)
        across = row(spacing=16)
        across.addLayout(left, 1)
        across.addWidget(self.panel)
        self.body.addLayout(across, 1)
        self._connect()
        self.failure.hide()

    def _connect(self) -> None:
        shell, session, buttons = self.shell, self.session, self.buttons
        session.changed.connect(self._changed)
        session.state_changed.connect(self._state_changed)
        shell.project_changed.connect(lambda _: self._state_changed())
        # a start that still waits was wished for the project before
        shell.project_opened.connect(self._wait.stop)
        shell.project_opened.connect(self._state_changed)
        shell.facts_changed.connect(lambda _: self._changed())
        shell.start_wanted.connect(self.start)
        buttons.start_wanted.connect(self.start)
        buttons.resume_wanted.connect(self.resume)
        buttons.keep_wanted.connect(lambda: self.resume(keep=True))
        buttons.fetch_wanted.connect(self.fetch)
        session.fetching.changed.connect(self._changed)
        buttons.pause_wanted.connect(session.pause)
        buttons.stop_wanted.connect(session.stop)
        buttons.cancel_wanted.connect(self.ask_to_cancel)
        buttons.evaluate_wanted.connect(lambda: shell.go(Step.EVALUATE))
        self.failure.chosen.connect(self.remedy)

    # --- what a page says ---------------------------------------------------------------------

    def entered(self) -> None:
        self._refresh()

    def first_control(self) -> QWidget | None:
        return next(reading_order.controls(self.buttons), None) or super().first_control()

    def hint(self) -> Hint | None:
        state = self.session.state
        if state is RunState.READING:
            return Hint("info", self.tr("The run is being read from its folder."))
        if state is not RunState.NONE and self._project_recipe() is None:
            return Hint(
                "info",
                self.tr("This run is of another project; to start one here, choose pictures and a model."),
            )
        if state is RunState.NONE:
            missing = self._missing()
            if missing:
                return Hint("warn", missing)
            return Hint("info", self.tr("Evaluate opens when a run has ended."))
        if state is RunState.ELSEWHERE:
            return Hint("info", self.tr("Evaluate opens when this run ends."))
        if self.session.under_way:
            if self.is_of_older_recipe():
                return Hint(
                    "info",
                    self.tr("The recipe has changed since this run was started; the run keeps to its own."),
                )
            return Hint("info", self.tr("Evaluate opens when this run ends, or when you stop and keep it."))
        if self.is_of_older_recipe():
            return Hint(
                "warn", self.tr("This run is of an older recipe. Train again to see what your changes do.")
            )
        if state is RunState.FINISHED:
            return Hint(
                "info", self.tr("Evaluate shows what was gained, on pictures the model has never seen.")
            )
        if state in (RunState.PAUSED, RunState.INTERRUPTED):
            return Hint(
                "info",
                self.tr("Go on to finish this run; Evaluate opens then.")
                if self.session.series.of_candidates
                else self.tr("Go on to finish this run, or stop and keep it; Evaluate opens then."),
            )
        return Hint("info", self.tr("Evaluate opens when a run has ended."))

    def can_go_on(self) -> bool:
        return self.session.state is RunState.FINISHED

    def is_of_older_recipe(self) -> bool:
        """The run that is shown was trained with something other than what the pages say now."""
        recipe = self._project_recipe()
        return self.session.recipe is not None and recipe is not None and recipe != self.session.recipe

    def _project_recipe(self) -> Recipe | None:
        return self.shell.project.recipe()

    def _missing(self) -> str:
        """What has to be there before a training can start, in words; empty if nothing is missing."""
        project, facts = self.shell.project, self.shell.facts
        if project.data is None and project.model is None:
            return self.tr("Choose pictures and a model first.")
        if project.data is None:
            return self.tr("Choose pictures first.")
        if project.model is None:
            return self.tr("Choose a model first.")
        if facts.preflight is not None and facts.preflight_fresh and facts.preflight.problems:
            return self.tr("The check on the Method page found what would stop it: {}").format(
                texts.message(facts.preflight.problems[0])[0]
            )
        return ""

    # --- acts ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Train the recipe in a new run."""
        recipe = self._project_recipe()
        if recipe is None or self.session.under_way:
            return
        if self.shell.facts.choosing:
            # good values for these pictures are on their way; started now, the run would not have them
            self._wait.start()
            return
        # the button that was pressed goes; without this the focus would land far away
        self.buttons.setFocus()
        self.session.start(recipe)

    def resume(self, keep: bool = False) -> None:
        """Go on with the run that is shown; with ``keep`` only to judge and keep the best."""
        if self.session.can_resume:
            self.buttons.setFocus()
            self.session.resume(keep)

    def fetch(self) -> None:
        """Have the process in the background save the run that is shown, then go on with it here."""
        if self.session.state is RunState.ELSEWHERE and self.session.folder is not None:
            self.session.fetching.begin(self.session.folder)

    def remedy(self, chosen: Remedy) -> None:
        """Do what was offered: change the recipe and start again, go on, or show where to choose."""
        if chosen.step is not None:
            self.shell.go(chosen.step)
        elif chosen.resume:
            self.resume()
        elif chosen.training is not None:
            if chosen.training:
                wrong = self.shell.edit(chosen.words, training=chosen.training)
                if wrong is not None:
                    self.shell.notify("bad", chosen.words, wrong, key="remedy")
                    return
            self.start()

    def ask_to_cancel(self) -> None:
        """End without a result only after the person said so again."""
        if not self.session.under_way:
            return
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Cancel this training"))
        box.setText(self.tr("Cancel this training?"))
        box.setInformativeText(
            self.tr(
                "It ends at once and gives no result to evaluate. To keep what was learnt so far, stop it instead."
            )
        )
        end = box.addButton(self.tr("Cancel the training"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Keep training"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        end.clicked.connect(self.session.cancel)
        box.finished.connect(box.deleteLater)
        box.finished.connect(self._asked)
        self._asking = box
        box.open()

    def _asked(self) -> None:
        self._asking = None

    # --- showing ------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._stale = True
        if self.isVisible():
            self._refresh()

    def _state_changed(self) -> None:
        if self._asking is not None and not self.session.under_way:
            # it came to its end by itself while the question stood
            self._asking.close()
        self._changed()
        self.state_changed.emit()

    def _refresh(self) -> None:
        self._stale = False
        session, recipe = self.session, self._project_recipe()
        missing = self._missing()
        failed = self.failure.refresh(recipe)
        has_run = session.state is not RunState.NONE and (
            session.series.started is not None or session.state in (RunState.STARTING, RunState.READING)
        )
        self.stack.setCurrentWidget(self.charts if has_run else self.ready)
        self.log.setVisible(has_run)
        if has_run:
            preflight = self.shell.facts.preflight
            self.charts.accuracy.popup.current = session.folder
            self.charts.show_series(session.series, preflight.steps if preflight is not None else 0)
            self.log.show_series(session.series)
        else:
            self.ready.refresh(recipe, self.shell.facts, missing)
        self.panel.refresh()
        self.buttons.refresh(not missing, self.is_of_older_recipe(), failed)
        self._note(missing)

    def _note(self, missing: str) -> None:
        """One line above the buttons."""
        session = self.session
        device = run_words.device_of(session.series, self.shell.facts)
        words = ""
        if session.state is RunState.RUNNING:
            on_cpu = device is None or device.kind == "cpu"
            words = (
                self.tr("Pausing frees the processor.") if on_cpu else self.tr("Pausing gives the GPU back.")
            )
        elif not session.under_way and session.state is not RunState.ELSEWHERE:
            words = missing
            if not missing and self.is_of_older_recipe():
                words = self.tr("The recipe has changed since this run.")
        self.panel.note.setText(words)
        self.panel.note.setVisible(bool(words))


def _scrolled(widget: QWidget) -> QScrollArea:
    """Where there is no room for the charts they scroll rather than shrink to nothing."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    return area
