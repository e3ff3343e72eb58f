"""Draws the sample pictures: nine classes in several styles, and the same classes in two other styles.

    python -m resources.make_sample --out resources/sample

The classes are pairs of thing and pattern which the starter never saw together, so that its first guesses are
sensible and far from perfect.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from .drawing.captions import HELD_OUT_PATTERNS, HELD_OUT_THINGS
from .drawing.catalogue import draw
from .drawing.palette import COLOURS
from .drawing.picture import Difficulty, Wish

SIDE = 144
QUALITY = 80
STYLES = ("flat", "outlined", "watercolour", "gouache", "cut paper", "crayon")
SHIFTS = ("chalk", "pencil")
PICTURES = 130
SHIFTED = 28
HARD = Difficulty(smallest=0.27, largest=0.45)
_SCENES = {
    "butterfly": ("paper", "sky", "meadow", "desert", "snow", "sunset", "night", "mountains"),
    "fish": ("paper", "sea", "sea", "night", "table", "sky", "sunset"),
    "balloon": ("paper", "sky", "meadow", "sea", "night", "desert", "snow", "sunset", "mountains"),
}
"""Where each thing may be; varied enough that a place gives no class away."""


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to draw."""

    wish: Wish
    seed: tuple[int, ...]
    path: Path


def jobs(out: Path, seed: int) -> Iterator[Job]:
    """Every picture of the sample, its file name and its seed."""
    sets = {"pictures": (STYLES, PICTURES)} | {f"shift_{style}": ((style,), SHIFTED) for style in SHIFTS}
    for s, (name, (styles, count)) in enumerate(sets.items()):
        for c, (thing, pattern) in enumerate((t, p) for t in HELD_OUT_THINGS for p in HELD_OUT_PATTERNS):
            for i in range(count):
                rng = np.random.default_rng([seed, 10, s, c, i])
                wish = Wish(
                    thing=thing,
                    colour=str(rng.choice(list(COLOURS))),
                    pattern=pattern,
                    scene=str(rng.choice(_SCENES[thing])),
                    style=styles[i % len(styles)],
                )
                label = f"{pattern}_{thing}"
                yield Job(wish, (seed, 11, s, c, i), out / name / label / f"{label}_{i + 1:03d}.jpg")


def draw_job(job: Job) -> None:
    """Draws one picture and writes it."""
    job.path.parent.mkdir(parents=True, exist_ok=True)
    draw(job.wish, job.seed, SIDE, HARD).save(job.path, quality=QUALITY, optimize=True, progressive=True)


def main() -> None:
    """Draws the whole sample anew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the sample to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    for name in ("pictures", *(f"shift_{style}" for style in SHIFTS)):
        if (arguments.out / name).exists():
            shutil.rmtree(arguments.out / name)
    with get_context("spawn").Pool(arguments.processes) as pool:
        for _ in pool.imap_unordered(draw_job, jobs(arguments.out, arguments.seed), chunksize=16):
            pass


if __name__ == "__main__":
    main()
