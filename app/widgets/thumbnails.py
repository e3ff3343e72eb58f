"""Small versions of pictures: decoded by a few threads for what is on screen, kept in memory and on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from app import paths
from engine import faults

SIDE = 224
"""Pixels of a thumbnail's shorter side; a tile of 104 px is sharp at 200 %."""
_KEPT = 400
"""Thumbnails in memory, about 80 MB."""
_THREADS = 2 if (os.cpu_count() or 1) > 3 else 1
"""The window's own thread needs a core, and the engine that looks at the pictures another."""
_TELL_MS = 30
"""Thumbnails that are ready within this time are told together."""


class _Maker:
    """The threads and what they share with the window: nothing of Qt's, so that they may outlive it."""

    def __init__(self, threads: int) -> None:
        self.wished: OrderedDict[str, None] = OrderedDict()
        self._made: list[tuple[str, QImage | None]] = []
        self._condition = threading.Condition()
        self._closing = False
        self._count = threads
        self.threads: list[threading.Thread] = []

    def wish(self, path: str) -> None:
        """The newest wishes come first."""
        with self._condition:
            self.wished[path] = None
            self.wished.move_to_end(path)
            self._condition.notify()
        while len(self.threads) < self._count and not self._closing:
            thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
            self.threads.append(thread)
            thread.start()

    def only(self, visible: set[str]) -> None:
        """Forget the other wishes."""
        with self._condition:
            for path in [path for path in self.wished if path not in visible]:
                del self.wished[path]

    def take(self) -> tuple[list[tuple[str, QImage | None]], bool]:
        """What was made since the last call, and whether nothing is wished for."""
        with self._condition:
            made, self._made = self._made, []
            return made, not self.wished

    def close(self) -> None:
        """The threads end; each finishes the picture it is at."""
        with self._condition:
            self._closing = True
            self.wished.clear()
            self._condition.notify_all()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self.wished or self._closing)
                if self._closing:
                    return
                path, _ = self.wished.popitem(last=True)
            try:
                image = thumbnail(path)
            except Exception as error:  # noqa: BLE001  one picture must not take all that follow along
                faults.recorded(error)
                image = None
            with self._condition:
                self._made.append((path, image))


class Thumbnails(QObject):
    """Gives a thumbnail at once if it is known; else makes it and tells.

    The newest wishes come first, and those of rows that have left the screen are forgotten. Its threads end with it.
    """

    ready = Signal()
    """Some of the wished ones are there, or turned out to be no pictures."""

    def __init__(self, parent: QObject | None = None, threads: int = _THREADS) -> None:
        super().__init__(parent)
        self._known: OrderedDict[str, QImage | None] = OrderedDict()
        self._timer = QTimer(self)
        self._timer.setInterval(_TELL_MS)
        self._timer.timeout.connect(self._tell)
        maker = self._maker = _Maker(threads)
        self.destroyed.connect(lambda: maker.close())

    def get(self, path: str) -> QImage | None:
        """The thumbnail of a file if it is known; wishes for it otherwise."""
        if path in self._known:
            self._known.move_to_end(path)
            return self._known[path]
        self._maker.wish(path)
        if not self._timer.isActive():
            self._timer.start()
        return None

    def failed(self, path: str) -> bool:
        """It is no picture that can be shown."""
        return path in self._known and self._known[path] is None

    def only(self, visible: set[str]) -> None:
        """Forget wishes for what is not on screen any more."""
        self._maker.only(visible)

    def _tell(self) -> None:
        made, idle = self._maker.take()
        for path, image in made:
            self._known[path] = image
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        if made:
            self.ready.emit()
        elif idle:
            self._timer.stop()


def thumbnail(path: str, side: int = SIDE) -> QImage | None:
    """The middle square of a picture, upright; from the disk if it was made before. None if it is none."""
    place = _place(path, side)
    if place is not None and (image := _read(place)) is not None:
        return image
    # numpy and the decoders come with it: a sixth of a second that the first paint need not wait for
    from engine.data.pictures import PictureError, open_rgb

    try:
        # decoded no larger than needed where the format allows
        picture = open_rgb(path, shorter_side=side)
    except (PictureError, OSError):
        return None
    picture = _square(picture, side)
    if place is not None:
        _write(place, picture)
    return _image(picture)


def _square(picture: Image.Image, side: int) -> Image.Image:
    width, height = picture.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    box = (left, top, left + edge, top + edge)
    return picture.resize((side, side), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)


def _image(picture: Image.Image) -> QImage:
    data = picture.convert("RGB").tobytes()
    made = QImage(data, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
    # a copy of its own: the bytes above go with this function
    return made.copy()


def _place(path: str, side: int) -> Path | None:
    """Where the thumbnail of a file in its present state is kept."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    key = f"{path}\0{found.st_mtime_ns}\0{found.st_size}\0{side}"
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    return paths.thumbnail_cache() / name[:2] / f"{name[2:34]}.jpg"


def _read(place: Path) -> QImage | None:
    try:
        with Image.open(place, formats=["JPEG"]) as picture:
            return _image(picture)
    except (OSError, SyntaxError, ValueError):
        return None


def _write(place: Path, picture: Image.Image) -> None:
    """Keep it if the disk lets us; another thread may write the same at the same time."""
    temporary = place.with_suffix(f".{threading.get_ident()}.tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        picture.save(temporary, "JPEG", quality=88)
        temporary.replace(place)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
