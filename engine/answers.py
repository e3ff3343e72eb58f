"""The form of each answer. Typed, frozen, torch-free; ``engine.requests`` offers them too."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from engine.events import Figures, Reason
from engine.messages import Message


class Answered(BaseModel):
    """A frozen answer. NaN and infinity cross as strings, so that it is always JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class TokensAnswer(Answered):
    """Token counts, start and end token included."""

    counts: tuple[int, ...]
    """One for each caption, in order."""
    limit: int
    """The model's context; what goes past it is cut off."""
    unfamiliar: tuple[str, ...] = ()
    """Of the bundled starter: words of the captions that it has never read; in order, each once."""


class PresetEntry(Answered):
    """Templates that suit one kind of picture."""

    name: str
    """For ``init`` and ``--preset``."""
    title: str
    description: str
    """For which pictures it is meant."""
    templates: tuple[str, ...]
    """Each has ``{}`` once, where the class name goes."""


class PresetsAnswer(Answered):
    """Every preset: the bundled ones by title, then ImageNet's."""

    presets: tuple[PresetEntry, ...]


class ModelEntry(Answered):
    """One model that can be started from."""

    name: str
    """For a recipe's model.name."""
    weights: str | None
    """For a recipe's model.weights: the pretrained tag of an architecture."""
    kind: Literal["vit", "resnet", "timm"]
    """What the image tower is built from."""
    parameters: int | None
    """Of both towers together, where known."""
    input_size: tuple[int, int]
    """Height and width in pixels."""
    context_length: int
    """Longest caption in tokens."""
    downloaded: bool
    """Its weights lie on this machine."""
    bytes: int | None
    """Of its weights file; an estimate until it is downloaded."""
    unavailable: Message | None = None
    """Why it cannot be used here, with the remedy."""
    fit: Literal["crop", "squash", "letterbox"] = "crop"
    """How pictures were fitted when it was trained; what a recipe's 'auto' takes."""


class ModelsAnswer(Answered):
    """Every model that can be started from."""

    models: tuple[ModelEntry, ...]


class DownloadAnswer(Answered):
    """Where the weights lie now."""

    name: str
    weights: str | None
    path: str
    bytes: int


class MethodEntry(Answered):
    """One way of finetuning."""

    name: str
    title: str
    summary: str
    paper: str
    options: dict[str, Any]
    """JSON Schema of the method's own options."""
    when: str = ""
    """When it wins, by what was measured or published."""
    settings: tuple[str, ...] | None = None
    """Fields of a recipe's training that have an effect on it; None for all."""
    unavailable: Message | None = None
    """Why it cannot run on the model that was asked about."""


class MethodsAnswer(Answered):
    """Every method found."""

    methods: tuple[MethodEntry, ...]


class DeviceEntry(Answered):
    """A device that can train, after a real kernel was run on it."""

    device: str
    """As a recipe names it: cpu, cuda:0, mps, xpu:0."""
    kind: Literal["cpu", "cuda", "rocm", "mps", "xpu"]
    name: str
    works: bool
    """A small matrix product came out right."""
    problem: str = ""
    """What went wrong, if it does not work."""
    memory: int | None = None
    """Bytes in all, where the device tells."""
    memory_free: int | None = None
    bf16: bool = False
    """Does bfloat16 arithmetic in hardware."""


class DoctorAnswer(Answered):
    """What was found."""

    version: str
    """Of this program."""
    python: str
    system: str
    versions: dict[str, str]
    """Of the libraries; empty text for one that is missing."""
    extras: dict[str, bool]
    """Optional extras and whether they are installed."""
    devices: tuple[DeviceEntry, ...]
    cores: int
    """CPU cores that this process may use."""
    memory: int
    """Bytes of main memory."""
    memory_free: int
    cache: str
    """Folder of things that can be made again."""
    cache_free: int | None
    """Bytes free on its disk; None if the disk does not tell."""
    data: str
    """Folder of runs made without --out."""
    models: str
    """Folder of downloaded models."""
    starter: bool
    """The bundled model is there."""
    hub: str
    """Address that models come from."""
    hub_state: Literal["reachable", "unreachable", "offline by setting"]
    hub_problem: str = ""


class ClassPreview(Answered):
    """One class in a preview."""

    folder: str
    name: str
    """As the model is told it."""
    pictures: int
    accuracy: float | None
    """None for a class without pictures."""


class Confusion(Answered):
    """Pictures of one class that were taken for another."""

    truth: str
    taken_for: str
    pictures: int


class PreviewAnswer(Answered):
    """What the template head says of the pictures, before any training."""

    sets: dict[str, Figures]
    """'train' and 'validation'."""
    pictures: int
    accuracy: float
    """Over both sets together."""
    per_class: tuple[ClassPreview, ...]
    """In the order of the classes."""
    confused: tuple[Confusion, ...]
    """The most frequent first, at most 20."""
    sampled: bool
    """Only a part of the pictures was looked at."""


class InitAnswer(Answered):
    """The recipe and why its values were chosen."""

    out: str | None
    recipe: dict[str, Any]
    reasons: dict[str, str]
    """section.field -> why."""


class PreflightAnswer(Answered):
    """What would be wrong with training a recipe here; if nothing is, what it becomes and takes."""

    problems: tuple[Message, ...]
    """All that would stop it, in the order of the recipe's sections; with any, nothing is estimated."""
    warnings: tuple[Message, ...]
    """What a person should know that does not stop it."""
    pictures: int
    """To train on; 0 where that could not be found out."""
    epochs: int
    steps_per_epoch: int
    steps: int
    """In all, if nothing stops it early."""
    seconds: float | None
    """Estimate of the whole, from one timed step and one timed evaluation; None with problems."""
    memory: int | None
    """Estimate of the peak in bytes: on CUDA what the step took, elsewhere counted from its tensors."""
    memory_total: int | None
    """Bytes that the device has."""
    plan: dict[str, Any] | None
    """Device, threads, arithmetic and micro-batch, as a run's plan.json would say."""


class TrainAnswer(Answered):
    """How the attempt ended."""

    run: str
    reason: Reason
    result: str | None
    """Path of result.json; None if the run was left before its end."""
    anew: bool = False
    """When it goes on it begins anew and comes to the same end: a method on features takes seconds."""


class EvaluateAnswer(Answered):
    """Figures with intervals, as in result.json."""

    run: str
    path: str | None
    """Where the figures were written, if they were."""
    result: dict[str, Any]


class Curve(Answered):
    """How one set does at each blend, in the order of the answer's alphas."""

    kind: Literal["train", "validation", "test", "shift"]
    accuracy: tuple[float, ...]
    """Top-1, 0 to 1."""
    loss: tuple[float, ...]
    """Mean cross-entropy in nats."""


class SweepAnswer(Answered):
    """Every blend that was judged, and which is best on validation."""

    run: str
    alphas: tuple[float, ...]
    """Ascending."""
    best_alpha: float
    """Highest accuracy on validation; then the lower loss, then the larger alpha. No other set chooses."""
    best_by: Literal["validation"] = "validation"
    path: str
    """Of sweep.json."""
    curves: dict[str, Curve]
    """Name of the set -> its curve."""
    reason: Message | None = None
    """Why the method has no blend; then alphas are 0 and 1 only."""


class AverageAnswer(Answered):
    """Figures of the average of several runs' weights."""

    runs: tuple[str, ...]
    kind: Literal["uniform", "stock"]
    result: dict[str, Any]
    """As result.json, and for each set the figures of each run alone under ``runs``."""


class CompareAnswer(Answered):
    """Where a comparison lies, and the whole of it."""

    out: str
    comparison: str
    """Path of comparison.json."""
    files: tuple[str, ...]
    """Everything that was written beside the runs: tables and charts."""
    content: dict[str, Any]
    """Of comparison.json."""


class Guess(Answered):
    """A class that a picture may be of."""

    class_name: str
    """Folder name."""
    probability: float
    """0 to 1."""


class TriedPicture(Answered):
    """What the model says of a picture, before the training and at the blend that was asked for."""

    path: str
    before: tuple[Guess, ...]
    """The most probable first."""
    after: tuple[Guess, ...]
    problem: Message | None = None
    """Why it could not be looked at; then there are no guesses."""


class TryAnswer(Answered):
    """The pictures in the order in which they were asked."""

    pictures: tuple[TriedPicture, ...]


class ReportAnswer(Answered):
    """The report that was written."""

    path: str
    bytes: int


class AskedAnswer(Answered):
    """A wish was passed on; the target's own answer follows under its own id."""

    target: str
    waiting: bool
    """It had not begun and will not."""


class EndedAnswer(Answered):
    """Everything has ended; the last line on the wire."""
