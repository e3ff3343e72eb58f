"""The program as a process of its own, and what it leaves on the disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import cli, recipe

ROOT = Path(__file__).resolve().parents[2]
LONG = 120.0
"""Seconds after which a command counts as hanging."""


def environment(**more: str) -> dict[str, str]:
    """This process's, with the program importable from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


def flyp(cwd: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``flyp words…`` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )


def flyp_here(capfd: pytest.CaptureFixture[str], cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which saves the time that starting takes."""
    capfd.readouterr()
    with contextlib.chdir(cwd):
        code = cli.main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    out, err = capfd.readouterr()
    return subprocess.CompletedProcess(words, code, out, err)


def write_recipe(path: Path, content: dict[str, Any]) -> Path:
    """A recipe file of this content."""
    path.write_text(recipe.to_toml(recipe.parse(content, "test")), encoding="utf-8")
    return path


def tree(folder: Path, *beside: str) -> dict[str, str]:
    """Every path below a folder and the hash of its content; top folders named ``beside`` do not count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if inner.parts[0] in beside:
            continue
        is_file = path.is_file()
        found[inner.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else "folder"
    return found
