"""What a model says of new pictures as a grid: all, those of a class, those it is not sure of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app import texts, using
from app.widgets.basics import ElidedLabel, Label, row
from app.widgets.captioned_grid import CaptionedGrid, Tiles, Told
from app.widgets.picture_viewer import PictureViewer
from app.widgets.threshold import Threshold
from app.widgets.thumbnails import Thumbnails
from engine.exports import PredictAnswer


class UseResults(QWidget):
    """Chooser and counts above, the grid, the threshold below."""

    changed = Signal()
    """Another threshold."""

    def __init__(self, thumbnails: Thumbnails, readable: Callable[[str], str]) -> None:
        super().__init__()
        self._readable = readable
        self.answer: PredictAnswer | None = None
        self.places: list[int] = []
        """Of the pictures in the grid, in the answer."""
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Which pictures are shown"))
        self.chooser.setToolTip(self.tr("All pictures, those of one class, or those it is not sure of"))
        self.chooser.setMinimumWidth(220)
        self.chooser.activated.connect(lambda _: self._fill())
        self.told = ElidedLabel("", "support")
        self.grid = CaptionedGrid(thumbnails, 148)
        self.grid.setAccessibleName(self.tr("Pictures with their class and probability"))
        self.grid.opened.connect(self._open)
        self.threshold = Threshold()
        self.threshold.changed.connect(self._moved)
        head = row(Label(self.tr("Show"), "label"), self.chooser, self.told)
        head.setStretch(2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.threshold)

    def show_answer(self, answer: PredictAnswer) -> None:
        """Show these predictions, all of them first."""
        self.answer = answer
        self._count(using.ALL)
        self._fill()

    def _moved(self) -> None:
        if self.answer is not None:
            self._count(self.chooser.currentData())
            self._fill(stay=True)
        self.changed.emit()

    def _count(self, chosen: str) -> None:
        assert self.answer is not None
        found = using.counts(self.answer, self.threshold.value)
        words = {
            using.ALL: self.tr("All pictures"),
            using.NOT_SURE: self.tr("Not sure"),
            using.UNREADABLE: self.tr("Unreadable"),
        }
        self.chooser.clear()
        for key, count in found.items():
            if count or key in (using.ALL, using.NOT_SURE, chosen):
                name = words.get(key) or self._readable(key[1:])
                self.chooser.addItem(f"{name}  ·  {texts.number(count)}", key)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))
        told = [
            self.tr("{} pictures").format(texts.number(found[using.ALL])),
            self.tr("{} not sure").format(texts.number(found[using.NOT_SURE])),
        ]
        if found[using.UNREADABLE]:
            told.append(self.tr("{} unreadable").format(texts.number(found[using.UNREADABLE])))
        self.told.setText("  ·  ".join(told))

    def _fill(self, stay: bool = False) -> None:
        assert self.answer is not None
        which = str(self.chooser.currentData())
        self.places = using.part(self.answer.pictures, which, self.threshold.value)
        self.grid.show_tiles(Tiles(len(self.places), self._tile), stay=stay)

    def _tile(self, row_shown: int) -> Told:
        assert self.answer is not None
        each = self.answer.pictures[self.places[row_shown]]
        # both separators: the engine may have given a path of another make
        name = each.path.replace("\\", "/").rpartition("/")[2]
        if not each.guesses:
            why = texts.whole(each.problem) if each.problem is not None else self.tr("It cannot be read.")
            return Told(each.path, name, problem=why, truth=name, said=self.tr("unreadable"))
        guesses = [
            f"{self._readable(guess.class_name)} {texts.percent(guess.probability, 0)}"
            for guess in each.guesses
        ]
        best = self._readable(each.guesses[0].class_name)
        share = texts.percent(each.guesses[0].probability, 0)
        others = self.tr("then {}").format(", ".join(guesses[1:])) if guesses[1:] else ""
        if using.sure(each, self.threshold.value):
            return Told(each.path, name, truth=name, confidence=share, said=best, before=others)
        why = self.tr("Not sure; most probable is {}").format(guesses[0])
        said = self.tr("not sure")
        return Told(each.path, name, problem=why, truth=name, confidence=share, said=said, before=others)

    def _open(self, place: int) -> None:
        if 0 <= place < len(self.places):
            PictureViewer(self, self.grid.tiles.tiles, place, self.told.text()).show()
