"""The QApplication with its one-time settings, and what a window is made of."""

from __future__ import annotations

import signal
import sys
from functools import partial
from types import TracebackType

from PySide6.QtCore import (
    QEvent,
    QLibraryInfo,
    QLocale,
    QObject,
    QSettings,
    QTemporaryDir,
    QTimer,
    QTranslator,
)
from PySide6.QtWidgets import QApplication

from app import paths, texts
from app.engine_thread import Engine
from app.garbage import Garbage
from app.main_window import MainWindow
from app.run_session import RunSession
from app.shell import Shell
from app.theme import theme, use_fonts
from app.warming import Warming
from engine import __version__, faults


class Application:
    """Owns the QApplication, the engine and the window."""

    def __init__(self, arguments: list[str], colours: str | None = None, scratch: bool = False) -> None:
        """``colours`` overrides what was chosen last time; ``scratch`` settings are forgotten at the end."""
        # threads that decode pictures or read the engine's lines give way to the window sooner
        sys.setswitchinterval(0.001)
        self.qt = QApplication.instance() or QApplication(arguments)
        assert isinstance(self.qt, QApplication)
        self.qt.setApplicationName("flyp")
        self.qt.setOrganizationName("flyp")
        self.qt.setApplicationVersion(__version__)
        self.qt.setDesktopFileName("flyp-gui")
        self.qt.setStyle("Fusion")
        use_fonts(self.qt)
        if QLocale().language() == QLocale.Language.C:
            # without a language of its own the system would not group digits
            QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
        self._translate()
        self._scratch = QTemporaryDir() if scratch else None
        self.settings = (
            QSettings()
            if self._scratch is None
            else QSettings(self._scratch.filePath("settings.ini"), QSettings.Format.IniFormat)
        )
        mode = colours or self.settings.value("theme") or "system"
        theme().use(mode if mode in ("system", "light", "dark") else "system")  # type: ignore[arg-type]

    def _translate(self) -> None:
        """Qt's own words and ours in the system's language, where there are translations."""
        assert isinstance(self.qt, QApplication)
        folders = {
            "qtbase": QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath),
            "flyp": str(paths.translations()),
        }
        for name, folder in folders.items():
            translator = QTranslator(self.qt)
            if translator.load(QLocale(), name, "_", folder):
                self.qt.installTranslator(translator)

    def open_window(self) -> MainWindow:
        """The window with a project, an engine that starts after the first paint, and no run yet."""
        engine = Engine()
        shell = Shell(engine, self.settings)
        engine.setParent(shell)
        session = RunSession(shell)
        window = MainWindow(shell, session)
        sys.excepthook = partial(_fault, shell)
        shell.setParent(window)
        _FirstPaint(window)
        Garbage(window)
        return window

    def run(self) -> int:
        """The event loop until the window is closed. Ctrl-C in the terminal closes it too."""
        assert isinstance(self.qt, QApplication)
        qt = self.qt
        signal.signal(signal.SIGINT, lambda *_: qt.closeAllWindows())
        # Python looks at signals only between its own instructions
        beat = QTimer()
        beat.timeout.connect(lambda: None)
        if sys.platform != "win32":
            beat.start(500)
        code = qt.exec()
        if self._scratch is not None:
            # at the very end nobody would; settings not yet written would bring it back
            self.settings.sync()
            self._scratch.remove()
        return code


def _fault(
    shell: Shell, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A fault of ours in the window: into a log, and told in a sentence. The window stays."""
    if issubclass(kind, KeyboardInterrupt):
        QApplication.closeAllWindows()
        return
    message, _ = faults.recorded(error.with_traceback(trace))
    what, why = texts.message(message)
    shell.notify("bad", what, why, key="fault")


class _FirstPaint(QObject):
    """Starts what is slow once the window is on the screen: a process that starts takes half of two cores."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self, self._begin)
        return False

    def _begin(self) -> None:
        self._window.shell.engine.start()
        self._window.inquiry.begin()
        self._window.warming = Warming(self._window)
