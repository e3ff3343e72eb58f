"""Evaluate at any blend: stops as they come, numbers that move, cells and their pictures, corrections."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import reading_order
from app.pages.evaluate import EvaluatePage
from app.pages.export import ExportPage
from app.run_session import RunSession
from app.shell import Notice, Shell
from app.widgets import relabel_dialog
from app.widgets.basics import Button
from app.widgets.confusion_model import most_confused
from app.widgets.try_dialog import TryDialog
from engine import paths
from engine.evaluation.outputs import ALPHAS
from engine.events import Failed, Progress, Reason
from engine.messages import say
from engine.recipe import Data
from engine.requests import (
    CancelRequest,
    Guess,
    ReportAnswer,
    ReportRequest,
    SweepRequest,
    TriedPicture,
    TryAnswer,
    TryRequest,
)
from engine.run_directory import RunDirectory
from tests.app import made_outputs, made_runs
from tests.app.conftest import settle


@pytest.fixture
def run(session: RunSession) -> Path:
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
    qtbot.waitUntil(lambda: made.result is not None and bool(shell.engine.open("sweep")))
    return made


def say_stops(qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path, *alphas: float) -> list:
    """The engine has judged these, and the page has read them."""
    told = []
    for alpha in alphas:
        told += made_outputs.all_stops(run, run, (alpha,))
        shell.engine.say("sweep", told[-1])
    qtbot.waitUntil(lambda: all(alpha in page.view.sweeping.stops for alpha in alphas))
    return told


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with every stop. Not to be written to."""
    folder = tmp_path_factory.mktemp("judged")
    made_outputs.all_stops(folder, folder / "pictures")
    return folder / "evaluation"


@pytest.fixture
def swept(qtbot: QtBot, shell: Shell, session: RunSession, run: Path, judged: Path) -> EvaluatePage:
    """Every stop is on the disk."""
    shutil.copytree(judged, run / "evaluation", copy_function=shutil.copy)
    made = EvaluatePage(shell, session)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    made.entered()
    qtbot.waitUntil(lambda: made.view.sweeping.complete and not made.view.sweeping.under_way)
    return made


def test_a_long_sentence_gives_its_room_back(swept: EvaluatePage) -> None:
    blend = swept.view.blend
    settle()
    before = blend.chart.height()
    blend.words.setText("A long sentence on why it could not be computed. " * 4)
    settle()
    assert blend.chart.height() < before
    blend.words.setText("Short.")
    settle()
    assert blend.chart.height() == before


def test_the_slider_reaches_under_its_table(swept: EvaluatePage) -> None:
    blend = swept.view.blend
    settle()
    assert blend.slider.place_of(10).x() == pytest.approx(blend.chart.ends()[1], abs=20)
    blend.table_button.click()
    settle()
    assert blend.slider.place_of(0).x() < 20
    assert blend.slider.width() - blend.slider.place_of(10).x() < 20


def row(page: EvaluatePage, name: str) -> list[str]:
    lines = page.view.sets_card.sets.as_text().splitlines()
    return next(line.split("\t") for line in lines if line.startswith(f"{name}\t"))


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def test_stops_are_hollow_until_they_are_ready(
    qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path
) -> None:
    view, slider = page.view, page.view.blend.slider
    assert shell.engine.asked_for(SweepRequest) == [SweepRequest(run=str(run))]
    assert slider.ready == frozenset()
    assert not slider.isEnabled()
    shell.engine.say("sweep", Progress(phase=say("phase.loading_model", model="starter"), done=2, total=9))
    assert view.blend.words.text() == "Computing the blends, 0 of 11 done: Loading the model starter 2 of 9"
    assert view.mistakes.nothing.text() == "The pictures come here as soon as this blend is computed."
    say_stops(qtbot, page, shell, run, 1.0, 0.0, 0.5)
    assert slider.ready == {0, 5, 10}
    assert slider.isEnabled()
    # a click on a hollow stop goes to the nearest that is computed; keys go from one to the next
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider.place_of(4).toPoint())
    assert (view.alpha, slider.value()) == (0.5, 5)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert view.alpha == 1.0
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert view.alpha == 0.0
    assert view.blend.field.value() == 0.0
    # what validation would choose is said only when all are there
    assert view.blend.best is None
    assert view.blend.use.isHidden()


def test_moving_it_moves_every_number(swept: EvaluatePage) -> None:
    view = swept.view
    assert view.blend.best == 0.7
    assert view.blend.words.text() == "0.7 is best on validation. Shifted sets and test choose nothing."
    view.blend.show_best.click()
    for alpha in (0.7, 0.3):
        view.show_alpha(alpha)
        stop, before = view.sweeping.stops[alpha], view.sweeping.stops[0.0]
        now, first = (s.figures["test"]["accuracy"] for s in (stop, before))
        change = round(100 * (now - first), 1)
        sign = "+" if change >= 0 else "\u2212"
        assert row(swept, "test")[2:5] == [percent(first), percent(now), f"{sign}{abs(change):.1f}"]
        assert row(swept, "chalk")[3] == percent(stop.figures["chalk"]["accuracy"])
        per_class = stop.figures["test"]["per_class"]["red_bird"]["accuracy"]
        line = next(
            text for text in view.classes.classes.as_text().splitlines() if text.startswith("red bird")
        )
        assert line.split("\t")[3] == percent(per_class)
        matrix = view.classes.matrix.matrix
        assert matrix.matrix_CC.tolist() == stop.matrix("test").tolist()
        wrong = len(stop.wrong["test"])
        assert view.mistakes.told.text() == f"{wrong} of 50 test pictures, surest first"
        assert len(view.mistakes.grid.tiles.tiles) == wrong
        worst = next(each for each in view.classes.details.all_rows() if each.name == "Worst class, %")
        assert worst.after == percent(stop.figures["test"]["worst_class_accuracy"])
        assert view.blend.chart.values()["pencil"] == percent(stop.figures["pencil"]["accuracy"])
    hint = swept.hint()
    assert hint is not None
    assert hint.text == "Every number on this page is for blend 0.3."
    view.show_alpha(0.7)
    hint = swept.hint()
    assert hint is not None
    assert hint.text.endswith("blend 0.7, the best on validation.")


def test_ranges_of_further_figures_follow(swept: EvaluatePage, qtbot: QtBot) -> None:
    swept.view.show_alpha(0.4)

    def ranges() -> list[str]:
        return [each.interval for each in swept.view.classes.details.all_rows()]

    assert ranges() == ["", "", "", ""]
    qtbot.waitUntil(lambda: all(ranges()))


def test_the_curves_and_their_table(swept: EvaluatePage, qtbot: QtBot) -> None:
    card, stops = swept.view.blend, swept.view.sweeping.stops
    xs, ys = card.chart.drawn_points("set chalk")
    assert xs.tolist() == list(range(11))
    assert ys.tolist() == [stops[alpha].figures["chalk"]["accuracy"] for alpha in ALPHAS]
    qtbot.mouseClick(card.table_button, Qt.MouseButton.LeftButton)
    lines = [line.split("\t") for line in card.figures.copied().splitlines()]
    assert lines[0] == ["Blend", "test", "validation", "chalk", "pencil"]
    assert lines[8][0] == "0.7 \u2691"
    assert lines[8][2] == percent(stops[0.7].figures["validation"]["accuracy"])
    qtbot.mouseClick(card.table_button, Qt.MouseButton.LeftButton)
    settle()
    # the slider's ends lie under those of the axis, to the pixel
    for number in (0, 10):
        there = card.chart.mapTo(card, card.chart.place_of(number, 0).toPoint()).x()
        here = card.slider.mapTo(card, card.slider.place_of(number).toPoint()).x()
        assert abs(there - here) <= 1
    # the chart is pointed at, and a number typed
    QTest.keyClick(card.chart, Qt.Key.Key_Left)
    assert swept.view.alpha == 0.9
    card.chart.picked.emit(0.22)
    assert swept.view.alpha == 0.2
    card.field.setValue(0.58)
    assert (swept.view.alpha, card.field.value()) == (0.6, 0.6)


def test_it_stops_with_the_page_and_goes_on_from_disk(
    qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path
) -> None:
    say_stops(qtbot, page, shell, run, 1.0, 0.0, 0.5)
    asked = shell.engine.open("sweep")[0].id
    page.left()
    assert shell.engine.asked_for(CancelRequest)[-1].target == asked
    settle()
    assert not page.view.sweeping.under_way
    page.entered()
    qtbot.waitUntil(lambda: bool(shell.engine.open("sweep")))
    assert sorted(page.view.sweeping.stops) == [0.0, 0.5, 1.0]
    told = made_outputs.all_stops(run, run)
    for each in told:
        shell.engine.say("sweep", each)
    shell.engine.answer_once("sweep", made_outputs.answer(run, told, 0.7))
    qtbot.waitUntil(lambda: page.view.sweeping.complete and not page.view.sweeping.under_way)
    # what is complete on disk needs no engine
    count = len(shell.engine.asked_for(SweepRequest))
    page.left()
    page.view.sweeping.forget()
    page.entered()
    qtbot.waitUntil(lambda: page.view.sweeping.complete and not page.view.sweeping.under_way)
    assert len(shell.engine.asked_for(SweepRequest)) == count


def test_what_the_person_asks_for_goes_before_the_blends(
    qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path, tmp_path: Path
) -> None:
    say_stops(qtbot, page, shell, run, 1.0)
    sweep = shell.engine.open("sweep")[0].id
    page.save_report(tmp_path / "r.html")
    assert shell.engine.asked_for(CancelRequest)[-1].target == sweep
    assert page.view.blend.words.text() == "The blends are computed as soon as the engine is free."
    shell.engine.answer_once("report", ReportAnswer(path=str(tmp_path / "r.html"), bytes=9))
    qtbot.waitUntil(lambda: bool(shell.engine.open("sweep")))
    assert list(page.view.sweeping.stops) == [1.0]
    # single pictures too
    (tmp_path / "one.png").write_bytes(b"x")
    page.try_pictures()
    assert page._try is not None
    page._try.take([str(tmp_path / "one.png")])
    settle()
    assert not shell.engine.open("sweep")
    page._try.close()
    qtbot.waitUntil(lambda: bool(shell.engine.open("sweep")))


def test_another_run_shows_nothing_of_the_one_before(
    swept: EvaluatePage, session: RunSession, qtbot: QtBot
) -> None:
    session.open(made_runs.write_run(paths.runs_folder() / "other", judged=made_runs.result(test=False)))
    assert swept.view.sweeping.stops == {}
    qtbot.waitUntil(lambda: swept.result is not None)
    assert swept.view.blend.slider.ready == frozenset()
    assert swept.view.blend.best is None
    assert swept.view.mistakes.chooser.currentText() == "validation"


def test_without_a_blend_it_says_why(qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path) -> None:
    told = say_stops(qtbot, page, shell, run, 1.0, 0.0)
    reason = say("sweep.nothing_learnt", run=str(run))
    shell.engine.answer_once(
        "sweep", made_outputs.answer(run, told, 1.0).model_copy(update={"reason": reason})
    )
    words = page.view.blend.words
    assert words.text() == "Every blend is the same: the weights from before training were kept."
    assert reason.text in words.toolTip()
    assert page.view.blend.use.isHidden()
    assert page.view.blend.best is None


def test_a_long_sentence_covers_nothing(qtbot: QtBot, page: EvaluatePage, shell: Shell) -> None:
    where = "/a/folder/whose/name/is/long/" * 6
    shell.engine.fail("sweep", Failed(message=say("run.busy", path=where)))
    settle()
    card = page.view.blend
    words = card.words
    assert words.height() >= words.heightForWidth(words.width()) > 60
    # the slider begins where the chart ends, and the sentence where the slider ends
    tops = [each.mapTo(card, each.rect().topLeft()).y() for each in (card.stack, card.control, words)]
    assert tops[0] + card.stack.height() <= tops[1]
    assert tops[1] + card.control.height() <= tops[2]
    assert tops[2] + words.height() <= card.height()


def test_what_fails_can_be_tried_again(qtbot: QtBot, page: EvaluatePage, shell: Shell, run: Path) -> None:
    shell.engine.fail("sweep", Failed(message=say("run.busy", path=str(run))))
    card = page.view.blend
    assert card.words.text().startswith("The blends could not be computed.")
    qtbot.mouseClick(card.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(shell.engine.asked_for(SweepRequest)) == 2)
    assert card.retry.isHidden()


def test_without_weights_the_figures_are_shown_and_the_blends_are_not(
    qtbot: QtBot, shell: Shell, session: RunSession
) -> None:
    folder = paths.runs_folder() / "bare"
    session.open(made_runs.write_run(folder, judged=made_runs.result(), checkpoint=False))
    page = EvaluatePage(shell, session)
    qtbot.addWidget(page)
    page.show()
    page.entered()
    qtbot.waitUntil(lambda: page.result is not None)
    assert row(page, "test")[1:4] == ["50", "50.0", "80.0"]
    assert page.view.blend.words.text().endswith("The weights of this run are not there any more.")
    assert shell.engine.asked_for(SweepRequest) == []


def test_the_chosen_blend_is_gone_on_with(swept: EvaluatePage, session: RunSession, run: Path) -> None:
    card = swept.view.blend
    swept.view.show_alpha(0.7)
    assert card.badge.isHidden()
    card.use.click()
    assert session.alpha == 0.7
    assert (card.badge.text(), card.use.isHidden()) == ("in use", True)
    assert RunDirectory(run).chosen_alpha() == 0.7
    session.open(run)
    assert session.alpha == 0.7


def test_a_run_opens_at_the_blend_that_was_chosen(
    qtbot: QtBot, shell: Shell, session: RunSession, run: Path, judged: Path
) -> None:
    shutil.copytree(judged, run / "evaluation", copy_function=shutil.copy)
    RunDirectory(run).choose_alpha(0.4)
    page = EvaluatePage(shell, session)
    qtbot.addWidget(page)
    page.show()
    page.entered()
    qtbot.waitUntil(lambda: page.view.sweeping.complete)
    assert page.view.alpha == 0.4
    assert page.view.blend.badge.text() == "in use"


def test_a_cell_shows_its_pictures(swept: EvaluatePage, qtbot: QtBot) -> None:
    view, matrix = swept.view, swept.view.classes.matrix
    view.show_set("chalk")
    view.show_alpha(0.0)
    counts = view.sweeping.stops[0.0].matrix("chalk")
    matrix.choose_cell(1, 0)
    tiles = view.mistakes.grid.tiles.tiles
    assert len(tiles) == counts[1, 0] > 0
    assert {(tile.truth, tile.said) for tile in tiles} == {("red bird", "said golden fish")}
    assert tiles[0].path.startswith(str(view.sweeping.stops[0.0].outputs["chalk"].root))
    words = f"{counts[1, 0]} of 30 red bird taken for golden fish"
    assert view.mistakes.picked_words.text() == words
    assert view.classes.words.text() == f"red bird taken for golden fish: {counts[1, 0]} of 30"
    # a cell of right ones too; and they stay those of the cell when the blend moves
    QTest.keyClick(matrix, Qt.Key.Key_Right if matrix.currentIndex().column() == 0 else Qt.Key.Key_Left)
    assert len(view.mistakes.grid.tiles.tiles) == counts[1, 1]
    view.show_alpha(0.5)
    assert len(view.mistakes.grid.tiles.tiles) == view.sweeping.stops[0.5].matrix("chalk")[1, 1]
    qtbot.mouseClick(view.mistakes.all_button, Qt.MouseButton.LeftButton)
    assert len(view.mistakes.grid.tiles.tiles) == len(view.sweeping.stops[0.5].wrong["chalk"])
    assert not matrix.selectedIndexes()
    # a class' row shows the mistakes of the class
    view.classes.show_view("classes")
    view.classes.classes.selectRow(0)
    truth = 0 if view.classes.classes.chosen()[0].name == "golden_fish" else 1
    assert len(view.mistakes.grid.tiles.tiles) == view.sweeping.stops[0.5].matrix("chalk")[truth, 1 - truth]


def test_the_matrix_is_sorted_copied_and_shown_as_shares(swept: EvaluatePage, qtbot: QtBot) -> None:
    counts = np.array([[9, 0, 1, 0], [0, 5, 0, 0], [3, 0, 7, 0], [0, 0, 0, 0]])
    assert most_confused(counts) == [0, 2, 1]
    card = swept.view.classes
    card.matrix.show_matrix("x", counts, ("a", "b", "c", "d"))
    qtbot.mouseClick(card.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "\ta\tc\tb\na\t9\t1\t0\nc\t3\t7\t0\nb\t0\t0\t5\n"
    card.matrix.show_shares(True)
    assert card.matrix.matrix.index(1, 0).data() == "30\u202f%"
    assert card.matrix.matrix.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "c taken for a: 3 of 10"
    # the order stays while the blend moves, whatever is most confused then
    card.matrix.show_matrix("x", counts.T.copy() * np.array([[1], [1], [9], [1]]), ("a", "b", "c", "d"))
    assert card.matrix.matrix.order == [0, 2, 1]


def test_a_picture_is_given_its_right_class(
    swept: EvaluatePage, shell: Shell, session: RunSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, str]] = []

    def ask(parent: object, pictures: int, classes: list[tuple[str, str]], current: str) -> str:
        asked.append((pictures, current))
        assert classes == [("golden_fish", "golden fish"), ("red_bird", "red bird")]
        return current

    monkeypatch.setattr(relabel_dialog.RelabelDialog, "ask", staticmethod(ask))
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    view = swept.view
    view.show_alpha(0.0)
    grid = view.mistakes.grid
    assert not view.mistakes.relabel_button.isEnabled()
    grid.setCurrentIndex(grid.tiles.index(0))
    view.mistakes.relabel_button.click()
    # a project of other pictures is not touched
    assert asked == []
    assert "other pictures" in told[0].what
    recipe = session.recipe
    assert recipe is not None
    shell.set_quietly(data={"source": recipe.data.source}, model={"name": "starter"})
    tile = grid.tiles.tiles[0]
    QTest.keyClick(grid, Qt.Key.Key_R)
    data = shell.project.data
    assert isinstance(data, Data)
    said = "red_bird" if tile.truth == "golden fish" else "golden_fish"
    assert data.labels == {tile.name: said}
    assert asked == [(1, said)]
    assert grid.tiles.tiles[0].problem.startswith("Corrected to")
    hint = swept.hint()
    assert hint is not None
    assert hint.text.startswith("The recipe has changed since this run")
    shell.undo.undo()
    assert shell.project.data is not None
    assert shell.project.data.labels == {}
    assert grid.tiles.tiles[0].problem == ""


def test_the_dialog_finds_a_class_by_part_of_its_name(qtbot: QtBot) -> None:
    dialog = relabel_dialog.RelabelDialog(None, 3, [("a_b", "a b"), ("gold", "golden fish")], "a_b")  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    assert dialog.chosen() == "a_b"
    dialog.search.setText("FISH")
    assert dialog.chosen() == "gold"
    dialog.search.setText("nothing")
    assert dialog.chosen() is None
    assert not dialog.ok.isEnabled()


def test_single_pictures_are_tried_at_the_blend(
    swept: EvaluatePage, shell: Shell, qtbot: QtBot, tmp_path: Path
) -> None:
    for name in ("one.png", "two.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    urls = QMimeData()
    urls.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("one.png", "notes.txt")])
    enter = QDragEnterEvent(
        QPoint(9, 9),
        Qt.DropAction.CopyAction,
        urls,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    swept.dragEnterEvent(enter)
    assert enter.isAccepted()
    swept.dropEvent(
        QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, urls, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip
    dialog = swept._try
    assert dialog is not None
    asked = shell.engine.asked_for(TryRequest)[-1]
    assert (asked.paths, asked.alpha) == ((str(tmp_path / "one.png"),), 1.0)
    guesses = (
        Guess(class_name="red_bird", probability=0.9),
        Guess(class_name="golden_fish", probability=0.1),
    )
    tried = TriedPicture(path=asked.paths[0], before=guesses[::-1], after=guesses)
    shell.engine.answer_once("try", TryAnswer(pictures=(tried,)))
    spoken = [
        widget.accessibleName()
        for widget in dialog.findChildren(type(dialog.list.itemAt(0).widget()))[0].findChildren(object)
        if hasattr(widget, "accessibleName") and ":" in widget.accessibleName()
    ]
    assert spoken == [
        "Before: golden fish 10\u202f%, red bird 90\u202f%",
        "After: red bird 90\u202f%, golden fish 10\u202f%",
    ]
    # the blend moves: they are tried with it
    swept.view.show_alpha(0.3)
    qtbot.waitUntil(lambda: shell.engine.asked_for(TryRequest)[-1].alpha == 0.3)
    shell.engine.fail("try", Failed(message=say("run.busy", path="x")))
    assert dialog.words.property("tone") == "bad"
    # a folder is opened by the window, as ever
    folder = QMimeData()
    folder.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    enter = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, folder, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    swept.dragEnterEvent(enter)
    assert not enter.isAccepted()
    dialog.close()


def test_the_report_is_of_the_blend_that_is_shown(
    swept: EvaluatePage, shell: Shell, run: Path, tmp_path: Path
) -> None:
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    swept.view.show_alpha(0.7)
    swept.save_report(tmp_path / "report.html")
    assert shell.engine.asked_for(ReportRequest)[-1] == ReportRequest(
        run=str(run), out=str(tmp_path / "report.html"), alpha=0.7
    )
    assert not swept.report_button.isEnabled()
    assert not swept.judging.isHidden()
    shell.engine.answer_once("report", ReportAnswer(path=str(tmp_path / "report.html"), bytes=9))
    assert told[-1].what == "The report is saved."
    assert swept.report_button.isEnabled()


def test_export_can_read_the_blend(
    swept: EvaluatePage, shell: Shell, session: RunSession, qtbot: QtBot
) -> None:
    swept.view.use_alpha(0.4)
    page = ExportPage(shell, session)
    qtbot.addWidget(page)
    page.show()
    assert page.session.alpha == 0.4
    assert "is 0.4 of the way" in page.run_card.blend_words.text()
    assert not page.run_card.blend_words.isHidden()
    swept.view.use_alpha(1.0)
    assert page.run_card.blend_words.isHidden()


def test_every_control_is_reached_by_keys_and_has_a_name(swept: EvaluatePage, qtbot: QtBot) -> None:
    view = swept.view
    view.show_alpha(0.4)
    view.mistakes.grid.setCurrentIndex(view.mistakes.grid.tiles.index(0))
    found = list(reading_order.controls(swept))
    wanted = [
        swept.try_button, swept.report_button, view.sets_card.other_button, view.sets_card.sets,
        view.blend.table_button, view.blend.chart, view.blend.slider, view.blend.field,
        view.blend.show_best, view.blend.use, view.classes.view.buttons["matrix"], view.classes.matrix,
        view.mistakes.relabel_button, view.mistakes.chooser, view.mistakes.grid,
    ]  # fmt: skip
    places = [found.index(each) for each in wanted]
    assert places == sorted(places)
    for each in found:
        assert each.accessibleName(), each
        assert each.toolTip() or each.accessibleDescription() or each is view.mistakes.grid, each
    # arrow keys in the matrix begin somewhere and choose cells
    view.classes.matrix.setFocus()
    QTest.keyClick(view.classes.matrix, Qt.Key.Key_Right)
    assert len(view.classes.matrix.selectedIndexes()) == 1
    QTest.keyClick(view.classes.matrix, Qt.Key.Key_Escape)
    assert view.picked is None


def try_one(page: EvaluatePage, shell: Shell, picture: Path) -> TryDialog:
    """One picture, tried and answered."""
    picture.write_bytes(b"x")
    page.try_pictures()
    dialog = page._try
    assert dialog is not None
    dialog.take([str(picture)])
    sure = (Guess(class_name="red_bird", probability=1.0),)
    answer = TryAnswer(pictures=(TriedPicture(path=str(picture), before=sure, after=sure),))
    shell.engine.answer_once("try", answer)
    assert len(dialog.tried) == 1
    return dialog


def test_tried_pictures_go_with_their_run(
    swept: EvaluatePage, shell: Shell, session: RunSession, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = try_one(swept, shell, tmp_path / "one.png")
    # a run without weights has no figures; what is open must not go on to answer for the one before
    session.open(made_runs.write_run(paths.runs_folder() / "worse", Reason.FAILED, checkpoint=False))
    assert not dialog.isVisible()
    other = made_runs.write_run(paths.runs_folder() / "other", judged=made_runs.result())
    session.open(other)
    qtbot.waitUntil(lambda: swept.result is not None)
    swept.try_pictures()
    assert (dialog.run, dialog.tried) == (other, ())


def test_the_dialog_of_tried_pictures_closes_in_every_way(swept: EvaluatePage) -> None:
    swept.try_pictures()
    dialog = swept._try
    assert dialog is not None
    button = next(each for each in dialog.findChildren(Button) if each.text() == "Close")
    for way in (dialog.close, button.click, lambda: QTest.keyClick(dialog, Qt.Key.Key_Escape)):
        swept.try_pictures()
        assert dialog.isVisible()
        way()
        assert not dialog.isVisible()


def test_a_blend_that_was_moved_meanwhile_is_tried_when_it_opens_again(
    swept: EvaluatePage, shell: Shell, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = try_one(swept, shell, tmp_path / "one.png")
    asked = len(shell.engine.asked_for(TryRequest))
    dialog.close()
    swept.try_pictures()
    qtbot.wait(300)
    assert len(shell.engine.asked_for(TryRequest)) == asked
    dialog.close()
    swept.view.show_alpha(0.3)
    swept.try_pictures()
    qtbot.waitUntil(lambda: shell.engine.asked_for(TryRequest)[-1].alpha == 0.3)
    dialog.close()
