"""The engine's tests need no Qt and no plugin for it: a machine for training has no window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NO_QT = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "pyqtgraph", "pytestqt"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoQt())
"""


def test_tests_of_the_engine_run_where_there_is_no_qt(tmp_path: Path) -> None:
    (tmp_path / "no_qt.py").write_text(NO_QT, encoding="utf-8")
    words = ["-q", "-p", "no_qt", "-p", "no:pytest-qt", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # a file that loads no torch, as the question is one of pytest's settings and takes a moment
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--noconftest", "tests/engine/data/test_split.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "PySide6" not in done.stdout + done.stderr
