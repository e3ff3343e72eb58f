"""Pictures that were taken for something else, the surest first; or those of a cell of the matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QComboBox, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app import blends, relabelling, texts
from app.blends import Stop
from app.widgets.basics import Button, Card, ElidedLabel, Label, row
from app.widgets.captioned_grid import CaptionedGrid, Tiles, Told
from app.widgets.picture_viewer import PictureViewer
from app.widgets.thumbnails import Thumbnails
from engine.evaluation.metrics import Ints
from engine.evaluation.outputs import SetOutputs


@dataclass(frozen=True)
class Picked:
    """Whose pictures are shown: of a class, or of a cell."""

    truth: int
    said: int | None = None
    """None for all mistakes of the class."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What the grid stands for."""

    stop: Stop
    before: Stop | None
    name: str
    """Of the set."""
    classes: tuple[str, ...]
    picked: Picked | None
    labels: dict[str, str]
    """Corrections that are written into the recipe."""


class MistakesCard(Card):
    """A grid of pictures of one set."""

    set_wanted = Signal(str)
    all_wanted = Signal()
    """The mistakes of all classes again."""
    relabel_wanted = Signal(object)
    """Places of the chosen pictures in their set."""

    def __init__(self, readable: Callable[[str], str]) -> None:
        super().__init__(self.tr("Mistakes"), padding=0)
        self._readable = readable
        self.shown: Shown | None = None
        self.places: Ints | None = None
        """Of the pictures in the grid, in their set."""
        self.thumbnails = Thumbnails(self)
        plain = ElidedLabel("", "support")
        self.head.replaceWidget(self.about, plain)
        self.about.hide()
        self.told = plain
        self.head.setStretchFactor(plain, 1)
        self.all_button = Button(
            self.tr("All mistakes"), icon="close", kind="quiet", small=True, act=self.all_wanted.emit,
            tip=self.tr("Show the mistakes of all classes again"),
        )  # fmt: skip
        self.relabel_button = Button(
            self.tr("Correct…"), icon="pencil", kind="quiet", small=True, act=self._relabel,
            tip=self.tr("Say which class the chosen pictures really are of (R); the files stay as they are"),
        )  # fmt: skip
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Set whose pictures are shown"))
        self.chooser.setToolTip(self.tr("Set whose classes and pictures are shown"))
        self.chooser.setFixedHeight(28)
        self.chooser.setMinimumWidth(96)
        self.chooser.activated.connect(lambda _: self.set_wanted.emit(self.chooser.currentData()))
        for widget in (self.relabel_button, self.chooser):
            self.head.addWidget(widget)
        self.picked_words = ElidedLabel("", "strong", mode=Qt.TextElideMode.ElideMiddle)
        self.picked_line = QWidget()
        line_inside = row(self.picked_words, self.all_button)
        line_inside.setContentsMargins(16, 8, 12, 0)
        line_inside.setStretch(0, 1)
        self.picked_line.setLayout(line_inside)
        self.grid = CaptionedGrid(self.thumbnails)
        self.grid.setAccessibleName(self.tr("Pictures that were taken for something else"))
        self.grid.opened.connect(self._open)
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self._offer())
        self.nothing = Label("", "support", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(12, 10, 4, 0)
        inside.addWidget(self.grid)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(holder)
        self.body.setSpacing(0)
        self.body.addWidget(self.picked_line)
        self.body.addWidget(self.stack, 1)
        self.grid.correct_wanted.connect(self._relabel)
        self._offer()

    # --- what is shown ------------------------------------------------------------------------

    def show_names(self, names: list[str], chosen: str) -> None:
        """The sets to choose from."""
        if [self.chooser.itemData(i) for i in range(self.chooser.count())] != names:
            self.chooser.clear()
            for name in names:
                self.chooser.addItem(name, name)
        self.chooser.setCurrentIndex(self.chooser.findData(chosen))

    def say(self, words: str) -> None:
        """There are no pictures to show, and why."""
        self.shown = self.places = None
        self.grid.show_tiles([])
        self.told.setText("")
        self.nothing.setText(words)
        self.stack.setCurrentIndex(0)
        self._offer()

    def show_pictures(self, shown: Shown) -> None:
        """The mistakes of a set at a stop, or the pictures of what was picked."""
        before, self.shown = self.shown, shown
        of, picked = shown.stop.outputs[shown.name], shown.picked
        places = (
            shown.stop.wrong[shown.name]
            if picked is None
            else blends.pictures_of(of, picked.truth, picked.said)
        )
        self.places = places
        first = shown.before.outputs.get(shown.name) if shown.before is not None else None
        stay = before is not None and (before.name, before.picked) == (shown.name, picked)
        self.grid.show_tiles(
            Tiles(len(places), lambda number: self._tile(of, first, int(places[number]))), stay
        )
        self.told.setText(self._words(of, len(shown.stop.wrong[shown.name]), None))
        self.picked_words.setText(self._words(of, len(places), picked) if picked is not None else "")
        self.nothing.setText(
            self.tr("Every picture is right at this blend.")
            if picked is None
            else self.tr("No pictures are there at this blend.")
        )
        self.stack.setCurrentIndex(1 if len(places) else 0)
        self._offer()

    def _words(self, of: SetOutputs, count: int, picked: Picked | None) -> str:
        assert self.shown is not None
        classes = self.shown.classes
        number = texts.number(count)
        if picked is None:
            words = self.tr("{} of {} {} pictures, surest first")
            return words.format(number, texts.number(len(of)), of.name)
        total = texts.number(int((of.labels_N == picked.truth).sum()))
        truth = self._readable(classes[picked.truth])
        if picked.said is None:
            return self.tr("{} of {} {}, surest first").format(number, total, truth)
        if picked.said == picked.truth:
            return self.tr("{} of {} {} are right").format(number, total, truth)
        said = self._readable(classes[picked.said])
        return self.tr("{} of {} {} taken for {}").format(number, total, truth, said)

    def _tile(self, of: SetOutputs, first: SetOutputs | None, place: int) -> Told:
        assert self.shown is not None
        classes = self.shown.classes
        truth = classes[int(of.labels_N[place])]
        label = self.shown.labels.get(relabelling.key_of(of, place))
        before = ""
        if first is not None and len(first) == len(of):
            before = self.tr("before: {}").format(self._readable(classes[int(first.predicted_N[place])]))
        return Told(
            path=str(of.path(place)),
            name=of.paths[place],
            problem=(
                self.tr("Corrected to {}; counts from the next training on").format(self._readable(label))
                if label is not None and label != truth
                else ""
            ),
            truth=self._readable(truth),
            confidence=texts.percent(float(of.confidence_N[place]), 0),
            said=self.tr("said {}").format(self._readable(classes[int(of.predicted_N[place])])),
            before=before,
        )

    # --- what the person does -----------------------------------------------------------------

    def chosen_places(self) -> list[int]:
        """Places in the set of the pictures that are chosen in the grid."""
        if self.places is None:
            return []
        return [int(self.places[index.row()]) for index in self.grid.selectedIndexes()]

    def _offer(self) -> None:
        self.relabel_button.setEnabled(bool(self.chosen_places()))
        self.picked_line.setVisible(self.shown is not None and self.shown.picked is not None)

    def _relabel(self) -> None:
        if places := self.chosen_places():
            self.relabel_wanted.emit(places)

    def _open(self, place: int) -> None:
        tiles = self.grid.tiles.tiles
        if 0 <= place < len(tiles):
            PictureViewer(self, tiles, place, self.told.text()).show()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  Qt's name
        inside = self.grid.viewport().mapFrom(self, event.pos())
        place = self.grid.row_at(inside)
        if place >= 0:
            self.menu(place).popup(event.globalPos() + QPoint(2, 2))

    def menu(self, place: int) -> QMenu:
        """What can be done with a picture."""
        if place not in {index.row() for index in self.grid.selectedIndexes()}:
            self.grid.setCurrentIndex(self.grid.tiles.index(place))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Open"), lambda: self._open(place))
        menu.addAction(self.tr("Correct the class…"), self._relabel)
        return menu
