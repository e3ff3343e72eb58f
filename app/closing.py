"""What becomes of a run under way when the window is closed: the person says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from app import background
from app.project import new_draft_file
from app.run_session import RunSession, RunState
from engine import recipe as recipes
from engine.errors import EngineError
from engine.run_directory import default_path

if TYPE_CHECKING:
    from app.main_window import MainWindow


translate = QCoreApplication.translate


def may_close(window: MainWindow, session: RunSession) -> bool:
    """True if the window may go. Asks when a run is under way, and does what is answered."""
    if not session.under_way:
        return True
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(translate("closing", "A training is under way"))
    box.setText(translate("closing", "A training is under way ({}).").format(session.words()))
    box.setInformativeText(
        translate(
            "closing",
            "Pausing saves it; you can go on at the next start. Stopping judges and keeps the best epoch so far, and "
            "the window closes after that. In the background it goes on without a window, and the next start finds it.",
        )
    )
    pause = box.addButton(translate("closing", "Pause and quit"), QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton(translate("closing", "Stop, keep and quit"), QMessageBox.ButtonRole.ActionRole)
    keep.setEnabled(session.state is RunState.RUNNING)
    behind = box.addButton(translate("closing", "Go on in the background"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(translate("closing", "Stay"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(pause)
    box.exec()
    clicked = box.clickedButton()
    if clicked is keep and session.under_way:
        session.ended.connect(lambda: _close_if_kept(window, session), Qt.ConnectionType.SingleShotConnection)
        session.stop()
        return False
    if clicked not in (pause, keep, behind):
        return False
    goes_on = clicked is behind and session.under_way
    _end(session)
    return _left_behind(window, session) if goes_on else True


def _close_if_kept(window: MainWindow, session: RunSession) -> None:
    """Quit after a stop that kept something; a failure is there to be read."""
    if session.state is RunState.FINISHED:
        window.close()


def _left_behind(window: MainWindow, session: RunSession) -> bool:
    """Start the background process; if that cannot be, the window stays and says so."""
    try:
        if session.state is RunState.PAUSED and session.folder is not None:
            background.start(session.folder)
        elif session.recipe is not None:
            # ended before there was anything to save: it begins anew
            file = new_draft_file()
            recipes.write(session.recipe, file)
            session.folder = default_path(session.recipe)
            background.begin(file, session.folder)
    except (OSError, EngineError) as error:
        if session.state is RunState.PAUSED and session.folder is not None:
            session.open(session.folder)
        else:
            session.forget()
        what = translate("closing", "The training could not go on in the background.")
        window.shell.notify("bad", what, str(error), key="background")
        return False
    return True


def _end(session: RunSession) -> None:
    """Let the run save and its process end. The window stays up, with a waiting pointer, until then."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        session.close()
    finally:
        QApplication.restoreOverrideCursor()
