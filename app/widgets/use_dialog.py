"""Pictures of the person's own, classified by the run: dropped or chosen, as a grid, a table, sorted copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QStackedWidget, QVBoxLayout, QWidget

from app import run_care, texts
from app.predicting import Predicting
from app.shell import Shell
from app.widgets.basics import Button, Icon, Label, column, row
from app.widgets.thumbnails import Thumbnails
from app.widgets.use_progress import UseProgress
from app.widgets.use_results import UseResults
from engine.messages import Message


class UseDialog(QDialog):
    """Stays beside the page; follows its run and blend."""

    def __init__(self, parent: QWidget, shell: Shell, readable: Callable[[str], str]) -> None:
        """``readable`` gives a class's name for people by its folder's."""
        super().__init__(parent)
        self.thumbnails = Thumbnails(self)
        self.predicting = Predicting(shell, self)
        self.predicting.changed.connect(self._offer)
        self.predicting.judged.connect(self._judged)
        self.predicting.failed.connect(self._failed)
        self.predicting.saved.connect(self._saved)
        self.predicting.sorted.connect(self._sorted)
        self._made: Path | None = None
        """What the button beside the words opens."""
        self.setWindowTitle(self.tr("Use on new pictures"))
        self.setAcceptDrops(True)
        self.resize(920, 680)
        self._build(readable)
        self._offer()

    def _build(self, readable: Callable[[str], str]) -> None:
        tr = self.tr
        self.folder_button = Button(
            tr("Choose a folder…"), icon="folder", act=self.choose_folder,
            tip=tr("All pictures in it and in the folders below; they are only read"),
        )  # fmt: skip
        self.files_button = Button(
            tr("Choose pictures…"),
            icon="image",
            act=self.choose_files,
            tip=tr("One or several picture files"),
        )
        self.table_button = Button(
            tr("Save CSV…"), icon="table", act=self.ask_table,
            tip=tr("A table with path, class, and the most probable classes with their probabilities"),
        )  # fmt: skip
        self.sort_button = Button(
            tr("Sort copies into folders…"), icon="copy", act=self.ask_sort,
            tip=tr("Copies each picture into a folder named like its class; originals stay, nothing is overwritten"),
        )  # fmt: skip
        self.close_button = Button(tr("Close"), act=self.close, tip=tr("Back to the page (Esc)"))
        for button in (self.folder_button, self.files_button, self.table_button, self.sort_button):
            button.setAutoDefault(False)
        self.close_button.setAutoDefault(False)
        self.results = UseResults(self.thumbnails, readable)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._zone())
        self.stack.addWidget(self.results)
        self.progress = UseProgress(self.predicting)
        self.words = Label("", "support", wrap=True, select=True)
        self.open_button = Button(
            tr("Open folder"), icon="folder", small=True, act=self._open, tip=tr("Shows what was written")
        )
        said = row(self.progress, self.words, self.open_button)
        said.setStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 16, 16, 16)
        outer.setSpacing(12)
        outer.addWidget(self.stack, 1)
        outer.addLayout(said)
        outer.addLayout(
            row(
                self.folder_button,
                self.files_button,
                None,
                self.table_button,
                self.sort_button,
                self.close_button,
            )
        )
        self._say("")

    def _zone(self) -> QFrame:
        what = Label(self.tr("Drop pictures or a folder here"), "card")
        why = Label(
            self.tr(
                "The model names the class of each and says how sure it is. It always chooses among its own classes, "
                "also for a picture of something else. Your pictures stay where they are."
            ),
            "support",
            wrap=True,
        )
        for label in (what, why):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        zone = QFrame()
        zone.setObjectName("dropZone")
        layout = column(None, row(None, Icon("folder-plus", "text3", 32), None), what, why, None)
        layout.setContentsMargins(120, 32, 120, 32)
        zone.setLayout(layout)
        return zone

    # --- asking -------------------------------------------------------------------------------

    def follow(self, run: Path, alpha: float) -> None:
        """Of this run, at this blend; what is shown is judged again."""
        if self.predicting.follow(run, alpha):
            self.stack.setCurrentIndex(0)
            self._say("")
        if self.isVisible():
            self.predicting.follow_up()
        self._offer()

    def choose_folder(self) -> None:
        """Ask for a folder."""
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder of pictures"))
        if given:
            self.take([given])

    def choose_files(self) -> None:
        """Ask for files."""
        given, _ = QFileDialog.getOpenFileNames(self, self.tr("Pictures to classify"))
        if given:
            self.take(given)

    def take(self, given: Sequence[str]) -> None:
        """Classify these in the place of those before."""
        if given:
            self._say("")
            self.predicting.ask(given)

    def ask_table(self) -> None:
        """Ask where the table goes."""
        run = self.predicting.run
        if run is None:
            return
        start = str(Path.home() / f"{run.name}-predictions.csv")
        given, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the table"), start, self.tr("Table (*.csv)")
        )
        if given:
            self.predicting.save(Path(given), self.results.threshold.value)

    def ask_sort(self) -> None:
        """Ask into which folder the class folders come."""
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder for the class folders"))
        if given:
            self.predicting.sort(Path(given), self.results.threshold.value)

    # --- what came ----------------------------------------------------------------------------

    def _offer(self) -> None:
        busy, there = self.predicting.busy, self.predicting.answer is not None
        for button in (self.folder_button, self.files_button):
            button.setEnabled(not busy)
        for button in (self.table_button, self.sort_button):
            button.setEnabled(there and not busy)
        if busy:
            self.words.setVisible(False)
            self.open_button.setVisible(False)

    def _say(self, words: str, bad: bool = False, made: Path | None = None) -> None:
        self.words.setText(words)
        self.words.set_tone("bad" if bad else "")
        self.words.setVisible(bool(words))
        self._made = made
        self.open_button.setVisible(made is not None)

    def _judged(self) -> None:
        answer = self.predicting.answer
        assert answer is not None
        self.results.threshold.show_measured(self.predicting.measured, self.predicting.measured_on)
        self.results.show_answer(answer)
        self.stack.setCurrentWidget(self.results)
        self.results.grid.setFocus()

    def _failed(self, why: Message | Exception) -> None:
        self._say(texts.whole(why) if isinstance(why, Message) else run_care.why(why), bad=True)

    def _saved(self, out: Path) -> None:
        self._say(self.tr("The table is saved as {}.").format(out), made=out.parent)

    def _sorted(self, into: Path, count: int) -> None:
        words = self.tr("{} copies lie in {}; the originals are where they were.")
        self._say(words.format(texts.number(count), into), made=into)

    def _open(self) -> None:
        if self._made is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._made)))

    # --- drops and the end --------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's names
        if event.mimeData().hasUrls() and not self.predicting.busy:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.take([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        # the blend may have been moved while it was closed
        self.predicting.follow_up()

    def reject(self) -> None:
        """It is closed: by its button, by Esc or by the cross, which all come here."""
        self.predicting.stop()
        super().reject()
