"""What a finetuning method is, and how methods are found: every module in this folder with a ``METHOD``.

A new method is one new file. The trainer, the picker and the forms see it by itself.

B: pictures in a batch, C: classes, D: embedding, H, W: height and width, T: templates, L: tokens.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, ClassVar, Protocol, get_args

import torch
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from torch import Tensor, nn

from engine.clip.backbone import Backbone
from engine.clip.head import mean_embeddings
from engine.control import Control
from engine.data.batches import Batch
from engine.errors import EngineError, ManyErrors
from engine.evaluation.blend import blend
from engine.messages import Message
from engine.training.optimizer import ParameterGroup, parameter_groups


class Options(BaseModel):
    """A method's own options; their docstrings are the help in terminal and window."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    apart: ClassVar[str] = ""
    """What sets the method apart in a comparison: what it makes of the recipe's learning rate if not just
    that, and what it chooses on validation beside the epoch. Part of a sentence; names of options in
    braces are filled in."""

    def set_apart(self) -> str:
        """``apart`` with these options; empty where there is nothing to say."""
        return self.apart.format_map(self.model_dump())

    @model_validator(mode="before")
    @classmethod
    def _none_is_nothing(cls, given: Any) -> Any:
        """As in a recipe: "none" for an option that may be left empty."""
        if not isinstance(given, dict):
            return given
        may = {name for name, info in cls.model_fields.items() if NoneType in get_args(info.annotation)}
        return {name: None if value == "none" and name in may else value for name, value in given.items()}


@dataclass(frozen=True)
class Task:
    """What there is to learn, apart from the pictures themselves."""

    classes: tuple[str, ...]
    captions: list[list[str]]
    """Per class, its name in every template: C × T."""
    tokens_CTL: Tensor
    """The captions' tokens, int64, on the CPU."""


class Head(Protocol):
    """Turns normalised picture embeddings into logits."""

    def __call__(self, images_BD: Tensor) -> Tensor:
        """Logits, B × C, in fp32."""
        ...

    def on_cpu(self) -> Head:
        """The same head with its tensors on the CPU, in fp32."""
        ...


@dataclass(frozen=True)
class MatrixHead:
    """A head that is a matrix: scale · I · Wᵀ + bias."""

    weight_CD: Tensor
    scale: float
    bias: float | Tensor = 0.0
    """One for all classes, or C of them."""

    def __call__(self, images_BD: Tensor) -> Tensor:
        return self.scale * images_BD.float() @ self.weight_CD.float().T + self.bias

    def on_cpu(self) -> MatrixHead:
        bias = self.bias.float().cpu() if isinstance(self.bias, Tensor) else self.bias
        return MatrixHead(self.weight_CD.float().cpu(), self.scale, bias)


@dataclass(frozen=True)
class Loss:
    """A step's loss and the lowest value it could have had on that batch."""

    value: Tensor
    floor: float


State = dict[str, Tensor]

OWN = "learned."
"""How the names of a learner's own tensors begin (a learned head, low-rank factors, a cache); the other
names of its state are those of open_clip's model."""


class Learner:
    """Something that learns on top of a backbone. What is given here suits methods that change weights only.

    As it is made, it computes zero-shot.
    """

    def __init__(self, backbone: Backbone, task: Task) -> None:
        self.backbone = backbone
        self.task = task

    def state_dict(self) -> State:
        """All that was learnt, and the whole model with it; what a checkpoint keeps."""
        return self.backbone.state_dict()

    def load_state_dict(self, state: State) -> None:
        """Take back what ``state_dict`` gave."""
        self.backbone.load_state_dict(state)

    def head(self, control: Control | None = None) -> Head:
        """The head as it stands now, for evaluation. Looks at ``control`` while it works."""
        return text_head(self.backbone, self.task, control)

    def blend(self, before: State, after: State, alpha: float) -> State:
        """The state between the two: 0 gives ``before`` and 1 gives ``after``, both exactly."""
        return blend(before, after, alpha)

    def plain_state(self) -> State:
        """open_clip's own tensors with which its model computes the same embeddings, for exports.

        A learner with factors beside the weights overrides it and adds them in.
        """
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith(OWN)}

    def start_from(self, previous: Learner) -> None:
        """Take over what the stage before has learnt."""
        raise TypeError(f"{type(self).__name__} follows no other stage, and not {type(previous).__name__}")


class StepLearner(Learner, ABC):
    """Learns by gradient steps.

    ``embed`` and ``loss`` are apart, so that a batch can go through the model in parts
    (gradient caching) and embeddings can be gathered, whatever the method.
    """

    clip_gradient: float | None = None
    """Largest norm of the gradient that belongs to the method; a recipe's own goes before."""

    @property
    def module(self) -> nn.Module:
        """All that is trained, for modes and gradients."""
        return self.backbone.model

    def parameter_groups(self, weight_decay: float, decay_all: bool) -> list[ParameterGroup]:
        """What the optimizer gets."""
        return parameter_groups(self.module.named_parameters(), weight_decay, decay_all)

    @abstractmethod
    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        """Tensors with one row a picture; ``images_BCHW`` is normalised and on the device."""

    def shared(self, batch: Batch) -> dict[str, Tensor]:
        """Tensors that all pictures of a batch have in common (class embeddings, say), once a step.

        They join those of ``embed`` in ``loss``, and gradients flow through them.
        """
        del batch
        return {}

    @abstractmethod
    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        """The loss of a whole batch, from the rows of ``embed``; ``labels_B`` lies on the CPU."""

    def after_step(self) -> None:
        """Keeps parameters in their bounds; called after every optimizer step."""

    def begin(self, total_steps: int) -> None:
        """Called once, with the weights as they are before training, for what follows a schedule."""
        del total_steps

    def training_state(self) -> State:
        """What resuming needs beside ``state_dict``; kept in the last checkpoint only."""
        return {}

    def load_training_state(self, state: State) -> None:
        """Take back what ``training_state`` gave. Raises ValueError if it is another learner's."""
        if state:
            raise ValueError(f"{type(self).__name__} keeps nothing beside its weights")


@dataclass(frozen=True)
class Features:
    """What a feature learner sees of a set of pictures."""

    rows_NF: Tensor
    """On the CPU, fp32: the pretrained model's ``features``."""
    labels_N: Tensor
    """int64, on the CPU."""


@dataclass(frozen=True)
class Round:
    """A candidate that a feature learner has come to; the learner is in that state now."""

    number: int
    """From 1."""
    loss: float
    """On the training pictures, in nats."""
    floor: float = 0.0


class FeatureLearner(Learner, ABC):
    """Learns from features of the pretrained image tower, computed once: seconds on a CPU."""

    features: str = "embeddings"
    """Names what ``encode`` gives, so that methods that learn from the same share it."""

    def encode(self, images_BCHW: Tensor) -> Tensor:
        """Features of preprocessed pictures, B × F, by the pretrained tower; here normalised embeddings."""
        return self.backbone.encode_images(images_BCHW)

    @abstractmethod
    def rounds(self) -> int:
        """How many candidates ``fit`` goes through."""

    @abstractmethod
    def fit(self, training: Features, validation: Features, seed: int, balanced: bool) -> Iterator[Round]:
        """Learn, stopping at each candidate to be judged on validation. Begins anew each time.

        ``balanced``: every class counts equally, whatever its number of pictures.
        """

    def embeddings(self, rows_NF: Tensor) -> Tensor:
        """Normalised embeddings, N × D, of features, for ``head``."""
        return rows_NF


class Method(Protocol):
    """A way to finetune."""

    name: ClassVar[str]
    """As in a recipe."""
    title: ClassVar[str]
    summary: ClassVar[str]
    """What it does, in a line or two."""
    source: ClassVar[str]
    """The paper."""
    Options: ClassVar[type[Options]]

    def supports(self, backbone: Backbone, options: Any) -> Message | None:
        """Why this model cannot carry the method with these options, or None if it can.

        A clause. Where other options would do, its hint says which. The only place that refuses a model:
        picker, training and comparison ask here.
        """
        ...

    settings: ClassVar[frozenset[str] | None]
    """Fields of a recipe's training that have an effect on it; None for all."""
    when: ClassVar[str]
    """When it wins, for the picker: a line, by what was measured or published."""

    def stages(self, backbone: Backbone, task: Task, options: Any) -> Sequence[Learner]:
        """The learners, one after another; the last one's head is the result."""
        ...


def text_head(backbone: Backbone, task: Task, control: Control | None = None) -> MatrixHead:
    """The template head of the text tower as it stands: zero-shot before training.

    Puts the model into evaluation mode: a head must not depend on dropout.
    """
    backbone.model.eval()
    classes, templates, _ = task.tokens_CTL.shape
    with torch.no_grad():
        tokens_NL = task.tokens_CTL.flatten(0, 1)
        weight_CD = mean_embeddings(backbone, tokens_NL, [templates] * classes, control=control)
        bias = backbone.logit_bias
        return MatrixHead(weight_CD, float(backbone.scale()), 0.0 if bias is None else float(bias.detach()))


@cache
def methods() -> dict[str, Method]:
    """Every method by its name, in order of the names."""
    found: dict[str, Method] = {}
    for module in pkgutil.iter_modules(__path__):
        method = getattr(importlib.import_module(f"{__name__}.{module.name}"), "METHOD", None)
        if method is not None:
            found[method.name] = method
    return dict(sorted(found.items()))


def find(name: str) -> Method:
    """The method of that name. Raises EngineError listing those there are."""
    try:
        return methods()[name]
    except KeyError:
        raise EngineError("training.no_method", name=name, known=", ".join(methods())) from None


def options_of(method: Method, given: dict[str, Any]) -> Options:
    """The method's options, checked. Raises EngineError that names each wrong one."""
    try:
        return method.Options.model_validate(given)
    except ValidationError as error:
        found = [
            EngineError(
                "training.wrong_option",
                method=method.name,
                option=".".join(str(part) for part in item["loc"]),
                reason="there is no such option" if item["type"] == "extra_forbidden" else item["msg"],
                known=", ".join(method.Options.model_fields),
            )
            for item in error.errors()
        ]
        raise (found[0] if len(found) == 1 else ManyErrors(found)) from None
