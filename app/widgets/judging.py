"""Work that the engine does for Evaluate: asked, shown with its progress, stopped. Hidden while idle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from app import results, texts
from app.engine_thread import Ticket
from app.results import Result
from app.shell import Shell
from app.widgets.basics import Button, Label, Ring, row
from engine.errors import EngineError
from engine.events import Event, Failed, Progress
from engine.requests import EvaluateAnswer, EvaluateRequest, ReportAnswer, ReportRequest

Ask = EvaluateRequest | ReportRequest


class Judging(QWidget):
    """One at a time: judging pictures, or writing the report."""

    judged = Signal(object, object, bool)
    """The run's folder, the ``Result``, and whether it is of the run's own sets."""
    reported = Signal(str)
    """Path of the report that was written."""
    changed = Signal()
    """It began, or it is over."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._ticket: Ticket | None = None
        self.phase = Label("", "support")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(240)
        self.bar.setAccessibleName(self.tr("Pictures judged"))
        self.stop_button = Button(
            self.tr("Stop"),
            icon="stop",
            small=True,
            tip=self.tr("Stop this; nothing is changed"),
            act=self.stop,
        )
        self.setLayout(row(Ring(), self.phase, self.bar, self.stop_button, None))
        self.hide()

    @property
    def busy(self) -> bool:
        return self._ticket is not None

    def ask(self, run: Path, pictures: Path | None = None, alpha: float | None = None) -> None:
        """Judge these pictures of the same classes, or the run's own sets; ``alpha`` None takes the recipe's."""
        data = None if pictures is None else str(pictures)
        self._begin(
            EvaluateRequest(run=str(run), data=data, alpha=alpha),
            lambda answer: self._judged(run, answer, pictures is None),
        )

    def report(self, run: Path, out: Path, alpha: float) -> None:
        """Write the report of a run at a blend."""
        self._begin(ReportRequest(run=str(run), out=str(out), alpha=alpha), self._reported)

    def stop(self) -> None:
        """Go no further."""
        if self._ticket is not None:
            self._ticket.cancel()

    def _begin(self, request: Ask, done: Callable[[object], None]) -> None:
        if self._ticket is not None:
            # perhaps of another run, whose buttons are not the ones that are shown
            what = self.tr("Something else is being done.")
            self._shell.notify(
                "info", what, self.tr("Stop it on this page, or wait for its end."), key="evaluate"
            )
            return
        self.phase.setText(self.tr("Waiting for the engine"))
        self.bar.setRange(0, 0)
        self._ticket = self._shell.engine.ask(request)
        self._ticket.said.connect(self._said)
        self._ticket.failed.connect(self._failed)
        self._ticket.answered.connect(lambda answer: self._answered(answer, done))
        self._over_or_begun()

    def _over_or_begun(self) -> None:
        self.setVisible(self.busy)
        self.changed.emit()

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.phase.setText(texts.message(event.phase)[0])
            self.bar.setRange(0, event.total)
            self.bar.setValue(event.done)

    def _failed(self, failed: Failed) -> None:
        self._ticket = None
        self._over_or_begun()
        if not failed.cancelled:
            text, why = texts.message(failed.message)
            self._shell.notify("bad", text, why, key="evaluate")

    def _answered(self, answer: object, done: Callable[[object], None]) -> None:
        self._ticket = None
        done(answer)
        self._over_or_begun()

    def _judged(self, run: Path, answer: object, own: bool) -> None:
        assert isinstance(answer, EvaluateAnswer)
        found: Result | None = None
        try:
            found = results.understood(answer.result, answer.run, other=not own)
        except EngineError as error:
            self._shell.notify("bad", str(error.message), key="evaluate")
        if found is not None:
            self.judged.emit(run, found, own)

    def _reported(self, answer: object) -> None:
        assert isinstance(answer, ReportAnswer)
        self.reported.emit(answer.path)
