"""The figures of a run at the blend that leaves, for the model card: from its sweep or its result.json."""

from __future__ import annotations

from typing import Any

from engine.errors import EngineError
from engine.evaluation import outputs
from engine.evaluation.reopened import identity
from engine.run_directory import RunDirectory


def result(run: RunDirectory, alpha: float) -> dict[str, Any] | None:
    """In the form of result.json, which is the fallback where that blend was not judged; None without one."""
    stored = run.result() if run.result_file.is_file() else None
    if stored is not None and abs(float(stored.get("alpha", 1.0)) - alpha) < 1e-9:
        return stored
    return _swept(run, alpha) or stored


def _swept(run: RunDirectory, alpha: float) -> dict[str, Any] | None:
    """From a sweep of these very weights; None if it has not come to that blend."""
    try:
        sets = outputs.read_sets(run.sets_file)
        if sets is None or sets.weights != identity(run) or abs(round(alpha, 2) - alpha) > 1e-9:
            return None
        after = outputs.read_stop(run.stop_file(alpha), sets)
        before = outputs.read_stop(run.stop_file(0.0), sets)
    except EngineError:
        # a damaged sweep is no reason against an export
        return None
    if after is None:
        return None
    found: dict[str, Any] = {}
    for number, one in enumerate(after):
        found[one.name] = {**outputs.figures(one, sets.classes), "kind": one.kind}
        if before is not None:
            found[one.name]["zero_shot"] = outputs.figures(before[number], sets.classes)
    return {"alpha": alpha, "sets": found}
