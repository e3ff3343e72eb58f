"""What every preparation shares: tables of pictures, and what is said when a file is missing or odd."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from engine import files

PICTURES = frozenset({".jpg", ".jpeg", ".png"})


class Wrong(Exception):
    """The downloaded files are not as they should be; its text says what and where."""


class Row(NamedTuple):
    """One picture of a table."""

    path: str
    """Relative to the data folder."""
    label: str
    split: str = ""
    group: str = ""


def write(path: Path, rows: Iterable[Row]) -> Path:
    """A table that the program reads as a source: image, label and, if any row has them, split and group."""
    rows = list(rows)
    if not rows:
        raise Wrong(f"No picture was found for {path.name}.")
    columns = ["image", "label"]
    columns += [name for name in ("split", "group") if any(getattr(row, name) for row in rows)]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.path, row.label, *(getattr(row, name) for name in columns[2:])] for row in rows)
    files.write_text(path, out.getvalue())
    return path


def need(path: Path) -> Path:
    """The path, if it is there."""
    if not path.exists():
        raise Wrong(f"There is no {path}. resources/recipes/README.md says what to download where.")
    return path


def folders(path: Path) -> list[Path]:
    """The folders in a folder, by name."""
    return sorted(each for each in need(path).iterdir() if each.is_dir() and not each.name.startswith("."))


def pictures(folder: Path) -> list[Path]:
    """The pictures in a folder, by name."""
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in PICTURES)


def read_csv(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file that must have these columns."""
    with need(path).open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise Wrong(f"{path} has no column {', '.join(missing)}; it has {reader.fieldnames}.")
        yield from reader


def read_json(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(need(path).read_text(encoding="utf-8"))


def read_mat(path: Path) -> dict[str, Any]:
    """What a MATLAB file holds."""
    try:
        from scipy.io import loadmat
    except ImportError:
        raise Wrong(f"{path.name} is a MATLAB file: pip install scipy to read it.") from None
    found: dict[str, Any] = loadmat(need(path), squeeze_me=True)
    return found
