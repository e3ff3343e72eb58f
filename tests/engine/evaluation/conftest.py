"""One trained run for everything that judges runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.control import Control
from engine.jobs.train import train
from engine.requests import TrainRequest


def content(pictures: Path, shifted: Path, model: Path, method: str = "flyp", seed: int = 0) -> dict:
    """A recipe for the squares that takes a few seconds."""
    return {
        "data": {
            "source": str(pictures),
            "shots": 4,
            "shifts": [{"name": "elsewhere", "source": str(shifted)}],
        },
        "prompts": {"templates": ["a photo of a {}.", "a {}."]},
        "model": {"name": str(model)},
        "method": {"name": method},
        "training": {
            "epochs": 6,
            "batch_size": 12,
            "learning_rate": 2e-3,
            "precision": "fp32",
            "threads": 1,
            "device": "cpu",
            "seed": seed,
        },
    }


@pytest.fixture(scope="package")
def trained(pictures: Path, shifted: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory):
    """Makes a run of a method and seed, once. Not to be written to: copy it."""
    folder = tmp_path_factory.mktemp("trained")
    made: dict[tuple[str, int], Path] = {}

    def run(method: str = "flyp", seed: int = 0) -> Path:
        if (method, seed) not in made:
            out = folder / f"{method}-{seed}"
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("FLYP_CACHE", str(folder / "cache"))
                recipe = content(pictures, shifted, tiny_model, method, seed)
                train(TrainRequest(recipe=recipe, out=str(out)), lambda event: None, Control())
            made[method, seed] = out
        return made[method, seed]

    return run
