"""CSV and TSV tables of pictures: delimiter and encoding are found out, not asked for."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from engine.control import Control
from engine.data.records import Found, Problem, ProblemKind, Split, shown
from engine.errors import EngineError
from engine.messages import say

if TYPE_CHECKING:
    from _csv import Reader

SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt"})
"""Files that are read as tables."""

IMAGE_COLUMNS = ("image", "filepath", "path", "file", "filename", "file_name", "image_path")
LABEL_COLUMNS = ("label", "class", "title", "class_name", "category")
DELIMITERS = (",", ";", "\t", "|")

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
    "testing": Split.TEST,
}
"""What folders and split columns call the parts, in lower case."""

_MARKS = (
    # the four-byte marks first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Table(NamedTuple):
    """What a table names."""

    entries: list[Found]
    problems: list[Problem]
    has_splits: bool


class _Columns(NamedTuple):
    image: int
    label: int
    split: int | None
    group: int | None


def decoded(data: bytes) -> str:
    """The text of a table, whatever spreadsheet wrote it."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    head = data[:4096]
    if head.count(0) > len(head) // 4:
        # UTF-16 without a mark: in Western text every second byte is zero
        return data.decode(
            "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be", "replace"
        )
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _place(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _header(line: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return [cell.strip().lower() for cell in cells]


def _columns(path: Path, line: str, given: str | None) -> tuple[str, _Columns]:
    """The delimiter that makes sense of the header, and where its columns are."""
    candidates = (given,) if given else DELIMITERS
    for delimiter in candidates:
        header = _header(line, delimiter)
        image, label = _place(header, IMAGE_COLUMNS), _place(header, LABEL_COLUMNS)
        if image is not None and label is not None:
            return delimiter, _Columns(image, label, _place(header, ("split",)), _place(header, ("group",)))
    likely = max(candidates, key=line.count)
    header = _header(line, likely)
    lacks = [
        name
        for name, known in (("picture", IMAGE_COLUMNS), ("class", LABEL_COLUMNS))
        if _place(header, known) is None
    ]
    raise EngineError(
        "data.table_columns",
        path=shown(str(path)),
        missing=" and the ".join(lacks),
        found=", ".join(header)[:200] or "none",
    )


def _relative(root: Path, text: str) -> str:
    """A path as records carry it: relative to the root where it lies inside."""
    if "\\" in text and not (root / text).exists():
        # written on Windows
        text = text.replace("\\", "/")
    if PurePath(text).is_absolute():
        try:
            return Path(text).relative_to(root).as_posix()
        except ValueError:
            return Path(text).as_posix()
    return PurePosixPath(text).as_posix()


def _split(path: Path, row: int, text: str) -> Split:
    split = SPLIT_NAMES.get(text.lower()) or (Split.UNUSED if text.lower() == "unused" else None)
    if split is None:
        raise EngineError("data.table_split", path=shown(str(path)), row=row, value=text)
    return split


def read(path: Path, control: Control | None = None) -> Table:
    """The pictures that a table names; ``path`` is absolute.

    Rows without a picture or class become problems; a split that is not known, or a table
    whose pictures all do not exist, is an EngineError.
    """
    control = control or Control()
    where = shown(str(path))
    if not path.is_file():
        # reading a pipe would wait for ever
        raise EngineError("data.source_not_a_table", path=where)
    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise EngineError(
            "data.source_unreadable", str(error), path=where, reason=error.strerror or str(error)
        ) from error
    lines = io.StringIO(text, newline="")
    start, first = 1, lines.readline()
    given = None
    if first.lower().startswith("sep=") and first.strip()[4:]:
        # spreadsheets write their delimiter into the first line
        given = first.strip()[4:5]
        start, first = start + 1, lines.readline()
    while first and not first.strip():
        start, first = start + 1, lines.readline()
    if not first:
        raise EngineError("data.table_empty", path=where)
    delimiter, columns = _columns(path, first, given)
    # strict: a quotation mark that is never closed would make one class of all that follows
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    return _rows(path, reader, columns, start, control)


def _rows(path: Path, reader: Reader, columns: _Columns, start: int, control: Control) -> Table:
    where, name, root = shown(str(path)), shown(path.name), path.parent
    entries: list[Found] = []
    problems: list[Problem] = []
    seen: set[tuple[str, str, Split | None]] = set()
    values: list[tuple[int, str]] = []
    row = start
    try:
        for cells in reader:
            control.check()
            row = start + reader.line_num

            def cell(place: int | None, cells: list[str] = cells) -> str:
                return cells[place].strip() if place is not None and place < len(cells) else ""

            if not any(part.strip() for part in cells):
                continue
            image, label = cell(columns.image), cell(columns.label)
            if not image:
                problems.append(
                    Problem(path.name, ProblemKind.BAD_ROW, say("data.row_no_picture", path=name, row=row))
                )
                continue
            picture = _relative(root, image)
            if not label:
                problems.append(
                    Problem(picture, ProblemKind.BAD_ROW, say("data.row_no_label", path=name, row=row))
                )
                continue
            values.append((row, cell(columns.split)))
            split = _split(path, row, values[-1][1]) if values[-1][1] else None
            if (picture, label, split) in seen:
                problems.append(
                    Problem(
                        picture, ProblemKind.DUPLICATE, say("data.row_again", path=name, row=row), (picture,)
                    )
                )
                continue
            seen.add((picture, label, split))
            entries.append(Found(picture, label, split, cell(columns.group) or None))
    except csv.Error as error:
        # the row that begins after the last good one, however far the reader went to find its end
        raise EngineError("data.table_broken", path=where, row=row + 1, reason=str(error)) from error
    if not entries:
        raise EngineError("data.table_empty", path=where)
    has_splits = any(value for _, value in values)
    if has_splits:
        for row, value in values:
            # a column that is filled in half leaves open what the rest is for
            if not value:
                raise EngineError("data.table_split", path=where, row=row, value="")
    if not any((root / entry.path).exists() for entry in entries):
        first = shown(str(root / entries[0].path))
        raise EngineError("data.table_paths", path=where, count=len(entries), first=first)
    return Table(entries, problems, has_splits)
