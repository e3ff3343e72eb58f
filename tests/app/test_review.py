"""What a review of the window found: lost edits, answers that came too late, failures nobody was told of."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app import decisions, notifications, opening, project, strings
from app.inquiry import Inquiry
from app.main_window import MainWindow
from app.pages.method import MethodPage
from app.pages.pictures import PicturesPage
from app.pages.train import TrainPage
from app.project import Project
from app.run_session import RunSession, RunState
from app.shell import Notice, Shell
from app.steps import Step
from app.widgets.fit_card import FitCard
from app.widgets.problems_dialog import ProblemsDialog
from app.widgets.run_failure import FailureCard
from engine.answers import InitAnswer
from engine.data.inspection import FoundProblem, InspectAnswer, PicturesAnswer
from engine.events import Failed, Reason, RunFinished, Structure
from engine.messages import say
from engine.recipe import Data, Model, Recipe, Training
from engine.run_directory import RunDirectory
from tests.app.made_runs import write_run
from tests.app.scripted import ScriptedEngine


def scripted(shell: Shell) -> ScriptedEngine:
    assert isinstance(shell.engine, ScriptedEngine)
    return shell.engine


@pytest.fixture
def notices(shell: Shell) -> list[Notice]:
    told: list[Notice] = []
    shell.noticed.connect(told.append)
    return told


def suggestion(rate: float) -> InitAnswer:
    recipe = Recipe(
        data=Data(source="/p"),
        model=Model(name="starter"),
        training=Training(learning_rate=rate, epochs=7, batch_size=16),
    )
    return InitAnswer(out=None, recipe=recipe.content(), reasons={})


def looked_at(root: str, *problems: FoundProblem) -> InspectAnswer:
    return InspectAnswer(
        root=root,
        classes=("a", "b"),
        counts=(4, 4),
        pictures=8,
        has_splits=False,
        planned_classes=("a", "b"),
        planned={"train": (4, 4)},
        problems={"duplicate": problems} if problems else {},
    )


# --- nothing that was decided is lost -------------------------------------------------------------


def test_two_windows_with_one_draft_do_not_overwrite_each_other(shell: Shell, notices: list[Notice]) -> None:
    shell.edit("x", data={"source": "/p"}, training={"epochs": 3})
    draft = shell.project.file
    assert draft is not None
    other = project.read(draft)
    other.put({"training": Training(epochs=9)})
    assert other.file == draft
    shell.edit("x", training={"patience": 2})
    assert project.read(draft).training.epochs == 9
    mine = shell.project.file
    assert mine is not None
    assert mine != draft
    assert not shell.project.named
    assert project.read(mine).training == Training(epochs=3, patience=2)
    assert [notice.key for notice in notices] == ["project.parted"]
    # once is enough: from now on the draft is this window's alone
    shell.edit("x", training={"patience": 3})
    assert shell.project.file == mine
    assert len(notices) == 1


def test_a_named_project_that_an_editor_changed_is_left_as_it_is(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "birds.toml"
    window.shell.edit("x", data={"source": str(tmp_path)})
    window.opening.save_to(file)
    window.shell.edit("x", training={"epochs": 3})
    assert project.read(file).training.epochs == 3
    edited = file.read_text(encoding="utf-8") + "# a remark\n"
    file.write_text(edited, encoding="utf-8")
    window.shell.edit("x", training={"epochs": 4})
    assert file.read_text(encoding="utf-8") == edited
    assert "project.parted" in window._banners
    # saved over it after all
    window.opening.save_to(file)
    assert project.read(file).training.epochs == 4


def test_a_name_with_a_full_stop_stays_whole_and_what_is_there_is_asked_about(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.shell.edit("x", data={"source": str(tmp_path)})
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "birds 1.2"), ""))
    window.opening.save_as()
    assert window.shell.project.file == tmp_path / "birds 1.2.toml"
    there = tmp_path / "fish.toml"
    there.write_text("mine", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "fish"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    window.opening.save_as()
    assert there.read_text(encoding="utf-8") == "mine"
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    window.opening.save_as()
    assert window.shell.project.file == there
    assert project.read(there).data == Data(source=str(tmp_path))


def test_a_draft_that_was_left_is_among_the_recent_projects(
    window: MainWindow, small_pictures: Path, small_shift: Path
) -> None:
    window.opening.open_path(small_pictures)
    draft = window.shell.project.file
    assert draft is not None
    window.opening.open_path(small_shift)
    assert window.opening.recent("projects") == [str(draft)]
    assert opening.title(draft).startswith("squares (2")
    window.actions_._fill_recent()
    window.actions_.recent.actions()[0].trigger()
    assert window.shell.project.file == draft


def test_a_field_that_is_open_as_the_window_closes_is_found_at_the_next_start(
    window: MainWindow, tmp_path: Path
) -> None:
    folder = write_run(tmp_path / "run")
    window.opening.open_path(folder)
    assert window.shell.project.file is None
    page = window.page(Step.PROMPTS)
    window.show_step(Step.PROMPTS)
    left = page.left

    def leave() -> None:
        window.shell.edit("typed", prompts={"class_names": {"red_bird": "robin"}})
        left()

    page.left = leave  # type: ignore[method-assign]
    window.close()
    assert window.shell.project.file is not None
    assert window.shell.settings.value("project") == str(window.shell.project.file)


def test_a_broken_project_does_not_keep_the_run_from_coming_back(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = write_run(tmp_path / "run")
    broken = tmp_path / "broken.toml"
    broken.write_text("[data\n", encoding="utf-8")
    window.shell.settings.setValue("project", str(broken))
    window.shell.settings.setValue("run", str(folder))
    window.opening.restore()
    assert "open" in window._banners
    qtbot.waitUntil(lambda: window.session.folder == folder)


# --- answers that come too late ---------------------------------------------------------------------


@pytest.fixture
def method(shell: Shell, qtbot: QtBot) -> Iterator[MethodPage]:
    made = MethodPage(shell)
    qtbot.addWidget(made)
    shell.edit("x", data={"source": "/p"}, model={"name": "starter"})
    made.show()
    made.entered()
    yield made
    made.left()


@pytest.mark.parametrize("change", ["project", "pictures", "model"])
def test_a_suggestion_for_something_else_is_not_taken(
    method: MethodPage, shell: Shell, qtbot: QtBot, change: str
) -> None:
    method.suggesting.ask("")
    assert scripted(shell).open("init")
    if change == "project":
        shell.open_project(project.of_recipe(Recipe(data=Data(source="/q"), model=Model(name="starter"))))
    elif change == "pictures":
        shell.edit("x", data={"source": "/q"})
    else:
        shell.edit("x", model={"name": "/m"})
    before = shell.project.training
    for ticket in scripted(shell).open("init"):
        scripted(shell)._answer(ticket, suggestion(0.5))
    assert shell.project.training == before
    assert method.training.preset.isEnabled()


def test_that_values_follow_again_is_saved(method: MethodPage, shell: Shell) -> None:
    shell.edit("x", training={"epochs": 3})
    method.suggesting.ask("")
    scripted(shell).answer_once("init", suggestion(0.25))
    assert shell.project.file is not None
    assert project.read(shell.project.file).chosen == shell.project.chosen
    assert not any(name.startswith("training") for name in shell.project.chosen)


def test_values_for_a_model_that_is_no_longer_chosen_are_not_taken(shell: Shell, qtbot: QtBot) -> None:
    inquiry = Inquiry(shell)
    shell.edit("x", data={"source": "/p"}, model={"name": "/m"})
    shell.facts.models = (None,)  # type: ignore[assignment]
    shell.facts.entry = lambda *_: None  # type: ignore[method-assign]
    inquiry._choose_values()
    assert scripted(shell).open("init")
    shell.undo.undo()
    before = shell.project.training
    for ticket in scripted(shell).open("init"):
        scripted(shell)._answer(ticket, suggestion(0.5))
    assert shell.project.training == before


def test_pictures_of_the_project_before_are_not_shown(shell: Shell, qtbot: QtBot, tmp_path: Path) -> None:
    page = PicturesPage(shell)
    qtbot.addWidget(page)
    shell.edit("x", data={"source": str(tmp_path)})
    structure = Structure(source="", classes=("a", "b"), counts=(1, 1), splits={}, pictures=2)
    shell.facts.structures[""] = structure
    shell.know("pictures")
    assert scripted(shell).open("pictures")
    shell.open_project(Project(data=Data(source="/elsewhere")))
    answer = PicturesAnswer(root=str(tmp_path), paths=("a/1.png",), parts=("train",))
    for ticket in scripted(shell).open("pictures"):
        scripted(shell)._answer(ticket, answer)
    assert list(page.grid.tiles.tiles) == []


def test_fitted_pictures_of_the_project_before_are_not_shown(shell: Shell, qtbot: QtBot) -> None:
    card = FitCard(shell)
    qtbot.addWidget(card)
    shell.edit("x", data={"source": "/p"})
    shell.facts.inspected = looked_at("/p")
    card.look()
    shell.open_project(Project(data=Data(source="/elsewhere")))
    card.look()
    answer = PicturesAnswer(root="/p", paths=("a/1.png",), parts=("train",))
    for ticket in scripted(shell).open("pictures"):
        scripted(shell)._answer(ticket, answer)
    assert card._picked == []


def test_a_start_that_waits_for_values_is_not_of_the_next_project(
    shell: Shell, session: RunSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = TrainPage(shell, session)
    qtbot.addWidget(page)
    started: list[Recipe] = []
    monkeypatch.setattr(session, "start", started.append)
    shell.edit("x", data={"source": "/p"}, model={"name": "starter"})
    shell.facts.choosing = True
    page.start()
    page.start()
    shell.open_project(project.of_recipe(Recipe(data=Data(source="/q"), model=Model(name="starter"))))
    qtbot.wait(300)
    assert started == []
    shell.facts.choosing = True
    page.start()
    shell.facts.choosing = False
    qtbot.waitUntil(lambda: len(started) == 1)


def test_a_plan_edited_while_the_old_one_fails_is_looked_at(shell: Shell, qtbot: QtBot) -> None:
    Inquiry(shell)
    shell.edit("x", data={"source": "/p", "shots": 999})
    engine = scripted(shell)
    qtbot.waitUntil(lambda: bool(engine.open("inspect")))
    shell.edit("x", data={"shots": 2})
    qtbot.wait(300)
    engine.fail("inspect", Failed(message=say("core.cancelled")))
    assert [request.data.shots for request in engine.asked_for("inspect")] == [999, 2]
    assert shell.facts.scan_error is None
    engine.answer_once("inspect", looked_at("/p"))


def test_after_a_crash_what_it_left_unanswered_is_asked_again(shell: Shell, qtbot: QtBot) -> None:
    Inquiry(shell)
    engine = scripted(shell)
    shell.edit("x", data={"source": "/p"})
    qtbot.waitUntil(lambda: bool(engine.open("inspect")))
    engine.answer_once("inspect", looked_at("/p"))
    shell.edit("x", data={"seed": 5})
    qtbot.waitUntil(lambda: bool(engine.open("inspect")))
    engine.crash()
    assert engine.open("inspect")
    engine.answer_once("inspect", looked_at("/p"))
    assert shell.facts.scan_error is None


# --- told to the person -----------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [Reason.PAUSED, Reason.CANCELLED, None])
def test_why_a_saved_run_could_not_go_on_is_said(
    shell: Shell, session: RunSession, qtbot: QtBot, tmp_path: Path, reason: Reason | None
) -> None:
    session.open(write_run(tmp_path / "run", reason=reason))
    card = FailureCard(session)
    qtbot.addWidget(card)
    assert not card.refresh(session.recipe)
    session.error = say("data.source_missing", path="/gone")
    assert card.refresh(session.recipe)
    assert "/gone" in card.what.text()
    assert card.buttons[0].text() == "Go on from the last save"
    session.error = say("core.cancelled").model_copy(update={"code": "app.engine_gone"})
    assert card.refresh(session.recipe)
    assert card.what.text() == "The training's process ended unexpectedly."
    assert "safe" in card.why.text()


def test_how_a_run_ended_elsewhere_takes_the_place_of_that_it_was_in_use(
    session: RunSession, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = write_run(tmp_path / "run", reason=None)
    holder = RunDirectory(folder)
    holder.hold()
    session.open(folder)
    assert session.state is RunState.ELSEWHERE
    session.error = say("run.busy", path=str(folder))
    holder.record(RunFinished(reason=Reason.FAILED, error=say("core.cancelled")))
    holder.close()
    qtbot.waitUntil(lambda: session.state is RunState.FAILED)
    assert session.error is not None
    assert session.error.code == "core.cancelled"


@pytest.mark.qt_log_ignore("systemTrayWindowChanged")
def test_one_icon_in_the_tray_is_enough(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    window.session.open(write_run(tmp_path / "run"))
    for _ in range(3):
        notifications.run_ended(window, window.session)
    qtbot.waitUntil(lambda: len(window.findChildren(QSystemTrayIcon)) == 1)


# --- thousands of problems ----------------------------------------------------------------------------


def test_thousands_of_decided_problems_do_not_hold_up_the_window(shell: Shell, qtbot: QtBot) -> None:
    said = say("core.cancelled")
    problems = tuple(
        FoundProblem(source="", path=f"a/{n}.jpg", message=said, others=(f"a/{n}-2.jpg",))
        for n in range(5000)
    )
    out = tuple(f"a/{n}-2.jpg" for n in range(5000))
    found = [("duplicate", problem) for problem in problems]
    begun = time.thread_time()
    assert decisions.undecided(found, Data(source="x", leave_out=out)) == []
    # a few milliseconds; each against each takes seconds
    assert time.thread_time() - begun < 0.5
    shell.edit("x", data={"source": "/p"})
    shell.facts.inspected = looked_at("/p", *problems)
    from PySide6.QtWidgets import QWidget

    holder = QWidget()
    qtbot.addWidget(holder)
    dialog = ProblemsDialog(holder, shell)
    begun = time.thread_time()
    dialog.tree.selectAll()
    assert len(dialog._chosen()) == 5000
    assert time.thread_time() - begun < 5
    dialog.leave.click()
    data = shell.project.data
    assert data is not None
    assert data.leave_out == tuple(sorted(out))


# --- wishes that would have ended a run --------------------------------------------------------------


def test_stopping_a_scan_leaves_a_run_that_is_being_paused(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, stopped, scans = window.session, [], []
    monkeypatch.setattr(session, "stop", lambda: stopped.append(True))
    window.shell.stop_looking.connect(lambda: scans.append(True))
    for state in (RunState.PAUSING, RunState.CANCELLING):
        session.state = state
        window.status.stop.click()
    assert (stopped, scans) == ([], [True, True])
    session.state = RunState.RUNNING
    window.status.stop.click()
    assert stopped == [True]
    session.state = RunState.NONE


def test_a_run_that_has_saved_nothing_yet_cannot_be_paused_by_key(window: MainWindow) -> None:
    for state, can in ((RunState.STARTING, False), (RunState.RUNNING, True), (RunState.PAUSING, False)):
        window.session.state = state
        window.actions_.refresh()
        assert window.actions_.pause.isEnabled() is can
    window.session.state = RunState.NONE


def test_translators_get_the_texts_in_a_modules_own_tr(tmp_path: Path) -> None:
    out = tmp_path / "flyp.ts"
    strings.write(out)
    contexts = {
        context.findtext("name"): [message.findtext("source") for message in context.findall("message")]
        for context in ET.parse(out).getroot().findall("context")
    }
    assert "This window works on it." in contexts["runs"]
    assert "in another process" in contexts["runs"]
    assert "There are no pictures yet." in contexts["prompts"]
    assert "Every class counts the same, also the small ones" in " ".join(contexts["evaluate"])  # type: ignore[arg-type]
    # written anew, what was added is not there twice
    strings.write(out)
    again = ET.parse(out).getroot().findall("context")
    assert {each.findtext("name"): len(each.findall("message")) for each in again} == {
        name: len(set(found)) for name, found in contexts.items()
    }
