"""Sets of templates for kinds of pictures: the bundled ones and OpenAI's for ImageNet."""

from __future__ import annotations

from engine.clip import imagenet
from engine.control import Control
from engine.jobs import Emit
from engine.prompts import templates
from engine.requests import PresetEntry, PresetsAnswer, PresetsRequest


def presets(request: PresetsRequest, emit: Emit, control: Control) -> PresetsAnswer:
    """List them, the bundled ones by title."""
    return PresetsAnswer(
        presets=tuple(
            PresetEntry(
                name=preset.name,
                title=preset.title,
                description=preset.description,
                templates=preset.templates,
            )
            for preset in (*templates.presets(), *imagenet.presets())
        )
    )
