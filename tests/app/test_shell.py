"""What pages share: edits, what the program chooses by itself, notices."""

from __future__ import annotations

from typing import Any

import pytest

from app.project import Project
from app.shell import Notice, Shell
from app.steps import Step
from engine.answers import PresetEntry
from engine.events import Structure


def test_an_edit_is_told_once_with_its_sections(shell: Shell) -> None:
    told: list[frozenset[str]] = []
    shell.project_changed.connect(told.append)
    assert shell.edit("both", data={"source": "/p"}, training={"epochs": 3}) is None
    assert told == [frozenset({"data", "training"})]
    assert {"data", "data.source", "training.epochs"} <= shell.project.chosen


def test_what_the_program_chooses_is_saved_and_told_but_no_step_of_undo(shell: Shell) -> None:
    told: list[frozenset[str]] = []
    shell.project_changed.connect(told.append)
    shell.set_quietly(training={"epochs": 3})
    assert told == [frozenset({"training"})]
    assert shell.project.chosen == frozenset()
    assert not shell.undo.canUndo()
    assert shell.project.file is not None


def test_taking_what_is_there_as_ones_own_is_kept(shell: Shell) -> None:
    told: list[frozenset[str]] = []
    shell.edit("source", data={"source": "/p"})
    shell.project_changed.connect(told.append)
    shell.edit("method", method={"name": shell.project.method.name})
    shell.edit("method", method={"name": shell.project.method.name})
    assert told == [frozenset()]
    assert shell.undo.count() == 1
    assert shell.project.file is not None
    assert "method.name" in shell.project.file.read_text()


@pytest.mark.parametrize(
    ("section", "fields", "says"),
    [
        ("training", {"learning_rate": 0}, "greater than 0"),
        ("training", {"epochs": "many"}, "valid integer"),
        ("prompts", {"templates": ["no braces"]}, "Needs {} exactly once"),
        ("data", {"source": "/p", "validation": 0.6, "test": 0.5}, "leave nothing to train on"),
        ("training", {"nothing": 1}, "xtra"),
    ],
)
def test_a_refused_value_is_explained(shell: Shell, section: str, fields: dict[str, Any], says: str) -> None:
    refused = shell.edit("x", **{section: fields})
    assert refused is not None
    assert says in refused
    assert shell.project.chosen == frozenset()


def test_of_several_sections_none_is_changed_if_one_is_refused(shell: Shell) -> None:
    assert shell.edit("x", data={"source": "/p"}, training={"epochs": -1}) is not None
    assert shell.project.data is None


def test_another_project_keeps_what_is_known_of_the_machine_only(shell: Shell) -> None:
    preset = PresetEntry(name="x", title="X", description="", templates=("a {}.",))
    shell.facts.presets = (preset,)
    shell.facts.structures["x"] = Structure(source="", classes=(), counts=(), splits={}, pictures=0)
    shell.facts.reasons["training.epochs"] = "because"
    before, opened = shell.project, []
    shell.project_opened.connect(lambda: opened.append(shell.project))
    shell.open_project(Project())
    assert opened == [shell.project]
    assert shell.facts.presets == (preset,)
    assert (shell.facts.structures, shell.facts.reasons) == ({}, {})
    # the one before is deaf to this window now
    told: list[frozenset[str]] = []
    shell.project_changed.connect(told.append)
    before.put({"training": before.training.model_copy(update={"epochs": 99})})
    assert told == []


def test_notices_and_ways_are_passed_on(shell: Shell) -> None:
    notices: list[Notice] = []
    steps: list[Step] = []
    shell.noticed.connect(notices.append)
    shell.wanted.connect(steps.append)
    shell.notify("warn", "Something.", "Because.")
    shell.notify("warn", "Something.", key="mine")
    shell.go(Step.METHOD)
    assert [notice.key for notice in notices] == ["Something.", "mine"]
    assert steps == [Step.METHOD]
