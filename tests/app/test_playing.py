"""Acts are played in their order with real clicks, and a play that cannot go on ends with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from app import playing
from app.playing import Act, Click, Do, Look, Player, Until


@pytest.fixture
def stage(qtbot: QtBot) -> QWidget:
    """A window with a button."""
    made = QWidget()
    made.button = QPushButton("press", made)
    layout = QVBoxLayout(made)
    layout.addWidget(made.button)
    qtbot.addWidget(made)
    made.show()
    return made


def play(qtbot: QtBot, stage: QWidget, acts: Iterator[Act], **named) -> list[str]:
    """Until it is over; what was told at the end."""
    told: list[str] = []
    player = Player(stage, acts, told.append, **named)
    player.begin()
    qtbot.waitUntil(lambda: bool(told))
    return told


def test_acts_come_one_after_the_other(stage, qtbot: QtBot, tmp_path: Path) -> None:
    pressed: list[str] = []
    stage.button.clicked.connect(lambda: pressed.append("click"))

    def acts() -> Iterator[Act]:
        yield Click(stage.button)
        assert pressed == ["click"]
        yield Do(lambda: pressed.append("do"))
        yield Until("both", lambda: pressed == ["click", "do"])
        yield Look("1-stage")

    assert play(qtbot, stage, acts(), screenshots=tmp_path / "shots") == [""]
    assert pressed == ["click", "do"]
    light, dark = (QImage(str(tmp_path / "shots" / f"1-stage-{mode}.png")) for mode in ("light", "dark"))
    assert light.size() == dark.size() == stage.size()


def test_a_control_that_is_off_is_waited_for(stage, qtbot: QtBot) -> None:
    stage.button.setEnabled(False)
    pressed: list[bool] = []
    stage.button.clicked.connect(lambda: pressed.append(stage.button.isEnabled()))
    told: list[str] = []
    Player(stage, iter([Click(stage.button)]), told.append).begin()
    qtbot.wait(150)
    assert not told
    stage.button.setEnabled(True)
    qtbot.waitUntil(lambda: told == [""])
    assert pressed == [True]


def test_it_does_not_wait_for_what_cannot_come(stage, qtbot: QtBot) -> None:
    acts = iter([Until("a miracle", lambda: False), Do(lambda: pytest.fail("it went on"))])
    assert play(qtbot, stage, acts, wrong=lambda: "the engine ended") == ["the engine ended"]


def test_patience_has_an_end(stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "_PATIENCE_S", 0.1)
    acts = iter([Until("a miracle", lambda: False)])
    assert play(qtbot, stage, acts) == ["waited in vain for a miracle"]


def test_a_script_that_breaks_ends_the_play(stage, qtbot: QtBot) -> None:
    def acts() -> Iterator[Act]:
        yield Do(lambda: None)
        raise LookupError("no such page")

    with capture_exceptions() as faults:
        assert play(qtbot, stage, acts()) == ["LookupError: no such page"]
    assert [str(error) for _, error, _ in faults] == ["no such page"]
