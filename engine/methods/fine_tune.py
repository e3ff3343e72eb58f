"""Standard finetuning: the image tower and a linear head, by cross-entropy.

    L = CE(W·f + b, y),   f the normalised image embedding

The head begins as the zero-shot head (W = s·T, b = 0), the text tower is not trained. AdamW,
gradient norm clipped at 1.

As in Wortsman et al.: Robust fine-tuning of zero-shot models. CVPR 2022, arXiv 2109.01903, and
as the rival in the FLYP paper (arXiv 2212.00638).

Where it differs: the temperature stays in the model as it was; it is a part of W.

B: pictures in a batch, C: classes, D: embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from engine import methods
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Batch
from engine.messages import Message
from engine.methods import Learner, Loss, MatrixHead, State, StepLearner, Task
from engine.methods.learned_head import LearnedHead


class FineTuneOptions(methods.Options):
    """Options of standard finetuning."""

    largest_gradient: float | None = Field(default=1.0, gt=0)
    """Norm at which the whole gradient is clipped; none for no clipping. What is set for any method (training.clip_gradient) goes before it."""


class FineTuneLearner(StepLearner):
    """Image tower and head."""

    def __init__(self, backbone: Backbone, task: Task, largest_gradient: float | None) -> None:
        super().__init__(backbone, task)
        self.clip_gradient = largest_gradient
        self._head = LearnedHead(backbone, task)
        self._module = nn.ModuleDict({"visual": backbone.visual, "head": self._head})

    @property
    def module(self) -> nn.Module:
        return self._module

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        del batch
        return {"images": self.backbone.encode_images(images_BCHW)}

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        logits_BC = self._head(embeddings["images"])
        return Loss(F.cross_entropy(logits_BC, labels_B.to(logits_BC.device, non_blocking=True)), 0.0)

    def start_from(self, previous: Learner) -> None:
        """Take over the head of a linear probe."""
        head = previous.head()
        assert isinstance(head, MatrixHead)
        self._head.set_to(head)

    def state_dict(self) -> State:
        return {**self.backbone.state_dict(), **self._head.own_state()}

    def load_state_dict(self, state: State) -> None:
        self.backbone.load_state_dict(self._head.load_own(state))

    def head(self, control: Control | None = None) -> MatrixHead:
        del control
        return self._head.head()


class FineTune:
    """See the module's docstring."""

    name: ClassVar[str] = "fine-tune"
    title: ClassVar[str] = "Standard finetuning"
    summary: ClassVar[str] = (
        "Trains the image tower and a linear head by cross-entropy; the text tower stays."
    )
    when: ClassVar[str] = "With many pictures that look like those it will be used on."
    source: ClassVar[str] = "Wortsman et al., CVPR 2022, arXiv 2109.01903"
    settings: ClassVar[frozenset[str] | None] = None
    Options = FineTuneOptions

    def supports(self, backbone: Backbone, options: FineTuneOptions) -> Message | None:
        """Every CLIP can."""
        del backbone, options
        return None

    def stages(self, backbone: Backbone, task: Task, options: FineTuneOptions) -> Sequence[FineTuneLearner]:
        return [FineTuneLearner(backbone, task, options.largest_gradient)]


METHOD = FineTune()
