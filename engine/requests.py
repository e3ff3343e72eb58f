"""What may be asked of the engine, and the form of each answer. Typed, frozen, torch-free.

A request crosses the wire in an envelope that gives it its id, as an event does on its way back:

    {"id": "7", "request": {"type": "tokens", "model": {"name": "starter"}, "captions": ["a cat"]}}

The command line builds the same models and hands them to the same jobs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, from_json

from engine.answers import (
    Answered,
    AskedAnswer,
    AverageAnswer,
    ClassPreview,
    CompareAnswer,
    Confusion,
    Curve,
    DeviceEntry,
    DoctorAnswer,
    DownloadAnswer,
    EndedAnswer,
    EvaluateAnswer,
    Guess,
    InitAnswer,
    MethodEntry,
    MethodsAnswer,
    ModelEntry,
    ModelsAnswer,
    PreflightAnswer,
    PresetEntry,
    PresetsAnswer,
    PreviewAnswer,
    ReportAnswer,
    SweepAnswer,
    TokensAnswer,
    TrainAnswer,
    TriedPicture,
    TryAnswer,
)
from engine.data.inspection import InspectAnswer, InspectRequest, PicturesAnswer, PicturesRequest
from engine.errors import EngineError
from engine.exports import (
    ExportAnswer,
    ExportCheck,
    Exported,
    ExporterEntry,
    ExportersAnswer,
    ExportersRequest,
    ExportRequest,
    MeasuredThreshold,
    PredictAnswer,
    PredictedPicture,
    PredictRequest,
)
from engine.recipe import ALPHAS, Model

__all__ = [  # only what comes from elsewhere; the rest of this module needs no mention
    "Answered",
    "AskedAnswer",
    "AverageAnswer",
    "ClassPreview",
    "CompareAnswer",
    "Confusion",
    "Curve",
    "DeviceEntry",
    "DoctorAnswer",
    "DownloadAnswer",
    "EndedAnswer",
    "EvaluateAnswer",
    "ExportAnswer",
    "ExportCheck",
    "ExportRequest",
    "Exported",
    "ExporterEntry",
    "ExportersAnswer",
    "ExportersRequest",
    "Guess",
    "InitAnswer",
    "InspectAnswer",
    "InspectRequest",
    "MeasuredThreshold",
    "MethodEntry",
    "MethodsAnswer",
    "ModelEntry",
    "ModelsAnswer",
    "PicturesAnswer",
    "PicturesRequest",
    "PredictAnswer",
    "PredictRequest",
    "PredictedPicture",
    "PreflightAnswer",
    "PresetEntry",
    "PresetsAnswer",
    "PreviewAnswer",
    "ReportAnswer",
    "SweepAnswer",
    "TokensAnswer",
    "TrainAnswer",
    "TriedPicture",
    "TryAnswer",
]


class Asked(BaseModel):
    """A frozen request; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- captions and models ------------------------------------------------------------------------


class PresetsRequest(Asked):
    """Sets of templates for kinds of pictures."""

    type: Literal["presets"] = "presets"


class TokensRequest(Asked):
    """How many tokens captions take."""

    type: Literal["tokens"] = "tokens"
    model: Model
    captions: tuple[str, ...]


class ModelsRequest(Asked):
    """The catalogue of models."""

    type: Literal["models"] = "models"


class DownloadRequest(Asked):
    """Bring a model's weights onto this machine."""

    type: Literal["download"] = "download"
    name: str = Field(min_length=1)
    weights: str | None = None


class MethodsRequest(Asked):
    """Which methods there are and what can be set."""

    type: Literal["methods"] = "methods"
    model: Model | None = None
    """Also say which of them cannot run on this model, and why."""


# --- the machine --------------------------------------------------------------------------------


class DoctorRequest(Asked):
    """What this machine can do."""

    type: Literal["doctor"] = "doctor"


# --- the zero-shot preview ----------------------------------------------------------------------


class PreviewRequest(Asked):
    """How the model does before training, on training and validation pictures; never on test."""

    type: Literal["preview"] = "preview"
    recipe: dict[str, Any]
    """A recipe's content; relative paths count from the engine's working folder."""
    pictures: int = Field(default=1000, ge=1)
    """At most so many pictures are looked at, drawn evenly from the classes."""


# --- runs ---------------------------------------------------------------------------------------


class InitRequest(Asked):
    """A complete recipe for a folder, with values chosen for it."""

    type: Literal["init"] = "init"
    source: str = Field(min_length=1)
    out: str | None = None
    """Where the recipe is written; an existing file is never overwritten. None only answers."""
    shots: int | None = Field(default=None, ge=1)
    model: str | None = None
    """None lets init choose one for this machine; never the starter, which knows drawings only."""
    weights: str | None = None
    method: str = "flyp"
    shifts: dict[str, str] = Field(default_factory=dict)
    """Name -> folder or table."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    preset: str | None = None
    """A prompt preset; None lets init choose."""


class PreflightRequest(Asked):
    """Everything that training a recipe would meet here: problems, warnings, time and memory."""

    type: Literal["preflight"] = "preflight"
    recipe: dict[str, Any]
    """A recipe's content; relative paths count from the engine's working folder."""


class TrainRequest(Asked):
    """Train a recipe, or go on with a run that was paused or cut short."""

    type: Literal["train"] = "train"
    recipe: dict[str, Any] | None = None
    """A recipe's content."""
    out: str | None = None
    """The run's folder; None makes one among the program's runs."""
    resume: str | None = None
    """Folder of the run to go on with, as it was started."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.recipe is None) == (self.resume is None):
            raise ValueError("give either 'recipe' or 'resume'")
        if self.resume is not None and self.out is not None:
            raise ValueError("'out' cannot be given with 'resume'")
        return self


class EvaluateRequest(Asked):
    """Judge a run on its sets, or on other pictures of the same classes."""

    type: Literal["evaluate"] = "evaluate"
    run: str = Field(min_length=1)
    data: str | None = None
    """Another folder or table of the same classes."""
    alpha: float | None = Field(default=None, ge=0, le=1)
    """Blend to judge; None takes the recipe's."""


class SweepRequest(Asked):
    """Judge a run's blends between before and after on all its sets; what is on disk is not done again."""

    type: Literal["sweep"] = "sweep"
    run: str = Field(min_length=1)
    alphas: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(default=ALPHAS, min_length=1)


class AverageRequest(Asked):
    """Judge the average of several runs' weights."""

    type: Literal["average"] = "average"
    runs: tuple[str, ...] = Field(min_length=1)
    kind: Literal["uniform", "stock"] = "uniform"
    """Mean of the weights, or Model Stock, which pulls each layer back to the pretrained one."""


class CompareRequest(Asked):
    """Train methods × shots × seeds × learning rates from one recipe, and say what follows."""

    type: Literal["compare"] = "compare"
    recipe: dict[str, Any]
    """A recipe's content."""
    methods: tuple[str, ...] = Field(min_length=1)
    """Each ``name`` or ``name:option=value``."""
    out: str = Field(min_length=1)
    """Folder of the comparison; one that was begun with the same recipe is gone on with."""
    seeds: int = Field(default=5, ge=1, le=1000)
    shots: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Training pictures per class; empty takes the recipe's."""
    rates: tuple[float, ...] = ()
    """Learning rates to search; empty takes a third, once and three times the recipe's."""
    blend: bool = True
    """Also judge every blend, and add each method's at the alpha best on validation."""
    keep_weights: bool = False
    """Keep the last checkpoint of each run, not only the best."""


class TryRequest(Asked):
    """What a run says of single pictures, before and after."""

    type: Literal["try"] = "try"
    run: str = Field(min_length=1)
    alpha: float = Field(default=1.0, ge=0, le=1)
    """The blend that counts as after."""
    paths: tuple[str, ...] = Field(min_length=1)
    top: int = Field(default=5, ge=1)
    """At most so many classes of each picture."""


class ReportRequest(Asked):
    """A run's figures, charts and worst mistakes in one HTML file."""

    type: Literal["report"] = "report"
    run: str = Field(min_length=1)
    out: str = Field(min_length=1)
    """The file; one that exists is replaced."""
    alpha: float | None = Field(default=None, ge=0, le=1)
    """Blend to report; None takes the recipe's."""


class BenchRequest(Asked):
    """Measure speed against the plain way."""

    type: Literal["bench"] = "bench"
    what: Literal["step"] = "step"
    model: str = "ViT-B-32"
    weights: str | None = None
    """Left out, the weights are random: speed does not depend on them."""
    batch_size: int = Field(default=32, ge=2)
    classes: int = Field(default=10, ge=2)
    steps: int = Field(default=20, ge=1)
    """Steps measured of each way, interleaved."""
    device: str = "auto"
    threads: int | None = Field(default=None, ge=1)


class DemoRequest(Asked):
    """The whole job on the bundled starter and sample pictures."""

    type: Literal["demo"] = "demo"
    out: str | None = None
    """The run's folder; None makes one among the program's runs."""
    seed: int = Field(default=0, ge=0, lt=2**32)


# --- what is asked of a running request ---------------------------------------------------------


class PauseRequest(Asked):
    """Save a training and end it, to be resumed."""

    type: Literal["pause"] = "pause"
    target: str
    """Id of the request meant."""


class StopRequest(Asked):
    """End a training early; what it has is judged and kept."""

    type: Literal["stop"] = "stop"
    target: str


class CancelRequest(Asked):
    """End a request at once, whether it runs or waits."""

    type: Literal["cancel"] = "cancel"
    target: str


class ShutdownRequest(Asked):
    """End the engine: training is saved, other work cancelled. Answered last."""

    type: Literal["shutdown"] = "shutdown"


# --- the envelope -------------------------------------------------------------------------------

Wished = PauseRequest | StopRequest | CancelRequest

Request = Annotated[
    InspectRequest
    | PicturesRequest
    | TokensRequest
    | PresetsRequest
    | PreviewRequest
    | ModelsRequest
    | MethodsRequest
    | DoctorRequest
    | DownloadRequest
    | InitRequest
    | PreflightRequest
    | TrainRequest
    | EvaluateRequest
    | SweepRequest
    | TryRequest
    | ReportRequest
    | ExportersRequest
    | ExportRequest
    | PredictRequest
    | PauseRequest
    | StopRequest
    | CancelRequest
    | ShutdownRequest,
    Field(discriminator="type"),
]
"""Everything that may be asked over the wire."""


class RequestLine(Asked):
    """One line on the wire: a request and its id."""

    id: str = Field(min_length=1, max_length=200)
    request: Request


_ID: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(min_length=1, max_length=200)])
_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


class RequestError(EngineError):
    """A line that is no request; ``id`` is its id if that could be read."""

    def __init__(self, code: str, identity: str | None, **arguments: str | int | float) -> None:
        super().__init__(code, "", **arguments)
        self.id = identity


def parse_request(line: bytes) -> RequestLine:
    """The request on a line. Raises RequestError with one clear message."""
    try:
        content = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise RequestError("request.not_json", None, reason=str(error)) from None
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise RequestError("request.not_json", None, reason=f"it is a {kind}, not an object")
    try:
        identity = _ID.validate_python(content.get("id"), strict=True)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise RequestError("request.no_id", None, reason=reason[:1].lower() + reason[1:]) from None
    if unknown := sorted(set(content) - {"id", "request"}):
        reason = f"there is no field '{unknown[0]}' beside 'id' and 'request'"
        raise RequestError("request.not_json", identity, reason=reason)
    if not isinstance(content.get("request"), dict):
        raise RequestError("request.not_json", identity, reason="'request' is missing or not an object")
    try:
        return RequestLine(id=identity, request=_REQUEST.validate_python(content["request"]))
    except ValidationError as error:
        raise _explained(error, identity, content["request"]) from None


def _explained(error: ValidationError, identity: str, content: dict[str, Any]) -> RequestError:
    """Pydantic's findings as one message."""
    found = error.errors()
    given = content.get("type")
    if found[0]["type"] in ("union_tag_invalid", "union_tag_not_found"):
        known = str(found[0].get("ctx", {}).get("expected_tags", "")).replace("'", "") or _known_types()
        shown = str(given) if "type" in content else ""
        return RequestError("request.unknown_type", identity, type=shown[:60], known=known)
    # the first part of the location is the union's tag, which the message names already
    return RequestError("request.wrong", identity, type=str(given), findings=findings(error, skipped=1))


def findings(error: ValidationError, skipped: int = 0) -> str:
    """The first few things that are wrong, without the first ``skipped`` parts of their places."""
    return "; ".join(_finding(item, skipped) for item in error.errors()[:5])


def _finding(item: ErrorDetails, skipped: int) -> str:
    place = ".".join(str(part) for part in item["loc"][skipped:])
    reason = item["msg"].removeprefix("Value error, ")
    return f"'{place}' {reason[:1].lower()}{reason[1:]}" if place else reason


def _known_types() -> str:
    """The types of request, for the message about a missing one."""
    return ", ".join(sorted(request_types()))


def request_types() -> frozenset[str]:
    """Every value of a request's ``type`` that the wire takes."""
    schema = _REQUEST.json_schema()
    return frozenset(schema["discriminator"]["mapping"])
