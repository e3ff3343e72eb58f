"""A machine with a cache of its own, on which the engine fetches models in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[3]
Job = tuple[str, str | None, dict[str, Any]]
"""Name, weights and options, as ``fetch.py`` takes them."""


class Machine:
    """A machine with a cache of its own, on which the engine fetches in fresh processes."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    def start(self, *jobs: Job, **variables: str) -> subprocess.Popen[str]:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(self.home),
            "PYTHONPATH": str(_ROOT),
            **variables,
        }
        command = [sys.executable, str(Path(__file__).with_name("fetch.py")), json.dumps(jobs)]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *jobs: Job, **variables: str) -> list[dict[str, Any]]:
        process = self.start(*jobs, **variables)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        # nothing but our one line on stdout
        assert output.count("\n") == 1, output
        answers: list[dict[str, Any]] = json.loads(output)
        return answers

    def leftovers(self) -> list[Path]:
        return sorted(self.home.rglob("*.part"))
