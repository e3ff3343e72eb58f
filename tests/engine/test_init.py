"""``init``: what it refuses, and what can be chosen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from engine.control import Control
from engine.errors import EngineError
from engine.jobs.init import init
from engine.requests import DemoRequest, InitAnswer, InitRequest
from tests.engine.clip import tiny


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(8):
            Image.new("RGB", (40, 40), (i, 9, 9)).save(tmp_path / "pictures" / name / f"{i}.png")
    return tmp_path / "pictures"


def asked(source: Path | str, **more: Any) -> InitAnswer:
    return init(InitRequest(source=str(source), **more), lambda event: None, Control())


def test_presets_for_imagenet(pictures: Path, tmp_path: Path) -> None:
    model = str(tiny.make(tmp_path / "model"))
    for name, count in (("imagenet", 80), ("imagenet-simple", 7)):
        answer = asked(pictures, model=model, preset=name)
        assert len(answer.recipe["prompts"]["templates"]) == count
        assert name in answer.reasons["prompts.templates"]
    with pytest.raises(EngineError, match="imagenet-simple"):
        asked(pictures, model=model, preset="imagenette")


def test_a_folder_beside_does_not_take_an_architectures_name(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ViT-B-32", "openai"):
        (tmp_path / name).mkdir()
    tiny.make(tmp_path / "mine")
    answer = asked(pictures, model="ViT-B-32", weights="openai")
    assert (answer.recipe["model"]["name"], answer.recipe["model"]["weights"]) == ("ViT-B-32", "openai")
    assert asked(pictures, model="mine").recipe["model"]["name"] == str(tmp_path / "mine")


def test_only_names_of_shift_sets_are_called_so(pictures: Path) -> None:
    with pytest.raises(EngineError) as caught:
        asked(pictures, model="starter", shifts={"test": str(pictures)})
    assert caught.value.message.code == "recipe.shift_names"
    with pytest.raises(EngineError) as caught:
        asked(pictures, model="starter", shifts={"art": str(pictures / "nowhere")})
    assert caught.value.message.code == "data.source_missing"
    for request in (InitRequest, DemoRequest):
        with pytest.raises(ValidationError, match="4294967296"):
            request.model_validate(
                {"source": "x", "seed": 2**32} if request is InitRequest else {"seed": 2**32}
            )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_working_folder_whose_name_is_no_text(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = os.fsencode(tmp_path) + b"/p\xffq"
    os.rename(os.fsencode(pictures), odd)
    monkeypatch.chdir(os.fsdecode(odd))
    with pytest.raises(EngineError) as caught:
        asked(".", model="starter")
    assert caught.value.message.code == "files.not_text"
    assert r"p\xffq" in str(caught.value)
