"""open_clip, timm and the hub's client talk a lot; none of it is meant for the person here."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

_CHATTY = (
    "timm",
    "huggingface_hub",
    "transformers",
    "httpx",
    "httpx2",
    "httpcore",
    "filelock",
    "onnxscript",
)
_LOCK = threading.Lock()
_INSIDE = 0
"""How many threads and nested blocks are quiet now."""
_RESTORE = contextlib.ExitStack()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what those libraries print, log and warn about away from stdout and from warning filters.

    What they print goes to stderr; their loggers speak from ERROR on. What matters to a person
    is checked by our own code and said as a message. Filters and stdout belong to the process:
    the first thread to enter changes them and the last to leave restores them, so that jobs
    beside each other cannot restore them in the wrong order.
    """
    global _INSIDE, _RESTORE
    with _LOCK:
        if _INSIDE == 0:
            for name in _CHATTY:
                logging.getLogger(name).setLevel(logging.ERROR)
            _RESTORE = contextlib.ExitStack()
            _RESTORE.enter_context(warnings.catch_warnings())
            _RESTORE.enter_context(contextlib.redirect_stdout(sys.stderr))
            warnings.simplefilter("ignore")
        _INSIDE += 1
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE -= 1
            if _INSIDE == 0:
                _RESTORE.close()
