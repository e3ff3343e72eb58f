"""What a folder looks like from outside."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.control import Control, Wish
from engine.data.records import ProblemKind, Split, absolute_path
from engine.data.scan import scan
from engine.errors import Cancelled, EngineError

Folders = Callable[..., None]
Paint = Callable[..., Path]


def refused(source: Path) -> EngineError:
    with pytest.raises(EngineError) as caught:
        scan(source)
    assert caught.value.message.hint
    return caught.value


def test_class_folders(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", dog=2, cat=3, Bird=1)
    paint("set/cat/indoors/deep/1.png")
    dataset = scan(tmp_path / "set")
    assert dataset.classes == ("Bird", "cat", "dog")
    assert dataset.counts() == [1, 4, 2]
    assert not dataset.has_splits
    assert dataset.problems == ()
    assert [r.path for r in dataset.records if r.class_index == 1][-1] == "cat/indoors/deep/1.png"
    assert all(absolute_path(dataset, record).is_file() for record in dataset.records)


def test_hidden_things_and_sidecars_are_passed_over(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=1, dog=1)
    for name in (".DS_Store", "Thumbs.db", "._1.png", "notes.txt", "labels.JSON", "boxes.xml"):
        (tmp_path / "set/cat" / name).write_text("x")
    (tmp_path / "set/__MACOSX").mkdir()
    (tmp_path / "set/.git").mkdir()
    (tmp_path / "set/cat/strange.xyz").write_text("x")
    dataset = scan(tmp_path / "set")
    assert dataset.classes == ("cat", "dog")
    assert [record.path for record in dataset.records] == ["cat/00.png", "cat/strange.xyz", "dog/00.png"]


def test_order_does_not_depend_on_the_file_system(
    tmp_path: Path, folders: Folders, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders("set", cat=3, dog=3)
    for name in (unicodedata.normalize("NFD", "é"), "z", "É", "日本"):
        paint(f"set/cat/{name}.png")
    real = os.scandir
    before = scan(tmp_path / "set")

    class Backwards:
        def __init__(self, path: str) -> None:
            with real(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert scan(tmp_path / "set") == before


@pytest.mark.parametrize(
    ("train", "validation", "test"), [("train", "val", "test"), ("Training", "valid", "TESTING")]
)
def test_parts(tmp_path: Path, folders: Folders, train: str, validation: str, test: str) -> None:
    folders(f"set/{train}", cat=3, dog=2)
    folders(f"set/{validation}", cat=1)
    folders(f"set/{test}", cat=1, dog=1)
    dataset = scan(tmp_path / "set")
    assert dataset.has_splits
    assert dataset.classes == ("cat", "dog")
    assert [len(dataset.of(part)) for part in Split] == [5, 1, 2, 0]
    assert dataset.problems == ()


def test_a_lone_train_folder_is_no_part(tmp_path: Path, folders: Folders) -> None:
    folders("set/train", cat=3, dog=2)
    dataset = scan(tmp_path / "set")
    assert (dataset.classes, dataset.has_splits) == (("cat", "dog"), False)


def test_class_folders_that_are_called_like_parts(tmp_path: Path, folders: Folders) -> None:
    folders("set", train=2, bus=2, test=1)
    assert scan(tmp_path / "set").classes == ("bus", "test", "train")


def test_parts_beside_other_folders_are_not_taken_for_classes(tmp_path: Path, folders: Folders) -> None:
    folders("set/train", cat=1, dog=1)
    folders("set/test", cat=1, dog=1)
    (tmp_path / "set/annotations").mkdir()
    assert refused(tmp_path / "set").message.code == "data.mixed_folders"


def test_errors_say_what_to_do(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    (tmp_path / "nothing").mkdir()
    folders("one", cat=2)
    folders("deep/inner", cat=2, dog=2)
    folders("loose", **{".": 2})
    (tmp_path / "a.xlsx").write_text("x")
    (tmp_path / "hollow/cat").mkdir(parents=True)
    for i in range(2):
        paint(f"loose/{i}.png")
    paint("kaggle/1.png")
    (tmp_path / "kaggle/labels.csv").write_text("image,label\n")
    for name, code in {
        "missing": "data.source_missing",
        "nothing": "data.no_pictures",
        "hollow": "data.no_pictures",
        "one": "data.one_class",
        "deep": "data.one_folder_deeper",
        "loose": "data.loose_pictures",
        "a.xlsx": "data.source_not_a_table",
        "kaggle": "data.table_beside",
    }.items():
        error = refused(tmp_path / name)
        assert error.message.code == code
        assert name in str(error)


def test_a_set_that_only_judges_may_have_one_class(tmp_path: Path, folders: Folders) -> None:
    folders("one", cat=2)
    assert scan(tmp_path / "one", least_classes=1).classes == ("cat",)


def test_problems_of_structure(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=1, dog=1)
    (tmp_path / "set/empty").mkdir()
    paint("set/loose.png")
    dataset = scan(tmp_path / "set")
    assert [(p.kind, p.path, p.others) for p in dataset.problems] == [
        (ProblemKind.LOOSE, "", ("loose.png",)),
        (ProblemKind.EMPTY_CLASS, "empty", ()),
    ]
    assert dataset.classes == ("cat", "dog")


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems fold such names into one")
def test_class_names_that_look_the_same(tmp_path: Path, folders: Folders) -> None:
    folders("set", **{"cat": 1, "Cat": 1, "é": 1, unicodedata.normalize("NFD", "é"): 1, "dog": 1})
    clashes = [p for p in scan(tmp_path / "set").problems if p.kind is ProblemKind.NAME_CLASH]
    assert [(p.path, p.others) for p in clashes] == [
        ("Cat", ("cat",)),
        (unicodedata.normalize("NFD", "é"), ("é",)),
    ]


@pytest.fixture
def linked(tmp_path: Path, folders: Folders) -> Path:
    folders("set", cat=2, dog=1)
    try:
        (tmp_path / "probe").symlink_to(tmp_path)
    except OSError:
        pytest.skip("links are not permitted here")
    return tmp_path / "set"


def test_links_that_loop(linked: Path) -> None:
    (linked / "cat/up").symlink_to(linked, target_is_directory=True)
    (linked / "cat/self.png").symlink_to(linked / "cat/self.png")
    (linked / "dog/one.png").symlink_to(linked / "dog/two.png")
    (linked / "dog/two.png").symlink_to(linked / "dog/one.png")
    dataset = scan(linked)
    loops = [p.path for p in dataset.problems if p.kind is ProblemKind.LINK_LOOP]
    assert loops == ["cat/self.png", "cat/up", "dog/one.png", "dog/two.png"]
    assert dataset.counts() == [2, 1]


def test_links_are_followed_once(linked: Path, tmp_path: Path, folders: Folders) -> None:
    folders("elsewhere", more=3)
    (linked / "bird").symlink_to(tmp_path / "elsewhere/more", target_is_directory=True)
    (linked / "dog/again").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (linked / "dog/a first name").symlink_to(linked / "dog/real", target_is_directory=True)
    (linked / "dog/real").mkdir()
    (linked / "dog/real/x.png").write_text("x")
    (linked / "dog/nowhere.png").symlink_to(tmp_path / "gone.png")
    dataset = scan(linked)
    assert dataset.counts() == [3, 2, 5]
    assert "dog/real/x.png" in [record.path for record in dataset.records]
    assert [(p.kind, p.path, p.message.code) for p in dataset.problems] == [
        (ProblemKind.LINK_LOOP, "dog/a first name", "data.link_again"),
        (ProblemKind.UNREADABLE, "dog/nowhere.png", "data.link_nowhere"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only there names are any bytes")
def test_names_that_are_no_text(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=1, dog=1)
    raw = os.fsencode(tmp_path / "set") + b"/cl\xff"
    Path(os.fsdecode(raw)).mkdir()
    (tmp_path / "set/dog/00.png").rename(os.fsdecode(raw + b"/\xfe.png"))
    (tmp_path / "set/dog").rmdir()
    dataset = scan(tmp_path / "set")
    assert dataset.classes == ("cat", r"cl\xff")
    assert absolute_path(dataset, dataset.records[1]).is_file()


def test_it_can_be_cancelled(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=1, dog=1)
    control = Control()
    control.ask(Wish.CANCEL)
    with pytest.raises(Cancelled):
        scan(tmp_path / "set", control)
