"""What a scan finds: pictures, classes, problems. Frozen; torch-free."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from engine.messages import Message


class Split(StrEnum):
    """What a picture is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    UNUSED = "unused"


class ProblemKind(StrEnum):
    """Every kind of problem a scan can find."""

    UNREADABLE = "unreadable"
    """The operating system would not give the file."""
    TRUNCATED = "truncated"
    EMPTY_FILE = "empty file"
    NOT_A_PICTURE = "not a picture"
    TOO_LARGE = "too large"
    """More pixels than can be decoded safely."""
    SMALL = "small"
    """Shorter side under 32 pixels."""
    DUPLICATE = "duplicate"
    """The same bytes twice within a class."""
    TWO_CLASSES = "two classes"
    """The same bytes under two classes."""
    ACROSS_SPLITS = "across splits"
    """The same bytes in two of the source's own parts."""
    EMPTY_CLASS = "empty class"
    FEW = "few"
    """A class has fewer pictures than the shots asked for, or too few to hold any back."""
    IMBALANCE = "imbalance"
    """The largest class has more than ten times the pictures of the smallest."""
    NAME_CLASH = "name clash"
    """Two class names differ only by case or unicode form."""
    LINK_LOOP = "link loop"
    UNKNOWN_CLASS = "unknown class"
    """A shift set has a class that the source has not: its pictures are not used."""
    LOOSE = "loose"
    """Pictures beside the class folders; they belong to no class and are not used."""
    BAD_ROW = "bad row"
    """A row of a table names no picture or no class."""
    LEFT_OUT = "left out"
    """The recipe says not to use it."""


UNDECODABLE = frozenset(
    {
        ProblemKind.UNREADABLE,
        ProblemKind.TRUNCATED,
        ProblemKind.EMPTY_FILE,
        ProblemKind.NOT_A_PICTURE,
        ProblemKind.TOO_LARGE,
    }
)
"""Problems of pictures that can never be trained on; they are always left out."""


def nfc(text: str) -> str:
    """The one unicode form by which names are compared and ordered on every machine."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def name_order(name: str) -> tuple[str, str]:
    """Sort key of names and paths: by code point, the same on every machine."""
    return nfc(name), name


def shown(path: str) -> str:
    r"""A file name as text that can be printed and sent: undecodable bytes become ``\xNN``."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, where it is, and what it means in words."""

    path: str
    """The picture or folder, relative to the source ('' when it is the source as a whole)."""
    kind: ProblemKind
    message: Message
    others: tuple[str, ...] = ()
    """The further places of the same problem: the other copies of a duplicate."""


class Found(NamedTuple):
    """One picture as a folder or table names it, before classes are numbered."""

    path: str
    """Relative to the source's root where it lies inside, with forward slashes; else absolute."""
    label: str
    split: Split | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One picture. ``path`` is relative to its source's root, with forward slashes.

    Pictures that do not lie under the root (a table's absolute paths, a validation or test
    source of its own) have an absolute path; ``absolute_path`` serves both.
    """

    path: str
    class_index: int
    """Index into the dataset's class names, sorted by code point of the folder name."""
    split: Split | None = None
    """The source's own part after a scan (None if it has none); what it is used for after a split."""
    group: str | None = None
    """Pictures of one group (frames of one video) stay in one split."""
    digest: str = ""
    """SHA-256 of the file's bytes, in hex; empty before the content was looked at."""


@dataclass(frozen=True)
class Dataset:
    """A scanned source: one folder or table of pictures."""

    root: str
    """Folder that record paths are relative to, absolute."""
    classes: tuple[str, ...]
    """Class names as found (folder names or labels)."""
    records: tuple[ImageRecord, ...]
    problems: tuple[Problem, ...] = ()
    has_splits: bool = False
    """The source came with its own train/validation/test parts."""

    def counts(self) -> list[int]:
        """Pictures per class, in class order."""
        counts = [0] * len(self.classes)
        for record in self.records:
            counts[record.class_index] += 1
        return counts

    def of(self, split: Split) -> tuple[ImageRecord, ...]:
        """The records used for ``split``."""
        return tuple(record for record in self.records if record.split is split)

    def replace(self, **changes: object) -> Dataset:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def absolute_path(dataset: Dataset, record: ImageRecord) -> Path:
    """Where a record's file lies, whether its path is relative to the root or absolute."""
    return Path(dataset.root) / record.path


@dataclass(frozen=True)
class ShiftSet:
    """Pictures of the same classes from elsewhere; they choose nothing."""

    name: str
    dataset: Dataset
    """Its classes and its records' class_index are the *source's*; every split is TEST."""
    present: tuple[int, ...] = ()
    """The source's classes that the set has; logits are restricted to them."""


@dataclass(frozen=True)
class SplitDataset:
    """All that a run trains and is judged on."""

    source: Dataset
    """Every record has its split."""
    shifts: tuple[ShiftSet, ...] = ()
    left_out: tuple[Problem, ...] = field(default=())
    """Pictures that were left out, and why."""
