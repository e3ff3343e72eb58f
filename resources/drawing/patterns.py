"""The marks of a surface pattern: stripes, spots, checks and so on."""

from __future__ import annotations

from collections.abc import Iterator

from numpy.random import Generator
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath, QTransform

from .shapes import box, ellipse, polygon, star

PATTERNS = ("plain", "striped", "spotted", "checked", "zigzag", "starry")
"""Words for surface patterns; plain has no marks."""

_REACH = 1.9


def _grid(step: float, rng: Generator, jitter: float) -> Iterator[tuple[float, float]]:
    """Points of a staggered grid over the whole area, each moved a little."""
    count = int(_REACH / step) + 1
    for row in range(-count, count + 1):
        for column in range(-count, count + 1):
            x = (column + 0.5 * (row % 2)) * step + rng.uniform(-jitter, jitter) * step
            yield x, row * step * 0.87 + rng.uniform(-jitter, jitter) * step


def _bands(pattern: str, step: float, rng: Generator) -> Iterator[QPainterPath]:
    share = rng.uniform(0.36, 0.54)
    height = step * rng.uniform(0.35, 0.5)
    reach = step * rng.uniform(0.8, 1.2)
    count = int(_REACH / step) + 1
    for i in range(-count, count + 1):
        y = i * step
        if pattern == "striped":
            yield box(-_REACH, y, 2 * _REACH, step * share)
            continue
        knots = int(2 * _REACH / reach) + 1
        top = [(-_REACH + k * reach, y + (height if k % 2 else -height)) for k in range(knots + 1)]
        low = [(x, v + step * share) for x, v in reversed(top)]
        yield polygon(top + low)


def marks(pattern: str, area: QRectF, rng: Generator, scale: float = 1.0) -> QPainterPath:
    """The marks of a pattern over an area in thing coordinates, as one path still to be clipped."""
    step = rng.uniform(0.22, 0.4) * scale
    out = QPainterPath()
    if pattern in ("striped", "zigzag"):
        for band in _bands(pattern, step, rng):
            out.addPath(band)
        # Any direction, yet never quite level, so that a hem or a horizon is no stripe.
        turn = rng.uniform(-90, 90) if pattern == "striped" else rng.uniform(-35, 35)
    elif pattern == "spotted":
        size = step * rng.uniform(0.22, 0.34)
        for x, y in _grid(step, rng, 0.12):
            out.addPath(
                ellipse(
                    x, y, size * rng.uniform(0.75, 1.2), size * rng.uniform(0.75, 1.2), rng.uniform(0, 90)
                )
            )
        turn = rng.uniform(-30, 30)
    elif pattern == "checked":
        half = step * rng.uniform(0.6, 0.75)
        count = int(_REACH / half) + 1
        for row in range(-count, count + 1):
            for column in range(-count, count + 1):
                if (row + column) % 2 == 0:
                    out.addPath(box(column * half, row * half, half, half))
        turn = rng.choice([0.0, 45.0]) + rng.uniform(-14, 14)
    elif pattern == "starry":
        size = step * rng.uniform(0.34, 0.44)
        tips = int(rng.integers(4, 6))
        for x, y in _grid(step * 1.15, rng, 0.1):
            out.addPath(star(x, y, size * rng.uniform(0.8, 1.2), tips, 0.42, rng.uniform(0, 72)))
        turn = rng.uniform(-30, 30)
    else:
        raise ValueError(f"no such pattern: {pattern}")
    middle = area.center()
    return QTransform().translate(middle.x(), middle.y()).rotate(turn).map(out)
