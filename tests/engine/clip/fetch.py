"""Run in a process of its own by the download tests, since the hub's address is read on import.

    python fetch.py '[[NAME, WEIGHTS or null, {"cancel_after": seconds, "load": true, "base": SHA256,
        "count": caption}], …]'

Prints one JSON line: for each job what came of it, the progress, the seconds.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings
from typing import Any

warnings.simplefilter("error")

from engine import recipe  # noqa: E402  # the filter has to stand before
from engine.clip import download  # noqa: E402
from engine.control import Control, Wish  # noqa: E402
from engine.errors import EngineError  # noqa: E402
from engine.events import Event, Progress  # noqa: E402


def do(name: str, weights: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Download or load, and tell."""
    control, said = Control(), []
    asked_at: list[float] = []
    cancel_after = options.get("cancel_after")

    def hear(event: Event) -> None:
        assert isinstance(event, Progress)
        said.append((event.done, event.total, event.unit, event.phase.text))
        if cancel_after is not None and len(said) == 1:
            threading.Timer(cancel_after, cancel).start()

    def cancel() -> None:
        asked_at.append(time.monotonic())
        control.ask(Wish.CANCEL)

    result: dict[str, Any] = {"progress": said}
    try:
        if options.keys() & {"load", "base", "count"}:
            from engine.clip import backbone

            model = recipe.Model(name=name, weights=weights)
            loaded = backbone.load(model, expected_sha256=options.get("base"))
            result |= {"sha256": loaded.base.sha256, "path": loaded.base.path}
            if "count" in options:
                result["counts"] = loaded.token_counts([options["count"]])
        else:
            result["path"] = str(download.download(name, weights, control, hear))
            result["torch"] = "torch" in sys.modules
    except EngineError as error:
        result |= {
            "code": error.message.code,
            "text": str(error),
            "hint": error.message.hint,
            "exit_code": error.exit_code,
            "detail": error.detail,
        }
    if asked_at:
        result["seconds_to_cancel"] = time.monotonic() - asked_at[0]
    return result


if __name__ == "__main__":
    print(json.dumps([do(*job) for job in json.loads(sys.argv[1])]))
