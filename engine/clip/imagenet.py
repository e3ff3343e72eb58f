"""OpenAI's templates for ImageNet, taken from open_clip rather than copied."""

from __future__ import annotations

from engine.clip.quiet import quiet


def imagenet_templates(simple: bool = False) -> tuple[str, ...]:
    """The 80 templates (or the 7 that do nearly as well) with ``{}`` where the class name goes."""
    with quiet():
        import open_clip

        made = open_clip.SIMPLE_IMAGENET_TEMPLATES if simple else open_clip.OPENAI_IMAGENET_TEMPLATES
    return tuple(template("{}") for template in made)
