"""Folder names made readable: what the model is told unless the recipe names the class itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from engine.errors import EngineError

_SYNSET = re.compile(r"n\d{8}")
"""WordNet's ids, as ImageNet's folders are called."""
_INDEX = re.compile(r"^(\d+\.(?=\s*[^\W\d])|0\d*[ _-]+(?=[^\W\d])|n\d{8}[ _-]+(?=[^\W\d]))")
"""A number or id put before the name for sorting: 001.Albatross, 007_spoon, n02085620-Chihuahua."""
_CAMEL_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def readable(name: str) -> str:
    """A class name from a folder's name: ``golden_retriever`` becomes ``golden retriever``.

    Underscores become spaces, sorting numbers go, CamelCase is taken apart. Hyphens stay where
    they belong to a word (``t-shirt``, ``black-footed_albatross``) and become spaces where they
    stand in for them (``golden-retriever``). Ids such as ``n01440764`` are left as they are.
    """
    text = unicodedata.normalize("NFC", name).strip()
    if _SYNSET.fullmatch(text):
        return text
    text = _INDEX.sub("", text)
    if "_" not in text and " " not in text:
        text = _without_joining_hyphens(text)
    text = text.replace("_", " ")
    text = re.sub(r"-{2,}|\s+", " ", text).strip()
    text = " ".join(_camel_apart(word) for word in text.split(" "))
    return text or name


def _without_joining_hyphens(text: str) -> str:
    parts = text.split("-")
    # a single letter or a number belongs to its neighbour: x-ray, f-16
    if all(len(part) > 1 and part.isalpha() for part in parts):
        return " ".join(parts)
    return text


def _camel_apart(word: str) -> str:
    parts = _CAMEL_PART.findall(word)
    # short parts belong to names that are written so: iPhone, McLaren
    if len(parts) < 2 or "".join(parts) != word or min(len(part) for part in parts) < 3:
        return word
    # abbreviations keep their capitals: MRIScan is MRI scan
    return " ".join(part if part.isupper() else part.lower() for part in parts)


def for_model(classes: Sequence[str], own_names: Mapping[str, str]) -> list[str]:
    """What the model is told each class is called: the recipe's name for it, or its readable folder name.

    ``classes`` are folder names, ``own_names`` the recipe's ``prompts.class_names``. Raises
    EngineError for an own name that is empty.
    """
    names = []
    for folder in classes:
        own = own_names.get(folder)
        if own is not None and not own.strip():
            raise EngineError("clip.empty_class_name", name=folder)
        names.append(readable(folder) if own is None else own.strip())
    return names
