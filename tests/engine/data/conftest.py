"""Small real pictures on disk for the tests of the data room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

Paint = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "the cache"))


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Paint a picture of its own colour (by its path) at a path under the test's folder."""

    def one(path: str, side: int = 32, like: str = "") -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        colour = tuple(hashlib.sha256((like or path).encode()).digest()[:3])
        Image.new("RGB", (side, side), colour).save(file, "PNG")
        return file

    return one


@pytest.fixture
def folders(paint: Paint) -> Callable[..., None]:
    """Paint class folders: ``folders("set", cat=4, dog=3)``."""

    def many(root: str, **counts: int) -> None:
        for name, count in counts.items():
            for i in range(count):
                paint(f"{root}/{name}/{i:02d}.png")

    return many
