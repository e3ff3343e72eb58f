"""What a model will need, by rule of thumb, before anything was measured. Knows no Qt.

The rules are fitted to what open_clip's modules keep for the backward pass (counted for 24 of them, fp32):
most are met within a third. The check before training measures; this only helps to choose.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.answers import DoctorAnswer, ModelEntry
from engine.data.fit import MODE_OF_RESIZE, Mode

STEP = 32
"""Pictures a step that the estimates are for."""
_FEW = 2
"""Pictures that pass the model at once if memory is scarce; the gradients stay the same."""
_PARAMETER_BYTES = 16
"""Weights, gradients and AdamW's two means, four bytes each."""
_MODES: dict[str, Mode] = {str(word): mode for word, mode in MODE_OF_RESIZE.items()}
_USABLE = 0.9
"""Share of a device's memory that one program can have."""


class Fits(StrEnum):
    """How a model's training suits the memory of the device."""

    WELL = "well"
    TIGHT = "tight"
    """Only if fewer pictures pass the model at once."""
    NOT = "not"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Facts:
    """What is known of a model, wherever it comes from."""

    kind: str
    name: str
    parameters: int | None
    input_size: tuple[int, int] | None
    """Height and width in pixels."""
    octets: int | None
    """Of its weights file."""
    fit: Mode = "crop"


def of_entry(entry: ModelEntry) -> Facts:
    """The facts of a model in the catalogue."""
    size = entry.input_size if min(entry.input_size) > 0 else None
    return Facts(entry.kind, entry.name, entry.parameters, size, entry.bytes, entry.fit)


def memory_to_train(facts: Facts, pictures: int = STEP) -> int | None:
    """About how many bytes training takes with so many pictures at once; None where too little is known."""
    if facts.parameters is None or facts.input_size is None:
        return None
    picture: float
    caption: float
    millions = facts.parameters / 1e6
    height, width = facts.input_size
    if patch := _patch(facts):
        tokens = max(1, height // patch) * max(1, width // patch) + 1
        picture = 0.85e6 * tokens * (millions / 150) ** 0.75
    elif facts.kind == "resnet":
        picture = 2600 * height * width * (millions / 120) ** 0.75
    else:
        picture = 4600 * height * width * (millions / 150) ** 0.6
    caption = 36.5e6 * (millions / 150) ** 0.65
    return int(_PARAMETER_BYTES * facts.parameters + pictures * (picture + caption))


def _patch(facts: Facts) -> int | None:
    """Side of the squares that a transformer cuts a picture into, told from its name (ViT-B-16)."""
    found = re.search(r"-(8|14|16|32)(?=-|$)", facts.name)
    if found and facts.name.startswith(("ViT-", "EVA", "PE-", "nllb", "roberta", "xlm")):
        return int(found[1])
    if facts.name.startswith("nllb"):
        return 16
    return 8 if facts.kind == "vit" else None


def fits(facts: Facts, memory: int | None) -> Fits:
    """Does training suit a device with so much memory?"""
    whole, least = memory_to_train(facts), memory_to_train(facts, _FEW)
    if memory is None or whole is None or least is None:
        return Fits.UNKNOWN
    if whole <= _USABLE * memory:
        return Fits.WELL
    return Fits.TIGHT if least <= _USABLE * memory else Fits.NOT


def device_memory(doctor: DoctorAnswer | None) -> int | None:
    """Bytes of the device that 'auto' takes; the machine's where it has none of its own."""
    if doctor is None:
        return None
    working = [device for device in doctor.devices if device.works]
    return (working[0].memory if working else None) or doctor.memory


@dataclass(frozen=True)
class Recommended:
    """A model to begin with and which of the reasons holds."""

    name: str
    weights: str | None
    why: str
    """'gpu', 'cpu' or 'sample'."""


def recommended(kind: str | None, sample: bool) -> Recommended | None:
    """As ``flyp init`` chooses for a device of this kind; the starter for the sample's drawings alone."""
    if sample:
        return Recommended("starter", None, "sample")
    if kind is None:
        return None
    if kind == "cpu":
        return Recommended("ViT-B-32", "openai", "cpu")
    return Recommended("ViT-B-16", "openai", "gpu")


def of_folder(folder: Path) -> Facts:
    """What the files of an open_clip folder tell without reading its weights. Raises OSError, ValueError."""
    content = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    try:
        vision = content["model_cfg"]["vision_cfg"]
        resize = (content.get("preprocess_cfg") or {}).get("resize_mode") or "shortest"
        size = vision.get("image_size", 224)
        pair = (size, size) if isinstance(size, int) else (int(size[0]), int(size[-1]))
        timm, layers, patch = (vision.get(key) for key in ("timm_model_name", "layers", "patch_size"))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(str(error)) from error
    kind = "timm" if timm else "resnet" if isinstance(layers, list) else "vit"
    octets, width = _weights(folder)
    parameters = octets // width if octets is not None else None
    name = f"ViT-{patch}" if kind == "vit" and isinstance(patch, int) else folder.name
    return Facts(kind, name, parameters, pair, octets, _MODES.get(resize, "crop"))


def _weights(folder: Path) -> tuple[int | None, int]:
    """Bytes of the weights file, and of each number in it as its header tells (else four)."""
    for name in ("open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors"):
        file = folder / name
        if not file.is_file():
            continue
        width = 4
        if file.suffix == ".safetensors":
            with file.open("rb") as stream:
                length = int.from_bytes(stream.read(8), "little")
                head = stream.read(min(length, 4096))
            width = 2 if b'"F16"' in head or b'"BF16"' in head else 4
        return file.stat().st_size, width
    return None, 4
