"""The bundled starter on the bundled sample: what `flyp demo` shows a newcomer is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import paths
from engine.control import Control
from engine.jobs.demo import demo, render
from engine.requests import DemoRequest


@pytest.mark.timeout(900)  # a minute of one core, which may have other work
def test_finetuning_helps_on_the_sample_and_on_both_shifts(tmp_path):
    answer = demo(DemoRequest(out=str(tmp_path / "run")), lambda event: None, Control())
    assert answer.result is not None
    sets = json.loads(Path(answer.result).read_text())["sets"]
    assert set(sets) == {"test", "validation", "chalk", "pencil"}
    test = sets["test"]
    assert 0.40 <= test["zero_shot"]["accuracy"] <= 0.85
    assert test["accuracy"] >= test["zero_shot"]["accuracy"] + 0.10
    shifts = [sets["chalk"], sets["pencil"]]
    before = sum(s["zero_shot"]["accuracy"] for s in shifts) / 2
    assert sum(s["accuracy"] for s in shifts) / 2 >= before
    # the intervals do not overlap: the gain is no accident of few pictures
    assert test["interval"][0] > test["zero_shot"]["interval"][1]
    assert "before, zero-shot" in render(answer)


def test_the_sample_and_the_starter_are_as_small_as_promised():
    resources = paths.resources_folder()
    classes = [folder for folder in (resources / "sample/pictures").iterdir() if folder.is_dir()]
    assert len(classes) >= 8
    for folder in classes:
        assert len(list(folder.iterdir())) >= 120, folder.name
    shifts = sorted((resources / "sample").glob("shift_*"))
    assert len(shifts) == 2
    for shift in shifts:
        assert {f.name for f in shift.iterdir()} == {f.name for f in classes}
    sample = sum(f.stat().st_size for f in (resources / "sample").rglob("*") if f.is_file())
    starter = sum(f.stat().st_size for f in (resources / "starter").rglob("*") if f.is_file())
    assert sample <= 10e6
    assert starter <= 20e6
