"""A line of the model list: what is known of a model, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt

from app import estimates, texts
from app.estimates import Fits
from engine.answers import ModelEntry

translate = QCoreApplication.translate

Key = tuple[str, str | None]
"""A recipe's model.name and model.weights."""
ROW = Qt.ItemDataRole.UserRole
"""Item role: the ``ModelRow`` of an index."""
SORT = Qt.ItemDataRole.UserRole + 1
NAME, PARAMETERS, SIDE, MEMORY, STATE = range(5)


@dataclass(frozen=True)
class ModelRow:
    """One line of the list."""

    key: Key
    title: str
    second: str
    """Below the name: the weights, or where it comes from."""
    facts: estimates.Facts
    memory: int | None
    fits: Fits
    here: bool
    """On this machine."""
    missing: str = ""
    """What has to be installed first; the whole message."""
    trouble: str = ""
    """Why it cannot be used although it is here."""
    badge: str = ""
    tone: Literal["", "accent"] = ""
    chosen: bool = False
    fetching: float | None = None
    """Share of its download that is done; None when none is under way."""


def parameters(facts: estimates.Facts) -> str:
    """151 million as people write it."""
    if facts.parameters is None:
        return "–"
    millions = facts.parameters / 1e6
    return f"{millions:.1f}\u202fM" if millions < 10 else f"{texts.number(round(millions))}\u202fM"


def side(facts: estimates.Facts) -> str:
    if facts.input_size is None:
        return "–"
    height, width = facts.input_size
    return f"{height}\u202fpx" if height == width else f"{width} × {height}\u202fpx"


def memory_words(row: ModelRow) -> str:
    return (
        translate("models", "not known")
        if row.memory is None
        else translate("models", "about {}").format(texts.size(row.memory))
    )


def fits_words(fits: Fits) -> str:
    """In words what the mark says."""
    return {
        Fits.WELL: translate("models", "fits"),
        Fits.TIGHT: translate("models", "tight"),
        Fits.NOT: translate("models", "too large here"),
        Fits.UNKNOWN: translate("models", "not known yet"),
    }[fits]


def memory_help() -> str:
    """How the estimate is made and what its words mean."""
    return translate(
        "models",
        "An estimate for training in 32 bits: 16 bytes for each parameter (weights, gradients, AdamW) and what "
        "{} pictures a step keep for the way back. Tight: it works if fewer pictures pass at once, see Method, "
        "Advanced. The check on the Method page measures it.",
    ).format(estimates.STEP)


def state_words(row: ModelRow) -> tuple[str, str]:
    """Where its weights are: the word, and how much there is of it."""
    size = texts.size(row.facts.octets) if row.facts.octets is not None else ""
    if row.missing:
        return translate("models", "needs an extra"), size
    if row.trouble and row.here:
        return translate("models", "cannot be used"), size
    if row.here:
        return translate("models", "here"), size
    if row.fetching is not None:
        return translate("models", "downloading {}").format(texts.percent(row.fetching, 0)), size
    return translate("models", "to download"), size


def own_row(
    key: Key, facts: estimates.Facts | None, memory: int | None, here: bool, trouble: str = ""
) -> ModelRow:
    """A model of the person's own: a folder, a weights file with its architecture, or one of the hub."""
    name, weights = key
    if name.startswith("hf-hub:"):
        title, second = name.removeprefix("hf-hub:"), translate("models", "from the Hugging Face hub")
    elif weights is not None:
        title, second = f"{name}, {_last(weights)}", translate("models", "weights file {}").format(weights)
    else:
        title, second = _last(name), translate("models", "folder {}").format(name)
    known = facts or estimates.Facts("vit", name, None, None, None)
    return ModelRow(
        key, title, second, known, estimates.memory_to_train(known), estimates.fits(known, memory), here,
        trouble=trouble, badge=translate("models", "your own"),
    )  # fmt: skip


def _last(path: str) -> str:
    return path.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]


def entry_row(entry: ModelEntry, memory: int | None, recommended: bool) -> ModelRow:
    """A model of the catalogue."""
    facts = estimates.of_entry(entry)
    starter = entry.name == "starter"
    second = translate("models", "bundled with the program") if starter else entry.weights or ""
    badge: str = (
        translate("models", "drawings only")
        if starter
        else translate("models", "recommended")
        if recommended
        else ""
    )
    return ModelRow(
        key=(entry.name, entry.weights),
        title=entry.name,
        second=second,
        facts=facts,
        memory=estimates.memory_to_train(facts),
        fits=estimates.fits(facts, memory),
        here=entry.downloaded,
        missing=texts.whole(entry.unavailable) if entry.unavailable is not None else "",
        badge=badge,
        tone="accent" if recommended and not starter else "",
    )


def in_order(rows: list[ModelRow], recommended: Key | None) -> list[ModelRow]:
    """The recommended first, then what is here, then what fits; OpenAI's transformers before the rest."""
    worst = [Fits.WELL, Fits.TIGHT, Fits.UNKNOWN, Fits.NOT]
    return sorted(
        rows,
        key=lambda row: (
            row.key != recommended,
            not row.here,
            bool(row.missing or row.trouble),
            worst.index(row.fits),
            not (row.key[1] == "openai" and row.title.startswith("ViT")),
        ),
    )
