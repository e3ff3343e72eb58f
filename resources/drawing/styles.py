"""The drawing styles: each turns the shapes of a picture into pixels in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from .canvas import Ink, layer
from .picture import Picture
from .textures import Plane, blurred, noise, shifted

Pixels = NDArray[np.floating[Any]]
"""Colours between 0 and 1, rows x columns x 3."""


def _over(below: Pixels, above: Pixels) -> Pixels:
    """Lays a premultiplied picture with transparency over an opaque one."""
    return below * (1 - above[..., 3:]) + above[..., :3]


def _grey(image: Pixels) -> Plane:
    out: Plane = image[..., 0] * 0.3 + image[..., 1] * 0.59 + image[..., 2] * 0.11
    return out


def _step(low: float, high: float, value: Plane) -> Plane:
    t = np.clip((value - low) / (high - low), 0, 1)
    out: Plane = t * t * (3 - 2 * t)
    return out


def _tint(*rgb: int) -> Pixels:
    return np.array(rgb, np.float32) / 255


def flat(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Clean flat colours, soft gradients and a soft shadow."""
    back = layer(picture.back, side)[..., :3]
    thing = layer(picture.thing, side)
    shadow = np.roll(blurred(thing[..., 3], side * 0.018), (int(side * 0.022), int(side * 0.012)), (0, 1))
    back = back * (1 - 0.28 * shadow[..., None])
    return _over(back, thing)


def outlined(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Flat colours with an even dark outline, as in a picture book."""
    width = rng.uniform(0.009, 0.014)
    back = layer(picture.back, side, Ink(outline=width * 0.55, tone=0.55))[..., :3]
    out = _over(back, layer(picture.thing, side, Ink(outline=width, tone=0.22)))
    return out * (0.97 + 0.03 * noise("grain", side, rng)[..., None])


def watercolour(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Transparent washes with darker rims on rough white paper."""
    back = layer(picture.back, side)[..., :3]
    back = 1 - (1 - shifted(back, side, rng, side * 0.03, "cloud")) * 0.72
    thing = shifted(layer(picture.thing, side), side, rng, side * 0.007, "ripple")
    thing = shifted(thing, side, rng, side * 0.009, "cloud")
    colour = _over(back, thing * np.array([1, 1, 1, 0.93], np.float32))
    dye = np.clip(1 - colour, 0, 1)
    soft = np.stack([blurred(dye[..., i], side * 0.016) for i in range(3)], -1)
    wash = 0.74 + 0.42 * noise("wash", side, rng) + 0.12 * (noise("cloud", side, rng) - 0.5)
    dye = dye * wash[..., None] + np.clip(dye - soft, 0, 1) * 0.75
    dye *= (0.93 + 0.14 * noise("tooth", side, rng))[..., None]
    grid = np.linspace(-1, 1, side, dtype=np.float32)
    edge = np.maximum(np.abs(grid)[:, None], np.abs(grid)[None, :]) + (noise("cloud", side, rng) - 0.5) * 0.09
    dye *= (1 - _step(0.9, 0.94, edge))[..., None]
    paper = _tint(252, 249, 241) * (0.965 + 0.035 * noise("grain", side, rng))[..., None]
    return paper * (1 - dye * 0.97)


def gouache(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Opaque matt paint with visible brush strokes."""
    angle = rng.choice(["streak15", "streak70", "streak120"])
    back = shifted(layer(picture.back, side)[..., :3], side, rng, side * 0.02, "cloud")
    thing = shifted(layer(picture.thing, side), side, rng, side * 0.008, "ripple")
    brush = noise(angle, side, rng)
    other = noise("streak15" if angle != "streak15" else "streak120", side, rng)
    out = _over(
        back * (0.9 + 0.17 * other)[..., None],
        thing
        * np.concatenate(
            [np.repeat((0.9 + 0.16 * brush)[..., None], 3, -1), np.ones((side, side, 1), np.float32)], -1
        ),
    )
    mean = _grey(out)[..., None]
    return 0.035 + 0.95 * (mean + (out - mean) * 0.92)


def cut_paper(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Coloured papers, cut out and laid on each other."""
    back = layer(picture.back, side, Ink(shadow=0.012))[..., :3]
    thing = layer(picture.thing, side, Ink(shadow=0.014))
    out = shifted(_over(back, thing), side, rng, side * 0.003, "tooth")
    fibre = 0.94 + 0.05 * noise("tooth", side, rng) + 0.05 * noise("fine", side, rng)
    return out * fibre[..., None]


def crayon(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Wax crayon: coloured strokes that let the paper show through."""
    angle = rng.choice(["streak35", "streak60", "streak140"])
    tooth = 0.5 * noise("grain", side, rng) + 0.5 * noise(angle, side, rng)
    back, thing = layer(picture.back, side)[..., :3], layer(picture.thing, side, Ink(outline=0.009, tone=0.5))
    thing = shifted(shifted(thing, side, rng, side * 0.007, "ripple"), side, rng, side * 0.004, "grain")
    back = shifted(back, side, rng, side * 0.03, "cloud")
    paper = _tint(250, 247, 238)
    out = back + (paper - back) * (0.3 + 0.42 * _step(0.35, 0.7, tooth))[..., None]
    cover = thing[..., 3:] * (1 - 0.7 * _step(0.55, 0.85, tooth))[..., None]
    pure = thing[..., :3] / np.maximum(thing[..., 3:], 1e-3)
    finished: Pixels = out * (1 - cover) + pure * cover
    return finished


def chalk(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Coloured chalk on a dark board."""
    board = [_tint(44, 58, 52), _tint(47, 52, 60), _tint(56, 50, 48)][int(rng.integers(3))]
    dust = 0.86 + 0.22 * noise("wash", side, rng) + 0.16 * noise("streak15", side, rng)
    ground = board * dust[..., None] + 0.02
    grain = 0.35 * noise("tooth", side, rng) + 0.65 * noise("grain", side, rng)
    hatch = noise(rng.choice(["streak35", "streak60", "streak140"]), side, rng)
    lines = shifted(
        layer(picture.back, side, Ink(outline=0.007, hollow=True)), side, rng, side * 0.008, "ripple"
    )
    ground = ground + (_tint(226, 228, 220) - ground) * (
        lines[..., 3:] * 0.5 * _step(0.72, 0.4, grain)[..., None]
    )
    thing = shifted(layer(picture.thing, side), side, rng, side * 0.007, "ripple")
    rim = shifted(
        layer(picture.thing, side, Ink(outline=0.011, hollow=True)), side, rng, side * 0.006, "ripple"
    )[..., 3]
    pure = thing[..., :3] / np.maximum(thing[..., 3:], 1e-3)
    bright = _grey(pure)
    pale = pure * 0.72 + 0.3
    # On a board light is what was drawn: light colours are rubbed in thickly, dark ones hardly at all.
    thick = np.clip(0.12 + 0.85 * bright, 0, 1) * (1 - 0.65 * _step(0.35, 0.8, 0.5 * hatch + 0.5 * grain))
    out = ground + (np.clip(pale, 0, 1) - ground) * (thing[..., 3] * thick)[..., None]
    stroke = rim * (1 - 0.85 * _step(0.5, 0.75, grain))
    finished: Pixels = out + (_tint(240, 240, 232) - out) * stroke[..., None]
    return finished


def pencil(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Graphite on cream paper: outlines and hatching, no colours."""
    back = _grey(shifted(layer(picture.back, side)[..., :3], side, rng, side * 0.01, "cloud"))
    thing = shifted(layer(picture.thing, side), side, rng, side * 0.006, "ripple")
    inside = thing[..., 3]
    tone = _grey(thing[..., :3]) + (1 - inside)
    dark = (1 - back) * 0.42 * (1 - inside) + (1 - tone) * 0.95 * inside
    first, second = noise("streak35", side, rng), noise("streak140", side, rng)
    tooth = noise("grain", side, rng)
    lead = 0.62 * _step(0.0, 0.35, dark * 1.25 - first * 0.75 - 0.12 * tooth + 0.06) + 0.3 * _step(
        0.0, 0.3, dark - 0.3 - second * 0.6
    )
    for reach in (0.006, 0.012):
        rim = shifted(
            layer(picture.thing, side, Ink(outline=0.0065, hollow=True)), side, rng, side * reach, "cloud"
        )[..., 3]
        lead = np.maximum(lead, rim * (0.62 + 0.3 * tooth))
    faint = shifted(
        layer(picture.back, side, Ink(outline=0.004, hollow=True)), side, rng, side * 0.01, "cloud"
    )[..., 3]
    lead = np.maximum(lead, faint * (1 - inside) * 0.4)
    paper = _tint(248, 244, 233) * (0.97 + 0.03 * noise("grain", side, rng))[..., None]
    return paper + (_tint(58, 58, 64) - paper) * (np.clip(lead, 0, 1) * 0.92)[..., None]


def blueprint(picture: Picture, side: int, rng: Generator) -> Pixels:
    """White lines on blue squared paper."""
    ground = _tint(38, 84, 140) * (0.9 + 0.14 * noise("wash", side, rng))[..., None]
    cell = side / int(rng.integers(10, 16))
    ruled = (np.arange(side) % cell < 1.6).astype(np.float32)
    ground = ground + (np.maximum(ruled[:, None], ruled[None, :]) * 0.09)[..., None]
    thing = layer(picture.thing, side)
    lines = layer(picture.thing, side, Ink(outline=0.009, hollow=True))[..., 3]
    back = layer(picture.back, side, Ink(outline=0.004, hollow=True))[..., 3] * (1 - thing[..., 3])
    fill = thing[..., 3] * (0.04 + 0.3 * _grey(thing[..., :3]))
    light = np.clip(np.maximum(np.maximum(lines * 0.95, back * 0.4), fill), 0, 1)
    finished: Pixels = ground + (_tint(236, 242, 248) - ground) * light[..., None]
    return finished


def print_(picture: Picture, side: int, rng: Generator) -> Pixels:
    """A block print: one dark ink on tinted paper, with carved lines."""
    paper = [_tint(244, 233, 210), _tint(233, 238, 226), _tint(240, 226, 218)][int(rng.integers(3))]
    ink = [_tint(38, 48, 74), _tint(52, 44, 48), _tint(32, 66, 66), _tint(92, 38, 44)][int(rng.integers(4))]
    thing = shifted(layer(picture.thing, side), side, rng, side * 0.006, "ripple")
    back = _grey(layer(picture.back, side)[..., :3])
    halo = blurred(thing[..., 3], side * 0.02) > 0.08
    carve = noise("streak15", side, rng)
    ground = _step(0.02, 0.1, (1 - back) * 0.85 - carve * 0.8 - 0.12) * ~halo
    tone = _grey(thing[..., :3]) / np.maximum(thing[..., 3], 1e-3)
    cut = np.median(tone[thing[..., 3] > 0.5]) if (thing[..., 3] > 0.5).any() else 0.5
    rim = layer(picture.thing, side, Ink(outline=0.008, hollow=True))[..., 3]
    inked = np.maximum(_step(cut + 0.05, cut - 0.05, tone) * thing[..., 3], rim)
    worn = 1 - 0.45 * _step(0.86, 0.97, noise("tooth", side, rng))
    cover = np.clip(np.maximum(inked, ground) * worn, 0, 1)
    finished: Pixels = paper + (ink - paper) * cover[..., None]
    return finished


def pixel(picture: Picture, side: int, rng: Generator) -> Pixels:
    """Large square pixels and few colours."""
    cells = 36
    raw = _over(
        layer(picture.back, cells * 2)[..., :3], layer(picture.thing, cells * 2, Ink(outline=0.012, tone=0.4))
    )
    small = Image.fromarray((np.clip(raw, 0, 1) * 255).astype(np.uint8)).resize(
        (cells, cells), Image.Resampling.BOX
    )
    few = small.quantize(int(rng.integers(14, 22)), dither=Image.Dither.NONE).convert("RGB")
    return np.asarray(few.resize((side, side), Image.Resampling.NEAREST), np.float32) / 255


STYLES: dict[str, tuple[Callable[[Picture, int, Generator], Pixels], tuple[str, ...], bool]] = {
    "flat": (flat, ("flat drawing", "poster", "vector drawing"), True),
    "outlined": (outlined, ("outlined drawing", "picture book drawing", "cartoon"), True),
    "watercolour": (watercolour, ("watercolour", "watercolour painting"), True),
    "gouache": (gouache, ("gouache painting", "painting"), True),
    "cut paper": (cut_paper, ("paper cutout", "cut paper picture", "collage"), True),
    "crayon": (crayon, ("crayon drawing", "wax crayon picture"), True),
    "pixel": (pixel, ("pixel picture", "pixel art"), True),
    "chalk": (chalk, ("chalk drawing", "chalk drawing on a blackboard"), True),
    "pencil": (pencil, ("pencil sketch", "pencil drawing", "sketch"), False),
    "blueprint": (blueprint, ("blueprint", "line drawing on blue paper"), False),
    "print": (print_, ("block print", "linocut"), False),
}
"""Style names, how each is drawn, what captions call it, and whether colours can be told in it."""


def render(picture: Picture, style: str, side: int, rng: Generator) -> Image.Image:
    """The finished picture, `side` pixels square; drawn twice as large and scaled down for smooth edges."""
    pixels = STYLES[style][0](picture, side * 2, rng)
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
    return image.resize((side, side), Image.Resampling.BOX)
