"""Folders for exports: which one is suggested, and what lies in one already. Knows no Qt."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from engine import files
from engine.errors import EngineError

_ABOUT = "export.json"
"""What every export says of itself; see ``engine/exporters/about.py``."""


class Place(StrEnum):
    """What a folder is to an export."""

    FREE = "free"
    """New, or an empty folder."""
    EXPORT = "export"
    """An earlier export or several, and nothing else: may be replaced."""
    TAKEN = "taken"
    """Other things are in it."""
    FILE = "file"
    """There is a file of this name."""
    WRONG = "wrong"
    """No whole path, or one that cannot be read."""


def suggested(run: Path) -> Path:
    """Beside the folder of runs, under the run's name; the first that is free."""
    return free(run.parent.parent / "exports" / run.name)


def free(out: Path) -> Path:
    """This folder, or the first of its name with a number that is free."""
    number, place = 2, out
    while look(place) is not Place.FREE and number < 1000:
        place, number = out.with_name(f"{out.name}-{number}"), number + 1
    return place


def look(out: Path) -> Place:
    """What lies there; the disk is asked, so this is for a worker thread."""
    if not out.is_absolute():
        return Place.WRONG
    try:
        if not files.taken(out):
            return Place.FREE
        if not out.is_dir():
            return Place.FILE
        inside = list(out.iterdir())
        if not inside:
            return Place.FREE
        several = all((each / _ABOUT).is_file() for each in inside)
        return Place.EXPORT if several or (out / _ABOUT).is_file() else Place.TAKEN
    except (EngineError, OSError, ValueError):
        return Place.WRONG
