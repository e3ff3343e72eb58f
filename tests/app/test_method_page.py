"""The method page: cards, settings with reasons, and the check before training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app import training_presets
from app.main_window import MainWindow
from app.pages.method import MethodPage
from app.shell import Shell
from app.steps import Step
from engine.answers import InitAnswer, MethodEntry, PreflightAnswer
from engine.data.inspection import InspectAnswer
from engine.events import Progress
from engine.messages import say
from engine.recipe import Recipe

FLYP_OPTIONS = {
    "properties": {
        "collisions": {"default": "none", "enum": ["none", "mask", "soft"], "type": "string"},
        "clamp_temperature": {"default": True, "type": "boolean"},
    }
}
LOCKED = say("training.no_method", name="adapter", known="flyp")
METHODS = (
    MethodEntry(name="adapter", title="Adapter", summary="A.\nB.", paper="C", options={}, unavailable=LOCKED),
    MethodEntry(name="flyp", title="FLYP", summary="A.\nB.", paper="CVPR 2023", options=FLYP_OPTIONS),
    MethodEntry(
        name="linear-probe", title="Linear probe", summary="A.\nB.", paper="CLIP", options={},
        when="In seconds.", settings=("device", "threads"),
    ),
)  # fmt: skip
PLAN = {"device": "cpu", "device_name": "A processor", "threads": 2, "precision": "fp32", "micro_batch": 16}
GOOD = PreflightAnswer(
    problems=(),
    warnings=(),
    pictures=320,
    epochs=10,
    steps_per_epoch=10,
    steps=100,
    seconds=600.0,
    memory=2_000_000_000,
    memory_total=8_000_000_000,
    plan=PLAN,
)
PROBLEMS = (say("core.cancelled"), say("training.no_method", name="x", known="flyp"))
BAD = GOOD.model_copy(update={"problems": PROBLEMS, "seconds": None, "memory": None, "plan": None})


@pytest.fixture
def page(shell: Shell, qtbot: QtBot, small_pictures: Path) -> Iterator[MethodPage]:
    shell.facts.methods = METHODS
    shell.edit("x", data={"source": str(small_pictures)}, model={"name": "starter"})
    shell.facts.inspected = InspectAnswer(
        root=str(small_pictures),
        classes=("a", "b"),
        counts=(160, 160),
        pictures=320,
        has_splits=False,
        planned_classes=("a", "b"),
        planned={"train": (160, 160)},
    )
    made = MethodPage(shell)
    made.checking.due.setInterval(10)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    made.entered()
    yield made
    made.left()


def test_cards_say_which_is_chosen_and_a_locked_one_is_not(
    page: MethodPage, shell: Shell, qtbot: QtBot
) -> None:
    assert list(page.cards.cards) == ["flyp", "linear-probe", "adapter"]
    assert page.cards.cards["flyp"].badge.isVisible()
    qtbot.mouseClick(page.cards.cards["adapter"], Qt.MouseButton.LeftButton)
    assert shell.project.method.name == "flyp"
    assert not page.cards.cards["adapter"].isVisible()
    assert page.cards.fold.text() == "2 more methods"
    qtbot.mouseClick(page.cards.fold, Qt.MouseButton.LeftButton)
    assert page.cards.cards["adapter"].lock.isVisible()
    page.cards.cards["linear-probe"].setFocus()
    qtbot.keyClick(page.cards.cards["linear-probe"], Qt.Key.Key_Space)
    assert shell.project.method.name == "linear-probe"
    assert "method" in shell.project.chosen
    shell.undo.undo()
    assert page.cards.cards["flyp"].property("chosen") is True


def test_a_setting_is_an_undoable_edit_and_a_wrong_one_none(
    page: MethodPage, shell: Shell, qtbot: QtBot
) -> None:
    fields = page.training.main.fields
    spin, rate = fields["epochs"].control, fields["learning_rate"].control
    assert isinstance(spin, QSpinBox)
    assert isinstance(rate, QLineEdit)
    spin.setValue(7)
    assert shell.project.training.epochs == 7
    shell.undo.undo()
    assert (shell.project.training.epochs, spin.value()) == (20, 20)
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "5")
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert fields["learning_rate"].error
    assert shell.project.training.learning_rate == 1e-5


def test_the_engines_own_refusal_stands_at_the_field(page: MethodPage, shell: Shell, qtbot: QtBot) -> None:
    page.training.unfold()
    field = page.training.rest.fields["warmup"]
    assert isinstance(field.control, QLineEdit)
    field.control.setFocus()
    field.control.selectAll()
    qtbot.keyClicks(field.control, "2.5")  # neither a share nor whole steps: the schema cannot say so
    qtbot.keyClick(field.control, Qt.Key.Key_Return)
    assert "share" in field.error
    assert shell.project.training.warmup == 0.1


def test_options_of_the_method_keep_only_what_differs(page: MethodPage, shell: Shell) -> None:
    assert page.training.own is not None
    switch = page.training.own.fields["clamp_temperature"].control
    page.training.unfold()
    switch.click()  # type: ignore[attr-defined]
    assert shell.project.method.options == {"clamp_temperature": False}
    switch.click()  # type: ignore[attr-defined]
    assert shell.project.method.options == {}


def test_check_comes_by_itself_and_is_superseded(page: MethodPage, shell: Shell, qtbot: QtBot) -> None:
    engine: Any = shell.engine
    qtbot.waitUntil(lambda: len(engine.open("preflight")) == 1)
    engine.say("preflight", Progress(phase=say("phase.timing"), done=3, total=9))
    assert page.preflight.ring.isVisible()
    assert "3" in page.preflight.phase.text()
    page.training.main.fields["epochs"].control.setValue(5)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(engine.asked_for("preflight")) == 2)
    qtbot.waitUntil(lambda: len(engine.open("preflight")) == 1)
    assert engine.asked_for("preflight")[1].recipe["training"]["epochs"] == 5
    engine.answer_once("preflight", GOOD)
    assert shell.facts.preflight_fresh
    assert page.preflight.time.text() == "about 10\u202fmin"
    assert page.preflight.memory.value() == 250
    assert page.preflight.plan["parts"].text() == "16 of the 32 of a step"
    assert page.can_go_on()


def test_problems_stop_until_something_is_changed(page: MethodPage, shell: Shell, qtbot: QtBot) -> None:
    engine: Any = shell.engine
    qtbot.waitUntil(lambda: len(engine.open("preflight")) == 1)
    engine.answer_once("preflight", BAD)
    assert not page.can_go_on()
    assert page.preflight.told.count() == 2
    assert page.preflight.badge.text() == "2 problems"
    hint = page.hint()
    assert hint is not None
    assert say("core.cancelled").text in hint.text
    # as the window's inquiry does at every change
    shell.facts.preflight_fresh = False
    page.training.main.fields["epochs"].control.setValue(5)  # type: ignore[attr-defined]
    assert page.can_go_on()
    assert page.preflight.badge.text() == "out of date"
    assert not page.preflight.inside.isEnabled()


def test_the_papers_set_is_whole_and_another_puts_it_back(page: MethodPage, shell: Shell) -> None:
    before = {"text_rate": 0.1, "loss": "softmax"}
    shell.edit("by hand", training={"clip_gradient": 1.0}, method={"options": before})
    page.training.preset_wanted.emit(training_presets.PAPER[0])
    training, options = shell.project.training, shell.project.method.options
    assert (training.precision, training.decay_all, training.clip_gradient) == ("fp32", True, None)
    assert options == {"collisions": "none", "clamp_temperature": False, "largest_gradient": "none"}
    page.training.preset_wanted.emit(training_presets.few(100))
    training = shell.project.training
    assert (training.precision, training.decay_all, shell.project.method.options) == ("auto", False, {})


def test_suggested_values_come_with_their_reasons(page: MethodPage, shell: Shell, qtbot: QtBot) -> None:
    engine: Any = shell.engine
    page.training.preset_wanted.emit(training_presets.PAPER[0])
    training = shell.project.training
    assert (training.batch_size, training.epochs, training.warmup, training.weight_decay) == (
        512,
        10,
        500,
        0.1,
    )
    recipe = Recipe.model_validate(
        {"data": {"source": "x"}, "training": {"epochs": 8, "learning_rate": 1e-4}}
    )
    why = {"training.epochs": "8 passes of 10 steps", "training.learning_rate": "a small transformer"}
    page.training.suggestion_wanted.emit()
    engine.answer_once("init", InitAnswer(out=None, recipe=recipe.content(), reasons=why))
    training = shell.project.training
    assert (training.epochs, training.learning_rate, training.batch_size, training.warmup) == (
        8,
        1e-4,
        32,
        0.1,
    )
    assert page.training.main.fields["epochs"]._below.text() == "8 passes of 10 steps."
    assert "training" not in shell.project.chosen  # they follow the pictures again
    page.training.main.fields["epochs"].control.setValue(9)  # type: ignore[attr-defined]
    assert "passes of 10" not in page.training.main.fields["epochs"]._below.text()
    page.training.main.fields["epochs"].reset.click()
    assert shell.project.training.epochs == 8


def test_command_is_of_the_saved_project(page: MethodPage, shell: Shell) -> None:
    page.preflight.copy.click()
    words = QGuiApplication.clipboard().text()
    assert words.startswith("flyp train ")
    assert words.endswith(f"{shell.project.file}")


def test_a_real_check_of_real_pictures(
    real_window: MainWindow, small_pictures: Path, tiny_model: Path, qtbot: QtBot
) -> None:
    shell = real_window.shell
    shell.edit("x", data={"source": str(small_pictures)}, model={"name": str(tiny_model)})
    qtbot.waitUntil(lambda: shell.facts.inspected is not None and bool(shell.facts.methods), timeout=60_000)
    real_window.show_step(Step.METHOD)
    qtbot.waitUntil(lambda: shell.facts.preflight_fresh, timeout=90_000)
    found = shell.facts.preflight
    assert found is not None
    assert found.problems == ()
    assert found.seconds is not None
    page = real_window.page(Step.METHOD)
    assert isinstance(page, MethodPage)
    assert page.preflight.plan["device"].text()
    shell.edit("x", method={"name": "flyp", "options": {"loss": "nonsense"}})
    qtbot.waitUntil(lambda: shell.facts.preflight_fresh, timeout=90_000)
    assert not page.can_go_on()
    assert "loss" in page.preflight.told.itemAt(0).widget().accessibleName()


def test_only_settings_that_have_an_effect_are_shown(page: MethodPage, shell: Shell) -> None:
    assert page.training.main.isVisible()
    assert page.training.no_settings.isHidden()
    page.cards.chosen.emit("linear-probe")
    assert shell.project.method.name == "linear-probe"
    assert page.training.main.isHidden()
    assert page.training.no_settings.isVisible()
    page.training.unfold()
    shown = {name for name, field in page.training.rest.fields.items() if field.isVisible()}
    assert shown == {"device", "threads"}
    # the chosen one stays in sight beside the recommended one
    assert page.cards.cards["linear-probe"].isVisible()
    assert page.cards.cards["linear-probe"].when.text() == "In seconds."
    page.cards.chosen.emit("flyp")
    assert page.training.main.isVisible()
    assert page.training.rest.fields["weight_decay"].isVisible()
