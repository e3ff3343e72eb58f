"""Runs for the tests of exports: small, trained here in a moment."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from engine import paths
from engine.control import Control
from engine.exporters import about as abouts
from engine.exporters import find, finished, options_of
from engine.exporters.reader import Outputs
from engine.exporters.subject import Subject, look, make
from engine.jobs.train import train
from engine.requests import TrainRequest

CLASSES = (
    "checked_butterfly_after_dark",
    "spotted_fish_at_dusk",
    "spotted_fish_in_winter",
    "striped_balloon_in_winter",
)


def silent(event: object) -> None:
    del event


def drawings(folder: Path, each: int = 20) -> Path:
    """Some of the bundled sample pictures."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for path in sorted((paths.resources_folder() / "sample" / "pictures" / name).iterdir())[:each]:
            shutil.copyfile(path, folder / name / path.name)
    return folder


def trained(pictures: Path, model: str, out: Path, method: str = "flyp", **training: Any) -> Path:
    """A finished run."""
    recipe = {
        "data": {"source": str(pictures), "validation": 0.4, "test": 0.2},
        "prompts": {"templates": ["a drawing of a {}.", "a {}."]},
        "model": {"name": model},
        "method": {"name": method},
        "training": {
            "epochs": 2,
            "batch_size": 16,
            "learning_rate": 3e-4,
            "precision": "fp32",
            "threads": 1,
            "device": "cpu",
            **training,
        },
    }
    train(TrainRequest(recipe=recipe, out=str(out)), silent, Control())
    return out


def subject(run: Path, alpha: float = 1.0) -> Subject:
    """A run as exporters see it, having looked at its pictures."""
    made = make(finished.load(str(run), alpha, torch.device("cpu"), silent, Control()), Control())
    look(made, Control(), silent)
    return made


def written(given: Subject, format_name: str, folder: Path, **options: Any) -> Outputs:
    """Write one format in this process and say what its own reader says of the subject's pictures."""
    exporter = find(format_name)
    chosen = options_of(exporter, options)
    assert exporter.supports(given, chosen) is None
    about = given.about(format_name, chosen.model_dump())
    folder.mkdir()
    abouts.write(about, folder)
    exporter.write(given, about, chosen, folder, Control())
    assert given.pixels_NHWC is not None
    return exporter.real(folder, abouts.read(folder))(given.pixels_NHWC)
