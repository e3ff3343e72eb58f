"""The one way by which the engine writes files: whole or not at all.

A file is written under a temporary name in its folder, flushed to the disk, then renamed.
A folder (a checkpoint) is filled under a temporary name and swapped in. Every byte goes
through ``_write``, so that a test can let the n-th write fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from io import BufferedWriter, RawIOBase
from pathlib import Path
from typing import IO

from engine.errors import EngineError, WriteError

_BUFFER = 1 << 20


def _write(descriptor: int, data: bytes | memoryview) -> int:
    """The only place where bytes leave the engine for a disk."""
    return os.write(descriptor, data)


class _File(RawIOBase):
    """A raw file on a descriptor whose writes all pass through ``_write``."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = 0
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # torch hands bytes-likes of its own
        done = 0
        try:
            while done < len(view):
                done += _write(self._descriptor, view[done:])
        except OSError as error:
            # torch turns an error of its stream into a RuntimeError that no longer tells the cause
            self.failure = error
            raise
        self._position += done
        return done

    def tell(self) -> int:
        return self._position


def write_error(path: Path, error: OSError) -> EngineError:
    """What an operating system error of writing means to a person."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WriteError("files.disk_full", str(error), path=str(path))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return WriteError("files.no_permission", str(error), path=str(path))
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return WriteError("files.not_a_folder", str(error), path=str(path))
    return WriteError("files.failed", str(error), path=str(path), reason=error.strerror or str(error))


def taken(path: Path) -> bool:
    """Whether something is in this place. Raises EngineError where nothing could be (a name too long)."""
    try:
        return path.exists()
    except OSError as error:
        raise write_error(path, error) from error


def make_folder(path: Path) -> Path:
    """Make a folder and its parents; a file in the way is an EngineError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose content takes the place of ``path`` at once when all is written.

    On any failure ``path`` is left as it was and the temporary file is removed.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    stream: _File | None = None
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644
        )
        try:
            stream = _File(descriptor)
            # not closed here: closing would write again what could not be written
            buffered = BufferedWriter(stream, _BUFFER)
            yield buffered
            buffered.flush()
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise write_error(path, error) from error
    except BaseException as error:
        _remove(temporary)
        if stream is not None and stream.failure is not None:
            raise write_error(path, stream.failure) from error
        raise


def _remove(temporary: Path) -> None:
    # where nothing may be written nothing may be removed either; the first error is the one to tell
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` as the whole content of ``path``."""
    with replacing(path) as stream:
        stream.write(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with plain newlines."""
    write_bytes(path, text.encode("utf-8"))


class LineLog:
    """An append-only text file of whole lines, such as a run's events.

    A torn last line (the machine went down in the middle) is cut off when it is opened again.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            self._end = self._mend()
        except OSError as error:
            raise write_error(path, error) from error

    def _mend(self) -> int:
        size = os.lseek(self._descriptor, 0, os.SEEK_END)
        if size == 0:
            return 0
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != size:
            os.ftruncate(self._descriptor, whole)
        os.lseek(self._descriptor, whole, os.SEEK_SET)
        return whole

    def append(self, line: str) -> None:
        """Add one line; on failure the file ends with the last whole line."""
        data = memoryview(line.encode("utf-8") + b"\n")
        done = 0
        try:
            while done < len(data):
                done += _write(self._descriptor, data[done:])
        except OSError as error:
            # cut the part line off again; truncating needs no space
            os.ftruncate(self._descriptor, self._end)
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            raise write_error(self._path, error) from error
        self._end += len(data)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A fresh folder to fill; when all is written it takes the place of ``path``.

    Only one process at a time may do this to a path. Between the two renames a crash can leave
    only ``<name>.old``: ``standing`` finds it.
    """
    new = path.with_name(path.name + ".new")
    old = path.with_name(path.name + ".old")
    try:
        _settle(path)
        if new.exists():
            shutil.rmtree(new)
        make_folder(new)
        yield new
        if path.exists():
            _rename(path, old)
        _rename(new, path)
        # what is left of it is cleared away the next time
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        _settle(path)
        raise write_error(path, error) from error
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        _settle(path)
        raise


def _rename(source: Path, target: Path) -> None:
    """Rename; on Windows a folder that someone reads just now needs a few tries."""
    for _ in range(20):
        try:
            os.rename(source, target)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.1)
    os.rename(source, target)


def standing(path: Path) -> Path:
    """Where the content of a replaced folder is now; changes nothing, so anyone may look.

    After a crash between two renames that is ``<name>.old``.
    """
    old = path.with_name(path.name + ".old")
    return old if not path.exists() and old.exists() else path


def _settle(path: Path) -> None:
    """Undo or finish a swap that a crash cut short."""
    old = path.with_name(path.name + ".old")
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, path)


@contextlib.contextmanager
def new_folder(path: Path, replace: bool = False) -> Iterator[Path]:
    """A fresh folder to fill; when all is written it becomes ``path``, on any failure nothing is left.

    For places that a person named: ``path`` must be missing or an empty folder, else EngineError;
    with ``replace`` what is there goes, but only once the new one is whole.
    """
    if path.exists() and not path.is_dir():
        raise WriteError("files.not_a_folder", path=str(path))
    if not replace and path.is_dir() and any(path.iterdir()):
        raise EngineError("files.exists", path=str(path))
    make_folder(path.parent)
    mark = uuid.uuid4().hex[:8]
    new = path.with_name(f".{path.name}.{mark}.tmp")
    old = path.with_name(f".{path.name}.{mark}.old")
    try:
        new.mkdir()
        yield new
        if path.exists():
            _rename(path, old)
        try:
            _rename(new, path)
        except OSError:
            if old.exists():
                _rename(old, path)
            raise
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise write_error(path, error) from error
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
