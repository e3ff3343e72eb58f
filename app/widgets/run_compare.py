"""Earlier runs to be drawn behind the one that is shown: a list to tick, read outside the GUI thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLocale, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from app import pool, run_care
from app.charts.series import replay
from app.widgets import run_words
from app.widgets.basics import Label, column
from engine import paths
from engine.errors import EngineError
from engine.events import RunStarted
from engine.run_directory import RunDirectory

_WIDTH, _MOST_ROWS = 340, 7


@dataclass(frozen=True)
class Compared:
    """Validation of a run after each of its epochs."""

    name: str
    """Its folder's name."""
    label: str
    """Short, for the edge of a chart."""
    steps: tuple[int, ...]
    accuracy: tuple[float, ...]
    loss: tuple[float, ...]


@dataclass(frozen=True)
class Found:
    """A run that can be compared with."""

    folder: Path
    label: str
    about: str


def label_of(name: str) -> str:
    """'2026-11-24T0301-birds-flyp' -> '24 Nov 03:01'; a name that a person gave stays."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d{4})-.*?(-\d+)?$", name)
    if match is None:
        return name
    made = datetime.strptime(match[1], "%Y-%m-%dT%H%M")
    return (
        f"{made.day} {QLocale().standaloneMonthName(made.month, QLocale.FormatType.ShortFormat)} {made:%H:%M}"
        + (f" ({match[2][1:]})" if match[2] else "")
    )


def found_runs(folder: Path) -> list[Found]:
    """The runs in a folder, the latest first; what cannot be read is passed over."""
    if not folder.is_dir():
        return []
    made = []
    for each in sorted(folder.iterdir(), key=lambda path: path.name, reverse=True):
        run = RunDirectory(each)
        if not run.events_file.is_file():
            continue
        try:
            recipe = run.recipe()
            # the first line alone: a long run has many
            first = next(run.events(), None)
        except (EngineError, OSError):
            continue
        counted = (
            run_words.counted(first.epochs, not first.batch_size)
            if isinstance(first, RunStarted)
            else run_words.counted(recipe.training.epochs, False)
        )
        pictures = Path(recipe.data.source).name
        model = Path(recipe.model.name).name
        about = f"{pictures}, {recipe.method.name.upper()}, {model}, {counted}"
        made.append(Found(each, label_of(each.name), about))
    return made


def compared(folder: Path) -> Compared | None:
    """The validation curve of a run; None if its events cannot be read."""
    try:
        series = replay(RunDirectory(folder).events())
    except (EngineError, OSError):
        return None
    steps, figures = series.curve("validation")
    accuracy = tuple(each.accuracy for each in figures)
    return Compared(
        folder.name, label_of(folder.name), tuple(steps), accuracy, tuple(each.loss for each in figures)
    )


class ComparePopup(QFrame):
    """The list under the button; a tick takes effect at once."""

    changed = Signal()
    """Other runs are ticked than before, or a ticked one has been read."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.setFixedWidth(_WIDTH)
        self.current: Path | None = None
        """The run that is shown; it is not offered."""
        self._known: dict[Path, Compared | None] = {}
        self._ticked: list[Path] = []
        self._words = Label("", "support", wrap=True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Runs to compare with"))
        self.list.itemChanged.connect(self._ticked_one)
        layout = column(Label(self.tr("Runs to compare with"), "card"), self._words, self.list)
        layout.setContentsMargins(16, 12, 12, 12)
        self.setLayout(layout)

    @property
    def runs(self) -> list[Compared]:
        """The ticked runs that have been read."""
        found = [self._known.get(folder) for folder in self._ticked if folder != self.current]
        return [each for each in found if each is not None]

    def open_at(self, top_right: QPoint) -> None:
        """Show the list and read the folder of runs anew."""
        self._say(self.tr("Reading the list of runs…"))
        self.list.hide()
        self.adjustSize()
        self.move(top_right.x() - self.width(), top_right.y())
        self.show()
        folder = paths.runs_folder()
        pool.run(lambda: found_runs(folder), self._fill)

    def _fill(self, found: list[Found] | Exception) -> None:
        if isinstance(found, Exception):
            self._say(run_care.why(found))
            return
        others = [each for each in found if each.folder != self.current]
        self.list.blockSignals(True)
        self.list.clear()
        for each in others:
            item = QListWidgetItem(f"{each.label}\n{each.about}")
            item.setData(Qt.ItemDataRole.UserRole, each.folder)
            item.setToolTip(each.folder.name)
            item.setFlags(
                Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            )
            ticked = each.folder in self._ticked
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setVisible(bool(others))
        if others:
            self._say(self.tr("Their validation is drawn thin and grey, by step."))
            self.list.setFixedHeight(min(len(others), _MOST_ROWS) * (self.list.sizeHintForRow(0) + 1) + 4)
            self.list.setCurrentRow(0)
            self.list.setFocus()
        else:
            self._say(self.tr("There are no other runs yet."))
        self.adjustSize()

    def _say(self, words: str) -> None:
        self._words.setText(words)

    def _ticked_one(self, item: QListWidgetItem) -> None:
        folder = item.data(Qt.ItemDataRole.UserRole)
        if item.checkState() is Qt.CheckState.Checked:
            if folder not in self._ticked:
                self._ticked.append(folder)
            pool.run(lambda: (folder, compared(folder)), self._took)
        elif folder in self._ticked:
            self._ticked.remove(folder)
            self.changed.emit()

    def _took(self, read: tuple[Path, Compared | None] | Exception) -> None:
        if isinstance(read, Exception):
            self._say(run_care.why(read))
            return
        folder, run = read
        self._known[folder] = run
        if run is None or not run.steps:
            self._say(self.tr("{} has no figures to draw.").format(label_of(folder.name)))
        self.changed.emit()
