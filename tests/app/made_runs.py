"""Runs for tests: written by hand with the engine's own classes, or really trained by its command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.events import EvaluationDone, Figures, Reason, RunFinished, RunStarted
from engine.recipe import Data, Method, Model, Recipe, Training, write
from engine.run_directory import RunDirectory

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("golden_fish", "red_bird")


def figures(accuracy: float, pictures: int, kind: str = "") -> dict[str, Any]:
    """One set's figures as in result.json, without the columns beside it."""
    half = pictures // 2
    made: dict[str, Any] = {
        "n": pictures,
        "accuracy": accuracy,
        "interval": [accuracy - 0.05, min(1.0, accuracy + 0.04)],
        "macro_f1": accuracy - 0.01,
        "worst_class_accuracy": accuracy - 0.1,
        "ece": 0.034,
        "nll": 0.5,
        "classes": 2,
        "per_class": {
            "golden_fish": {"n": half, "accuracy": accuracy + 0.1, "interval": [0.5, 0.9], "f1": 0.7},
            "red_bird": {"n": half, "accuracy": accuracy - 0.1, "interval": [0.3, 0.7], "f1": 0.7},
        },
        "confusion": [[half, 0], [0, half]],
        "intervals": {"ece": [0.03, 0.05], "macro_f1": [0.6, 0.8], "nll": [0.4, 0.6]},
    }
    return made if not kind else {**made, "kind": kind}


def result(test: bool = True) -> dict[str, Any]:
    """A result.json: test 0.5 to 0.8, validation 0.5 to 0.85, two shifted sets."""
    given = {"validation": (0.5, 0.85, 40), "chalk": (0.4, 0.3, 60), "pencil": (0.4, 0.7, 60)}
    sets = {
        name: {
            **figures(after, n, "validation" if name == "validation" else "shift"),
            "zero_shot": figures(before, n),
            "last": figures(after - 0.02, n),
        }
        for name, (before, after, n) in given.items()
    }
    if test:
        sets["test"] = {**figures(0.8, 50, "test"), "zero_shot": figures(0.5, 50), "last": figures(0.78, 50)}
    return {
        "method": "flyp",
        "model": "starter",
        "seed": 0,
        "split_seed": 0,
        "alpha": 1.0,
        "best_epoch": 2,
        "last_epoch": 3,
        "steps": 30,
        "classes": list(CLASSES),
        "sets": sets,
    }


def write_run(
    folder: Path,
    reason: Reason | None = Reason.FINISHED,
    judged: dict[str, Any] | None = None,
    hour: int = 8,
    checkpoint: bool = True,
    method: str = "flyp",
    tried: tuple[float, ...] = (0.5, 0.6, 0.85, 0.8),
    **training: Any,
) -> Path:
    """A run of three epochs that was ended so; None for one whose process was killed.

    One of another ``method`` than flyp learns from features: what it counts are candidates, a step each.
    ``tried`` are the accuracies on validation, the first of before training, the best one kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    asked = Recipe(
        data=Data(source=str(folder.parent / "fishes"), shots=4 if training.get("epochs") == 3 else None),
        model=Model(name="starter"),
        method=Method(name=method),
        training=Training(**{"epochs": 3, **training}),
    )
    steps, best = (10 if method == "flyp" else 1), max(range(len(tried)), key=lambda epoch: tried[epoch])
    epochs = asked.training.epochs if method == "flyp" else len(tried) - 1
    run = RunDirectory.create(folder, asked)
    run.record(
        RunStarted(
            run=str(folder), attempt=1, start_step=0, total_steps=steps * (len(tried) - 1),
            epochs=epochs, steps_per_epoch=steps, batch_size=32 if method == "flyp" else 0, method=method,
            model="starter", seed=0, classes=CLASSES,
            sets=(), plan={}, time=f"2026-11-24T{hour:02}:15:00+00:00",
        )
    )  # fmt: skip
    for epoch, accuracy in enumerate(tried):
        told = {"validation": Figures(pictures=40, accuracy=accuracy, loss=1 - accuracy)}
        run.record(EvaluationDone(step=steps * epoch, epoch=epoch, sets=told, best=epoch <= best))
    if reason is not None:
        run.record(RunFinished(reason=reason, best_epoch=best))
    if judged is not None:
        run.write_result(judged)
    if checkpoint:
        for name in ("best", "last"):
            run.checkpoint(name).mkdir(parents=True)  # type: ignore[arg-type]
            (run.checkpoint(name) / "model.safetensors").write_bytes(b"w" * 3_000_000)  # type: ignore[arg-type]
    run.close()
    return folder


def small_recipe(pictures: Path, model: Path, place: Path, epochs: int) -> Path:
    """A recipe that takes seconds, as a file."""
    asked = Recipe(
        data=Data(source=str(pictures), validation=0.25, test=0.25),
        model=Model(name=str(model)),
        training=Training(epochs=epochs, batch_size=4, learning_rate=1e-3, device="cpu", threads=1),
    )
    write(asked, place)
    return place


def train(recipe: Path, out: Path) -> subprocess.Popen[bytes]:
    """Train it with the engine's own command."""
    command = [sys.executable, "-m", "engine", "train", str(recipe), "--out", str(out)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
