"""What may be asked about exports and predictions, and the answers. Typed, frozen, torch-free."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.answers import Answered, Guess
from engine.messages import Message


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExportersRequest(_Asked):
    """In which forms a model can leave."""

    type: Literal["exporters"] = "exporters"
    run: str | None = None
    """Also say in which of them this run cannot leave, and why; its model is loaded for that."""


class ExportRequest(_Asked):
    """Take a run's model elsewhere. All formats are written and verified, or nothing is left."""

    type: Literal["export"] = "export"
    run: str = Field(min_length=1)
    formats: tuple[str, ...]
    out: str = Field(min_length=1)
    """A new or an empty folder. One format lies in it; of several each has a folder of its name there."""
    alpha: float | None = Field(default=None, ge=0, le=1)
    """Blend that leaves; None takes the one that was chosen for the run, or the recipe's."""
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Format -> its own options."""
    replace: bool = False
    """Put it in the place of an earlier export; of anything else never."""


class PredictRequest(_Asked):
    """Judge new pictures with a run or an export."""

    type: Literal["predict"] = "predict"
    source: str = Field(min_length=1)
    """Folder of a run or of an export."""
    paths: tuple[str, ...] = Field(min_length=1)
    """Picture files, folders (looked through with all that is below) or patterns such as 'new/*.jpg'."""
    alpha: float | None = Field(default=None, ge=0, le=1)
    """Blend of a run; None takes the one that was chosen for it, or the recipe's. An export has its own."""
    top: int = Field(default=5, ge=1)
    """Classes told of each picture."""
    unsure: float = Field(default=0.5, ge=0, le=1)
    """Below this probability a picture counts as 'not sure'; 0 is always sure."""
    csv: str | None = None
    """A table of all predictions; an existing file is never overwritten."""
    sort_into: str | None = None
    """Copies of the pictures in class folders; nothing is moved or overwritten."""
    measure: bool = False
    """Of a run: also measure its errors at the threshold, on test or validation. An export knows them."""


class ExporterEntry(Answered):
    """One form in which a model can leave."""

    name: str
    title: str
    summary: str
    readers: tuple[str, ...]
    """Programs and libraries that read it."""
    options: dict[str, Any]
    """JSON Schema of the format's own options."""
    unavailable: Message | None = None
    """Why the run that was asked about cannot leave in it, with its default options."""


class ExportersAnswer(Answered):
    """Every format found."""

    exporters: tuple[ExporterEntry, ...]


class ExportCheck(Answered):
    """One way through an export, compared with the run."""

    way: Literal["pixels", "files", "encoders"]
    """The same prepared pictures; picture files by the format's own preparation; the encoders apart."""
    largest_cosine_difference: float
    largest_logit_difference: float
    margin_exceeds: int
    """Pictures whose margin exceeds the tolerance; all of them were given the same class."""
    elsewhere: int
    """Pictures that the format's preparation cuts out a pixel beside; not compared."""


class Exported(Answered):
    """An export that was written and verified."""

    format: str
    path: str
    bytes: int
    """Of all its files."""
    pictures: int
    """It was compared with the run on so many."""
    weak: bool
    """The run predicts fewer than three classes on them, so that agreeing says little."""
    predicted_classes: int
    checks: tuple[ExportCheck, ...]
    code: str
    """A few lines that load it."""


class ExportAnswer(Answered):
    """Where the exports are."""

    run: str
    alpha: float
    exports: tuple[Exported, ...]


class PredictedPicture(Answered):
    """What the model says of a picture."""

    path: str
    guesses: tuple[Guess, ...]
    """The most probable first; empty if the picture cannot be read."""
    sure: bool
    """The first one's probability reaches the threshold."""
    copied_to: str | None = None
    problem: Message | None = None
    """Why it cannot be read."""


class MeasuredThreshold(Answered):
    """How often the model is wrong where its best probability reaches a threshold."""

    threshold: float
    answered: float
    """Share of the set's pictures that reach it."""
    wrong: float | None
    """Share of those that were wrong; None where there are none."""


class PredictAnswer(Answered):
    """What the model says of new pictures."""

    source: str
    """The run or export."""
    alpha: float
    classes: tuple[str, ...]
    pictures: tuple[PredictedPicture, ...]
    unsure: float
    """The threshold."""
    not_sure: int
    """Pictures below it."""
    unreadable: int
    measured_on: str = ""
    """The set that the two figures below were measured on; empty where they are not known."""
    answered: float | None = None
    """Share of that set's pictures that reach the threshold, or the nearest measured one below it."""
    wrong: float | None = None
    """Share of those that were wrong."""
    measured: tuple[MeasuredThreshold, ...] = ()
    """The same at every threshold that was measured, ascending; empty where they are not known."""
    csv: str | None = None
    sorted_into: str | None = None
