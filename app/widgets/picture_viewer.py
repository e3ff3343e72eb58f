"""One picture large, with its path, size and class; arrow keys go to the next."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QSizePolicy, QVBoxLayout, QWidget

from app import pool, texts
from app.theme import theme
from app.widgets.basics import Button, ElidedLabel, Label, Ring, row
from app.widgets.image_grid import Tile

_LONGEST = 2400
"""Pixels of the longer side that are shown; more would fill memory and no screen."""


def decoded(path: str) -> tuple[QImage | None, str]:
    """The picture no larger than is shown, and words about it; without a picture, why there is none."""
    from engine.data.pictures import PictureError, open_rgb

    try:
        picture = open_rgb(path)
        words = f"{picture.width} × {picture.height}"
        picture.thumbnail((_LONGEST, _LONGEST))
        data = picture.tobytes()
    except PictureError as error:
        return None, str(error.message)
    except OSError as error:
        return None, str(error)
    made = QImage(data, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
    # a copy of its own: the bytes above go with this function
    return made.copy(), words


class _Canvas(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(320, 240)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme().colour("sunken"))
        if self.image is None:
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        if size.width() > 2 * self.image.width():
            size = self.image.size() * 2
        place = self.rect()
        place.setSize(size)
        place.moveCenter(self.rect().center())
        painter.drawImage(place, self.image)


class PictureViewer(QDialog):
    """Shows one of some tiles."""

    def __init__(self, parent: QWidget, tiles: Sequence[Tile], row_shown: int, caption: str) -> None:
        """``caption`` says what the pictures have in common: their class."""
        super().__init__(parent)
        self._tiles = tiles
        self._row = row_shown
        self._caption = caption
        self._decoding: pool.Errand | None = None
        self.setWindowTitle(self.tr("Picture"))
        self.resize(880, 680)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.canvas = _Canvas()
        self.name = ElidedLabel("", "card", mode=Qt.TextElideMode.ElideMiddle)
        self.facts = Label("", "support", select=True)
        self.problem = Label("", "help", "warn", wrap=True)
        self._ring = Ring()
        self.before = Button(
            icon="chevron-left",
            name=self.tr("Picture before"),
            tip=self.tr("Picture before (Left)"),
            act=lambda: self._go(-1),
        )
        self.after = Button(
            icon="chevron-right",
            name=self.tr("Next picture"),
            tip=self.tr("Next picture (Right)"),
            act=lambda: self._go(1),
        )
        copy = Button(
            self.tr("Copy path"),
            icon="copy",
            tip=self.tr("Put the picture's path on the clipboard"),
            act=self._copy,
        )
        show = Button(
            self.tr("Show in folder"),
            icon="folder",
            tip=self.tr("Open the folder that the picture lies in"),
            act=self._show,
        )
        close = Button(self.tr("Close"), tip=self.tr("Back to the grid (Esc)"), act=self.close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(row(self.name, self._ring))
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.facts)
        layout.addWidget(self.problem)
        layout.addLayout(row(self.before, self.after, None, copy, show, close))
        self._render()

    def _render(self) -> None:
        tile = self._tiles[self._row]
        self.name.setText(tile.name)
        self.canvas.image = None
        self.canvas.update()
        self._ring.show()
        self.facts.setText(tile.caption or self._caption)
        self.problem.setText(tile.problem)
        self.problem.setVisible(bool(tile.problem))
        self.before.setEnabled(self._row > 0)
        self.after.setEnabled(self._row < len(self._tiles) - 1)
        if self._decoding is not None:
            self._decoding.drop()
        self._decoding = pool.run(lambda: decoded(tile.path), self._decoded)

    def _decoded(self, made: tuple[QImage | None, str] | Exception) -> None:
        tile = self._tiles[self._row]
        image, words = (None, str(made)) if isinstance(made, Exception) else made
        self._ring.hide()
        self.canvas.image = image
        self.canvas.update()
        self.canvas.setAccessibleName(f"{tile.name}, {words}")
        octets = ""
        with contextlib.suppress(OSError):
            octets = "  ·  " + texts.size(Path(tile.path).stat().st_size)
        place = self.tr("{} of {}").format(texts.number(self._row + 1), texts.number(len(self._tiles)))
        self.facts.setText(f"{tile.caption or self._caption}  ·  {words}{octets}  ·  {place}")

    def _go(self, by: int) -> None:
        goal = self._row + by
        if 0 <= goal < len(self._tiles):
            self._row = goal
            self._render()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Left:
            self._go(-1)
        elif event.key() == Qt.Key.Key_Right:
            self._go(1)
        else:
            super().keyPressEvent(event)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._tiles[self._row].path)

    def _show(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._tiles[self._row].path).parent)))
