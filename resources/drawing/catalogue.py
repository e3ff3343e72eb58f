"""Large numbers of drawn pictures: what to draw, and drawing it on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing import get_context

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from .captions import HELD_OUT
from .palette import COLOURS
from .patterns import PATTERNS
from .picture import THINGS, Difficulty, Wish, compose
from .scenes import SCENES
from .styles import STYLES, render

STYLE_WEIGHTS = {"chalk": 0.45, "pencil": 0.45, "blueprint": 0.5, "print": 0.5}
"""How often the starter sees a style, compared with 1 for all others."""


def draw(wish: Wish, seed: Sequence[int], side: int, difficulty: Difficulty | None = None) -> Image.Image:
    """One picture; the same wish, seed and side give the same pixels."""
    rng = np.random.default_rng(list(seed))
    return render(compose(wish, rng, difficulty), wish.style, side, rng)


def training_wish(rng: Generator) -> Wish:
    """What one picture of the starter's training set shows; held-out pairs never."""
    weights = np.array([STYLE_WEIGHTS.get(style, 1.0) for style in STYLES])
    while True:
        wish = Wish(
            thing=str(rng.choice(list(THINGS))),
            colour=str(rng.choice(list(COLOURS))),
            pattern=str(rng.choice(PATTERNS)),
            scene=str(rng.choice(list(SCENES))),
            style=str(rng.choice(list(STYLES), p=weights / weights.sum())),
        )
        if (wish.thing, wish.pattern) not in HELD_OUT:
            return wish


def training_wishes(count: int, seed: int) -> list[Wish]:
    """What the pictures of the starter's training set show."""
    rng = np.random.default_rng([seed, 1])
    return [training_wish(rng) for _ in range(count)]


def _chunk(job: tuple[list[Wish], int, int, int]) -> NDArray[np.uint8]:
    wishes, first, seed, side = job
    wide = Difficulty(smallest=0.24, largest=0.46)
    return np.stack(
        [np.asarray(draw(wish, (seed, 2, first + i), side, wide)) for i, wish in enumerate(wishes)]
    )


def draw_many(wishes: list[Wish], seed: int, side: int, processes: int) -> NDArray[np.uint8]:
    """All pictures as one array of count x side x side x 3."""
    size = 250
    jobs = [(wishes[i : i + size], i, seed, side) for i in range(0, len(wishes), size)]
    out = np.empty((len(wishes), side, side, 3), np.uint8)
    with get_context("spawn").Pool(processes) as pool:
        for k, block in enumerate(pool.imap(_chunk, jobs)):
            out[k * size : k * size + len(block)] = block
            if k % 8 == 7:
                print(f"drawn {k * size + len(block)} of {len(wishes)}", flush=True)
    return out
