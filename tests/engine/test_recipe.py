"""Recipes: reading, writing, changing, and what is wrong with one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engine import recipe as recipes
from engine.errors import EngineError, ManyErrors
from engine.recipe import Recipe, parse, to_toml, with_settings

FULL = {
    "data": {
        "source": "pictures",
        "shots": 16,
        "leave_out": ["a/b.png", 'quo"te/ü.png'],
        "labels": {"a/c.png": "b", 'quo"te/ä.png': "c d", "/else where/x.png": "b"},
        "shifts": [{"name": "art", "source": "x"}, {"name": "sketch", "source": "y"}],
    },
    "prompts": {"templates": ["a {}.", "the {}."], "class_names": {"dog 1": "dog", "c.at": "cat"}},
    "method": {"name": "flyp", "options": {"collisions": "soft", "clamp_temperature": False}},
    "training": {"epochs": 3, "clip_gradient": 1.0, "learning_rate": 3e-6},
    "blend": {"alpha": 0.5},
}


def test_toml_round_trip_keeps_every_field(tmp_path):
    asked = parse(FULL, "test")
    text = to_toml(asked, {"training.epochs": "because"})
    assert parse(tomllib.loads(text), "test") == asked
    assert "# Chosen: because\nepochs = 3" in text
    path = tmp_path / "deep/recipe.toml"
    recipes.write(asked, path)
    read = recipes.read(path)
    assert read.data.source == str(tmp_path / "deep/pictures")
    assert read.replace(data={"source": "pictures", "shifts": FULL["data"]["shifts"]}) == asked


def test_every_field_has_help_and_stands_in_the_file():
    text = to_toml(parse({"data": {"source": "x"}}, "test"))
    for section, part in Recipe.model_fields.items():
        assert part.description
        for name, info in getattr(part.annotation, "model_fields", {}).items():
            assert info.description, f"{section}.{name}"
            if name not in ("labels", "shifts", "options", "class_names"):
                assert f"\n{name} =" in text or f"\n# {name} =" in text, f"{section}.{name}"


def test_replace_validates_again_and_leaves_the_original():
    asked = parse(FULL, "test")
    assert asked.replace(training={"epochs": 9}).training.epochs == 9
    assert asked.training.epochs == 3
    with pytest.raises(EngineError, match=r"training\.epochs"):
        asked.replace(training={"epochs": -1})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": {}}, "the field 'data.source' is missing"),
        ({"data": {"source": "x", "shotz": 2}}, "did you mean 'shots'"),
        ({"data": {"source": "x"}, "modle": {}}, "did you mean 'model'"),
        ({"data": {"source": "x", "shots": "many"}}, "'data.shots' should be a valid integer"),
        ({"data": {"source": "x", "shots": 0}}, "greater than or equal to 1"),
        ({"data": {"source": "x", "validation": 0.6, "test": 0.5}}, "leave nothing to train on"),
        ({"data": {"source": "x", "shifts": [{"name": "test", "source": "y"}]}}, "name of a split"),
        ({"data": {"source": "x", "shifts": [{"name": "a", "source": "y"}] * 2}}, "same name"),
        ({"data": {"source": "x"}, "prompts": {"templates": ["a photo"]}}, "{} exactly once"),
        ({"data": {"source": "x"}, "prompts": {"templates": []}}, "at least 1 item"),
        ({"data": {"source": "x"}, "blend": {"alpha": 2}}, "less than or equal to 1"),
        ({"schema": 99, "data": {"source": "x"}}, "Update the program"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change, says):
    with pytest.raises(EngineError) as raised:
        parse(change, "my recipe.toml")
    assert says in str(raised.value)
    assert "my recipe.toml" in str(raised.value)


def test_several_wrong_things_are_told_at_once():
    with pytest.raises(ManyErrors) as raised:
        parse({"data": {"source": "x", "shots": "a"}, "training": {"epochs": "b", "nope": 1}}, "r")
    assert [word in str(raised.value) for word in ("data.shots", "training.epochs", "training.nope")] == [
        True
    ] * 3


@pytest.mark.parametrize("content", [b"= =", b"\xff\xfe\x00", b"[data]\nsource = "])
def test_a_file_that_is_no_toml_is_told(tmp_path, content):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"recipe\.toml is not a readable TOML file"):
        recipes.read(path)
    with pytest.raises(EngineError, match="There is no recipe"):
        recipes.read(tmp_path / "none.toml")


def test_settings_on_the_command_line():
    asked = parse(FULL, "test")
    changed = with_settings(
        asked,
        [
            "training.epochs=7",
            "model.name=ViT-B-32",
            'prompts.templates=["my {}."]',
            "data.shots=none",
            "method.options.collisions=mask",
        ],
    )
    assert changed.training.epochs == 7
    assert changed.model.name == "ViT-B-32"
    assert changed.prompts.templates == ("my {}.",)
    assert changed.data.shots is None
    assert changed.method.options["collisions"] == "mask"
    for wrong in ("training", "training.epochs", "=3", "training..epochs=3", "schema.x=1"):
        with pytest.raises(EngineError):
            with_settings(asked, [wrong])
    with pytest.raises(EngineError, match="epochz"):
        with_settings(asked, ["training.epochz=3"])


def test_a_model_name_is_a_path_only_where_something_lies(tmp_path):
    (tmp_path / "my model").mkdir()
    (tmp_path / "my model/open_clip_config.json").touch()
    read = recipes.with_absolute_paths(
        parse({"data": {"source": "x"}, "model": {"name": "my model"}}, "r"), tmp_path
    )
    assert read.model.name == str(tmp_path / "my model")
    (tmp_path / "starter").mkdir()
    for name in ("ViT-B-32", "hf-hub:a/b", "starter"):
        read = recipes.with_absolute_paths(
            parse({"data": {"source": "x"}, "model": {"name": name}}, "r"), tmp_path
        )
        assert read.model.name == name
    assert Path(read.data.source) == tmp_path / "x"


def test_a_folder_that_is_there_by_chance_makes_no_name_a_path(tmp_path):
    for name in ("ViT-B-32", "openai"):
        (tmp_path / name).mkdir()
    asked = parse({"data": {"source": "x"}, "model": {"name": "ViT-B-32", "weights": "openai"}}, "r")
    assert recipes.with_absolute_paths(asked, tmp_path).model == asked.model
    # even an open_clip folder is not meant where weights are named, which only an architecture takes
    (tmp_path / "ViT-B-32/open_clip_config.json").touch()
    assert recipes.with_absolute_paths(asked, tmp_path).model == asked.model


def test_what_can_only_be_a_path_is_made_absolute(tmp_path):
    (tmp_path / "models/mine").mkdir(parents=True)
    (tmp_path / "weights.pt").touch()
    (tmp_path / "models/plain").touch()
    for name, weights in (("./models/mine", None), ("models/mine", None)):
        found = recipes.located_model(recipes.Model(name=name, weights=weights), tmp_path)
        assert found.name == str(tmp_path / "models/mine")
    for weights in ("weights.pt", "models/plain"):
        found = recipes.located_model(recipes.Model(name="ViT-B-32", weights=weights), tmp_path)
        assert (found.name, found.weights) == ("ViT-B-32", str(tmp_path / weights))


@pytest.mark.parametrize("source", ["~nobody-of-this-name/x", "a\0b"])
def test_a_strange_path_is_left_to_whoever_opens_it(tmp_path, source):
    read = recipes.with_absolute_paths(parse({"data": {"source": source}}, "r"), tmp_path)
    assert read.data.source == f"{tmp_path}/{source}"
