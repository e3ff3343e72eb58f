"""What was looked at once is arranged again without a second look; pictures say what they are used for."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.control import Control, Wish
from engine.data import load
from engine.data.inspection import InspectAnswer, InspectRequest, PicturesAnswer, PicturesRequest
from engine.data.records import Dataset, ImageRecord
from engine.errors import Cancelled, EngineError
from engine.events import Event, Structure
from engine.jobs import looked_at
from engine.jobs.inspect import inspect
from engine.jobs.pictures import pictures
from engine.recipe import Data, ShiftSource

Folders = Callable[..., None]
Paint = Callable[..., Path]


@pytest.fixture(autouse=True)
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The looks that were taken, with or without content; nothing is remembered before."""
    monkeypatch.setattr(looked_at, "_looks", {})
    taken: list[bool] = []
    real = load.read

    def spy(data: Data, control: Control, emit: Any, content: bool = True) -> load.Sources:
        taken.append(content)
        return real(data, control, emit, content)

    monkeypatch.setattr(load, "read", spy)
    return taken


class Asked:
    """Asks about a folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[Event] = []

    def data(self, source: str = "set", **more: Any) -> Data:
        for name in ("validation_source", "test_source"):
            if name in more:
                more[name] = str(self.root / more[name])
        return Data(source=str(self.root / source), **more)

    def inspect(
        self, source: str = "set", content: bool = True, reuse: bool = False, **more: Any
    ) -> InspectAnswer:
        self.events.clear()
        data = self.data(source, **more)
        request = InspectRequest(source=data.source, data=data, content=content, reuse=reuse)
        return inspect(request, self.events.append, Control())

    def pictures(self, folder: str | None, part: Any = "all", **more: Any) -> PicturesAnswer:
        request = PicturesRequest(data=self.data(**more), folder=folder, part=part)
        answer = pictures(request, self.events.append, Control())
        assert PicturesAnswer.model_validate_json(answer.model_dump_json()) == answer
        return answer


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


# --- inspecting again -------------------------------------------------------------------------


def test_what_decides_nothing_about_reading_needs_no_second_look(
    asked: Asked, folders: Folders, tmp_path: Path, reads: list[bool]
) -> None:
    folders("set", cat=9, dog=9, owl=60)
    (tmp_path / "set/cat/empty.png").touch()
    asked.inspect()
    changes: list[dict[str, Any]] = [
        {"shots": 2},
        {"shots": 200},
        {"seed": 7, "validation": 0.4, "test": 0.2},
        {"classes": ("cat", "dog")},
        {"leave_out": ("cat/00.png", "cat/empty.png"), "keep": ("dog/00.png",), "balanced": True},
        {},
    ]
    again = [asked.inspect(reuse=True, **change) for change in changes]
    assert reads == [True]
    for change, answer in zip(changes, again, strict=True):
        assert asked.inspect(**change) == answer
    assert len({str(answer.planned) for answer in again}) == len(changes)


def test_problems_of_numbers_follow_and_do_not_pile_up(asked: Asked, folders: Folders) -> None:
    folders("set", cat=9, dog=9, owl=200)
    for content in (True, False):
        asked.inspect(content=content, shots=20)
        for shots, few in ((30, 2), (3, 0), (300, 3), (300, 3)):
            problems = asked.inspect(content=content, reuse=True, shots=shots).problems
            assert len(problems.get("few", ())) == few
            assert len(problems["imbalance"]) == 1
            told = {problem.message.arguments.get("shots") for problem in problems.get("few", ())}
            assert told <= {shots}
        two = asked.inspect(content=content, reuse=True, shots=3, classes=("cat", "dog"))
        assert two.problems == {}


def test_a_picture_that_cannot_be_used_is_not_counted_after_reuse(
    asked: Asked, folders: Folders, tmp_path: Path
) -> None:
    folders("set", cat=5, dog=9)
    (tmp_path / "set/cat/empty.png").touch()
    asked.inspect(shots=2)
    (few,) = asked.inspect(reuse=True, shots=5).problems["few"]
    assert few.message.arguments["count"] == 5


def test_structure_is_told_again(asked: Asked, folders: Folders) -> None:
    folders("set", cat=4, dog=4)
    folders("more", cat=2)
    more = {"shifts": (ShiftSource(name="more", source=str(asked.root / "more")),)}
    asked.inspect(**more)
    first = [event for event in asked.events if isinstance(event, Structure)]
    asked.inspect(reuse=True, shots=1, **more)
    assert asked.events == first
    assert [event.source for event in first] == ["", "more"]


def test_without_reuse_it_looks_and_what_it_finds_is_remembered(
    asked: Asked, folders: Folders, paint: Paint, reads: list[bool]
) -> None:
    folders("set", cat=4, dog=4)
    asked.inspect()
    paint("set/cat/more.png")
    assert asked.inspect(reuse=True).pictures == 8
    assert asked.inspect().pictures == 9
    assert asked.inspect(reuse=True).pictures == 9
    assert len(reads) == 2


def test_another_place_or_content_not_read_is_looked_at(
    asked: Asked, folders: Folders, reads: list[bool]
) -> None:
    folders("set", cat=4, dog=4)
    folders("other", cat=5, dog=5)
    folders("third", cat=5, dog=5)
    assert not asked.inspect(content=False, reuse=True).content
    assert asked.inspect(reuse=True).content
    assert reads == [False, True]
    # what was found with content answers without it too, and says so
    assert asked.inspect(content=False, reuse=True).content
    assert reads == [False, True]
    for name in ("validation_source", "test_source"):
        asked.inspect(reuse=True, **{name: "other"})
    asked.inspect(reuse=True, shifts=(ShiftSource(name="other", source=str(asked.root / "other")),))
    assert len(reads) == 5
    # two places are kept, the ones asked for last
    asked.inspect("other", reuse=True)
    asked.inspect("third", reuse=True)
    asked.inspect("other", reuse=True)
    assert len(reads) == 7
    asked.inspect(reuse=True)
    assert len(reads) == 8


def test_a_look_that_fails_is_forgotten_and_a_cancelled_one_is_not(
    asked: Asked, folders: Folders, tmp_path: Path, reads: list[bool]
) -> None:
    folders("set", cat=4, dog=4)
    asked.inspect()
    control = Control()
    control.ask(Wish.CANCEL)
    with pytest.raises(Cancelled):
        inspect(InspectRequest(source=str(tmp_path / "set")), lambda event: None, control)
    assert asked.inspect(reuse=True).pictures == 8
    assert len(reads) == 2
    (tmp_path / "set").rename(tmp_path / "gone")
    for reuse in (False, True):
        with pytest.raises(EngineError, match="no folder"):
            asked.inspect(reuse=reuse)


def test_jobs_beside_each_other(asked: Asked, folders: Folders) -> None:
    folders("set", cat=9, dog=9)
    asked.inspect()
    wrong: list[object] = []

    def ask(shots: int) -> None:
        own = Asked(asked.root)
        for turn in range(20):
            planned = own.inspect(reuse=turn % 5 > 0, content=False, shots=shots).planned
            found = own.pictures("cat", "train", shots=shots).paths
            if planned is None or planned["train"] != (shots, shots) or len(found) != shots:
                wrong.append((planned, found))

    threads = [threading.Thread(target=ask, args=(shots,)) for shots in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- pictures ---------------------------------------------------------------------------------


def test_pictures_of_a_class_with_their_uses(asked: Asked, folders: Folders, reads: list[bool]) -> None:
    folders("set", cat=9, dog=9)
    more: dict[str, Any] = {"shots": 2, "leave_out": ("cat/03.png",)}
    answer = asked.pictures("cat", **more)
    assert reads == [False]
    assert answer.root == str(asked.root / "set")
    assert answer.paths == tuple(f"cat/{i:02}.png" for i in range(9))
    assert answer.folders == ()
    assert answer.parts[3] == "left out"
    planned = asked.inspect(content=False, reuse=True, **more).planned
    assert reads == [False]
    assert planned is not None
    counts = Counter(answer.parts)
    assert counts.pop("left out") == 1
    assert counts == {part: of_class[0] for part, of_class in planned.items()}
    for part in counts:
        only = asked.pictures("cat", part, **more)
        assert set(only.parts) == {part}
        assert only.paths == tuple(p for p, u in zip(answer.paths, answer.parts, strict=True) if u == part)
    assert asked.pictures("cat", "unused", **more).paths == ()


def test_pictures_of_all_classes(asked: Asked, folders: Folders) -> None:
    folders("set", cat=3, dog=4)
    answer = asked.pictures(None)
    assert answer.folders == ("cat",) * 3 + ("dog",) * 4
    assert all(path.startswith(folder) for path, folder in zip(answer.paths, answer.folders, strict=True))
    chosen = asked.pictures(None, "train")
    assert len(chosen.paths) == len(chosen.parts) == len(chosen.folders) < 7


def test_problems_are_left_out_once_they_are_known(
    asked: Asked, folders: Folders, paint: Paint, tmp_path: Path, reads: list[bool]
) -> None:
    folders("set", cat=6, dog=6)
    (tmp_path / "set/cat/empty.png").touch()
    paint("set/cat/copy.png", like="set/cat/00.png")
    assert "left out" not in asked.pictures("cat").parts
    asked.inspect()
    answer = asked.pictures("cat")
    gone = [p for p, part in zip(answer.paths, answer.parts, strict=True) if part == "left out"]
    assert gone == ["cat/copy.png", "cat/empty.png"] or gone == ["cat/00.png", "cat/empty.png"]
    assert reads == [False, True]


def test_classes_not_chosen_are_unused(asked: Asked, folders: Folders) -> None:
    folders("set", cat=5, dog=5, owl=5)
    answer = asked.pictures("owl", classes=("cat", "dog"), leave_out=("owl/01.png",))
    assert answer.parts == ("unused", "left out", "unused", "unused", "unused")
    assert set(asked.pictures("dog", classes=("cat", "dog")).parts) == {"train", "validation", "test"}


def test_sources_of_their_own_are_among_them(asked: Asked, folders: Folders, tmp_path: Path) -> None:
    folders("set", cat=4, dog=4)
    folders("held", Cat=2, dog=2, cow=3)
    folders("judge", cat=3, dog=1)
    (tmp_path / "held/Cat/empty.png").touch()
    more = {"validation_source": "held", "test_source": "judge"}
    asked.inspect(**more)
    answer = asked.pictures("cat", **more)
    held, judge = tmp_path / "held/Cat", tmp_path / "judge/cat"
    assert list(zip(answer.paths, answer.parts, strict=True)) == [
        *((f"cat/{i:02}.png", "train") for i in range(4)),
        *(((held / f"{i:02}.png").as_posix(), "validation") for i in range(2)),
        ((held / "empty.png").as_posix(), "left out"),
        *(((judge / f"{i:02}.png").as_posix(), "test") for i in range(3)),
    ]
    assert len(asked.pictures(None, **more).paths) == 8 + 5 + 4


def test_a_picture_under_two_classes_of_a_table(asked: Asked, folders: Folders, tmp_path: Path) -> None:
    folders("set", cat=4, dog=4)
    rows = [f"set/{name}/{i:02}.png,{name}" for name in ("cat", "dog") for i in range(4)]
    (tmp_path / "set.csv").write_text("\n".join(["image,label", *rows, "set/cat/00.png,dog"]))
    asked.inspect("set.csv")
    for folder, count in (("cat", 4), ("dog", 5)):
        answer = asked.pictures(folder, source="set.csv")
        uses = dict(zip(answer.paths, answer.parts, strict=True))
        assert len(answer.paths) == count
        assert uses["set/cat/00.png"] == "left out"
        assert list(uses.values()).count("left out") == 1


def test_what_cannot_be_arranged_is_unused(asked: Asked, folders: Folders) -> None:
    folders("set", cat=3, dog=1)
    assert asked.inspect().plan_error is not None
    assert asked.pictures(None, leave_out=("cat/00.png",)).parts == ("unused",) * 4


def test_a_class_that_is_not_there(asked: Asked, folders: Folders) -> None:
    folders("set", cat=3, dog=3)
    with pytest.raises(EngineError) as caught:
        asked.pictures("cow")
    assert caught.value.message.code == "data.no_such_class"
    assert "'cow'" in str(caught.value)


def test_a_hundred_thousand_pictures(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"class {i:02}" for i in range(100))
    records = tuple(ImageRecord(f"{name}/{i:04}.jpg", c) for c, name in enumerate(names) for i in range(1000))
    found = load.Sources(Dataset(str(asked.root), names, records))
    monkeypatch.setattr(load, "read", lambda *arguments, **more: found)
    data = Data(source=str(asked.root), shots=16)
    request = PicturesRequest(data=data, folder=None)
    assert len(pictures(request, lambda event: None, Control()).paths) == 100_000
    times = []
    for name in names[:5]:
        began = time.thread_time()
        answer = pictures(PicturesRequest(data=data, folder=name), lambda event: None, Control())
        answer.model_dump(mode="json")
        times.append(time.thread_time() - began)
        assert len(answer.paths) == 1000
    assert min(times) < 0.1


def test_none_of_it_needs_torch() -> None:
    code = "import sys, engine.jobs.inspect, engine.jobs.pictures; sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_picture_in_two_parts_of_a_table(asked: Asked, folders: Folders, tmp_path: Path) -> None:
    folders("set", cat=4, dog=4)
    rows = [f"set/{name}/{i:02}.png,{name},train" for name in ("cat", "dog") for i in range(4)]
    (tmp_path / "set.csv").write_text("\n".join(["image,label,split", *rows, "set/cat/00.png,cat,test"]))
    answer = asked.pictures("cat", source="set.csv")
    uses = [part for p, part in zip(answer.paths, answer.parts, strict=True) if p == "set/cat/00.png"]
    assert len(uses) == 2
    assert "test" in uses
    assert len(set(uses)) == 2
    asked.inspect("set.csv")
    answer = asked.pictures("cat", source="set.csv")
    uses = [part for p, part in zip(answer.paths, answer.parts, strict=True) if p == "set/cat/00.png"]
    assert sorted(uses) == ["left out", "test"]
