"""CaRot: FLYP with an orthogonal visual projection and a teacher that is the model's own slow average.

    L = L_FLYP + λ_OC · ‖WᵀW − I‖² + λ_SD · mean over i of [KL(q̃ᵢ ‖ qᵢ) + KL(p̃ᵢ ‖ pᵢ)]

W (F × D) is the image tower's last linear layer. qᵢ = softmax over the batch's captions of
s·I·Tᵀ, row i, and pᵢ = softmax over its pictures of s·T·Iᵀ; with a tilde by the teacher, whose
parameters θ̃ ← m·θ̃ + (1 − m)·θ follow the trained ones a few times in a run. m rises evenly
from 0.05 to 0.9 over the first fifth of the steps, then stays. The teacher begins as the
pretrained model; what is kept and judged is the trained model.

Oh, Lim, Kim, Han, Yun, Choo, Hauptmann, Cheng, Song: Towards calibrated robust fine-tuning of
vision-language models. NeurIPS 2024, arXiv 2311.01723.

Where it differs: the authors' code takes the norm and not its square (``penalty``), writes the
distillation as cross-entropy (the same gradients; as KL its lowest value is 0), and adds
0.05·‖W_v·W_tᵀ‖ of the two projections, which the formula does not have. It updates the teacher
every 500 of about 25,000 steps: here the steps between follow from the length of the run
(``updates``), so that short runs have a teacher that moves; one of fewer than 100 steps updates it
after each. Its gradients are not clipped, as published: clipped at 1 (``largest_gradient``) its validation
loss was lower in 28 of 30 pairs of runs of small models, its accuracy within a point (docs/evidence.md).
The teacher computes in evaluation mode, with the model's own running
statistics. Models pretrained with a pairwise sigmoid keep it in L_FLYP.

B: pictures in the batch (and their captions), D: embedding, F: width before the projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.clip.projection import Projection, find_projection
from engine.clip.stand_in import StandIn
from engine.data.batches import Batch
from engine.messages import Message, say
from engine.methods import Loss, State, Task
from engine.methods.flyp import FlypLearner, FlypOptions, missing_bias

FIRST_MOMENTUM, RISE = 0.05, 0.2
"""Momentum of the first update, and the share of the steps over which it rises."""


class CarotOptions(FlypOptions):
    """Options of FLYP, and of what CaRot adds."""

    collisions: Literal["none", "mask", "soft"] = "none"
    """Two pictures of one class in a batch: none counts the other's caption as wrong (as published), mask leaves it out, soft counts both as right."""
    largest_gradient: float | None = Field(default=None, gt=0)
    """Norm at which the whole gradient is clipped; none for no clipping, as published. What is set for any method (training.clip_gradient) goes before it."""
    orthogonality: float = Field(default=0.2, ge=0)
    """Strength of the pull of the visual projection towards orthogonality (λ_OC); 0 switches it off."""
    penalty: Literal["squared", "norm"] = "squared"
    """How far from orthogonal it is: the squared Frobenius norm (the paper's formula), or the norm itself (its code)."""
    distillation: float = Field(default=1.5, ge=0)
    """Strength of the pull towards the teacher's similarities (λ_SD); 0 switches the teacher off."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Share of itself that the teacher keeps at an update, after the first fifth of the run."""
    updates: int = Field(default=50, ge=1)
    """The teacher is updated every steps / updates steps, rounded down, and after each where a run is shorter than twice this."""


def orthogonality(weight_DF: Tensor, penalty: Literal["squared", "norm"]) -> Tensor:
    """‖WᵀW − I‖² or its root, for W = ``weight_DF`` transposed; a scalar in fp32."""
    weight_DF = weight_DF.float()
    rest_DD = weight_DF @ weight_DF.T - torch.eye(len(weight_DF), device=weight_DF.device)
    return rest_DD.square().sum() if penalty == "squared" else torch.linalg.matrix_norm(rest_DD)


def distillation(logits_BB: Tensor, teacher_BB: Tensor) -> Tensor:
    """Mean over rows of KL(teacher ‖ trained), over captions and over pictures, summed."""
    return sum(
        (
            F.kl_div(own.log_softmax(dim=1), its.log_softmax(dim=1), reduction="batchmean", log_target=True)
            for own, its in ((logits_BB, teacher_BB), (logits_BB.T, teacher_BB.T))
        ),
        torch.zeros((), device=logits_BB.device),
    )


class CarotLearner(FlypLearner):
    """FLYP's learner with a teacher: a second set of parameters, without gradients or optimizer."""

    def __init__(self, backbone: Backbone, task: Task, options: CarotOptions, projection: Projection) -> None:
        super().__init__(backbone, task, options)
        self._carot = options
        self._projection = projection
        self._stand_in = StandIn(backbone)
        self._teacher: State = {}
        self._steps, self._total_steps = 0, 0

    def begin(self, total_steps: int) -> None:
        """The teacher begins as the model is now."""
        self._teacher = {}
        self._steps, self._total_steps = 0, total_steps

    @property
    def teacher(self) -> State:
        """Its parameters under the model's names; made when it is first needed."""
        if not self._teacher:
            trained = ((n, p) for n, p in self.backbone.model.named_parameters() if p.requires_grad)
            self._teacher = {name: parameter.detach().clone() for name, parameter in trained}
        return self._teacher

    def embed(self, batch: Batch, images_BCHW: Tensor) -> dict[str, Tensor]:
        rows = super().embed(batch, images_BCHW)
        if not self._carot.distillation:
            return rows
        tokens_NL, rows_B = self.captions(batch)
        model = self.backbone.model
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        try:
            with torch.no_grad():
                images_BD = self._stand_in.encode_images(self.teacher, images_BCHW)
                texts_ND = self._stand_in.encode_texts(self.teacher, tokens_NL)
        finally:
            # frozen BatchNorm is in another mode than the rest
            for module, mode in modes:
                module.training = mode
        rows_B = rows_B.to(texts_ND.device, non_blocking=True)
        return {**rows, "teacher_images": images_BD, "teacher_texts": texts_ND.index_select(0, rows_B)}

    def loss(self, embeddings: dict[str, Tensor], labels_B: Tensor) -> Loss:
        plain = super().loss(embeddings, labels_B)
        value, floor, options = plain.value, plain.floor, self._carot
        if options.orthogonality:
            weight_DF = self._projection.weight_DF
            value = value + options.orthogonality * orthogonality(weight_DF, options.penalty)
            # more columns than rows cannot all be orthogonal
            missing = float(max(0, weight_DF.shape[0] - weight_DF.shape[1]))
            floor += options.orthogonality * (missing if options.penalty == "squared" else missing**0.5)
        if options.distillation:
            own_BB, its_BB = (
                scale * embeddings[images].float() @ embeddings[texts].float().T
                for scale, images, texts in (
                    (self.backbone.scale(), "images", "texts"),
                    (self.teacher["logit_scale"].exp(), "teacher_images", "teacher_texts"),
                )
            )
            value = value + options.distillation * distillation(own_BB, its_BB.detach())
        return Loss(value, floor)

    def after_step(self) -> None:
        super().after_step()
        if self._carot.distillation and self._steps % max(1, self._total_steps // self._carot.updates) == 0:
            momentum = self._momentum()
            with torch.no_grad():
                parameters = dict(self.backbone.model.named_parameters())
                for name, tensor in self.teacher.items():
                    tensor.mul_(momentum).add_(parameters[name], alpha=1 - momentum)
        self._steps += 1

    def _momentum(self) -> float:
        rise = RISE * self._total_steps
        if self._steps >= rise:
            return self._carot.momentum
        return FIRST_MOMENTUM + (self._carot.momentum - FIRST_MOMENTUM) * self._steps / rise

    def training_state(self) -> State:
        if not self._carot.distillation:
            return {}
        return {**self.teacher, "steps": torch.tensor(self._steps)}

    def load_training_state(self, state: State) -> None:
        if not self._carot.distillation:
            return
        teacher = self.teacher
        if state.keys() != teacher.keys() | {"steps"}:
            raise ValueError("the teacher's tensors are not those of the model")
        for name, tensor in teacher.items():
            tensor.copy_(state[name])
        self._steps = int(state["steps"])


class Carot:
    """See the module's docstring."""

    name: ClassVar[str] = "carot"
    title: ClassVar[str] = "CaRot"
    summary: ClassVar[str] = (
        "FLYP with two more pulls: towards an orthogonal visual projection, and towards its own slow average."
    )
    when: ClassVar[str] = (
        "When shifted pictures and honest probabilities matter: published on ImageNet with 0.5 points "
        "above FLYP at home and 3.4 on its shifts. A step takes about a third longer."
    )
    source: ClassVar[str] = "Oh et al., NeurIPS 2024, arXiv 2311.01723"
    settings: ClassVar[frozenset[str] | None] = None
    Options = CarotOptions

    def supports(self, backbone: Backbone, options: CarotOptions) -> Message | None:
        """Models whose image tower ends in a linear layer, and that can carry FLYP's loss."""
        return missing_bias(backbone, options) if find_projection(backbone) else say("training.no_projection")

    def stages(self, backbone: Backbone, task: Task, options: CarotOptions) -> Sequence[CarotLearner]:
        projection = find_projection(backbone)
        assert projection is not None
        return [CarotLearner(backbone, task, options, projection)]


METHOD = Carot()
