"""One undo for every page: what is taken back is taken back in the file too."""

from __future__ import annotations

import pytest

from app import project
from app.shell import Shell
from engine.recipe import Data


def saved(shell: Shell) -> project.Project:
    assert shell.project.file is not None
    return project.read(shell.project.file)


def test_undo_and_redo_change_the_project_the_file_and_tell_it(shell: Shell) -> None:
    told: list[frozenset[str]] = []
    shell.edit("choose pictures", data={"source": "/one"})
    shell.project_changed.connect(told.append)
    shell.edit("shots", data={"shots": 4}, training={"epochs": 3})
    assert shell.undo.undoText() == "shots"
    shell.undo.undo()
    assert saved(shell).parts() == shell.project.parts()
    assert shell.project.data == Data(source="/one")
    assert shell.project.training.epochs != 3
    shell.undo.redo()
    assert saved(shell).parts() == shell.project.parts()
    assert (shell.project.data.shots, shell.project.training.epochs) == (4, 3)
    shell.undo.undo()
    shell.undo.undo()
    assert shell.project.data is None
    assert saved(shell).data is None
    assert told[:2] == [frozenset({"data", "training"})] * 2


def test_typing_in_one_field_is_one_step(shell: Shell) -> None:
    for epochs in (2, 20, 200):
        shell.edit("epochs", merge="training.epochs", training={"epochs": epochs})
    assert shell.undo.count() == 1
    shell.edit("seed", merge="training.seed", training={"seed": 5})
    shell.edit("epochs", merge="training.epochs", training={"epochs": 4})
    assert shell.undo.count() == 3
    for _ in range(2):
        shell.undo.undo()
    assert (shell.project.training.epochs, shell.project.training.seed) == (200, 0)
    shell.undo.undo()
    assert shell.project.training == project.Project().training
    assert saved(shell).training == shell.project.training


def test_without_a_name_every_edit_is_a_step(shell: Shell) -> None:
    for epochs in (2, 3):
        shell.edit("epochs", training={"epochs": epochs})
    assert shell.undo.count() == 2


def test_typed_and_taken_back_is_no_step(shell: Shell) -> None:
    default = shell.project.training.epochs
    shell.edit("epochs", merge="epochs", training={"epochs": 2})
    shell.edit("epochs", merge="epochs", training={"epochs": default})
    assert not shell.undo.canUndo()
    assert saved(shell).training.epochs == default


def test_an_edit_that_changes_nothing_is_no_step(shell: Shell) -> None:
    shell.edit("epochs", training={"epochs": shell.project.training.epochs})
    assert shell.undo.count() == 0


def test_what_the_program_chose_meanwhile_stays(shell: Shell) -> None:
    shell.edit("epochs", training={"epochs": 3})
    shell.set_quietly(training={"learning_rate": 3e-6})
    shell.undo.undo()
    assert shell.project.training.learning_rate == 3e-6
    assert shell.project.training.epochs != 3
    shell.undo.redo()
    assert (shell.project.training.learning_rate, shell.project.training.epochs) == (3e-6, 3)


def test_a_merged_step_keeps_what_the_program_chose_meanwhile(shell: Shell) -> None:
    shell.edit("epochs", merge="epochs", training={"epochs": 3})
    shell.set_quietly(training={"learning_rate": 3e-6})
    shell.edit("epochs", merge="epochs", training={"epochs": 4})
    assert shell.undo.count() == 1
    shell.undo.undo()
    assert shell.project.training.learning_rate == 3e-6
    shell.undo.redo()
    assert (shell.project.training.learning_rate, shell.project.training.epochs) == (3e-6, 4)


def test_another_project_has_no_steps_of_the_one_before(shell: Shell) -> None:
    shell.edit("epochs", training={"epochs": 3})
    before = saved(shell).file
    shell.open_project(project.Project())
    assert not shell.undo.canUndo()
    shell.edit("epochs", training={"epochs": 5})
    shell.undo.undo()
    assert before is not None
    assert project.read(before).training.epochs == 3


@pytest.mark.parametrize("merge", [None, "x"])
def test_many_steps_back_and_forth_end_where_they_began(shell: Shell, merge: str | None) -> None:
    stands = [shell.project.parts()]
    edits = [
        {"data": {"source": "/a"}},
        {"data": {"shots": 2}, "training": {"epochs": 1}},
        {"model": {"name": "starter"}},
        {"prompts": {"templates": ("a {}.", "the {}.")}},
        {"data": {"source": "/b", "shots": None}},
    ]
    for number, changes in enumerate(edits):
        assert shell.edit("something", merge=merge and f"{merge}{number}", **changes) is None
        stands.append(shell.project.parts())
    for stand in reversed(stands[:-1]):
        shell.undo.undo()
        assert shell.project.parts() == stand
        assert saved(shell).parts() == stand
    for stand in stands[1:]:
        shell.undo.redo()
        assert shell.project.parts() == stand
