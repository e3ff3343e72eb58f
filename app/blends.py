"""A run judged at stops between before and after, in memory: all that Evaluate shows at once. Knows no Qt.

Reading and counting is done in a worker when a stop is ready, so that going from one to another costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from app import results
from app.results import Result
from engine.answers import SweepAnswer
from engine.errors import EngineError
from engine.evaluation import outputs
from engine.evaluation.metrics import Ints
from engine.evaluation.outputs import ALPHAS, SetOutputs, Sets
from engine.run_directory import RunDirectory

__all__ = ["ALPHAS"]  # what comes from elsewhere


@dataclass(frozen=True, eq=False)
class Stop:
    """One blend of a run, judged."""

    alpha: float
    outputs: dict[str, SetOutputs]
    """By name of the set."""
    figures: dict[str, dict[str, Any]]
    """By name of the set, as in result.json but for the confusion counts and the bootstrap intervals."""
    classes: tuple[str, ...]
    wrong: dict[str, Ints]
    """Places of the pictures that are wrong, the surest first."""

    def matrix(self, name: str) -> Ints:
        """Confusion counts of a set, C × C: rows the true class, columns the said one.

        Counted when asked for: of a thousand classes, all sets and stops would take gigabytes.
        """
        return outputs.confusion(self.outputs[name], len(self.classes))


@dataclass(frozen=True, eq=False)
class Stored:
    """What lies in a run's folder."""

    sets: Sets | None = None
    stops: tuple[Stop, ...] = ()
    answer: SweepAnswer | None = None
    """What the last complete sweep said."""


def same(one: float, other: float) -> bool:
    """Are they the same stop?"""
    return abs(one - other) < 1e-6


def judged(alpha: float, found: Iterable[SetOutputs], classes: tuple[str, ...]) -> Stop:
    """All that is shown of a stop."""
    by_name = {each.name: each for each in found}
    return Stop(
        alpha=alpha,
        outputs=by_name,
        figures={name: _figures(each, classes) for name, each in by_name.items()},
        classes=classes,
        wrong={name: _surest(each, each.predicted_N != each.labels_N) for name, each in by_name.items()},
    )


def _figures(of: SetOutputs, classes: tuple[str, ...]) -> dict[str, Any]:
    found = outputs.figures(of, classes)
    del found["confusion"]
    return found


def _surest(of: SetOutputs, which_N: Any) -> Ints:
    """Places of the pictures that are meant, the most confident first."""
    places: Ints = np.flatnonzero(which_N)
    order: Ints = places[np.argsort(-of.confidence_N[places], kind="stable")]
    return order


def pictures_of(of: SetOutputs, truth: int | None, said: int | None) -> Ints:
    """Places of the pictures of a class (all for None) that were said to be another; the surest first.

    Without ``said`` only those that are wrong.
    """
    which_N = of.predicted_N != of.labels_N if said is None else of.predicted_N == said
    if truth is not None:
        which_N = which_N & (of.labels_N == truth)
    return _surest(of, which_N)


# --- from disk ------------------------------------------------------------------------------------


def stored(folder: Path) -> Stored:
    """What was judged already, with the weights as they are now. What cannot be read is as if it were not there."""
    run = RunDirectory(folder)
    try:
        if not _is_of_these_weights(run):
            return Stored()
        sets = outputs.read_sets(run.sets_file)
    except (EngineError, OSError):
        return Stored()
    if sets is None:
        return Stored()
    stops = [stop for alpha in ALPHAS if (stop := _stored_stop(run, alpha, sets)) is not None]
    return Stored(sets, tuple(stops), _answer(run, sets.weights))


def swept(folder: Path) -> SweepAnswer | None:
    """What the last complete sweep said of the run as it is now; None if there was none."""
    run = RunDirectory(folder)
    try:
        sets = outputs.read_sets(run.sets_file) if _is_of_these_weights(run) else None
    except (EngineError, OSError):
        return None
    return None if sets is None else _answer(run, sets.weights)


def _is_of_these_weights(run: RunDirectory) -> bool:
    """Weights that are newer than what was judged were not judged; the engine looks closer, by their hash."""
    weights = run.standing_checkpoint("best")
    newest = max((file.stat().st_mtime_ns for file in weights.glob("*.safetensors")), default=0)
    return run.sets_file.stat().st_mtime_ns >= newest


def _stored_stop(run: RunDirectory, alpha: float, sets: Sets) -> Stop | None:
    try:
        found = outputs.read_stop(run.stop_file(alpha), sets)
    except EngineError:
        # damaged: the engine judges it anew
        return None
    return None if found is None else judged(alpha, found, sets.classes)


def _answer(run: RunDirectory, weights: str) -> SweepAnswer | None:
    try:
        content = run.sweep() or {}
        if content.pop("weights", None) != weights:
            return None
        return SweepAnswer.model_validate({**content, "run": str(run.path), "path": str(run.sweep_file)})
    except (EngineError, ValidationError):
        return None


def arrived(folder: Path, file: Path, alpha: float, known: Sets | None) -> tuple[Sets, Stop]:
    """A stop that the engine has just written. Raises EngineError if it cannot be read."""
    run = RunDirectory(folder)
    if known is not None and (found := outputs.read_stop(file, known)) is not None:
        return known, judged(alpha, found, known.classes)
    sets = outputs.read_sets(run.sets_file)
    found = None if sets is None else outputs.read_stop(file, sets)
    if sets is None or found is None:
        raise EngineError("run.damaged", path=str(folder), reason=f"{file.name} is of other weights")
    return sets, judged(alpha, found, sets.classes)


# --- what follows from several stops --------------------------------------------------------------


def best(stops: Iterable[Stop]) -> float | None:
    """The stop with the highest accuracy on validation, then the lower loss, then the larger alpha.

    None without a validation set. No other set chooses.
    """
    found = []
    for stop in stops:
        figures = [stop.figures[name] for name, each in stop.outputs.items() if each.kind == "validation"]
        if figures:
            found.append((figures[0]["accuracy"], -figures[0]["nll"], stop.alpha))
    return max(found)[2] if found else None


def result_at(stop: Stop, before: Stop | None, run: Result) -> Result:
    """The run's figures at a stop; what is known at no other blend than the run's own stays with that."""
    own = same(stop.alpha, run.alpha)
    first = {each.name: each for each in run.sets}
    content: dict[str, Any] = {}
    for name, figures in stop.figures.items():
        known = first.get(name)
        made = {**figures, "kind": stop.outputs[name].kind, "intervals": {}}
        if known is not None and own:
            made["intervals"] = known.after_figures.get("intervals", {})
            made["last"] = known.after_figures.get("last")
        if before is not None:
            made["zero_shot"] = before.figures[name]
        elif known is not None and known.before_figures:
            made["zero_shot"] = known.before_figures
        content[name] = made
    whole = {
        "classes": run.classes,
        "alpha": stop.alpha,
        "best_epoch": run.best_epoch,
        "last_epoch": run.last_epoch,
        "sets": content,
    }
    return results.understood(whole, "")
