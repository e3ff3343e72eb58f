"""What is wrong with class names and templates, found without the engine. Knows no widgets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QCoreApplication

from engine.prompts import class_names

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Trouble:
    """One thing said at its place. What is bad keeps the person on the page, what is a warning does not."""

    tone: Literal["bad", "warn"]
    text: str
    """Said beside the name or template."""
    whole: str = ""
    """A sentence of its own for the footer, with the remedy."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("prompts", text)


def shown_names(folders: Sequence[str], own: dict[str, str]) -> dict[str, str]:
    """Folder -> what the model is told; an empty own name counts as none."""
    return {folder: own.get(folder, "").strip() or readable(folder) for folder in folders}


@lru_cache(maxsize=20_000)
def readable(folder: str) -> str:
    """The folder's name made readable, remembered: it is asked for at every letter typed."""
    return class_names.readable(folder)


def is_template(text: str) -> bool:
    """It can go into the project."""
    return text.count("{}") == 1


def of_template(number: int, text: str, earlier: Sequence[str] = ()) -> Trouble | None:
    """What is wrong with the ``number``-th template; ``earlier`` are those before it."""
    places = text.count("{}")
    if places == 0:
        return Trouble(
            "bad",
            _tr("No {} here, so every class would read the same."),
            _tr("Template [n] has no {} for the class name. Add one, or remove the template.").replace(
                "[n]", str(number)
            ),
        )
    if places > 1:
        return Trouble(
            "bad",
            _tr("{} stands here more than once; the name can take one place only."),
            _tr("Template [n] has {} more than once. Keep one of them.").replace("[n]", str(number)),
        )
    if text in earlier:
        return Trouble("warn", _tr("The same as template [n].").replace("[n]", str(earlier.index(text) + 1)))
    return None


def same_names(names: dict[str, str]) -> dict[str, Trouble]:
    """Folder -> trouble, for classes that the model is told under one name."""
    groups: dict[str, list[str]] = {}
    for folder, name in names.items():
        groups.setdefault(_as_seen(name), []).append(folder)
    found: dict[str, Trouble] = {}
    for folders in groups.values():
        for folder in folders if len(folders) > 1 else ():
            other = folders[1] if folder == folders[0] else folders[0]
            # the footer tells each group once
            whole = ""
            if folder == folders[0]:
                whole = _tr("‘{}’ and ‘{}’ are both called ‘{}’. Give one of them another name.").format(
                    folder, other, names[folder]
                )
            found[folder] = Trouble("bad", _tr("The same name as {}.").format(other), whole)
    return found


def same_captions(names: dict[str, str], templates: Iterable[str]) -> dict[str, Trouble]:
    """Folder -> trouble, for classes of different names that read the same in different templates."""
    seen = {folder: _as_seen(name) for folder, name in names.items()}
    parts = list(dict.fromkeys(_ends(each.casefold()) for each in templates if is_template(each)))
    # a thousand classes in eighty templates are too many to write out at every letter typed
    parts = _that_may_meet(parts, sorted(seen.values()))
    every = {left + name + right for left, right in parts for name in seen.values()}
    if len(every) == len(parts) * len(seen):
        return {}
    first_with: dict[str, str] = {}
    found: dict[str, Trouble] = {}
    for folder, name in seen.items():
        for left, right in parts:
            caption = left + name + right
            other = first_with.setdefault(caption, folder)
            if other != folder and folder not in found:
                found[folder] = Trouble(
                    "bad",
                    _tr("‘{}’ is also said of {}.").format(caption, other),
                    _tr("‘{}’ and ‘{}’ both read ‘{}’. Change one name or template.").format(
                        other, folder, caption
                    ),
                )
    return found


def words(text: str) -> list[str]:
    """The words of a text, lower-cased."""
    return _WORD.findall(text.lower())


def _as_seen(text: str) -> str:
    return " ".join(text.casefold().split())


def _ends(template: str) -> tuple[str, str]:
    """What stands before and after the name, with spaces as the model sees them."""
    left, _, right = template.partition("{}")
    before, after = " ".join(left.split()), " ".join(right.split())
    if before and left[-1:].isspace():
        before += " "
    if after and right[:1].isspace():
        after = " " + after
    return before, after


def _that_may_meet(parts: list[tuple[str, str]], names: list[str]) -> list[tuple[str, str]]:
    """The templates in which a name could make up for what another template has more.

    ``names`` are sorted. 'a {}' and 'a small {}' meet only if a name begins with 'small '.
    """
    found: dict[tuple[str, str], None] = {}
    for i, (left, right) in enumerate(parts):
        for other_left, other_right in parts[:i]:
            more_left = _rest(left, other_left)
            more_right = _rest(right[::-1], other_right[::-1])
            if more_left is None or more_right is None:
                continue
            if more_right or _begins(names, more_left):
                found[left, right] = found[other_left, other_right] = None
    return list(found)


def _rest(one: str, other: str) -> str | None:
    """What the longer one has after the shorter; None if neither begins the other."""
    short, long = sorted((one, other), key=len)
    return long[len(short) :] if long.startswith(short) else None


def _begins(names: list[str], start: str) -> bool:
    """One of the sorted names begins so."""
    place = bisect_left(names, start)
    return place < len(names) and names[place].startswith(start)
