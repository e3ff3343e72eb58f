"""Writing whole or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from engine import files
from engine.errors import EngineError


def failing(monkeypatch, number: int, code: int = errno.ENOSPC) -> None:
    """The given write and all after it fail."""
    real = files._write
    count = 0

    def write(descriptor, data):
        nonlocal count
        count += 1
        if count >= number:
            raise OSError(code, os.strerror(code))
        return real(descriptor, data)

    monkeypatch.setattr(files, "_write", write)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "f"
    files.write_text(path, "old")
    failing(monkeypatch, 1)
    with pytest.raises(EngineError, match="disk is full"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_where_nothing_may_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    # a read-only disk refuses to remove the temporary file, too, which was never there
    monkeypatch.setattr(files.os, "open", refuse)
    monkeypatch.setattr(files.Path, "unlink", refuse)
    with pytest.raises(EngineError) as caught:
        files.write_text(tmp_path / "f", "new")
    assert caught.value.message.code == "files.no_permission"


def test_an_error_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    files.write_text(path, "old")

    def half_written():
        with files.replacing(path) as stream:
            stream.write(b"ne")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_written()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_are_gone_on_with(tmp_path, monkeypatch):
    real = files._write
    monkeypatch.setattr(files, "_write", lambda descriptor, data: real(descriptor, data[:3]))
    files.write_bytes(tmp_path / "f", b"0123456789")
    assert (tmp_path / "f").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "files.disk_full"),
        (errno.EDQUOT, "files.disk_full"),
        (errno.EROFS, "files.no_permission"),
        (errno.EIO, "files.failed"),
    ],
)
def test_what_the_system_says_becomes_words(tmp_path, monkeypatch, code, message):
    failing(monkeypatch, 1, code)
    with pytest.raises(EngineError) as raised:
        files.write_text(tmp_path / "f", "x")
    assert raised.value.message.code == message
    assert str(tmp_path / "f") in str(raised.value)


def test_a_log_keeps_whole_lines_only(tmp_path, monkeypatch):
    path = tmp_path / "log"
    log = files.LineLog(path)
    log.append("one")
    real = files._write

    def half(descriptor, data):
        if len(data) > 3:
            return real(descriptor, data[:2])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files, "_write", half)
    with pytest.raises(EngineError, match="disk is full"):
        log.append("two")
    monkeypatch.setattr(files, "_write", real)
    log.append("three")
    log.close()
    assert path.read_text() == "one\nthree\n"


def test_a_torn_last_line_is_cut_off(tmp_path):
    path = tmp_path / "log"
    path.write_text("one\ntwo\nthr")
    log = files.LineLog(path)
    log.append("four")
    log.close()
    assert path.read_text() == "one\ntwo\nfour\n"


def fill(folder, text):
    with files.replacing_folder(folder) as new:
        files.write_text(new / "a", text)
        files.write_text(new / "b", text)


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    folder = tmp_path / "last"
    fill(folder, "old")
    fill(folder, "new")
    assert (folder / "a").read_text() == (folder / "b").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_folder_that_cannot_be_filled_leaves_the_old_one(tmp_path, monkeypatch, number):
    folder = tmp_path / "last"
    fill(folder, "old")
    failing(monkeypatch, number)
    with pytest.raises(EngineError, match="disk is full"):
        fill(folder, "new")
    assert (folder / "a").read_text() == (folder / "b").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


def test_every_state_a_power_cut_can_leave_is_found_and_settled(tmp_path):
    """Swapping renames twice: before, between and after, one whole folder is found."""
    folder, old, new = tmp_path / "last", tmp_path / "last.old", tmp_path / "last.new"
    for state, expected in (
        ({folder: "old", new: "half"}, "old"),
        ({old: "old", new: "new"}, "old"),
        ({old: "old", folder: "new"}, "new"),
    ):
        for path, text in state.items():
            path.mkdir()
            (path / "a").write_text(text)
        assert (files.standing(folder) / "a").read_text() == expected
        fill(folder, "next")
        assert (folder / "a").read_text() == "next"
        assert [p.name for p in tmp_path.iterdir()] == ["last"]
        (folder / "a").unlink()
        (folder / "b").unlink()
        folder.rmdir()


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "f").write_text("mine")
    with pytest.raises(EngineError, match="needed as a folder"):
        files.make_folder(tmp_path / "f" / "below")
    with pytest.raises(EngineError, match="needed as a folder"):
        files.write_text(tmp_path / "f" / "below", "x")
    assert (tmp_path / "f").read_text() == "mine"
