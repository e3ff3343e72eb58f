"""Every kind of problem is found, told once, and known again without decoding."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from engine import paths, recipe
from engine.control import Control, Wish
from engine.data import pictures
from engine.data.checks import examine
from engine.data.records import Dataset, Problem, ProblemKind
from engine.data.scan import scan
from engine.errors import Cancelled

Folders = Callable[..., None]
Paint = Callable[..., Path]


def kinds(dataset: Dataset) -> dict[ProblemKind, list[tuple[str, ...]]]:
    found: dict[ProblemKind, list[tuple[str, ...]]] = {}
    for problem in dataset.problems:
        found.setdefault(problem.kind, []).append((problem.path, *problem.others))
    return found


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pictures that were opened for decoding."""
    names: list[str] = []
    real = pictures.size_of

    def counted(stream: IO[bytes], name: str) -> tuple[int, int]:
        names.append(Path(name).name)
        return real(stream, name)

    monkeypatch.setattr(pictures, "size_of", counted)
    return names


def settle(folder: Path) -> None:
    """Make the files old enough to be remembered."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 60,) * 2)


def test_every_problem_of_content(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=3, dog=3)
    root = tmp_path / "set"
    (root / "cat/empty.jpg").touch()
    (root / "cat/text.jpg").write_text("hello")
    (root / "dog/cut.png").write_bytes((root / "dog/00.png").read_bytes()[:60])
    paint("set/dog/small.png", side=31)
    paint("set/cat/copy.png", like="set/cat/00.png")
    paint("set/cat/wrong.png", like="set/dog/01.png")
    huge = bytearray(b"BM" + bytes(60))
    huge[10:14], huge[14:18], huge[26:30] = b"\x3e\0\0\0", b"\x28\0\0\0", b"\x01\0\x01\0"
    huge[18:26] = (60_000).to_bytes(4, "little") * 2
    (root / "dog/huge.bmp").write_bytes(huge)
    heard: list[Problem] = []
    ticks: list[tuple[int, int]] = []
    dataset = examine(
        scan(root), on_problem=heard.append, on_progress=lambda done, total: ticks.append((done, total))
    )
    assert kinds(dataset) == {
        ProblemKind.EMPTY_FILE: [("cat/empty.jpg",)],
        ProblemKind.NOT_A_PICTURE: [("cat/text.jpg",)],
        ProblemKind.TRUNCATED: [("dog/cut.png",)],
        ProblemKind.TOO_LARGE: [("dog/huge.bmp",)],
        ProblemKind.SMALL: [("dog/small.png",)],
        ProblemKind.DUPLICATE: [("cat/00.png", "cat/copy.png")],
        ProblemKind.TWO_CLASSES: [("cat/wrong.png", "dog/01.png")],
    }
    assert sorted(map(str, heard)) == sorted(map(str, dataset.problems))
    assert ticks == [(i + 1, 13) for i in range(13)]
    assert all(len(record.digest) == 64 for record in dataset.records if "empty" not in record.path)


def test_messages_name_the_picture_as_the_source_does(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=2, dog=2)
    (tmp_path / "set/cat/empty.jpg").touch()
    problem = examine(scan(tmp_path / "set")).problems[0]
    assert problem.message.text.startswith("cat/empty.jpg ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may read everything")
def test_unreadable(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=2, dog=2)
    (tmp_path / "set/cat/00.png").chmod(0)
    assert kinds(examine(scan(tmp_path / "set")))[ProblemKind.UNREADABLE] == [("cat/00.png",)]


def test_files_that_went_since_the_scan(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=3, dog=3)
    dataset = scan(tmp_path / "set")
    (tmp_path / "set/cat/00.png").unlink()
    assert kinds(examine(dataset)) == {ProblemKind.UNREADABLE: [("cat/00.png",)]}


def test_copies_across_parts(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set/train", cat=3, dog=3)
    folders("set/test", cat=1, dog=1)
    paint("set/test/cat/same.png", like="set/train/cat/00.png")
    found = examine(scan(tmp_path / "set"))
    assert kinds(found) == {ProblemKind.ACROSS_SPLITS: [("test/cat/same.png", "train/cat/00.png")]}
    assert "train, test" in found.problems[0].message.text


def test_numbers(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=23, dog=5, eel=2)
    dataset = scan(tmp_path / "set")
    data = recipe.Data(source="x", shots=5)
    found = examine(dataset, data)
    assert kinds(found) == {ProblemKind.FEW: [("dog",), ("eel",)], ProblemKind.IMBALANCE: [("",)]}
    assert examine(dataset, numbers=False).problems == ()


def test_copies_do_not_count_as_pictures(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=3, dog=1)
    paint("set/dog/copy.png", like="set/dog/00.png")
    assert (ProblemKind.FEW, "dog") in [(p.kind, p.path) for p in examine(scan(tmp_path / "set")).problems]


def test_ten_to_one_is_still_balanced(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=20, dog=2)
    assert examine(scan(tmp_path / "set")).problems == ()


def test_a_second_look_decodes_nothing(tmp_path: Path, folders: Folders, decoded: list[str]) -> None:
    folders("set", cat=3, dog=3)
    (tmp_path / "set/cat/text.jpg").write_text("hello")
    settle(tmp_path / "set")
    first = examine(scan(tmp_path / "set"))
    assert len(decoded) == 7
    decoded.clear()
    assert examine(scan(tmp_path / "set")) == first
    assert decoded == []


def test_a_changed_picture_is_looked_at_again(
    tmp_path: Path, folders: Folders, paint: Paint, decoded: list[str]
) -> None:
    folders("set", cat=2, dog=2)
    settle(tmp_path / "set")
    first = examine(scan(tmp_path / "set"))
    paint("set/cat/01.png", side=33)
    os.utime(tmp_path / "set/cat/01.png", (time.time() - 30,) * 2)
    decoded.clear()
    second = examine(scan(tmp_path / "set"))
    assert decoded == ["01.png"]
    changed = [a.path for a, b in zip(first.records, second.records, strict=True) if a != b]
    assert changed == ["cat/01.png"]


def test_what_may_pass_is_not_remembered(
    tmp_path: Path, folders: Folders, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders("set", cat=2, dog=2)
    (tmp_path / "set/cat/a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    settle(tmp_path / "set")
    monkeypatch.setattr(pictures, "heif_available", lambda: False)
    for _ in range(2):
        decoded.clear()
        examine(scan(tmp_path / "set"))
        assert "a.heic" in decoded


def index_file() -> Path:
    return next(paths.cache_folder().glob("*.sqlite"))


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"", b"half"])
def test_a_damaged_index_is_made_anew(
    tmp_path: Path, folders: Folders, decoded: list[str], damage: bytes
) -> None:
    folders("set", cat=2, dog=2)
    settle(tmp_path / "set")
    first = examine(scan(tmp_path / "set"))
    content = index_file().read_bytes()
    index_file().write_bytes(content[: len(content) // 2] if damage == b"half" else damage)
    assert examine(scan(tmp_path / "set")) == first
    decoded.clear()
    assert examine(scan(tmp_path / "set")) == first
    assert decoded == []


def test_an_index_of_another_form_is_done_without(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=2, dog=2)
    settle(tmp_path / "set")
    first = examine(scan(tmp_path / "set"))
    base = sqlite3.connect(index_file())
    base.execute("DROP TABLE looks")
    base.execute("CREATE TABLE looks (something TEXT)")
    base.close()
    assert examine(scan(tmp_path / "set")) == first


def test_a_locked_or_impossible_index_is_done_without(
    tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders("set", cat=2, dog=2)
    settle(tmp_path / "set")
    first = examine(scan(tmp_path / "set"))
    os.utime(tmp_path / "set/cat/00.png", (5, 5))
    holder = sqlite3.connect(index_file(), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert examine(scan(tmp_path / "set")) == first
    finally:
        holder.close()
    (tmp_path / "a file").touch()
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "a file"))
    assert examine(scan(tmp_path / "set")) == first


def test_it_can_be_cancelled(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=40, dog=40)
    control = Control()

    def on_progress(done: int, total: int) -> None:
        control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        examine(scan(tmp_path / "set"), control=control, on_progress=on_progress)
