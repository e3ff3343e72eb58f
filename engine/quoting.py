"""Commands as a person may paste them into the shell of this system."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence


def command_line(words: Sequence[str]) -> str:
    """The words as one command; quoted for a POSIX shell, on Windows for cmd and PowerShell."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
