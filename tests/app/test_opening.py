"""Whatever is given is opened, or refused in words; the next start finds what was left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QThreadPool
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app import background, drafts, paths, project
from app.main_window import MainWindow
from app.opening import recent
from app.pages.train import TrainPage
from app.run_session import RunState
from app.shell import Notice
from app.steps import Step
from engine import recipe
from engine.events import EvaluationDone, Figures, Reason, RunFinished, RunStarted
from engine.recipe import Data, Model, Recipe
from engine.run_directory import RunDirectory
from tests.app.made_runs import write_run


@pytest.fixture
def notices(window: MainWindow) -> list[Notice]:
    told: list[Notice] = []
    window.shell.noticed.connect(told.append)
    return told


@pytest.fixture
def run(tmp_path: Path, small_pictures: Path) -> Path:
    """A finished run, written by hand."""
    asked = Recipe(data=Data(source=str(small_pictures)), model=Model(name="starter"))
    made = RunDirectory.create(tmp_path / "run", asked)
    figures = Figures(pictures=9, accuracy=0.5, loss=1.0)
    made.record(
        RunStarted(
            run=str(made.path), attempt=1, start_step=0, total_steps=2, epochs=1, steps_per_epoch=2,
            batch_size=6, method="flyp", model="starter", seed=0, classes=("a", "b"), sets=(), plan={},
            time="2025-01-01T00:00:00Z",
        )
    )  # fmt: skip
    made.record(EvaluationDone(step=2, epoch=1, sets={"validation": figures}, best=True))
    made.record(RunFinished(reason=Reason.FINISHED, best_epoch=1))
    made.close()
    return made.path


def table(path: Path, pictures: Path) -> Path:
    rows = [f"{picture},{picture.parent.name}" for picture in sorted(pictures.rglob("*.png"))]
    path.write_text("\n".join(["path,label", *rows]) + "\n")
    return path


def test_a_folder_becomes_the_pictures_of_the_project(window: MainWindow, small_pictures: Path) -> None:
    window.show_step(Step.METHOD)
    assert window.opening.open_path(small_pictures)
    assert window.shell.project.data == Data(source=str(small_pictures))
    assert window.step is Step.PICTURES
    assert window.windowTitle() == "squares – flyp"
    assert window.opening.recent("folders") == [str(small_pictures)]


def test_other_pictures_make_another_project_and_the_one_before_stays_on_disk(
    window: MainWindow, small_pictures: Path, small_shift: Path
) -> None:
    window.opening.open_path(small_pictures)
    window.shell.edit("epochs", training={"epochs": 3})
    first = window.shell.project
    window.opening.open_path(small_pictures)
    assert window.shell.project is first
    window.opening.open_path(small_shift)
    assert window.shell.project is not first
    assert window.shell.project.training.epochs != 3
    assert first.file is not None
    assert project.read(first.file).training.epochs == 3
    assert window.opening.recent("folders") == [str(small_shift), str(small_pictures)]


def test_a_table_is_taken_like_a_folder(window: MainWindow, small_pictures: Path, tmp_path: Path) -> None:
    for name in ("t.csv", "T.TSV"):
        given = table(tmp_path / name, small_pictures)
        assert window.opening.open_path(given)
        assert window.shell.project.data == Data(source=str(given))


def test_a_project_file_is_opened_and_saved_to(
    window: MainWindow, small_pictures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "birds.toml"
    recipe.write(Recipe(data=Data(source=str(small_pictures)), model=Model(name="starter")), file)
    assert window.opening.open_path(file)
    assert window.windowTitle() == "birds – flyp"
    assert window.opening.recent("projects") == [str(file)]
    window.shell.edit("epochs", training={"epochs": 3})
    assert recipe.read(file).training.epochs == 3


@pytest.mark.parametrize("by", ["folder", "its recipe"])
def test_a_run_is_opened_with_its_recipe(window: MainWindow, qtbot: QtBot, run: Path, by: str) -> None:
    assert window.opening.open_path(run if by == "folder" else run / "recipe.toml")
    assert window.step is Step.TRAIN
    assert window.session.state is RunState.READING
    assert window.session.words() == "reading the run"
    qtbot.waitUntil(lambda: window.session.state is RunState.FINISHED)
    assert window.step is Step.TRAIN
    assert window.shell.project.recipe() == RunDirectory(run).recipe()
    # looking at it makes no draft
    for step in Step:
        window.show_step(step)
    assert window.shell.project.file is None
    before = (run / "recipe.toml").read_bytes()
    window.shell.edit("epochs", training={"epochs": 3})
    # a change makes a draft; the run keeps the recipe that it was trained by
    assert (run / "recipe.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("nowhere", None, "There is nothing at that place."),
        ("note.txt", b"x", "Give a folder of pictures"),
        ("bad.toml", b"[data\n", "bad.toml"),
        ("other.toml", b"[tool.ruff]\n", "tool"),
        ("x" * 300, None, "too long"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_changes_nothing(
    window: MainWindow, notices: list[Notice], tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    window.shell.edit("epochs", training={"epochs": 3})
    before = window.shell.project
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert not window.opening.open_path(path)
    assert window.shell.project is before
    assert [notice.tone for notice in notices] == ["bad"]
    assert says in f"{notices[0].what} {notices[0].why}"


def test_a_folder_whose_name_is_no_text_is_refused(
    window: MainWindow, notices: list[Notice], tmp_path: Path
) -> None:
    folder = tmp_path / "caf\udce9"
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes text only")
    before = window.shell.project
    assert not window.opening.open_path(folder)
    assert window.shell.project is before
    assert r"\xe9" in notices[0].what


def test_a_damaged_run_is_refused_and_what_was_shown_comes_back(
    window: MainWindow, qtbot: QtBot, notices: list[Notice], run: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(run, tmp_path / "other")
    (other / "events.jsonl").write_text("{}\n")
    window.session.open(run)
    window.show_step(Step.MODEL)
    project_before, series = window.shell.project, window.session.series
    window.opening.open_path(other)
    qtbot.waitUntil(lambda: bool(notices))
    assert "damaged" in notices[0].what
    session = window.session
    assert (session.state, session.folder, session.series) == (RunState.FINISHED, run, series)
    assert (window.step, window.shell.project) == (Step.MODEL, project_before)


def test_what_is_opened_while_a_run_is_read_counts(
    window: MainWindow, qtbot: QtBot, run: Path, tmp_path: Path, small_shift: Path
) -> None:
    second = shutil.copytree(run, tmp_path / "second")
    window.opening.open_path(run)
    window.opening.open_path(second)
    qtbot.waitUntil(lambda: window.session.state is RunState.FINISHED)
    assert window.session.folder == second
    window.opening.open_path(run)
    window.opening.open_path(small_shift)
    QThreadPool.globalInstance().waitForDone(5_000)
    qtbot.wait(20)
    assert window.session.state is RunState.NONE
    assert window.shell.project.data == Data(source=str(small_shift))


def test_a_run_that_goes_on_in_the_background_is_what_the_next_start_shows(
    window: MainWindow, qtbot: QtBot, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.opening.open_path(run)
    qtbot.waitUntil(lambda: window.session.state is RunState.FINISHED)
    # its process is being started and does not hold the run yet
    monkeypatch.setattr(background, "alive", lambda: frozenset([run]))
    found = again(window, qtbot)
    found.show()
    qtbot.waitUntil(lambda: found.session.state is RunState.ELSEWHERE)
    qtbot.waitUntil(lambda: found.step is Step.TRAIN)
    page = found.page(Step.TRAIN)
    assert isinstance(page, TrainPage)
    assert page.buttons.fetch.isVisibleTo(page)
    asked: list[Path] = []
    monkeypatch.setattr(background, "pause", lambda folder: bool(asked.append(folder)))
    monkeypatch.setattr(RunDirectory, "in_use", lambda _: False)
    with qtbot.waitSignal(found.session.fetching.free):
        page.buttons.fetch.click()
        assert not page.buttons.fetch.isEnabled()
    assert asked == [run]
    monkeypatch.setattr(background, "alive", frozenset)
    qtbot.waitUntil(lambda: found.session.state is RunState.FINISHED)


def test_drafts_that_nobody_touched_go_and_old_ones_too(
    window: MainWindow, qtbot: QtBot, small_pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    folder = paths.drafts()
    window.shell.edit("epochs", training={"epochs": 3})
    untouched = window.shell.project.file
    assert untouched is not None
    window.shell.undo.undo()
    assert untouched.is_file()
    window.opening.new()
    assert not untouched.exists()
    QThreadPool.globalInstance().waitForDone(5_000)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(drafts.MOST + 5):
        place = folder / f"draft {number:02}.toml"
        place.write_text("schema = 1\n")
        os.utime(place, (1_000_000 + number, 1_000_000 + number))
    oldest = folder / "draft 00.toml"
    window.shell.open_project(project.read(oldest))
    kept = {oldest.name, *(f"draft {number:02}.toml" for number in range(6, drafts.MOST + 5))}
    qtbot.waitUntil(lambda: {path.name for path in folder.iterdir()} == kept)
    gone = {path.name for path in (tmp_path / "share" / "Trash" / "files").iterdir()}
    assert gone == {f"draft {number:02}.toml" for number in range(1, 6)}


def test_saving_under_a_name_moves_the_draft(
    window: MainWindow, small_pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.opening.open_path(small_pictures)
    draft = window.shell.project.file
    assert draft is not None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "birds"), ""))
    window.opening.save_as()
    assert not draft.exists()
    assert window.shell.project.file == tmp_path / "birds.toml"
    assert window.windowTitle() == "birds – flyp"
    saved = project.read(tmp_path / "birds.toml")
    assert saved.data == Data(source=str(small_pictures))
    # named once, a further name leaves the first file where it is
    window.opening.save_to(tmp_path / "more.toml")
    assert (tmp_path / "birds.toml").is_file()


def test_a_place_that_takes_no_file_leaves_the_draft(
    window: MainWindow, notices: list[Notice], small_pictures: Path, tmp_path: Path
) -> None:
    window.opening.open_path(small_pictures)
    draft = window.shell.project.file
    (tmp_path / "file").write_text("")
    window.opening.save_to(tmp_path / "file" / "birds.toml")
    assert window.shell.project.file == draft
    assert not window.shell.project.named
    assert draft is not None
    assert draft.is_file()
    assert notices[-1].tone == "bad"


def test_recent_things_are_few_and_there(window: MainWindow, tmp_path: Path) -> None:
    folders = [tmp_path / f"folder {n}" for n in range(12)]
    for folder in folders:
        folder.mkdir()
        window.opening.open_path(folder)
    shutil.rmtree(folders[-1])
    known = recent(window.shell, "folders")
    assert known[0] == str(folders[-2])
    assert 1 < len(known) <= 8


def test_the_sample_can_be_trained_at_once(window: MainWindow) -> None:
    window.opening.open_sample()
    made = window.shell.project.recipe()
    assert made is not None
    assert Path(made.data.source).is_dir()
    assert made.model.name == "starter"
    assert made.data.shifts
    # nothing of it was the person's own choice
    assert window.shell.project.chosen == frozenset()


def again(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """What the next start of the program makes of what this window left."""
    from app.run_session import RunSession
    from app.shell import Shell
    from tests.app.scripted import ScriptedEngine

    window.close()
    engine = ScriptedEngine()
    shell = Shell(engine, window.shell.settings)
    engine.setParent(shell)
    made = MainWindow(shell, RunSession(shell))
    shell.setParent(made)
    qtbot.addWidget(made)
    made.opening.restore()
    return made


def test_the_next_start_finds_the_project(window: MainWindow, qtbot: QtBot, small_pictures: Path) -> None:
    window.opening.open_path(small_pictures)
    window.shell.edit("epochs", training={"epochs": 3})
    left = window.shell.project
    found = again(window, qtbot).shell.project
    assert found.parts() == left.parts()
    assert (found.file, found.chosen) == (left.file, left.chosen)


def test_the_next_start_finds_the_run(window: MainWindow, qtbot: QtBot, run: Path) -> None:
    window.opening.open_path(run)
    # closed while it is still being read, it is found all the same
    found = again(window, qtbot)
    qtbot.waitUntil(lambda: found.session.state is RunState.FINISHED)
    assert found.session.folder == run
    assert found.step is Step.PICTURES
    assert found.shell.project.recipe() == RunDirectory(run).recipe()


@pytest.mark.parametrize("reason", [Reason.PAUSED, None])
def test_the_next_start_shows_what_is_unfinished(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, reason: Reason | None
) -> None:
    window.opening.open_path(write_run(tmp_path / "left", reason))
    found = again(window, qtbot)
    qtbot.waitUntil(lambda: found.session.state in (RunState.PAUSED, RunState.INTERRUPTED))
    qtbot.waitUntil(lambda: found.step is Step.TRAIN)


def test_the_next_start_without_what_was_left(window: MainWindow, qtbot: QtBot, run: Path) -> None:
    window.opening.open_path(run)
    qtbot.waitUntil(lambda: window.session.state is RunState.FINISHED)
    window.shell.edit("epochs", training={"epochs": 3})
    assert window.shell.project.file is not None
    window.shell.project.file.unlink()
    shutil.rmtree(run)
    found = again(window, qtbot)
    assert found.shell.project.is_empty()
    assert found.session.state is RunState.NONE


def test_the_next_start_with_a_broken_project_says_so(
    window: MainWindow, qtbot: QtBot, small_pictures: Path
) -> None:
    window.opening.open_path(small_pictures)
    assert window.shell.project.file is not None
    window.shell.project.file.write_text("[data\n")
    found = again(window, qtbot)
    assert found.shell.project.is_empty()
    assert list(found._banners) == ["open"]
