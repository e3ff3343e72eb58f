"""What is done to a run's folder from a worker thread: moved to the bin, copied out of, let go of."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QFile

from app import background, texts
from engine.errors import EngineError
from engine.run_directory import RunDirectory

LET_GO_SECONDS = 120.0
"""How long a process in the background may take to finish its step and save."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("runs", text)


def why(error: Exception) -> str:
    """What went wrong in a worker thread, in words."""
    if isinstance(error, EngineError):
        return texts.whole(error.message)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"


def to_bin(folders: list[Path]) -> tuple[list[Path], str]:
    """Move runs to the system's bin: those that went, and why another one did not."""
    gone: list[Path] = []
    for folder in folders:
        if RunDirectory(folder).in_use():
            return gone, _tr("{} is being worked on.").format(folder.name)
        if not QFile(str(folder)).moveToTrash():
            reason = _tr("This system has no bin for {}, so it was left where it is.").format(folder)
            return gone, reason
        gone.append(folder)
    return gone, ""


def let_go(folder: Path, enough: threading.Event) -> bool:
    """Ask the process in the background to save a run, and wait until it has; False if it does not.

    ``enough`` ends the waiting sooner.
    """
    run = RunDirectory(folder)
    if not background.pause(folder):
        return not run.in_use()
    until = time.monotonic() + LET_GO_SECONDS
    # one that is just being started does not hold the run yet
    while run.in_use() or folder.absolute() in background.alive():
        if time.monotonic() > until or enough.wait(0.2):
            return False
    return True


def size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
