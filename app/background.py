"""Runs that go on without a window: the terminal's own command, cut loose from this process.

``background.json`` in the data folder keeps which process was started for which run, so that a
later window can ask it to save and end. A process is only asked if it is still the very one that
was started: its number and the time of its birth both fit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from engine import files, paths
from engine.errors import EngineError
from engine.program import command as engine_command
from engine.program import environment

_SAME_BIRTH = 2.0
"""Seconds by which two readings of one process's birth may differ when the clock is set."""

_CHILDREN: list[subprocess.Popen[bytes]] = []
"""What this window has left behind itself: while it lives it has to take note of their end."""


def start(folder: Path) -> int:
    """Go on with a saved run in a process that outlives this one; its process id. May raise OSError."""
    return _spawn(folder, "--resume", str(folder))


def begin(recipe: Path, folder: Path) -> int:
    """Train a recipe's file into a new folder in a process that outlives this one; its process id.

    May raise OSError.
    """
    return _spawn(folder, str(recipe), "--out", str(folder))


def _spawn(folder: Path, *arguments: str) -> int:
    log = paths.log_folder() / "background.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            engine_command("train", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment(),
            start_new_session=sys.platform != "win32",
            creationflags=_detached(),
        )
    _CHILDREN.append(process)
    _note(folder.absolute(), process.pid)
    return process.pid


def alive() -> frozenset[Path]:
    """Folders of the runs that processes we left behind are working on."""
    return frozenset(Path(entry["folder"]) for entry in _noted() if _process(entry) is not None)


def pause(folder: Path) -> bool:
    """Ask the process we left with this run to save it and end; False if there is none.

    Returns at once; the run is free when ``RunDirectory(folder).in_use()`` says so.
    """
    for entry in _noted():
        process = _process(entry)
        if process is not None and Path(entry["folder"]) == folder.absolute():
            try:
                _interrupt(process)
            except (OSError, psutil.Error):
                return False
            return True
    return False


def _detached() -> int:
    if sys.platform != "win32":
        return 0
    # a console of its own that is not shown: without one it could not be asked to end
    return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP


def _interrupt(process: psutil.Process) -> None:
    """What Ctrl-C does in a terminal: the engine finishes its step, saves and ends."""
    if sys.platform != "win32":
        process.send_signal(signal.SIGINT)
        return
    import ctypes

    # a console event reaches only processes of the console one belongs to
    kernel = ctypes.windll.kernel32
    kernel.FreeConsole()
    try:
        if not kernel.AttachConsole(process.pid):
            raise OSError(f"console of process {process.pid} is out of reach")
        os.kill(process.pid, signal.CTRL_BREAK_EVENT)
    finally:
        kernel.FreeConsole()
        kernel.AttachConsole(-1)


# --- which process works on which run -----------------------------------------------------------


def _file() -> Path:
    return paths.data_folder() / "background.json"


def _note(folder: Path, pid: int) -> None:
    try:
        birth = psutil.Process(pid).create_time()
    except psutil.Error:
        return
    kept = [entry for entry in _noted() if _process(entry) is not None and entry["folder"] != str(folder)]
    content = [*kept, {"folder": str(folder), "pid": pid, "create_time": birth}]
    try:
        files.write_text(_file(), json.dumps({"runs": content}, indent=1, ensure_ascii=False) + "\n")
    except EngineError:
        # the run goes on all the same; it is then shown as one of another process
        return


def _noted() -> list[dict[str, Any]]:
    try:
        content = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    runs = content.get("runs") if isinstance(content, dict) else None
    return [entry for entry in runs if _is_entry(entry)] if isinstance(runs, list) else []


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("folder"), str)
        and isinstance(entry.get("pid"), int)
        and isinstance(entry.get("create_time"), int | float)
    )


def _process(entry: dict[str, Any]) -> psutil.Process | None:
    """The process of an entry if it still lives and is the same one."""
    for child in _CHILDREN:
        child.poll()
    try:
        process = psutil.Process(entry["pid"])
        same = abs(process.create_time() - entry["create_time"]) < _SAME_BIRTH
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except (psutil.Error, ValueError, OverflowError):
        pass
    return None
