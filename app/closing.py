"""What becomes of a run under way when the window is closed: the person says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer
from PySide6.QtWidgets import QMessageBox

from app import background, texts
from app.project import new_draft_file
from app.run_session import RunSession, RunState
from app.widgets.saving import Saving
from engine import recipe as recipes
from engine.errors import EngineError
from engine.events import Reason, RunFinished
from engine.run_directory import RunDirectory, default_path

if TYPE_CHECKING:
    from app.main_window import MainWindow


translate = QCoreApplication.translate

_NOTICE = "quit"


def choice(of_candidates: bool) -> str:
    """What each button comes to."""
    if of_candidates:
        return translate(
            "closing",
            "Paused, it can begin anew at the next start, and comes to the same end. Stopping judges and keeps the best "
            "candidate so far, and the window closes after that. In the background it begins anew without a window, and "
            "the next start finds it.",
        )
    return translate(
        "closing",
        "Pausing saves it; you can go on at the next start. Stopping judges and keeps the best epoch so far, and "
        "the window closes after that. In the background it goes on without a window, and the next start finds it.",
    )


class Closing(QObject):
    """Asks once at a time, and remembers that the window is to go when a run has been judged."""

    def __init__(self, window: MainWindow, session: RunSession) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._asking = False
        session.ended.connect(self._run_ended)

    def may_close(self) -> bool:
        """True if the window may go. Asks when a run is under way, and does what is answered."""
        if self._asking:
            return False
        if not self._session.under_way:
            return True
        # while it is asked again, what was answered before does not count
        self._stay()
        self._asking = True
        try:
            return self._asked()
        finally:
            self._asking = False

    def _asked(self) -> bool:
        session = self._session
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(translate("closing", "A training is under way"))
        box.setText(translate("closing", "A training is under way ({}).").format(session.words()))
        box.setInformativeText(choice(session.series.of_candidates))
        pause = box.addButton(translate("closing", "Pause and quit"), QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton(translate("closing", "Stop, keep and quit"), QMessageBox.ButtonRole.ActionRole)
        keep.setEnabled(session.state in (RunState.RUNNING, RunState.STOPPING))
        behind = box.addButton(
            translate("closing", "Go on in the background"), QMessageBox.ButtonRole.ActionRole
        )
        box.addButton(translate("closing", "Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(pause)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        if clicked is keep and session.under_way:
            self._quit_when_kept()
            return False
        if clicked not in (pause, keep, behind):
            return False
        if not session.under_way:
            # it came to its end by itself while the question stood
            return True
        goes_on, has_begun = clicked is behind, session.has_begun
        self._end(goes_on)
        return self._left_behind(has_begun) if goes_on else True

    # --- after the figures ----------------------------------------------------------------------

    def _quit_when_kept(self) -> None:
        session = self._session
        if session.state is not RunState.STOPPING:
            session.stop()
        session.quit_after(True)
        self._window.shell.notify(
            "info",
            translate("closing", "The best so far is being judged; the window closes after that."),
            button=translate("closing", "Stay"),
            act=self._stay,
            key=_NOTICE,
        )

    def _stay(self) -> None:
        if self._session.quits_after:
            self._session.quit_after(False)
            self._window.shell.unnoticed.emit(_NOTICE)

    def _run_ended(self) -> None:
        """Quit after a stop that kept something; a failure is there to be read."""
        quits = self._session.quits_after and self._session.state is RunState.FINISHED
        self._stay()
        if quits:
            QTimer.singleShot(0, self._window, self._window.close)

    # --- now --------------------------------------------------------------------------------------

    def _end(self, goes_on: bool) -> None:
        """Let the run save and its process end. The window waits for it, alive, as long as the person wants."""
        dialog = Saving(self._window, self._session, goes_on)
        dialog.exec()
        dialog.deleteLater()
        self._session.close(0)

    def _left_behind(self, has_begun: bool) -> bool:
        """Start the background process; if that cannot be, the window stays and says so."""
        session, folder = self._session, self._session.folder
        saved = session.state is RunState.PAUSED and folder is not None
        try:
            if saved and folder is not None:
                # before it has begun, the last word there is of an earlier attempt
                last = RunDirectory(folder).last_event() if has_begun else None
                if isinstance(last, RunFinished) and last.reason is not Reason.PAUSED:
                    # it came to its end while it was to be saved: there is nothing to go on with
                    return self._ended_instead(last.reason)
                background.start(folder)
            elif session.recipe is not None:
                # ended before there was anything to save: it begins anew
                file = new_draft_file()
                recipes.write(session.recipe, file)
                session.folder = default_path(session.recipe)
                background.begin(file, session.folder)
        except (OSError, EngineError) as error:
            if saved and folder is not None:
                session.load(folder)
            else:
                session.forget()
            what = translate("closing", "The training could not go on in the background.")
            why = texts.whole(error.message) if isinstance(error, EngineError) else str(error)
            self._window.shell.notify("bad", what, why, key="background")
            return False
        return True

    def _ended_instead(self, reason: Reason) -> bool:
        """True if the end was a good one; else the window stays and shows it."""
        if reason is not Reason.FAILED:
            return True
        assert self._session.folder is not None
        self._session.load(self._session.folder)
        what = translate("closing", "The training failed while it was being saved.")
        self._window.shell.notify("bad", what, key="background")
        return False
