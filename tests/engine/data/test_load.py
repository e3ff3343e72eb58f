"""From a recipe's data to what a run trains and is judged on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.control import Control
from engine.data.load import absolute_path, prepare
from engine.data.records import ProblemKind, Split, SplitDataset
from engine.data.split_file import from_csv, to_csv
from engine.errors import EngineError
from engine.events import Event, ProblemSaid, Progress, Structure, Warned
from engine.recipe import Data, ShiftSource

Folders = Callable[..., None]
Paint = Callable[..., Path]


class Run:
    """Prepares data under a folder and keeps what was said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[Event] = []

    def __call__(self, shifts: dict[str, str] | None = None, **options: Any) -> SplitDataset:
        self.events.clear()
        for name in ("validation_source", "test_source"):
            if name in options:
                options[name] = str(self.root / options[name])
        sets = tuple(ShiftSource(name=n, source=str(self.root / s)) for n, s in (shifts or {}).items())
        data = Data(source=str(self.root / options.pop("source", "set")), shifts=sets, **options)
        return prepare(data, Control(), self.events.append)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def uses(found: SplitDataset) -> dict[str, Split | None]:
    return {record.path: record.split for record in found.source.records}


def left_out(found: SplitDataset) -> list[tuple[str, str]]:
    return sorted((problem.path, problem.kind.value) for problem in found.left_out)


def test_all_is_said_in_order(run: Run, tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=10, dog=10)
    (tmp_path / "set/cat/empty.png").touch()
    folders("sketch", cat=2)
    found = run({"sketch": "sketch"})
    structures = [event for event in run.events if isinstance(event, Structure)]
    assert [(s.source, s.classes, s.counts, s.pictures) for s in structures] == [
        ("", ("cat", "dog"), (11, 10), 21),
        ("sketch", ("cat",), (2,), 2),
    ]
    problems = [(e.source, e.path, e.kind) for e in run.events if isinstance(e, ProblemSaid)]
    assert ("", "cat/empty.png", "empty file") in problems
    last = [e for e in run.events if isinstance(e, Progress)][-1]
    assert (last.done, last.total, last.unit) == (2, 2, "pictures")
    assert left_out(found) == [("cat/empty.png", "empty file")]
    assert Counter(uses(found).values()) == {Split.TRAIN: 12, Split.VALIDATION: 4, Split.TEST: 4}


def test_copies_are_used_once(run: Run, folders: Folders, paint: Paint) -> None:
    folders("set", cat=6, dog=6)
    paint("set/cat/copy.png", like="set/cat/02.png")
    paint("set/dog/wrong.png", like="set/cat/03.png")
    found = run()
    assert left_out(found) == [
        ("cat/03.png", "two classes"),
        ("cat/copy.png", "duplicate"),
        ("dog/wrong.png", "two classes"),
    ]
    assert len(found.source.records) == 11
    by_path = {problem.path: problem for problem in found.left_out}
    assert by_path["cat/03.png"].others == ("dog/wrong.png",)
    assert by_path["dog/wrong.png"].message.text.startswith("dog/wrong.png ")


def test_copies_that_the_recipe_keeps(run: Run, tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=6, dog=6)
    paint("set/cat/copy.png", like="set/cat/02.png")
    paint("set/dog/wrong.png", like="set/cat/03.png")
    (tmp_path / "set/cat/bad.png").write_text("x")
    found = run(keep=("cat/copy.png", "dog/wrong.png", "cat/bad.png"))
    assert left_out(found) == [("cat/03.png", "two classes"), ("cat/bad.png", "not a picture")]
    assert uses(found)["cat/copy.png"] == uses(found)["cat/02.png"]


def test_copies_across_own_parts_leave_the_test_whole(run: Run, folders: Folders, paint: Paint) -> None:
    folders("set/train", cat=4, dog=4)
    folders("set/val", cat=2, dog=2)
    folders("set/test", cat=2, dog=2)
    paint("set/test/cat/a.png", like="set/train/cat/00.png")
    paint("set/val/dog/b.png", like="set/train/dog/01.png")
    paint("set/test/dog/c.png", like="set/val/dog/00.png")
    found = run()
    assert left_out(found) == [
        ("train/cat/00.png", "across splits"),
        ("train/dog/01.png", "across splits"),
        ("val/dog/00.png", "across splits"),
    ]
    assert uses(found)["test/cat/a.png"] is Split.TEST


def test_what_the_recipe_leaves_out(run: Run, folders: Folders) -> None:
    folders("set", cat=6, dog=6)
    found = run(leave_out=("cat/01.png", "cat/99.png"))
    assert left_out(found) == [("cat/01.png", "left out")]
    assert "cat/01.png" not in uses(found)
    warned = [event.message.arguments["path"] for event in run.events if isinstance(event, Warned)]
    assert warned == ["cat/99.png"]


def test_held_out_sources_of_their_own(run: Run, tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=6, dog=6)
    folders("val", Cat=2, dog=2, cow=1)
    folders("judge", cat=3)
    paint("val/dog/same.png", like="set/dog/00.png")
    paint("judge/cat/same.png", like="val/Cat/00.png")
    found = run(validation_source="val", test_source="judge")
    assert left_out(found) == [
        ("Cat/00.png", "across splits"),
        ("cow/00.png", "unknown class"),
        ("dog/00.png", "across splits"),
    ]
    assert Counter(uses(found).values()) == {Split.TRAIN: 11, Split.VALIDATION: 4, Split.TEST: 4}
    assert uses(found)[(tmp_path / "judge/cat/same.png").as_posix()] is Split.TEST
    assert all(absolute_path(found.source, record).is_file() for record in found.source.records)
    assert from_csv(to_csv(found), "x").source.records == found.source.records


def test_one_held_out_source_leaves_the_other_to_be_drawn(run: Run, folders: Folders) -> None:
    folders("set", cat=20, dog=20)
    folders("more", cat=3, dog=3)
    assert Counter(uses(run(validation_source="more")).values()) == {
        Split.TRAIN: 34,
        Split.VALIDATION: 6,
        Split.TEST: 6,
    }
    assert Counter(uses(run(test_source="more", shots=4)).values()) == {
        Split.TRAIN: 8,
        Split.VALIDATION: 8,
        Split.TEST: 6,
        Split.UNUSED: 24,
    }


def test_an_own_test_source_takes_the_place_of_the_own_part(run: Run, folders: Folders) -> None:
    folders("set/train", cat=10, dog=10)
    folders("set/test", cat=2, dog=2)
    folders("more", cat=3, dog=3)
    found = run(test_source="more")
    judged = {Path(record.path).parts[-3] for record in found.source.of(Split.TEST)}
    assert (judged, len(found.source.of(Split.TEST))) == ({"more"}, 6)
    assert len(found.source.of(Split.UNUSED)) == 4


def test_shift_sets_find_their_classes(run: Run, folders: Folders, paint: Paint) -> None:
    folders("set", cat=8, golden_retriever=8, Émeu=8)
    folders("sketch", **{"Golden Retriever": 2, "E\u0301meu": 1, "cow": 4})
    paint("sketch/Golden Retriever/same.png", like="set/golden_retriever/00.png")
    found = run({"sketch": "sketch"})
    shift = found.shifts[0]
    assert shift.dataset.classes == found.source.classes == ("cat", "golden_retriever", "Émeu")
    assert shift.present == (1, 2)
    assert Counter(record.class_index for record in shift.dataset.records) == {1: 3, 2: 1}
    assert {record.split for record in shift.dataset.records} == {Split.TEST}
    out = Counter(problem.kind for problem in found.left_out)
    assert out == {ProblemKind.UNKNOWN_CLASS: 4, ProblemKind.ACROSS_SPLITS: 1}
    said = [
        (e.source, e.path) for e in run.events if isinstance(e, ProblemSaid) and e.kind == "unknown class"
    ]
    assert said == [("sketch", "cow")]


def test_shift_sets_follow_the_chosen_classes(run: Run, folders: Folders) -> None:
    folders("set", ant=8, bee=8, cat=8)
    folders("sketch", ant=2, cat=2)
    found = run({"sketch": "sketch"}, classes=("bee", "cat"))
    assert found.shifts[0].present == (1,)
    assert found.left_out == ()


def test_sources_that_cannot_be_used(run: Run, tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=6, dog=6)
    folders("cars", bus=2)
    (tmp_path / "broken/cat").mkdir(parents=True)
    (tmp_path / "broken/cat/a.png").write_text("x")
    for options, code in (
        ({"shifts": {"cars": "cars"}}, "data.no_common_class"),
        ({"shifts": {"self": "set"}}, "data.same_source"),
        ({"validation_source": "broken"}, "data.validation_empty"),
        ({"source": "nowhere"}, "data.source_missing"),
    ):
        with pytest.raises(EngineError) as caught:
            run(**options)
        assert caught.value.message.code == code


def test_a_table_with_one_picture_under_two_classes(run: Run, tmp_path: Path, folders: Folders) -> None:
    folders("p", cat=5, dog=5)
    rows = [f"p/{name}/{i:02d}.png,{name}" for name in ("cat", "dog") for i in range(5)]
    (tmp_path / "t.csv").write_text("\n".join(["image,label", *rows, "p/cat/00.png,dog"]))
    found = run(source="t.csv")
    assert left_out(found) == [("p/cat/00.png", "two classes")] * 2
    assert len(found.source.records) == 9


def test_own_validation_does_not_choose_by_a_test_source(
    run: Run, tmp_path: Path, folders: Folders, paint: Paint
) -> None:
    folders("set/train", cat=4, dog=4)
    folders("set/val", cat=3, dog=3)
    folders("judge", cat=2, dog=2)
    folders("sketch", cat=2, dog=2)
    paint("judge/cat/same.png", like="set/val/cat/00.png")
    paint("sketch/cat/same.png", like="set/val/cat/01.png")
    found = run({"sketch": "sketch"}, test_source="judge")
    assert left_out(found) == [("val/cat/00.png", "across splits")]
    assert uses(found)[(tmp_path / "judge/cat/same.png").as_posix()] is Split.TEST
    kept = run(test_source="judge", keep=("val/cat/00.png",))
    assert left_out(kept) == []
