"""Names and choices of settings in plain words, by the field's name; what is not here is made readable."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

LABELS: dict[str, str] = {
    "epochs": str(QT_TRANSLATE_NOOP("options", "Epochs")),
    "batch_size": str(QT_TRANSLATE_NOOP("options", "Pictures per step")),
    "learning_rate": str(QT_TRANSLATE_NOOP("options", "Learning rate")),
    "weight_decay": str(QT_TRANSLATE_NOOP("options", "Weight decay")),
    "decay_all": str(QT_TRANSLATE_NOOP("options", "Decay every parameter")),
    "warmup": str(QT_TRANSLATE_NOOP("options", "Warm-up")),
    "clip_gradient": str(QT_TRANSLATE_NOOP("options", "Largest gradient, any method")),
    "patience": str(QT_TRANSLATE_NOOP("options", "Stop early after")),
    "augment_scale": str(QT_TRANSLATE_NOOP("options", "Random crop keeps at least")),
    "flip": str(QT_TRANSLATE_NOOP("options", "Mirror at random")),
    "freeze_batchnorm": str(QT_TRANSLATE_NOOP("options", "Keep BatchNorm's statistics")),
    "device": str(QT_TRANSLATE_NOOP("options", "Device")),
    "precision": str(QT_TRANSLATE_NOOP("options", "Arithmetic")),
    "micro_batch": str(QT_TRANSLATE_NOOP("options", "Pictures at once")),
    "threads": str(QT_TRANSLATE_NOOP("options", "Processor threads")),
    "seed": str(QT_TRANSLATE_NOOP("options", "Seed")),
    "collisions": str(QT_TRANSLATE_NOOP("options", "Two pictures of one class in a step")),
    "loss": str(QT_TRANSLATE_NOOP("options", "Loss")),
    "input": str(QT_TRANSLATE_NOOP("options", "Pictures go in as")),
    "encoders": str(QT_TRANSLATE_NOOP("options", "Encoders as graphs of their own")),
    "text_rate": str(QT_TRANSLATE_NOOP("options", "Share of the rate for the text tower")),
    "clamp_temperature": str(QT_TRANSLATE_NOOP("options", "Keep the temperature in bounds")),
}

CHOICES: dict[str, str] = {
    "auto": str(QT_TRANSLATE_NOOP("options", "automatic")),
    "collisions.none": str(QT_TRANSLATE_NOOP("options", "count as different")),
    "collisions.mask": str(QT_TRANSLATE_NOOP("options", "leave out of the comparison")),
    "collisions.soft": str(QT_TRANSLATE_NOOP("options", "count as the same")),
    "input.uint8": str(QT_TRANSLATE_NOOP("options", "whole numbers, as they are read")),
    "input.float": str(QT_TRANSLATE_NOOP("options", "normalised numbers")),
    "precision.fp32": str(QT_TRANSLATE_NOOP("options", "32 bits")),
    "precision.bf16": str(QT_TRANSLATE_NOOP("options", "16 bits, bf16")),
    "precision.fp16": str(QT_TRANSLATE_NOOP("options", "16 bits, fp16")),
}
"""field.value -> words, or a value that means the same everywhere."""

UNSET: dict[str, str] = {
    "patience": str(QT_TRANSLATE_NOOP("options", "Train all epochs")),
    "clip_gradient": str(QT_TRANSLATE_NOOP("options", "As the method has it")),
    "largest_gradient": str(QT_TRANSLATE_NOOP("options", "No limit")),
    "micro_batch": str(QT_TRANSLATE_NOOP("options", "The whole step at once")),
    "threads": str(QT_TRANSLATE_NOOP("options", "All cores")),
}
"""What leaving a value out means, for the check box beside it."""

STARTS: dict[str, int | float] = {
    "patience": 3,
    "clip_gradient": 1.0,
    "micro_batch": 8,
    "threads": 2,
    "largest_gradient": 1.0,
}
"""Value that stands in the field when its check box is taken off."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("options", text)


def label(name: str) -> str:
    """The field's name for people: weight_decay -> Weight decay."""
    if name in LABELS:
        return _tr(LABELS[name])
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def choice(name: str, value: object) -> str:
    """A value of an enumeration for people."""
    text = str(value)
    known = CHOICES.get(f"{name}.{text}") or CHOICES.get(text)
    return _tr(known) if known else text.replace("_", " ")


def unset(name: str) -> str:
    """What leaving the value out means."""
    return _tr(UNSET.get(name, str(QT_TRANSLATE_NOOP("options", "Leave to the program"))))
