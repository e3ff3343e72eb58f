"""What a finetuning method is, and how methods are found: every module in this folder with a ``METHOD``.

A new method is one new file. The trainer, the picker and the forms see it by itself.

B: pictures in a batch, C: classes, D: embedding, H, W: height and width, T: templates, L: tokens.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Protocol

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor, nn

from engine.clip.backbone import Backbone
from engine.clip.head import mean_embeddings
from engine.control import Control
from engine.data.batches import Batch
from engine.errors import EngineError, ManyErrors
from engine.messages import Message
from engine.training.optimizer import ParameterGroup


class Options(BaseModel):
    """A method's own options; their docstrings are the help in terminal and window."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class Task:
    """What there is to learn, apart from the pictures themselves."""

    classes: tuple[str, ...]
    captions: list[list[str]]
    """Per class, its name in every template: C × T."""
    tokens_CTL: Tensor
    """The captions' tokens, int64, on the CPU."""


@dataclass(frozen=True)
class Head:
    """Turns normalised picture embeddings into logits: scale · I · Wᵀ + bias."""

    weight_CD: Tensor
    scale: float
    bias: float = 0.0

    def __call__(self, images_BD: Tensor) -> Tensor:
        """Logits, B × C, in fp32."""
        return self.scale * images_BD.float() @ self.weight_CD.float().T + self.bias


@dataclass(frozen=True)
class Loss:
    """A step's loss and the lowest value it could have had on that batch."""

    value: Tensor
    floor: float


class StepLearner(Protocol):
    """Something that learns by gradient steps.

    ``embed`` and ``loss`` are apart, so that a batch can go through the model in parts
    (gradient caching) and embeddings can be gathered, whatever the method.
    """

    backbone: Backbone

    @property
    def module(self) -> nn.Module:
        """All that is trained, for modes and gradients."""
        ...

    def parameter_groups(self, weight_decay: float, decay_all: bool) -> list[ParameterGroup]:
        """What the optimizer gets."""
        ...

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        """Tensors with one row a picture; ``images_BCHW`` is normalised and on the device."""
        ...

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        """The loss of a whole batch, from the rows of ``embed``; ``labels_B`` lies on the CPU."""
        ...

    def after_step(self) -> None:
        """Keeps parameters in their bounds; called after every optimizer step."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """All that was learnt; what a checkpoint keeps."""
        ...

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        ...

    def head(self, control: Control | None = None) -> Head:
        """The head as it stands now, for evaluation. Looks at ``control`` while it works."""
        ...


class Method(Protocol):
    """A way to finetune."""

    name: ClassVar[str]
    """As in a recipe."""
    title: ClassVar[str]
    summary: ClassVar[str]
    """Two lines: what it does, and when it wins."""
    source: ClassVar[str]
    """The paper."""
    Options: ClassVar[type[Options]]

    def supports(self, backbone: Backbone) -> Message | None:
        """Why this model cannot carry the method, or None if it can."""
        ...

    def stages(self, backbone: Backbone, task: Task, options: Any) -> Sequence[StepLearner]:
        """The learners to train one after another; the last one's head is the result."""
        ...


def text_head(backbone: Backbone, task: Task, control: Control | None = None) -> Head:
    """The template head of the text tower as it stands: zero-shot before training.

    Puts the model into evaluation mode: a head must not depend on dropout.
    """
    backbone.model.eval()
    classes, templates, _ = task.tokens_CTL.shape
    with torch.no_grad():
        tokens_NL = task.tokens_CTL.flatten(0, 1)
        weight_CD = mean_embeddings(backbone, tokens_NL, [templates] * classes, control=control)
        bias = backbone.logit_bias
        return Head(weight_CD, float(backbone.scale()), 0.0 if bias is None else float(bias))


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
