"""What can be wrong before there is a window."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.app.conftest import ROOT

HOMELESS = """
import sys, pwd

def unknown(number):
    raise KeyError(number)

pwd.getpwuid = unknown
from {module} import main
sys.exit(main({arguments}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="other systems know where a home is")
@pytest.mark.parametrize(
    ("module", "arguments"),
    [("app.main", "['--demo']"), ("engine.__main__", "['doctor']")],
    ids=["gui", "cli"],
)
def test_an_account_without_a_home_is_told_what_to_set(module: str, arguments: str) -> None:
    ours = ("HOME", "FLYP_HOME", "FLYP_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    env = {key: value for key, value in os.environ.items() if key not in ours} | {"PYTHONPATH": str(ROOT)}
    program = HOMELESS.format(module=module, arguments=arguments)
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 2, ended.stderr
    assert "This account has no home folder" in ended.stderr
    assert "Set FLYP_" in ended.stderr
    assert "Traceback" not in ended.stderr
