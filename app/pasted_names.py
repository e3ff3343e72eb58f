"""Reads names from a list or a spreadsheet and says what they would change. Knows no Qt."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pasted:
    """What a pasted text says of the classes."""

    names: dict[str, str] = field(default_factory=dict)
    """Folder -> its new name."""
    by_folder: bool = False
    """Two columns, folder and name; else names in the order of the table."""
    unknown: tuple[str, ...] = ()
    """First cells that name no class."""
    repeated: tuple[str, ...] = ()
    """Folders that were named twice; the last counts."""
    too_many: int = 0
    """Names left when every class had one."""
    untouched: int = 0
    """Classes that are told nothing."""

    @property
    def fits(self) -> bool:
        """Every line found its class and every class its line."""
        return bool(self.names) and not (self.unknown or self.repeated or self.too_many or self.untouched)


def read(text: str, folders: Sequence[str]) -> Pasted:
    """One column: names in the order of ``folders``. Two: folder and name, in any order."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    for delimiter in ("\t", ",", ";"):
        rows = _two_columns(lines, delimiter, folders)
        if rows is not None:
            return _by_folder(rows, folders)
    return _in_order([" ".join(line.split()) for line in lines], folders)


def _two_columns(lines: list[str], delimiter: str, folders: Sequence[str]) -> list[list[str]] | None:
    filled = [line for line in lines if line.strip()]
    if not any(delimiter in line for line in filled):
        return None
    rows = [[cell.strip() for cell in row] for row in csv.reader(filled, delimiter=delimiter) if row]
    if delimiter != "\t":
        # a comma may belong to a name: only lines that begin with folders are two columns
        known = {folder.casefold() for folder in folders}
        hits = sum(len(row) > 1 and row[0].casefold() in known for row in rows)
        if hits < max(1, len(rows) - 1):
            return None
    return rows


def _by_folder(rows: list[list[str]], folders: Sequence[str]) -> Pasted:
    exact = set(folders)
    loose = {folder.casefold(): folder for folder in folders}
    names: dict[str, str] = {}
    unknown, repeated = [], []
    for row in rows:
        folder = row[0] if row[0] in exact else loose.get(row[0].casefold())
        if folder is None:
            unknown.append(row[0])
            continue
        if folder in names:
            repeated.append(folder)
        names[folder] = " ".join(row[1].split()) if len(row) > 1 else ""
    return Pasted(
        names=names,
        by_folder=True,
        unknown=tuple(unknown),
        repeated=tuple(dict.fromkeys(repeated)),
        untouched=len(folders) - len(names),
    )


def _in_order(lines: list[str], folders: Sequence[str]) -> Pasted:
    names = dict(zip(folders, lines, strict=False))
    return Pasted(
        names=names,
        too_many=max(0, len(lines) - len(folders)),
        untouched=max(0, len(folders) - len(lines)),
    )
