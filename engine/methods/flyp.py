"""FLYP: finetune like you pretrain.

    L = (CE(s·I·Tᵀ, arange) + CE(s·T·Iᵀ, arange)) / 2

over a batch of pictures and one caption each: a template drawn at random, filled with the
name of the picture's class. Both towers and the temperature s = exp(logit_scale) are trained.
At evaluation the head is, for each class, the mean over all templates of the finetuned text
tower's normalised embeddings, normalised again.

Goyal, Kumar, Garg, Kolter, Raghunathan: Finetune like you pretrain: Improved finetuning of
zero-shot vision models. CVPR 2023, arXiv 2212.00638.

Where it differs from the released code: the templates are drawn anew each step also in the
few-shot case; only the distinct captions of a batch pass the text tower (the same loss and
gradients, less work); the gradient's norm is clipped at 1 unless ``largest_gradient`` is none; the
temperature is clamped to [1, 100] as in open_clip unless ``clamp_temperature`` is off. Models
pretrained with a pairwise sigmoid loss keep that loss.

Same-class pairs of a batch may be treated in three ways, where the released code knows ``none``
and the paper has ``mask`` as an ablation. This default and that of clipping were chosen by
validation cross-entropy alone, at the rate and epochs that ``flyp init`` gives, 16 shots, 8
templates, 5 seeds; mean validation loss in nats / validation / test / mean of the shift sets in %:

                             PACS photo, MobileNet, 3e-5    sample, starter, 1e-4
    mask, clipped at 1       .177 94.1 92.9 38.9            .068 97.4 97.3 58.1
    mask                     .179 95.0 92.8 37.7            .074 97.1 97.5 58.2
    none, clipped at 1       .173 95.4 92.9 37.7            .093 97.1 97.7 58.1
    none                     .193 94.1 92.8 37.3            .105 96.9 97.8 57.1
    soft, clipped at 1       .172 95.4 92.7 38.0            .090 96.4 97.8 59.1
    soft                     .192 94.3 92.8 37.6            .104 96.8 97.6 58.5

Over both sets ``mask``, clipped, has the lowest; on PACS alone the others would do as well, and ``none``
has the lowest where the rate is searched, at a cost on shifted pictures that validation does not see. Over a
third, once and three times these rates clipping lowered the validation loss of ``mask`` in 24 of 30
pairs of runs; what it decides on shifted photographs stands in docs/evidence.md. (``flyp compare …
--methods flyp,flyp:collisions=none,flyp:largest_gradient=none …``; without clipping partly on a GPU,
the others on a CPU, all in fp32. With few classes most of a batch collides; with hundreds of classes
the three are nearly the same.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from engine import methods
from engine.clip.backbone import Backbone
from engine.data import keys
from engine.data.batches import Batch
from engine.messages import Message, say
from engine.methods import Loss, StepLearner, Task
from engine.training import losses
from engine.training.optimizer import ParameterGroup, parameter_groups

HIGHEST_SCALE = math.log(100)


class FlypOptions(methods.Options):
    """Options of FLYP."""

    collisions: Literal["none", "mask", "soft"] = "mask"
    """Two pictures of one class in a batch: mask leaves the other's caption out, none counts it as wrong (the paper's code), soft counts both captions as right."""
    loss: Literal["auto", "softmax", "sigmoid"] = "auto"
    """The contrastive loss; auto follows how the model was pretrained (sigmoid for SigLIP)."""
    text_rate: float = Field(default=1.0, ge=0, le=1)
    """The text tower's share of the learning rate: 1 trains both towers alike (the paper), 0 keeps the text tower as it was."""
    clamp_temperature: bool = True
    """Keep the temperature between 0.01 and 1, as open_clip does in training; the paper's code does not."""
    largest_gradient: float | None = Field(default=1.0, gt=0)
    """Norm at which the whole gradient is clipped; none for no clipping, as in the paper's code. What is set for any method (training.clip_gradient) goes before it."""

    def set_apart(self) -> str:
        if self.text_rate == 1:
            return super().set_apart()
        return f"trains its text tower at {self.text_rate:g} times the learning rate"


def missing_bias(backbone: Backbone, options: FlypOptions) -> Message | None:
    """Why the sigmoid loss cannot be had on this model, or None if it can or was not asked for."""
    if options.loss == "sigmoid" and backbone.logit_bias is None:
        return say("training.no_logit_bias")
    return None


class FlypLearner(StepLearner):
    """The learner of FLYP; its state is the backbone's."""

    def __init__(self, backbone: Backbone, task: Task, options: FlypOptions) -> None:
        super().__init__(backbone, task)
        self._options = options
        self.clip_gradient = options.largest_gradient
        kind = backbone.loss_kind if options.loss == "auto" else options.loss
        self._kind: Literal["softmax", "sigmoid"] = "sigmoid" if kind == "sigmoid" else "softmax"

    def parameter_groups(self, weight_decay: float, decay_all: bool) -> list[ParameterGroup]:
        """The text tower apart where it has a rate of its own."""
        share = self._options.text_rate
        if share == 1:
            return super().parameter_groups(weight_decay, decay_all)
        named = list(self.module.named_parameters())
        texts = [(name, each) for name, each in named if self.backbone.is_text(name)]
        others = [(name, each) for name, each in named if not self.backbone.is_text(name)]
        return [
            *parameter_groups(others, weight_decay, decay_all),
            *parameter_groups(texts, weight_decay, decay_all, share),
        ]

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        tokens_NL, rows_B = self.captions(batch)
        texts_ND = self.backbone.encode_texts(tokens_NL)
        return {
            "images": self.backbone.encode_images(images_BCHW),
            "texts": texts_ND.index_select(0, rows_B.to(texts_ND.device, non_blocking=True)),
        }

    def captions(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The distinct captions' tokens, N × L, and which of them is each picture's, B; on the CPU."""
        captions = self._captions(batch)
        distinct = sorted(set(captions))
        templates = self.task.tokens_CTL.shape[1]
        tokens_NL = torch.stack([self.task.tokens_CTL[c // templates, c % templates] for c in distinct])
        place = {caption: row for row, caption in enumerate(distinct)}
        return tokens_NL, torch.tensor([place[c] for c in captions])

    def _captions(self, batch: Batch) -> list[int]:
        """Each picture's caption, as class · templates + template."""
        templates = self.task.tokens_CTL.shape[1]
        labels = batch.labels_B.tolist()
        if templates == 1:
            return labels
        return [
            label * templates + keys.generator(batch.seed, batch.epoch, name, "template").randrange(templates)
            for label, name in zip(labels, batch.names, strict=True)
        ]

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        images_BD, texts_BD = embeddings["images"], embeddings["texts"]
        collisions = self._options.collisions
        on_device_B = labels_B.to(images_BD.device, non_blocking=True)
        scale = self.backbone.scale()
        if self._kind == "sigmoid":
            bias = self.backbone.logit_bias
            shift = 0.0 if bias is None else bias.squeeze()
            value = losses.sigmoid_loss(images_BD, texts_BD, scale, shift, on_device_B, collisions)
        else:
            value = losses.contrastive_loss(images_BD, texts_BD, scale, on_device_B, collisions)
        return Loss(value, losses.floor(labels_B, collisions, self._kind))

    def after_step(self) -> None:
        if self._options.clamp_temperature:
            with torch.no_grad():
                self.backbone.logit_scale.clamp_(0.0, HIGHEST_SCALE)


class Flyp:
    """See the module's docstring."""

    name: ClassVar[str] = "flyp"
    title: ClassVar[str] = "FLYP"
    summary: ClassVar[str] = (
        "Goes on training pictures against class prompts, the way CLIP was pretrained.\n"
        "Recommended: published above standard finetuning with few pictures, at home and elsewhere."
    )
    when: ClassVar[str] = (
        "The one to begin with. Measured here with its rate chosen on validation: none clearly better on "
        "test pictures, and on shifted ones only FLYP with cross-entropy, on one of two sets."
    )
    settings: ClassVar[frozenset[str] | None] = None
    source: ClassVar[str] = "Goyal et al., CVPR 2023, arXiv 2212.00638"
    Options = FlypOptions

    def supports(self, backbone: Backbone, options: FlypOptions) -> Message | None:
        """Every CLIP with a text tower can; the sigmoid loss asks for a bias."""
        return missing_bias(backbone, options)

    def stages(self, backbone: Backbone, task: Task, options: FlypOptions) -> Sequence[FlypLearner]:
        return [FlypLearner(backbone, task, options)]


METHOD = Flyp()
