"""What blends said, made by numpy and written as the engine writes it: for pages without an engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from engine.data.records import ImageRecord
from engine.evaluation import outputs
from engine.evaluation.outputs import ALPHAS, SetOutputs
from engine.events import BlendReady, Figures
from engine.requests import Curve, SweepAnswer
from engine.run_directory import RunDirectory

WEIGHTS = "made"


def set_outputs(
    name: str,
    kind: str,
    root: Path,
    paths: Sequence[str],
    labels: Sequence[int],
    classes: int,
    alpha: float,
    peak: float,
    seed: int = 0,
) -> SetOutputs:
    """Logits that are right the more often ``alpha`` is to ``peak``; the same for a seed."""
    random = np.random.default_rng(seed)
    labels_N = np.array(labels)
    logits_NC = random.normal(size=(len(labels_N), classes)) * 2
    logits_NC[np.arange(len(labels_N)), labels_N] += 1.0 + 4.0 * (1 - (alpha - peak) ** 2) * peak
    records = [ImageRecord(path, int(label)) for path, label in zip(paths, labels, strict=True)]
    judged = SimpleNamespace(
        name=name, kind=kind, pictures=SimpleNamespace(root=root, records=records), present=None
    )
    return outputs.condense(logits_NC, judged)


def write_stop(run: Path, alpha: float, sets: Sequence[SetOutputs], classes: Sequence[str]) -> BlendReady:
    """One stop on disk, and what the engine says of it."""
    place = RunDirectory(run)
    outputs.write_sets(place.sets_file, WEIGHTS, classes, sets)
    outputs.write_stop(place.stop_file(alpha), WEIGHTS, alpha, sets)
    told = {
        each.name: Figures(
            pictures=len(each), accuracy=outputs.accuracy(each), loss=max(0.0, outputs.loss(each))
        )
        for each in sets
    }
    return BlendReady(alpha=alpha, file=str(place.stop_file(alpha)), sets=told)


def answer(run: Path, told: Sequence[BlendReady], best: float) -> SweepAnswer:
    """What the engine says when all stops are there."""
    told = sorted(told, key=lambda each: each.alpha)
    kinds = {"validation": "validation", "test": "test"}
    curves = {
        name: Curve(
            kind=kinds.get(name, "shift"),
            accuracy=tuple(each.sets[name].accuracy for each in told),
            loss=tuple(each.sets[name].loss for each in told),
        )
        for name in told[0].sets
    }
    alphas = tuple(each.alpha for each in told)
    return SweepAnswer(
        run=str(run), alphas=alphas, best_alpha=best, path=str(RunDirectory(run).sweep_file), curves=curves
    )


def fish_sets(alpha: float, root: Path, test: bool = True) -> list[SetOutputs]:
    """The sets of ``made_runs.result``: two classes, validation best at 0.7, a shift set best at 0.4."""
    given = [("validation", "validation", 40, 0.7), ("chalk", "shift", 60, 0.4), ("pencil", "shift", 60, 0.6)]
    if test:
        given.insert(1, ("test", "test", 50, 0.8))
    made = []
    for seed, (name, kind, count, peak) in enumerate(given):
        labels = [place % 2 for place in range(count)]
        folders = ("golden_fish", "red_bird")
        paths = [f"{folders[label]}/{place}.png" for place, label in enumerate(labels)]
        made.append(set_outputs(name, kind, root / name, paths, labels, 2, alpha, peak, seed))
    return made


def all_stops(run: Path, root: Path, alphas: Sequence[float] = ALPHAS) -> list[BlendReady]:
    """Every stop of the fishes on disk."""
    return [write_stop(run, alpha, fish_sets(alpha, root), ("golden_fish", "red_bird")) for alpha in alphas]
