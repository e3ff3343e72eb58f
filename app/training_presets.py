"""Sets of training values with where they come from. Knows no Qt widgets, only their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP

STEPS_WANTED = 80
"""Steps that a small training set is given, as ``flyp init`` does."""
SOURCE = "Goyal et al., Finetune like you pretrain, CVPR 2023, arXiv 2212.00638; github.com/locuslab/FLYP"

USUAL: dict[str, Any] = {
    "precision": "auto", "decay_all": False, "clip_gradient": None, "freeze_batchnorm": True,
}  # fmt: skip
"""What the paper's sets change and every other set puts back."""
_AUTHORS: dict[str, Any] = {"collisions": "none", "clamp_temperature": False, "largest_gradient": None}
OPTIONS = frozenset({*_AUTHORS, "text_rate", "loss"})
"""Options of FLYP that a set may have."""


@dataclass(frozen=True)
class TrainingPreset:
    """Values under a name; texts are marked for translation in the context 'presets'."""

    key: str
    title: str
    about: str
    values: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    """Options of FLYP that belong to it; the other options that a set may have are left to the method."""


def few(pictures: int) -> TrainingPreset:
    """Many passes over a small set, none of them cut short: a small validation set is a shaky judge."""
    steps = max(1, -(-pictures // 32))
    return TrainingPreset(
        "few",
        str(QT_TRANSLATE_NOOP("presets", "Few pictures per class")),
        str(
            QT_TRANSLATE_NOOP(
                "presets",
                "Small steps and many passes, about 80 steps in all, without stopping early: "
                "a small validation set is a shaky judge of when to stop.",
            )
        ),
        {
            "epochs": min(100, max(10, -(-STEPS_WANTED // steps))),
            "batch_size": 32,
            "warmup": 0.1,
            "weight_decay": 0.1,
            "patience": None,
            **USUAL,
        },
    )


def everything(pictures: int) -> TrainingPreset:
    """Large steps and few passes, ended when validation no longer improves."""
    return TrainingPreset(
        "all",
        str(QT_TRANSLATE_NOOP("presets", "All pictures")),
        str(
            QT_TRANSLATE_NOOP(
                "presets",
                "Larger steps and at most 20 passes; stops when three passes in a row did not improve validation.",
            )
        ),
        {
            "epochs": 20,
            "batch_size": 128 if pictures <= 10_000 else 256,
            "warmup": 0.1,
            "weight_decay": 0.1,
            "patience": 3,
            **USUAL,
        },
    )


def _paper(
    key: str, title: str, rate: float, epochs: int, batch: int, decay: float, warmup: int
) -> TrainingPreset:
    return TrainingPreset(
        key,
        title,
        str(
            QT_TRANSLATE_NOOP(
                "presets",
                "As its authors trained ViT-B/16: 32 bits, every parameter decayed; of FLYP itself no bound on "
                "gradients and temperature, and same-class pairs counted as wrong.",
            )
        ),
        {
            "learning_rate": rate,
            "epochs": epochs,
            "batch_size": batch,
            "weight_decay": decay,
            "warmup": float(warmup),
            "patience": None,
            **USUAL,
            "precision": "fp32",
            "decay_all": True,
        },
        _AUTHORS,
    )


PAPER = (
    _paper("imagenet", str(QT_TRANSLATE_NOOP("presets", "ImageNet")), 1e-5, 10, 512, 0.1, 500),
    _paper("wilds", str(QT_TRANSLATE_NOOP("presets", "iWildCam, FMoW")), 1e-5, 20, 256, 0.2, 500),
    _paper("transfer", str(QT_TRANSLATE_NOOP("presets", "Caltech101, Cars")), 1e-5, 100, 256, 0.0, 500),
    _paper("sst2", str(QT_TRANSLATE_NOOP("presets", "Few per class: SST2")), 1e-5, 20, 256, 0.2, 0),
    _paper("pcam", str(QT_TRANSLATE_NOOP("presets", "Few per class: PCAM")), 1e-6, 20, 256, 0.0, 0),
)
"""The settings that the authors publish with their code."""
