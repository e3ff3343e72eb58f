"""FLYP-CE: FLYP's parameters, with cross-entropy over the classes in place of contrast in the batch.

    L = CE(s·I·Tᵀ, y)

Each step embeds one caption of every class, its template drawn at random, by the trained text
tower: T is C × D. Both towers and the temperature s are trained; a batch has no collisions.

The ablation of Goyal et al., CVPR 2023, arXiv 2212.00638, section 5.

Where it differs: one template a class and step, as FLYP draws one a picture; the gradient's norm is
clipped at 1 unless ``largest_gradient`` is none.

B: pictures in a batch, C: classes, D: embedding, L: tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from engine import methods
from engine.clip.backbone import Backbone
from engine.data import keys
from engine.data.batches import Batch
from engine.messages import Message
from engine.methods import Loss, StepLearner, Task
from engine.methods.flyp import HIGHEST_SCALE


class FlypCeOptions(methods.Options):
    """Options of FLYP-CE."""

    clamp_temperature: bool = True
    """Keep the temperature between 0.01 and 1, as open_clip does in training; the paper's code does not."""
    largest_gradient: float | None = Field(default=1.0, gt=0)
    """Norm at which the whole gradient is clipped; none for no clipping, as in the paper's code. What is set for any method (training.clip_gradient) goes before it."""


def drawn_captions(batch: Batch, task: Task) -> Tensor:
    """Tokens of one caption of every class, C × L, drawn anew for each batch."""
    classes, templates, _ = task.tokens_CTL.shape
    draw = keys.generator(batch.seed, batch.epoch, batch.names[0], "class templates")
    chosen_C = torch.tensor([draw.randrange(templates) for _ in range(classes)])
    return task.tokens_CTL[torch.arange(classes), chosen_C]


class FlypCeLearner(StepLearner):
    """Pictures against every class's caption."""

    def __init__(self, backbone: Backbone, task: Task, options: FlypCeOptions) -> None:
        super().__init__(backbone, task)
        self._options = options
        self.clip_gradient = options.largest_gradient

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        del batch
        return {"images": self.backbone.encode_images(images_BCHW)}

    def shared(self, batch: Batch) -> dict[str, Tensor]:
        """The classes' captions of this step, C × D."""
        return {"classes": self.backbone.encode_texts(drawn_captions(batch, self.task))}

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        images_BD, classes_CD = embeddings["images"].float(), embeddings["classes"].float()
        logits_BC = self.backbone.scale() * images_BD @ classes_CD.T
        return Loss(F.cross_entropy(logits_BC, labels_B.to(logits_BC.device, non_blocking=True)), 0.0)

    def after_step(self) -> None:
        if self._options.clamp_temperature:
            with torch.no_grad():
                self.backbone.logit_scale.clamp_(0.0, HIGHEST_SCALE)


class FlypCe:
    """See the module's docstring."""

    name: ClassVar[str] = "flyp-ce"
    title: ClassVar[str] = "FLYP with cross-entropy"
    summary: ClassVar[str] = (
        "Trains both towers like FLYP, but sets each picture against all classes at once."
    )
    when: ClassVar[str] = (
        "With few classes and large batches, where FLYP's batches hold many pictures of one class."
    )
    source: ClassVar[str] = "Goyal et al., CVPR 2023, arXiv 2212.00638 (ablation)"
    settings: ClassVar[frozenset[str] | None] = None
    Options = FlypCeOptions

    def supports(self, backbone: Backbone, options: FlypCeOptions) -> Message | None:
        """Every CLIP with a text tower can."""
        del backbone, options
        return None

    def stages(self, backbone: Backbone, task: Task, options: FlypCeOptions) -> Sequence[FlypCeLearner]:
        return [FlypCeLearner(backbone, task, options)]


METHOD = FlypCe()
