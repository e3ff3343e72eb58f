"""Runs of methods that learn from features: they have candidates instead of epochs, or nothing to train."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.pages.runs import RunsPage
from app.pages.train import TrainPage
from app.run_session import RunSession
from app.shell import Shell
from engine import paths
from engine.answers import MethodEntry
from tests.app import made_runs
from tests.app.conftest import settle


@pytest.fixture
def page(qtbot: QtBot, shell: Shell, session: RunSession) -> TrainPage:
    made = TrainPage(shell, session)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    return made


def said(page: TrainPage) -> str:
    """All that the page says at the moment, but for its purpose, which is of all methods."""
    settle()
    found = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    return "\n".join(text for text in found if text and text != page.tr(page.purpose))


def test_candidates_are_not_called_epochs(page: TrainPage, session: RunSession) -> None:
    session.open(made_runs.write_run(paths.runs_folder() / "probe", method="linear-probe"))
    page.entered()
    words = said(page)
    assert "epoch" not in words.lower()
    assert "Candidate 2 is kept: validation 85.0\u202f%, +35.0 points from before." in words
    assert session.words() == "best: no. 2 of 3"
    assert page.charts.accuracy.about_label.text() == "of each candidate"
    for card in (page.charts.accuracy, page.charts.loss):
        assert card.table(session.series)[0][0] == "Candidate"
    assert "candidate 1: validation 60.0\u202f%" in page.log.text.toPlainText()
    assert not page.panel.values["rate"].isVisibleTo(page.panel)


def test_a_run_that_trains_nothing_counts_nothing(page: TrainPage, session: RunSession) -> None:
    session.open(made_runs.write_run(paths.runs_folder() / "zero", method="zero-shot", tried=(0.5,)))
    page.entered()
    words = said(page)
    assert "epoch" not in words.lower()
    assert "candidate" not in words.lower()
    assert "of 0" not in words
    assert "This method trains nothing: the model was measured as it is." in words
    assert session.words() == "measured"


def test_epochs_keep_their_name(page: TrainPage, session: RunSession) -> None:
    session.open(made_runs.write_run(paths.runs_folder() / "flyp"))
    page.entered()
    assert "Epoch 2 is kept" in said(page)
    assert session.words() == "best epoch 2 of 3"


def test_where_nothing_was_better_it_is_said(session: RunSession) -> None:
    session.open(made_runs.write_run(paths.runs_folder() / "worse", tried=(0.9, 0.5, 0.4, 0.3)))
    assert session.words() == "kept as before training"


def test_the_runs_name_their_method_as_its_page_does(qtbot: QtBot, shell: Shell, session: RunSession) -> None:
    shell.facts.methods = (
        MethodEntry(name="linear-probe", title="Linear probe", summary="", paper="", options={}),
    )
    made_runs.write_run(paths.runs_folder() / "probe", judged=made_runs.result(), method="linear-probe")
    page = RunsPage(shell, session)
    qtbot.addWidget(page)
    page.resize(1072, 680)
    page.show()
    with qtbot.waitSignal(shell.runs_counted):
        page.entered()
    settle()
    order = page.table.order
    assert order.index(0, 2).data() == "Linear probe"
    # 100.0 in bold with the cell's margins
    room = page.table.columnWidth(6) - 24
    font = page.table.font()
    font.setBold(True)
    assert page.table.fontMetrics().horizontalAdvance("100.0") < room
