r"""``split.csv``: every picture of a run with its class, use and content hash.

Columns: set, path, class, split, group, sha256. ``set`` is empty for the source and else a shift
set's name. Two kinds of rows are no pictures: ``split`` = ``root`` gives the folder that a set's
paths count from, ``split`` = ``class`` a class name, in the order of the class numbers.

Paths and names are escaped (``\\`` backslash, ``\n``, ``\r``, ``\xNN`` for a byte that is no
UTF-8), so that each row is one line of valid UTF-8 whatever the files are called.
"""

from __future__ import annotations

import csv
import io
import re

from engine.data.records import Dataset, ImageRecord, ShiftSet, Split, SplitDataset
from engine.errors import EngineError

COLUMNS = ("set", "path", "class", "split", "group", "sha256")
_ROOT = "root"
_CLASS = "class"
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return re.sub("[\udc80-\udcff]", lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)


def _plain(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        return _ESCAPES.get(found[0]) or chr(0xDC00 + int(found[0][2:], 16))

    return re.sub(r"\\\\|\\n|\\r|\\x[89a-f][0-9a-f]", one, text)


def to_csv(split: SplitDataset) -> str:
    """The text of ``split.csv``. Problems and what was left out are not in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(("", "", _escaped(name), _CLASS, "", "") for name in split.source.classes)
    for name, dataset in [("", split.source), *((shift.name, shift.dataset) for shift in split.shifts)]:
        writer.writerow((name, _escaped(dataset.root), "", _ROOT, "", ""))
        writer.writerows(
            (
                name,
                _escaped(record.path),
                _escaped(dataset.classes[record.class_index]),
                record.split or Split.UNUSED,
                _escaped(record.group or ""),
                record.digest,
            )
            for record in dataset.records
        )
    return out.getvalue()


def from_csv(text: str, where: str) -> SplitDataset:
    """What ``to_csv`` wrote; ``where`` names its origin in errors. Raises EngineError."""
    reader = csv.reader(io.StringIO(text, newline=""))
    classes: dict[str, int] = {}
    roots: dict[str, str] = {}
    records: dict[str, list[ImageRecord]] = {}
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise ValueError(f"the first row is not {','.join(COLUMNS)}")
        for row in reader:
            if len(row) != len(COLUMNS):
                raise ValueError(f"{len(row)} columns where {len(COLUMNS)} are expected")
            name, path, label, split, group, digest = row
            path, label = _plain(path), _plain(label)
            if split == _CLASS:
                classes[label] = len(classes)
            elif split == _ROOT:
                roots[name], records[name] = path, []
            elif label not in classes or name not in roots:
                raise ValueError(f"the class '{label}' or the set '{name}' was not named before")
            else:
                record = ImageRecord(path, classes[label], Split(split), _plain(group) or None, digest)
                records[name].append(record)
        if "" not in roots:
            raise ValueError("the row that names the source's folder is missing")
    except (ValueError, csv.Error) as error:
        raise EngineError(
            "data.split_file", str(error), where=where, row=reader.line_num, reason=str(error)
        ) from error
    sets = {name: Dataset(roots[name], tuple(classes), tuple(records[name])) for name in roots}
    shifts = tuple(
        ShiftSet(name, dataset, tuple(sorted({record.class_index for record in dataset.records})))
        for name, dataset in sets.items()
        if name
    )
    return SplitDataset(sets[""], shifts)
