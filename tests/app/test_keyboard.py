"""The whole wizard without a mouse: Tab reaches every control in reading order, Space and Enter act."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.pages.method import MethodPage
from app.pages.model import ModelPage
from app.pages.pictures import PicturesPage
from app.pages.train import TrainPage
from app.run_session import RunState
from app.steps import Mark, Step
from tests.app.conftest import settle

LONG = 120_000
WHOLE = (QAbstractScrollArea, QAbstractSpinBox, QComboBox, QLineEdit)


def press(window: MainWindow, key: Qt.Key) -> None:
    """A key where the focus is."""
    focused = window.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key)
    settle()


def go(window: MainWindow, shortcut: str) -> None:
    """A shortcut of the menus."""
    actions = {action.shortcut().toString(): action for action in window.findChildren(QAction)}
    actions[QKeySequence(shortcut).toString()].trigger()
    settle()


def round_of_tabs(window: MainWindow, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Every control that Tab comes to until it is back; a trap would not end."""
    # it may stand where only clicks lead
    press(window, key)
    first = window.focusWidget()
    assert first is not None
    seen = [first]
    while True:
        press(window, key)
        now = window.focusWidget()
        assert now is not None
        if now is first:
            return seen
        assert now not in seen, f"{now} again, but not the first: a trap"
        seen.append(now)
        assert len(seen) < 200


def is_whole(widget: QWidget) -> bool:
    """Its parts are not controls of their own."""
    return isinstance(widget, WHOLE) and not isinstance(widget, QScrollArea)


def within(page: QWidget) -> list[QWidget]:
    """Whatever on a page can be worked with."""
    found = []
    for each in page.findChildren(QWidget):
        part = each.parentWidget()
        while part is not None and part is not page and not is_whole(part):
            part = part.parentWidget()
        can = each.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        if (
            can
            and each.isVisible()
            and each.isEnabled()
            and part is page
            and not isinstance(each, QScrollArea)
        ):
            found.append(each)
    return found


def look_through(window: MainWindow) -> None:
    """Every control of this page is reached, once, as it is read: rail, page, footer; backwards too."""
    page = window.page(window.step)
    order = round_of_tabs(window)
    missed = [each for each in within(page) if each not in order]
    assert not missed, [each.accessibleName() or type(each).__name__ for each in missed]
    rail = [order.index(item) for item in window.rail.items.values()]
    start = min(rail)
    order = order[start:] + order[:start]
    assert order[:8] == list(window.rail.items.values())
    inside = [each for each in order if page.isAncestorOf(each)]
    assert order[8 : 8 + len(inside)] == inside
    named = [each for each in order if not (each.accessibleName() or getattr(each, "text", str)())]
    assert not named, named
    back = round_of_tabs(window, Qt.Key.Key_Backtab)
    place = order.index(back[0])
    assert back[1:] == list(reversed(order[place + 1 :] + order[:place]))


def tab_to(window: MainWindow, wanted: QWidget) -> None:
    for _ in range(200):
        if window.focusWidget() is wanted:
            return
        press(window, Qt.Key.Key_Tab)
    pytest.fail(f"Tab does not come to {wanted.accessibleName()}")


def test_the_wizard_by_keys_alone(real_window: MainWindow, qtbot: QtBot, small_pictures: Path) -> None:
    window, facts = real_window, lambda: real_window.shell.facts
    qtbot.waitUntil(lambda: bool(facts().models and facts().methods), timeout=LONG)
    pictures, model = window.page(Step.PICTURES), window.page(Step.MODEL)
    assert isinstance(pictures, PicturesPage)
    assert isinstance(model, ModelPage)
    assert window.focusWidget() is pictures.empty.choose
    look_through(window)
    # a folder dialog is the system's own
    window.opening.open_path(small_pictures)
    qtbot.waitUntil(
        lambda: facts().inspected is not None and len(pictures.grid.tiles.tiles) == 12, timeout=LONG
    )
    assert window.focusWidget() is pictures.classes
    look_through(window)
    tab_to(window, pictures.classes)
    press(window, Qt.Key.Key_Space)
    data = window.shell.project.data
    assert data is not None
    assert len(data.classes) == 2
    press(window, Qt.Key.Key_Space)
    tab_to(window, window.next)
    press(window, Qt.Key.Key_Return)

    assert window.step is Step.MODEL
    assert window.focusWidget() is model.list
    model.list.reveal(("starter", None))
    press(window, Qt.Key.Key_Return)
    assert window.shell.project.model is not None
    assert window.shell.project.model.name == "starter"
    qtbot.waitUntil(window.next.isEnabled, timeout=LONG)
    look_through(window)
    tab_to(window, window.next)
    press(window, Qt.Key.Key_Space)

    assert window.step is Step.PROMPTS
    qtbot.waitUntil(lambda: facts().preview is not None and facts().preview_fresh, timeout=LONG)
    look_through(window)
    tab_to(window, window.next)
    press(window, Qt.Key.Key_Return)

    method = window.page(Step.METHOD)
    assert isinstance(method, MethodPage)
    assert window.focusWidget() is method.cards.cards["flyp"]
    press(window, Qt.Key.Key_Space)
    assert "method" in window.shell.project.chosen
    window.shell.edit("x", training={"epochs": 1, "batch_size": 8})
    qtbot.waitUntil(lambda: facts().preflight is not None and facts().preflight_fresh, timeout=LONG)
    look_through(window)
    go(window, "Ctrl+5")

    train = window.page(Step.TRAIN)
    assert isinstance(train, TrainPage)
    assert window.focusWidget() is train.buttons.start
    look_through(window)
    tab_to(window, train.buttons.start)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.state is RunState.FINISHED, timeout=LONG)
    qtbot.waitUntil(window.next.isEnabled, timeout=LONG)
    look_through(window)
    for step in (Step.EVALUATE, Step.EXPORT, Step.RUNS):
        go(window, "Ctrl+0" if step is Step.RUNS else f"Ctrl+{step.value}")
        assert window.step is step
        assert window.page(step).isAncestorOf(window.focusWidget() or window)
        look_through(window)


def test_alt_and_arrows_go_on_and_back(window: MainWindow, qtbot: QtBot, small_pictures: Path) -> None:
    for step in (Step.MODEL, Step.PROMPTS):
        window.show_step(step)
    assert window.back.shortcut() == QKeySequence("Alt+Left")
    window.back.click()
    assert window.step is Step.MODEL
    assert window.next.shortcut() == QKeySequence("Alt+Right")
    assert not window.next.isEnabled()


def test_enter_presses_a_button_of_the_rail(window: MainWindow) -> None:
    window.rail.items[Step.RUNS].setFocus()
    press(window, Qt.Key.Key_Return)
    assert window.step is Step.RUNS
    assert window.rail.items[Step.RUNS].state.mark is Mark.TODO


def test_the_focus_is_never_on_the_question_mark_after_a_change_of_page(window: MainWindow) -> None:
    for step in Step:
        window.show_step(step)
        focused = window.focusWidget()
        assert focused is not None
        assert focused.accessibleName() != "About this page", step
