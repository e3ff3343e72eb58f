"""Predictions as the person looks at them: another threshold, a part of them, a table, sorted copies. Knows no Qt.

The engine judged the pictures; the threshold only decides which count as sure, so that moving it asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine import files
from engine.control import Control
from engine.exports import MeasuredThreshold, PredictAnswer, PredictedPicture
from engine.prediction import outcome

ALL, NOT_SURE, UNREADABLE = "", "?", "!"
"""Parts that are no class; a class stands for itself after a colon."""


def part_of_class(name: str) -> str:
    """The part of the pictures that are said to be of a class."""
    return f":{name}"


def sure(picture: PredictedPicture, threshold: float) -> bool:
    """Its best probability reaches the threshold."""
    return bool(picture.guesses) and picture.guesses[0].probability >= threshold


def part(pictures: Sequence[PredictedPicture], which: str, threshold: float) -> list[int]:
    """Places of the pictures of a part, in their order."""
    if which == ALL:
        return list(range(len(pictures)))
    if which == UNREADABLE:
        return [place for place, each in enumerate(pictures) if not each.guesses]
    if which == NOT_SURE:
        return [p for p, each in enumerate(pictures) if each.guesses and not sure(each, threshold)]
    name = which[1:]
    return [
        p for p, each in enumerate(pictures) if sure(each, threshold) and each.guesses[0].class_name == name
    ]


def counts(answer: PredictAnswer, threshold: float) -> dict[str, int]:
    """How many pictures each part has; every class is there."""
    found = {part_of_class(name): 0 for name in answer.classes} | {NOT_SURE: 0, UNREADABLE: 0}
    for each in answer.pictures:
        if not each.guesses:
            found[UNREADABLE] += 1
        elif sure(each, threshold):
            found[part_of_class(each.guesses[0].class_name)] += 1
        else:
            found[NOT_SURE] += 1
    return {ALL: len(answer.pictures), **found}


def measured_at(measured: Sequence[MeasuredThreshold], threshold: float) -> MeasuredThreshold | None:
    """The measurement at the threshold, or at the nearest one below it."""
    below = [each for each in measured if each.threshold <= threshold + 1e-9]
    return below[-1] if below else None


def at(pictures: Sequence[PredictedPicture], threshold: float) -> list[PredictedPicture]:
    """The same predictions, sure from another threshold on."""
    return [each.model_copy(update={"sure": sure(each, threshold)}) for each in pictures]


def save_table(out: Path, pictures: Sequence[PredictedPicture], threshold: float) -> Path:
    """The table that ``flyp predict --csv`` writes. Raises EngineError if that cannot be."""
    top = max((len(each.guesses) for each in pictures), default=1)
    files.write_text(out, outcome.table(at(pictures, threshold), top))
    return out


def sort_copies(
    into: Path,
    given: Sequence[str],
    answer: PredictAnswer,
    threshold: float,
    control: Control,
    told: Callable[[int, int], None],
) -> int:
    """Copies into class folders; returns how many. ``told`` is given those done and those to do.

    Originals stay, nothing is overwritten. Raises EngineError, or Cancelled; what is copied by then stays.
    """
    outcome.check_sorting(into, given)
    names = outcome.folder_names(answer.classes)
    readable = [each for each in at(answer.pictures, threshold) if each.guesses]
    for number, each in enumerate(readable, start=1):
        control.check()
        outcome.copy(each, into, names, control)
        told(number, len(readable))
    return len(readable)
