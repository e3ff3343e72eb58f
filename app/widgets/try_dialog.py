"""Single pictures tried on a run: the most probable classes before and after, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from app import texts
from app.engine_thread import Ticket
from app.shell import Shell
from app.widgets.basics import Button, Icon, Label, Ring, clear, column, row
from app.widgets.guesses import TriedRow
from app.widgets.thumbnails import Thumbnails
from engine.data.scan import PICTURE_SUFFIXES
from engine.events import Event, Failed, Progress
from engine.requests import TriedPicture, TryAnswer, TryRequest

_MOST = 50
"""Pictures that are tried at once; a folder of many is judged as a set."""
_WAIT_MS = 250
"""After the blend was moved, until pictures are tried with it."""


def pictures_in(paths: Sequence[str]) -> list[str]:
    """Files that may be pictures: those given, and those directly in folders that are given; at most 50."""
    found: list[str] = []
    for given in paths:
        place = Path(given)
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        found += [str(each) for each in inside if each.suffix.lower() in PICTURE_SUFFIXES and each.is_file()]
    return list(dict.fromkeys(found))[:_MOST]


class TryDialog(QDialog):
    """Stays beside the page; follows the blend that is shown there."""

    changed = Signal()
    """The engine was asked, or is not busy with it any more."""

    def __init__(self, parent: QWidget, shell: Shell, readable: Callable[[str], str]) -> None:
        super().__init__(parent)
        self._shell = shell
        self._readable = readable
        self._run: Path | None = None
        self._alpha = 1.0
        self._shown_of: tuple[Path, float] | None = None
        """The run and the blend that what is shown is of."""
        self.paths: list[str] = []
        self.tried: tuple[TriedPicture, ...] = ()
        self._ticket: Ticket | None = None
        self.thumbnails = Thumbnails(self, threads=1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(self._ask)
        self.setWindowTitle(self.tr("Try pictures"))
        self.setAcceptDrops(True)
        self.resize(760, 620)
        self._build()

    def _build(self) -> None:
        self.choose_button = Button(
            self.tr("Choose pictures…"), icon="image", act=self.choose,
            tip=self.tr("One or several pictures; they can be of anything"),
        )  # fmt: skip
        self.clear_button = Button(
            self.tr("Clear"), kind="quiet", act=self.clear, tip=self.tr("Take all pictures out of this list")
        )
        close = Button(self.tr("Close"), act=self.close, tip=self.tr("Back to the page (Esc)"))
        self.ring, self.words = Ring(), Label("", "support", wrap=True)
        self.ring.hide()
        hint = Label(self.tr("Drop pictures here"), "card")
        why = Label(
            self.tr(
                "Each is shown with the five most probable classes before training and after. The model always "
                "chooses among its own classes, also for a picture of something else."
            ),
            "support",
            wrap=True,
        )
        for label in (hint, why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.zone = QFrame()
        self.zone.setObjectName("dropZone")
        self.zone.setLayout(column(None, row(None, Icon("image", "text3", 32), None), hint, why, None))
        layout = self.zone.layout()
        assert layout is not None
        layout.setContentsMargins(32, 32, 32, 32)
        self.list = QVBoxLayout()
        self.list.setContentsMargins(0, 0, 4, 0)
        self.list.setSpacing(8)
        inner = QWidget()
        inner.setLayout(column(self.list, None))
        self.listed = QScrollArea()
        self.listed.setWidgetResizable(True)
        self.listed.setFrameShape(QFrame.Shape.NoFrame)
        self.listed.setWidget(inner)
        self.listed.setAccessibleName(self.tr("Pictures and what is said of them"))
        self.listed.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 16, 16, 16)
        outer.setSpacing(12)
        outer.addWidget(self.zone, 1)
        outer.addWidget(self.listed, 1)
        foot = row(self.choose_button, self.clear_button, self.ring, self.words, close)
        foot.setStretch(3, 1)
        outer.addLayout(foot)
        self.clear_button.hide()

    @property
    def busy(self) -> bool:
        """Pictures are being looked at."""
        return self._ticket is not None

    # --- asking -------------------------------------------------------------------------------

    def follow(self, run: Path, alpha: float) -> None:
        """Of this run, at this blend."""
        if (run, alpha) == (self._run, self._alpha):
            return
        if run != self._run:
            self.clear()
        self._run, self._alpha = run, alpha
        self._follow_up()

    @property
    def run(self) -> Path | None:
        """The run that it is of."""
        return self._run

    def _follow_up(self) -> None:
        """What is shown of another blend, or was given up, is asked anew."""
        if self.paths and self.isVisible() and self._shown_of != (self._run, self._alpha):
            self._later.start()

    def choose(self) -> None:
        """Ask for files."""
        given, _ = QFileDialog.getOpenFileNames(self, self.tr("Pictures to try"))
        if given:
            self.take(given)

    def take(self, given: Sequence[str]) -> None:
        """Try these, above those of before."""
        found = pictures_in(given)
        if not found:
            self.words.setText(self.tr("There is no picture among these files."))
            return
        self.paths = list(dict.fromkeys([*found, *self.paths]))[:_MOST]
        self._ask()

    def clear(self) -> None:
        """Begin anew."""
        self._drop()
        self.paths, self.tried = [], ()
        self._show()

    def _ask(self) -> None:
        self._later.stop()
        self._drop()
        if self._run is None or not self.paths:
            return
        self._ticket = self._shell.engine.ask(
            TryRequest(run=str(self._run), alpha=self._alpha, paths=tuple(self.paths))
        )
        run, alpha = self._run, self._alpha
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(lambda answer: self._answered(answer, run, alpha))
        self._ticket.failed.connect(self._failed)
        self.ring.show()
        self.words.set_tone("")
        self.words.setText(self.tr("Looking at the pictures"))
        self.changed.emit()

    def _drop(self) -> None:
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None
            self.changed.emit()
        self.ring.hide()

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.words.setText(texts.message(event.phase)[0])

    def _answered(self, answer: TryAnswer, run: Path, alpha: float) -> None:
        self._ticket, self._shown_of = None, (run, alpha)
        self.ring.hide()
        self.words.setText("")
        self.tried = answer.pictures
        self._show(alpha)
        self.changed.emit()

    def _failed(self, failed: Failed) -> None:
        self._ticket = None
        self.ring.hide()
        self.words.setText("" if failed.cancelled else texts.whole(failed.message))
        self.words.set_tone("bad")
        self.changed.emit()

    def _show(self, alpha: float = 1.0) -> None:
        clear(self.list)
        for each in self.tried:
            self.list.addWidget(TriedRow(each, self.thumbnails, self._readable, alpha))
        self.zone.setVisible(not self.tried)
        self.listed.setVisible(bool(self.tried))
        self.clear_button.setVisible(bool(self.tried))

    # --- drops and the end --------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's names
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.take([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        # the blend may have been moved while it was closed
        self._follow_up()

    def reject(self) -> None:
        """It is closed: by its button, by Esc or by the cross, which all come here."""
        self._later.stop()
        self._drop()
        super().reject()
