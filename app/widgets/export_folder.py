"""Where an export goes: a folder's path, what lies there already, and the ways out."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QWidget

from app import export_places, pool
from app.export_places import Place
from app.widgets.basics import Button, Icon, Label, column, repolish, row

_WAIT_MS = 200
"""After a key, until the disk is asked."""


class ExportFolder(QWidget):
    """The path can be typed; ``place`` is None until the disk has answered."""

    changed = Signal()
    """Another folder, or it is known what lies there."""
    replace_wanted = Signal()
    """The person has agreed to put an export in the place of the earlier one."""

    def __init__(self) -> None:
        super().__init__()
        self.place: Place | None = None
        self._errand: pool.Errand | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(self.look)
        tip = self.tr("A new or an empty folder; nothing is written over without asking")
        self.edit = QLineEdit()
        self.edit.setAccessibleName(self.tr("Folder of the export"))
        self.edit.setToolTip(tip)
        self.edit.textChanged.connect(self._typed)
        label = Label(self.tr("Folder"), "label")
        label.setBuddy(self.edit)
        self.choose_button = Button(
            self.tr("Choose…"), icon="folder", act=self.choose, name=self.tr("Choose a folder for the export"),
            tip=self.tr("Choose the folder, or a folder in which a new one is made"),
        )  # fmt: skip
        self.mark = Icon("warning", "warn", 14)
        self.words = Label("", "help", wrap=True)
        self.other_button = Button(
            self.tr("Another name"), small=True, act=self.take_free,
            tip=self.tr("Take the first name with a number that is free"),
        )  # fmt: skip
        self.replace_button = Button(
            self.tr("Replace…"), kind="danger", small=True, act=self._ask_replace,
            tip=self.tr("Export now, in the place of what was exported before; asks first"),
        )  # fmt: skip
        below = row(self.mark, self.words, self.other_button, self.replace_button)
        below.setStretch(1, 1)
        self.line = row(self.edit, self.choose_button)
        self.line.setStretch(0, 1)
        self.setLayout(column(label, self.line, below, spacing=4))
        self._say()

    @property
    def path(self) -> Path:
        return Path(self.edit.text().strip()).expanduser()

    def suggest(self, run: Path) -> None:
        """Take the usual place for a run's exports."""
        self._find(lambda: export_places.suggested(run))

    def take_free(self) -> None:
        """Take the next name that is free."""
        wanted = self.path
        self._find(lambda: export_places.free(wanted))

    def choose(self) -> None:
        """Ask for a folder."""
        start = next((str(each) for each in self.path.parents if each.is_dir()), str(Path.home()))
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder for the export"), start)
        if given:
            self.edit.setText(given)

    def refresh(self) -> None:
        """Ask the disk again, unless it is being asked."""
        if self.place is not None:
            self.look()

    def look(self) -> None:
        """Ask the disk what lies there."""
        self._later.stop()
        path = self.path
        self._do(pool.run(lambda: (path, export_places.look(path)), self._found))

    def _find(self, find: object) -> None:
        assert callable(find)

        def both() -> tuple[Path, Place]:
            path = find()
            return path, export_places.look(path)

        self._do(pool.run(both, self._found))

    def _do(self, errand: pool.Errand) -> None:
        if self._errand is not None:
            self._errand.drop()
        self._errand = errand

    def _found(self, found: tuple[Path, Place] | Exception) -> None:
        path, place = found if not isinstance(found, Exception) else (self.path, Place.WRONG)
        if path != self.path:
            self.edit.blockSignals(True)
            self.edit.setText(str(path))
            self.edit.blockSignals(False)
        self.place = place
        self._say()
        self.changed.emit()

    def _typed(self) -> None:
        self.place = None
        self._later.start()
        self._say()
        self.changed.emit()

    def trouble(self) -> str:
        """What stands in the way, in words; empty if nothing does, or it is not known yet."""
        return {
            Place.EXPORT: self.tr("An export lies in this folder already."),
            Place.TAKEN: self.tr("Other things lie in this folder; they are never replaced."),
            Place.FILE: self.tr("This is a file."),
            Place.WRONG: self.tr("Give the whole path of a folder."),
        }.get(self.place or Place.FREE, "")

    def _say(self) -> None:
        trouble = self.trouble()
        usual = self.tr("One format lies in it; of several each has a folder of its own there.")
        self.words.setText(trouble or usual)
        # an earlier export is as usual as it is in the way
        usual_one = self.place is Place.EXPORT
        self.words.set_tone("warn" if trouble and not usual_one else "")
        self.mark.show_icon("info" if usual_one else "warning", "text3" if usual_one else "warn")
        self.mark.setVisible(bool(trouble))
        self.other_button.setVisible(self.place in (Place.EXPORT, Place.TAKEN, Place.FILE))
        self.replace_button.setVisible(self.place is Place.EXPORT)
        self.edit.setProperty("wrong", self.place in (Place.TAKEN, Place.FILE, Place.WRONG))
        repolish(self.edit)

    def _ask_replace(self) -> None:
        if agree(self, self.path):
            self.replace_wanted.emit()


def agree(parent: QWidget, folder: Path) -> bool:
    """Ask whether the export in a folder is to be replaced."""
    answer = QMessageBox.question(
        parent,
        parent.tr("Replace the export?"),
        parent.tr("What lies in {} is taken away when the new export is written and verified.").format(
            folder
        ),
        QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
        QMessageBox.StandardButton.Cancel,
    )
    return answer == QMessageBox.StandardButton.Yes
