"""Receiving one file of the hub: in a thread, continued where an earlier try stopped, checked by its hash."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from engine import files
from engine.control import Control
from engine.errors import Cancelled, EngineError
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say

LOOK_SECONDS = 0.2
"""How often the waiting side looks whether it should stop, and speaks."""
STALL_SECONDS = 10.0
"""Silence of the server after which a connection counts as lost."""
_TRIES = 4
"""Connections in a row that bring nothing before giving up."""
_CHUNK = 1 << 18


@dataclass(slots=True)
class Transfer:
    """What the receiving thread tells the waiting one, and the other way round."""

    title: str
    """The model, for messages."""
    done: int = 0
    total: int = 0
    """Bytes; 0 until the hub has told."""
    stop: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    result: Path | None = None
    error: BaseException | None = None

    def check(self) -> None:
        """Raise Cancelled once the waiting side has gone."""
        if self.stop.is_set():
            raise Cancelled


def watched(work: Callable[[Transfer], Path], title: str, control: Control, emit: Emit) -> Path:
    """What ``work`` returns, run in a thread, while Progress is told and a wish to cancel looked for.

    Cancelling is noticed within LOOK_SECONDS even while the server is silent; the thread then
    ends by itself, at the latest when its connection times out.
    """
    transfer = Transfer(title)

    def run() -> None:
        try:
            transfer.result = work(transfer)
        except BaseException as error:  # noqa: BLE001  # carried over to the waiting thread, which raises it
            transfer.error = error
        finally:
            transfer.finished.set()

    phase = say("clip.downloading", model=title)
    began, first = time.monotonic(), -1
    # a daemon: a connection that hangs must not keep the process alive after a cancel
    threading.Thread(target=run, name="download", daemon=True).start()
    try:
        while not transfer.finished.wait(LOOK_SECONDS):
            control.check()
            if not transfer.total:
                continue
            done, now = transfer.done, time.monotonic()
            if first < 0:
                began, first = now, done
            left = (transfer.total - done) * (now - began) / (done - first) if done > first else None
            emit(Progress(phase=phase, done=done, total=transfer.total, unit="bytes", seconds_left=left))
    finally:
        transfer.stop.set()
    if transfer.error is not None:
        raise transfer.error
    assert transfer.result is not None
    emit(Progress(phase=phase, done=transfer.total, total=transfer.total, unit="bytes", seconds_left=0.0))
    return transfer.result


def receive(url: str, target: Path, size: int, etag: str, transfer: Transfer) -> None:
    """Bring ``url`` (``size`` bytes) to ``target``, unless it is there. One process at a time does so.

    What an earlier try left in ``<target>.part`` is continued. ``etag`` is the SHA-256 the
    content must have (hex), where it has the form of one. Raises EngineError and Cancelled.
    """
    from filelock import FileLock, Timeout

    files.make_folder(target.parent)
    part = target.with_name(f"{target.name}.part")
    lock = FileLock(target.with_name(f"{target.name}.part.lock"))
    transfer.total = size
    while not lock.is_locked:
        transfer.check()
        try:
            lock.acquire(timeout=LOOK_SECONDS)
        except Timeout:
            continue  # another process fetches the same file: take over from it, or find it done
    try:
        if target.is_file():
            transfer.done = size
            return
        with part.open("a+b") as stream:
            found = _Part(stream, transfer).complete(url)
        # a file kept in git itself has another kind of tag; weights never are
        if transfer.done != size or (re.fullmatch(r"[0-9a-f]{64}", etag) and found != etag):
            part.unlink()
            raise EngineError(
                "clip.wrong_download", path=url, model=transfer.title, expected=etag, found=found
            )
        part.replace(target)
    except OSError as error:
        raise files.write_error(part, error) from error
    finally:
        lock.release()


class _Part:
    """An unfinished file that grows at its end, with the hash of what it holds."""

    def __init__(self, stream: IO[bytes], transfer: Transfer) -> None:
        self._stream = stream
        self._transfer = transfer
        self._digest = hashlib.sha256()
        stream.seek(0)
        while chunk := stream.read(1 << 22):
            transfer.check()
            self._digest.update(chunk)
        transfer.done = stream.tell()
        if transfer.done > transfer.total:
            self._begin_again()

    def complete(self, url: str) -> str:
        """Receive what is missing over as many connections as it takes; the content's SHA-256."""
        transfer, tries = self._transfer, _TRIES
        while transfer.done < transfer.total:
            before = transfer.done
            reason = self._connection(url)
            if transfer.done >= transfer.total:
                break
            tries = _TRIES if transfer.done > before else tries - 1
            if tries == 0:
                self._stream.flush()
                raise EngineError("clip.broken_download", model=transfer.title, reason=reason)
            transfer.stop.wait(0.5)
            transfer.check()
        return self._digest.hexdigest()

    def _connection(self, url: str) -> str:
        """Append what one connection brings. Returns why it ended too early."""
        from huggingface_hub import get_session, hf_raise_for_status
        from huggingface_hub.utils._headers import build_hf_headers

        transfer = self._transfer
        # compression would make positions in the stream differ from positions in the file
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if transfer.done:
            headers["Range"] = f"bytes={transfer.done}-"
        try:
            with get_session().stream("GET", url, headers=headers, timeout=STALL_SECONDS) as response:
                hf_raise_for_status(response)
                if transfer.done and response.status_code != 206:
                    self._begin_again()  # this server sends the whole only
                for chunk in response.iter_bytes(_CHUNK):
                    transfer.check()
                    self._stream.write(chunk)
                    self._digest.update(chunk)
                    transfer.done += len(chunk)
        except connection_errors() as error:
            return brief(error)
        return "the connection was closed too early"

    def _begin_again(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()
        self._digest = hashlib.sha256()
        self._transfer.done = 0


def connection_errors() -> tuple[type[Exception], ...]:
    """What the hub's client raises when a connection fails or breaks off; which library it uses varies."""
    from huggingface_hub import errors

    transport: Any = getattr(errors, "HTTPError")  # noqa: B009  # not exported in its types
    return (transport, ConnectionError)


def brief(error: BaseException) -> str:
    """The first line of what an exception says, or its kind."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
