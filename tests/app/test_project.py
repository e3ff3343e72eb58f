"""The project on disk: a draft saved at each change, a recipe as soon as it is complete."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app import paths, project, texts
from app.project import Project
from app.shell import Notice, Shell
from engine import files, recipe
from engine.errors import EngineError, WriteError
from engine.recipe import Data, Model, Training


def test_a_draft_gets_its_file_at_its_first_change_and_follows_every_one() -> None:
    made = Project()
    assert made.file is None
    assert made.is_empty()
    made.put({"data": Data(source="/pictures")})
    assert made.file is not None
    assert made.file.parent == paths.drafts()
    assert not made.named
    assert tomllib.loads(made.file.read_text())["data"]["source"] == "/pictures"
    made.put({"training": Training(epochs=7)})
    assert tomllib.loads(made.file.read_text())["training"]["epochs"] == 7


def test_what_changes_nothing_is_not_told() -> None:
    made, told = Project(), []
    made.listeners.append(told.append)
    made.put({"training": Training()})
    assert told == []
    assert made.file is None
    made.put({"training": Training(epochs=3), "model": None})
    assert told == [frozenset({"training"})]


def test_a_complete_project_is_a_recipe() -> None:
    made = Project()
    made.put({"data": Data(source="/pictures", shots=4, leave_out=('a "b".png', "ü\n.png"))})
    assert made.recipe() is None
    made.put({"model": Model(name="starter")})
    assert made.file is not None
    assert recipe.read(made.file) == made.recipe()


@pytest.mark.parametrize("lacks", ["data", "model", "both"])
def test_an_incomplete_project_reads_back_equal(lacks: str, tmp_path: Path) -> None:
    parts = {
        "data": Data(
            source=str(tmp_path), shots=2, shifts=[{"name": "art", "source": str(tmp_path / "art")}]
        ),
        "model": Model(name="ViT-B-32", weights="openai"),
        "training": Training(epochs=3, learning_rate=3e-6),
    }
    for name in ("data", "model"):
        if lacks in (name, "both"):
            del parts[name]
    made = Project(chosen=frozenset({"training", "training.epochs"}))
    made.put(parts)
    assert made.file is not None
    back = project.read(made.file)
    assert back.parts() == made.parts()
    assert back.chosen == made.chosen
    assert (back.file, back.named) == (made.file, False)


def test_an_untouched_draft_that_was_chosen_for_by_the_program_still_is_after_a_restart() -> None:
    made = Project()
    made.put({"data": Data(source="/pictures"), "training": Training(epochs=9)})
    assert made.file is not None
    assert project.read(made.file).chosen == frozenset()


def test_in_a_recipe_of_somebody_else_everything_that_stands_there_is_chosen(tmp_path: Path) -> None:
    file = tmp_path / "theirs.toml"
    file.write_text('[data]\nsource = "pictures"\n\n[training]\nepochs = 2\n')
    made = project.read(file)
    assert made.chosen == {"data", "training"}
    assert made.data is not None
    assert made.data.source == str(tmp_path / "pictures")
    assert made.named
    assert made.name == "theirs"


def test_a_second_project_has_a_file_of_its_own() -> None:
    first, second = Project(), Project()
    first.put({"data": Data(source="/one")})
    second.put({"data": Data(source="/two")})
    assert first.file != second.file
    assert first.file is not None
    data = project.read(first.file).data
    assert data is not None
    assert data.source == "/one"


def test_saving_does_not_slow_down_with_what_is_left_out() -> None:
    import time

    made = Project(model=Model(name="starter"))
    made.put({"data": Data(source="/p", leave_out=tuple(f"class/{n}.png" for n in range(20_000)))})
    began = time.thread_time()
    made.save()
    # quadratic writing took half a minute
    assert time.thread_time() - began < 5
    assert made.file is not None
    assert project.read(made.file).data == made.data


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[data\n", "not a readable TOML file"),
        ("[training]\nepochs = -1\n", "training.epochs"),
        ("[training]\nepoch = 1\n", "epoch"),
        ("[trainng]\nepochs = 1\n", "trainng"),
        ("data = 3\n", "data"),
        ("schema = 99\n", "99"),
        ('[data]\nsource = ""\n', "data.source"),
    ],
)
def test_a_file_that_is_no_project_is_told_in_words(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(text)
    with pytest.raises(EngineError) as raised:
        project.read(file)
    assert says in str(raised.value)


def test_a_missing_file_and_one_of_bytes_are_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        project.read(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EngineError):
        project.read(tmp_path / "bytes.toml")


def test_a_disk_that_takes_nothing_is_told_and_forgotten_once_it_does(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Notice] = []
    over: list[str] = []
    shell.noticed.connect(told.append)
    shell.unnoticed.connect(over.append)
    shell.edit("epochs", training={"epochs": 4})
    file = shell.project.file
    assert file is not None
    before = file.read_text()

    def full(path: Path, text: str) -> None:
        raise WriteError("files.disk_full", path=str(path))

    with monkeypatch.context() as failing:
        failing.setattr(files, "write_text", full)
        shell.edit("epochs", training={"epochs": 5})
    assert shell.project.training.epochs == 5
    assert shell.project.unsaved
    assert [notice.key for notice in told] == ["project.unsaved"]
    assert told[0].why == texts.whole(shell.project.unsaved)
    assert file.read_text() == before
    shell.edit("epochs", training={"epochs": 6})
    assert not shell.project.unsaved
    assert over[-1] == "project.unsaved"
    assert project.read(file).training.epochs == 6


def test_a_home_that_is_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLYP_HOME", str(tmp_path / "file" / "home"))
    made = Project()
    made.put({"training": Training(epochs=1)})
    assert made.unsaved


def test_a_value_that_cannot_be_is_refused_in_words_and_changes_nothing(shell: Shell) -> None:
    before = shell.project.parts()
    refused = shell.edit("epochs", training={"epochs": -3})
    assert refused is not None
    assert refused[0].isupper()
    assert shell.project.parts() == before
    assert shell.project.file is None
    assert not shell.undo.canUndo()
    assert shell.edit("shots", data={"shots": 3}) is not None
