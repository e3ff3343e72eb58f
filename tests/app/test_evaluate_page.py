"""Evaluate and Export: figures as the engine wrote them, other pictures, code that loads the model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import loading_code
from app.pages.evaluate import EvaluatePage
from app.pages.export import ExportPage
from app.run_session import RunSession, RunState
from app.shell import Notice, Shell
from app.steps import Step
from app.widgets import result_table
from app.widgets.cells import PADDING
from engine import paths
from engine.events import Progress, Reason
from engine.messages import say
from engine.recipe import Prompts
from engine.requests import EvaluateAnswer, EvaluateRequest
from tests.app import made_runs


@pytest.fixture
def run(session: RunSession) -> Path:
    """Done, with a test part and two shifted sets; open in the session."""
    folder = made_runs.write_run(paths.runs_folder() / "done", judged=made_runs.result())
    session.open(folder)
    return folder


@pytest.fixture
def page(qtbot: QtBot, shell: Shell, session: RunSession, run: Path) -> EvaluatePage:
    made = EvaluatePage(shell, session)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    made.entered()
    qtbot.waitUntil(lambda: made.result is not None)
    return made


def table(page: EvaluatePage) -> list[list[str]]:
    """Without the column of bars."""
    return [line.split("\t") for line in page.view.sets_card.sets.as_text().splitlines()]


def test_before_and_after_of_every_set(page: EvaluatePage) -> None:
    assert table(page) == [
        ["Set", "Pictures", "Before", "After", "Change", "Range"],
        ["test", "50", "50.0", "80.0", "+30.0", "75.0\u2009–\u200984.0"],
        ["validation", "40", "50.0", "85.0", "+35.0", "80.0\u2009–\u200989.0"],
        ["chalk", "60", "40.0", "30.0", "\u221210.0", "25.0\u2009–\u200934.0"],
        ["pencil", "60", "40.0", "70.0", "+30.0", "65.0\u2009–\u200974.0"],
        ["shifted sets", "120", "40.0", "50.0", "+10.0", ""],
    ]
    assert page.view.sets_card.optimistic.isHidden()
    kept = page.view.classes.kept
    assert kept.epoch.text() == "2 of 3"
    assert kept.last.text() == "test 78.0, validation 83.0, chalk 28.0, pencil 68.0"
    # the set that was never used to choose is the one whose classes are shown first
    assert page.view.mistakes.chooser.currentText() == "test"
    used = {each.name: result_table.used_for(each) for each in page.view.sets_card.sets.all_rows()}
    assert (used["test"], used["validation"]) == ("never used to choose", "chose epoch and blend")
    hint = page.hint()
    assert hint is not None
    assert "done" in hint.text


def test_classes_and_further_figures_follow_the_chosen_set(page: EvaluatePage, qtbot: QtBot) -> None:
    card = page.view.classes
    lines = card.classes.as_text().splitlines()
    assert lines[1:] == [
        "golden fish\t25\t60.0\t90.0\t+30.0\t50.0\u2009–\u200990.0",
        "red bird\t25\t40.0\t70.0\t+30.0\t30.0\u2009–\u200970.0",
    ]
    page.view.sets_card.sets.selectRow(2)
    assert page.view.mistakes.chooser.currentText() == "chalk"
    assert card.classes.as_text().splitlines()[1].startswith("golden fish\t30\t50.0\t40.0")
    told = {each.name: (each.below, each.before, each.after) for each in card.details.all_rows()}
    assert told["Confidence is off by"] == ("in points, 0 is best", "3.4", "3.4")
    assert told["Worst class, %"] == ("red bird", "30.0", "20.0")
    assert "Worst group, %" not in told
    qtbot.mouseClick(card.view.buttons["classes"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == card.classes.as_text()
    card.classes.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    assert [each.name for each in card.classes.all_rows()] == ["red_bird", "golden_fish"]


def test_no_range_loses_a_digit(page: EvaluatePage) -> None:
    widest = result_table.ranged((0.888, 1.0))
    card = page.view.classes
    tables = (page.view.sets_card.sets, card.classes, card.details)
    for each in tables:
        heads = [column.title for column in each.rows.columns]
        room = each.columnWidth(heads.index("Range")) - 2 * PADDING
        assert each.fontMetrics().horizontalAdvance(widest) <= room, each.accessibleName()


def test_without_a_test_part_the_figures_are_called_optimistic(
    page: EvaluatePage, session: RunSession, qtbot: QtBot
) -> None:
    other = made_runs.write_run(paths.runs_folder() / "no-test", judged=made_runs.result(test=False))
    session.open(other)
    page.entered()
    qtbot.waitUntil(lambda: page.result is not None)
    assert not page.view.sets_card.optimistic.isHidden()
    assert table(page)[1][:4] == ["validation", "40", "50.0", "85.0"]
    assert page.view.mistakes.chooser.currentText() == "validation"


def test_other_pictures_are_judged_beside_the_run(
    page: EvaluatePage, shell: Shell, run: Path, tmp_path: Path
) -> None:
    page.judge(tmp_path / "garden")
    asked = shell.engine.asked_for(EvaluateRequest)[-1]
    assert (asked.data, asked.alpha) == (str(tmp_path / "garden"), 1.0)
    assert not page.view.sets_card.other_button.isEnabled()
    shell.engine.say("evaluate", Progress(phase=say("phase.evaluating", name="garden"), done=3, total=9))
    assert (page.judging.bar.value(), page.judging.bar.maximum()) == (3, 9)
    assert page.judging.phase.text() == "Evaluating garden"
    judged = made_runs.result()
    judged["sets"] = {
        "garden": {**made_runs.figures(0.6, 9, "shift"), "zero_shot": made_runs.figures(0.3, 9)}
    }
    shell.engine.answer_once("evaluate", EvaluateAnswer(run=str(run), path=None, result=judged))
    assert table(page)[-1][:5] == ["garden", "9", "30.0", "60.0", "+30.0"]
    row = page.view.sets_card.sets.all_rows()[-1]
    assert (row.kind, result_table.used_for(row)) == ("other", "other pictures, at blend 1")
    assert page.view.mistakes.chooser.currentText() == "garden"
    # the run's own figures on disk are as they were
    assert "garden" not in json.loads((run / "result.json").read_text(encoding="utf-8"))["sets"]


def test_judging_can_be_stopped(page: EvaluatePage, shell: Shell, qtbot: QtBot, tmp_path: Path) -> None:
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    page.judge(tmp_path)
    qtbot.mouseClick(page.judging.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.view.sets_card.other_button.isEnabled())
    assert page.judging.isHidden()
    assert told == []


def test_what_is_asked_while_another_run_is_judged_is_answered_in_words(
    page: EvaluatePage, shell: Shell, session: RunSession, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    page.judge(tmp_path)
    session.open(made_runs.write_run(paths.runs_folder() / "failed", Reason.FAILED))
    qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert len(shell.engine.asked_for(EvaluateRequest)) == 1
    assert [notice.what for notice in told] == ["Something else is being done."]
    page.judging.stop()


def test_without_a_finished_run_it_says_what_is_needed(
    qtbot: QtBot, shell: Shell, session: RunSession
) -> None:
    steps: list[Step] = []
    shell.wanted.connect(steps.append)
    for kind in (EvaluatePage, ExportPage):
        page = kind(shell, session)
        qtbot.addWidget(page)
        page.show()
        assert page.stack.currentWidget() is page.empty
        assert page.empty.what.text() == "Needs a finished run"
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert steps == [Step.TRAIN, Step.TRAIN]


def test_a_failed_run_with_weights_can_be_judged(qtbot: QtBot, shell: Shell, session: RunSession) -> None:
    folder = made_runs.write_run(paths.runs_folder() / "failed", Reason.FAILED)
    session.open(folder)
    assert session.state is RunState.FAILED
    page = EvaluatePage(shell, session)
    qtbot.addWidget(page)
    page.show()
    qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)
    assert shell.engine.asked_for(EvaluateRequest)[-1].data is None
    shell.engine.answer_once(
        "evaluate", EvaluateAnswer(run=str(folder), path=None, result=made_runs.result())
    )
    assert page.stack.currentWidget() is page.view
    assert table(page)[1][:4] == ["test", "50", "50.0", "80.0"]


def test_names_with_quotes_and_braces_survive_in_the_code(tmp_path: Path) -> None:
    prompts = Prompts(templates=('a {} in a "frame".',), class_names={"a": 'o\'clock \\ "x"'})
    text = loading_code.code(tmp_path / "it's", ["a"], prompts)
    found: dict[str, object] = {}
    wanted = [line for line in text.splitlines() if line.startswith(("name =", "classes =", "templates ="))]
    exec("\n".join(wanted), found)
    assert found["classes"] == ['o\'clock \\ "x"']
    assert found["templates"] == ['a {} in a "frame".']
    assert found["name"] == f"local-dir:{tmp_path.as_posix()}/it's"


def test_a_real_run_its_code_and_other_pictures(
    qtbot: QtBot, real_shell: Shell, small_run: Path, small_pictures: Path, small_shift: Path, tmp_path: Path
) -> None:
    """The shown code classifies the test pictures exactly as the engine did."""
    folder = shutil.copytree(small_run, tmp_path / "real")
    session = RunSession(real_shell)
    session.open(folder)
    page = EvaluatePage(real_shell, session)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.result is not None)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    test = result["sets"]["test"]
    assert table(page)[1][:2] == ["test", str(test["n"])]
    assert table(page)[1][3] == f"{100 * test['accuracy']:.1f}"
    page.judge(small_shift)
    qtbot.waitUntil(
        lambda: (
            page.view.sets_card.other_button.isEnabled()
            and page.view.sets_card.sets.all_rows()[-1].kind == "other"
        ),
        timeout=120_000,
    )
    assert table(page)[-1][:2] == ["elsewhere", "12"]

    # every blend, by the real engine
    page.entered()
    sweeping = page.view.sweeping
    qtbot.waitUntil(lambda: sweeping.complete and not sweeping.under_way, timeout=120_000)
    page.view.show_set("test")
    for alpha, wanted in ((0.0, test["zero_shot"]), (1.0, test)):
        page.view.show_alpha(alpha)
        assert table(page)[1][3] == f"{100 * wanted['accuracy']:.1f}"
        assert page.view.classes.matrix.matrix.matrix_CC.tolist() == wanted["confusion"]
    validation = {a: s.figures["validation"]["accuracy"] for a, s in sweeping.stops.items()}
    best = page.view.blend.best
    assert best is not None
    assert validation[best] == max(validation.values())
    page.save_report(tmp_path / "report.html")
    qtbot.waitUntil(lambda: not page.judging.busy, timeout=120_000)
    assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    page.try_pictures()
    dialog = page._try
    assert dialog is not None
    dialog.take([str(next(small_pictures.rglob("*.png")))])
    qtbot.waitUntil(lambda: bool(dialog.tried), timeout=120_000)
    assert len(dialog.tried[0].after) == 3
    assert sum(each.probability for each in dialog.tried[0].after) == pytest.approx(1, abs=1e-4)
    dialog.close()

    export = ExportPage(real_shell, session)
    qtbot.addWidget(export)
    export.show()
    export.run_card.code.copy()
    program = QGuiApplication.clipboard().text() + _CHECK.format(
        split=str(folder / "split.csv"), source=str(small_pictures)
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    right, total = map(int, done.stdout.split()[-2:])
    assert total == test["n"]
    assert right == round(test["accuracy"] * total)


_CHECK = """
import csv, pathlib
right = total = 0
with open({split!r}, encoding="utf-8") as stream:
    for row in csv.DictReader(stream):
        if row["split"] == "test":
            total += 1
            right += classify(pathlib.Path({source!r}) / row["path"])[0] == row["class"].replace("_", " ")
print(right, total)
"""
