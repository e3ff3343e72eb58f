"""Presets, and the words that the starter has never read."""

from __future__ import annotations

import pytest

from engine import paths
from engine.clip.imagenet import imagenet_templates
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import tokens as tokens_module
from engine.jobs.presets import presets
from engine.prompts import templates
from engine.recipe import Model
from engine.requests import PresetsAnswer, PresetsRequest, TokensAnswer, TokensRequest


def test_every_preset() -> None:
    answer = presets(PresetsRequest(), lambda event: None, Control())
    assert PresetsAnswer.model_validate_json(answer.model_dump_json()) == answer
    bundled = templates.presets()
    assert len(bundled) == len(list((paths.resources_folder() / "prompts").glob("*.toml"))) > 5
    assert [entry.name for entry in answer.presets] == [
        *(preset.name for preset in bundled),
        "imagenet",
        "imagenet-simple",
    ]
    for entry, preset in zip(answer.presets, bundled, strict=False):
        assert (entry.title, entry.templates) == (preset.title, preset.templates)
    assert answer.presets[-2].templates == imagenet_templates()
    assert len(answer.presets[-1].templates) == 7
    assert all(template.count("{}") == 1 for entry in answer.presets for template in entry.templates)


def tokens(*captions: str, model: str = "starter", weights: str | None = None) -> TokensAnswer:
    request = TokensRequest(model=Model(name=model, weights=weights), captions=captions)
    return tokens_module.tokens(request, lambda event: None, Control())


def test_words_that_the_starter_never_read() -> None:
    answer = tokens(
        "A Drawing of a STRIPED butterfly.",
        "a photo of a checked-fish, with stars!",
        "a photo of the zebra’s 2024 crossing",
        "ZEBRA&amp;CROSSING a_cat",
        "",
    )
    assert answer.unfamiliar == ("photo", "zebra's", "2024", "crossing", "zebra")
    assert len(answer.counts) == 5


def test_the_order_is_that_of_thousands_of_captions() -> None:
    captions = [f"a drawing of a cat {'abc'[i // 1000]}x" for i in range(3000)]
    assert tokens(*reversed(captions)).unfamiliar == ("cx", "bx", "ax")


def test_other_models_are_not_asked_what_they_read(tmp_path: object) -> None:
    assert tokens("a photo of a zebra", model="ViT-B-32", weights="openai").unfamiliar == ()
    folder = str(paths.resources_folder() / "starter")
    assert tokens("a photo of a zebra", model=folder).unfamiliar == ()


def test_the_bundled_words_are_those_of_the_captions() -> None:
    """Every caption that the drawing code can make is familiar, and no word is there without need."""
    pytest.importorskip("PySide6", reason="the drawing code needs it")
    import numpy as np

    from resources.drawing.captions import caption, vocabulary
    from resources.drawing.catalogue import training_wishes

    random = np.random.default_rng(0)
    made = [caption(wish, random)[0] for wish in training_wishes(20_000, 0)]
    assert tokens(*made).unfamiliar == ()
    words = (paths.resources_folder() / "starter/vocabulary.txt").read_text(encoding="utf-8").splitlines()
    assert words == vocabulary()
    used = {word for text in made for word in text.rstrip(".").split()}
    assert set(words) == used


def test_a_starter_without_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    tokens("a cat")
    tokens_module._starter_words.cache_clear()
    monkeypatch.setattr(paths, "resources_folder", lambda: tmp_path)
    with pytest.raises(EngineError) as caught:
        tokens("a cat")
    assert caught.value.message.code == "clip.starter_missing"
