"""A comparison on disk, and the only owner of the file names in its folder.

recipe.toml           what every run's recipe comes from
runs/<cell>/          a run for each cell
runs/<cell>.lock      who works on it now
comparison.json .csv .md
charts/<name>.svg .png

Several processes may work on one folder: a cell belongs to whoever holds its lock.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine import files, recipe
from engine.comparison.grid import Cell
from engine.errors import EngineError
from engine.recipe import Recipe
from engine.run_directory import RunDirectory


class ComparisonFolder:
    """Make with ``claimed``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def claimed(cls, path: Path, base: Recipe) -> ComparisonFolder:
        """A new comparison's folder, or that of one begun from the same recipe.

        Raises EngineError if the folder holds anything else, a run say, or a comparison of another recipe.
        """
        folder = cls(path.absolute())
        files.make_folder(folder.path)
        if RunDirectory(folder.path).split_file.exists():
            # a run has a recipe.toml too, and perhaps the very same
            raise EngineError("compare.not_ours", path=str(folder.path))
        if folder._recipe_file.is_file():
            differing = differences(recipe.read(folder._recipe_file), base)
            if differing:
                raise EngineError(
                    "compare.other_recipe", path=str(folder.path), fields=", ".join(differing[:8])
                )
        elif any(each.name != "runs" for each in folder.path.iterdir()):
            raise EngineError("compare.not_ours", path=str(folder.path))
        else:
            recipe.write(base, folder._recipe_file)
        return folder

    @property
    def _recipe_file(self) -> Path:
        return self.path / "recipe.toml"

    def run(self, cell: Cell) -> Path:
        """Where a cell's run is, or will be."""
        return self.path / "runs" / cell.name

    @contextmanager
    def taken(self, cell: Cell) -> Iterator[bool]:
        """Take a cell for this process from training to judging; False if another process has it."""
        place = self.path / "runs" / f"{cell.name}.lock"
        files.make_folder(place.parent)
        # the operating system lets it go when the process ends, however it ends
        lock = FileLock(place, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        except OSError as error:
            raise files.write_error(place, error) from error
        try:
            yield True
        finally:
            lock.release()

    def opened(self, cell: Cell, base: Recipe) -> RunDirectory | None:
        """The run of a cell, if it was begun. Raises EngineError if it was made from another recipe."""
        place = self.run(cell)
        try:
            run = RunDirectory.open(place)
        except EngineError:
            return None
        if differences(run.recipe(), cell.recipe(base)):
            raise EngineError("compare.other_cell", path=str(place))
        return run

    def write(self, content: dict[str, Any], csv: str, markdown: str) -> list[Path]:
        """Write the comparison's tables; their paths, comparison.json first."""
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        written = []
        for name, what in (("comparison.json", text), ("comparison.csv", csv), ("comparison.md", markdown)):
            files.write_text(self.path / name, what)
            written.append(self.path / name)
        return written

    def write_charts(self, drawn: dict[str, tuple[str, bytes]]) -> list[Path]:
        """Write the charts in the place of earlier ones; their paths."""
        written = []
        for name, (svg, png) in drawn.items():
            for suffix, data in ((".svg", svg.encode("utf-8")), (".png", png)):
                files.write_bytes(self.path / "charts" / (name + suffix), data)
                written.append(self.path / "charts" / (name + suffix))
        return written


def differences(one: Recipe, other: Recipe) -> list[str]:
    """The fields in which two recipes differ, as section.field."""
    ours, theirs = one.content(), other.content()
    found = []
    for section, part in ours.items():
        if isinstance(part, dict):
            found += [f"{section}.{name}" for name in part if part[name] != theirs[section].get(name)]
        elif part != theirs[section]:
            found.append(section)
    return found


def remove_unfinished(run: RunDirectory) -> None:
    """Clear away a run that was killed before its first checkpoint, for it to be begun anew."""
    run.hold()
    try:
        run.discard()
    finally:
        run.close()
    remove_remains(run.path)


def remove_remains(place: Path) -> None:
    """Remove a folder in which a crash left nothing but locks and half-written temporary files."""
    if place.is_dir() and all(
        each.name.startswith(".") or each.suffix == ".lock" for each in place.iterdir()
    ):
        shutil.rmtree(place, ignore_errors=True)
