"""OpenAI's templates for ImageNet, taken from open_clip rather than copied."""

from __future__ import annotations

from engine.clip import library
from engine.clip.quiet import quiet
from engine.prompts.templates import Preset


def presets() -> list[Preset]:
    """The templates as presets beside the bundled ones."""
    return [
        Preset(
            "imagenet",
            "ImageNet, all 80",
            "OpenAI's 80 templates for ImageNet: photos above all, but also drawings and toys of the class.",
            imagenet_templates(),
        ),
        Preset(
            "imagenet-simple",
            "ImageNet, the best 7",
            "The 7 of OpenAI's templates for ImageNet that do nearly as well as all 80.",
            imagenet_templates(simple=True),
        ),
    ]


def imagenet_templates(simple: bool = False) -> tuple[str, ...]:
    """The 80 templates (or the 7 that do nearly as well) with ``{}`` where the class name goes."""
    with quiet():
        open_clip = library.load()
        made = open_clip.SIMPLE_IMAGENET_TEMPLATES if simple else open_clip.OPENAI_IMAGENET_TEMPLATES
    return tuple(template("{}") for template in made)
