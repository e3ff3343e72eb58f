"""What kind of model a recipe names, without reading its weights."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from engine import recipe
from engine.clip import build, sources
from engine.clip.measure_sizes import SIZES_FILE


class Tower(NamedTuple):
    """The image tower of a model."""

    transformer: bool
    """Made of attention over patches; else of convolutions."""
    parameters: int
    """How many numbers it has."""


def image_tower(model: recipe.Model) -> Tower:
    """Kind and size of the image tower. Raises EngineError for a model that is not known or not here."""
    config = sources.architecture(model.name)
    if config is None:
        config = sources.find(model, download=False, control=None, emit=None).model_config
    else:
        sizes = json.loads(SIZES_FILE.read_text(encoding="utf-8"))
        if model.name in sizes:
            return Tower(_is_transformer(config), int(sizes[model.name]["image"]))
    built: Any = build.build(config, model.name, device="meta")
    return Tower(_is_transformer(config), sum(p.numel() for p in built.visual.parameters()))


def _is_transformer(config: dict[str, Any]) -> bool:
    vision = config["vision_cfg"]
    timm_name = vision.get("timm_model_name")
    if timm_name:
        return any(mark in timm_name for mark in ("vit_", "eva", "deit", "beit", "naflex"))
    return not isinstance(vision.get("layers"), (list, tuple))
