"""Licences of published base weights, as far as this program knows them.

By open_clip's pretrained tags; what is not listed is left to its source.
"""

from __future__ import annotations

from engine.clip.sources import HUB_PREFIX, STARTER
from engine.exporters.about import Base

_BY_TAG = (
    ("openai", "mit", "OpenAI's CLIP weights"),
    ("laion", "mit", "LAION's OpenCLIP weights"),
    ("datacomp", "mit", "DataComp's weights"),
    ("commonpool", "mit", "DataComp's weights"),
    ("webli", "apache-2.0", "Google's SigLIP weights"),
    ("metaclip", "cc-by-nc-4.0", "Meta's MetaCLIP weights"),
)
"""Beginning of a tag, identifier of the licence as hubs name it, whose weights they are."""


def of(base: Base) -> tuple[str, str]:
    """The licence's identifier ('unknown' if not known) and a sentence on it."""
    if base.name == STARTER:
        return "apache-2.0", "The base weights are this program's starter, under Apache-2.0."
    for start, identifier, whose in _BY_TAG:
        if base.weights is not None and base.weights.startswith(start):
            return identifier, f"The base weights are {whose}, published under {identifier}."
    where = base.name.removeprefix(HUB_PREFIX) if base.name.startswith(HUB_PREFIX) else base.name
    return (
        "unknown",
        f"The licence of the base weights is not known to this program: see where {where} comes from.",
    )
