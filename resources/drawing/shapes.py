"""The few geometric words that every thing and scene is drawn with.

Things live in a box from -1 to 1 with y pointing down; whole pictures in a box from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainterPath, QTransform

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a thing, before it has colours and a place in the picture."""

    path: QPainterPath
    role: str
    """Which colour of the palette it takes: body, second, accent, dark or light."""
    patterned: bool = False
    """Whether the surface pattern (stripes, spots, ...) is drawn on it."""
    line: float = 0.0
    """Width of the stroke for a part that is a line; 0 for a filled part."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One coloured piece of a finished picture, in picture coordinates."""

    path: QPainterPath
    colour: QColor
    line: float = 0.0
    clip: QPainterPath | None = None
    """Set for the marks of a pattern, which must not leave the surface they lie on."""
    fade: QColor | None = None
    """Colour at the lower end of a soft vertical gradient, if there is one."""


def smooth(points: Sequence[Point], closed: bool = True) -> QPainterPath:
    """A soft curve through the points (Catmull-Rom)."""
    n = len(points)

    def at(i: int) -> Point:
        return points[i % n] if closed else points[min(max(i, 0), n - 1)]

    path = QPainterPath(QPointF(*points[0]))
    for i in range(n if closed else n - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = at(i - 1), at(i), at(i + 1), at(i + 2)
        path.cubicTo(x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6, x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6, x2, y2)
    if closed:
        path.closeSubpath()
    return path


def polygon(points: Sequence[Point], closed: bool = True) -> QPainterPath:
    """Straight lines through the points."""
    path = QPainterPath(QPointF(*points[0]))
    for x, y in points[1:]:
        path.lineTo(x, y)
    if closed:
        path.closeSubpath()
    return path


def ellipse(x: float, y: float, rx: float, ry: float | None = None, angle: float = 0.0) -> QPainterPath:
    """An ellipse around (x, y), turned by an angle in degrees; a circle if one radius is given."""
    ry = rx if ry is None else ry
    path = QPainterPath()
    path.addEllipse(QPointF(0, 0), rx, ry)
    return QTransform().translate(x, y).rotate(angle).map(path)


def box(x: float, y: float, width: float, height: float, radius: float = 0.0) -> QPainterPath:
    """A rectangle by its upper left corner and size, with rounded corners."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(x, y, width, height), radius, radius)
    return path


def mirrored(path: QPainterPath) -> QPainterPath:
    """The same path on the other side of the vertical axis."""
    return QTransform().scale(-1, 1).map(path)


def scaled(path: QPainterPath, x: float, y: float) -> QPainterPath:
    """The path stretched around the origin."""
    return QTransform().scale(x, y).map(path)


def star(
    x: float, y: float, radius: float, tips: int = 5, inner: float = 0.45, turn: float = 0.0
) -> QPainterPath:
    """A star with the given number of tips."""
    points = []
    for i in range(2 * tips):
        r = radius if i % 2 == 0 else radius * inner
        a = math.radians(turn - 90) + math.pi * i / tips
        points.append((x + r * math.cos(a), y + r * math.sin(a)))
    return polygon(points)


def joined(*paths: QPainterPath) -> QPainterPath:
    """Several paths as one, filled where any of them is."""
    out = QPainterPath()
    for path in paths:
        out = out.united(path)
    return out
