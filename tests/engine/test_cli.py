"""The ``flyp`` command as a process: exit codes, what is on stdout, and what Ctrl-C does."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engine import arguments
from engine.events import EvaluationDone, Figures, Progress, StepDone
from engine.messages import say
from engine.quoting import command_line
from engine.recipe import Recipe
from engine.terminal import Terminal, duration, size

ROOT = Path(__file__).resolve().parents[2]
LONG = 120.0
COMMANDS = [
    "doctor",
    "models",
    "methods",
    "inspect",
    "init",
    "train",
    "evaluate",
    "report",
    "compare",
    "download",
    "bench",
    "demo",
]

SCRIPT = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
import types
from engine.control import Wish
from engine.errors import EngineError
from engine.events import Progress, Reason
from engine.messages import say
from engine.quoting import command_line
from engine.requests import TrainAnswer

def train(request, emit, control):
    print("a library prints")
    os.write(1, b"a C library writes\\n")
    emit(Progress(phase=say("preview.pictures"), done=1, total=3, unit="pictures"))
    what = request.recipe["prompts"]["templates"][0] if request.recipe else ""
    if what.startswith("fault"):
        raise ZeroDivisionError("one by nought")
    if what.startswith("input"):
        raise EngineError("run.missing", path="/nowhere")
    if what.startswith("deaf"):
        Path("ready").touch()
        while True:
            time.sleep(0.05)
    if what.startswith("wait"):
        Path("ready").touch()
        while control.wish < Wish.PAUSE:
            time.sleep(0.05)
        control.check()
        Path("saved").write_text(control.wish.name)
        return TrainAnswer(run="the run", reason=Reason.PAUSED, result=None)
    return TrainAnswer(run="the run", reason=Reason.FINISHED, result="result.json")

def demo(request, emit, control):
    wait = {{"data": {{"source": "x"}}, "prompts": {{"templates": ["wait {{}}"]}}}}
    return train(types.SimpleNamespace(recipe=wait), emit, control)

def evaluate(request, emit, control):
    Path("ready").touch()
    while True:
        control.check()
        time.sleep(0.05)

for name, function in (("train", train), ("demo", demo), ("evaluate", evaluate)):
    module = types.ModuleType("engine.jobs." + name)
    setattr(module, name, function)
    module.render = lambda answer: "rendered α"
    sys.modules["engine.jobs." + name] = module

from engine.cli import main
sys.exit(main())
"""
"""The command with scripted jobs in the place of train and evaluate."""


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "FLYP_HOME": str(home), "FLYP_CACHE": str(home), **more}


def flyp(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        cwd=home,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    """A file with the command and scripted jobs, and recipes beside it named after what they make happen."""
    path = tmp_path / "scripted.py"
    path.write_text(SCRIPT.format(root=str(ROOT)), encoding="utf-8")
    for what in ("done", "fault", "input", "wait", "deaf"):
        recipe = f'[data]\nsource = "pictures"\n[prompts]\ntemplates = ["{what} {{}}"]\n'
        (tmp_path / f"{what}.toml").write_text(recipe)
    return path


def run(script: Path, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *words],
        cwd=script.parent,
        env=environment(script.parent),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
        **options,
    )


# --- help and arguments ---------------------------------------------------------------------------


def test_help_answers_without_torch() -> None:
    code = (
        "import sys; from engine.cli import main; code = main(['--help']);"
        "sys.exit(code or int('torch' in sys.modules or 'open_clip' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for command in [*COMMANDS, "serve"]:
        assert command in done.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "serve"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert f"flyp {command}" in capsys.readouterr().out


def test_the_help_of_compare_says_that_processes_may_share_a_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        arguments.parser().parse_args(["compare", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "several processes may work on one folder at once" in shown


@pytest.mark.parametrize("command", ["train", "init"])
def test_help_lists_every_field_of_a_recipe(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments.parser().parse_args([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    fields = 0
    for section, part in Recipe.model_fields.items():
        for name, info in getattr(part.annotation, "model_fields", {}).items():
            fields += 1
            assert f"{section}.{name} " in shown
            assert " ".join((info.description or "?").split()) in shown
    assert fields > 30
    assert "training.epochs (default: 20)" in shown
    assert "data.source (required)" in shown


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bake"],
        ["train", "--frobnicate"],
        ["inspect"],
        ["inspect", "x", "--shots", "0"],
        ["inspect", "x", "--shots", "many"],
        ["evaluate", "run", "--alpha", "2"],
        ["evaluate", "run", "--alpha", "half"],
        ["bench", "everything"],
        ["train"],
        ["train", "missing.toml"],
        ["train", "--resume", "a", "--out", "b"],
        ["train", "--resume", "a", "--set", "training.epochs=1"],
        ["train", "recipe.toml", "--resume", "a"],
        ["inspect", "x", "--shift", "art"],
        ["inspect", "x", "--shift", "art=a", "--shift", "art=b"],
        ["inspect", ""],
        ["evaluate", ""],
        ["init", "x", "--seed", "-1"],
        ["init", "x", "--seed", "5000000000"],
        ["demo", "--seed", "4294967296"],
    ],
)
def test_wrong_arguments_are_input_at_fault(words: list[str], tmp_path: Path) -> None:
    done = flyp(tmp_path, *words)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[data]\n", "data.source"),
        ('[data]\nsource = "x"\nshot = 3\n', "shots"),
        ('[data]\nsource = "x"\n[training]\nepochs = "many"\n', "training.epochs"),
        ("[data\n", "recipe.toml"),
        ("", "data"),
    ],
)
def test_a_wrong_recipe_is_named(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(text)
    done = flyp(tmp_path, "train", "recipe.toml", "--json")
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert "error" in json.loads(done.stdout)


@pytest.mark.parametrize("setting", ["epochs=3", "training.epoch=3", "training.epochs", "training.epochs=-1"])
def test_a_wrong_setting_is_input_at_fault(setting: str, scripted: Path) -> None:
    done = run(scripted, "train", "done.toml", "--set", setting)
    assert done.returncode == 2
    assert "epoch" in done.stderr


def test_settings_may_come_before_the_recipe(scripted: Path) -> None:
    assert (
        run(scripted, "train", "--set", "training.epochs=3", "training.seed=1", "done.toml").returncode == 0
    )
    assert (
        run(scripted, "train", "done.toml", "--set", "training.epochs=3", "training.seed=1").returncode == 0
    )


# --- exit codes and stdout ------------------------------------------------------------------------


def test_done(scripted: Path) -> None:
    done = run(scripted, "train", "done.toml")
    assert done.returncode == 0
    assert done.stdout == "rendered α\n"
    assert "a library prints" in done.stderr
    assert "a C library writes" in done.stderr


def test_json_is_the_only_thing_on_stdout(scripted: Path) -> None:
    done = run(scripted, "train", "done.toml", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "run": "the run",
        "reason": "finished",
        "result": "result.json",
        "anew": False,
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_input_at_fault(scripted: Path, as_json: bool) -> None:
    done = run(scripted, "train", "input.toml", *(["--json"] if as_json else []))
    assert done.returncode == 2
    assert "/nowhere is not a run folder" in done.stderr
    assert "flyp train" in done.stderr  # the remedy
    assert "Traceback" not in done.stderr
    assert (json.loads(done.stdout)["error"]["code"] == "run.missing") if as_json else (done.stdout == "")


def test_a_fault_of_ours(scripted: Path) -> None:
    done = run(scripted, "train", "fault.toml")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (log,) = (scripted.parent / "logs").iterdir()
    assert str(log) in done.stderr
    assert "ZeroDivisionError: one by nought" in log.read_text()


def test_a_fault_whose_log_cannot_be_written_is_still_told(scripted: Path) -> None:
    (scripted.parent / "logs").write_text("a file in the way")
    done = run(scripted, "train", "fault.toml")
    assert done.returncode == 1
    assert "one by nought" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_of_stdout_that_leaves_is_no_fault(scripted: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(scripted), "train", "done.toml"],
        cwd=scripted.parent,
        env=environment(scripted.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(LONG) == 0
    assert "BrokenPipe" not in said


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes descriptors")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["train done.toml", "train input.toml", "serve"])
def test_started_without_some_streams(scripted: Path, command: str, closed: str) -> None:
    shell = f"exec {sys.executable} {scripted} {command} {closed}"
    done = subprocess.run(
        ["sh", "-c", shell],
        cwd=scripted.parent,
        env=environment(scripted.parent),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == (2 if "input" in command else 0), done.stderr
    assert "Traceback" not in done.stderr
    assert not (scripted.parent / "logs").exists()


# --- Ctrl-C ---------------------------------------------------------------------------------------


def started(script: Path, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(script), *words],
        cwd=script.parent,
        env=environment(script.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    end = time.monotonic() + LONG
    while not (script.parent / "ready").exists():
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")


@needs_signals
@pytest.mark.parametrize("words", [["train", "wait.toml"], ["demo"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("as_json", [False, True])
def test_once_saves_and_says_how_to_go_on(
    scripted: Path, words: list[str], number: int, as_json: bool
) -> None:
    process = started(scripted, *words, *(["--json"] if as_json else []))
    process.send_signal(number)
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert (scripted.parent / "saved").read_text() == "PAUSE"
    assert "saving" in err
    assert "Traceback" not in err
    if as_json:
        assert json.loads(out)["reason"] == "paused"
        assert "flyp train --resume 'the run'" in err


@needs_signals
def test_twice_leaves_at_once(scripted: Path) -> None:
    process = started(scripted, "train", "deaf.toml")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    # the second counts only after the first was taken
    seen = ""
    while "Ctrl-C again" not in seen:
        seen += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert "Traceback" not in err


@needs_signals
def test_other_commands_are_cancelled(scripted: Path) -> None:
    process = started(scripted, "evaluate", "run")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert out == ""
    assert "Interrupted." in err
    assert "Traceback" not in err


# --- paths ----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize(
    "words",
    [["inspect", "BAD"], ["init", "BAD"], ["init", "x", "--shift", "a=BAD"], ["train", "--out", "BAD"]],
)
def test_a_path_that_is_no_text_is_input_at_fault(tmp_path: Path, words: list[str]) -> None:
    done = flyp(tmp_path, *(word.replace("BAD", "p\udcffq") for word in words))
    assert done.returncode == 2
    assert r"p\xffq" in done.stderr
    assert "Rename" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_are_quoted_for_the_system_here(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["flyp", "evaluate", "my runs/one"]
    monkeypatch.setattr(sys, "platform", "linux")
    assert command_line(words) == "flyp evaluate 'my runs/one'"
    monkeypatch.setattr(sys, "platform", "win32")
    assert command_line(words) == 'flyp evaluate "my runs/one"'


# --- progress -------------------------------------------------------------------------------------


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress(done: int, code: str = "preview.pictures") -> Progress:
    return Progress(phase=say(code), done=done, total=400, unit="pictures", seconds_left=120)


def step(number: int) -> StepDone:
    return StepDone(
        step=number,
        epoch=1,
        loss=1.5,
        floor=0.5,
        learning_rate=0.1,
        temperature=0.01,
        pictures_per_second=7,
        seconds_left=30,
    )


def test_without_a_terminal_progress_comes_now_and_then() -> None:
    now = [0.0]
    stream = io.StringIO()
    terminal = Terminal(stream, seconds=5, clock=lambda: now[0])
    for done in range(100):
        now[0] = done / 10
        terminal.emit(progress(done))
    lines = stream.getvalue().splitlines()
    assert lines == [
        "Looking at the pictures: 0/400 pictures, 2 min left",
        "Looking at the pictures: 50/400 pictures, 2 min left",
    ]
    terminal.emit(progress(0, "preview.captions"))
    assert stream.getvalue().splitlines()[-1].startswith("Reading the captions")


def test_on_a_terminal_one_line_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    now = [0.0]
    screen = Screen()
    terminal = Terminal(screen, clock=lambda: now[0])
    for done in (1, 2, 300):
        now[0] += 1
        terminal.emit(progress(done))
    assert "\n" not in screen.getvalue()
    assert all(len(part.strip()) < 40 for part in screen.getvalue().split("\r"))
    terminal.emit(
        EvaluationDone(
            step=1, epoch=2, sets={"validation": Figures(pictures=3, accuracy=0.5, loss=1)}, best=True
        )
    )
    last = screen.getvalue().splitlines()[-1].split("\r")[-1]
    assert last.startswith("epoch 2: validation 50.0%")
    assert screen.getvalue().endswith("\n")


def test_a_lost_terminal_does_not_end_the_work() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    terminal = Terminal(Gone(), seconds=0)
    terminal.emit(step(1))
    terminal.line("more")
    terminal.close()


def test_many_threads_may_speak() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, seconds=0)
    threads = [threading.Thread(target=lambda: [terminal.emit(step(n)) for n in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 200
    assert all(line.startswith("epoch 1, step ") and line.endswith(" left") for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 * 2**40, "5.0 TiB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


# --- doctor ---------------------------------------------------------------------------------------


def test_doctor(tmp_path: Path) -> None:
    done = flyp(tmp_path, "doctor", "--json", HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    cpu = answer["devices"][-1]
    assert (cpu["device"], cpu["works"], cpu["problem"]) == ("cpu", True, "")
    assert answer["hub_state"] == "offline by setting"
    assert answer["cache"] == str(tmp_path)
    assert answer["memory"] > answer["memory_free"] > 0
    assert answer["versions"]["torch"]
    assert set(answer["extras"]) == {"hf", "heic"}


def test_doctor_tells_an_unreachable_hub(tmp_path: Path) -> None:
    done = flyp(tmp_path, "doctor", HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="0")
    assert done.returncode == 0, done.stderr
    assert "http://127.0.0.1:9, unreachable" in done.stdout
    assert "works" in done.stdout
