"""L2-SP: standard finetuning, pulled back to where it started.

    L = CE(W·f + b, y) + λ · ‖θ − θ₀‖²

over the image tower's parameters θ, with θ₀ as pretrained; the head is not pulled.

Li, Grandvalet, Davoine: Explicit inductive bias for transfer learning with convolutional
networks. ICML 2018, arXiv 1802.01483.

Where it differs: the paper writes λ/2, and pulls the head towards 0 with a strength of its
own; here the head begins as the zero-shot head and has the optimizer's weight decay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.messages import Message
from engine.methods import Loss, Task
from engine.methods.fine_tune import FineTuneLearner, FineTuneOptions


class L2SpOptions(FineTuneOptions):
    """Options of L2-SP."""

    pull: float = Field(default=1e-2, ge=0)
    """How strongly the image tower is pulled back to its pretrained weights (λ); the published range is 1e-4 to 1e-1."""


class L2SpLearner(FineTuneLearner):
    """Finetuning with a pull."""

    def __init__(self, backbone: Backbone, task: Task, options: L2SpOptions) -> None:
        super().__init__(backbone, task, options.largest_gradient)
        self._pull = options.pull
        self._start = [(p, p.detach().clone()) for p in backbone.visual.parameters() if p.requires_grad]

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        plain = super().loss(embeddings, labels_B)
        distance = sum((p - p0).square().sum() for p, p0 in self._start)
        return Loss(plain.value + self._pull * distance, plain.floor)


class L2Sp:
    """See the module's docstring."""

    name: ClassVar[str] = "l2-sp"
    title: ClassVar[str] = "L2-SP"
    summary: ClassVar[str] = (
        "Standard finetuning with a pull that keeps the image tower near its pretrained weights."
    )
    when: ClassVar[str] = "When standard finetuning loses too much of what the model knew elsewhere."
    source: ClassVar[str] = "Li et al., ICML 2018, arXiv 1802.01483"
    settings: ClassVar[frozenset[str] | None] = None
    Options = L2SpOptions

    def supports(self, backbone: Backbone, options: L2SpOptions) -> Message | None:
        """Every CLIP can."""
        del backbone, options
        return None

    def stages(self, backbone: Backbone, task: Task, options: L2SpOptions) -> Sequence[L2SpLearner]:
        return [L2SpLearner(backbone, task, options)]


METHOD = L2Sp()
