"""Pictures for tests: small, real, made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"blue_thing": (40, 60, 220), "green_thing": (40, 200, 60), "red_thing": (220, 50, 40)}


def paint(path: Path, colour: tuple[int, int, int], seed: int, size: int = 40) -> None:
    """A noisy square of a colour on a random ground; no two are the same."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (size, size, 3))
    left, top = random.integers(4, 12, 2)
    pixels[top : top + 24, left : left + 24] = np.array(colour) + random.integers(-30, 30, (24, 24, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def paint_folder(folder: Path, each: int, seed: int = 0) -> Path:
    """Class folders of coloured squares."""
    for number, (name, colour) in enumerate(COLOURS.items()):
        for index in range(each):
            paint(folder / name / f"{index:03}.png", colour, seed + 1000 * number + index)
    return folder
