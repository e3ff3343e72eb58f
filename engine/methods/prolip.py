"""ProLIP: finetuning of the visual projection alone, held near where it was.

    min over W of   CE(s·normalise(W·x + b)·Tᵀ, y) + λ · ‖W − W₀‖²

x is what goes into the image tower's last linear layer, W₀ that layer as pretrained; T, the
zero-shot head, the bias b and the temperature stay. λ = 1/K for K pictures a class, or 1/K².
Adam (ε = 1e-4) over all pictures at once, 300 steps, its rate along a cosine to 0. A few rates
are tried, each from W₀; the one with the lowest head cross-entropy on validation is kept, and
zero-shot is among the candidates.

Fahes, Vu, Bursuc, Pérez, de Charette: CLIP's visual embedding projector is a few-shot
cornucopia. 2024, arXiv 2410.05270.

Where it differs: x is computed once from the pictures as evaluation sees them, where the paper
saves 300 augmented views; s is the model's own, as in the paper 100 for OpenAI's models; with
balanced classes each class counts the same.

N: pictures, C: classes, D: embedding, F: width before the projection.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor

from engine import methods
from engine.clip.backbone import Backbone
from engine.clip.projection import Projection, find_projection
from engine.control import Control
from engine.messages import Message, say
from engine.methods import FeatureLearner, Features, MatrixHead, Round, Task, text_head
from engine.methods.linear_probe import class_weights
from engine.training.optimizer import uncompiled

EPSILON = 1e-4
"""Adam's, as in the authors' code."""


class ProlipOptions(methods.Options):
    """Options of ProLIP."""

    apart: ClassVar[str] = (
        "chooses a learning rate of its own on validation, out of {rates} from {lowest_rate:g} to {highest_rate:g}"
    )

    pull: Literal["1/K", "1/K2", "none"] = "1/K"
    """Strength of the pull to the pretrained projection (λ) by the number K of pictures a class: 1/K, 1/K², or none."""
    steps: int = Field(default=300, ge=1, le=100_000)
    """Optimizer steps for each learning rate, over all pictures at once."""
    lowest_rate: float = Field(default=1e-5, gt=0)
    """Lowest learning rate that is tried."""
    highest_rate: float = Field(default=1e-2, gt=0)
    """Highest learning rate that is tried."""
    rates: int = Field(default=4, ge=1, le=100)
    """How many learning rates are tried, evenly spaced in their logarithm."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest_rate > self.highest_rate:
            raise ValueError("'lowest_rate' must not be greater than 'highest_rate'")
        return self


def strength(pull: Literal["1/K", "1/K2", "none"], labels_N: Tensor) -> float:
    """λ, for K the mean number of pictures of the classes that have any."""
    if pull == "none":
        return 0.0
    shots = len(labels_N) / int((torch.bincount(labels_N) > 0).sum())
    return 1 / shots if pull == "1/K" else 1 / shots**2


class ProlipLearner(FeatureLearner):
    """The backbone with another projection; its state is the backbone's."""

    features = "pooled"

    def __init__(
        self, backbone: Backbone, task: Task, options: ProlipOptions, projection: Projection
    ) -> None:
        super().__init__(backbone, task)
        self._options = options
        self._projection = projection
        self._start_DF = projection.weight_DF.detach().float().cpu().clone()
        self._text = text_head(backbone, task)

    def encode(self, images_BCHW: Tensor) -> Tensor:
        """What goes into the projection, B × F; the same whatever the projection is."""
        return self._projection.pooled(images_BCHW)

    def embeddings(self, rows_NF: Tensor) -> Tensor:
        weight_DF = self._projection.weight_DF.detach().float().cpu()
        return F.normalize(F.linear(rows_NF, weight_DF, self._bias()), dim=-1)

    def _bias(self) -> Tensor | None:
        bias_D = self._projection.bias_D
        return None if bias_D is None else bias_D.detach().float().cpu()

    def head(self, control: Control | None = None) -> MatrixHead:
        """The zero-shot head: the text tower is not trained."""
        del control
        return self._text

    def rounds(self) -> int:
        return self._options.rates

    def fit(self, training: Features, validation: Features, seed: int, balanced: bool) -> Iterator[Round]:
        del validation, seed
        options = self._options
        pull = strength(options.pull, training.labels_N)
        weights_N = class_weights(training.labels_N, len(self.task.classes), balanced).float()
        ratio = math.log(options.highest_rate / options.lowest_rate) / max(1, options.rates - 1)
        for number in range(options.rates):
            rate = options.lowest_rate * math.exp(ratio * number)
            weight_DF = self._fitted(training, weights_N, pull, rate)
            self._projection.set_weight(weight_DF)
            logits_NC = self._text.on_cpu()(self.embeddings(training.rows_NF))
            yield Round(number + 1, float(F.cross_entropy(logits_NC, training.labels_N)))

    def _fitted(self, training: Features, weights_N: Tensor, pull: float, rate: float) -> Tensor:
        head, bias_D = self._text.on_cpu(), self._bias()
        weight_DF = self._start_DF.clone().requires_grad_()
        optimizer = uncompiled(torch.optim.Adam)([weight_DF], lr=rate, eps=EPSILON)
        for step in range(self._options.steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * (1 + math.cos(math.pi * step / self._options.steps)) / 2
            images_ND = F.normalize(F.linear(training.rows_NF, weight_DF, bias_D), dim=-1)
            loss_N = F.cross_entropy(head(images_ND), training.labels_N, reduction="none")
            loss = (weights_N * loss_N).mean() + pull * (weight_DF - self._start_DF).square().sum()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return weight_DF.detach()


class Prolip:
    """See the module's docstring."""

    name: ClassVar[str] = "prolip"
    title: ClassVar[str] = "ProLIP"
    summary: ClassVar[str] = (
        "Trains only the image tower's last layer, held near its start, in seconds; captions stay as they are."
    )
    when: ClassVar[str] = (
        "With few pictures and no GPU: published above adapters and prompt tuning over 11 sets, "
        "at any learning rate tried."
    )
    source: ClassVar[str] = "Fahes et al., 2024, arXiv 2410.05270"
    settings: ClassVar[frozenset[str] | None] = frozenset({"device", "threads"})
    Options = ProlipOptions

    def supports(self, backbone: Backbone, options: ProlipOptions) -> Message | None:
        """Models whose image tower ends in a linear layer."""
        del options
        return None if find_projection(backbone) else say("training.no_projection")

    def stages(self, backbone: Backbone, task: Task, options: ProlipOptions) -> Sequence[ProlipLearner]:
        projection = find_projection(backbone)
        assert projection is not None
        return [ProlipLearner(backbone, task, options, projection)]


METHOD = Prolip()
