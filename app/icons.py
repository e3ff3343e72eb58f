"""Line icons in the theme's colours, sharp at every scaling."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app import paths
from app.theme import theme


@cache
def _source(name: str) -> str:
    return paths.icon(name).read_text(encoding="utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


@cache
def _pixmap(name: str, colour: str, size: int, ratio: float, before: int = 0, after: int = 0) -> QPixmap:
    picture = QPixmap(round((before + size + after) * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _renderer(name, colour).render(painter, QRectF(before * ratio, 0, size * ratio, size * ratio))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def paint(painter: QPainter, name: str, colour: str, box: QRectF) -> None:
    """Paint an icon in a colour of the theme into a box."""
    _renderer(name, theme().name_of(colour)).render(painter, box)


def pixmap(name: str, colour: str = "text2", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """An icon as a pixmap of ``size`` logical pixels."""
    return _pixmap(name, theme().name_of(colour), size, ratio)


def icon(name: str, colour: str = "text2", size: int = 16, before: int = 0, after: int = 0) -> QIcon:
    """An icon for buttons and menus, with a pale version for when they are off.

    ``before`` and ``after`` are pixels of nothing at its left and right.
    """
    made = QIcon()
    for ratio in (1.0, 1.25, 1.5, 2.0):
        made.addPixmap(_pixmap(name, theme().name_of(colour), size, ratio, before, after))
        pale = _pixmap(name, theme().name_of("disabled"), size, ratio, before, after)
        made.addPixmap(pale, QIcon.Mode.Disabled)
    return made


def app_icon() -> QIcon:
    """The program's icon."""
    return QIcon(str(paths.icon("app")))
