"""Puts one picture together: which thing, which colours and pattern, where, and in what style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator
from PySide6.QtGui import QPainterPath, QTransform

from . import animals, objects, plants
from .palette import thing_palette
from .patterns import marks
from .scenes import SCENES
from .shapes import Part, Shape, joined

THINGS: dict[str, Callable[[Generator], list[Part]]] = {
    "butterfly": animals.butterfly,
    "fish": animals.fish,
    "bird": animals.bird,
    "snail": animals.snail,
    "turtle": animals.turtle,
    "whale": animals.whale,
    "cat": animals.cat,
    "owl": animals.owl,
    "balloon": objects.balloon,
    "mushroom": plants.mushroom,
    "flower": plants.flower,
    "leaf": plants.leaf,
    "tree": plants.tree,
    "apple": plants.apple,
    "house": objects.house,
    "tent": objects.tent,
    "boat": objects.boat,
    "car": objects.car,
    "rocket": objects.rocket,
    "kite": objects.kite,
    "umbrella": objects.umbrella,
    "cup": objects.cup,
    "teapot": objects.teapot,
    "vase": objects.vase,
    "hat": objects.hat,
    "star": objects.star_thing,
    "heart": objects.heart,
    "mitten": objects.mitten,
}
"""Every kind of thing and how it is built."""

_TURNS_FREELY = {"butterfly", "leaf", "kite", "star", "heart", "mitten", "flower", "fish"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a picture should show, in words."""

    thing: str
    colour: str
    pattern: str
    scene: str
    style: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Coloured shapes of a whole picture in a box from 0 to 1, back to front."""

    back: list[Shape]
    thing: list[Shape]


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard a picture is to read."""

    smallest: float = 0.27
    largest: float = 0.42
    """Half the size of the thing, as a share of the picture."""
    contrast: float = 1.0
    """How far the pattern stands out from the surface."""
    pattern_scale: float = 1.0
    """Size of the pattern's marks."""


def compose(wish: Wish, rng: Generator, difficulty: Difficulty | None = None) -> Picture:
    """Builds the shapes of a picture from a wish."""
    hard = difficulty or Difficulty()
    colours = thing_palette(wish.colour, rng, hard.contrast).roles
    parts = THINGS[wish.thing](rng)
    size = rng.uniform(hard.smallest, hard.largest)
    reach = 0.5 - size * 0.98
    turn = rng.uniform(-28, 28) if wish.thing in _TURNS_FREELY else rng.uniform(-7, 7)
    place = QTransform()
    place.translate(
        0.5 + rng.uniform(-1, 1) * max(reach, 0.015), 0.5 + rng.uniform(-1, 1) * max(reach, 0.015)
    )
    place.rotate(turn)
    place.scale(size * rng.choice([-1, 1]), size * rng.uniform(0.92, 1.04))

    pattern: QPainterPath | None = None
    surface = joined(*(p.path for p in parts if p.patterned)).boundingRect()
    if wish.pattern != "plain":
        scale = hard.pattern_scale * (0.8 if min(surface.width(), surface.height()) < 0.9 else 1.0)
        pattern = place.map(marks(wish.pattern, surface, rng, scale))
    thing: list[Shape] = []
    for part in parts:
        path = place.map(part.path)
        colour = colours[part.role]
        thing.append(Shape(path, colour, part.line * size, fade=None if part.line else colour.darker(109)))
        if part.patterned and pattern is not None:
            thing.append(Shape(pattern, colours["mark"], clip=path))
    return Picture(SCENES[wish.scene][0](rng), thing)
