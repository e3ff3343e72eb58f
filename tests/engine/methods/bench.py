"""What the tests of methods have in common: small learners, pictures that can be learnt, plain arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import keys
from engine.data.batches import Batch
from engine.evaluation.features import Normalizer
from engine.methods import FeatureLearner, Features, Learner, StepLearner, find, options_of
from engine.recipe import Prompts
from engine.training.optimizer import adamw, set_learning_rate
from engine.training.precision import Plan, Precision
from engine.training.setup import make_task
from engine.training.step import Stepper, training_mode
from tests.engine.clip import tiny

PROMPTS = Prompts(templates=("a photo of a {}.", "the {}.", "my {}."))
CLASSES = ("cat", "golden_retriever", "truck")
COLOURS = ((40, 60, 220), (40, 200, 60), (220, 50, 40))
STEP_METHODS = ("carot", "clip-lora", "fine-tune", "flyp", "flyp-ce", "l2-sp", "lp-ft")
FEATURE_METHODS = ("linear-probe", "prolip", "tip-adapter-f", "zero-shot")

_FOLDERS: dict[tuple[Path, str], Path] = {}


def backbone_of(place: Path, kind: str = "vit") -> Backbone:
    """A fresh tiny model; its folder is made once for a place."""
    if (place, kind) not in _FOLDERS:
        _FOLDERS[place, kind] = tiny.make(place / kind, kind)
    return backbones.from_folder(_FOLDERS[place, kind])


def stages_of(backbone: Backbone, name: str, **options: Any) -> Sequence[Learner]:
    task, _ = make_task(backbone, CLASSES, PROMPTS)
    method = find(name)
    chosen = options_of(method, options)
    assert method.supports(backbone, chosen) is None
    return method.stages(backbone, task, chosen)


def learner_of(backbone: Backbone, name: str, **options: Any) -> Any:
    learner = stages_of(backbone, name, **options)[-1]
    if isinstance(learner, StepLearner):
        training_mode(learner.module, freeze_batchnorm=True)
    return learner


def make_batch(size: int = 8, seed: int = 0, epoch: int = 1) -> Batch:
    """Noisy pictures in the colour of their class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(size) % len(CLASSES)
    noise = torch.randint(-60, 60, (size, 32, 32, 3), generator=generator)
    images = (torch.tensor(COLOURS)[labels][:, None, None] + noise).clamp(0, 255).to(torch.uint8)
    return Batch(images, labels, list(range(size)), epoch, seed, [f"picture {i}" for i in range(size)])


def pixels_of(backbone: Backbone, batch: Batch) -> Tensor:
    """Normalised pictures, by the book."""
    p = backbone.preprocess
    pixels = batch.images_BHWC.permute(0, 3, 1, 2).float() / 255
    return (pixels - torch.tensor(p.mean).reshape(3, 1, 1)) / torch.tensor(p.std).reshape(3, 1, 1)


def plan(micro_batch: int, precision: Precision = "fp32") -> Plan:
    return Plan(
        device="cpu", device_name="", threads=1, precision=precision, channels_last=False, fused=False,
        micro_batch=micro_batch, torch=torch.__version__,
    )  # fmt: skip


def stepper_of(
    learner: StepLearner,
    rate: float = 1e-3,
    decay: float = 0.1,
    micro: int = 100,
    precision: Precision = "fp32",
) -> Stepper:
    optimizer = adamw(learner.parameter_groups(decay, False), rate, fused=False)
    set_learning_rate(optimizer, rate)
    normalize = Normalizer(learner.backbone, torch.device("cpu"))
    return Stepper(learner, optimizer, normalize, plan(micro, precision), None, Control())


def gradients(learner: StepLearner) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in learner.module.named_parameters() if p.grad is not None}


def assert_same_gradients(ours: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Each tensor to within rounding; some (a key's bias) are zero but for rounding."""
    assert ours.keys() == expected.keys()
    assert expected
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in expected.items():
        scale = max(float(gradient.abs().max()), 1e-4 * largest)
        torch.testing.assert_close(ours[name] / scale, gradient / scale, rtol=1e-3, atol=5e-4, msg=name)


def features_of(learner: FeatureLearner, batch: Batch) -> Features:
    learner.backbone.model.eval()
    with torch.no_grad():
        rows_NF = learner.encode(pixels_of(learner.backbone, batch))
    return Features(rows_NF, batch.labels_B)


def logits_of(learner: Learner, batch: Batch) -> Tensor:
    """As a run's evaluation computes them."""
    learner.backbone.model.eval()
    head = learner.head().on_cpu()
    with torch.no_grad():
        if isinstance(learner, FeatureLearner):
            return head(learner.embeddings(features_of(learner, batch).rows_NF))
        return head(learner.backbone.encode_images(pixels_of(learner.backbone, batch)))


def zero_shot_logits(backbone: Backbone, batch: Batch) -> Tensor:
    """By open_clip's own functions and the definition of the template head."""
    model = backbone.model.eval()
    rows = []
    with torch.no_grad():
        for name in CLASSES:
            texts = [template.format(name.replace("_", " ")) for template in PROMPTS.templates]
            each = F.normalize(model.encode_text(backbone.tokenize(texts)), dim=-1)
            rows.append(F.normalize(each.mean(dim=0), dim=0))
        images = F.normalize(model.encode_image(pixels_of(backbone, batch)), dim=-1)
        return model.logit_scale.exp() * images @ torch.stack(rows).T


def learn(learner: Learner, batch: Batch, steps: int = 3, rate: float = 1e-3) -> None:
    """Some steps, or the fit to its last candidate."""
    if isinstance(learner, FeatureLearner):
        features = features_of(learner, batch)
        for _ in learner.fit(features, features, seed=0, balanced=False):
            pass
        return
    assert isinstance(learner, StepLearner)
    stepper = stepper_of(learner, rate, decay=0.0)
    for epoch in range(1, steps + 1):
        training_mode(learner.module, freeze_batchnorm=True)
        batch.epoch = epoch
        stepper.step(batch)


def copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def plain_adamw(named: list[tuple[str, Tensor]], rate: float, decay: float) -> torch.optim.AdamW:
    """torch's own, sparing vectors and scalars from decay."""
    groups = [
        {"params": [p for _, p in named if p.ndim > 1], "weight_decay": decay},
        {"params": [p for _, p in named if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate)


def drawn_tokens(backbone: Backbone, batch: Batch) -> Tensor:
    """One caption of every class as FLYP-CE draws it, C × L, at full length."""
    draw = keys.generator(batch.seed, batch.epoch, batch.names[0], "class templates")
    chosen = [draw.randrange(len(PROMPTS.templates)) for _ in CLASSES]
    texts = [
        PROMPTS.templates[t].format(name.replace("_", " ")) for name, t in zip(CLASSES, chosen, strict=True)
    ]
    return backbone.tokenize(texts)


def paired_tokens(backbone: Backbone, batch: Batch) -> Tensor:
    """One caption of each picture as FLYP draws it, B × L, at full length."""
    texts = []
    for label, name in zip(batch.labels_B.tolist(), batch.names, strict=True):
        drawn = keys.generator(batch.seed, batch.epoch, name, "template").randrange(len(PROMPTS.templates))
        texts.append(PROMPTS.templates[drawn].format(CLASSES[label].replace("_", " ")))
    return backbone.tokenize(texts)
