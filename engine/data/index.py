"""What is known of picture files from earlier looks, so that an unchanged folder is quick.

A cache in one SQLite file: it may be deleted at any time. A damaged index is made anew; one
that is locked or cannot be written is done without, and the log says so.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import PIL
from pydantic import ValidationError

from engine import paths
from engine.data.records import ProblemKind
from engine.messages import Message

_LAYOUT = 1
_BATCH = 2000
_FRESH_NS = 100_000_000
"""A file written less than this ago may change again within the clock's grain: not kept."""
_LARGEST = 2**30
"""An index beyond this size holds mostly files that are gone; it is begun anew."""

_log = logging.getLogger(__name__)


class Look(NamedTuple):
    """What one look into a file gave."""

    digest: str = ""
    """SHA-256 of the bytes, in hex; empty if they could not be read."""
    width: int = 0
    height: int = 0
    kind: ProblemKind | None = None
    """Why it cannot be used, if so."""
    message: Message | None = None


class Key(NamedTuple):
    """By what a file is known again."""

    path: bytes
    size: int
    mtime_ns: int


def key_of(path: str, status: os.stat_result) -> Key:
    """The key of a file, from its absolute path and status."""
    return Key(os.fsencode(path), status.st_size, status.st_mtime_ns)


class Index:
    """Looks by key. Use as a context manager, from one thread."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or paths.cache_folder() / f"pictures-{_LAYOUT}.sqlite"
        self._base: sqlite3.Connection | None = None
        self._waiting: list[tuple[bytes, int, int, str, int, int, str, str, str]] = []

    def __enter__(self) -> Self:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._file.exists() and self._file.stat().st_size > _LARGEST:
                self._file.unlink()
            self._open()
        except sqlite3.OperationalError as error:
            self._do_without(error)
        except sqlite3.DatabaseError as error:
            self._renew(error)
        except OSError as error:
            self._do_without(error)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # what was seen before a cancellation is kept too
        self._flush()
        self._close()

    def get(self, key: Key) -> Look | None:
        """What is known of this file in this state, or None."""
        if self._base is None:
            return None
        try:
            row = self._base.execute(
                "SELECT digest, width, height, kind, message FROM looks"
                " WHERE path = ? AND size = ? AND mtime = ? AND (kind = '' OR decoder = ?)",
                (*key, PIL.__version__),
            ).fetchone()
            if row is None:
                return None
            digest, width, height, kind, message = row
            if not kind:
                return Look(digest, width, height)
            return Look(digest, width, height, ProblemKind(kind), Message.model_validate_json(message))
        except sqlite3.Error as error:
            self._after(error)
        except (ValidationError, ValueError, TypeError) as error:
            _log.info("the picture index has a row that is not understood: %s", error)
        return None

    def put(self, key: Key, look: Look) -> None:
        """Remember a look, unless the file may still be changing or the trouble may pass."""
        passing = look.kind is ProblemKind.UNREADABLE or (
            look.message is not None and look.message.code == "data.heic_missing"
        )
        if self._base is None or passing or time.time_ns() - key.mtime_ns < _FRESH_NS:
            return
        message = look.message.model_dump_json() if look.message else ""
        self._waiting.append(
            (*key, look.digest, look.width, look.height, look.kind or "", message, PIL.__version__)
        )
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _open(self) -> None:
        self._base = sqlite3.connect(self._file, timeout=2, isolation_level=None)
        # a cache need not survive a power cut; it is made anew
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS looks (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER,"
            " digest TEXT, width INTEGER, height INTEGER, kind TEXT, message TEXT, decoder TEXT)"
            " WITHOUT ROWID"
        )
        self._base.execute(
            "SELECT path, size, mtime, digest, kind, message, decoder FROM looks LIMIT 1"
        ).fetchone()

    def _flush(self) -> None:
        rows, self._waiting = self._waiting, []
        if self._base is None or not rows:
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany("INSERT OR REPLACE INTO looks VALUES (?,?,?,?,?,?,?,?,?)", rows)
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self._after(error)

    def _after(self, error: sqlite3.Error) -> None:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._renew(error)
        else:
            self._do_without(error)

    def _renew(self, error: Exception) -> None:
        _log.info("the picture index %s is damaged and made anew: %s", self._file, error)
        self._close()
        try:
            for leftover in (self._file, self._file.with_name(self._file.name + "-journal")):
                leftover.unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.Error) as again:
            self._do_without(again)

    def _do_without(self, error: Exception) -> None:
        _log.info("the picture index %s is not used: %s", self._file, error)
        self._close()

    def _close(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None
