"""Which picture files a person means by files, folders and patterns. Torch-free."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.control import Control
from engine.data.records import name_order, shown
from engine.data.scan import PICTURE_SUFFIXES, hidden
from engine.errors import EngineError


def pictures(given: Sequence[str], control: Control) -> list[Path]:
    """Every picture once, files in the order given, folders and patterns in order of their names.

    Of a folder, and of what lies below it, files count that are called like pictures; a file that was
    named itself always counts. Links to folders are not followed. Raises EngineError for a place where
    nothing is, and where there is no picture.
    """
    found: dict[str, Path] = {}
    for text in given:
        before = len(found)
        known = 0
        for path in _meant(text, control):
            known += 1
            found.setdefault(os.path.realpath(path), path)
        if known == 0 and len(found) == before:
            raise EngineError("predict.no_pictures", path=shown(text))
    return list(found.values())


def folders(given: Sequence[str]) -> list[Path]:
    """Those of the places given that are folders."""
    return [Path(text).expanduser().resolve() for text in given if Path(text).expanduser().is_dir()]


def _meant(text: str, control: Control) -> Iterator[Path]:
    path = Path(text).expanduser()
    if path.is_dir():
        yield from _below(path, control)
    elif path.exists() or path.is_symlink():
        yield path
    elif glob.has_magic(text):
        # Path.glob takes no absolute patterns
        matches = glob.glob(str(path), recursive=True)  # noqa: PTH207
        for match in sorted(matches, key=name_order):
            control.check()
            place = Path(match)
            if place.is_dir():
                yield from _below(place, control)
            elif place.suffix.lower() in PICTURE_SUFFIXES:
                yield place
    else:
        raise EngineError("predict.missing", path=shown(text))


def _below(folder: Path, control: Control) -> Iterator[Path]:
    for place, inside, names in os.walk(folder):
        control.check()
        inside[:] = sorted((name for name in inside if not hidden(name)), key=name_order)
        for name in sorted(names, key=name_order):
            if not hidden(name) and Path(name).suffix.lower() in PICTURE_SUFFIXES:
                yield Path(place) / name
