"""Named colours that go well together, each a little different every time.

Colours are chosen in OKLCH, where equal steps look equal, so that all of them have the same calm strength.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.random import Generator
from PySide6.QtGui import QColor

LCH = tuple[float, float, float]

COLOURS: dict[str, LCH] = {
    "red": (0.60, 0.17, 27),
    "orange": (0.73, 0.15, 57),
    "yellow": (0.86, 0.14, 90),
    "green": (0.66, 0.13, 145),
    "turquoise": (0.74, 0.09, 192),
    "blue": (0.58, 0.13, 255),
    "purple": (0.56, 0.13, 305),
    "pink": (0.78, 0.11, 357),
    "brown": (0.50, 0.07, 55),
    "grey": (0.66, 0.012, 250),
    "white": (0.955, 0.012, 90),
}
"""Colour words and the middle of what they mean: lightness, strength, hue in degrees."""


def oklch(lightness: float, strength: float, hue: float, alpha: float = 1.0) -> QColor:
    """An sRGB colour from OKLCH, clipped into the gamut."""
    a, b = strength * math.cos(math.radians(hue)), strength * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    encoded = []
    for value in linear:
        value = min(max(value, 0.0), 1.0)
        encoded.append(12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)
    return QColor.fromRgbF(encoded[0], encoded[1], encoded[2], alpha)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one thing; `roles` names what each is for."""

    roles: dict[str, QColor]
    lightness: float
    hue: float


def thing_palette(colour: str, rng: Generator, contrast: float = 1.0) -> Palette:
    """Colours for a thing of the named colour; `contrast` below 1 makes its pattern fainter."""
    base_l, base_c, base_h = COLOURS[colour]
    light = base_l + rng.uniform(-0.045, 0.045)
    strong = base_c * rng.uniform(0.8, 1.1)
    hue = base_h + rng.uniform(-9, 9)
    side = rng.choice([-1, 1])
    # A pattern stands out by lightness first (so that it survives without colour), by hue second.
    step = rng.uniform(0.2, 0.34) * contrast
    mark_l = light - step if light > 0.7 or (light > 0.56 and rng.random() < 0.4) else light + step
    mark_h = hue + rng.choice([0.0, 0.0, 45.0 * side, 170.0])
    mark_c = max(strong, 0.05) * rng.uniform(0.5, 1.0)
    second_h = hue + side * rng.uniform(15, 70)
    roles = {
        "body": oklch(light, strong, hue),
        "mark": oklch(min(mark_l, 0.96), mark_c, mark_h),
        "second": oklch(
            min(max(light + rng.uniform(-0.16, 0.1), 0.35), 0.9), max(strong * 0.8, 0.04), second_h
        ),
        "accent": oklch(rng.uniform(0.7, 0.84), 0.13, hue + rng.choice([150.0, 180.0, 60.0])),
        "dark": oklch(0.29, 0.03, hue),
        "light": oklch(0.95, 0.02, hue),
        "leaf": oklch(rng.uniform(0.5, 0.66), 0.1, rng.uniform(130, 155)),
        "wood": oklch(rng.uniform(0.42, 0.56), 0.06, rng.uniform(50, 70)),
    }
    return Palette(roles, light, hue)
