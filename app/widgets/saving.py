"""While a training is saved so that the window can close: what is waited for, and a way not to wait."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from app.run_session import RunSession, RunState, has_checkpoint
from app.widgets.basics import Button, Label, column, row


class Saving(QDialog):
    """Asks the session to leave, and closes when it has. The window behind lives on, but takes no input."""

    def __init__(self, parent: QWidget, session: RunSession, goes_on: bool) -> None:
        """``goes_on``: it will go on in the background."""
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Saving the training"))
        self.setWindowFlag(Qt.WindowType.WindowCloseButtonHint, False)
        self.setMinimumWidth(420)
        if session.state is RunState.STOPPING:
            what = self.tr("Judging what is kept…")
            why = self.tr("The training was stopped and is kept as soon as it is judged.")
        else:
            what = self.tr("Saving the training…")
            why = self.tr("It finishes the step it is at and saves; a large model may take a minute.")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(what)
        self.quit = Button(self.tr("Quit without saving"), kind="danger", act=self._do_not_wait)
        self.quit.setAutoDefault(False)
        lost = Label(self._lost(goes_on), "help", wrap=True)
        self.quit.setToolTip(lost.text())
        layout = column(Label(what, "card"), Label(why, "support", wrap=True), bar, lost, spacing=12)
        layout.addLayout(row(None, self.quit))
        layout.setContentsMargins(24, 24, 24, 16)
        self.setLayout(layout)
        session.left.connect(self.accept)

    def _lost(self, goes_on: bool) -> str:
        if self._session.series.of_candidates:
            return self.tr("It begins anew in any case, and comes to the same end.")
        folder = self._session.folder
        if folder is None or not has_checkpoint(folder):
            return (
                self.tr("Without saving, all that it has learnt is lost; the background begins anew.")
                if goes_on
                else self.tr("Without saving, all that it has learnt is lost: nothing was saved so far.")
            )
        if goes_on:
            return self.tr(
                "Without saving, everything since the last checkpoint is lost; the background goes on from that checkpoint."
            )
        return self.tr(
            "Without saving, everything since the last checkpoint is lost; training can go on from that checkpoint at the next start."
        )

    def exec(self) -> int:
        """Until the process has ended, however that comes."""
        self._session.leave()
        return super().exec()

    def _do_not_wait(self) -> None:
        self.quit.setEnabled(False)
        self._session.kill()

    def reject(self) -> None:
        """Escape and the frame's button do not end what is being saved."""

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        event.ignore()
