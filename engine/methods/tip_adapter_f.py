"""Tip-Adapter-F: the zero-shot head, and beside it a memory of the training pictures that is trained.

    logits = s·f·Tᵀ + α · exp(−β·(1 − f·Kᵀ))·V

The keys K begin as the training pictures' embeddings, V says the class of each; f is a
picture's normalised embedding. The keys are trained by cross-entropy with AdamW (ε = 1e-4), at
the first α and β; after each epoch α and β are chosen on a grid by the lowest head cross-entropy
on validation, and the best epoch is kept by the same measure, zero-shot among the candidates.

Zhang, Fang, Gao, Li, Dai, Qiao, Li: Tip-Adapter: Training-free adaption of CLIP for few-shot
classification. ECCV 2022, arXiv 2207.09519.

Where it differs: the authors' code keeps the epoch that is best on the *test* set and searches
α and β for that one only, by accuracy; the embeddings are computed once, where the paper takes
the mean of ten augmented views for the keys and draws new views in training; the grid is even
in the logarithm; with balanced classes each class counts the same.

Blending scales the memory's part, α; 0 is zero-shot exactly.

N: pictures in memory, B: pictures judged, C: classes, D: embedding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from engine import methods
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import keys
from engine.messages import Message
from engine.methods import OWN, FeatureLearner, Features, MatrixHead, Round, State, Task, text_head
from engine.methods.linear_probe import class_weights
from engine.training.optimizer import uncompiled

BATCH = 256
EPSILON = 1e-4
"""AdamW's, as in the authors' code."""
LOWEST = 0.1
"""Smallest α and β of the grid, as in the authors' code."""
KEYS, LABELS, ALPHA, BETA = (f"{OWN}{name}" for name in ("keys", "labels", "alpha", "beta"))
"""Names in a learner's state: N × D, N (int64), and two scalars."""
_ROWS = 4096
"""Pictures judged at once; each needs as many numbers as there are keys."""


class TipAdapterFOptions(methods.Options):
    """Options of Tip-Adapter-F."""

    apart: ClassVar[str] = (
        "has a learning rate of its own, {learning_rate:g}, and chooses weight and sharpness of its memory "
        "on validation, out of {grid} × {grid}"
    )

    epochs: int = Field(default=20, ge=1, le=10_000)
    """Passes over the training pictures; each is a candidate judged on validation."""
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    """Of the keys at the first step; it falls along a cosine to 0."""
    first_alpha: float = Field(default=1.17, gt=0)
    """Weight α of the memory while the keys are trained."""
    first_beta: float = Field(default=1.0, gt=0)
    """Sharpness β of the memory while the keys are trained."""
    highest_alpha: float = Field(default=10.0, ge=LOWEST)
    """Largest α that is tried on validation; the smallest is 0.1."""
    highest_beta: float = Field(default=10.0, ge=LOWEST)
    """Largest β that is tried on validation; the smallest is 0.1."""
    grid: int = Field(default=15, ge=1, le=200)
    """How many values of α and of β are tried, evenly spaced in their logarithm."""


@dataclass(frozen=True)
class MemoryHead:
    """The zero-shot head with a memory."""

    text: MatrixHead
    keys_ND: Tensor
    labels_N: Tensor
    alpha: float
    beta: float

    def __call__(self, images_BD: Tensor) -> Tensor:
        if not len(self.keys_ND):
            return self.text(images_BD)
        return torch.cat([self.whole(part_BD) for part_BD in torch.split(images_BD.float(), _ROWS)])

    def whole(self, images_BD: Tensor) -> Tensor:
        """Logits of all rows at once, for tracing."""
        recalled_BC = recalled(images_BD @ self.keys_ND.T, self.beta, self.labels_N, len(self.text.weight_CD))
        return self.text(images_BD) + self.alpha * recalled_BC

    def on_cpu(self) -> MemoryHead:
        keys_ND, labels_N = self.keys_ND.float().cpu(), self.labels_N.cpu()
        return replace(self, text=self.text.on_cpu(), keys_ND=keys_ND, labels_N=labels_N)


def recalled(cosines_BN: Tensor, beta: float, labels_N: Tensor, classes: int) -> Tensor:
    """exp(−β·(1 − f·Kᵀ))·V: how near each class's keys are, summed; B × C."""
    return (-beta * (1 - cosines_BN)).exp() @ F.one_hot(labels_N, classes).to(cosines_BN.dtype)


def choose(
    text_BC: Tensor,
    cosines_BN: Tensor,
    labels_N: Tensor,
    labels_B: Tensor,
    alphas: Sequence[float],
    betas: Sequence[float],
) -> tuple[float, float]:
    """α and β with the lowest cross-entropy on pictures of known class; the first of equals."""
    lowest, chosen = math.inf, (alphas[0], betas[0])
    for beta in betas:
        recalled_BC = recalled(cosines_BN, beta, labels_N, text_BC.shape[1])
        for alpha in alphas:
            loss = float(F.cross_entropy(text_BC + alpha * recalled_BC, labels_B))
            if loss < lowest:
                lowest, chosen = loss, (alpha, beta)
    return chosen


def spaced(highest: float, count: int) -> list[float]:
    """From LOWEST to ``highest``, evenly in the logarithm; of one value, the highest."""
    if count == 1:
        return [highest]
    return [LOWEST * (highest / LOWEST) ** (place / (count - 1)) for place in range(count)]


class TipAdapterFLearner(FeatureLearner):
    """Frozen towers and a memory. Before it has learnt, the memory is empty."""

    def __init__(self, backbone: Backbone, task: Task, options: TipAdapterFOptions) -> None:
        super().__init__(backbone, task)
        self._options = options
        self._text = text_head(backbone, task)
        self._keys_ND = torch.zeros(0, backbone.embed_dim)
        self._labels_N = torch.zeros(0, dtype=torch.int64)
        self._alpha, self._beta = torch.tensor(0.0), torch.tensor(options.first_beta)

    def rounds(self) -> int:
        return self._options.epochs

    def fit(self, training: Features, validation: Features, seed: int, balanced: bool) -> Iterator[Round]:
        options, classes = self._options, len(self.task.classes)
        weights_N = class_weights(training.labels_N, classes, balanced).float()
        text, self._labels_N = self._text.on_cpu(), training.labels_N.clone()
        keys_ND = training.rows_NF.clone().requires_grad_()
        optimizer = uncompiled(torch.optim.AdamW)([keys_ND], lr=options.learning_rate, eps=EPSILON)
        text_NC, judged_NC = text(training.rows_NF), text(validation.rows_NF)
        batches = -(-len(keys_ND) // BATCH)
        alphas, betas = (spaced(h, options.grid) for h in (options.highest_alpha, options.highest_beta))
        for epoch in range(options.epochs):
            generator = torch.Generator().manual_seed(keys.key(seed, epoch, "memory"))
            order = torch.randperm(len(keys_ND), generator=generator)
            for number, rows_B in enumerate(torch.split(order, BATCH)):
                done = (epoch * batches + number) / (options.epochs * batches)
                for group in optimizer.param_groups:
                    group["lr"] = options.learning_rate * (1 + math.cos(math.pi * done)) / 2
                cosines_BN = training.rows_NF[rows_B] @ keys_ND.T
                logits_BC = text_NC[rows_B] + options.first_alpha * recalled(
                    cosines_BN, options.first_beta, training.labels_N, classes
                )
                loss_B = F.cross_entropy(logits_BC, training.labels_N[rows_B], reduction="none")
                optimizer.zero_grad()
                torch.autograd.backward((weights_N[rows_B] * loss_B).mean())
                optimizer.step()
            self._keys_ND = keys_ND.detach().clone()
            cosines_BN = validation.rows_NF @ self._keys_ND.T
            alpha, beta = choose(judged_NC, cosines_BN, self._labels_N, validation.labels_N, alphas, betas)
            self._alpha, self._beta = torch.tensor(alpha), torch.tensor(beta)
            logits_NC = self.head().on_cpu()(training.rows_NF)
            yield Round(epoch + 1, float(F.cross_entropy(logits_NC, training.labels_N)))

    def head(self, control: Control | None = None) -> MemoryHead:
        del control
        device = self._text.weight_CD.device
        return MemoryHead(
            self._text,
            self._keys_ND.to(device),
            self._labels_N.to(device),
            float(self._alpha),
            float(self._beta),
        )

    def state_dict(self) -> State:
        own = {KEYS: self._keys_ND, LABELS: self._labels_N, ALPHA: self._alpha, BETA: self._beta}
        return {**self.backbone.state_dict(), **own}

    def load_state_dict(self, state: State) -> None:
        self._keys_ND, self._labels_N, self._alpha, self._beta = (
            state[name].detach().to("cpu", copy=True) for name in (KEYS, LABELS, ALPHA, BETA)
        )
        self.backbone.load_state_dict({n: t for n, t in state.items() if not n.startswith(OWN)})

    def blend(self, before: State, after: State, alpha: float) -> State:
        """The memory's part scaled with ``alpha``."""
        own = {KEYS, LABELS, ALPHA, BETA}
        early, late = ({n: t for n, t in state.items() if n not in own} for state in (before, after))
        blended = super().blend(early, late, alpha)
        kept = before if alpha == 0 else after
        blended |= {name: kept[name].clone() for name in own}
        if 0 < alpha < 1:
            blended[ALPHA] = after[ALPHA] * alpha
        return blended


class TipAdapterF:
    """See the module's docstring."""

    name: ClassVar[str] = "tip-adapter-f"
    title: ClassVar[str] = "Tip-Adapter-F"
    summary: ClassVar[str] = (
        "Adds to zero-shot a trained memory of your pictures' embeddings, in seconds; the model stays as it is."
    )
    when: ClassVar[str] = (
        "With few pictures of many classes and no GPU: published above zero-shot and earlier adapters over "
        "11 sets. The memory grows with the training pictures: not for many thousands."
    )
    source: ClassVar[str] = "Zhang et al., ECCV 2022, arXiv 2207.09519"
    settings: ClassVar[frozenset[str] | None] = frozenset({"device", "threads", "seed"})
    Options = TipAdapterFOptions

    def supports(self, backbone: Backbone, options: TipAdapterFOptions) -> Message | None:
        """Every CLIP can."""
        del backbone, options
        return None

    def stages(
        self, backbone: Backbone, task: Task, options: TipAdapterFOptions
    ) -> Sequence[TipAdapterFLearner]:
        return [TipAdapterFLearner(backbone, task, options)]


METHOD = TipAdapterF()
