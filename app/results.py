"""A run's figures (``result.json``) in the form that Evaluate shows. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.evaluation.metrics import Ints
from engine.run_directory import RunDirectory

_ORDER = {"test": 0, "validation": 1, "shift": 2, "other": 3, "mean": 4}


@dataclass(frozen=True)
class OfClass:
    """One class in one set."""

    name: str
    pictures: int
    before: float | None
    after: float
    interval: tuple[float, float]

    @property
    def change(self) -> float | None:
        return None if self.before is None else self.after - self.before


@dataclass(frozen=True)
class SetResult:
    """One set of pictures, before and after."""

    name: str
    kind: str
    """test, validation, shift, mean (over the shifted sets), or other (not part of the run)."""
    series: int
    """Its place among the series: 0 validation, then the shifted sets; -1 for the test and others."""
    pictures: int
    before: float | None
    after: float
    interval: tuple[float, float] | None
    last: float | None = None
    """Accuracy of the last epoch's weights."""
    classes: int = 0
    of_classes: int = 0
    """Of how many classes the model knows the set has pictures."""
    per_class: tuple[OfClass, ...] = ()
    alpha: float = 1.0
    """The blend that ``after`` is of."""
    after_figures: dict[str, Any] = field(default_factory=dict)
    before_figures: dict[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> float | None:
        return None if self.before is None else self.after - self.before

    def worst_class(self) -> OfClass | None:
        """The class with the fewest right."""
        return min(self.per_class, key=lambda each: each.after, default=None)


@dataclass(frozen=True)
class Result:
    """All figures of a run."""

    sets: tuple[SetResult, ...]
    alpha: float
    best_epoch: int | None
    last_epoch: int | None
    classes: tuple[str, ...]

    @property
    def main(self) -> SetResult | None:
        """The set that counts: the test, or else validation."""
        return next((each for each in self.sets if each.kind in ("test", "validation")), None)

    @property
    def has_test(self) -> bool:
        return any(each.kind == "test" for each in self.sets)


def read(folder: Path) -> Result:
    """The figures of a run. Raises EngineError if there are none or they cannot be understood."""
    return understood(RunDirectory(folder).result(), str(folder))


def understood(content: dict[str, Any], where: str, other: bool = False) -> Result:
    """The figures in a result; ``other`` if it is of pictures that do not belong to the run."""
    try:
        classes = tuple(content["classes"])
        alpha = float(content["alpha"])
        sets = [_set(name, each, len(classes), other, alpha) for name, each in content["sets"].items()]
        sets.sort(key=lambda each: _ORDER[each.kind])
        shifts = [each for each in sets if each.kind == "shift"]
        numbered = {each.name: number for number, each in enumerate(shifts, start=1)}
        sets = [_numbered(each, numbered) for each in sets]
        mean = _mean(shifts)
        return Result(
            sets=tuple(sets) if mean is None else (*sets, mean),
            alpha=alpha,
            best_epoch=content.get("best_epoch"),
            last_epoch=content.get("last_epoch"),
            classes=classes,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"result.json lacks {error}"
        raise EngineError("run.damaged", path=where, reason=reason) from None


def _set(name: str, found: dict[str, Any], classes: int, other: bool, alpha: float) -> SetResult:
    before, last = found.get("zero_shot"), found.get("last")
    low, high = found["interval"]
    before_classes = before["per_class"] if before else {}
    per_class = tuple(
        OfClass(
            each,
            int(figures["n"]),
            float(before_classes[each]["accuracy"]) if each in before_classes else None,
            float(figures["accuracy"]),
            (float(figures["interval"][0]), float(figures["interval"][1])),
        )
        for each, figures in found["per_class"].items()
    )
    return SetResult(
        name=name,
        kind="other" if other else found["kind"],
        series=-1,
        pictures=int(found["n"]),
        before=float(before["accuracy"]) if before else None,
        after=float(found["accuracy"]),
        interval=(float(low), float(high)),
        last=float(last["accuracy"]) if last else None,
        classes=int(found["classes"]),
        of_classes=classes,
        per_class=per_class,
        alpha=alpha,
        after_figures=found,
        before_figures=before or {},
    )


def _numbered(each: SetResult, numbers: dict[str, int]) -> SetResult:
    number = {"validation": 0, "shift": numbers.get(each.name, -1)}.get(each.kind, -1)
    return SetResult(**{**each.__dict__, "series": number})


def _mean(shifts: list[SetResult]) -> SetResult | None:
    """Of several shifted sets, each counting the same."""
    if len(shifts) < 2:
        return None
    befores = [each.before for each in shifts if each.before is not None]
    lasts = [each.last for each in shifts if each.last is not None]
    return SetResult(
        name="",
        kind="mean",
        alpha=shifts[0].alpha,
        series=-1,
        pictures=sum(each.pictures for each in shifts),
        before=sum(befores) / len(befores) if len(befores) == len(shifts) else None,
        after=sum(each.after for each in shifts) / len(shifts),
        interval=None,
        last=sum(lasts) / len(lasts) if len(lasts) == len(shifts) else None,
    )


def matrix(each: SetResult) -> Ints:
    """Confusion counts of a set, C × C: rows the true class, columns the said one; empty if they are not known."""
    counts = each.after_figures.get("confusion") or []
    made: Ints = np.array(counts, dtype=np.int64).reshape(len(counts), len(counts))
    return made
