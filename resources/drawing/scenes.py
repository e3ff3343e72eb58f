"""Backgrounds: where the thing is."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from .palette import oklch
from .shapes import Shape, box, ellipse, joined, polygon, smooth, star


def _sheet(rng: Generator, low: tuple[float, float, float], high: tuple[float, float, float]) -> Shape:
    """The whole background as a gradient from `high` at the top to `low` at the bottom."""
    turn = rng.uniform(-8, 8)
    dim = rng.uniform(-0.03, 0.02)
    return Shape(
        box(-0.1, -0.1, 1.2, 1.2),
        oklch(min(high[0] + dim, 0.98), high[1], high[2] + turn),
        fade=oklch(min(low[0] + dim, 0.98), low[1], low[2] + turn),
    )


def _hills(rng: Generator, y: float, rough: float, colour: tuple[float, float, float]) -> Shape:
    points = [(x / 5 * 1.2 - 0.1, y + rng.uniform(-rough, rough)) for x in range(6)]
    path = smooth(points, closed=False)
    path.lineTo(1.1, 1.2)
    path.lineTo(-0.1, 1.2)
    path.closeSubpath()
    light, strong, hue = colour
    return Shape(path, oklch(light, strong, hue), fade=oklch(light - 0.06, strong, hue))


def _cloud(rng: Generator, y: float) -> Shape:
    x, s = rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.1)
    path = joined(
        ellipse(x, y, 1.3 * s, 0.42 * s),
        ellipse(x - 0.4 * s, y - 0.25 * s, 0.55 * s, 0.5 * s),
        ellipse(x + 0.35 * s, y - 0.3 * s, 0.7 * s, 0.6 * s),
    )
    return Shape(path, oklch(0.97, 0.012, 240))


def paper(rng: Generator) -> list[Shape]:
    """Nothing but a softly coloured sheet."""
    hue, strong = rng.uniform(0, 360), rng.uniform(0.005, 0.045)
    light = rng.uniform(0.86, 0.96)
    return [_sheet(rng, (light - 0.03, strong, hue), (light, strong, hue))]


def sky(rng: Generator) -> list[Shape]:
    """A blue sky with clouds."""
    return [
        _sheet(rng, (0.93, 0.03, 225), (0.78, 0.08, 242)),
        *(_cloud(rng, rng.uniform(0.1, 0.95)) for _ in range(int(rng.integers(2, 5)))),
    ]


def meadow(rng: Generator) -> list[Shape]:
    """Green hills with flowers under a pale sky."""
    out = [_sheet(rng, (0.95, 0.03, 150), (0.86, 0.055, 228))]
    if rng.random() < 0.5:
        out.append(_cloud(rng, rng.uniform(0.08, 0.25)))
    y = rng.uniform(0.5, 0.7)
    out += [_hills(rng, y, 0.05, (0.82, 0.09, 138)), _hills(rng, y + 0.16, 0.04, (0.74, 0.11, 134))]
    for _ in range(int(rng.integers(4, 10))):
        x, v = rng.uniform(0, 1), rng.uniform(y + 0.2, 1)
        out.append(
            Shape(ellipse(x, v, rng.uniform(0.009, 0.017)), oklch(0.9, 0.1, rng.choice([20.0, 90.0, 320.0])))
        )
    return out


def sea(rng: Generator) -> list[Shape]:
    """Waves below a light sky."""
    out = [_sheet(rng, (0.95, 0.025, 90), (0.85, 0.06, 230))]
    y = rng.uniform(0.45, 0.62)
    for i in range(4):
        top = y + i * 0.13
        wave = rng.uniform(0.09, 0.14)
        points = [
            (k * wave - 0.15 - rng.uniform(0, 0.02), top + (0.016 if k % 2 else -0.016))
            for k in range(int(1.4 / wave) + 1)
        ]
        path = smooth(points, closed=False)
        path.lineTo(1.2, 1.2)
        path.lineTo(-0.2, 1.2)
        path.closeSubpath()
        out.append(Shape(path, oklch(0.8 - 0.06 * i, 0.07 + 0.008 * i, 222 + 5 * i)))
    return out


def night(rng: Generator) -> list[Shape]:
    """A dark blue sky with moon and stars."""
    out = [_sheet(rng, (0.46, 0.08, 285), (0.3, 0.07, 270))]
    for _ in range(int(rng.integers(12, 24))):
        out.append(
            Shape(
                star(rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.007, 0.016), 4, 0.4),
                oklch(0.93, 0.05, 95),
            )
        )
    x, y, r = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.22), rng.uniform(0.06, 0.09)
    moon = ellipse(x, y, r).subtracted(ellipse(x + r * 0.5, y - r * 0.15, r * 0.9))
    out.append(Shape(moon, oklch(0.93, 0.07, 95)))
    return out


def desert(rng: Generator) -> list[Shape]:
    """Sand dunes and a sun."""
    y = rng.uniform(0.5, 0.66)
    return [
        _sheet(rng, (0.95, 0.045, 80), (0.87, 0.05, 215)),
        Shape(
            ellipse(rng.uniform(0.1, 0.9), rng.uniform(0.12, 0.3), rng.uniform(0.05, 0.08)),
            oklch(0.92, 0.1, 85),
        ),
        _hills(rng, y, 0.06, (0.86, 0.08, 75)),
        _hills(rng, y + 0.17, 0.05, (0.79, 0.095, 68)),
    ]


def snow(rng: Generator) -> list[Shape]:
    """Snowy hills and falling flakes."""
    y = rng.uniform(0.52, 0.68)
    out = [
        _sheet(rng, (0.92, 0.02, 250), (0.75, 0.045, 250)),
        _hills(rng, y, 0.05, (0.93, 0.015, 240)),
        _hills(rng, y + 0.16, 0.04, (0.97, 0.008, 240)),
    ]
    out += [
        Shape(
            ellipse(rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.006, 0.014)), oklch(0.985, 0.003, 240)
        )
        for _ in range(int(rng.integers(14, 26)))
    ]
    return out


def sunset(rng: Generator) -> list[Shape]:
    """A warm evening sky with a low sun behind dark hills."""
    y = rng.uniform(0.66, 0.8)
    return [
        _sheet(rng, (0.88, 0.11, 70), (0.66, 0.11, 345)),
        Shape(ellipse(rng.uniform(0.15, 0.85), y - 0.03, rng.uniform(0.1, 0.16)), oklch(0.93, 0.11, 88)),
        _hills(rng, y, 0.05, (0.5, 0.08, 330)),
        _hills(rng, y + 0.13, 0.04, (0.4, 0.07, 310)),
    ]


def table(rng: Generator) -> list[Shape]:
    """A table top before a wall."""
    hue = rng.uniform(0, 360)
    y = rng.uniform(0.62, 0.75)
    wood = oklch(rng.uniform(0.55, 0.72), 0.07, rng.uniform(50, 72))
    return [
        _sheet(rng, (0.86, 0.04, hue), (0.9, 0.035, hue)),
        Shape(box(-0.1, y, 1.2, 0.6), wood, fade=wood.darker(118)),
        Shape(box(-0.1, y, 1.2, 0.025), wood.lighter(112)),
    ]


def mountains(rng: Generator) -> list[Shape]:
    """A range of blue mountains."""
    out = [_sheet(rng, (0.95, 0.03, 60), (0.84, 0.05, 240))]
    for i in range(3):
        base = 0.52 + 0.15 * i
        points = [(-0.2, 1.2), (-0.2, base)]
        points += [
            (
                k * 0.2 - 0.1 + rng.uniform(-0.04, 0.04),
                base + (rng.uniform(-0.16, -0.07) if k % 2 else rng.uniform(0.0, 0.06)),
            )
            for k in range(7)
        ]
        points += [(1.3, base), (1.3, 1.2)]
        out.append(
            Shape(
                polygon(points),
                oklch(0.78 - 0.09 * i, 0.05, 250 - 12 * i),
                fade=oklch(0.84 - 0.09 * i, 0.04, 240),
            )
        )
    return out


SCENES: dict[str, tuple[Callable[[Generator], list[Shape]], tuple[str, ...]]] = {
    "paper": (paper, ("on plain paper", "on a plain background", "on coloured paper")),
    "sky": (sky, ("in a blue sky", "among clouds", "in the sky")),
    "meadow": (meadow, ("in a meadow", "on green hills", "in the grass")),
    "sea": (sea, ("by the sea", "above the waves", "at sea")),
    "night": (night, ("at night", "under the moon and stars", "in the night sky")),
    "desert": (desert, ("in the desert", "among sand dunes")),
    "snow": (snow, ("in the snow", "in winter", "on a snowy day")),
    "sunset": (sunset, ("at sunset", "in the evening", "before a low sun")),
    "table": (table, ("on a table", "in a room", "before a wall")),
    "mountains": (mountains, ("in the mountains", "before blue mountains")),
}
"""Scene names, how each is drawn, and the words a caption may use for it."""
