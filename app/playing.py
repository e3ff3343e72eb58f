"""The window used by nobody: acts that are played one after the other, with real clicks.

acts -> Click | Until | Look | Do -> … -> done("") | done("what went wrong")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from app.theme import theme

if TYPE_CHECKING:
    from app.main_window import MainWindow

_PACE_MS = 1400
"""Between two acts, so that a person can follow."""
_FAST_MS = 30
_PATIENCE_S = 240.0
"""A wait that takes longer than this has failed."""
_LONG = 6
"""Times that, for a training and for exports."""


@dataclass(frozen=True)
class Click:
    """A real click on a control; ``at`` picks a place in it."""

    widget: QWidget
    at: QPoint | None = None


@dataclass(frozen=True)
class Until:
    """Wait for something; ``what`` says for what, if it never comes."""

    what: str
    true: Callable[[], bool]
    long: bool = False
    """Work that takes minutes where it computes slowly."""


@dataclass(frozen=True)
class Look:
    """Give a person time to look, and keep a picture of the page under this name."""

    name: str


@dataclass(frozen=True)
class Do:
    """What no click does: the system's dialogs cannot be played."""

    act: Callable[[], object]


Act = Click | Until | Look | Do


class Player(QObject):
    """Plays the acts. ``done`` is told an empty text if all went well, otherwise what did not."""

    def __init__(
        self,
        window: MainWindow,
        acts: Iterator[Act],
        done: Callable[[str], None],
        fast: bool = True,
        screenshots: Path | None = None,
        wrong: Callable[[], str] = str,
    ) -> None:
        """``wrong`` is asked while it waits: in words why it need not wait longer, or an empty text."""
        super().__init__(window)
        self.window = window
        self._pace = _FAST_MS if fast else _PACE_MS
        self._folder = screenshots
        self._acts, self._done, self._wrong = acts, done, wrong
        self._act: Act | None = None
        self._since = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._played)

    def begin(self) -> None:
        """Start playing."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # the same wherever they are made, also without a screen
            self.window.resize(1280, 800)
        self._timer.start(0)

    def _next(self) -> None:
        self._act = next(self._acts, None)
        self._since = time.monotonic()
        if self._act is None:
            self._done("")
        elif isinstance(self._act, Look) and self._folder is not None:
            # what has just changed is laid out first
            self._timer.start(max(self._pace, 250))
        else:
            self._timer.start(self._pace if not isinstance(self._act, Until) else 0)

    def _played(self) -> None:
        try:
            if self._act is None or self._play(self._act):
                self._next()
        except Exception as error:
            # a play that breaks must end: nobody may be there to close it
            self._done(f"{type(error).__name__}: {error}")
            raise

    def _play(self, act: Act) -> bool:
        """True once it is done; False if it is to be looked at again, or if all is over."""
        if isinstance(act, Until):
            return act.true() or self._wait(act.what, _LONG if act.long else 1)
        if isinstance(act, Click):
            if not (act.widget.isVisible() and act.widget.isEnabled()):
                return self._wait(act.widget.accessibleName() or type(act.widget).__name__)
            _reveal(act.widget)
            place = act.at if act.at is not None else act.widget.rect().center()
            QTest.mouseClick(act.widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        elif isinstance(act, Do):
            act.act()
        elif self._folder is not None:
            self._shoot(self._folder, act.name)
        return True

    def _wait(self, what: str, times: int = 1) -> bool:
        if wrong := self._wrong():
            self._done(wrong)
        elif time.monotonic() - self._since > times * _PATIENCE_S:
            self._done(f"waited in vain for {what}")
        else:
            self._timer.start(50)
        return False

    def _shoot(self, folder: Path, name: str) -> None:
        """The window as it is, light and dark."""
        before = theme().mode
        for mode in ("light", "dark"):
            theme().use(mode)
            QApplication.processEvents()
            # quality 0 is the smallest file; PNG loses nothing by it
            self.window.grab().save(str(folder / f"{name}-{mode}.png"), "PNG", 0)
        theme().use(before)


def _reveal(widget: QWidget) -> None:
    """Scroll to it, where a page is longer than the window."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


def leave(code: int) -> None:
    """Close what is open and end the program with this exit code."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    for window in app.topLevelWidgets():
        window.close()
    app.exit(code)
