"""Pictures and models for every test of the engine: small, real, made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.clip import tiny

COLOURS = {"blue_thing": (40, 60, 220), "green_thing": (40, 200, 60), "red_thing": (220, 50, 40)}


def paint(path: Path, colour: tuple[int, int, int], seed: int, size: int = 40) -> None:
    """A noisy square of a colour on a random ground; no two are the same."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (size, size, 3))
    left, top = random.integers(4, 12, 2)
    pixels[top : top + 24, left : left + 24] = np.array(colour) + random.integers(-30, 30, (24, 24, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def paint_folder(folder: Path, each: int, seed: int = 0) -> Path:
    """Class folders of coloured squares."""
    for number, (name, colour) in enumerate(COLOURS.items()):
        for index in range(each):
            paint(folder / name / f"{index:03}.png", colour, seed + 1000 * number + index)
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 20 pictures. Not to be written to."""
    return paint_folder(tmp_path_factory.mktemp("pictures") / "squares", 20)


@pytest.fixture(scope="session")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same classes from elsewhere."""
    return paint_folder(tmp_path_factory.mktemp("shifted") / "elsewhere", 5, seed=77_000)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An open_clip folder with a small ViT."""
    return tiny.make(tmp_path_factory.mktemp("model") / "vit", "vit")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's folders lie in the test's own place, also for processes it starts."""
    monkeypatch.setenv("FLYP_HOME", str(tmp_path / "flyp-home"))
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "flyp-cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


RecipeMaker = Callable[..., dict]


@pytest.fixture
def make_recipe(pictures: Path, shifted: Path, tiny_model: Path) -> RecipeMaker:
    """A recipe's content for the squares and the small model; sections can be changed."""

    def make(**sections: dict) -> dict:
        content: dict = {
            "data": {
                "source": str(pictures),
                "shots": 4,
                "shifts": [{"name": "elsewhere", "source": str(shifted)}],
            },
            "prompts": {"templates": ["a photo of a {}.", "a {}."]},
            "model": {"name": str(tiny_model)},
            "method": {"name": "flyp"},
            "training": {
                "epochs": 3,
                "batch_size": 6,
                "learning_rate": 1e-3,
                "precision": "fp32",
                "threads": 1,
                "device": "cpu",
            },
        }
        for name, change in sections.items():
            content[name] = {**content.get(name, {}), **change}
        return content

    return make
