"""The zero-shot preview: right pictures, right figures, and nothing looked at twice."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine import recipe as recipes
from engine.control import Control, Wish
from engine.data import load
from engine.data.records import Split
from engine.errors import Cancelled, EngineError
from engine.events import Event, Progress
from engine.jobs import preview as module
from engine.jobs import tokens as tokens_module
from engine.recipe import Model
from engine.requests import PreviewAnswer, PreviewRequest, TokensRequest
from tests.engine.clip import tiny

CLASSES = ("blue_bird", "cat", "dog")


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The content of a recipe: a tiny model, 3 classes of 9 pictures wider than high, 2 shots."""
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_MEMORY", module._Memory())
    for name in CLASSES:
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for i in range(9):
            noise = hashlib.sha256(f"{name}{i}".encode()).digest() * 3
            Image.frombytes("RGB", (8, 4), noise).resize((80, 40)).save(folder / f"{i}.png")
    return {
        "data": {"source": str(tmp_path / "pictures"), "shots": 2},
        "model": {"name": str(tiny.make(tmp_path / "model"))},
    }


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures that went through the image tower, in order."""
    paths: list[str] = []
    real = module.image_features

    def spy(backbone: Any, pictures: Any, *arguments: Any, **more: Any) -> Any:
        rows = real(backbone, pictures, *arguments, **more)
        paths.extend(record.path for record in pictures.records)
        return rows

    monkeypatch.setattr(module, "image_features", spy)
    return paths


def ask(
    content: dict[str, Any],
    control: Control | None = None,
    emit: Callable[[Event], None] = lambda event: None,
    **more: Any,
) -> PreviewAnswer:
    return module.preview(PreviewRequest(recipe=content, **more), emit, control or Control())


def test_no_test_picture_is_looked_at(content: dict[str, Any], looked: list[str]) -> None:
    answer = ask(content)
    dataset = load.prepare(recipes.parse(content, "x").data, Control(), lambda event: None).source
    allowed = {r.path for r in dataset.records if r.split in (Split.TRAIN, Split.VALIDATION)}
    assert len(allowed) == 12
    assert sorted(looked) == sorted(allowed)
    assert any(record.split is Split.TEST for record in dataset.records)
    assert {name: figures.pictures for name, figures in answer.sets.items()} == {"train": 6, "validation": 6}
    assert not answer.sampled


def test_figures_belong_together(content: dict[str, Any]) -> None:
    answer = ask(content)
    assert [row.folder for row in answer.per_class] == list(CLASSES)
    assert answer.per_class[0].name == "blue bird"
    right = sum(row.pictures * (row.accuracy or 0) for row in answer.per_class)
    assert answer.accuracy == pytest.approx(right / 12)
    assert answer.accuracy == pytest.approx(sum(f.accuracy * f.pictures for f in answer.sets.values()) / 12)
    wrong = sum(pair.pictures for pair in answer.confused)
    assert wrong == 12 - round(right) > 0
    counts = [pair.pictures for pair in answer.confused]
    assert counts == sorted(counts, reverse=True)
    assert all(pair.truth != pair.taken_for for pair in answer.confused)


def test_other_words_need_no_second_look(content: dict[str, Any], looked: list[str]) -> None:
    first = ask(content)
    looked.clear()
    content["prompts"] = {"templates": ["zebra crossing {}"], "class_names": {"cat": "tabby"}}
    second = ask(content)
    assert looked == []
    assert second.per_class[1].name == "tabby"
    assert second.sets["train"].loss != first.sets["train"].loss
    del content["prompts"]
    assert ask(content) == first


def test_another_fit_is_looked_at_and_the_first_is_remembered(
    content: dict[str, Any], looked: list[str]
) -> None:
    first = ask(content)
    looked.clear()
    content["model"]["fit"] = "squash"
    squashed = ask(content)
    assert len(looked) == 12
    assert squashed.sets != first.sets
    looked.clear()
    content["model"]["fit"] = "auto"
    assert ask(content) == first
    assert looked == []


def test_other_weights_in_the_same_place_are_noticed(
    content: dict[str, Any], looked: list[str], tmp_path: Path
) -> None:
    first = ask(content)
    looked.clear()
    shutil.copy(tiny.make(tmp_path / "other", seed=1) / "model.safetensors", tmp_path / "model")
    assert ask(content).sets != first.sets
    assert len(looked) == 12


def test_a_picture_that_changed_is_looked_at_again(
    content: dict[str, Any], looked: list[str], tmp_path: Path
) -> None:
    ask(content)
    changed = looked[0]
    looked.clear()
    Image.new("RGB", (50, 50), (1, 2, 3)).save(tmp_path / "pictures" / changed)
    ask(content)
    assert looked == [changed]


def test_what_was_seen_before_a_cancel_is_kept(
    content: dict[str, Any], looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 4)
    control = Control()

    def cancel(event: Event) -> None:
        if isinstance(event, Progress) and event.phase.code == "preview.pictures" and event.done >= 8:
            control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        ask(content, control, cancel)
    assert len(looked) == 8
    looked.clear()
    ask(content)
    assert len(looked) == 4


def test_of_many_pictures_some_of_each_class_are_drawn(content: dict[str, Any], looked: list[str]) -> None:
    answer = ask(content, pictures=6)
    assert answer.sampled
    assert [row.pictures for row in answer.per_class] == [2, 2, 2]
    again = list(looked)
    looked.clear()
    assert ask(content, pictures=6) == answer
    assert looked == []
    assert len(again) == 6


def test_progress_tells_how_far(content: dict[str, Any]) -> None:
    said: list[Event] = []
    ask(content, emit=said.append)
    assert all(isinstance(event, Progress) for event in said)
    pictures = [e for e in said if isinstance(e, Progress) and e.phase.code == "preview.pictures"]
    assert (pictures[-1].done, pictures[-1].total, pictures[-1].unit) == (12, 12, "pictures")


def test_a_wrong_recipe_is_input_at_fault(content: dict[str, Any]) -> None:
    content["model"]["nam"] = "x"
    with pytest.raises(EngineError, match="nam"):
        ask(content)


def test_tokens_are_counted_with_start_and_end(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path / "short", "short")
    request = TokensRequest(model=Model(name=str(folder)), captions=("a cat", "", "cat " * 30))
    answer = tokens_module.tokens(request, lambda event: None, Control())
    assert answer.counts == (4, 2, 32)
    assert answer.limit == 16


def test_tokens_of_a_model_that_is_not_downloaded() -> None:
    request = TokensRequest(model=Model(name="ViT-B-32", weights="openai"), captions=("a cat",))
    answer = tokens_module.tokens(request, lambda event: None, Control())
    assert (answer.counts, answer.limit) == ((4,), 77)
