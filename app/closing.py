"""What becomes of a run under way when the window is closed: the person says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from app import background
from app.run_session import RunSession

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
            "Pausing saves it; you can go on at the next start. In the background it goes on without a window, "
            "and the next start finds it.",
        )
    )
    pause = box.addButton(translate("closing", "Pause and quit"), QMessageBox.ButtonRole.AcceptRole)
    behind = box.addButton(translate("closing", "Go on in the background"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(translate("closing", "Stay"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(pause)
    box.exec()
    clicked = box.clickedButton()
    if clicked is pause:
        _end(session)
        return True
    if clicked is behind:
        _end(session)
        if session.folder is not None:
            background.start(session.folder)
        return True
    return False


def _end(session: RunSession) -> None:
    """Let the run save and its process end. The window stays up, with a waiting pointer, until then."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        session.close()
    finally:
        QApplication.restoreOverrideCursor()
