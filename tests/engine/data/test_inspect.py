"""The inspect job: structure first, then problems, then an answer that can be printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.control import Control
from engine.data.inspection import InspectAnswer, InspectRequest
from engine.errors import EngineError
from engine.events import Event, Line, ProblemSaid, Progress, Structure
from engine.jobs.inspect import inspect, render
from engine.recipe import Data

Folders = Callable[..., None]
Paint = Callable[..., Path]


def test_structure_comes_before_any_picture_is_opened(tmp_path: Path, folders: Folders) -> None:
    folders("set/train", cat=9, dog=9)
    folders("set/test", cat=2)
    (tmp_path / "set/train/cat/cut.png").write_bytes((tmp_path / "set/train/cat/00.png").read_bytes()[:70])
    events: list[Event] = []
    answer = inspect(InspectRequest(source=str(tmp_path / "set")), events.append, Control())
    kinds = [type(event) for event in events]
    assert kinds.index(Structure) < kinds.index(ProblemSaid)
    assert kinds.index(Structure) < next(
        i for i, e in enumerate(events) if isinstance(e, Progress) and e.done
    )
    assert answer.splits == {"train": (10, 9), "test": (2, 0)}
    assert answer.planned == {"train": (8, 8), "validation": (1, 1), "test": (2, 0)}
    assert answer.left_out == 1
    assert [problem.path for problem in answer.problems["truncated"]] == ["train/cat/cut.png"]
    assert InspectAnswer.model_validate_json(answer.model_dump_json()) == answer


def test_without_content_no_picture_is_opened(
    tmp_path: Path, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders("set", cat=44, dog=3)
    monkeypatch.setattr("engine.data.pictures.opened", None)
    request = InspectRequest(source=str(tmp_path / "set"), content=False, data=Data(source="-", shots=2))
    answer = inspect(request, lambda event: None, Control())
    assert answer.planned == {"train": (2, 2), "validation": (2, 1), "test": (40, 0)}
    assert list(answer.problems) == ["imbalance"]
    assert "not known" in render(answer)


def test_what_training_would_refuse_is_said_with_what_was_found(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=4, dog=1)
    answer = inspect(InspectRequest(source=str(tmp_path / "set")), lambda event: None, Control())
    assert answer.planned is None
    assert answer.plan_error is not None
    assert answer.counts == (4, 1)
    assert "Training would refuse this" in render(answer)


def test_shifts_as_pairs_and_a_wrong_name(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=4, dog=4)
    folders("sketch", cat=2, cow=1)
    source, sketch = str(tmp_path / "set"), str(tmp_path / "sketch")
    request = InspectRequest.model_validate({"source": source, "shifts": [("sketch", sketch)], "shots": 1})
    answer = inspect(request, lambda event: None, Control())
    assert [(s.name, s.pictures, s.classes) for s in answer.shifts] == [("sketch", 2, 1)]
    assert answer.planned is not None
    assert answer.planned["train"] == (1, 1)
    with pytest.raises(EngineError, match="name of a split"):
        inspect(InspectRequest(source=source, shifts={"test": sketch}), lambda event: None, Control())


def test_render(tmp_path: Path, folders: Folders, paint: Paint) -> None:
    folders("set", cat=10, dog=10)
    for i in range(12):
        paint(f"set/cat/copy{i}.png", like="set/cat/00.png")
        (tmp_path / f"set/dog/e{i}.png").touch()
    text = render(inspect(InspectRequest(source=str(tmp_path / "set")), lambda event: None, Control()))
    assert "cat          22      6           2     2" in text
    assert "empty file: 12" in text
    assert "… and 2 more (--json lists all)" in text
    assert "also: cat/copy0.png, cat/copy1.png, cat/copy10.png and 9 more" in text
    assert "24 pictures would be left out" in text


@pytest.mark.skipif(sys.platform != "linux", reason="only there names are any bytes")
def test_names_that_are_no_text_cross_the_wire(tmp_path: Path, folders: Folders) -> None:
    folders("set", cat=4, dog=4)
    (tmp_path / "set/cat" / os.fsdecode(b"\xff\n.png")).touch()
    events: list[Event] = []
    answer = inspect(InspectRequest(source=str(tmp_path / "set")), events.append, Control())
    assert all(Line(id="1", event=event).model_dump_json() for event in events)
    assert answer.model_dump_json()
    assert answer.problems["empty file"][0].path == "cat/\\xff\n.png"
    assert "\\xff?.png" in render(answer)
    name = answer.problems["empty file"][0].path
    again = Data(source="-", leave_out=(name,))
    request = InspectRequest(source=str(tmp_path / "set"), data=again)
    answer = inspect(request, lambda event: None, Control())
    assert answer.left_out == 1
