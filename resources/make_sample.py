"""Draws the sample pictures: nine classes in several styles, and the same classes in two other styles.

    python -m resources.make_sample --out resources/sample

The classes are things in places: a pair of thing and pattern that the starter never saw together, partly
under names that it never read. So its first guesses are
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
CLASSES = tuple(
    (pattern, thing, scene)
    for pattern, thing in (("spotted", "fish"), ("striped", "balloon"), ("checked", "butterfly"))
    for scene in ("night", "snow", "sunset")
)
"""What a class shows. Thing and pattern are a pair that the starter never saw together, in any place."""
_PLACES = {"night": "after dark", "snow": "in winter", "sunset": "at dusk"}
"""How a class says where it is. The starter has read of night and sunset, but never of dark or dusk."""


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
        for c, (pattern, thing, scene) in enumerate(CLASSES):
            for i in range(count):
                rng = np.random.default_rng([seed, 10, s, c, i])
                wish = Wish(
                    thing=thing,
                    colour=str(rng.choice(list(COLOURS))),
                    pattern=pattern,
                    scene=scene,
                    style=styles[i % len(styles)],
                )
                label = f"{pattern}_{thing}_{_PLACES[scene].replace(' ', '_')}"
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
