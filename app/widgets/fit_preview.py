"""Three of the person's own pictures: whole, with the part that is kept outlined, and as the model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import icons, pool
from app.theme import theme
from engine.data.fit import Fit, for_evaluation
from engine.data.pictures import PictureError, open_rgb

COUNT = 3
"""Pictures that are shown."""
_SIDE = 256
"""Pixels that the shown pictures have at most; enough for a screen of double density."""
_ARROW = 16


@dataclass(frozen=True)
class Shown:
    """One picture before and after."""

    path: Path
    whole: QImage
    seen: QImage
    kept: tuple[float, float, float, float]
    """Left, top, width, height of what is kept, as shares of the whole."""
    size: tuple[int, int]
    """Width and height of the file's picture."""
    error: str = ""


def kept_part(width: int, height: int, fit: Fit) -> tuple[float, float, float, float]:
    """The part of a picture that the model sees, as shares: left, top, width, height."""
    if fit.mode != "crop":
        return 0.0, 0.0, 1.0, 1.0
    across = min(1.0, height * fit.width / fit.height / width)
    down = min(1.0, width * fit.height / fit.width / height)
    return (1 - across) / 2, (1 - down) / 2, across, down


def prepare(paths: Sequence[Path], fit: Fit) -> list[Shown]:
    """Decode and fit pictures. For a thread of its own; what cannot be read says why."""
    found = []
    for path in paths:
        try:
            picture = open_rgb(path, shorter_side=max(_SIDE, fit.height, fit.width))
        except PictureError as error:
            found.append(Shown(path, QImage(), QImage(), (0.0, 0.0, 1.0, 1.0), (0, 0), str(error)))
            continue
        kept = kept_part(picture.width, picture.height, fit)
        seen = for_evaluation(picture, fit)
        size = picture.size
        picture.thumbnail((_SIDE, _SIDE))
        found.append(Shown(path, _qt(picture), _qt(seen), kept, size))
    return found


def _qt(picture: Image.Image) -> QImage:
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    data = rgb.tobytes()
    return QImage(data, rgb.width, rgb.height, 3 * rgb.width, QImage.Format.Format_RGB888).copy()


class FitPreview(QWidget):
    """Paints them in pairs beside each other, as many as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self._errand: pool.Errand | None = None
        self._wanted: tuple[tuple[Path, ...], Fit] | None = None
        self._empty = ""
        self.setMinimumSize(180, 92)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Pictures as the model sees them"))
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(3 * (2 * 112 + _ARROW + 32), 132)

    def show_pictures(self, paths: Sequence[Path], fit: Fit) -> None:
        """Show other pictures, or the same fitted otherwise; those before stay until they are ready."""
        wanted = (tuple(paths), fit)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if self._errand is not None:
            self._errand.drop()
        self._errand = pool.run(lambda: prepare(wanted[0], fit), self._ready)

    def show_nothing(self, why: str) -> None:
        """Say why there are none."""
        if self._errand is not None:
            self._errand.drop()
        self._errand, self._wanted, self.shown, self._empty = None, None, [], why
        self.setAccessibleDescription(why)
        self.update()

    def _ready(self, result: Any) -> None:
        self._errand = None
        if isinstance(result, Exception):
            self.show_nothing(str(result))
            return
        self.shown = result
        self._empty = ""
        self.setToolTip(
            self.tr("Outlined: the part of your picture that is used. Right of it: what the model sees.")
        )
        self.setAccessibleDescription("; ".join(self._in_words(each) for each in result))
        self.update()

    def _in_words(self, each: Shown) -> str:
        if each.error:
            return each.error
        share = each.kept[2] * each.kept[3]
        return self.tr("{}: {} % of it is used").format(each.path.name, round(100 * share))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self.shown:
            painter.setPen(theme().colour("text3"))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._empty)
            return
        gap = 20
        side = min(self.height() - 20, 160)
        # fewer, but never so small that one sees nothing
        count = min(len(self.shown), max(1, int((self.width() + gap) // (2 * 72 + _ARROW + 12 + gap))))
        side = int(min(side, ((self.width() + gap) / count - gap - _ARROW - 12) / 2))
        pair = 2 * side + _ARROW + 12
        for place, each in enumerate(self.shown[:count]):
            self._pair(painter, each, place * (pair + gap), side)

    def _pair(self, painter: QPainter, each: Shown, left: float, side: int) -> None:
        box = QRectF(left, 0, side, side)
        if each.error:
            painter.setPen(theme().colour("text3"))
            wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
            painter.drawText(box.adjusted(0, 0, side + _ARROW, 0), int(wrap), each.error)
            return
        whole = _inside(each.whole.size(), box)
        painter.drawImage(whole, each.whole)
        x, y, across, down = each.kept
        kept = QRectF(
            whole.left() + x * whole.width(), whole.top() + y * whole.height(),
            across * whole.width(), down * whole.height(),
        )  # fmt: skip
        self._dim(painter, whole, kept)
        self._edge(painter, whole)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # white under the accent, so that it is seen on every picture
        painter.setPen(QPen(QColor(255, 255, 255, 200), 4))
        painter.drawRect(kept.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(theme().colour("accent"), 2))
        painter.drawRect(kept.adjusted(1, 1, -1, -1))
        middle = QRectF(box.right() + 6, box.center().y() - _ARROW / 2, _ARROW, _ARROW)
        icons.paint(painter, "arrow-right", "text3", middle)
        target = _inside(each.seen.size(), QRectF(middle.right() + 6, 0, side, side))
        painter.drawImage(target, each.seen)
        self._edge(painter, target)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(theme().colour("text3"))
        share = round(100 * across * down)
        below = QRectF(left, side + 4, side, 16)
        words = self.tr("all of it") if share == 100 else self.tr("{}\u202f% of it").format(share)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), words)
        seen = self.tr("{} × {}\u202fpx").format(each.seen.width(), each.seen.height())
        painter.drawText(
            QRectF(middle.right() + 6, side + 4, side, 16), int(Qt.AlignmentFlag.AlignLeft), seen
        )

    def _dim(self, painter: QPainter, whole: QRectF, kept: QRectF) -> None:
        """Fade what is cut off."""
        veil = QColor(theme().colour("surface"))
        veil.setAlpha(185)
        for part in (
            QRectF(whole.left(), whole.top(), whole.width(), kept.top() - whole.top()),
            QRectF(whole.left(), kept.bottom(), whole.width(), whole.bottom() - kept.bottom()),
            QRectF(whole.left(), kept.top(), kept.left() - whole.left(), kept.height()),
            QRectF(kept.right(), kept.top(), whole.right() - kept.right(), kept.height()),
        ):
            if part.width() > 0 and part.height() > 0:
                painter.fillRect(part, veil)

    def _edge(self, painter: QPainter, box: QRectF) -> None:
        edge = QColor(theme().colour("text"))
        edge.setAlpha(28)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


def _inside(size: QSize, box: QRectF) -> QRectF:
    """The largest box of that shape in the middle of ``box``."""
    if size.isEmpty():
        return box
    scale = min(box.width() / size.width(), box.height() / size.height())
    width, height = size.width() * scale, size.height() * scale
    return QRectF(box.center().x() - width / 2, box.center().y() - height / 2, width, height)
