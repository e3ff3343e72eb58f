"""Linear probe: logistic regression on frozen, normalised image embeddings f.

    min over W, b of   C · Σ_i w_i · CE(W·f_i + b, y_i)  +  ½ ‖W‖²

for a path of strengths C from strong to weak regularisation; the C with the lowest head
cross-entropy on validation is kept, and zero-shot is among the candidates, as everywhere here.

Radford et al.: Learning transferable visual models from natural language supervision.
ICML 2021, arXiv 2103.00020, appendix A.3 (logistic regression by L-BFGS, at most 1,000
iterations, C by a sweep over 96 strengths on validation).

Where it differs: the path has fewer strengths, each started from the one before; embeddings
are normalised, as at zero-shot; with balanced classes w_i makes every class count the same.

N: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor

from engine import methods
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.messages import Message
from engine.methods import FeatureLearner, Features, MatrixHead, Round, State, Task
from engine.methods.learned_head import LearnedHead

_ITERATIONS = 1000
_TOLERANCE = 1e-7
"""Of the gradient of the mean loss, its largest entry."""


class LinearProbeOptions(methods.Options):
    """Options of the linear probe."""

    apart: ClassVar[str] = "chooses the strength of its head on validation, out of {strengths}"

    weakest: float = Field(default=0.1, gt=0)
    """Lowest strength C that is tried; the lower, the smaller the weights must stay."""
    strongest: float = Field(default=1e5, gt=0)
    """Highest strength C that is tried."""
    strengths: int = Field(default=13, ge=1, le=100)
    """How many strengths are tried, evenly spaced in their logarithm."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.weakest > self.strongest:
            raise ValueError("'weakest' must not be greater than 'strongest'")
        return self


def fit_logistic(
    rows_ND: Tensor, labels_N: Tensor, weights_N: Tensor, strength: float, start_CE: Tensor
) -> Tensor:
    """Weights and, as the last column, biases that minimise the loss above, in fp64 by L-BFGS.

    ``start_CE`` (C × D+1) is where it starts from; it has one minimum, whatever the start.
    """
    rows_NE = torch.cat([rows_ND.double(), torch.ones(len(rows_ND), 1, dtype=torch.float64)], dim=1)
    wanted_CE = start_CE.double().clone().requires_grad_()
    total = float(weights_N.sum())
    optimizer = torch.optim.LBFGS(
        [wanted_CE],
        max_iter=_ITERATIONS,
        tolerance_grad=_TOLERANCE,
        tolerance_change=1e-12,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss_N = F.cross_entropy(rows_NE @ wanted_CE.T, labels_N, reduction="none")
        # divided by strength and weights: the same minimum, and a scale that the tolerance fits
        loss = (weights_N * loss_N).sum() / total
        loss = loss + wanted_CE[:, :-1].square().sum() / (2 * strength * total)
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return wanted_CE.detach()


def class_weights(labels_N: Tensor, classes: int, balanced: bool) -> Tensor:
    """What each picture counts, in sum N: 1, or N over classes times the size of its class."""
    if not balanced:
        return torch.ones(len(labels_N), dtype=torch.float64)
    counts_C = torch.bincount(labels_N, minlength=classes).double()
    there = int((counts_C > 0).sum())
    return (len(labels_N) / (there * counts_C))[labels_N]


class LinearProbeLearner(FeatureLearner):
    """Frozen towers and a learned head."""

    def __init__(self, backbone: Backbone, task: Task, options: LinearProbeOptions) -> None:
        super().__init__(backbone, task)
        self._head = LearnedHead(backbone, task)
        self._options = options

    def rounds(self) -> int:
        return self._options.strengths

    def fit(self, training: Features, validation: Features, seed: int, balanced: bool) -> Iterator[Round]:
        del validation, seed
        options, count = self._options, self._options.strengths
        classes, width = self._head.weight.shape
        weights_N = class_weights(training.labels_N, classes, balanced)
        found_CE = torch.zeros(classes, width + 1, dtype=torch.float64)
        ratio = math.log(options.strongest / options.weakest) / max(1, count - 1)
        for number in range(count):
            strength = options.weakest * math.exp(ratio * number)
            found_CE = fit_logistic(training.rows_NF, training.labels_N, weights_N, strength, found_CE)
            device = self._head.weight.device
            weight_CD, bias_C = found_CE[:, :-1].float().to(device), found_CE[:, -1].float().to(device)
            self._head.set_to(MatrixHead(weight_CD, 1.0, bias_C))
            logits_NC = self._head.head().on_cpu()(training.rows_NF)
            yield Round(number + 1, float(F.cross_entropy(logits_NC, training.labels_N)))

    def state_dict(self) -> State:
        return {**self.backbone.state_dict(), **self._head.own_state()}

    def load_state_dict(self, state: State) -> None:
        self.backbone.load_state_dict(self._head.load_own(state))

    def head(self, control: Control | None = None) -> MatrixHead:
        del control
        return self._head.head()


class LinearProbe:
    """See the module's docstring."""

    name: ClassVar[str] = "linear-probe"
    title: ClassVar[str] = "Linear probe"
    summary: ClassVar[str] = "Leaves the model as it is and fits a linear head to its embeddings, in seconds."
    when: ClassVar[str] = "Without a GPU, or when the model's embeddings already tell your classes apart."
    source: ClassVar[str] = "Radford et al., ICML 2021, arXiv 2103.00020"
    settings: ClassVar[frozenset[str] | None] = frozenset({"device", "threads"})
    Options = LinearProbeOptions

    def supports(self, backbone: Backbone, options: LinearProbeOptions) -> Message | None:
        """Every CLIP can."""
        del backbone, options
        return None

    def stages(
        self, backbone: Backbone, task: Task, options: LinearProbeOptions
    ) -> Sequence[LinearProbeLearner]:
        return [LinearProbeLearner(backbone, task, options)]


METHOD = LinearProbe()
