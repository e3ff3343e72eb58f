"""Exports read back in a fresh process: what the process that wrote them still holds helps nothing there.

Both ends are here. The question goes in as one JSON object on stdin, the answer comes as an .npz on
stdout; what libraries print goes to stderr.

N: pictures, H, W: height and width.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine import program, wire
from engine.control import Control
from engine.errors import EngineError
from engine.exporters import about as abouts
from engine.exporters import find
from engine.exporters.reader import Outputs, OwnWay, Pixels, Reader

COMMAND = "read-export"
"""The sub-command of ``flyp`` by which the fresh process starts; for the program itself only."""
_BATCH = 24


@dataclass(frozen=True)
class Read:
    """What an export said of the pictures."""

    same: Outputs
    """Of the pictures as this program prepares them."""
    second: Outputs | None
    own: OwnWay | None


# --- the process that asks ------------------------------------------------------------------------


def read_back(folders: Sequence[Path], pictures: Sequence[Path], control: Control) -> list[Read]:
    """Have each folder read by its own reader in one new process.

    Raises EngineError if that fails, with the reader's words; Cancelled when asked to.
    """
    question = {"folders": [str(folder) for folder in folders], "pictures": [str(p) for p in pictures]}
    process = subprocess.Popen(
        program.command(COMMAND),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**program.environment(), "HF_HUB_OFFLINE": "1"},
        # no window opens on Windows; elsewhere there is no such flag
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    given: bytes | None = json.dumps(question).encode("utf-8")
    try:
        while True:
            try:
                out, err = process.communicate(given, timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                given = None
                control.check()
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode != 0:
        told = err.decode("utf-8", "replace").strip()
        reason = told.splitlines()[-1] if told else f"exit code {process.returncode}"
        raise EngineError("export.not_read_back", told, reason=reason)
    with np.load(io.BytesIO(out), allow_pickle=False) as found:
        return [_unpacked(found, number) for number in range(len(folders))]


def _unpacked(found: Any, number: int) -> Read:
    def outputs(way: str) -> Outputs | None:
        key = f"{number}.{way}"
        if f"{key}.logits" not in found:
            return None
        return Outputs(found[f"{key}.logits"], found[f"{key}.embeddings"])

    same, own = outputs("same"), outputs("own")
    assert same is not None
    rows = tuple(int(row) for row in found[f"{number}.rows"]) if own is not None else ()
    elsewhere = int(found[f"{number}.elsewhere"]) if own is not None else 0
    return Read(same, outputs("second"), None if own is None else OwnWay(own, rows, elsewhere))


# --- the fresh process ----------------------------------------------------------------------------


def main() -> int:
    """Read the question, answer it; the exit code."""
    outgoing = wire.private_output()
    question = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    pictures = [Path(path) for path in question["pictures"]]
    arrays: dict[str, Any] = {}
    for number, folder in enumerate(question["folders"]):
        arrays |= {f"{number}.{name}": value for name, value in _answers(Path(folder), pictures)}
    out = io.BytesIO()
    np.savez(out, **arrays)
    with os.fdopen(outgoing, "wb") as stream:
        stream.write(out.getvalue())
    return 0


def _answers(folder: Path, pictures: list[Path]) -> Iterator[tuple[str, Any]]:
    about = abouts.read(folder)
    reader = find(about.format).real(folder, about)
    images_NHWC = _prepared(about, pictures)
    yield from _named("same", _in_batches(reader, images_NHWC))
    second = reader.second(images_NHWC)
    if second is not None:
        yield from _named("second", second)
    own = reader.from_files(pictures, images_NHWC)
    if own is not None:
        yield from _named("own", own.outputs)
        yield "rows", np.array(own.rows, dtype=np.int64)
        yield "elsewhere", np.int64(own.elsewhere)


def _named(way: str, outputs: Outputs) -> list[tuple[str, Any]]:
    return [(f"{way}.logits", outputs.logits_NC), (f"{way}.embeddings", outputs.embeddings_ND)]


def _in_batches(reader: Reader, images_NHWC: Pixels) -> Outputs:
    # the last batch is of another size, so that a batch that is not free shows
    parts = np.array_split(images_NHWC, range(_BATCH, len(images_NHWC), _BATCH))
    return Outputs.joined([reader(part) for part in parts])


def _prepared(about: abouts.About, pictures: Sequence[Path]) -> Pixels:
    """By what the export itself says of preparing pictures."""
    from engine.data.fit import for_evaluation
    from engine.data.pictures import open_rgb

    fit = about.preprocessing.fit()
    return np.stack([np.asarray(for_evaluation(open_rgb(path), fit)) for path in pictures])
