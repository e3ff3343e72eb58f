"""The one route by which the program reaches a person who is looking elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from app import icons
from app.run_session import RunSession, RunState

if TYPE_CHECKING:
    from app.main_window import MainWindow


translate = QCoreApplication.translate


def run_ended(window: MainWindow, session: RunSession) -> None:
    """A system notification, and the window's entry in the task bar asks to be looked at."""
    title = {
        RunState.FINISHED: translate("notifications", "Training has finished"),
        RunState.PAUSED: translate("notifications", "Training is paused"),
        RunState.FAILED: translate("notifications", "Training has failed"),
        RunState.INTERRUPTED: translate("notifications", "Training was interrupted"),
    }.get(session.state)
    if title is None:
        return
    QApplication.alert(window)
    if not QSystemTrayIcon.isSystemTrayAvailable():
        return
    for earlier in window.findChildren(QSystemTrayIcon):
        # one is enough, however many runs ended while nobody looked
        earlier.hide()
        earlier.deleteLater()
    tray = QSystemTrayIcon(icons.app_icon(), window)
    tray.activated.connect(lambda _: _show(window, tray))
    tray.messageClicked.connect(lambda: _show(window, tray))
    tray.show()
    name = session.folder.name if session.folder is not None else ""
    tray.showMessage(title, f"{name}: {session.words()}", icons.app_icon())


def _show(window: MainWindow, tray: QSystemTrayIcon) -> None:
    tray.hide()
    tray.deleteLater()
    window.raise_()
    window.activateWindow()
