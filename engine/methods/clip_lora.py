"""CLIP-LoRA: small additions of low rank to the attention of both towers; the model itself stays.

    W = W₀ + α/√r · B·A,    L = CE(s·I·Tᵀ, y)

for the matrices that make queries, keys and values in every attention block of both towers,
each with factors A (r × in) and B (out × r) of its own. B begins at 0, so that training begins
at zero-shot. Each step embeds one caption of every class, its template drawn at random: T is
C × D. Nothing but A and B is trained. A checkpoint holds the merged weights, which any tool
loads, and the factors beside them.

Zanella, Ben Ayed: Low-rank few-shot adaptation of vision-language models. CVPR 2024 workshops,
arXiv 2405.18541.

Where it differs: the paper has one template, and drops entries of the attention's input anew
for each token; here they are dropped once a step for all pictures and captions alike, separately
for each matrix, so that a batch in parts has the gradients of the whole. Its learning rate, 2e-4,
is 20 times that of FLYP's paper: ``rate_multiple`` keeps that ratio to the recipe's.

Blending scales the addition: W₀ + blend · α/√r · B·A.

B: pictures in a batch, C: classes, D: embedding, L: tokens; P: parts of a matrix (3 where one
matrix makes queries, keys and values), r: rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from engine import methods
from engine.clip.attention import AttentionWeight, attention_weights
from engine.clip.backbone import Backbone
from engine.clip.stand_in import StandIn
from engine.data import keys
from engine.data.batches import Batch
from engine.messages import Message, say
from engine.methods import OWN, Loss, State, StepLearner, Task
from engine.methods.flyp_ce import drawn_captions
from engine.training.optimizer import ParameterGroup, parameter_groups

PREFIX = f"{OWN}lora."


class ClipLoraOptions(methods.Options):
    """Options of CLIP-LoRA."""

    apart: ClassVar[str] = "trains its factors at {rate_multiple:g} times the learning rate"

    rank: int = Field(default=2, ge=1, le=256)
    """Rank r of what is added to each matrix."""
    strength: float = Field(default=1.0, gt=0)
    """What the addition is multiplied with (α), before it is divided by the root of the rank."""
    dropout: float = Field(default=0.25, ge=0, lt=1)
    """Share of each matrix's inputs that the addition does not see in a step."""
    rate_multiple: float = Field(default=20.0, gt=0)
    """Times training.learning_rate is the rate of the factors; they begin at nothing and need a higher one."""


@dataclass(frozen=True)
class Factors:
    """What is added to one matrix."""

    weight: AttentionWeight
    base: Tensor
    """The matrix as pretrained."""
    down_PrI: nn.Parameter
    """A."""
    up_POr: nn.Parameter
    """B."""

    def merged(self, scaling: float, mask_P1I: Tensor | None = None) -> Tensor:
        """The matrix with its addition, in fp32 whatever the arithmetic around it."""
        with torch.autocast(self.base.device.type, enabled=False):
            down_PrI = self.down_PrI if mask_P1I is None else self.down_PrI * mask_P1I
            return torch.add(self.base, (self.up_POr @ down_PrI).reshape(self.base.shape), alpha=scaling)


def _factors(backbone: Backbone, weight: AttentionWeight, rank: int) -> Factors:
    base = backbone.model.get_parameter(weight.name)
    parts, (rows, columns) = weight.parts, base.shape
    generator = torch.Generator().manual_seed(keys.key(weight.name, "lora"))
    # as torch begins a linear layer: evenly within ± 1/√inputs
    down_PrI = (2 * torch.rand(parts, rank, columns, generator=generator) - 1) * columns**-0.5
    up_POr = torch.zeros(parts, rows // parts, rank)
    return Factors(
        weight,
        base.detach().clone(),
        nn.Parameter(down_PrI.to(base.device)),
        nn.Parameter(up_POr.to(base.device)),
    )


class ClipLoraLearner(StepLearner):
    """Trains factors. The backbone's own parameters are frozen and hold the merged weights."""

    def __init__(self, backbone: Backbone, task: Task, options: ClipLoraOptions) -> None:
        super().__init__(backbone, task)
        self._options = options
        self._scaling = options.strength / math.sqrt(options.rank)
        backbone.model.requires_grad_(False)
        self._factors = [_factors(backbone, weight, options.rank) for weight in attention_weights(backbone)]
        trained = nn.ParameterList([p for f in self._factors for p in (f.down_PrI, f.up_POr)])
        self._module = nn.ModuleDict({"model": backbone.model, "factors": trained})
        self._stand_in = StandIn(backbone)
        self._steps = 0
        self._masks: dict[str, Tensor] = {}

    @property
    def module(self) -> nn.Module:
        return self._module

    def parameter_groups(self, weight_decay: float, decay_all: bool) -> list[ParameterGroup]:
        groups = parameter_groups(self.module.named_parameters(), weight_decay, decay_all)
        for group in groups:
            group["lr_scale"] = self._options.rate_multiple
        return groups

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        return {"images": self._stand_in.encode_images(self._merged(batch.seed, "image"), images_BCHW)}

    def shared(self, batch: Batch) -> dict[str, Tensor]:
        """The classes' captions of this step, C × D."""
        merged = self._merged(batch.seed, "text")
        return {"classes": self._stand_in.encode_texts(merged, drawn_captions(batch, self.task))}

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        images_BD, classes_CD = embeddings["images"].float(), embeddings["classes"].float()
        logits_BC = self.backbone.scale() * images_BD @ classes_CD.T
        return Loss(F.cross_entropy(logits_BC, labels_B.to(logits_BC.device, non_blocking=True)), 0.0)

    def _merged(self, seed: int, tower: str) -> dict[str, Tensor]:
        """Matrices of a tower with gradients to their factors; with this step's dropout in training mode."""
        chosen = [f for f in self._factors if f.weight.tower == tower]
        masks = self._dropout(seed) if self._options.dropout and self._module.training else {}
        return {f.weight.name: f.merged(self._scaling, masks.get(f.weight.name)) for f in chosen}

    def _dropout(self, seed: int) -> dict[str, Tensor]:
        """P × 1 × inputs of every matrix, drawn by seed and step, so that parts of a batch share them."""
        if not self._masks:
            kept = 1 - self._options.dropout
            generator = torch.Generator().manual_seed(keys.key(seed, self._steps, "lora dropout"))
            for f in self._factors:
                parts, _, columns = f.down_PrI.shape
                seen_P1I = torch.rand(parts, 1, columns, generator=generator) < kept
                self._masks[f.weight.name] = (seen_P1I / kept).to(f.base.device, non_blocking=True)
        return self._masks

    def after_step(self) -> None:
        self._steps += 1
        self._masks = {}
        self._merge()

    def _merge(self) -> None:
        """Put the merged weights into the model, for evaluation and for checkpoints."""
        with torch.no_grad():
            for f in self._factors:
                self.backbone.model.get_parameter(f.weight.name).copy_(f.merged(self._scaling))

    def state_dict(self) -> State:
        own = {}
        for f in self._factors:
            own[f"{PREFIX}{f.weight.name}.down"] = f.down_PrI.data
            own[f"{PREFIX}{f.weight.name}.up"] = f.up_POr.data
        return {**self.backbone.state_dict(), **own}

    def load_state_dict(self, state: State) -> None:
        with torch.no_grad():
            for f in self._factors:
                f.down_PrI.copy_(state[f"{PREFIX}{f.weight.name}.down"])
                f.up_POr.copy_(state[f"{PREFIX}{f.weight.name}.up"])
        # the merged weights are taken as they are: a mean of runs is not the product of mean factors
        self.backbone.load_state_dict({n: t for n, t in state.items() if not n.startswith(PREFIX)})

    def training_state(self) -> State:
        return {"steps": torch.tensor(self._steps)}

    def load_training_state(self, state: State) -> None:
        if state.keys() != {"steps"}:
            raise ValueError("the count of steps is missing")
        self._steps, self._masks = int(state["steps"]), {}

    def begin(self, total_steps: int) -> None:
        del total_steps
        self._steps, self._masks = 0, {}

    def blend(self, before: State, after: State, alpha: float) -> State:
        """The addition scaled with ``alpha``; the factors with it, so that they still make the weights."""
        blended = super().blend(before, after, alpha)
        if 0 < alpha < 1:
            for name in blended:
                if name.startswith(PREFIX):
                    blended[name] = after[name] * alpha if name.endswith(".up") else after[name].clone()
        return blended


class ClipLora:
    """See the module's docstring."""

    name: ClassVar[str] = "clip-lora"
    title: ClassVar[str] = "CLIP-LoRA"
    summary: ClassVar[str] = (
        "Trains small low-rank additions to the attention of both towers; little memory, merged when saved."
    )
    when: ClassVar[str] = (
        "With 4 to 16 pictures a class and a large transformer: published above prompt and adapter methods "
        "over 11 sets. Keeps neither gradients nor optimizer state for the model itself."
    )
    source: ClassVar[str] = "Zanella and Ben Ayed, CVPR 2024 workshops, arXiv 2405.18541"
    settings: ClassVar[frozenset[str] | None] = None
    Options = ClipLoraOptions

    def supports(self, backbone: Backbone, options: ClipLoraOptions) -> Message | None:
        """Models with attention blocks in both towers."""
        del options
        there = {weight.tower for weight in attention_weights(backbone)}
        missing = [tower for tower in ("image", "text") if tower not in there]
        return say("training.no_attention", tower=" and the ".join(missing)) if missing else None

    def stages(self, backbone: Backbone, task: Task, options: ClipLoraOptions) -> Sequence[ClipLoraLearner]:
        return [ClipLoraLearner(backbone, task, options)]


METHOD = ClipLora()
