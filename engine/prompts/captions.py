"""Captions: every class name in every template."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from engine.errors import EngineError
from engine.messages import Message, say
from engine.prompts import class_names
from engine.recipe import Prompts


def captions(classes: Sequence[str], prompts: Prompts) -> list[list[str]]:
    """For each class (folder names, in order) its captions, one for each template.

    Raises EngineError if two classes end up with the same caption: the model could not tell
    them apart. Letter case and spacing do not tell them apart either.
    """
    names = class_names.for_model(classes, prompts.class_names)
    made = [[template.replace("{}", name) for template in prompts.templates] for name in names]
    first_with: dict[str, str] = {}
    for folder, of_class in zip(classes, made, strict=True):
        for caption in dict.fromkeys(of_class):
            other = first_with.setdefault(_as_seen(caption), folder)
            if other != folder:
                raise EngineError("clip.equal_captions", first=other, second=folder, caption=caption)
    return made


def check(
    classes: Sequence[str],
    prompts: Prompts,
    count_tokens: Callable[[list[str]], list[int]] | None = None,
    context_length: int | None = None,
) -> list[Message]:
    """What a person should know about the captions before training, though it can go on.

    With a model's token counter and context length also says which captions are cut. Raises
    EngineError as ``captions`` does.
    """
    warnings = []
    for name in prompts.class_names:
        if name not in classes:
            close = difflib.get_close_matches(name, classes, 1)
            suggestion = f"; did you mean '{close[0]}'" if close else ""
            warnings.append(say("clip.unknown_class_name", name=name, suggestion=suggestion))
    made = [caption for of_class in captions(classes, prompts) for caption in of_class]
    if count_tokens is not None and context_length is not None:
        counts = count_tokens(made)
        cut = [caption for caption, count in zip(made, counts, strict=True) if count > context_length]
        if cut:
            longest = max(cut, key=len)
            warnings.append(say("clip.cut_captions", count=len(cut), length=context_length, caption=longest))
    return warnings


def _as_seen(caption: str) -> str:
    return " ".join(caption.casefold().split())
