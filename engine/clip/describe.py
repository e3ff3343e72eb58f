"""What kind of model a recipe names, without reading its weights."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from engine import recipe
from engine.clip import build, sources
from engine.clip.measure_sizes import SIZES_FILE
from engine.control import Control
from engine.jobs import Emit


class Tower(NamedTuple):
    """The image tower of a model."""

    transformer: bool
    """Made of attention over patches; else of convolutions."""
    parameters: int
    """How many numbers it has."""


def image_tower(model: recipe.Model, control: Control | None = None, emit: Emit | None = None) -> Tower:
    """Kind and size of the image tower; a model of the hub is fetched, as only its files tell.

    Raises EngineError for a model that is not known or cannot be fetched.
    """
    config = sources.architecture(model.name)
    if config is None:
        config = sources.find(model, download=True, control=control, emit=emit).model_config
    else:
        sizes = json.loads(SIZES_FILE.read_text(encoding="utf-8"))
        if model.name in sizes:
            return Tower(_is_transformer(config), int(sizes[model.name]["image"]))
    # the starter is small; plain arithmetic on the meta device loads torch's compiler, which takes seconds
    device = "cpu" if model.name == sources.STARTER else "meta"
    built: Any = build.build(config, model.name, device)
    return Tower(_is_transformer(config), sum(p.numel() for p in built.visual.parameters()))


def _is_transformer(config: dict[str, Any]) -> bool:
    vision = config["vision_cfg"]
    timm_name = vision.get("timm_model_name")
    if timm_name:
        return any(mark in timm_name for mark in ("vit_", "eva", "deit", "beit", "naflex"))
    return not isinstance(vision.get("layers"), (list, tuple))
