"""The Prompts page: names and templates in place, what is said of them, and what words alone achieve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app import pasted_names, prompt_checks
from app.pages.prompts import PromptsPage
from app.shell import Shell
from app.widgets.class_names_model import NAME
from app.widgets.paste_names import PasteNames
from app.widgets.templates_model import TEMPLATE
from app.widgets.zero_shot_panel import ZeroShotPanel
from engine.answers import ClassPreview, Confusion, PresetEntry, PreviewAnswer, TokensAnswer
from engine.data.inspection import InspectAnswer, InspectRequest
from engine.errors import EngineError
from engine.events import Failed, Figures, Progress
from engine.messages import say
from engine.prompts import captions
from engine.recipe import Prompts
from engine.requests import PreviewRequest, TokensRequest
from tests.app.conftest import settle

FOLDERS = ("dog", "golden_retriever", "guitar")
LIMIT = 16
PHOTO = ("a photo of a {}.", "one {}.")


def inspected(folders: tuple[str, ...] = FOLDERS) -> InspectAnswer:
    counts = tuple(range(10, 10 + len(folders)))
    return InspectAnswer(
        root="/pictures",
        classes=folders,
        counts=counts,
        pictures=sum(counts),
        has_splits=False,
        planned_classes=folders,
        planned={"train": counts},
    )


def counted(request: TokensRequest) -> TokensAnswer:
    """A token a word, start and end; 'quux' is the word the starter never saw."""
    new = ("quux",) if any("quux" in caption for caption in request.captions) else ()
    return TokensAnswer(
        counts=tuple(len(caption.split()) + 2 for caption in request.captions), limit=LIMIT, unfamiliar=new
    )


def preview(right: int, wrong: int = 2) -> PreviewAnswer:
    """``right`` of 20 pictures, ten in each of two classes; the third has none."""
    accuracy = right / 20
    return PreviewAnswer(
        sets={"train": Figures(pictures=20, accuracy=accuracy, loss=1.0)},
        pictures=20,
        accuracy=accuracy,
        per_class=(
            ClassPreview(folder="dog", name="dog", pictures=10, accuracy=0.9),
            ClassPreview(folder="golden_retriever", name="golden retriever", pictures=10, accuracy=0.4),
            ClassPreview(folder="guitar", name="guitar", pictures=0, accuracy=None),
        ),
        confused=(Confusion(truth="golden_retriever", taken_for="dog", pictures=wrong),),
        sampled=False,
    )


@pytest.fixture
def page(shell: Shell, qtbot: QtBot) -> Iterator[PromptsPage]:
    shell.edit("pictures", data={"source": "/pictures"}, model={"name": "starter"})
    shell.facts.inspected = inspected()
    shell.facts.presets = (
        PresetEntry(
            name="photo", title="Photographs", description="", templates=("a photo of a {}.", "one {}.")
        ),
    )
    shell.engine.answer("tokens", counted)
    made = PromptsPage(shell)
    made.resize(1072, 680)
    made.show()
    made.entered()
    yield made
    made.left()
    made.close()
    made.deleteLater()


def name_field(page: PromptsPage, row: int) -> QLineEdit:
    index = page.classes.class_model.index(row, NAME)
    page.classes.setCurrentIndex(index)
    QTest.keyClick(page.classes, Qt.Key.Key_F2)
    field = page.classes.indexWidget(index)
    assert isinstance(field, QLineEdit)
    return field


def template_field(page: PromptsPage, row: int) -> QLineEdit:
    page.templates.open(row)
    field = page.templates.indexWidget(page.templates.template_model.index(row, TEMPLATE))
    assert isinstance(field, QLineEdit)
    return field


# --- names ------------------------------------------------------------------------------------------


def test_a_name_is_edited_in_place_and_emptied_back(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    rows = page.classes.class_model.rows
    assert [(row.name, row.pictures) for row in rows] == [
        ("dog", 10),
        ("golden retriever", 11),
        ("guitar", 12),
    ]
    field = name_field(page, 2)
    field.clear()
    QTest.keyClicks(field, "wooden guitar")
    # shown in the captions while typing, not yet part of the project
    assert page.templates.template_model.rows[0].caption == "a photo of a wooden guitar."
    assert shell.project.prompts.class_names == {}
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.classes.is_editing())
    assert shell.project.prompts.class_names == {"guitar": "wooden guitar"}
    field = name_field(page, 2)
    field.clear()
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.classes.is_editing())
    assert shell.project.prompts.class_names == {}
    page.undo.click()
    assert page.classes.class_model.rows[2].name == "wooden guitar"
    page.redo.click()
    assert page.classes.class_model.rows[2].name == "guitar"


def test_escape_leaves_the_name_as_it_was(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    steps = shell.undo.count()
    field = name_field(page, 0)
    QTest.keyClicks(field, "cat")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.classes.is_editing())
    assert page.classes.class_model.rows[0].name == "dog"
    assert page.templates.template_model.rows[0].caption == "a photo of a dog."
    assert shell.undo.count() == steps


def test_a_spreadsheet_that_fits_is_pasted_in_one_step(page: PromptsPage, shell: Shell) -> None:
    steps = shell.undo.count()
    QGuiApplication.clipboard().setText("guitar\tviolin\r\nDOG\tpuppy\r\ngolden_retriever\tretriever\r\n")
    QTest.keyClick(page.classes, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert [row.name for row in page.classes.class_model.rows] == ["puppy", "retriever", "violin"]
    assert shell.undo.count() == steps + 1
    page.make_readable.click()
    assert [row.name for row in page.classes.class_model.rows] == ["dog", "golden retriever", "guitar"]


def test_a_list_that_does_not_fit_is_shown_first(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("dog\tpuppy\nzebra\thorse")
    QTest.keyClick(page.classes, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = page.findChildren(PasteNames)
    assert shell.project.prompts.class_names == {}
    assert "‘zebra’" in dialog.summary.text()
    assert "2 classes are not in the list" in dialog.summary.text()
    assert dialog.model.rows == [("dog", "dog", "puppy")]
    dialog.take.click()
    assert shell.project.prompts.class_names == {"dog": "puppy"}
    qtbot.waitUntil(lambda: not page.findChildren(PasteNames))


def test_one_column_goes_in_order() -> None:
    found = pasted_names.read("\ufeffpuppy\nretriever\n\n", FOLDERS)
    assert found.names == {"dog": "puppy", "golden_retriever": "retriever"}
    assert (found.untouched, found.fits, found.by_folder) == (1, False, False)
    assert pasted_names.read("a\nb\nc\nd", FOLDERS).too_many == 1
    # a comma belongs to a name unless folders stand before it
    assert pasted_names.read("big, brown dog\nb\nc", FOLDERS).names["dog"] == "big, brown dog"
    assert pasted_names.read("dog,puppy\nguitar,violin", FOLDERS).names == {
        "dog": "puppy",
        "guitar": "violin",
    }


@pytest.mark.parametrize(
    ("names", "templates"),
    [
        ({"a": "dog", "b": "Dog "}, ["a {}."]),
        ({"a": "dog", "b": "small dog"}, ["a {}.", "a small  {}."]),
        ({"a": "dog", "b": "dog house"}, ["a {}.", "a {} house."]),
        ({"a": "red", "b": "wine"}, ["the {} wine", "the red {}"]),
        ({"a": "dog", "b": "small dog"}, ["a {}.", "one small {}."]),
        ({"a": "dog", "b": "cat"}, ["{}", "a {}", "{} a", "a {}."]),
    ],
)
def test_what_reads_the_same_is_found_as_the_engine_does(names: dict[str, str], templates: list[str]) -> None:
    try:
        captions.captions(list(names), Prompts(templates=tuple(templates), class_names=names))
        refused = False
    except EngineError:
        refused = True
    shown = prompt_checks.shown_names(tuple(names), names)
    found = prompt_checks.same_names(shown) or prompt_checks.same_captions(shown, templates)
    assert bool(found) is refused


def test_equal_names_ask_nothing(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    shell.engine.answer("preview", preview(12))
    qtbot.waitUntil(lambda: shell.facts.preview_fresh)
    asked = len(shell.engine.asked_for(PreviewRequest))
    page.rows.set_names({"guitar": "dog"}, "rename")
    assert page.classes.class_model.rows[0].trouble is not None
    assert page.classes.class_model.rows[1].trouble is None
    assert shell.facts.prompt_troubles == (
        "‘dog’ and ‘guitar’ are both called ‘dog’. Give one of them another name.",
    )
    assert not page.can_go_on()
    qtbot.wait(700)
    assert len(shell.engine.asked_for(PreviewRequest)) == asked
    assert page.panel.badge.text == "out of date"
    shell.undo.undo()
    assert page.can_go_on()
    assert page.panel.badge.text == "up to date"


# --- templates --------------------------------------------------------------------------------------


def test_a_draft_stays_and_is_undone_with_the_rest(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    page.add.click()
    field = page.templates.indexWidget(page.templates.currentIndex())
    QTest.keyClicks(field, "a holiday photo.")
    assert shell.facts.prompt_troubles == (
        "Template 2 has no {} for the class name. Add one, or remove the template.",
    )
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.templates.is_editing())
    assert page.rows.templates == ["a photo of a {}.", "a holiday photo."]
    assert shell.project.prompts.templates == ("a photo of a {}.",)
    hint = page.hint()
    assert hint is not None
    assert hint.text == shell.facts.prompt_troubles[0]
    assert not page.can_go_on()
    # a name is changed and undone: the draft is not in its way
    page.rows.set_names({"dog": "puppy"}, "rename")
    shell.undo.undo()
    assert page.rows.templates[1] == "a holiday photo."
    page.rows.set_template(1, "a holiday photo of a {}.")
    assert shell.project.prompts.templates == ("a photo of a {}.", "a holiday photo of a {}.")
    assert page.can_go_on()
    shell.undo.undo()
    assert page.rows.templates[1] == "a holiday photo."
    shell.undo.undo()
    assert page.rows.templates == ["a photo of a {}."]
    assert page.can_go_on()


def test_breaking_the_only_template_can_be_undone(page: PromptsPage, shell: Shell) -> None:
    page.rows.set_template(0, "a {} and a {}.")
    assert "more than once" in shell.facts.prompt_troubles[0]
    assert shell.project.prompts.templates == ("a photo of a {}.",)
    shell.undo.undo()
    assert page.rows.templates == ["a photo of a {}."]
    assert shell.facts.prompt_troubles == ()


def test_a_preset_replaces_all_in_one_step(page: PromptsPage, shell: Shell) -> None:
    page.rows.set_templates(["the {}.", "that {}."], "own")
    page.presets.menu_.actions()[0].trigger()
    assert shell.project.prompts.templates == PHOTO
    assert page.presets.text() == "Preset: Photographs"
    shell.undo.undo()
    assert shell.project.prompts.templates == ("the {}.", "that {}.")
    assert page.presets.text() == "Presets"


def test_a_click_removes_a_template_but_never_the_last(page: PromptsPage, shell: Shell) -> None:
    page.rows.set_templates(["the {}.", "that {}."], "own")
    page.templates.setCurrentIndex(page.templates.template_model.index(0, TEMPLATE))
    QTest.keyClick(page.templates, Qt.Key.Key_Delete)
    QTest.keyClick(page.templates, Qt.Key.Key_Delete)
    assert shell.project.prompts.templates == ("that {}.",)


def test_counts_are_pale_until_the_engine_has_answered(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    row = page.templates.template_model.rows
    qtbot.waitUntil(lambda: row[0].tokens == 7 and row[0].fresh)
    assert page.templates.template_model.tokens(row[0]) == f"7 of {LIMIT} tokens"
    shell.engine.silence("tokens")
    field = template_field(page, 0)
    field.selectAll()
    QTest.keyClicks(field, "one {}.")
    assert (row[0].caption, row[0].tokens, row[0].fresh) == ("one dog.", 7, False)
    qtbot.waitUntil(lambda: bool(shell.engine.open("tokens")))
    # letters that follow each other fast are asked once
    assert len(shell.engine.asked_for(TokensRequest)) == 2
    shell.engine.answer("tokens", counted)
    assert (row[0].tokens, row[0].fresh) == (4, True)


def test_what_is_cut_off_or_unknown_is_said(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    page.rows.set_names({"guitar": " ".join(["long"] * 12), "dog": "quux"}, "rename")
    page.rows.set_templates(["a {}.", "a large and very bright picture of a {}."], "own")
    classes, templates = page.classes.class_model.rows, page.templates.template_model.rows
    # 12 words, one more and start and end are 15 and fit; with the longer template they do not
    qtbot.waitUntil(lambda: templates[1].trouble is not None)
    assert templates[0].trouble is None
    assert templates[1].trouble.text == f"Cut off after {LIMIT} tokens for 1 class."
    assert classes[0].trouble is not None
    assert "‘quux’" in classes[0].trouble.text
    assert page.can_go_on()
    hint = page.hint()
    assert hint is not None
    assert hint.text.startswith("2 remarks")


# --- the preview ------------------------------------------------------------------------------------


def test_the_preview_names_phase_figures_and_pairs(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(shell.engine.open("preview")))
    shell.engine.say("preview", Progress(phase=say("preview.pictures"), done=12, total=20, unit="pictures"))
    assert page.panel.what.text() == "Looking at the pictures: 12 of 20"
    assert page.panel.bar.value() == 12
    shell.engine.answer_once("preview", preview(13))
    assert page.panel.pages.currentIndex() == 1
    assert page.panel.figure.text() == "65.0\u202f%"
    assert page.panel.right.text() == "13 of 20 right"
    assert "33.3\u202f%" in page.panel.remark.text()
    shares = page.panel.classes.list_model.rows
    assert [(row.name, row.right, row.pictures) for row in shares] == [
        ("golden retriever", 4, 10),
        ("dog", 9, 10),
    ]
    (pair,) = page.panel.pairs.list_model.rows
    assert (pair.truth, pair.taken_for, pair.count, pair.pictures) == ("golden retriever", "dog", 2, 10)
    assert page.panel.badge.text == "up to date"
    assert shell.facts.preview_fresh


def test_typing_is_tried_and_compared_with_before(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    shell.engine.answer("preview", preview(10))
    qtbot.waitUntil(lambda: shell.facts.preview_fresh)
    assert not page.panel.gain.isVisible()
    shell.engine.silence("preview")
    field = name_field(page, 0)
    field.selectAll()
    QTest.keyClicks(field, "pup")
    assert not shell.facts.preview_fresh
    qtbot.waitUntil(lambda: bool(shell.engine.open("preview")))
    (first,) = shell.engine.open("preview")
    QTest.keyClicks(field, "py")
    # cancelled at once, it is of other words; the next is asked when typing rests
    assert first.id in [request.target for request in shell.engine.asked_for("cancel")]
    qtbot.waitUntil(lambda: not first.open)
    qtbot.waitUntil(lambda: bool(shell.engine.open("preview")))
    request = shell.engine.asked_for(PreviewRequest)[-1]
    assert request.recipe["prompts"]["class_names"] == {"dog": "puppy"}
    shell.engine.answer_once("preview", preview(13))
    assert page.panel.gain.text() == "+15.0 points since last edit"
    asked = len(shell.engine.asked_for(PreviewRequest))
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.classes.is_editing())
    # what was tried is what was kept: nothing has to be asked again
    qtbot.wait(600)
    assert len(shell.engine.asked_for(PreviewRequest)) == asked
    assert shell.facts.preview_fresh
    assert page.panel.gain.text() == "+15.0 points since last edit"
    shell.engine.answer("preview", preview(11))
    page.rows.set_template(0, "the {}.")
    qtbot.waitUntil(lambda: page.panel.gain.text() == "\u221210.0 points since last edit")


def test_nothing_is_asked_while_hidden(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    shell.engine.answer("preview", preview(10))
    qtbot.waitUntil(lambda: shell.facts.preview_fresh)
    asked = len(shell.engine.asked_for(PreviewRequest))
    page.left()
    shell.edit("epochs", training={"epochs": 3})
    page.rows.set_names({"dog": "puppy"}, "rename")
    qtbot.wait(600)
    assert len(shell.engine.asked_for(PreviewRequest)) == asked  # nothing is asked while it is hidden
    shell.undo.undo()
    page.entered()
    assert shell.facts.preview_fresh
    assert len(shell.engine.asked_for(PreviewRequest)) == asked


def test_a_failure_says_so_and_offers_the_remedy(page: PromptsPage, shell: Shell, qtbot: QtBot) -> None:
    went: list[object] = []
    shell.wanted.connect(went.append)
    qtbot.waitUntil(lambda: bool(shell.engine.open("preview")))
    shell.engine.fail("preview", Failed(message=say("clip.not_downloaded", model="ViT-B-16")))
    assert page.panel.what.text() == "'ViT-B-16' is not downloaded yet."
    assert page.panel.remedy.text() == "Go to Model"
    page.panel.remedy.click()
    assert [step.name for step in went] == ["MODEL"]
    # it is not asked over and over
    qtbot.wait(600)
    assert len(shell.engine.asked_for(PreviewRequest)) == 1


def test_a_thousand_classes_are_shown(page: PromptsPage, shell: Shell) -> None:
    folders = tuple(f"class_number_{i:04d}" for i in range(1000))
    shell.facts.inspected = inspected(folders)
    shell.know("pictures")
    assert page.classes.class_model.rowCount() == 1000
    page.classes.choose("class_number_0700")
    assert page.templates.template_model.rows[0].caption == "a photo of a class number 0700."


def test_with_the_real_engine(
    real_shell: Shell, small_pictures: Path, tiny_model: Path, qtbot: QtBot
) -> None:
    shell = real_shell
    shell.edit("pictures", data={"source": str(small_pictures)}, model={"name": str(tiny_model)})
    found: list[InspectAnswer] = []
    ticket = shell.engine.ask(InspectRequest(source=str(small_pictures)))
    ticket.answered.connect(found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=60_000)
    shell.facts.inspected = found[0]
    page = PromptsPage(shell)
    page.show()
    page.entered()
    rows = page.templates.template_model.rows
    qtbot.waitUntil(lambda: rows[0].tokens is not None, timeout=60_000)
    qtbot.waitUntil(lambda: shell.facts.preview is not None, timeout=120_000)
    assert shell.facts.preview is not None
    tried = sum(sum(each) for part, each in (found[0].planned or {}).items() if part != "test")
    assert shell.facts.preview.pictures == tried
    before = rows[0].tokens
    page.rows.set_template(0, "a small picture of a {}.")
    qtbot.waitUntil(lambda: rows[0].fresh and rows[0].tokens != before, timeout=30_000)
    qtbot.waitUntil(lambda: shell.facts.preview_fresh, timeout=30_000)
    assert page.panel.badge.text == "up to date"
    page.left()
    page.close()
    page.deleteLater()


def test_the_ring_of_the_preview_moves_nothing(qtbot: QtBot) -> None:
    panel = ZeroShotPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    panel.show()
    about = panel.head.itemAt(2).widget()
    assert about is not None
    settle()
    before = about.geometry()
    panel.show_progress(None, True)
    panel.phase.show()
    settle()
    assert panel.ring.isVisible()
    assert about.geometry() == before
