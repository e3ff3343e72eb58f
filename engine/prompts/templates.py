"""Presets of templates for kinds of pictures; one TOML file each in the bundled prompts folder."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine import paths
from engine.errors import EngineError
from engine.recipe import Prompts


@dataclass(frozen=True, slots=True)
class Preset:
    """Templates that suit one kind of picture."""

    name: str
    """Its file's name without the ending."""
    title: str
    description: str
    """For which pictures it is meant, in a sentence or two."""
    templates: tuple[str, ...]
    """Each has ``{}`` once, where the class name goes."""


def presets(folder: Path | None = None) -> list[Preset]:
    """All presets of a folder (the bundled one), by title. Raises EngineError for an unreadable one."""
    folder = folder or paths.resources_folder() / "prompts"
    return sorted((_read(path) for path in folder.glob("*.toml")), key=lambda preset: preset.title)


def preset(name: str, further: Sequence[Preset] = ()) -> Preset:
    """The bundled or ``further`` preset of a name; EngineError naming those there are if it is not there."""
    known = [*presets(), *further]
    for one in known:
        if one.name == name:
            return one
    raise EngineError(
        "clip.unknown_preset", name=name, known=", ".join(sorted(one.name for one in known)) or "none"
    )


def _read(path: Path) -> Preset:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        # the recipe's own rules for templates
        templates = Prompts(templates=tuple(content["templates"])).templates
        return Preset(path.stem, str(content["title"]), str(content["description"]), templates)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError, TypeError) as error:
        reason = str(error)
        raise EngineError("clip.unreadable_preset", reason, path=str(path), reason=reason) from error
    except KeyError as error:
        raise EngineError(
            "clip.unreadable_preset", path=str(path), reason=f"{error.args[0]} is missing"
        ) from error
