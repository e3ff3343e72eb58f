"""The buttons of a run, by its state; one of them is filled where 'Next' is off."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.run_session import RunSession, RunState
from app.widgets.basics import Button, row


class RunButtons(QWidget):
    """Tells what is wanted; the page does it."""

    start_wanted = Signal()
    resume_wanted = Signal()
    keep_wanted = Signal()
    fetch_wanted = Signal()
    pause_wanted = Signal()
    cancel_wanted = Signal()
    stop_wanted = Signal()
    evaluate_wanted = Signal()

    def __init__(self, session: RunSession) -> None:
        super().__init__()
        self._session = session
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.start = Button(
            self.tr("Start training"), icon="play", kind="primary", act=self.start_wanted.emit,
            tip=self.tr("Train the recipe in a new run (Ctrl+Return)"),
        )  # fmt: skip
        self.resume = Button(
            self.tr("Go on"), icon="play", kind="primary", act=self.resume_wanted.emit
        )  # fmt: skip
        self.keep = Button(
            self.tr("Stop and keep"), icon="stop", act=self.keep_wanted.emit,
            tip=self.tr("Goes on only to end at once: the best epoch so far is judged and kept"),
        )  # fmt: skip
        self.fetch = Button(
            self.tr("Bring into this window"), icon="play", kind="primary", act=self.fetch_wanted.emit,
            tip=self.tr("The process in the background saves it and ends; then it goes on here"),
        )  # fmt: skip
        self.anew = Button(
            self.tr("Start anew"), icon="refresh", act=self.start_wanted.emit,
            tip=self.tr("Train the recipe from the beginning in a new run; this one stays among the runs"),
        )  # fmt: skip
        self.again = Button(self.tr("Train again"), icon="refresh", act=self.start_wanted.emit)
        self.evaluate = Button(
            self.tr("Evaluate"), icon="chart", act=self.evaluate_wanted.emit,
            tip=self.tr("See how the model does on the test pictures, before and after"),
        )  # fmt: skip
        self.pause = Button(self.tr("Pause"), icon="pause", act=self.pause_wanted.emit)
        self.cancel = Button(
            self.tr("Cancel…"), kind="danger", act=self.cancel_wanted.emit,
            tip=self.tr("End at once without a result; asks first"),
        )  # fmt: skip
        self.stop = Button(self.tr("Stop and keep"), icon="stop", act=self.stop_wanted.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.start)
        layout.addWidget(self.fetch)
        layout.addWidget(self.resume)
        layout.addWidget(self.keep)
        layout.addLayout(row(self.pause, self.cancel))
        layout.addWidget(self.stop)
        layout.addWidget(self.evaluate)
        layout.addWidget(self.again)
        layout.addWidget(self.anew)
        for button in self._all():
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _all(self) -> tuple[Button, ...]:
        return (
            self.start, self.fetch, self.resume, self.keep, self.pause, self.cancel, self.stop, self.evaluate,
            self.again, self.anew,
        )  # fmt: skip

    def refresh(self, can_start: bool, changed: bool, handled: bool) -> None:
        """``can_start``: a recipe is complete; ``changed``: it is not the run's; ``handled``: a failure
        that offers its own remedies is shown."""
        session = self._session
        state = session.state
        running = state is RunState.RUNNING
        shown = {
            self.start: state is RunState.NONE,
            self.resume: session.can_resume and not handled,
            # what was tried on features is tried anew: there is nothing of it to keep
            self.keep: state in (RunState.PAUSED, RunState.INTERRUPTED)
            and session.series.best is not None
            and not session.series.of_candidates
            and not handled,
            self.fetch: state is RunState.ELSEWHERE and session.left_behind,
            self.pause: session.under_way,
            self.cancel: session.under_way,
            self.stop: session.under_way,
            self.evaluate: state is RunState.FINISHED,
            self.again: state in (RunState.FINISHED, RunState.CANCELLED) and (changed or state is RunState.CANCELLED),
            self.anew: state in (RunState.PAUSED, RunState.INTERRUPTED, RunState.FAILED) and not handled,
        }  # fmt: skip
        focused = next((button for button in shown if button.hasFocus()), None)
        for button, is_shown in shown.items():
            if button.isVisibleTo(self) != is_shown:
                button.setVisible(is_shown)
        for button in (self.start, self.anew, self.again):
            button.setEnabled(can_start)
        self.again.setToolTip(
            self.tr("Train the changed recipe in a new run; this one stays among the runs")
            if changed
            else self.tr("Train the recipe from the beginning in a new run")
        )
        self.resume.setToolTip(
            self.tr("Begin anew in the same run, as if there had been no pause (Ctrl+G)")
            if session.series.of_candidates
            else self.tr("Go on from where it was last saved, as if there had been no pause (Ctrl+G)")
        )
        _set_busy(self.pause, state is RunState.PAUSING)
        _set_busy(self.fetch, session.fetching.folder is not None)
        _set_busy(self.stop, state is RunState.STOPPING)
        _set_busy(self.cancel, state is RunState.CANCELLING)
        _word(self.pause, self.tr("Pausing") if state is RunState.PAUSING else self.tr("Pause"))
        _word(self.cancel, self.tr("Ending") if state is RunState.CANCELLING else self.tr("Cancel…"))
        if state is not RunState.PAUSING:
            self.pause.setEnabled(running)
        if state is not RunState.CANCELLING:
            self.cancel.setEnabled(session.under_way)
        best = session.series.best
        words = self.tr("Stop and keep")
        if best is not None and best.epoch > 0:
            words = (
                self.tr("Stop and keep candidate {}")
                if session.series.of_candidates
                else self.tr("Stop and keep epoch {}")
            ).format(best.epoch)
        _word(self.keep, words)
        if state is not RunState.STOPPING:
            self.stop.setEnabled(running and best is not None)
            _word(self.stop, words)
        else:
            _word(self.stop, self.tr("Stopping"))
        if best is None or not running:
            why = self.tr("Possible as soon as the first steps are being trained")
            self.pause.setToolTip(why)
            self.stop.setToolTip(why)
        else:
            self.pause.setToolTip(
                self.tr("Give the device and its memory back; it begins anew when it goes on (Ctrl+P)")
                if session.series.of_candidates
                else self.tr("Save, and give the device and its memory back (Ctrl+P)")
            )
            self.stop.setToolTip(self._stop_tip(best.epoch > 0))
        if focused is not None and not (focused.isVisibleTo(self) and focused.isEnabled()):
            # where the pressed button is gone, Qt would hand the focus to something far away
            usable = [button for button in self._all() if button.isVisibleTo(self) and button.isEnabled()]
            (usable[0] if usable and usable[0] is not self.cancel else self).setFocus()

    def _stop_tip(self, better: bool) -> str:
        """``better``: something is better than before training."""
        if self._session.series.of_candidates:
            return (
                self.tr("End early. The candidate under way is judged too; the best of all is kept and evaluated")
                if better
                else self.tr("End early. So far no candidate is better than before training; the one under way is judged too")
            )  # fmt: skip
        return (
            self.tr("End early. The epoch under way is judged too; the best of all is kept and evaluated")
            if better
            else self.tr("End early. So far no epoch is better than before training; the one under way is judged too")
        )  # fmt: skip


def _set_busy(button: Button, busy: bool) -> None:
    if busy or button.property("busy"):
        button.setProperty("busy", busy)
        button.set_busy(busy)


def _word(button: Button, text: str) -> None:
    if button.text() != text:
        button.setText(text)
        button.setAccessibleName(text)
