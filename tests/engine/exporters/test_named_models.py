"""Architectures that people use, whole and randomly initialised: what leaves is what the run computes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.clip import library
from engine.exporters import find
from tests.engine.exporters import places
from tests.engine.exporters.test_kinds_and_methods import agrees

EXPORTS = {
    "ViT-B-32-quickgelu": (("open_clip", 0.5), ("transformers", 1.0)),
    "RN50": (("open_clip", 0.5), ("onnx", 1.0)),
}
"""Format and blend; the tiny towers of other tests go through all of both."""


@pytest.mark.parametrize("name", EXPORTS)
def test_it_agrees_with_the_run(name: str, tmp_path: Path) -> None:
    open_clip = library.load()
    torch.manual_seed(0)
    model = open_clip.create_model(name, pretrained=None)
    folder = tmp_path / name
    folder.mkdir()
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    del model, weights
    pictures = places.drawings(tmp_path / "pictures", each=10)
    run = places.trained(pictures, str(folder), tmp_path / "run", epochs=1)
    for form, alpha in EXPORTS[name]:
        given = places.subject(run, alpha)
        agrees(given, places.written(given, form, tmp_path / form))
    if name == "RN50":
        refusal = find("transformers").supports(given, find("transformers").Options())
        assert refusal is not None
        assert "no vision transformer" in refusal.text
