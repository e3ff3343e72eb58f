"""Faults of ours: a traceback goes into a log file, a person is told where that lies."""

from __future__ import annotations

import os
import platform
import traceback
import uuid
from datetime import datetime

from engine import __version__, files, paths
from engine.errors import EngineError
from engine.messages import Message, say


def recorded(error: BaseException) -> tuple[Message, str]:
    """Write ``error`` into a log of its own; what to say of it, and its traceback."""
    trace = "".join(traceback.format_exception(error))
    now = datetime.now().astimezone()
    name = f"fault-{now:%Y-%m-%dT%H%M%S}-{os.getpid()}-{uuid.uuid4().hex[:4]}.log"
    path = paths.log_folder() / name
    machine = f"Python {platform.python_version()}, {platform.platform()}"
    head = f"flyp {__version__}, {machine}, {now.isoformat()}\n\n"
    try:
        # a file's name may hold bytes that are no UTF-8; the log must not fail on them
        files.write_bytes(path, (head + trace).encode("utf-8", "backslashreplace"))
        where = str(path)
    except EngineError as failure:
        where = f"no log, as it could not be written ({failure.message.text})"
    first_line = (str(error).strip().splitlines() or [""])[0]
    reason = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    return say("core.fault", reason=reason[:300], log=where), trace
