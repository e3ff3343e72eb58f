"""``flyp serve`` over real pipes: whatever comes in, each request ends once and the wire stays whole."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.events import SCHEMA, Answer, EvaluationDone, Failed, Hello, Line, Progress, StepDone
from engine.requests import RequestError, parse_request, request_types

ROOT = Path(__file__).resolve().parents[2]
SCRIPTED = [sys.executable, str(Path(__file__).with_name("scripted_engine.py"))]
LONG = 60.0
"""Seconds after which something that should come counts as missing."""


class Engine:
    """An engine process and what it has said."""

    def __init__(self, command: list[str], home: Path, reading: bool = True, **environment: str) -> None:
        self.home = home
        env = {**os.environ, "PYTHONPATH": str(ROOT), "FLYP_HOME": str(home), **environment}
        with (home / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=env,
                cwd=home,
            )
        self.lines: list[Line] = []
        self._coming: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if reading:
            self.read()

    def read(self) -> None:
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line)
        self._coming.put(None)

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, identity: str, **request: Any) -> None:
        self.send(json.dumps({"id": identity, "request": request}).encode() + b"\n")

    def next(self) -> Line | None:
        """The next line; None at the end. Every line must be one of ours."""
        line = self._coming.get(timeout=LONG)
        if line is None:
            return None
        assert line.endswith(b"\n")
        said = Line.model_validate_json(line)
        self.lines.append(said)
        return said

    def until(self, identity: str | None, *kinds: type) -> Any:
        """The next event of a request that is of one of the kinds."""
        while True:
            said = self.next()
            assert said is not None, f"the wire ended; {self.stderr()}"
            if said.id == identity and isinstance(said.event, kinds):
                return said.event

    def ending(self, identity: str | None) -> Any:
        return self.until(identity, Answer, Failed)

    def rest(self) -> None:
        while self.next() is not None:
            pass

    def close(self) -> int:
        """Close stdin, read to the end; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.rest()
        return self.process.wait(LONG)

    def endings(self, identity: str) -> list[Any]:
        return [s.event for s in self.lines if s.id == identity and isinstance(s.event, Answer | Failed)]

    def stderr(self) -> str:
        return (self.home / "stderr").read_text(errors="replace")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Any]:
    """Starts engines; kills what a failing test leaves behind."""
    engines: list[Engine] = []

    def start(*command: str, patience: float = 20, **options: Any) -> Engine:
        home = tmp_path / str(len(engines))
        home.mkdir()
        engine = Engine(list(command) or [*SCRIPTED, str(patience)], home, **options)
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        for stream in (engine.process.stdin, engine.process.stdout):
            if engine.process.poll() is None:
                engine.process.kill()
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        engine.process.wait()


def wait_for(path: Path) -> None:
    """Until a file is there."""
    end = time.monotonic() + LONG
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "identity", "code"),
    [
        (b"not json", None, "request.not_json"),
        (b"\xff\xfe\x00", None, "request.not_json"),
        (b"[" * 100_000, None, "request.not_json"),
        (b'["a", "list"]', None, "request.not_json"),
        (b'{"request": {"type": "models"}}', None, "request.no_id"),
        (b'{"id": 7, "request": {"type": "models"}}', None, "request.no_id"),
        (b'{"id": "", "request": {"type": "models"}}', None, "request.no_id"),
        (b'{"id": "a"}', "a", "request.not_json"),
        (b'{"id": "a", "request": "models"}', "a", "request.not_json"),
        (b'{"id": "a", "request": {"type": "models"}, "more": 1}', "a", "request.not_json"),
        (b'{"id": "a", "request": {}}', "a", "request.unknown_type"),
        (b'{"id": "a", "request": {"type": "bake"}}', "a", "request.unknown_type"),
        (b'{"id": "a", "request": {"type": {"a": 1}}}', "a", "request.unknown_type"),
        (b'{"id": "a", "request": {"type": "download"}}', "a", "request.wrong"),
        (b'{"id": "a", "request": {"type": "download", "name": 3}}', "a", "request.wrong"),
        (b'{"id": "a", "request": {"type": "models", "more": 1}}', "a", "request.wrong"),
        (b'{"id": "a", "request": {"type": "train"}}', "a", "request.wrong"),
    ],
)
def test_a_wrong_line_has_one_clear_message(line: bytes, identity: str | None, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(line)
    assert caught.value.id == identity
    assert caught.value.message.code == code
    assert "\n" not in str(caught.value)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(b'{"id": "a", "request": {"type": "evaluate", "run": "r", "alpha": 2, "colour": 1}}')
    assert "'alpha'" in str(caught.value)
    assert "'colour'" in str(caught.value)
    assert "download" in str(
        RequestError("request.unknown_type", None, type="x", known=", ".join(request_types()))
    )


def test_every_type_of_request_has_a_job_or_is_a_wish() -> None:
    from engine.service import JOBS

    assert request_types() - set(JOBS) == {"pause", "stop", "cancel", "shutdown"}


def test_hello_is_first_and_wrong_lines_are_answered(started: Any) -> None:
    engine = started(sys.executable, "-m", "engine", "serve")
    hello = engine.next()
    assert isinstance(hello.event, Hello)
    assert hello.event.pid == engine.process.pid
    assert hello.event.schema_number == SCHEMA
    engine.send(b"nonsense\n\n   \n")
    assert engine.ending(None).message.code == "request.not_json"
    engine.ask("1", type="bake")
    assert engine.ending("1").message.code == "request.unknown_type"
    engine.ask("2", type="pause", target="nobody")
    assert engine.ending("2").message.code == "request.no_target"
    engine.send(b'{"id": "3", "request": {"type": "shutdown"}}')  # no newline before the end
    assert engine.close() == 0
    assert [type(event) for event in engine.endings("3")] == [Answer]
    assert "Traceback" not in engine.stderr()


def test_a_line_that_is_too_long_is_dropped_and_the_next_is_read(started: Any) -> None:
    engine = started()
    piece = b"x" * (1 << 20)
    for _ in range(33):
        engine.send(piece)
    engine.send(b"\n")
    engine.ask("1", type="download", name="answer")
    assert engine.ending(None).message.code == "request.too_long"
    assert engine.ending("1").result == {"what": "answer"}
    assert engine.close() == 0


# --- the wire -------------------------------------------------------------------------------------


def test_stray_output_does_not_reach_the_wire(started: Any) -> None:
    engine = started()
    engine.ask("1", type="download", name="print")
    engine.ask("2", type="evaluate", run="print")
    # every line is parsed as one of ours; the stray hello under the id 'stray' must not be there
    for identity in ("1", "2"):
        while not engine.endings(identity):
            assert engine.next() is not None
        assert engine.endings(identity)[0].result == {"what": "print"}
    assert engine.close() == 0
    assert "stray" not in {said.id for said in engine.lines}
    for text in ("a stray line", "a line of a C library", "a child"):
        assert text in engine.stderr()


def test_a_reader_that_does_not_read_holds_nothing_up(started: Any, tmp_path: Path) -> None:
    engine = started(reading=False)
    finished = tmp_path / "finished"
    engine.ask("1", type="evaluate", run="flood", data=str(finished))
    wait_for(finished)  # while nothing was read
    engine.read()
    assert engine.ending("1").result == {"what": "flood"}
    events = [said.event for said in engine.lines if said.id == "1"]
    steps = [event.step for event in events if isinstance(event, StepDone)]
    evaluations = [event.step for event in events if isinstance(event, EvaluationDone)]
    assert evaluations == [25_000, 50_000, 75_000, 100_000]
    assert steps == sorted(steps)
    assert steps[-1] == 100_000
    assert len(steps) < 90_000, "nothing was coalesced: the queue grew without need"
    kinds = [event.type for event in events]
    assert kinds[-2:] == ["run_finished", "answer"]
    order = [event.step for event in events if isinstance(event, StepDone | EvaluationDone)]
    assert order == sorted(order), "a step overtook an evaluation"
    assert engine.close() == 0


def test_names_that_are_no_text_cross_with_substitutes(started: Any) -> None:
    engine = started()
    engine.ask("1", type="download", name="names")
    progress = engine.until("1", Progress)
    assert "bad?.png" in progress.phase.text or "bad\ufffd.png" in progress.phase.text
    assert isinstance(engine.ending("1"), Answer)
    assert engine.close() == 0


# --- the life of a request ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "code"), [("input", "run.missing")])
def test_input_at_fault(started: Any, name: str, code: str) -> None:
    engine = started()
    engine.ask("1", type="evaluate", run=name)
    failed = engine.ending("1")
    assert (failed.message.code, failed.fault, failed.cancelled) == (code, False, False)
    assert engine.close() == 0


@pytest.mark.parametrize("name", ["fault", "exit", "answers"])
@pytest.mark.parametrize("lane", ["download", "evaluate"])
def test_a_fault_is_logged_and_the_next_request_is_done(started: Any, name: str, lane: str) -> None:
    engine = started()
    field = "name" if lane == "download" else "run"
    engine.ask("1", type=lane, **{field: name})
    failed = engine.ending("1")
    assert failed.fault
    assert failed.message.code == "core.fault"
    log = Path(str(failed.message.arguments["log"]))
    assert log.parent == engine.home / "logs"
    assert "Traceback" in log.read_text()
    assert "Traceback" in failed.detail
    engine.ask("2", type=lane, **{field: "answer"})
    assert engine.ending("2").result == {"what": "answer"}
    assert engine.close() == 0
    assert len(engine.endings("1")) == 1


def test_a_job_that_cannot_be_imported_is_a_fault(started: Any) -> None:
    engine = started()
    engine.ask("1", type="tokens", model={"name": "starter"}, captions=["a"])
    assert engine.ending("1").fault
    engine.ask("2", type="models")
    assert engine.ending("2").message.code == "service.not_here"
    assert engine.close() == 0


def test_torch_jobs_queue_and_others_run_beside(started: Any) -> None:
    engine = started()
    engine.ask("1", type="evaluate", run="wait")
    engine.until("1", Progress)
    engine.ask("2", type="evaluate", run="answer")
    engine.ask("3", type="evaluate", run="answer")
    engine.ask("4", type="download", name="answer")
    assert engine.ending("4").result == {"what": "answer"}
    assert not engine.endings("2"), "the second torch job did not wait"
    engine.ask("5", type="cancel", target="1")
    ended: list[str | None] = []
    while len(ended) < 4:
        said = engine.next()
        assert said is not None
        if isinstance(said.event, Answer | Failed):
            ended.append(said.id)
    assert ended == ["5", "1", "2", "3"]
    assert engine.endings("1")[0].cancelled
    assert engine.close() == 0


def test_a_waiting_request_is_cancelled_at_once(started: Any) -> None:
    engine = started()
    engine.ask("1", type="evaluate", run="wait")
    engine.until("1", Progress)
    engine.ask("2", type="evaluate", run="answer")
    engine.ask("3", type="train", recipe={}, out="never")
    engine.ask("4", type="cancel", target="2")
    assert engine.ending("2").cancelled
    assert engine.ending("4").result == {"target": "2", "waiting": True}
    engine.ask("5", type="pause", target="3")
    assert engine.ending("3").cancelled
    assert not engine.endings("1")
    assert engine.close() == 0
    assert engine.endings("1")[0].cancelled
    assert not (engine.home / "never").exists()


def test_a_newer_preview_takes_the_place_of_older_ones(started: Any) -> None:
    engine = started()
    engine.ask("1", type="preview", recipe={"what": "wait"})
    engine.until("1", Progress)
    engine.ask("2", type="preview", recipe={"what": "wait"})
    engine.ask("3", type="preview", recipe={"what": "answer"})
    assert engine.ending("3").result == {"what": "answer"}
    for older in ("1", "2"):
        (failed,) = engine.endings(older)
        assert failed.cancelled
        assert failed.message.code == "service.superseded"
    assert engine.close() == 0


def test_a_preview_does_not_take_the_place_of_a_training(started: Any) -> None:
    engine = started()
    saved = engine.home / "saved"
    engine.ask("1", type="train", recipe={}, out=str(saved))
    engine.until("1", StepDone)
    engine.ask("2", type="preview", recipe={"what": "answer"})
    engine.ask("3", type="download", name="answer")
    engine.ending("3")
    assert not engine.endings("1")
    assert not engine.endings("2")
    engine.ask("4", type="stop", target="1")
    assert engine.ending("1").result["reason"] == "stopped"
    assert engine.ending("2").result == {"what": "answer"}
    assert engine.close() == 0


def test_an_id_in_use_is_refused_without_ending_its_owner(started: Any) -> None:
    engine = started()
    engine.ask("1", type="evaluate", run="wait")
    engine.until("1", Progress)
    engine.ask("1", type="evaluate", run="answer")
    refused = engine.ending(None)
    assert refused.message.code == "request.id_in_use"
    assert not engine.endings("1")
    assert engine.close() == 0
    assert len(engine.endings("1")) == 1


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["stdin", "shutdown", "SIGINT", "SIGTERM"])
def test_the_end_saves_training_and_cancels_the_rest(started: Any, way: str) -> None:
    if os.name == "nt" and way.startswith("SIG"):
        pytest.skip("Windows has no such signals between processes")
    engine = started()
    saved = engine.home / "saved"
    engine.ask("1", type="train", recipe={}, out=str(saved))
    engine.ask("2", type="evaluate", run="answer")
    engine.ask("3", type="download", name="wait")
    engine.until("3", Progress)
    if not any(said.id == "1" for said in engine.lines):
        engine.until("1", StepDone)
    if way == "shutdown":
        engine.ask("4", type="shutdown")
    elif way != "stdin":
        engine.process.send_signal(getattr(signal, way))
    if way == "stdin":
        assert engine.close() == 0
    else:
        engine.rest()
        assert engine.process.wait(LONG) == 0
    assert saved.read_text().startswith("step ")
    (trained,) = engine.endings("1")
    assert trained.result["reason"] == "paused"
    for identity in ("2", "3"):
        (failed,) = engine.endings(identity)
        assert failed.cancelled
    if way == "shutdown":
        assert engine.lines[-1].id == "4"
        assert isinstance(engine.lines[-1].event, Answer)
    assert "Traceback" not in engine.stderr()


def test_saving_may_take_longer_than_the_patience(started: Any) -> None:
    engine = started(patience=0.2, SAVING_TAKES="2")
    saved = engine.home / "saved"
    engine.ask("1", type="train", recipe={}, out=str(saved))
    engine.until("1", StepDone)
    assert engine.close() == 0
    assert saved.exists()
    assert engine.endings("1")[0].result["reason"] == "paused"


@pytest.mark.parametrize("lane", ["download", "evaluate"])
def test_a_job_that_does_not_listen_is_cut_off(started: Any, lane: str) -> None:
    engine = started(patience=0.5)
    engine.ask("1", type=lane, **{"name" if lane == "download" else "run": "deaf"})
    engine.until("1", Progress)
    began = time.monotonic()
    assert engine.close() == 0
    assert time.monotonic() - began < 30, "it waited for the job's two minutes"
    (failed,) = engine.endings("1")
    assert failed.message.code == "service.abandoned"
    assert failed.cancelled


def test_when_nobody_reads_any_more_training_is_saved(started: Any) -> None:
    engine = started(reading=False)
    saved = engine.home / "saved"
    engine.ask("1", type="train", recipe={}, out=str(saved))
    engine.process.stdout.readline()
    engine.process.stdout.close()  # stdin stays open: the window hangs, its reading end is gone
    assert engine.process.wait(LONG) == 0
    assert saved.exists()


def test_nothing_new_is_taken_while_ending(started: Any) -> None:
    engine = started(SAVING_TAKES="1.5")
    engine.ask("1", type="train", recipe={}, out=str(engine.home / "saved"))
    engine.until("1", StepDone)
    engine.ask("2", type="shutdown")
    engine.ask("3", type="download", name="answer")
    assert engine.ending("3").message.code == "service.ending"
    engine.rest()
    assert engine.process.wait(LONG) == 0
    assert [said.id for said in engine.lines if isinstance(said.event, Answer)] == ["1", "2"]


def test_the_engine_starts_without_torch() -> None:
    code = "import sys, engine.service, engine.cli, engine.requests; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
