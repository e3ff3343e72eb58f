"""Corrected classes: a picture moves to its new class, keeps its part, and the file stays."""

from __future__ import annotations

import shutil

import pytest

from engine import recipe as recipes
from engine.control import Control
from engine.data import load, split_file
from engine.data.uses import uses
from engine.errors import EngineError
from engine.events import Warned


def data(source, **more):
    return recipes.parse({"data": {"source": str(source), "shots": 4, **more}}, "test").data


def where(dataset):
    return {r.path: (dataset.classes[r.class_index], str(r.split)) for r in dataset.records}


def test_a_relabelled_picture_moves_to_its_class_and_keeps_its_part(pictures):
    before = load.prepare(data(pictures), Control(), lambda event: None).source
    first, second = before.classes[:2]
    moved = [path for path, (name, part) in where(before).items() if name == first and part == "test"][:2]
    asked = data(pictures, labels=dict.fromkeys(moved, second))
    sources = load.read(asked, Control(), lambda event: None)
    after = load.arrange(sources, asked)
    now, then = where(after.source), where(before)
    assert {path: now[path] for path in moved} == dict.fromkeys(moved, (second, "test"))
    others = set(then) - set(moved)
    assert {p: now[p][0] for p in others} == {p: then[p][0] for p in others}
    assert after.source.counts()[:2] == [before.counts()[0] - 2, before.counts()[1] + 2]
    assert sum(then[p] != now[p] for p in others) == 0
    assert all((pictures / path).is_file() for path in moved)
    # the run's manifest carries the corrected class, and whoever shows uses sees it there
    again = split_file.from_csv(split_file.to_csv(after), "split.csv").source
    assert where(again) == now
    folders = {
        use.path: (folder, use.part) for folder, some in uses(sources, asked, after).items() for use in some
    }
    assert {path: folders[path] for path in moved} == dict.fromkeys(moved, (second, "test"))


def test_a_training_picture_and_one_of_a_shift_set_can_be_relabelled(pictures, shifted):
    plain = data(pictures, shifts=[{"name": "elsewhere", "source": str(shifted)}])
    before = load.prepare(plain, Control(), lambda event: None)
    first, second = before.source.classes[:2]
    training = next(p for p, (c, part) in where(before.source).items() if (c, part) == (first, "train"))
    there = next(p for p, (c, _) in where(before.shifts[0].dataset).items() if c == first)
    asked = plain.model_copy(update={"labels": {training: second, str(shifted / there): second}})
    after = load.prepare(asked, Control(), lambda event: None)
    assert where(after.source)[training][0] == second
    assert where(after.shifts[0].dataset)[there][0] == second
    # shots stay shots: another picture takes its place in its old class
    parts = [name for name, part in where(after.source).values() if part == "train"]
    assert {name: parts.count(name) for name in after.source.classes} == dict.fromkeys(
        after.source.classes, 4
    )


def test_a_class_that_is_not_there_is_refused_and_a_picture_that_is_not_there_is_told(pictures):
    known = load.prepare(data(pictures), Control(), lambda event: None).source
    path = known.records[0].path
    with pytest.raises(EngineError) as failed:
        load.prepare(data(pictures, labels={path: "nothing"}), Control(), lambda event: None)
    assert failed.value.message.code == "data.label_class"
    assert path in str(failed.value)
    assert known.classes[0] in str(failed.value)
    told = []
    load.prepare(data(pictures, labels={"nowhere.png": known.classes[0]}), Control(), told.append)
    warned = [event.message for event in told if isinstance(event, Warned)]
    assert [message.code for message in warned] == ["data.picture_unknown"]
    assert warned[0].arguments == {"field": "labels", "path": "nowhere.png"}


def test_one_picture_under_two_classes_is_used_once_both_are_the_same(tmp_path, pictures):
    source = tmp_path / "pictures"
    shutil.copytree(pictures, source)
    first, second = sorted(folder.name for folder in source.iterdir())[:2]
    original = sorted((source / first).iterdir())[0]
    shutil.copy(original, source / second / "copy.png")
    plain = load.prepare(data(source), Control(), lambda event: None)
    assert len(plain.left_out) == 2
    solved = load.prepare(data(source, labels={f"{second}/copy.png": first}), Control(), lambda event: None)
    assert [problem.path for problem in solved.left_out] == [f"{second}/copy.png"]


def test_labels_survive_the_recipe_file(tmp_path, pictures):
    asked = recipes.parse(
        {"data": {"source": str(pictures), "labels": {"a/b c.png": "d", "ü.png": "e"}, "shots": 3}}, "test"
    )
    recipes.write(asked, tmp_path / "recipe.toml")
    assert recipes.read(tmp_path / "recipe.toml") == asked
