"""New pictures given to the engine, and what is done with its answer in a worker: a table, sorted copies.

ask -> progress … -> judged | failed;    save -> saved | failed;    sort -> progress … -> sorted | failed
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from app import pool, texts, using
from app.engine_thread import Ticket
from app.shell import Shell
from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.events import Event, Failed, Progress
from engine.exports import MeasuredThreshold, PredictAnswer, PredictRequest

_LOOK_MS = 100
"""How often it is looked how far the copying is."""
_WAIT_MS = 300
"""After the blend was moved, until the pictures are judged with it."""


class _Copies:
    """How far the copying is: written in the pool's thread, read in the GUI thread."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0

    def told(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Predicting(QObject):
    """One thing at a time."""

    changed = Signal()
    """It began, came further, or is over."""
    judged = Signal()
    """``answer`` is there."""
    saved = Signal(object)
    """The table's ``Path``."""
    sorted = Signal(object, int)
    """The folder's ``Path`` and the number of copies."""
    failed = Signal(object)
    """A ``Message``, or the exception of a worker."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._run: Path | None = None
        self._alpha = 1.0
        self.given: tuple[str, ...] = ()
        self.answer: PredictAnswer | None = None
        self._answer_of: tuple[Path, float] | None = None
        self.measured: tuple[MeasuredThreshold, ...] = ()
        self.measured_on = ""
        self._measured_of: tuple[Path, float] | None = None
        """Errors are measured once for a run and blend."""
        self.phase, self.done, self.total = "", 0, 0
        self._ticket: Ticket | None = None
        self._errand: pool.Errand | None = None
        self._control: Control | None = None
        self._copies = _Copies()
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._copying)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(lambda: self.ask(self.given))
        app = QCoreApplication.instance()
        if app is not None:
            # the program would wait for the copying, unseen
            app.aboutToQuit.connect(self.stop)

    @property
    def busy(self) -> bool:
        return self._ticket is not None or self._errand is not None

    @property
    def run(self) -> Path | None:
        """The run that it is of."""
        return self._run

    def follow(self, run: Path, alpha: float) -> bool:
        """Of this run, at this blend; True if what there was is gone, as it was of another run."""
        other = run != self._run
        if other:
            self.stop()
            self.answer, self._answer_of, self.given = None, None, ()
        self._run, self._alpha = run, alpha
        return other

    def follow_up(self) -> None:
        """What was judged at another blend, or given up, is judged anew."""
        if self.given and self._answer_of != (self._run, self._alpha):
            self._later.start()

    def ask(self, given: Sequence[str]) -> None:
        """Judge these pictures."""
        self._later.stop()
        if self._run is None or not given:
            return
        self.stop()
        self.given = tuple(given)
        of = (self._run, self._alpha)
        self._begin(self.tr("Waiting for the engine"))
        self._ticket = self._shell.engine.ask(
            PredictRequest(
                source=str(self._run), alpha=self._alpha, paths=self.given, measure=self._measured_of != of
            )
        )
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(lambda answer: self._answered(answer, of))
        self._ticket.failed.connect(self._not_judged)
        self.changed.emit()

    def stop(self) -> None:
        """Go no further. Copies that are made stay."""
        self._later.stop()
        if self._control is not None:
            self._control.ask(Wish.CANCEL)
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None
            self.changed.emit()

    def save(self, out: Path, threshold: float) -> None:
        """Write the table."""
        if self.answer is None or self.busy:
            return
        out = out if out.suffix else out.with_suffix(".csv")
        pictures = self.answer.pictures
        self._begin(self.tr("Writing the table"))
        self._errand = pool.run(lambda: using.save_table(out, pictures, threshold), self._written)
        self.changed.emit()

    def sort(self, into: Path, threshold: float) -> None:
        """Copy the pictures into class folders."""
        if self.answer is None or self.busy:
            return
        answer, given, control, copies = self.answer, self.given, Control(), _Copies()
        self._control, self._copies = control, copies
        self._begin(self.tr("Copying into class folders"))
        self._errand = pool.run(
            lambda: (into, using.sort_copies(into, given, answer, threshold, control, copies.told)),
            self._all_copied,
        )
        self._look.start()
        self.changed.emit()

    # --- inside -------------------------------------------------------------------------------

    def _begin(self, phase: str) -> None:
        self.phase, self.done, self.total = phase, 0, 0

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.phase, self.done, self.total = texts.message(event.phase)[0], event.done, event.total
            self.changed.emit()

    def _answered(self, answer: PredictAnswer, of: tuple[Path, float]) -> None:
        self._ticket = None
        if self._measured_of != of:
            self._measured_of, self.measured, self.measured_on = of, answer.measured, answer.measured_on
        self.answer, self._answer_of = answer, of
        self.judged.emit()
        self.changed.emit()

    def _not_judged(self, failed: Failed) -> None:
        self._ticket = None
        self.changed.emit()
        if not failed.cancelled:
            self.failed.emit(failed.message)

    def _copying(self) -> None:
        far = self._copies.done, self._copies.total
        if far != (self.done, self.total):
            self.done, self.total = far
            self.changed.emit()

    def _written(self, out: Path | Exception) -> None:
        self._errand = None
        self.changed.emit()
        self._tell(out) if isinstance(out, Exception) else self.saved.emit(out)

    def _all_copied(self, found: tuple[Path, int] | Exception) -> None:
        self._look.stop()
        self._errand = self._control = None
        self.changed.emit()
        self._tell(found) if isinstance(found, Exception) else self.sorted.emit(*found)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            return
        self.failed.emit(error.message if isinstance(error, EngineError) else error)
