"""The models that can be started from: the bundled starter and every CLIP with published weights.

Needs no network. Left out: models that also write captions (CoCa), and the second names under
which open_clip lists the same QuickGELU weights; both names can be loaded, and are corrected.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from engine import paths
from engine.clip import build, download, library, sources
from engine.clip.measure_sizes import SIZES_FILE, Sizes
from engine.clip.preprocess import pair
from engine.clip.quiet import quiet
from engine.data.fit import MODE_OF_RESIZE, Mode
from engine.errors import EngineError
from engine.messages import Message, say

Kind = Literal["vit", "resnet", "timm"]
"""What the image tower is built from: open_clip's ViT or ResNet, or a tower of timm."""

_FLOAT_BYTES = 4
_DEFAULT_CONTEXT = 77


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model that can be started from."""

    name: str
    """For a recipe's model.name."""
    weights: str | None
    """For a recipe's model.weights; None for the starter."""
    kind: Kind
    image_parameters: int | None
    text_parameters: int | None
    """None where a text tower of transformers would have to be fetched to count them."""
    input_size: tuple[int, int]
    """Height and width in pixels."""
    context_length: int
    """Longest caption in tokens."""
    downloaded: bool
    """Its weights lie on this machine."""
    size: int | None
    """Bytes of its weights file; an estimate (four a parameter) until it is downloaded."""
    unavailable: Message | None = None
    """Why it cannot be used here, with the remedy."""
    fit: Mode = "crop"
    """How pictures were fitted when it was trained."""

    @property
    def parameters(self) -> int | None:
        """Of both towers, where known."""
        if self.image_parameters is None or self.text_parameters is None:
            return None
        return self.image_parameters + self.text_parameters


def list_models() -> list[ModelInfo]:
    """The starter, then every published CLIP in the order in which open_clip lists them."""
    with quiet():
        published = library.load().list_pretrained()
    sizes: dict[str, Sizes] = json.loads(SIZES_FILE.read_text(encoding="utf-8"))
    found = [_starter()]
    seen: set[tuple[str, str]] = set()
    for listed, tag in published:
        name = listed.removesuffix("-quickgelu")
        config = sources.architecture(name)
        if (name, tag) in seen or config is None or "multimodal_cfg" in config:
            continue
        seen.add((name, tag))
        found.append(_entry(name, tag, config, sizes.get(name)))
    return found


def _entry(name: str, tag: str, config: dict[str, Any], sizes: Sizes | None) -> ModelInfo:
    part = build.need_transformers(config)
    unavailable = (
        say("clip.needs_transformers", model=name, part=part)
        if part and not build.has_transformers()
        else None
    )
    file = download.cached(name, tag)
    counted = None if sizes is None else sizes["image"] + sizes["text"]
    return ModelInfo(
        name=name,
        weights=tag,
        kind=_kind(config),
        image_parameters=None if sizes is None else sizes["image"],
        text_parameters=None if sizes is None else sizes["text"],
        input_size=pair(config["vision_cfg"].get("image_size", 224)),
        context_length=int(config["text_cfg"].get("context_length", _DEFAULT_CONTEXT)),
        downloaded=file is not None,
        size=file.stat().st_size if file is not None else counted and counted * _FLOAT_BYTES,
        unavailable=unavailable,
        fit=_fit(name, tag),
    )


def _starter() -> ModelInfo:
    folder = paths.resources_folder() / "starter"
    try:
        source = sources.folder_source(folder)
    except EngineError:
        # an installation without it still offers all else
        missing = say("clip.starter_missing", path=str(folder))
        return ModelInfo(sources.STARTER, None, "vit", None, None, (0, 0), 0, False, None, missing)
    config = source.model_config
    image, text = _count(source)
    return ModelInfo(
        name=sources.STARTER,
        weights=None,
        kind=_kind(config),
        image_parameters=image,
        text_parameters=text,
        input_size=pair(config["vision_cfg"].get("image_size", 224)),
        context_length=int(config["text_cfg"].get("context_length", _DEFAULT_CONTEXT)),
        downloaded=True,
        size=source.weights.stat().st_size,
        fit=MODE_OF_RESIZE[source.preprocess_config.get("resize_mode") or "shortest"],
    )


def _fit(name: str, tag: str) -> Mode:
    published = sources.pretrained(name, tag)
    resize = published[1].get("resize_mode") if published else None
    return MODE_OF_RESIZE[resize or "shortest"]


def _count(source: sources.Source) -> tuple[int, int]:
    """Parameters of both towers of a small folder, from its modules."""
    # on the CPU, for it is small: on the meta device plain arithmetic loads torch's compiler
    model: Any = build.build(source.model_config, source.where)
    image = sum(p.numel() for p in model.visual.parameters())
    text = sum(p.numel() for n, p in model.named_parameters() if not n.startswith(("visual.", "logit_")))
    return image, text


def _kind(config: dict[str, Any]) -> Kind:
    vision = config["vision_cfg"]
    if vision.get("timm_model_name"):
        return "timm"
    return "resnet" if isinstance(vision.get("layers"), (list, tuple)) else "vit"
