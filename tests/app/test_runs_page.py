"""The Runs page: what it lists, what it lets one do with a run, and a run fetched from the background."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QFile, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app import background, run_places
from app import paths as window_paths
from app import project as projects
from app.pages.runs import RunsPage
from app.run_list import RunList, State
from app.run_session import RunSession, RunState
from app.shell import Notice, Shell
from engine import paths
from engine.events import Reason
from engine.run_directory import RunDirectory
from tests.app import made_runs


@pytest.fixture
def page(qtbot: QtBot, shell: Shell, session: RunSession) -> RunsPage:
    """Shown, with one run that is done, one that is paused, and what it was told to show listed."""
    runs = paths.runs_folder()
    made_runs.write_run(runs / "2026-11-24T0815-fishes-flyp", judged=made_runs.result(), hour=8)
    made_runs.write_run(runs / "2026-11-24T0915-fishes-flyp", Reason.PAUSED, hour=9, epochs=5)
    made = RunsPage(shell, session)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    with qtbot.waitSignal(shell.runs_counted) as counted:
        made.entered()
    assert counted.args == [2]
    return made


def cells(page: RunsPage, row: int) -> list[str]:
    order = page.table.order
    return [order.index(row, column).data() for column in range(order.columnCount())]


def answer_question(text: str, asked: list[str]) -> None:
    """Click this button of the message box that opens next."""

    def click() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        next(button for button in box.buttons() if button.text() == text).click()

    QTimer.singleShot(50, click)


def test_the_table_sorts_and_searches(page: RunsPage) -> None:
    words = ["fishes-flyp", "FLYP", "starter"]
    assert [cells(page, 0)[i] for i in (0, 2, 3)] == words
    assert cells(page, 0)[4:] == ["all", "85.0", "–", "–", "paused, 3 of 5"]
    assert cells(page, 1)[4:] == ["all", "85.0", "80.0", "50.0", "done"]
    # a run without a figure comes last, whichever way it is sorted
    for order in Qt.SortOrder:
        page.table.sortByColumn(6, order)
        assert [cells(page, row)[6] for row in (0, 1)] == ["80.0", "–"]
    page.search.setText("PAUSED")
    assert page.table.order.rowCount() == 1
    page.search.setText("no such run")
    assert page.table.order.rowCount() == 0


def test_what_is_on_depends_on_what_is_chosen(page: RunsPage, shell: Shell, qtbot: QtBot) -> None:
    assert not page.actions_.open.isEnabled()
    page.table.selectRow(0)
    assert page.actions_.go_on.isEnabled()
    assert not page.actions_.compare.isEnabled()
    page.table.selectRow(1)
    assert not page.actions_.go_on.isEnabled()
    with qtbot.waitSignal(shell.run_wanted) as wanted:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert Path(wanted.args[0]).name == "2026-11-24T0815-fishes-flyp"
    # reading again keeps what is chosen
    with qtbot.waitSignal(shell.runs_counted):
        page.refresh()
    assert [entry.state for entry in page.table.entries()] == [State.DONE]


def test_its_recipe_becomes_a_new_project(page: RunsPage, shell: Shell, qtbot: QtBot) -> None:
    page.table.selectRow(0)
    with qtbot.waitSignal(shell.project_opened):
        qtbot.mouseClick(page.actions_.reuse, Qt.MouseButton.LeftButton)
    assert shell.project.training.epochs == 5
    # it is in a draft of its own before anything is changed
    assert shell.project.file is not None
    assert shell.project.file.parent == window_paths.drafts()
    assert projects.read(shell.project.file).training.epochs == 5


def test_compare_shows_figures_and_only_fields_that_differ(page: RunsPage, qtbot: QtBot) -> None:
    page.table.selectAll()
    qtbot.mouseClick(page.actions_.compare, Qt.MouseButton.LeftButton)
    assert page.stack.currentWidget() is page.compare
    table = page.compare.table
    assert table is not None
    lines = {line.name: line.values for line in table.all_rows()}
    assert lines["Test, %"] == ("–", "80.0")
    assert lines["Epochs"] == ("5", "3")
    assert "Learning rate" not in lines
    chart = page.compare.chart
    assert chart is not None
    for entry in page.entries:
        epochs, shares = chart.drawn_points(str(entry.folder))
        assert (list(epochs), list(shares)) == ([0, 1, 2, 3], [0.5, 0.6, 0.85, 0.8])
    page.compare.closed.emit()
    assert page.stack.currentWidget() is page.listing


def test_runs_from_elsewhere_are_remembered_when_they_are_opened(
    page: RunsPage, shell: Shell, session: RunSession, qtbot: QtBot, tmp_path: Path
) -> None:
    other = made_runs.write_run(tmp_path / "stick" / "kept", judged=made_runs.result(), hour=12)
    session.open(other)
    assert run_places.elsewhere(shell.settings) == [other]
    with qtbot.waitSignal(shell.runs_counted) as counted:
        page.refresh()
    assert counted.args == [3]
    assert cells(page, 0)[0] == "kept"


def test_deleting_asks_and_moves_to_the_bin(
    page: RunsPage, shell: Shell, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    page.table.selectRow(1)
    folder = page.table.entries()[0].folder
    asked: list[str] = []
    answer_question("Keep", asked)
    page.delete()
    assert folder.is_dir()
    answer_question("Move to the bin", asked)
    with qtbot.waitSignal(shell.runs_counted, timeout=10_000) as counted:
        page.delete()
    assert len(asked) == 2
    assert folder.name in asked[0]
    assert counted.args == [1]
    assert not folder.exists()
    assert (tmp_path / "share" / "Trash" / "files" / folder.name / "recipe.toml").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a bin")
def test_without_a_bin_nothing_is_deleted(
    page: RunsPage, shell: Shell, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/no-such-place")
    if QFile(str(made_runs.write_run(tmp_path / "probe"))).moveToTrash():
        pytest.skip("this disk has a bin of its own")
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    page.table.selectRow(1)
    folder = page.table.entries()[0].folder
    answer_question("Move to the bin", [])
    with qtbot.waitSignal(shell.runs_counted, timeout=10_000) as counted:
        page.delete()
    assert counted.args == [2]
    assert (folder / "result.json").is_file()
    assert "no bin" in told[-1].why


def test_a_run_in_use_is_not_deleted(page: RunsPage, shell: Shell, qtbot: QtBot) -> None:
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    page.table.selectRow(0)
    folder = page.table.entries()[0].folder
    holder = RunDirectory(folder)
    holder.hold()
    with qtbot.waitSignal(shell.runs_counted):
        page.refresh()
    assert cells(page, 0)[-1] == "in another process"
    page.delete()
    assert [notice.key for notice in told] == ["bin"]
    assert folder.is_dir()
    # looked at again while somebody works on it
    assert page._timer.isActive()
    page.hide()
    assert not page._timer.isActive()
    holder.close()


def test_a_run_in_the_background_is_brought_into_the_window(
    qtbot: QtBot, real_engine: None, shell: Shell, session: RunSession,
    small_pictures: Path, tiny_model: Path, tmp_path: Path,
) -> None:  # fmt: skip
    """Paused by the terminal, left to go on in the background, fetched: three processes, one run."""
    folder = paths.runs_folder() / "long"
    recipe = made_runs.small_recipe(small_pictures, tiny_model, tmp_path / "long.toml", 2000)
    first = made_runs.train(recipe, folder)
    run = RunDirectory(folder)
    _until(lambda: run.has_checkpoint("best") and first.poll() is None)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 130
    begun = run.attempts()
    background.start(folder)
    _until(lambda: run.attempts() == begun + 1)

    def bring(free: Path) -> None:
        session.open(free)
        session.resume()

    session.fetching.free.connect(bring)
    page = RunsPage(shell, session)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(shell.runs_counted):
        page.entered()
    page.table.selectRow(0)
    assert page.table.entries()[0].state is State.BACKGROUND
    assert page.actions_.fetch.isVisible()
    qtbot.mouseClick(page.actions_.fetch, Qt.MouseButton.LeftButton)
    assert page.waiting.isVisible()
    qtbot.waitUntil(lambda: session.state is RunState.RUNNING, timeout=90_000)
    assert not page.waiting.isVisible()
    assert background.alive() == frozenset()
    assert run.attempts() == begun + 2
    qtbot.waitUntil(lambda: cells(page, 0)[-1].startswith("here: epoch"), timeout=10_000)
    session.close()
    assert [entry.state for entry in RunList().read()] == [State.PAUSED]


def _until(so: object, seconds: float = 90) -> None:
    assert callable(so)
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)
