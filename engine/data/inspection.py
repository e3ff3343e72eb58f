"""What may be asked about a source of pictures, and the answer. Torch-free."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.messages import Message
from engine.recipe import Data


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InspectRequest(_Frozen):
    """Look at a folder or table: structure first, then, if asked, into every picture."""

    type: Literal["inspect"] = "inspect"
    source: str = Field(min_length=1)
    """Folder of class folders, folder with train/val/test folders, or a CSV/TSV file."""
    shots: int | None = Field(default=None, ge=1)
    """Training pictures per class to plan with, in place of what ``data`` says."""
    shifts: dict[str, str] = Field(default_factory=dict)
    """Name -> source of further sets to look at (pairs do too); empty takes those of ``data``."""
    data: Data | None = None
    """How the pictures would be used; its source gives way to ``source``. None plans with the defaults."""
    content: bool = True
    """Open every picture; False answers from the folder alone."""
    reuse: bool = False
    """Arrange what was read last from the same sources, without looking again.

    Looks if nothing is remembered, or if content is asked for and was not read. Without content, what
    is remembered counts in full, also if every picture was opened for it.
    """

    @field_validator("shifts", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return dict(value) if isinstance(value, (list, tuple)) else value


class FoundProblem(_Frozen):
    """One problem and where it is."""

    source: str
    """Which source: '' the main one, 'validation', 'test', or a shift set's name."""
    path: str
    """Picture, folder or class, relative to its source."""
    message: Message
    others: tuple[str, ...] = ()
    """The further places of the same problem: the other copies of a duplicate."""


class ShiftSummary(_Frozen):
    """A shift set in numbers."""

    name: str
    pictures: int
    """Pictures that it is judged on; -1 if that could not be planned."""
    classes: int
    """How many of the source's classes it has."""


class InspectAnswer(_Frozen):
    """What a source holds, what is wrong with it, and what training would make of it."""

    root: str
    """Folder that paths count from, absolute."""
    classes: tuple[str, ...]
    """Class names as found, in the order of the counts."""
    counts: tuple[int, ...]
    """Pictures found per class, usable or not."""
    pictures: int
    """Pictures found in all."""
    has_splits: bool
    """The source has train/validation/test parts of its own."""
    splits: dict[str, tuple[int, ...]] = {}
    """Its own parts with pictures per class; empty if it has none."""
    planned_classes: tuple[str, ...] = ()
    """Classes that would be trained on, in the order of ``planned``."""
    planned: dict[str, tuple[int, ...]] | None = None
    """Split -> pictures per class that training would use; None if it cannot train on this."""
    plan_error: Message | None = None
    """Why it cannot."""
    shifts: tuple[ShiftSummary, ...] = ()
    """The further sets."""
    problems: dict[str, tuple[FoundProblem, ...]] = {}
    """Kind of problem -> where it was found."""
    left_out: int = 0
    """Pictures that training would leave out because of problems."""
    content: bool = True
    """False if no picture was opened: problems of content are then not known."""


class PicturesRequest(_Frozen):
    """The pictures of a class, or of all, with what each is used for."""

    type: Literal["pictures"] = "pictures"
    data: Data
    """Where they are and how they would be used; what was inspected last is not looked at again."""
    folder: str | None
    """A class as inspecting names it; None for all."""
    part: Literal["all", "train", "validation", "test", "unused"] = "all"
    """Only the pictures of that use; those left out are among all."""


class PicturesAnswer(_Frozen):
    """Pictures in stable order; those of the shift sets are not among them."""

    root: str
    """Folder that relative paths count from, absolute."""
    paths: tuple[str, ...]
    """Relative to the root where they lie inside, else absolute."""
    parts: tuple[Literal["train", "validation", "test", "unused", "left out"], ...]
    """What each is used for; all are unused where training would refuse the data."""
    folders: tuple[str, ...] = ()
    """The class of each, where all classes were asked for."""
