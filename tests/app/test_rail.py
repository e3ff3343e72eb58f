"""The rail: a mark, a name and words for each step, by mouse and by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.steps import Mark, State, Step, name
from app.theme import theme
from app.widgets.rail import NARROW, WIDTH, Rail
from tests.app.conftest import settle


@pytest.fixture
def rail(qtbot: QtBot) -> Rail:
    made = Rail()
    qtbot.addWidget(made)
    made.resize(208, 600)
    made.show()
    return made


def show(rail: Rail, mark: Mark, current: Step = Step.PICTURES) -> None:
    states = {step: State(mark, f"is {mark.value}") for step in list(Step)[:7]}
    rail.show_states(states, current, 0.4, 12)


def test_each_step_says_its_name_and_state(rail: Rail) -> None:
    show(rail, Mark.ATTENTION)
    assert list(rail.items) == list(Step)
    for step in list(Step)[:7]:
        item = rail.items[step]
        assert item.accessibleName() == f"{name(step)}: is attention"
        assert "is attention" in item.toolTip()
        assert item.current == (step is Step.PICTURES)
    assert rail.items[Step.RUNS].accessibleName() == "Runs: 12"
    assert rail.items[Step.TRAIN].share == 0.4
    assert rail.items[Step.MODEL].share == 0.0


def test_a_click_and_the_space_bar_ask_for_a_step(rail: Rail, qtbot: QtBot) -> None:
    asked: list[Step] = []
    rail.wanted.connect(asked.append)
    qtbot.mouseClick(rail.items[Step.METHOD], Qt.MouseButton.LeftButton)
    rail.items[Step.RUNS].setFocus()
    qtbot.keyClick(rail.items[Step.RUNS], Qt.Key.Key_Space)
    assert asked == [Step.METHOD, Step.RUNS]


def test_every_mark_looks_different_without_its_words(rail: Rail) -> None:
    for mode in ("light", "dark"):
        theme().use(mode)  # type: ignore[arg-type]
        looks = set()
        for mark in Mark:
            item = rail.items[Step.MODEL]
            item.show_state(State(mark, ""), current=False)
            picture = item.grab().toImage().copy(14, 14, 20, 20)
            looks.add(bytes(picture.constBits()))
        assert len(looks) == len(Mark)


def test_the_current_step_stands_out(rail: Rail) -> None:
    show(rail, Mark.DONE, current=Step.MODEL)
    current, other = (rail.items[step].grab().toImage() for step in (Step.MODEL, Step.PROMPTS))
    assert current.pixelColor(1, 24) == theme().colour("accent")
    assert other.pixelColor(1, 24) != theme().colour("accent")


def test_in_a_window_too_small_for_it_the_rail_shows_marks_alone(window: MainWindow) -> None:
    window.setMinimumSize(0, 0)
    window.resize(950, 500)
    settle()
    assert window.rail.width() == NARROW
    assert window.rail.items[Step.MODEL].toolTip() == "Go to Model. Now: choose one"
    # what does not fit is scrolled, not cut off
    viewport = window.stack.parentWidget()
    assert viewport is not None
    assert window.stack.width() == viewport.width()
    assert window.stack.height() >= window.page(window.step).minimumSizeHint().height()
    window.resize(1024, 680)
    settle()
    assert window.rail.width() == WIDTH
