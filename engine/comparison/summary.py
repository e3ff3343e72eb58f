"""From the figures of every cell to comparison.json. Torch-free.

No time, no path and nothing of the machine goes into it: with fixed seeds the same CPU writes the
same bytes twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.comparison.grid import Cell, Entry
from engine.comparison.statistics import paired, spread

SCHEMA = 1
"""Number of comparison.json's layout."""
REFERENCE = "flyp"
"""The method that the others are compared with, where it takes part."""
SHIFT_MEAN = "shifts: mean"
"""Mean of the shift sets' accuracies; no shift set's name can have a colon."""
ZERO_SHOT = "zero-shot"
"""The method that trains nothing, so that there is nothing to blend."""
BLENDED = " blended"
"""Ends the label of a method's blend at the alpha best on validation."""

_EXTRA = {"macro_f1": "macro F1", "worst_group_accuracy": "worst group"}


@dataclass(frozen=True)
class CellFigures:
    """What a cell came to."""

    cell: Cell
    best_epoch: int | None
    """Epoch whose weights were kept; 0 is zero-shot, None for a method that has no epochs."""
    validation_loss: float
    """Cross-entropy of the kept weights on validation, by which the rate is chosen."""
    sets: dict[str, dict[str, Any]]
    """By set: kind, n, accuracy, nll, macro_f1 and, with groups, worst_group_accuracy."""
    alphas: tuple[float, ...] = ()
    curves: dict[str, dict[str, Any]] | None = None
    """By set: kind, accuracy and loss at each alpha; None where there is no blend."""
    best_alpha: float | None = None
    """By validation."""
    blended: dict[str, dict[str, Any]] | None = None
    """As ``sets``, at best_alpha."""


def measures(sets: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The figures that are compared: accuracies by set, their mean over shift sets, and further ones."""
    found = {name: one["accuracy"] for name, one in sets.items()}
    shifts = [one["accuracy"] for one in sets.values() if one["kind"] == "shift"]
    if shifts:
        found[SHIFT_MEAN] = sum(shifts) / len(shifts)
    for name, one in sets.items():
        found |= {f"{name}: {words}": one[key] for key, words in _EXTRA.items() if key in one}
    return {name: round(float(value), 6) for name, value in found.items()}


def chosen(figures: Sequence[CellFigures]) -> list[CellFigures]:
    """Of each method, shots and seed the cell with the lowest validation loss; ties keep the lower rate."""
    best: dict[tuple[str, int | None, int], CellFigures] = {}
    for one in figures:
        key = (one.cell.entry.label, one.cell.shots, one.cell.seed)
        held = best.get(key)
        rank = (one.validation_loss, one.cell.rate or 0.0)
        if held is None or rank < (held.validation_loss, held.cell.rate or 0.0):
            best[key] = one
    return list(best.values())


def content(
    figures: Sequence[CellFigures],
    entries: Sequence[Entry],
    rates: Sequence[float],
    recipe: dict[str, Any],
) -> dict[str, Any]:
    """All of comparison.json."""
    by_validation = chosen(figures)
    searched = any(entry.has_rate for entry in entries)
    labels = [entry.label for entry in entries]
    reference = REFERENCE if REFERENCE in labels else labels[0]
    return {
        "schema": SCHEMA,
        "recipe": recipe,
        "search": {
            "rates": sorted(rates) if searched else [],
            "budget": len(rates) if searched else 0,
            "chosen_by": "lowest validation loss of the kept epoch, for each method, shots and seed",
            "without_rate": [entry.label for entry in entries if not entry.has_rate],
            "apart": {entry.label: entry.apart for entry in entries if entry.apart},
            "clipped": {entry.label: entry.clips for entry in entries if entry.has_rate},
            "alpha_chosen_by": "highest validation accuracy, then lower validation loss, then larger alpha",
        },
        "reference": reference,
        "cells": [_cell(one, one in by_validation) for one in figures],
        "chosen": _table(by_validation, entries, reference),
        "matched": [
            {"rate": rate, "rows": _table(_at(figures, rate), entries, reference)} for rate in sorted(rates)
        ]
        if searched
        else [],
    }


def _at(figures: Sequence[CellFigures], rate: float) -> list[CellFigures]:
    """The cells of one rate, and those that have none: they are the same at every rate."""
    return [one for one in figures if one.cell.rate in (rate, None)]


def _cell(one: CellFigures, is_chosen: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.cell.name,
        "method": one.cell.entry.label,
        "shots": one.cell.shots,
        "seed": one.cell.seed,
        "rate": one.cell.rate,
        "chosen": is_chosen,
        "best_epoch": one.best_epoch,
        "validation_loss": round(one.validation_loss, 6),
        "measures": measures(one.sets),
    }
    if one.blended is not None:
        found["best_alpha"] = one.best_alpha
        found["blended"] = measures(one.blended)
    if one.curves is not None:
        found["alphas"] = list(one.alphas)
        found["curves"] = {
            name: [round(float(value), 6) for value in curve["accuracy"]]
            for name, curve in one.curves.items()
        }
    return found


def _table(figures: Sequence[CellFigures], entries: Sequence[Entry], reference: str) -> list[dict[str, Any]]:
    """A row for each shots and method, and one for its blend."""
    rows: list[dict[str, Any]] = []
    shots = sorted({one.cell.shots for one in figures}, key=lambda k: (k is None, k or 0))
    for k in shots:
        of_method: dict[str, dict[int, dict[str, float]]] = {}
        about: dict[str, dict[str, Any]] = {}
        for entry in entries:
            here = [one for one in figures if one.cell.shots == k and one.cell.entry.label == entry.label]
            if not here:
                continue
            of_method[entry.label] = {one.cell.seed: measures(one.sets) for one in here}
            rates = {str(one.cell.seed): one.cell.rate for one in here}
            about[entry.label] = {"rates": rates if entry.has_rate else {}}
            blends = [one for one in here if one.blended is not None]
            if blends:
                label = entry.label + BLENDED
                of_method[label] = {one.cell.seed: measures(one.blended or {}) for one in blends}
                about[label] = {
                    **about[entry.label],
                    "alphas": {str(one.cell.seed): one.best_alpha for one in blends},
                }
        references = [name for name in (reference, reference + BLENDED) if name in of_method]
        for label, of_seed in of_method.items():
            rows.append(
                {
                    "method": label,
                    "shots": k,
                    **about[label],
                    "measures": _spreads(of_seed),
                    "differences": {
                        name: _differences(of_seed, of_method[name]) for name in references if name != label
                    },
                }
            )
    return rows


def _names(of_seed: dict[int, dict[str, float]]) -> list[str]:
    first, *others = of_seed.values()
    return [name for name in first if all(name in other for other in others)]


def _spreads(of_seed: dict[int, dict[str, float]]) -> dict[str, Any]:
    return {name: spread([one[name] for one in of_seed.values()]) for name in _names(of_seed)}


def _differences(
    ours: dict[int, dict[str, float]], theirs: dict[int, dict[str, float]]
) -> dict[str, dict[str, Any]]:
    """Paired by seed; of validation nothing is claimed, it was used for choosing."""
    names = [name for name in _names(ours) if name in _names(theirs)]
    return {
        name: paired(
            {seed: one[name] for seed, one in ours.items()}, {seed: one[name] for seed, one in theirs.items()}
        )
        for name in names
        if name.partition(":")[0] != "validation"
    }
