"""The one mutable model: what the person has decided so far. Knows no Qt.

A project is a recipe that may still lack its pictures or its model. On disk it is the recipe's
own TOML, so that ``flyp train`` reads it as soon as it is complete. Every change is saved.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import paths
from engine import files
from engine import recipe as recipes
from engine.errors import EngineError
from engine.messages import Message
from engine.recipe import Blend, Data, Method, Model, Part, Prompts, Recipe, Training

SECTIONS: dict[str, type[Part]] = {
    "data": Data,
    "prompts": Prompts,
    "model": Model,
    "method": Method,
    "training": Training,
    "blend": Blend,
}

_BY_HAND = "# Set by hand: "


@dataclass
class Project:
    """The draft under way. ``data`` and ``model`` are None until they are chosen."""

    data: Data | None = None
    prompts: Prompts = field(default_factory=Prompts)
    model: Model | None = None
    method: Method = field(default_factory=Method)
    training: Training = field(default_factory=Training)
    blend: Blend = field(default_factory=Blend)
    chosen: frozenset[str] = frozenset()
    """Sections and fields that the person set by hand; defaults for a folder do not touch them."""
    file: Path | None = None
    """Where it is saved; None until the first change."""
    named: bool = False
    """The person gave it a file of their own."""
    listeners: list[Callable[[frozenset[str]], None]] = field(default_factory=list)
    """Called with the names of the sections that changed."""
    unsaved: Message | None = None
    """Why the last change could not be saved; None if it was."""
    seen: str | None = None
    """The file's text as it was last read or written here; None if whatever lies there may be replaced."""
    parted: Path | None = None
    """The file of before, if somebody else changed it and this project went on in a draft of its own."""

    @property
    def name(self) -> str:
        """For the window's title."""
        if self.named and self.file is not None:
            return self.file.stem
        return Path(self.data.source).name if self.data is not None else ""

    def recipe(self) -> Recipe | None:
        """The complete recipe, or None while pictures or model are missing."""
        if self.data is None or self.model is None:
            return None
        return Recipe(
            data=self.data,
            prompts=self.prompts,
            model=self.model,
            method=self.method,
            training=self.training,
            blend=self.blend,
        )

    def parts(self) -> dict[str, Part | None]:
        """Every section by its name."""
        return {name: getattr(self, name) for name in SECTIONS}

    def put(self, parts: dict[str, Part | None]) -> None:
        """Set sections and save. Only undo commands and loading call this."""
        changed = frozenset(name for name, part in parts.items() if getattr(self, name) != part)
        for name, part in parts.items():
            setattr(self, name, part)
        if changed:
            self.save()
            self.tell(changed)

    def tell(self, changed: frozenset[str]) -> None:
        """Let everyone know which sections are different."""
        for listener in list(self.listeners):
            listener(changed)

    # --- on disk ------------------------------------------------------------------------------

    def text(self) -> str:
        """The project as TOML: the recipe's own once it is complete."""
        recipe = self.recipe()
        text = recipes.to_toml(recipe) if recipe is not None else self._incomplete()
        # a comment, so that a recipe stays a recipe for everyone else
        return f"{text}\n{_BY_HAND}{', '.join(sorted(self.chosen))}\n"

    def _incomplete(self) -> str:
        lines = ["# A project under way; it lacks its pictures or its model.", f"schema = {recipes.SCHEMA}"]
        for name, part in self.parts().items():
            if part is not None:
                lines += recipes.section_lines(name, part, {})
        return "\n".join(lines) + "\n"

    def save(self) -> None:
        """Write it, whole or not at all; a draft gets a file of its own at its first change."""
        if self.file is not None and self._is_changed_by_others(self.file):
            # another window or an editor: both versions are kept
            self.parted, self.file, self.named = self.file, None, False
        if self.file is None:
            self.file = new_draft_file()
        text = self.text()
        try:
            files.write_text(self.file, text)
            self.unsaved, self.seen = None, text
        except EngineError as error:
            self.unsaved = error.message

    def _is_changed_by_others(self, file: Path) -> bool:
        if self.seen is None:
            return False
        try:
            return file.read_text(encoding="utf-8-sig") != self.seen
        except OSError:
            # gone or out of reach: writing says what there is to say
            return False
        except UnicodeDecodeError:
            return True

    def is_empty(self) -> bool:
        """Nothing was decided yet."""
        return self.data is None and self.model is None and self.prompts == Prompts()

    def is_untouched(self) -> bool:
        """Everything is as in a project that was just begun."""
        return self.parts() == Project().parts()


def new_draft_file() -> Path:
    """A name no other draft has."""
    folder = paths.drafts()
    stem = f"{datetime.now().astimezone():%Y-%m-%dT%H%M%S}"
    place, number = folder / f"{stem}.toml", 2
    while place.exists():
        place = folder / f"{stem}-{number}.toml"
        number += 1
    return place


def read(path: Path) -> Project:
    """The project in a file. Raises EngineError for what is none; relative paths count from its folder."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise EngineError("recipe.missing", path=str(path)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EngineError("recipe.unreadable", path=str(path), reason=str(error)) from None
    # what is still missing is filled in, so that the recipe's own words say what is wrong with the rest
    whole = recipes.parse({"data": {"source": "."}, "model": {"name": "starter"}, **content}, str(path))
    project = of_recipe(recipes.with_absolute_paths(whole, path.parent), path)
    if "data" not in content:
        project.data = None
    if "model" not in content:
        project.model = None
    project.chosen = _chosen(text, content)
    project.seen = text
    return project


def _chosen(text: str, content: dict[str, Any]) -> frozenset[str]:
    """What was set by hand: what the file says of it, else all that stands in it."""
    last = text.rstrip().rpartition("\n")[2]
    if last.startswith(_BY_HAND.strip()):
        names = last.removeprefix(_BY_HAND.strip()).split(",")
        return frozenset(name.strip() for name in names if name.strip())
    return frozenset(name for name in SECTIONS if name in content)


def of_recipe(recipe: Recipe, file: Path | None = None) -> Project:
    """A project that begins with a recipe; ``file`` None lets it become a draft of its own."""
    return Project(
        data=recipe.data,
        prompts=recipe.prompts,
        model=recipe.model,
        method=recipe.method,
        training=recipe.training,
        blend=recipe.blend,
        chosen=frozenset(SECTIONS),
        file=file,
        named=file is not None and _is_named(file),
    )


def _is_named(path: Path) -> bool:
    return path.parent.resolve() != paths.drafts().resolve()


def changed_part(part: Part | None, kind: type[Part], changes: dict[str, Any]) -> Part | str:
    """The part with fields changed, or in words why that cannot be."""
    content = part.model_dump(mode="python", by_alias=True) if part is not None else {}
    try:
        return kind.model_validate({**content, **changes})
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        return reason[:1].upper() + reason[1:]
