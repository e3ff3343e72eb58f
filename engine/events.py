"""What the engine tells: typed, frozen, one JSON object a line. Torch-free.

A run's events go to its ``events.jsonl`` and, unchanged, over the wire; a ``Line`` adds
the id of the request they belong to.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine import __version__
from engine.messages import Message

SCHEMA = 1
"""Number of the wire's and events.jsonl's layout."""


class Said(BaseModel):
    """A frozen event. NaN and infinity cross as strings, so that a line is always JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


# --- the life of a run ------------------------------------------------------------------------


class Reason(StrEnum):
    """How an attempt at a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    """Stopped early by the person; the best weights are kept and judged."""
    PATIENCE = "patience"
    """Validation no longer improved."""
    PAUSED = "paused"
    """Saved; can be resumed."""
    CANCELLED = "cancelled"
    FAILED = "failed"


class SetInfo(Said):
    """A set of pictures that the run is judged on."""

    name: str
    kind: Literal["train", "validation", "test", "shift"]
    pictures: int
    classes: int
    """How many of the classes it has; logits are restricted to them in a shift set."""


class RunStarted(Said):
    """First event of each attempt at a run."""

    type: Literal["run_started"] = "run_started"
    run: str
    """The run's folder."""
    attempt: int
    """1, then 2 for the first resumption, …"""
    start_step: int
    """Step of the checkpoint it continues from; events past it no longer count. 0 at the start."""
    total_steps: int
    epochs: int
    steps_per_epoch: int
    batch_size: int
    """0 for methods that learn from features: what they call epochs are candidates, a step each."""
    method: str
    model: str
    seed: int
    classes: tuple[str, ...]
    sets: tuple[SetInfo, ...]
    plan: dict[str, Any]
    """What the recipe became on this machine."""
    time: str
    """ISO 8601, with zone."""


class StepDone(Said):
    """One or more optimizer steps; sent at most a few times a second."""

    type: Literal["step_done"] = "step_done"
    step: int
    """Steps done since the run began."""
    epoch: int
    """Epoch under way, counted from 1."""
    loss: float
    """Mean training loss of the steps since the last such event."""
    floor: float
    """Lowest value that loss could have on those batches (collisions make one)."""
    learning_rate: float | None
    """None for methods that have none."""
    temperature: float
    """1 / exp(logit_scale)."""
    pictures_per_second: float
    seconds_left: float
    """Estimate for all that is left of the run."""
    memory: int = 0
    """Peak device memory in bytes (process memory on CPU)."""


class Figures(Said):
    """How the model does on one set."""

    pictures: int
    accuracy: float
    """Top-1, 0 to 1."""
    loss: float
    """Mean cross-entropy of the head, in nats."""


class EvaluationDone(Said):
    """After each epoch; epoch 0 is zero-shot, before training."""

    type: Literal["evaluation_done"] = "evaluation_done"
    step: int
    epoch: int
    sets: dict[str, Figures]
    best: bool
    """Validation is the best so far; these weights are kept."""


class CheckpointSaved(Said):
    """The state of the run is safe on disk up to this step."""

    type: Literal["checkpoint_saved"] = "checkpoint_saved"
    step: int
    epoch: int
    name: Literal["last", "best"]


class Paused(Said):
    """Saved and about to end, to be resumed."""

    type: Literal["paused"] = "paused"
    step: int


class Resumed(Said):
    """Goes on from a checkpoint; follows RunStarted of a later attempt."""

    type: Literal["resumed"] = "resumed"
    step: int


class Warned(Said):
    """Something the person should know that does not stop the run."""

    type: Literal["warned"] = "warned"
    message: Message


class RunFinished(Said):
    """Exactly once and last in each attempt."""

    type: Literal["run_finished"] = "run_finished"
    reason: Reason
    error: Message | None = None
    best_epoch: int | None = None
    """Epoch whose weights are kept; 0 means that zero-shot was best."""
    seconds: float | None = None
    """How long this attempt took, from RunStarted on; None in runs of before it was told."""


# --- the life of a job ------------------------------------------------------------------------


class Progress(Said):
    """What a job is doing, in words and numbers. Not kept in events.jsonl."""

    type: Literal["progress"] = "progress"
    phase: Message
    done: int = 0
    total: int = 0
    """0 when not known."""
    unit: Literal["pictures", "bytes", "steps", "models", ""] = ""
    seconds_left: float | None = None


class BlendReady(Said):
    """One blend between before and after has been judged; what it said lies in a file of the run."""

    type: Literal["blend_ready"] = "blend_ready"
    alpha: float
    """0 is the model before training, 1 the finetuned one."""
    file: str
    """Absolute path of the ``.npz``, which ``engine.evaluation.outputs`` reads."""
    sets: dict[str, Figures]


class Structure(Said):
    """What a source looks like from outside: told before any picture is opened."""

    type: Literal["structure"] = "structure"
    source: str
    """Which source: '' the main one, 'validation', 'test', or a shift set's name."""
    classes: tuple[str, ...]
    """Class names as found."""
    counts: tuple[int, ...]
    """Pictures per class, in class order."""
    splits: dict[str, tuple[int, ...]]
    """The source's own parts with their pictures per class; empty if it has none."""
    pictures: int
    """Pictures in all."""


class ProblemSaid(Said):
    """One problem of a scan."""

    type: Literal["problem"] = "problem"
    source: str
    """Which source: '' the main one, 'validation', 'test', or a shift set's name."""
    path: str
    kind: str
    message: Message
    others: tuple[str, ...] = ()


class Answer(Said):
    """A request's result; its form is the request's answer model in ``requests``."""

    type: Literal["answer"] = "answer"
    result: dict[str, Any]


class Failed(Said):
    """A request could not be done."""

    type: Literal["failed"] = "failed"
    message: Message
    fault: bool = False
    """True if it is a fault of ours; ``detail`` then has the technical text."""
    cancelled: bool = False
    """True if it was cancelled or superseded."""
    detail: str = ""


class Hello(Said):
    """First line on the wire."""

    type: Literal["hello"] = "hello"
    version: str = __version__
    schema_number: int = SCHEMA
    pid: int


Event = Annotated[
    RunStarted
    | StepDone
    | EvaluationDone
    | CheckpointSaved
    | Paused
    | Resumed
    | Warned
    | RunFinished
    | Progress
    | BlendReady
    | Structure
    | ProblemSaid
    | Answer
    | Failed
    | Hello,
    Field(discriminator="type"),
]
"""Everything the engine may say."""

RUN_EVENTS = (RunStarted, StepDone, EvaluationDone, CheckpointSaved, Paused, Resumed, Warned, RunFinished)
"""The events that belong into a run's events.jsonl."""

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


class Line(Said):
    """One line on the wire: an event and the id of the request it belongs to."""

    id: str | None = None
    event: Event


def parse_event(text: str | bytes) -> Event:
    """An event from its JSON line. Raises pydantic.ValidationError."""
    return _ADAPTER.validate_json(text)
