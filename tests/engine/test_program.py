"""How the program starts itself again: from Python wherever one stands, and from a bundle."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine import program


def test_from_python_the_same_engine_is_found_wherever_the_child_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    # a file of the person's own with a module's name
    (tmp_path / "engine.py").write_text("raise SystemExit('the wrong engine')\n", encoding="utf-8")
    done = subprocess.run(
        program.command("--version"), env=program.environment(), cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, f"flyp {engine.__version__}"), done.stderr


def test_what_was_on_the_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/some/where")
    first, second = program.environment()["PYTHONPATH"].split(os.pathsep)
    assert (Path(first), second) == (Path(engine.__file__).resolve().parent.parent, "/some/where")


def test_an_installed_engine_does_not_come_before_pythons_own_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # site-packages in PYTHONPATH would stand before the standard library
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(engine, "__file__", "/venv/lib/python3.11/site-packages/engine/__init__.py")
    assert "PYTHONPATH" not in program.environment()


@pytest.mark.parametrize(
    ("system", "window", "expected"),
    [
        ("linux", "/opt/flyp/flyp-gui", "/opt/flyp/flyp"),
        (
            "darwin",
            "/Applications/FLYP.app/Contents/MacOS/flyp-gui",
            "/Applications/FLYP.app/Contents/MacOS/flyp",
        ),
        ("win32", "/flyp/flyp-gui.exe", "/flyp/flyp.exe"),
    ],
)
def test_in_a_bundle_it_is_the_program_beside_the_window(
    system: str, window: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/kept")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    for executable in (window, expected):
        monkeypatch.setattr(sys, "executable", executable)
        assert program.command("train", "--resume", "run") == [expected, "train", "--resume", "run"]
    # there is no Python whose path would have to be changed
    assert program.environment()["PYTHONPATH"] == "/kept"


def test_nothing_else_starts_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a bundle ``sys.executable`` is no Python."""
    root = Path(engine.__file__).resolve().parent.parent
    users = {
        str(file.relative_to(root).as_posix())
        for package in ("engine", "app")
        for file in (root / package).rglob("*.py")
        if "sys.executable" in file.read_text(encoding="utf-8")
    }
    # the translators' template is made by developers
    assert users == {"engine/program.py", "app/strings.py"}
