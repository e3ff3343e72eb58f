"""A run in an engine of its own: begun, paused, killed, gone on with, watched from elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app import background
from app.charts.series import replay
from app.run_session import RunSession, RunState
from engine.errors import EngineError
from engine.events import Reason, RunStarted
from engine.recipe import Recipe, parse
from engine.run_directory import RunDirectory

LONG = 120_000
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
Maker = Callable[..., Recipe]


@pytest.fixture
def recipe(tiny_model: Path, small_pictures: Path, small_shift: Path) -> Maker:
    """A recipe of the squares and the small model."""

    def make(epochs: int = 3, source: Path = small_pictures) -> Recipe:
        content = {
            "data": {
                "source": str(source),
                "shots": 4,
                "shifts": [{"name": "elsewhere", "source": str(small_shift)}],
            },
            "prompts": {"templates": ["a photo of a {}.", "a {}."]},
            "model": {"name": str(tiny_model)},
            "training": {
                "epochs": epochs,
                "batch_size": 6,
                "learning_rate": 1e-3,
                "precision": "fp32",
                "threads": 1,
                "device": "cpu",
            },
        }
        return parse(content, "test")

    return make


class Watched(RunSession):
    """Writes down the states it went through."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.states: list[RunState] = []
        self.ends = 0
        self.state_changed.connect(lambda: self.states.append(self.state))
        self.ended.connect(self._count)

    def _count(self) -> None:
        self.ends += 1


@pytest.fixture
def sessions(qtbot: QtBot) -> Iterator[Callable[[], Watched]]:
    """Makes sessions and ends their processes."""
    made: list[Watched] = []

    def make() -> Watched:
        made.append(Watched())
        return made[-1]

    yield make
    for session in made:
        session.close(0)


def until(qtbot: QtBot, session: RunSession, *states: RunState) -> None:
    qtbot.waitUntil(lambda: session.state in states, timeout=LONG)


def saved(session: RunSession) -> bool:
    return session.folder is not None and RunDirectory(session.folder).has_checkpoint("last")


def assert_as_on_disk(session: RunSession) -> None:
    """What was shown live is what the file tells."""
    assert session.folder is not None
    assert session.series == replay(RunDirectory(session.folder).events())


def test_from_start_to_finish(sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker) -> None:
    session = sessions()
    told: list[str] = []
    session.changed.connect(lambda: told.append(session.words()))
    session.start(recipe())
    assert session.under_way
    assert session.folder is None
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.error is None
    assert session.states == [RunState.STARTING, RunState.RUNNING, RunState.FINISHED]
    assert session.ends == 1
    assert_as_on_disk(session)
    assert (session.series.step, session.series.epoch, session.share()) == (6, 3, 1.0)
    assert session.series.set_names == ["validation", "elsewhere"]
    assert session.series.best is not None
    assert session.words() == f"best epoch {session.series.best.epoch} of 3"
    assert not session.can_resume
    assert len(told) >= 3
    assert session.phase is None
    qtbot.waitUntil(lambda: session._leaving == [], timeout=LONG)


def test_pausing_saves_and_going_on_finishes(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    session = sessions()
    session.start(recipe(30))
    qtbot.waitUntil(lambda: session.series.epoch >= 2, timeout=LONG)
    session.pause()
    assert session.state is RunState.PAUSING
    until(qtbot, session, RunState.PAUSED, RunState.FAILED)
    at = session.series.step
    assert 0 < at < 60
    assert saved(session)
    assert session.can_resume
    assert_as_on_disk(session)
    folder, shown = session.folder, []
    session.state_changed.connect(lambda: shown.append((session.folder, session.series.step)))
    session.resume()
    # what was reached stays on the screen while the engine starts
    assert shown == [(folder, at)]
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.series.step == 60
    assert session.series.started is not None
    assert (session.series.started.attempt, session.series.started.start_step) == (2, at)
    assert_as_on_disk(session)
    assert session.ends == 2


def test_stopping_judges_and_keeps_the_best(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    session = sessions()
    session.start(recipe(2000))
    qtbot.waitUntil(lambda: session.series.epoch >= 1, timeout=LONG)
    session.stop()
    assert session.words() == "judging what is kept"
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.series.finished is not None
    assert session.series.finished.reason is Reason.STOPPED
    assert session.folder is not None
    assert RunDirectory(session.folder).result_file.is_file()
    assert_as_on_disk(session)


def test_cancelling_ends_at_once(sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker) -> None:
    session = sessions()
    session.start(recipe(2000))
    qtbot.waitUntil(lambda: session.series.epoch >= 1 and saved(session), timeout=LONG)
    session.cancel()
    until(qtbot, session, RunState.CANCELLED, RunState.FAILED)
    assert session.states[-2:] == [RunState.CANCELLING, RunState.CANCELLED]
    assert session.error is None
    assert_as_on_disk(session)
    # its last checkpoint is still there
    assert session.can_resume


def test_cancelled_before_its_first_checkpoint_it_leaves_nothing(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker, tmp_path: Path
) -> None:
    session = sessions()
    session.start(recipe(2000), tmp_path / "run")
    session.cancel()
    until(qtbot, session, RunState.CANCELLED, RunState.FAILED)
    assert session.state is RunState.CANCELLED
    assert session.folder is None
    assert not (tmp_path / "run").exists()
    assert not session.can_resume


def test_a_killed_run_is_interrupted_and_goes_on_from_its_checkpoint(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    session = sessions()
    session.start(recipe(30))
    qtbot.waitUntil(lambda: session.series.epoch >= 2 and saved(session), timeout=LONG)
    assert session.engine is not None
    assert session.engine.pid is not None
    os.kill(session.engine.pid, KILL)
    until(qtbot, session, RunState.INTERRUPTED, RunState.FAILED)
    assert session.state is RunState.INTERRUPTED
    assert session.error is not None
    assert session.can_resume
    again = sessions()
    assert session.folder is not None
    again.open(session.folder)
    assert again.state is RunState.INTERRUPTED
    session.resume()
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.error is None
    assert session.series.step == 60
    steps = [step.step for step in session.series.steps]
    assert steps == sorted(set(steps))
    assert_as_on_disk(session)


def test_killed_before_there_was_anything_to_keep(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    session = sessions()
    session.start(recipe(30))
    assert session.engine is not None
    engine = session.engine
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    assert engine.pid is not None
    os.kill(engine.pid, KILL)
    until(qtbot, session, RunState.INTERRUPTED, RunState.FAILED)
    assert session.state is RunState.FAILED
    assert not session.can_resume
    session.start(recipe(1))
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.state is RunState.FINISHED


def test_a_recipe_that_cannot_be_trained_fails_in_words(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker, tmp_path: Path
) -> None:
    session = sessions()
    session.start(recipe(source=tmp_path / "nowhere"))
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.state is RunState.FAILED
    assert session.error is not None
    assert "nowhere" in session.error.text
    assert session.folder is None


def test_a_second_window_is_told_watches_and_disturbs_nothing(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    first, second = sessions(), sessions()
    first.start(recipe(120))
    qtbot.waitUntil(lambda: first.series.epoch >= 1 and saved(first), timeout=LONG)
    assert first.folder is not None
    second.open(first.folder)
    assert second.state is RunState.ELSEWHERE
    assert second.words() == "running in another process"
    assert not second.can_resume
    # all the same it is tried, as if the two had been asked at the same moment
    second.resume()
    until(qtbot, second, RunState.ELSEWHERE)
    assert second.error is not None
    assert second.error.code == "run.busy"
    assert first.state is RunState.RUNNING
    seen = second.series.step
    qtbot.waitUntil(lambda: second.series.step > seen, timeout=LONG)
    first.stop()
    until(qtbot, second, RunState.FINISHED, RunState.FAILED, RunState.INTERRUPTED)
    until(qtbot, first, RunState.FINISHED, RunState.FAILED)
    assert (first.state, second.state) == (RunState.FINISHED, RunState.FINISHED)
    assert_as_on_disk(first)
    assert_as_on_disk(second)
    started = [event for event in RunDirectory(first.folder).events() if isinstance(event, RunStarted)]
    assert len(started) == 1


def test_closing_saves_what_trains_and_the_background_goes_on(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker
) -> None:
    session, later = sessions(), sessions()
    session.start(recipe(30))
    qtbot.waitUntil(lambda: session.series.epoch >= 2, timeout=LONG)
    assert session.engine is not None
    pid = session.engine.pid
    session.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert session.folder is not None
    later.open(session.folder)
    assert later.state is RunState.PAUSED
    child = psutil.Process(background.start(session.folder))
    qtbot.waitUntil(lambda: RunDirectory(session.folder).in_use(), timeout=LONG)
    later.open(session.folder)
    assert later.state is RunState.ELSEWHERE
    until(qtbot, later, RunState.FINISHED, RunState.FAILED, RunState.INTERRUPTED)
    assert later.state is RunState.FINISHED
    assert later.series.step == 60
    assert_as_on_disk(later)
    child.wait(60)


def test_a_run_that_cannot_be_gone_on_with_stays_as_it_is(
    sessions: Callable[[], Watched], qtbot: QtBot, recipe: Maker, small_pictures: Path, tmp_path: Path
) -> None:
    pictures = shutil.copytree(small_pictures, tmp_path / "pictures")
    session = sessions()
    session.start(recipe(30, source=pictures))
    qtbot.waitUntil(lambda: session.series.epoch >= 1, timeout=LONG)
    session.pause()
    until(qtbot, session, RunState.PAUSED, RunState.FAILED)
    shutil.rmtree(pictures)
    session.resume()
    until(qtbot, session, RunState.PAUSED, RunState.FAILED)
    assert session.state is RunState.PAUSED
    assert session.error is not None
    shutil.copytree(small_pictures, pictures)
    assert session.can_resume
    session.resume()
    assert session.error is None
    until(qtbot, session, RunState.FINISHED, RunState.FAILED)
    assert session.state is RunState.FINISHED
    assert_as_on_disk(session)


def test_what_is_no_run_is_refused_and_what_is_shown_stays(
    sessions: Callable[[], Watched], tmp_path: Path, small_run: Path
) -> None:
    session = sessions()
    session.open(small_run)
    folder, series = session.folder, session.series
    assert (folder, session.state) == (small_run, RunState.FINISHED)
    damaged = shutil.copytree(small_run, tmp_path / "damaged")
    (damaged / "events.jsonl").write_text('{"type": "nothing"}\n')
    for wrong in (tmp_path, tmp_path / "nowhere", damaged):
        with pytest.raises(EngineError):
            session.open(wrong)
        assert (session.folder, session.series, session.state) == (folder, series, RunState.FINISHED)
    session.forget()
    assert (session.folder, session.state, session.series.step) == (None, RunState.NONE, 0)


def test_a_torn_last_line_is_passed_over_and_read_when_it_is_whole(
    sessions: Callable[[], Watched], qtbot: QtBot, tmp_path: Path, small_run: Path
) -> None:
    other = sessions()
    events = (small_run / "events.jsonl").read_bytes()
    lines = events.splitlines(keepends=True)
    copy = shutil.copytree(small_run, tmp_path / "copy")
    (copy / "events.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:9])
    holder = RunDirectory(copy)
    holder.hold()
    try:
        other.open(copy)
        assert other.state is RunState.ELSEWHERE
        before = other._read
        assert before == len(b"".join(lines[:4]))
        (copy / "events.jsonl").write_bytes(events + b'{"type": "step_do')
        qtbot.waitUntil(lambda: other._read == len(events), timeout=LONG)
        assert other.series == replay(RunDirectory(small_run).events())
        assert other.state is RunState.ELSEWHERE
    finally:
        holder.close()
    until(qtbot, other, RunState.FINISHED)
    assert other.ends == 1
