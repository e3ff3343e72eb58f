"""The catalogue: what open_clip publishes, what can be used here, how large it is."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import pytest

from engine import paths
from engine.clip import build, catalogue, download, measure_sizes, sources
from engine.clip.catalogue import ModelInfo, list_models
from tests.engine.clip import tiny


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ModelInfo]:
    monkeypatch.setattr(paths, "resources_folder", lambda: tmp_path)
    tiny.make(tmp_path / "starter")
    monkeypatch.setattr(build, "has_transformers", lambda: False)
    monkeypatch.setattr(download, "cached", lambda name, tag: None)
    return list_models()


def test_every_published_clip_is_listed_once(models: list[ModelInfo]) -> None:
    listed = {(model.name, model.weights) for model in models[1:]}
    published = {
        (name.removesuffix("-quickgelu"), tag)
        for name, tag in open_clip.list_pretrained()
        if not name.startswith("coca")
    }
    assert listed == published
    assert len(models) == len(listed) + 1


def test_starter_comes_first(models: list[ModelInfo]) -> None:
    starter = models[0]
    assert (starter.name, starter.weights, starter.downloaded) == ("starter", None, True)
    assert starter.parameters == 1_642_272
    assert (starter.input_size, starter.context_length, starter.kind) == ((32, 32), 77, "vit")


def test_missing_starter_is_shown_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "resources_folder", lambda: tmp_path)
    starter = list_models()[0]
    assert starter.unavailable is not None
    assert starter.unavailable.code == "clip.starter_missing"


def test_facts_of_some_models(models: list[ModelInfo]) -> None:
    known = {(model.name, model.weights): model for model in models}
    vit = known["ViT-B-32", "openai"]
    assert vit.parameters == 151_277_312
    assert (vit.input_size, vit.context_length, vit.kind) == ((224, 224), 77, "vit")
    assert (vit.downloaded, vit.unavailable) == (False, None)
    assert vit.size == 4 * 151_277_312
    assert known["RN50", "openai"].kind == "resnet"
    assert known["MobileCLIP2-S0", "dfndr2b"].kind == "timm"
    siglip = known["ViT-B-16-SigLIP", "webli"]
    assert siglip.unavailable is not None
    assert siglip.unavailable.arguments["part"] == "tokenizer"
    assert "pip install" in siglip.unavailable.hint
    nllb = known["nllb-clip-base", "v1"]
    assert nllb.parameters is None
    assert nllb.unavailable is not None
    assert nllb.unavailable.arguments["part"] == "text tower"


def test_with_the_extra_all_are_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "has_transformers", lambda: True)
    assert [model.name for model in list_models()[1:] if model.unavailable] == []


def test_downloaded_models_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"123")
    monkeypatch.setattr(download, "cached", lambda name, tag: file if tag == "openai" else None)
    downloaded = [model for model in list_models()[1:] if model.downloaded]
    assert {model.weights for model in downloaded} == {"openai"}
    assert {model.size for model in downloaded} == {3}


def test_every_published_model_has_a_place_on_the_hub(models: list[ModelInfo]) -> None:
    for model in models[1:]:
        place = download.place(model.name, model.weights)
        assert place.repository.count("/") == 1, model
        assert place.candidates[0].endswith(".safetensors")


def test_all_architectures_are_built_and_have_the_sizes_of_the_table() -> None:
    """On the meta device: no memory, no weights. Covers every one that needs no hub to be built."""
    table = json.loads(measure_sizes.SIZES_FILE.read_text(encoding="utf-8"))
    names = measure_sizes.offered()
    assert set(table) >= set(names)
    assert len(names) > 80
    for name in names:
        assert measure_sizes.measure(name) == table[name], name


def test_kind_of_a_configuration() -> None:
    assert catalogue._kind(sources.architecture("convnext_base") or {}) == "timm"
