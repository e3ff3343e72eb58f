"""Runs of methods that learn from features: they have candidates instead of epochs, or nothing to train."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.closing import choice
from app.pages.runs import RunsPage
from app.pages.train import TrainPage
from app.run_list import RunList
from app.run_session import RunSession
from app.shell import Shell
from app.widgets.compare import Compare
from app.widgets.run_compare import found_runs
from app.widgets.runs_table import Row, state
from engine import paths
from engine.answers import MethodEntry
from engine.events import Reason
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


def test_a_pause_keeps_nothing_of_what_was_tried_and_says_so(
    page: TrainPage, session: RunSession, qtbot: QtBot
) -> None:
    runs = paths.runs_folder()
    probe = made_runs.write_run(runs / "probe", Reason.PAUSED, method="linear-probe")
    flyp = made_runs.write_run(runs / "flyp", Reason.PAUSED)
    session.open(probe)
    page.entered()
    words = said(page)
    assert "it then begins anew, and comes to the same end" in words
    assert "saved" not in words
    assert "begin anew" in page.buttons.resume.toolTip().lower()
    assert "paused, to begin anew" in page.log.text.toPlainText()
    # of what was tried before the pause there is nothing to keep
    assert not page.buttons.keep.isVisibleTo(page)
    rows = {entry.name: Row(entry) for entry in RunList().read()}
    assert (state(rows["probe"]), state(rows["flyp"])) == ("paused", "paused, 3 of 3")
    assert "begin anew" in choice(True)
    session.open(flyp)
    settle()
    assert "Everything is saved." in said(page)
    assert "last saved" in page.buttons.resume.toolTip()
    assert page.buttons.keep.isVisibleTo(page)
    assert "Pausing saves it" in choice(False)


def test_beside_other_runs_each_counts_what_its_method_counts(
    qtbot: QtBot, shell: Shell, session: RunSession
) -> None:
    runs = paths.runs_folder()
    made = {
        "flyp": made_runs.write_run(runs / "a-flyp", judged=made_runs.result(), hour=8),
        "probe": made_runs.write_run(runs / "b-probe", method="linear-probe", hour=9),
        "zero": made_runs.write_run(runs / "c-zero", method="zero-shot", tried=(0.5,), hour=10),
        "one": made_runs.write_run(runs / "d-one", epochs=1, tried=(0.5, 0.6), hour=11),
    }
    about = {found.folder.name: found.about.rpartition(", ")[2] for found in found_runs(runs)}
    assert about == {
        "a-flyp": "3 epochs",
        "b-probe": "3 candidates",
        "c-zero": "nothing to train",
        "d-one": "1 epoch",
    }
    entries = {entry.folder: entry for entry in RunList().read()}
    compare = Compare()
    qtbot.addWidget(compare)

    def shown(*names: str) -> tuple[tuple[str, ...], str, str]:
        compare.show_entries([entries[made[name]] for name in names])
        assert compare.table is not None
        assert compare.chart is not None
        kept = next(line.values for line in compare.table.all_rows() if line.name == "Kept")
        return kept, compare.chart.axis_word, compare.curves.about.text()

    assert shown("flyp", "zero") == (
        ("epoch 2 of 3", "–"), "epoch", "after each epoch, 0 is before training",
    )  # fmt: skip
    assert shown("probe", "zero") == (
        ("candidate 2 of 3", "–"), "candidate", "after each candidate, 0 is before training",
    )  # fmt: skip
    assert shown("flyp", "probe")[1] == "epoch or candidate"


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
