"""Pictures and models for every test of the engine: small, real, made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.clip import tiny
from tests.engine.painting import COLOURS, paint, paint_folder

__all__ = ["COLOURS", "paint", "paint_folder"]


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
