"""Export: formats that a run can leave in, the folder, verified exports, and use on new pictures."""

from __future__ import annotations

import csv
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from app import export_places, loading_code, reading_order, using
from app.export_places import Place
from app.pages.export import ExportPage
from app.run_session import RunSession
from app.shell import Shell
from app.widgets import export_folder
from app.widgets.export_result import difference
from app.widgets.use_dialog import UseDialog
from engine import paths
from engine.events import Failed, Progress
from engine.exports import (
    ExportAnswer,
    ExportCheck,
    Exported,
    ExporterEntry,
    ExportersAnswer,
    ExportersRequest,
    ExportRequest,
    MeasuredThreshold,
    PredictAnswer,
    PredictedPicture,
    PredictRequest,
)
from engine.messages import say
from engine.requests import CancelRequest, Guess
from tests.app import made_outputs, made_runs
from tests.app.conftest import settle

PRECISION = {
    "type": "object",
    "properties": {
        "precision": {
            "enum": ["fp32", "fp16"],
            "default": "fp32",
            "type": "string",
            "description": "Of weights.",
        }
    },
}


def entry(name: str, title: str, unavailable: bool = False) -> ExporterEntry:
    return ExporterEntry(
        name=name, title=title, summary=f"{title} in one line.", readers=("open_clip", "flyp"),
        options=PRECISION if name == "head" else {},
        unavailable=say("export.needs_package", package="onnx", extra="onnx") if unavailable else None,
    )  # fmt: skip


def formats(asked: ExportersRequest) -> ExportersAnswer:
    of_run = asked.run is not None
    return ExportersAnswer(
        exporters=(
            entry("open_clip", "open_clip folder"),
            entry("onnx", "ONNX", unavailable=of_run),
            entry("head", "Class head"),
        )
    )


def exported(asked: ExportRequest, weak: bool = False) -> ExportAnswer:
    one = len(asked.formats) == 1
    return ExportAnswer(
        run=asked.run,
        alpha=1.0 if asked.alpha is None else asked.alpha,
        exports=tuple(
            Exported(
                format=name, path=asked.out if one else f"{asked.out}/{name}", bytes=25_000_000, pictures=64,
                weak=weak, predicted_classes=2,
                checks=(
                    ExportCheck(
                        way="pixels", largest_cosine_difference=3.4e-6, largest_logit_difference=2e-4,
                        margin_exceeds=60, elsewhere=0,
                    ),
                ),
                code=f"import {name}\n",
            )
            for name in asked.formats
        ),
    )  # fmt: skip


@pytest.fixture
def run(session: RunSession) -> Path:
    """Done, and open in the session."""
    folder = made_runs.write_run(paths.runs_folder() / "done", judged=made_runs.result())
    session.open(folder)
    return folder


@pytest.fixture
def page(qtbot: QtBot, shell: Shell, session: RunSession, run: Path) -> Iterator[ExportPage]:
    shell.engine.answer("exporters", formats)
    made = ExportPage(shell, session)
    qtbot.addWidget(made)
    made.resize(1072, 680)
    made.show()
    made.entered()
    qtbot.waitUntil(lambda: made.exporting.checked and made.settings.folder.place is Place.FREE)
    yield made
    if made._use is not None:
        made._use.close()


def press(qtbot: QtBot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


# --- formats --------------------------------------------------------------------------------------


def test_the_cards_say_who_reads_them_and_what_the_run_cannot_have(page: ExportPage, shell: Shell) -> None:
    assert [each.run for each in shell.engine.asked_for("exporters")] == [None, str(page.session.folder)]
    cards = page.formats.cards
    assert list(cards) == ["open_clip", "onnx", "head"]
    assert cards["head"].readers.text() == "Read by open_clip, flyp"
    assert not cards["onnx"].tick.isEnabled()
    assert cards["onnx"].reason.text().startswith("The package onnx is not installed. Install it with")
    assert page.formats.formats == ("open_clip",)


def test_a_card_is_ticked_by_a_click_anywhere_unless_the_run_cannot_have_it(
    page: ExportPage, qtbot: QtBot
) -> None:
    for name in ("head", "onnx", "open_clip"):
        qtbot.mouseClick(page.formats.cards[name].summary, Qt.MouseButton.LeftButton)
    assert page.formats.formats == ("head",)
    qtbot.mouseClick(page.formats.cards["head"].tick, Qt.MouseButton.LeftButton)
    assert page.formats.formats == ()
    assert not page.settings.export_button.isEnabled()
    hint = page.hint()
    assert hint is not None
    assert hint.text == "Tick at least one format to export."


def test_why_the_formats_are_not_known_and_asking_again(page: ExportPage, shell: Shell, run: Path) -> None:
    shell.engine.silence("exporters")
    page.exporting.look(run, again=True)
    shell.engine.fail("exporters", Failed(message=say("export.not_one", path="/x")))
    assert page.trouble.banner is not None
    assert "/x is neither a run nor an export" in page.trouble.banner.accessibleName()
    assert page.trouble.banner.button is not None
    page.trouble.banner.button.click()
    assert len(shell.engine.open("exporters")) == 1
    assert page.trouble.banner is None


def test_without_a_finished_run_nothing_is_done_at_each_batch(
    qtbot: QtBot, shell: Shell, session: RunSession
) -> None:
    page = ExportPage(shell, session)
    qtbot.addWidget(page)
    page.show()
    page.entered()
    told: list[bool] = []
    page.state_changed.connect(lambda: told.append(True))
    for _ in range(3):
        session.changed.emit()
    assert told == []
    assert not page.use_button.isEnabled()
    assert shell.engine.asked == []


# --- the blend ------------------------------------------------------------------------------------


def test_the_blend_begins_at_the_chosen_one_and_knows_the_best(
    page: ExportPage, session: RunSession, run: Path, qtbot: QtBot, shell: Shell
) -> None:
    told = made_outputs.all_stops(run, run.parent / "pictures")
    from engine.run_directory import RunDirectory

    answer = made_outputs.answer(run, told, 0.7)
    content = answer.model_dump(mode="json", exclude={"run", "path"})
    RunDirectory(run).write_sweep({**content, "weights": made_outputs.WEIGHTS})
    assert page.settings.best_button.isHidden()
    session.choose_alpha(0.4)
    assert page.settings.alpha == 0.4
    assert page.settings.blend_words.text() == "chosen for this run"
    assert not page.run_card.blend_words.isHidden()
    qtbot.waitUntil(lambda: not page.settings.best_button.isHidden())
    assert page.settings.best_button.text() == "Best on validation: 0.7"
    press(qtbot, page.settings.best_button)
    assert page.settings.alpha == 0.7
    assert page.settings.blend_words.text() == "best on validation"
    page.export()
    assert shell.engine.asked_for("export")[-1].alpha == 0.7
    # what is typed stays when the page is shown again
    page.settings.blend.setValue(0.55)
    page.settings.best_button.hide()
    page.entered()
    qtbot.waitUntil(lambda: not page.settings.best_button.isHidden())
    assert page.settings.alpha == 0.55
    assert page.settings.blend_words.text() == "between before and after"


# --- the folder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "answers"), [("learned.weight", False), ("learned.lora.visual.a", True)])
def test_code_is_shown_only_where_it_answers_as_the_run_does(
    page: ExportPage, run: Path, name: str, answers: bool
) -> None:
    card = page.run_card
    assert card.folder is not None
    assert not card.code.isHidden()
    save_file({name: np.zeros((2, 2), np.float32)}, card.folder / "learned.safetensors")
    card.show_run(card.folder, made_runs.CLASSES)
    assert card.code.isHidden() is not answers
    assert card.more_words.isHidden() is answers
    (card.folder / "learned.safetensors").write_bytes(b"no weights")
    assert loading_code.needs_more(card.folder)


def test_what_lies_in_a_folder(tmp_path: Path) -> None:
    assert export_places.look(tmp_path / "new") is Place.FREE
    out = tmp_path / "out"
    (out / "onnx").mkdir(parents=True)
    assert export_places.look(out / "onnx") is Place.FREE
    assert export_places.look(out) is Place.TAKEN
    (out / "onnx" / "export.json").write_text("{}")
    assert export_places.look(out) is export_places.look(out / "onnx") is Place.EXPORT
    assert export_places.look(out / "onnx" / "export.json") is Place.FILE
    assert export_places.look(Path("relative")) is Place.WRONG
    assert export_places.free(out) == tmp_path / "out-2"


def test_a_taken_folder_is_told_of_with_another_name_and_replacing_asks(
    page: ExportPage, shell: Shell, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = page.settings.folder
    assert folder.path == paths.data_folder() / "exports" / "done"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    folder.edit.setText(str(tmp_path / "mine"))
    assert not page.settings.export_button.isEnabled()
    qtbot.waitUntil(lambda: folder.place is Place.TAKEN)
    assert folder.words.text() == "Other things lie in this folder; they are never replaced."
    assert folder.replace_button.isHidden()
    hint = page.hint()
    assert hint is not None
    assert "Take another name." in hint.text
    (tmp_path / "mine" / "letter.txt").rename(tmp_path / "mine" / "export.json")
    folder.look()
    qtbot.waitUntil(lambda: folder.place is Place.EXPORT)
    assert not page.settings.export_button.isEnabled()
    agreed = [False, True]
    monkeypatch.setattr(export_folder, "agree", lambda *_: agreed.pop(0))
    press(qtbot, folder.replace_button)
    assert shell.engine.asked_for("export") == []
    press(qtbot, folder.replace_button)
    assert shell.engine.asked_for("export")[-1].replace
    shell.engine.fail("export", Failed(message=say("core.cancelled"), cancelled=True))
    press(qtbot, folder.other_button)
    qtbot.waitUntil(lambda: folder.place is Place.FREE)
    assert folder.path == tmp_path / "mine-2"


# --- the export -----------------------------------------------------------------------------------


def test_options_of_a_ticked_format_leave_with_it(page: ExportPage, shell: Shell, qtbot: QtBot) -> None:
    options, tick = page.view.options, page.formats.cards["head"].tick
    assert options.isHidden()
    press(qtbot, tick)
    assert not options.isHidden()
    assert options.inside.isHidden()
    press(qtbot, options.fold)
    assert not options.inside.isHidden()
    field = options.forms["head"].fields["precision"]
    assert field.label.text() == "Weights"
    field.control.activated.emit(1)  # type: ignore[attr-defined]
    assert options.values == {"head": {"precision": "fp16"}}
    press(qtbot, tick)
    assert options.isHidden()
    assert options.values == {}
    press(qtbot, tick)
    press(qtbot, page.settings.export_button)
    assert shell.engine.asked_for("export")[-1].options == {"head": {"precision": "fp16"}}
    assert not options.isEnabled()


def test_an_export_with_its_progress_and_what_was_verified(
    page: ExportPage, shell: Shell, qtbot: QtBot
) -> None:
    press(qtbot, page.formats.cards["head"].tick)
    press(qtbot, page.settings.export_button)
    asked = shell.engine.asked_for("export")[-1]
    assert asked.formats == ("open_clip", "head")
    assert (asked.alpha, asked.replace) == (1.0, False)
    assert asked.out == str(paths.data_folder() / "exports" / "done")
    shell.engine.say("export", Progress(phase=say("phase.verifying")))
    assert page.settings.phase.text() == "Reading it back in a fresh process"
    assert not page.settings.work.isHidden()
    assert not page.settings.export_button.isEnabled()
    shell.engine.answer_once("export", exported)
    assert page.settings.work.isHidden()
    first, second = page.results.cards
    assert first.title.text() == "open_clip folder"
    assert first.words.text() == "Verified: same predictions on 64 pictures, largest difference 3e-6."
    assert first.badge.text == "verified"
    assert first.octets.text() == "25\u202fMB"
    assert first.caution.isHidden()
    assert second.path.text().endswith("/head")
    press(qtbot, second.code.copy_button)
    assert QGuiApplication.clipboard().text() == "import head\n"
    assert second.code.view.isHidden()
    press(qtbot, second.code.fold)
    assert not second.code.view.isHidden()


def test_a_weak_check_is_not_called_verified(page: ExportPage, shell: Shell, qtbot: QtBot) -> None:
    press(qtbot, page.settings.export_button)
    shell.engine.answer_once("export", lambda asked: exported(asked, weak=True))
    card = page.results.cards[0]
    assert card.badge.text == "weak check"
    assert "predicts only 2 classes" in card.caution.text()


def test_the_stop_acts_and_leaves_no_message(page: ExportPage, shell: Shell, qtbot: QtBot) -> None:
    press(qtbot, page.settings.export_button)
    press(qtbot, page.settings.stop_button)
    assert len(shell.engine.asked_for(CancelRequest)) == 1
    qtbot.waitUntil(lambda: not page.exporting.busy)
    assert page.trouble.banner is None
    assert page.results.cards == []
    assert page.settings.export_button.isEnabled()


def test_a_failure_is_told_with_its_remedy_and_can_be_tried_again(
    page: ExportPage, shell: Shell, qtbot: QtBot
) -> None:
    press(qtbot, page.settings.export_button)
    shell.engine.fail(
        "export", Failed(message=say("export.picture_gone", path="/a.png", reason="it is missing"))
    )
    banner = page.trouble.banner
    assert banner is not None
    assert "Put the pictures of the run's validation set back where they were." in banner.accessibleName()
    assert banner.button is not None
    banner.button.click()
    assert len(shell.engine.asked_for("export")) == 2
    assert page.trouble.banner is None


def test_the_exports_of_another_run_are_not_shown(
    page: ExportPage, shell: Shell, session: RunSession, qtbot: QtBot, run: Path
) -> None:
    press(qtbot, page.settings.export_button)
    other = made_runs.write_run(paths.runs_folder() / "other", judged=made_runs.result())
    session.open(other)
    shell.engine.answer_once("export", exported)
    assert page.results.cards == []
    session.open(run)
    assert len(page.results.cards) == 1
    qtbot.waitUntil(lambda: page.exporting.checked)


def test_differences_in_few_characters() -> None:
    assert [difference(each) for each in (0.0, 3.4e-6, 1.2e-12, 0.02)] == ["0", "3e-6", "1e-12", "2e-2"]


# --- new pictures ---------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path, small_pictures: Path) -> list[Path]:
    made = []
    (tmp_path / "new").mkdir()
    for number, source in enumerate(sorted(small_pictures.rglob("*.png"))[:3]):
        made.append(tmp_path / "new" / f"{number}.png")
        made[-1].write_bytes(source.read_bytes())
    return made


def predicted(asked: PredictRequest, files: list[Path]) -> PredictAnswer:
    """golden_fish 0.9, red_bird 0.6, unreadable."""
    given = [("golden_fish", 0.9), ("red_bird", 0.6)]
    other = {"golden_fish": "red_bird", "red_bird": "golden_fish"}
    found = [
        PredictedPicture(
            path=str(file), sure=True,
            guesses=(
                Guess(class_name=name, probability=p), Guess(class_name=other[name], probability=1 - p)
            ),
        )
        for file, (name, p) in zip(files, given, strict=False)
    ]  # fmt: skip
    broken = PredictedPicture(
        path=str(files[2]), guesses=(), sure=False, problem=say("predict.missing", path=str(files[2]))
    )
    levels = ((0.0, 1.0, 0.2), (0.5, 0.9, 0.1), (0.95, 0.0, None))
    return PredictAnswer(
        source=asked.source, alpha=1.0, classes=made_runs.CLASSES, pictures=(*found, broken), unsure=0.5,
        not_sure=0, unreadable=1, measured_on="test" if asked.measure else "",
        measured=tuple(MeasuredThreshold(threshold=t, answered=a, wrong=w) for t, a, w in levels)
        if asked.measure else (),
    )  # fmt: skip


@pytest.fixture
def dialog(page: ExportPage, shell: Shell, qtbot: QtBot, pictures: list[Path]) -> UseDialog:
    press(qtbot, page.use_button)
    assert page._use is not None
    page._use.take([str(pictures[0].parent)])
    return page._use


@pytest.fixture
def used(dialog: UseDialog, shell: Shell, pictures: list[Path]) -> UseDialog:
    shell.engine.answer_once("predict", lambda asked: predicted(asked, pictures))
    return dialog


def test_new_pictures_are_asked_of_the_run_at_the_blend(
    dialog: UseDialog, shell: Shell, pictures: list[Path], run: Path, page: ExportPage, qtbot: QtBot
) -> None:
    asked = shell.engine.asked_for("predict")[-1]
    assert (asked.source, asked.alpha, asked.measure) == (str(run), 1.0, True)
    assert asked.paths == (str(pictures[0].parent),)
    assert not dialog.progress.isHidden()
    assert not dialog.table_button.isEnabled()
    shell.engine.answer_once("predict", lambda asked: predicted(asked, pictures))
    assert dialog.progress.isHidden()
    page.settings.blend.setValue(0.5)
    qtbot.waitUntil(lambda: len(shell.engine.open("predict")) == 1)
    assert shell.engine.asked_for("predict")[-1].alpha == 0.5
    press(qtbot, dialog.progress.stop_button)
    assert len(shell.engine.asked_for(CancelRequest)) == 1
    assert not dialog.predicting.busy


def test_the_dialog_closes_and_follows_a_blend_moved_meanwhile(
    used: UseDialog, page: ExportPage, shell: Shell, qtbot: QtBot, session: RunSession
) -> None:
    press(qtbot, used.close_button)
    assert not used.isVisible()
    page.settings.blend.setValue(0.5)
    qtbot.wait(400)
    assert len(shell.engine.asked_for("predict")) == 1
    press(qtbot, page.use_button)
    qtbot.waitUntil(lambda: len(shell.engine.asked_for("predict")) == 2)
    assert shell.engine.asked_for("predict")[-1].alpha == 0.5
    QTest.keyClick(used, Qt.Key.Key_Escape)
    assert not used.isVisible()
    # closing it gives up what was asked
    qtbot.waitUntil(lambda: shell.engine.open("predict") == [])
    press(qtbot, page.use_button)
    session.open(made_runs.write_run(paths.runs_folder() / "other", judged=made_runs.result()))
    assert not used.isVisible()
    assert used.predicting.answer is not None
    press(qtbot, page.use_button)
    assert used.predicting.answer is None
    assert used.stack.currentIndex() == 0
    qtbot.waitUntil(lambda: page.exporting.checked)


def test_the_threshold_says_its_measured_error_and_asks_nobody(used: UseDialog, shell: Shell) -> None:
    results = used.results
    assert results.told.text() == "3 pictures  ·  0 not sure  ·  1 unreadable"
    assert [tile.said for tile in results.grid.tiles.tiles] == ["golden fish", "red bird", "unreadable"]
    assert results.grid.tiles.tiles[0].confidence == "90\u202f%"
    assert results.threshold.words.text() == (
        "Measured on test: 90\u202f% of the pictures reach it, and 10.0\u202f% of those were wrong."
    )
    results.threshold.slider.setValue(70)
    assert results.told.text() == "3 pictures  ·  1 not sure  ·  1 unreadable"
    assert results.grid.tiles.tiles[1].said == "not sure"
    assert "most probable is red bird 60" in results.grid.tiles.tiles[1].problem
    results.threshold.slider.setValue(96)
    assert results.threshold.words.text() == "Measured on test: no picture reaches it."
    assert len(shell.engine.asked_for("predict")) == 1


def test_a_part_of_the_pictures_is_shown(used: UseDialog) -> None:
    results = used.results
    results.threshold.slider.setValue(70)
    words = [results.chooser.itemText(i) for i in range(results.chooser.count())]
    assert words == ["All pictures  ·  3", "golden fish  ·  1", "Not sure  ·  1", "Unreadable  ·  1"]
    results.chooser.setCurrentIndex(2)
    results.chooser.activated.emit(2)
    assert results.places == [1]
    results.threshold.slider.setValue(50)
    assert results.chooser.currentData() == using.NOT_SURE
    assert results.places == []


def test_the_table_holds_the_threshold_that_is_shown(used: UseDialog, qtbot: QtBot, tmp_path: Path) -> None:
    used.results.threshold.slider.setValue(70)
    used.predicting.save(tmp_path / "out", used.results.threshold.value)
    qtbot.waitUntil(lambda: not used.predicting.busy)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["class"] for row in rows] == ["golden_fish", "not sure", ""]
    assert rows[1]["class_1"] == "red_bird"
    assert rows[1]["probability_1"] == "0.600000"
    assert not used.open_button.isHidden()


def test_copies_are_sorted_and_originals_stay(
    used: UseDialog, qtbot: QtBot, tmp_path: Path, pictures: list[Path]
) -> None:
    (tmp_path / "out" / "golden_fish").mkdir(parents=True)
    (tmp_path / "out" / "golden_fish" / "0.png").write_text("mine")
    used.results.threshold.slider.setValue(70)
    used.predicting.sort(tmp_path / "out", used.results.threshold.value)
    qtbot.waitUntil(lambda: not used.predicting.busy)
    found = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.png")}
    assert found == {"golden_fish/0.png", "golden_fish/0-2.png", "not sure/1.png"}
    assert (tmp_path / "out" / "golden_fish" / "0.png").read_text() == "mine"
    assert (tmp_path / "out" / "golden_fish" / "0-2.png").read_bytes() == pictures[0].read_bytes()
    assert used.words.text().startswith("2 copies lie in ")
    # among the pictures themselves the copies would be judged the next time
    used.predicting.sort(pictures[0].parent / "sorted", 0.5)
    qtbot.waitUntil(lambda: not used.predicting.busy)
    assert "within the pictures that are looked at" in used.words.text()
    assert not (pictures[0].parent / "sorted").exists()


def test_copying_says_how_far_it_is_and_ends_with_the_program(
    used: UseDialog, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    go, ended = threading.Event(), threading.Event()

    def slowly(into, given, answer, threshold, control, told) -> int:
        told(7, 30)
        go.wait(20)
        try:
            control.check()
        finally:
            ended.set()
        return 30

    monkeypatch.setattr(using, "sort_copies", slowly)
    predicting = used.predicting
    predicting.sort(tmp_path / "out", 0.5)
    qtbot.waitUntil(lambda: (predicting.done, predicting.total) == (7, 30))
    assert predicting.busy
    # nobody would see the program wait for it
    qapp.aboutToQuit.emit()
    go.set()
    qtbot.waitUntil(lambda: not predicting.busy)
    assert ended.is_set()
    assert not predicting._look.isActive()
    assert "copies lie in" not in used.words.text()


def test_why_pictures_could_not_be_judged(dialog: UseDialog, shell: Shell) -> None:
    shell.engine.fail("predict", Failed(message=say("predict.no_pictures", path="/new")))
    assert dialog.words.text().startswith("There are no pictures at /new. Give picture files")
    assert not dialog.words.isHidden()
    assert dialog.folder_button.isEnabled()


def test_every_control_is_reached_by_keys_and_has_a_name(
    page: ExportPage, shell: Shell, qtbot: QtBot, used: UseDialog
) -> None:
    press(qtbot, page.settings.export_button)
    shell.engine.answer_once("export", exported)
    settle()
    found = list(reading_order.controls(page))
    card = page.results.cards[0]
    wanted = [
        page.use_button, page.formats.cards["open_clip"].tick, page.settings.blend,
        page.settings.folder.edit, page.settings.folder.choose_button, page.settings.export_button,
        card.open_button, card.code.fold, page.run_card.code.fold,
    ]  # fmt: skip
    places = [found.index(each) for each in wanted]
    assert places == sorted(places)
    for each in [*found, *reading_order.controls(used)]:
        assert each.accessibleName(), each
        assert each.toolTip() or each.accessibleDescription() or each is used.results.grid, each


# --- the real engine ------------------------------------------------------------------------------


def test_a_real_run_leaves_verified_and_names_two_pictures(
    qtbot: QtBot, real_shell: Shell, small_run: Path, small_pictures: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(small_run, tmp_path / "runs" / "real")
    session = RunSession(real_shell)
    session.open(folder)
    page = ExportPage(real_shell, session)
    qtbot.addWidget(page)
    page.show()
    page.entered()
    qtbot.waitUntil(lambda: page.exporting.checked, timeout=120_000)
    assert set(page.formats.cards) >= {"open_clip", "transformers", "onnx", "torch-export", "head"}
    qtbot.waitUntil(page.settings.export_button.isEnabled)
    press(qtbot, page.settings.export_button)
    qtbot.waitUntil(lambda: not page.exporting.busy, timeout=120_000)
    assert page.trouble.banner is None
    card = page.results.cards[0]
    assert Path(card.exported.path) == tmp_path / "exports" / "real"
    assert (tmp_path / "exports" / "real" / "open_clip_model.safetensors").is_file()
    assert "same predictions on 9 pictures" in card.words.text()
    qtbot.waitUntil(lambda: page.settings.folder.place is Place.EXPORT)
    page.use()
    dialog = page._use
    assert dialog is not None
    dialog.take([str(each) for each in sorted(small_pictures.rglob("*.png"))[:2]])
    qtbot.waitUntil(lambda: dialog.predicting.answer is not None, timeout=120_000)
    tiles = list(dialog.results.grid.tiles.tiles)
    assert len(tiles) == 2
    assert dialog.predicting.measured_on == "test"
    assert dialog.results.threshold.words.text().startswith("Measured on test: ")
    dialog.close()
