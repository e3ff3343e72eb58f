"""The two ends of the wire: whole lines in, whole lines out, whatever libraries and readers do.

The wire is a private duplicate of the descriptors 0 and 1. Descriptor 0 is then empty and
descriptor 1 points at stderr, so that neither a print, nor a write of a C library, nor a child
process can put a byte on the wire or take one from it.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import PydanticSerializationError

from engine.events import Event, Line, Progress, StepDone

LONGEST = 32 * 1024 * 1024
"""Longest request in bytes; a recipe that leaves out 100,000 pictures by name fits."""

MANY = 500
"""From so many unread lines on, a newer Progress or StepDone takes the place of the older."""

_Kind = tuple[str | None, str]


class _ForgivingFile(io.FileIO):
    """A descriptor whose reader may go away: what is written then is lost, and nobody is told.

    A warning printed after the window died must not become the error that keeps training from saving.
    """

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(memoryview(data).cast("B"))


def forgiving_text(descriptor: int) -> io.TextIOWrapper:
    """A text stream on ``descriptor`` for which neither signs nor a lost reader are errors."""
    raw = io.BufferedWriter(_ForgivingFile(descriptor, "w", closefd=False))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def private_output() -> int:
    """A private duplicate of descriptor 1, which itself then points at stderr."""
    sys.stdout.flush()
    outgoing = os.dup(1)
    os.dup2(2, 1)
    return outgoing


def private_input() -> int:
    """A private duplicate of descriptor 0, which itself is then empty."""
    incoming = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return incoming


def lines(descriptor: int, longest: int = LONGEST) -> Iterator[bytes | None]:
    """The lines that come in until the other end closes; None for one that is too long.

    Reads the descriptor itself: a buffered stream's lock, held by a thread that waits for input,
    is a fatal error when the interpreter ends.
    """
    pending = bytearray()
    too_long = False
    while chunk := _read(descriptor):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            pending += part
            if too_long or len(pending) > longest:
                yield None
            else:
                yield bytes(pending)
            pending.clear()
            too_long = False
        if too_long or len(pending) + len(rest) > longest:
            pending.clear()
            too_long = True
        else:
            pending += rest
    if too_long:
        yield None
    elif pending:
        yield bytes(pending)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        # a terminal that hung up, or a pipe that Windows calls broken: the other end is gone
        return b""


def encoded(identity: str | None, event: Event) -> bytes:
    """An event as its line.

    File names that are no UTF-8 reach us with lone surrogates, which JSON cannot carry: they are
    shown as replacement signs. Raises PydanticSerializationError for what is no JSON at all.
    """
    line = Line(id=identity, event=event)
    try:
        return line.model_dump_json().encode("utf-8") + b"\n"
    except PydanticSerializationError:
        plain = line.model_dump(mode="json")
        try:
            text = json.dumps(_clean(plain), ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise PydanticSerializationError(str(error)) from error
        return text.encode("utf-8") + b"\n"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


class Writer:
    """Puts events on the wire from a thread of its own, so that a slow reader holds nobody up.

    The queue has no bound, but it stays short: when many lines wait, of the Progress and StepDone
    of one request only the newest is kept. Nothing else is ever dropped while somebody reads.
    """

    def __init__(self, descriptor: int, gone: Callable[[], None]) -> None:
        """``gone`` is called once, from the writer's thread, when nobody reads any more."""
        self._descriptor = descriptor
        self._gone = gone
        self._condition = threading.Condition()
        self._lines: OrderedDict[int, tuple[_Kind | None, bytes]] = OrderedDict()
        self._newest: dict[_Kind, int] = {}
        self._number = 0
        self._closing = False
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._thread.start()

    def put(self, identity: str | None, event: Event) -> None:
        """Send an event soon. Raises PydanticSerializationError if it cannot be a line."""
        line = encoded(identity, event)
        kind = (identity, event.type) if isinstance(event, Progress | StepDone) else None
        with self._condition:
            if self._lost:
                return
            self._number += 1
            if kind is not None:
                earlier = self._newest.get(kind)
                if earlier is not None and len(self._lines) >= MANY:
                    # the newer goes to the end: it must not overtake an evaluation before it
                    del self._lines[earlier]
                self._newest[kind] = self._number
            self._lines[self._number] = (kind, line)
            self._condition.notify()

    def close(self, seconds: float) -> bool:
        """Send what is left; False if that took longer than ``seconds``."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        os.close(self._descriptor)
        return True

    def _run(self) -> None:
        while batch := self._take():
            try:
                _write_all(self._descriptor, batch)
            except OSError:
                with self._condition:
                    self._lost = True
                    self._lines.clear()
                    self._newest.clear()
                self._gone()
                return

    def _take(self) -> bytes:
        """The next lines, waiting for some; empty when closing and nothing is left."""
        with self._condition:
            self._condition.wait_for(lambda: self._lines or self._closing)
            batch: list[bytes] = []
            size = 0
            while self._lines and size < 1 << 14:
                number, (kind, line) = self._lines.popitem(last=False)
                if kind is not None and self._newest.get(kind) == number:
                    del self._newest[kind]
                batch.append(line)
                size += len(line)
            return b"".join(batch)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
