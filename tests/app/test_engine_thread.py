"""The engine as a process under the window: tickets, batches, deaths, ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import BaseModel
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app import engine_thread
from app.engine_thread import ANSWERS, Engine, Ticket
from app.shell import Shell
from engine.data.inspection import InspectRequest
from engine.events import Failed, Progress, Structure
from engine.recipe import Model
from engine.requests import (
    InspectAnswer,
    PresetsAnswer,
    PresetsRequest,
    TokensAnswer,
    TokensRequest,
    request_types,
)
from tests.app.conftest import settle

LONG = 60_000
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Heard:
    """All that a ticket says."""

    def __init__(self, ticket: Ticket) -> None:
        self.said: list[Any] = []
        self.answers: list[Any] = []
        self.failures: list[Failed] = []
        ticket.said.connect(self.said.append)
        ticket.answered.connect(self.answers.append)
        ticket.failed.connect(self.failures.append)

    @property
    def ended(self) -> int:
        return len(self.answers) + len(self.failures)


def ask(engine: Engine, request: BaseModel) -> Heard:
    return Heard(engine.ask(request))


@pytest.fixture
def alone(qtbot: QtBot) -> Iterator[Engine]:
    """Without a shell; taken away by the event loop, as in the program, and not as a test returns."""
    made = Engine()
    yield made
    made.close(2_000)
    made.deleteLater()
    settle()


# --- with the real engine ---------------------------------------------------------------------


def test_requests_are_answered_in_their_own_form(
    real_shell: Shell, qtbot: QtBot, tiny_model: Path, small_pictures: Path
) -> None:
    engine = real_shell.engine
    tokens = ask(
        engine, TokensRequest(model=Model(name=str(tiny_model)), captions=("a cat", "a photo of a cat."))
    )
    look = ask(engine, InspectRequest(source=str(small_pictures)))
    assert len(engine.busy) == 2
    qtbot.waitUntil(lambda: bool(tokens.ended and look.ended), timeout=LONG)
    assert (tokens.failures, look.failures) == ([], [])
    assert isinstance(tokens.answers[0], TokensAnswer)
    assert tokens.answers[0].limit == 77
    assert tokens.answers[0].counts[1] > tokens.answers[0].counts[0] > 2
    assert isinstance(look.answers[0], InspectAnswer)
    assert (look.answers[0].pictures, len(look.answers[0].classes)) == (36, 3)
    assert any(isinstance(event, Structure) for event in look.said)
    assert (tokens.ended, look.ended) == (1, 1)
    assert engine.busy == []


def test_what_cannot_be_done_fails_with_a_message(real_shell: Shell, qtbot: QtBot, tmp_path: Path) -> None:
    heard = ask(real_shell.engine, InspectRequest(source=str(tmp_path / "nowhere")))
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert str(tmp_path / "nowhere") in heard.failures[0].message.text
    assert not heard.failures[0].cancelled


def test_cancelling_fails_as_a_wish_and_dropping_says_nothing(
    real_shell: Shell, qtbot: QtBot, small_pictures: Path
) -> None:
    engine = real_shell.engine
    dropped, cancelled = (engine.ask(InspectRequest(source=str(small_pictures))) for _ in range(2))
    unheard, heard = Heard(dropped), Heard(cancelled)
    dropped.drop()
    cancelled.cancel()
    qtbot.waitUntil(lambda: engine.busy == [], timeout=LONG)
    assert (unheard.ended, unheard.said) == (0, [])
    assert heard.ended == 1
    assert all(failed.cancelled for failed in heard.failures)
    # both have ended; saying it again does nothing
    dropped.drop()
    cancelled.drop()
    cancelled.cancel()
    assert engine.busy == []


def test_a_killed_engine_fails_what_is_open_is_told_and_starts_again(
    real_shell: Shell, qtbot: QtBot, small_pictures: Path
) -> None:
    engine = real_shell.engine
    troubles: list[str] = []
    engine.crashed.connect(troubles.append)
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    heard = [ask(engine, InspectRequest(source=str(small_pictures))) for _ in range(3)]
    os.kill(first, KILL)
    qtbot.waitUntil(lambda: bool(troubles), timeout=LONG)
    assert [h.ended for h in heard] == [1, 1, 1]
    assert {h.failures[0].message.code for h in heard} == {"app.engine_gone"}
    assert troubles == [f"ended by signal {KILL.value}"]
    again = ask(engine, InspectRequest(source=str(small_pictures)))
    qtbot.waitUntil(lambda: again.ended == 1, timeout=LONG)
    assert again.answers[0].pictures == 36
    assert engine.pid not in (None, first)
    assert not psutil.pid_exists(first)


def test_closing_leaves_no_process_and_what_is_asked_afterwards_fails(
    real_shell: Shell, qtbot: QtBot, small_pictures: Path
) -> None:
    engine = real_shell.engine
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    pid = engine.pid
    assert pid is not None
    unheard = ask(engine, InspectRequest(source=str(small_pictures)))
    assert engine.close(LONG)
    assert not psutil.pid_exists(pid)
    late = ask(engine, PresetsRequest())
    qtbot.waitUntil(lambda: late.ended == 1, timeout=LONG)
    assert late.failures[0].message.code == "app.engine_gone"
    assert unheard.ended == 0
    assert not engine.running


def test_closing_at_once_after_starting(alone: Engine, real_engine: None) -> None:
    alone.start()
    alone.close(0)
    assert not alone.running


def test_leaving_is_not_waited_for(real_shell: Shell, qtbot: QtBot) -> None:
    engine = real_shell.engine
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    with qtbot.waitSignal(engine.left, timeout=LONG):
        engine.leave()
        # the process is still there: nobody waited for its end
        assert engine.running
    assert not engine.running


# --- with a process that does what a test wants -----------------------------------------------------

HEAD = """
import json, sys, time
def say(identity, **event):
    sys.stdout.write(json.dumps({"id": identity, "event": event}) + "\\n"); sys.stdout.flush()
def progress(identity, done):
    say(identity, type="progress", phase={"code": "core.cancelled", "text": "x"}, done=done)
say(None, type="hello", pid=1)
"""
ANSWER = """
for line in sys.stdin:
    say(json.loads(line)["id"], type="answer", result={"presets": []})
"""
Scripted = Callable[[str], Engine]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Makes an engine whose process is a Python program given by the test."""
    engines: list[Engine] = []

    def make(program: str) -> Engine:
        script = tmp_path / "engine.py"
        script.write_text(HEAD + program)
        monkeypatch.setattr(engine_thread, "engine_command", lambda *_: [sys.executable, str(script)])
        engines.append(Engine())
        engines[-1].start()
        return engines[-1]

    yield make
    for engine in engines:
        engine.close(2_000)
        engine.deleteLater()
    settle()


def test_events_come_in_order_and_at_most_twenty_times_a_second(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted(
        """
identity = json.loads(sys.stdin.readline())["id"]
for number in range(2000):
    progress(identity, number)
    time.sleep(0.0005)
say(identity, type="answer", result={"presets": []})
"""
    )
    batches: list[float] = []

    ticket = engine.ask(PresetsRequest())
    heard = Heard(ticket)
    deliver = engine._deliver

    def counted() -> None:
        batches.append(time.monotonic())
        deliver()

    engine._timer.timeout.disconnect()
    engine._timer.timeout.connect(counted)
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert [event.done for event in heard.said] == list(range(2000))
    assert all(isinstance(event, Progress) for event in heard.said)
    gaps = [after - before for before, after in pairwise(batches)]
    assert len(gaps) > 5
    # a coarse timer may come a few milliseconds early
    assert min(gaps) > 0.040


def test_a_flood_does_not_hold_up_the_window(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted(
        """
identity = json.loads(sys.stdin.readline())["id"]
event = {"type": "progress", "phase": {"code": "x", "text": "x"}}
lines = [json.dumps({"id": identity, "event": {**event, "done": n}}) for n in range(20000)]
print("\\n".join(lines))
say(identity, type="answer", result={"presets": []})
"""
    )
    heard = ask(engine, PresetsRequest())
    longest = 0.0
    until = time.monotonic() + 30
    while not heard.ended and time.monotonic() < until:
        # what this thread computes; a core that others have is no fault of it
        began = time.thread_time()
        QCoreApplication.processEvents()
        longest = max(longest, time.thread_time() - began)
        time.sleep(0.001)
    assert len(heard.said) == 20_000
    assert longest < 0.5


@pytest.mark.parametrize(
    "garbage",
    [
        "not json",
        "{}",
        "[]",
        '{"id": "1", "event": {"type": "nothing"}}',
        '{"id": "99", "event": {"type": "answer", "result": {}}}',
        '{"id": null, "event": {"type": "answer", "result": {}}}',
        "\\x00\\xff\\udcff",
        "[" * 100_000,
        "x" * 1_000_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_garbage_line_kills_nothing(scripted: Scripted, qtbot: QtBot, garbage: str) -> None:
    engine = scripted(
        f"""
sys.stdout.buffer.write({garbage!r}.encode("utf-8", "surrogateescape") + b"\\n"); sys.stdout.flush()
{ANSWER}"""
    )
    heard = ask(engine, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert heard.answers == [PresetsAnswer(presets=())]
    assert engine.running


def test_an_answer_of_another_form_fails_its_ticket(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted(
        """
for line in sys.stdin:
    say(json.loads(line)["id"], type="answer", result={"something": "else"})
"""
    )
    heard = ask(engine, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert heard.failures[0].message.code == "app.answer_unreadable"
    assert heard.failures[0].fault


def test_an_answer_comes_once(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted(
        """
for line in sys.stdin:
    for _ in range(3):
        say(json.loads(line)["id"], type="answer", result={"presets": []})
"""
    )
    first, second = ask(engine, PresetsRequest()), ask(engine, PresetsRequest())
    qtbot.waitUntil(lambda: second.ended > 0, timeout=LONG)
    qtbot.wait(150)
    assert (first.ended, second.ended) == (1, 1)


def test_too_many_deaths_end_the_restarts(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted("sys.exit(3)")
    troubles: list[str] = []
    engine.crashed.connect(troubles.append)
    qtbot.waitUntil(lambda: len(troubles) == 4 and not engine.running, timeout=LONG)
    qtbot.wait(300)
    assert troubles == ["exit code 3"] * 4
    # whoever asks gets one more try, and an end
    heard = ask(engine, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert heard.failures[0].detail == "exit code 3"
    assert len(troubles) == 5
    assert not engine.running


def test_a_program_that_is_not_there_is_told(
    alone: Engine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine_thread, "engine_command", lambda *_: [str(tmp_path / "no-such-program")])
    heard = ask(alone, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1 and not alone.running, timeout=LONG)
    assert "no-such-program" in heard.failures[0].detail


def test_an_engine_works_without_a_log(
    alone: Engine, real_engine: None, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLYP_HOME", str(tmp_path / "file"))
    heard = ask(alone, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert len(heard.answers) == 1
    assert alone.close()


def test_the_bundles_engine_works_where_the_account_has_no_home(
    alone: Engine, real_engine: None, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine_thread, "frozen", lambda: True)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "nowhere"))
    heard = ask(alone, PresetsRequest())
    qtbot.waitUntil(lambda: heard.ended == 1, timeout=LONG)
    assert len(heard.answers) == 1
    assert alone.close()


def test_an_engine_that_reads_nothing_does_not_hold_up_the_window(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted("time.sleep(60)")
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    began = time.perf_counter()
    heard = ask(engine, TokensRequest(model=Model(name="starter"), captions=("x" * 1_000_000,)))
    # writing it would wait for the process, which sleeps for a minute
    assert time.perf_counter() - began < 10
    assert not engine.close(100)
    assert heard.ended == 0


def test_an_engine_that_does_not_end_is_killed(scripted: Scripted, qtbot: QtBot) -> None:
    engine = scripted("time.sleep(60)")
    qtbot.waitUntil(lambda: engine.ready, timeout=LONG)
    pid = engine.pid
    assert pid is not None
    assert not engine.close(100)
    assert not psutil.pid_exists(pid)


def test_every_request_of_the_wire_has_its_form_of_answer() -> None:
    assert set(ANSWERS) == request_types()


def test_the_window_is_free_of_torch() -> None:
    program = """
import json, sys
import app.application
from importlib import import_module
from app.registry import _PAGES
for page in _PAGES.values():
    import_module(page.partition(":")[0])
heavy = ("torch", "torchvision", "open_clip", "timm")
print(json.dumps([name for name in sys.modules if name.partition(".")[0] in heavy]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
