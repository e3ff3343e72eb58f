"""The pictures of one class, all of them or of one part, as a grid of thumbnails."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QVBoxLayout

from app import decisions, problem_words, texts
from app.engine_thread import Ticket
from app.shell import Shell
from app.widgets.basics import Card, ElidedLabel, Icon, Label, Segmented, line, row
from app.widgets.image_grid import ImageGrid, Tile
from app.widgets.picture_viewer import PictureViewer
from app.widgets.thumbnails import Thumbnails
from engine.requests import PicturesAnswer, PicturesRequest

_TILES = (72, 200)
"""Smallest and largest tile in pixels."""
_NARROW = 600
"""A card less wide has no room for whole words in its head."""


class GridCard(Card):
    """Asks the engine for the pictures of the class that is to be shown."""

    def __init__(self, shell: Shell, thumbnails: Thumbnails) -> None:
        super().__init__(padding=0, spacing=0)
        self._shell = shell
        self._listing: Ticket | None = None
        self._shown: tuple[str, object, object] | None = None
        self._name = ""
        self._count: int | None = None
        self._narrow = False
        self._marked: tuple[list[decisions.Found], dict[str, str]] = ([], {})
        self.answer: PicturesAnswer | None = None
        """The pictures of the class, in order."""
        self.class_name = ElidedLabel("", "card")
        self.class_name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.class_count = Label("", "support")
        self.part = Segmented(
            {
                "all": self.tr("All"),
                "train": self.tr("Training"),
                "validation": self.tr("Validation"),
                "test": self.tr("Test"),
            },
            self.tr("Pictures shown"),
        )
        self.part.choose("all")
        self.part.chosen.connect(lambda _: self._show_tiles())
        self.tile_size = QSlider(Qt.Orientation.Horizontal)
        self.tile_size.setRange(*_TILES)
        self.tile_size.setValue(104)
        self.tile_size.setMaximumWidth(84)
        # what it may shrink to decides from which width on it is hidden
        self.tile_size.setMinimumWidth(24)
        self.tile_size.setAccessibleName(self.tr("Size of the pictures"))
        self.tile_size.setToolTip(self.tr("Size of the pictures"))
        self._small, self._large = Icon("grid-small", "text3"), Icon("grid-large", "text3")
        head = row(
            self.class_name,
            self.class_count,
            None,
            self.part,
            None,
            self._small,
            self.tile_size,
            self._large,
        )
        head.setContentsMargins(14, 10, 12, 10)
        self.body.addLayout(head)
        self.body.addWidget(line())
        self.grid = ImageGrid(thumbnails)
        self.grid.setAccessibleName(self.tr("Pictures of the class"))
        self.grid.opened.connect(self._open)
        self.tile_size.valueChanged.connect(self.grid.set_tile)
        self.nothing = Label("", "support")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 8, 4, 0)
        holder.addWidget(self.grid, 1)
        holder.addWidget(self.nothing, 1)
        self.body.addLayout(holder, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        # the name of the class needs the room more
        self._narrow = self.width() < _NARROW
        for each in (self._small, self.tile_size, self._large):
            each.setHidden(self._narrow)
        self._say_count()

    def _say_count(self) -> None:
        count = texts.number(self._count) if self._count is not None else ""
        words = self.tr("{} pictures").format(count) if count else ""
        self.class_count.setText(count if self._narrow else words)
        self.class_count.setToolTip(words)

    def forget(self) -> None:
        """Another project: an answer under way would be shown as pictures of that one."""
        if self._listing is not None and self._listing.open:
            self._listing.drop()
        self._shown, self.answer = None, None
        self.grid.show_tiles([])

    def show_class(self, name: str) -> None:
        """Ask for the pictures of a class, unless they are shown already."""
        data = self._shell.project.data
        self._name = name
        if data is None or not name:
            return
        wanted = (name, data, self._shell.facts.inspected)
        if self._shown is not None and self._shown[0] == name and self._shown[1:] == wanted[1:]:
            return
        if name not in self._shell.facts.structures and "" not in self._shell.facts.structures:
            return
        other_class = self._shown is None or self._shown[0] != name
        self._shown = wanted
        if other_class:
            self.answer = None
            self._show_tiles()
        if self._listing is not None and self._listing.open:
            self._listing.drop()
        self._listing = self._shell.engine.ask(
            PicturesRequest(data=self._shell.facts.readable(data), folder=name)
        )
        self._listing.answered.connect(lambda answer: self._listed(answer, stay=not other_class))
        self._listing.failed.connect(lambda _: self._not_listed())

    def _listed(self, answer: PicturesAnswer, stay: bool) -> None:
        self.answer = answer
        self._show_tiles(stay)

    def _not_listed(self) -> None:
        self._shown = None

    def _show_tiles(self, stay: bool = False) -> None:
        answer, name = self.answer, self._name
        self.class_name.setText(name)
        if answer is None:
            self._count = None
            self._say_count()
            self.grid.show_tiles([])
            self.nothing.hide()
            self.grid.show()
            return
        root, part = str(Path(answer.root)), self.part.key
        marks = self._marks()
        tiles = [
            Tile(
                os.path.join(root, path.replace("/", os.sep)),  # noqa: PTH118  a Path for each would be felt
                path,
                marks.get(path, ""),
                use == "left out",
            )
            for path, use in zip(answer.paths, answer.parts, strict=True)
            if part in ("all", use)
        ]
        self._count = len(tiles)
        self._say_count()
        self.grid.show_tiles(tiles, stay)
        self.grid.setVisible(bool(tiles))
        self.nothing.setVisible(not tiles)
        self.nothing.setText(self.tr("No pictures of this class are used for that."))

    def _marks(self) -> dict[str, str]:
        """Path -> what is wrong with it, for pictures that the person has not decided about."""
        data = self._shell.project.data
        if data is None:
            return {}
        problems = self._shell.facts.undecided(data)
        if problems is not self._marked[0]:
            words = {kind: problem_words.of(kind) for kind, _ in problems}
            found = {path: words[kind] for kind, each in problems for path in decisions.pictures(each)}
            self._marked = problems, found
        return self._marked[1]

    def _open(self, row_shown: int) -> None:
        tiles = self.grid.tiles.tiles
        if 0 <= row_shown < len(tiles):
            PictureViewer(self, tiles, row_shown, self._name).show()
