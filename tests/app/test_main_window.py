"""The whole window: steps, footer, notices, drops, colours, and its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QScrollArea
from pytestqt.qtbot import QtBot

from app import background
from app.main_window import MainWindow
from app.pages.method import MethodPage
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Mark, Step
from app.theme import DARK, LIGHT, theme
from app.widgets.basics import Banner
from app.widgets.saving import Saving
from engine.answers import ModelEntry, ModelsAnswer
from engine.data.inspection import InspectAnswer
from engine.events import Progress, RunFinished
from engine.messages import say
from engine.recipe import Data, Recipe, parse
from engine.run_directory import RunDirectory
from tests.app.conftest import end, settle
from tests.app.scripted import ScriptedEngine

LONG = 120_000
STARTER = ModelEntry(
    name="starter",
    weights=None,
    kind="vit",
    parameters=3_000_000,
    input_size=(64, 64),
    context_length=32,
    downloaded=True,
    bytes=12_000_000,
)


def looked_at(request: Any) -> InspectAnswer:
    return InspectAnswer(
        root=request.source,
        classes=("a", "b", "c"),
        counts=(12, 12, 12),
        pictures=36,
        has_splits=False,
        planned_classes=("a", "b", "c"),
        planned={"train": (8, 8, 8), "validation": (2, 2, 2), "test": (2, 2, 2)},
    )


def ready(window: MainWindow, qtbot: QtBot, pictures: Path) -> None:
    """A window in which everything is decided."""
    engine = window.shell.engine
    engine.answer("models", ModelsAnswer(models=(STARTER,)))  # type: ignore[attr-defined]
    engine.answer("inspect", looked_at)  # type: ignore[attr-defined]
    window.opening.open_path(pictures)
    window.shell.edit("model", model={"name": "starter", "weights": None})
    qtbot.waitUntil(lambda: window.shell.facts.inspected is not None, timeout=5_000)
    qtbot.waitUntil(lambda: window.rail.items[Step.TRAIN].state.mark is Mark.TODO, timeout=5_000)


# --- steps and footer -----------------------------------------------------------------------------


def test_every_step_is_reached_by_rail_and_by_shortcut(window: MainWindow, qtbot: QtBot) -> None:
    for step in reversed(Step):
        qtbot.mouseClick(window.rail.items[step], Qt.MouseButton.LeftButton)
        assert window.step is step
        assert window.stack.currentWidget() is window.page(step)
        assert window.page(step).step is step
        assert [s for s, item in window.rail.items.items() if item.current] == [step]
    shortcuts = {action.shortcut().toString(): action for action in window.findChildren(QAction)}
    for step in Step:
        shortcuts["Ctrl+0" if step is Step.RUNS else f"Ctrl+{step.value}"].trigger()
        assert window.step is step


def test_every_page_has_a_title_a_purpose_and_help(window: MainWindow) -> None:
    for step in Step:
        page = window.page(step)
        assert page.title, step
        assert page.purpose, step
        assert page.help_text, step


def test_no_shortcut_is_used_twice(window: MainWindow) -> None:
    used = [s.toString() for action in window.findChildren(QAction) for s in action.shortcuts()]
    assert sorted(used) == sorted(set(used))


def test_at_the_start_next_is_off_and_the_footer_says_what_is_missing(window: MainWindow) -> None:
    assert not window.next.isEnabled()
    assert "pictures" in window.hint.text().lower()
    assert not window.back.isVisible()


def test_next_and_back_walk_through_what_is_decided(
    window: MainWindow, qtbot: QtBot, small_pictures: Path
) -> None:
    ready(window, qtbot, small_pictures)
    walked = [window.step]
    for _ in range(4):
        window.refresh()
        assert window.next.isEnabled(), window.step
        qtbot.mouseClick(window.next, Qt.MouseButton.LeftButton)
        walked.append(window.step)
    assert walked == [Step.PICTURES, Step.MODEL, Step.PROMPTS, Step.METHOD, Step.TRAIN]
    # nothing is trained yet
    assert not window.next.isEnabled()
    assert window.hint.text()
    for _ in range(4):
        qtbot.mouseClick(window.back, Qt.MouseButton.LeftButton)
    assert window.step is Step.PICTURES


def test_next_is_on_every_page_on_or_explained(window: MainWindow) -> None:
    for step in list(Step)[:6]:
        window.show_step(step)
        assert window.next.isVisible()
        assert window.next.isEnabled() or window.hint.text(), step
    for step in (Step.EXPORT, Step.RUNS):
        window.show_step(step)
        assert not window.next.isVisible()


def test_the_rail_follows_the_facts(window: MainWindow, qtbot: QtBot, small_pictures: Path) -> None:
    assert window.rail.items[Step.PICTURES].state.mark is Mark.TODO
    window.opening.open_path(small_pictures)
    assert window.rail.items[Step.PICTURES].state.mark is Mark.RUNNING
    window.shell.engine.answer("inspect", looked_at)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.rail.items[Step.PICTURES].state.mark is Mark.DONE, timeout=5_000)
    assert window.rail.items[Step.PICTURES].state.words == "36 in 3 classes"


def test_undo_of_the_menu_takes_back_what_a_page_did(window: MainWindow, small_pictures: Path) -> None:
    window.opening.open_path(small_pictures)
    keys = QKeySequence(QKeySequence.StandardKey.Undo)
    undo = next(action for action in window.findChildren(QAction) if keys in action.shortcuts())
    assert undo.isEnabled()
    undo.trigger()
    assert window.shell.project.data is None
    assert window.rail.items[Step.PICTURES].state.mark is Mark.TODO
    assert not undo.isEnabled()


def test_many_changes_in_a_row_redraw_the_frame_once(window: MainWindow, qtbot: QtBot) -> None:
    drawn: list[int] = []
    refresh = window.refresh
    window._refresh_soon.timeout.disconnect()
    window._refresh_soon.timeout.connect(lambda: drawn.append(1) or refresh())
    for _ in range(200):
        window.shell.know("pictures")
    qtbot.wait(120)
    assert len(drawn) == 1


# --- notices ------------------------------------------------------------------------------------


def test_a_notice_is_shown_replaced_acted_on_and_closed(window: MainWindow, qtbot: QtBot) -> None:
    shell, acted = window.shell, []
    shell.notify("warn", "First.", key="one")
    shell.notify("bad", "Second.", "Because.", "Mend", lambda: acted.append(1), key="one")
    settle()
    banners = window.findChildren(Banner)
    assert len([b for b in banners if b.isVisible()]) == 1
    assert banners[0].button is not None
    qtbot.mouseClick(banners[0].button, Qt.MouseButton.LeftButton)
    settle()
    assert acted == [1]
    assert window.findChildren(Banner) == []
    assert not window._banner_holder.isVisible()


def test_at_most_three_notices_take_room(window: MainWindow) -> None:
    for number in range(6):
        window.shell.notify("info", f"Notice {number}.")
    settle()
    assert list(window._banners) == ["Notice 3.", "Notice 4.", "Notice 5."]


def test_a_crash_of_the_engine_is_told_and_what_it_left_is_asked_again(
    window: MainWindow, qtbot: QtBot, small_pictures: Path
) -> None:
    engine = window.shell.engine
    window.opening.open_path(small_pictures)
    engine.asked.clear()  # type: ignore[attr-defined]
    engine.crash()  # type: ignore[attr-defined]
    assert "engine" in window._banners
    asked = {request.type for request in engine.asked}  # type: ignore[attr-defined]
    assert {"doctor", "models", "presets", "methods", "inspect"} <= asked
    engine.answer("inspect", looked_at)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.rail.items[Step.PICTURES].state.mark is Mark.DONE, timeout=5_000)


def test_a_scan_is_shown_and_stopped_from_below(
    window: MainWindow, qtbot: QtBot, small_pictures: Path
) -> None:
    engine = window.shell.engine
    window.opening.open_path(small_pictures)
    qtbot.waitUntil(lambda: bool(engine.open("inspect")), timeout=5_000)  # type: ignore[attr-defined]
    progress = Progress(phase=say("core.cancelled"), done=10, total=1000, unit="pictures", seconds_left=60)
    engine.say("inspect", progress)  # type: ignore[attr-defined]
    settle()
    assert window.status.stop.isVisible()
    assert window.status._bar.value() == 10
    qtbot.mouseClick(window.status.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.shell.facts.scanning is None, timeout=5_000)
    qtbot.waitUntil(lambda: not window.status.stop.isVisible(), timeout=5_000)
    assert window.shell.facts.inspected is None


# --- drops --------------------------------------------------------------------------------------


def drop(window: MainWindow, *urls: QUrl, text: str | None = None) -> bool:
    """Let go of things over the window; was it willing to take them?"""
    data = QMimeData()
    if urls:
        data.setUrls(list(urls))
    if text is not None:
        data.setText(text)
    actions, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(300, 300), actions, data, left, none)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), actions, data, left, none))
    return True


def test_a_dropped_folder_is_opened(window: MainWindow, small_pictures: Path) -> None:
    assert drop(window, QUrl.fromLocalFile(str(small_pictures)))
    assert window.shell.project.data == Data(source=str(small_pictures))


def test_what_is_no_file_is_not_taken(window: MainWindow) -> None:
    assert not drop(window, text="some words")
    drop(window, QUrl("https://example.org/pictures"))
    assert window.shell.project.data is None


def test_a_dropped_file_of_another_kind_is_refused_in_words(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    drop(window, QUrl.fromLocalFile(str(tmp_path / "song.mp3")))
    assert "open" in window._banners
    assert window.shell.project.data is None


# --- looks --------------------------------------------------------------------------------------


def test_the_menu_switches_colours_and_keeps_it(window: MainWindow, qtbot: QtBot) -> None:
    dark = next(a for a in window.findChildren(QAction) if a.text() == "Dark")
    light = next(a for a in window.findChildren(QAction) if a.text() == "Light")
    dark.trigger()
    assert theme().is_dark
    assert window.shell.settings.value("theme") == "dark"
    settle()
    middle = window.grab().toImage()
    assert middle.pixelColor(212, 400).name() == DARK.canvas.lower()
    light.trigger()
    settle()
    assert window.grab().toImage().pixelColor(212, 400).name() == LIGHT.canvas.lower()


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("size", [(1024, 680), (1280, 800), (2560, 1440)])
def test_every_page_fits_into_the_window(
    window: MainWindow, qtbot: QtBot, small_pictures: Path, size: tuple[int, int], mode: str
) -> None:
    theme().use(mode)  # type: ignore[arg-type]
    window.resize(*size)
    for filled in (False, True):
        if filled:
            ready(window, qtbot, small_pictures)
        for step in Step:
            window.show_step(step)
            page = window.page(step)
            if isinstance(page, MethodPage):
                page.training.unfold()
            settle()
            assert (window.width(), window.height()) == size, f"{step} makes the window grow"
            viewport = window.stack.parentWidget()
            assert viewport is not None
            assert window.stack.size() == viewport.size(), f"{step} has to be scrolled"
            least = page.minimumSizeHint()
            assert (least.width() <= page.width(), least.height() <= page.height()) == (True, True), step
            for area in page.findChildren(QScrollArea):
                inside = area.widget()
                if inside is not None and area.isVisible():
                    assert inside.width() <= area.viewport().width(), f"{step}: cut off at the right"
                    if inside.hasHeightForWidth():
                        needed = inside.heightForWidth(inside.width())
                        highest = max(needed, area.viewport().height())
                        assert inside.height() <= highest, f"{step}: an empty space to scroll through"
            assert not window.grab().isNull()


def test_the_window_comes_back_where_it_was(window: MainWindow) -> None:
    window.resize(1100, 700)
    window.close()
    settings = window.shell.settings
    settings.sync()
    assert settings.value("geometry") is not None


# --- its end, with a training under way -------------------------------------------------------------


@pytest.fixture
def recipe(tiny_model: Path, small_pictures: Path) -> Recipe:
    training = {
        "epochs": 2000,
        "batch_size": 6,
        "learning_rate": 1e-3,
        "precision": "fp32",
        "threads": 1,
        "device": "cpu",
    }
    content = {
        "data": {"source": str(small_pictures), "shots": 4},
        "model": {"name": str(tiny_model)},
        "training": training,
    }
    return parse(content, "test")


class Presser(QObject):
    """Presses a button of the next message box that appears."""

    def __init__(self, qtbot: QtBot, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._qtbot, self._text = qtbot, text
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(20)

    def _look(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            self._timer.stop()
            self.texts = [box.text(), box.informativeText()]
            button = next(b for b in box.buttons() if b.text().replace("&", "") == self._text)
            self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def stop(self) -> None:
        self._timer.stop()


Press = Callable[[str], Presser]


@pytest.fixture
def press(qtbot: QtBot) -> Iterator[Press]:
    pressers: list[Presser] = []

    def make(text: str) -> Presser:
        pressers.append(Presser(qtbot, text))
        return pressers[-1]

    yield make
    for presser in pressers:
        presser.stop()


def trains(window: MainWindow, qtbot: QtBot, recipe: Recipe) -> Path:
    """Start a run and wait until there is something to save; its folder."""
    session = window.session
    session.start(recipe)
    qtbot.waitUntil(lambda: session.series.epoch >= 1, timeout=LONG)
    assert session.folder is not None
    return session.folder


def test_closing_without_a_run_asks_nothing(real_window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: real_window.shell.engine.ready, timeout=LONG)
    pid = real_window.shell.engine.pid
    assert pid is not None
    assert real_window.close()
    assert not psutil.pid_exists(pid)


def test_closing_during_a_run_asks_and_stays_or_pauses_as_told(
    real_window: MainWindow, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    folder = trains(real_window, qtbot, recipe)
    presser = press("Stay")
    assert not real_window.close()
    assert "epoch" in presser.texts[0]
    assert real_window.isVisible()
    assert real_window.session.state is RunState.RUNNING
    seen = real_window.session.series.step
    qtbot.waitUntil(lambda: real_window.session.series.step > seen, timeout=LONG)
    assert real_window.session.engine is not None
    pid = real_window.session.engine.pid
    press("Pause and quit")
    assert real_window.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert not real_window.isVisible()
    run = RunDirectory(folder)
    ended = run.ended()
    assert ended is not None
    assert ended.reason == "paused"
    assert run.has_checkpoint("last")
    assert real_window.shell.settings.value("run") == str(folder)
    assert QApplication.overrideCursor() is None


def test_closing_during_a_run_can_wait_for_its_result(
    window: MainWindow, real_engine: None, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    folder = trains(window, qtbot, recipe)
    press("Stop, keep and quit")
    assert not window.close()
    assert window.session.state is RunState.STOPPING
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=LONG)
    assert window.session.state is RunState.FINISHED
    assert RunDirectory(folder).result_file.is_file()


def test_closing_during_a_run_leaves_it_in_the_background(
    window: MainWindow, real_engine: None, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    folder = trains(window, qtbot, recipe)
    press("Go on in the background")
    assert window.close()
    run = RunDirectory(folder)
    attempts = run.attempts()
    qtbot.waitUntil(lambda: run.attempts() > attempts, timeout=LONG)
    assert run.in_use()
    assert background.alive() == {folder}
    assert background.pause(folder)
    qtbot.waitUntil(lambda: not run.in_use(), timeout=LONG)
    qtbot.waitUntil(lambda: background.alive() == frozenset(), timeout=LONG)


def test_a_run_that_has_nothing_to_save_yet_begins_anew_in_the_background(
    window: MainWindow, real_engine: None, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    session = window.session
    session.start(recipe)
    assert session.state is RunState.STARTING
    press("Go on in the background")
    assert window.close()
    folder = session.folder
    assert folder is not None
    assert window.shell.settings.value("run") == str(folder)
    qtbot.waitUntil(lambda: RunDirectory(folder).has_checkpoint("last"), timeout=LONG)
    # a run's own recipe spells out the options that were left to the method
    of_run = RunDirectory(folder).recipe()
    assert of_run.replace(method=recipe.method) == recipe
    assert of_run.method.name == recipe.method.name
    assert background.pause(folder)
    qtbot.waitUntil(lambda: background.alive() == frozenset(), timeout=LONG)


def test_a_background_that_cannot_be_started_keeps_the_window(
    window: MainWindow,
    real_engine: None,
    qtbot: QtBot,
    press: Press,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = trains(window, qtbot, recipe)
    press("Go on in the background")
    with monkeypatch.context() as broken:
        broken.setattr(background, "engine_command", lambda *_: ["/no/such/program"])
        assert not window.close()
    assert window.isVisible()
    assert "background" in window._banners
    qtbot.waitUntil(lambda: window.session.state is not RunState.READING)
    assert (window.session.state, window.session.folder) == (RunState.PAUSED, folder)
    assert window.session.can_resume


class Saver(QObject):
    """Watches the dialog that waits for a run to be saved; presses its button if asked to."""

    def __init__(self, press: bool) -> None:
        super().__init__()
        self.seen: Saving | None = None
        self.beats = 0
        self._press = press
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(10)

    def _look(self) -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Saving):
            self.seen = dialog
            self.beats += 1
            # neither closing nor Escape ends it
            if self.beats == 2:
                assert not dialog.close()
                QTest.keyClick(dialog, Qt.Key.Key_Escape)
            if self._press and self.beats == 3:
                dialog.quit.click()

    def stop(self) -> None:
        self._timer.stop()


class Slow(RunSession):
    """Does not end until it is killed, or some time has gone by."""

    seconds: float | None = 0.4

    def leave(self) -> None:
        if self.engine is not None and self.engine.pid is not None:
            process = psutil.Process(self.engine.pid)
            process.suspend()
            if self.seconds is not None:
                QTimer.singleShot(round(1000 * self.seconds), self, lambda: _wake(process))
        super().leave()


def _wake(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.resume()


@pytest.fixture
def slow_window(qtbot: QtBot, real_engine: None, settings: QSettings) -> Iterator[MainWindow]:
    engine = ScriptedEngine()
    shell = Shell(engine, settings)
    engine.setParent(shell)
    made = MainWindow(shell, Slow(shell))
    shell.setParent(made)
    made.show()
    yield made
    end(made)


@pytest.mark.parametrize("patient", [True, False])
def test_the_window_lives_while_a_run_is_saved_and_can_go_without(
    slow_window: MainWindow, qtbot: QtBot, press: Press, recipe: Recipe, patient: bool
) -> None:
    folder = trains(slow_window, qtbot, recipe)
    session = slow_window.session
    assert isinstance(session, Slow)
    session.seconds = 0.4 if patient else None
    assert session.engine is not None
    pid = session.engine.pid
    saver = Saver(press=not patient)
    press("Pause and quit")
    begun = time.monotonic()
    assert slow_window.close()
    saver.stop()
    assert time.monotonic() - begun < 30
    assert saver.beats >= 3
    assert pid is not None
    assert not psutil.pid_exists(pid)
    run = RunDirectory(folder)
    assert run.has_checkpoint("last")
    ended = run.ended()
    assert (ended is not None and ended.reason == "paused") is patient


def test_staying_after_all_takes_the_wish_to_quit_back(
    real_window: MainWindow, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    session = real_window.session
    trains(real_window, qtbot, recipe)
    # the engine does not get on with judging until the person has made up their mind
    assert session.engine is not None
    process = psutil.Process(session.engine.pid)
    process.suspend()
    press("Stop, keep and quit")
    assert not real_window.close()
    assert session.words().endswith("then the window closes")
    assert "quit" in real_window._banners
    second = press("Stay")
    assert not real_window.close()
    assert second.texts
    assert session.words() == "judging what is kept"
    assert "quit" not in real_window._banners
    press("Stop, keep and quit")
    assert not real_window.close()
    button = real_window._banners["quit"].button
    assert button is not None
    button.click()
    process.resume()
    qtbot.waitUntil(lambda: session.state is RunState.FINISHED, timeout=LONG)
    qtbot.wait(50)
    assert real_window.isVisible()


def test_a_run_that_was_stopped_and_ended_meanwhile_does_not_go_on_in_the_background(
    real_window: MainWindow, qtbot: QtBot, press: Press, recipe: Recipe
) -> None:
    folder = trains(real_window, qtbot, recipe)
    real_window.session.stop()
    press("Go on in the background")
    assert real_window.close()
    assert background.alive() == frozenset()
    run = RunDirectory(folder)
    last = run.last_event()
    assert last == run.ended()
    assert isinstance(last, RunFinished)
    assert last.reason == "stopped"
    assert last.seconds is not None
    assert last.seconds > 0


@pytest.mark.parametrize("answer", ["Go on in the background", "Stop, keep and quit"])
def test_a_run_that_ends_while_the_question_stands_is_just_closed(
    real_window: MainWindow, qtbot: QtBot, press: Press, recipe: Recipe, answer: str
) -> None:
    session = real_window.session
    folder = trains(real_window, qtbot, recipe)
    ended: list[Presser] = []
    session.ended.connect(lambda: ended.append(press(answer)))
    # the question is asked while it runs, and answered when it has ended
    QTimer.singleShot(100, session, session.stop)
    assert real_window.close()
    assert len(ended) == 1
    assert session.state is RunState.FINISHED
    assert background.alive() == frozenset()
    assert RunDirectory(folder).attempts() == 1


def test_to_train_with_the_suggested_method_is_to_choose_it(
    window: MainWindow, qtbot: QtBot, small_pictures: Path
) -> None:
    ready(window, qtbot, small_pictures)
    assert window.rail.items[Step.METHOD].state.mark is Mark.TODO
    window.session.recipe = window.shell.project.recipe()
    window.session.state = RunState.STARTING
    window.session.state_changed.emit()
    window.session.state = RunState.NONE
    window.refresh()
    assert window.rail.items[Step.METHOD].state.mark is Mark.DONE
