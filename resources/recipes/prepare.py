"""Make a benchmark's recipe ready for the files as they were downloaded.

    python -m resources.recipes.prepare iwildcam /data

writes the tables that the recipe names and the recipe itself, with what depends on the files filled in, into
/data. Pictures stay where they are (but ObjectNet's get their frame cut off, and PCAM's come out of HDF5).
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import recipe as recipes
from engine.errors import EngineError
from resources.recipes import from_imagenet, from_transfer, from_wilds
from resources.recipes.tables import Wrong

FOLDER = Path(__file__).resolve().parent

BENCHMARKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "imagenet": from_imagenet.imagenet,
    "iwildcam": from_wilds.iwildcam,
    "fmow": from_wilds.fmow,
    "pcam": from_transfer.pcam,
    "caltech101": from_transfer.caltech101,
    "stanford-cars": from_transfer.stanford_cars,
    "flowers102": from_transfer.flowers102,
    "rendered-sst2": from_transfer.rendered_sst2,
}
"""Name of a recipe here -> what makes its data ready; gives the recipe's fields that depend on the files."""


def prepared(name: str, data: Path) -> Path:
    """The recipe's place in the data folder. Raises Wrong or EngineError if a file is missing or odd."""
    data = data.expanduser().resolve()
    filled = BENCHMARKS[name](data)
    content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    recipe = recipes.with_absolute_paths(recipes.parse(content, name).replace(**filled), data)
    out = data / f"{name}.toml"
    recipes.write(recipe, out)
    return out


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m resources.recipes.prepare", description=__doc__)
    parser.add_argument("benchmark", choices=sorted(BENCHMARKS))
    parser.add_argument("data", type=Path, help="the folder that the files were downloaded into")
    given = parser.parse_args()
    try:
        out = prepared(given.benchmark, given.data)
    except (Wrong, EngineError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Ready: flyp train {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
