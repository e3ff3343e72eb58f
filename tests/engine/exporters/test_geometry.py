"""The script of the classifier folder prepares every picture as this program does, pixel for pixel."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import paths
from engine.data.fit import Fit, for_evaluation
from engine.data.pictures import open_rgb

_ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures of many shapes, modes and orientations."""
    folder = tmp_path_factory.mktemp("shapes")
    random = np.random.default_rng(0)

    def noise(width: int, height: int, channels: int = 3) -> Image.Image:
        return Image.fromarray(random.integers(0, 256, (height, width, channels), dtype=np.uint8))

    for width, height in ((40, 40), (64, 48), (47, 61), (33, 100), (101, 37), (20, 15), (32, 35), (39, 32)):
        noise(width, height).save(folder / f"{width}x{height}.png")
    noise(60, 41, 4).save(folder / "clear.png")
    noise(44, 50).convert("P").save(folder / "palette.gif")
    noise(51, 40).convert("L").save(folder / "gray.png")
    deep = random.integers(0, 65536, (45, 52), dtype=np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    for turn in (2, 3, 4, 5, 6, 7, 8):
        exif = Image.Exif()
        exif[_ORIENTATION] = turn
        noise(58, 44).save(folder / f"turned{turn}.png", exif=exif)
    return sorted(folder.iterdir())


def script(folder: Path, preprocessing: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """predict.py as it lies in a classifier folder with such preprocessing."""
    source = paths.resources_folder() / "classifier" / "predict.py"
    (folder / "predict.py").write_bytes(source.read_bytes())
    (folder / "preprocessing.json").write_text(json.dumps(preprocessing), encoding="utf-8")
    (folder / "labels.json").write_text('["a", "b"]', encoding="utf-8")
    spec = importlib.util.spec_from_file_location("predict_alone", folder / "predict.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "predict_alone", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("mode", ["crop", "squash", "letterbox"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (31, 31), (24, 40)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_pixel_for_pixel(
    mode: Any,
    height: int,
    width: int,
    interpolation: str,
    files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preprocessing = {
        "height": height,
        "width": width,
        "mode": mode,
        "interpolation": interpolation,
        "fill": 7,
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    alone = script(tmp_path, preprocessing, monkeypatch)
    fit = Fit(height, width, mode, interpolation, (7, 7, 7))
    for path in files:
        wanted = np.asarray(for_evaluation(open_rgb(path), fit))
        found = alone.pixels(path)
        assert found.shape == wanted.shape
        differing = int((found != wanted).sum())
        # blending transparency has two roundings in Pillow, a level apart
        assert differing == 0 or (path.stem == "clear" and np.abs(found.astype(int) - wanted).max() <= 1), (
            path.name
        )


def test_it_stays_short_and_alone() -> None:
    source = (paths.resources_folder() / "classifier" / "predict.py").read_text(encoding="utf-8")
    code = [
        line for line in source.splitlines() if line.strip() and not line.strip().startswith(('"""', "#"))
    ]
    assert len(code) <= 45
    imported = {line.split()[1].split(".")[0] for line in code if line.startswith(("import", "from"))}
    assert imported == {"json", "sys", "pathlib", "numpy", "onnxruntime", "PIL"}
