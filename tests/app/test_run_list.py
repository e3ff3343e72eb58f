"""The list of runs is read from their folders; processes in the background are told from others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app import background, run_list
from app.results import read as read_result
from app.run_list import RunList, State
from engine import paths
from engine.errors import EngineError
from engine.events import Reason
from engine.run_directory import RunDirectory
from tests.app import made_runs


def test_each_run_with_its_state_and_figures_latest_first(tmp_path: Path) -> None:
    runs = paths.runs_folder()
    made_runs.write_run(runs / "a-done", judged=made_runs.result(), hour=8)
    made_runs.write_run(runs / "b-paused", Reason.PAUSED, hour=9)
    made_runs.write_run(runs / "c-killed", None, hour=10)
    made_runs.write_run(runs / "d-killed-early", None, hour=11, checkpoint=False)
    other = made_runs.write_run(tmp_path / "other" / "e-elsewhere", Reason.CANCELLED, hour=12)
    (runs / "no-run").mkdir()
    broken = made_runs.write_run(runs / "f-broken", hour=13)
    (broken / "recipe.toml").write_text("[data\n", encoding="utf-8")

    assert run_list.count([other, tmp_path / "gone"]) == 6
    found = {entry.name: entry for entry in RunList().read([other, tmp_path / "gone"])}

    assert list(found) == ["f-broken", "e-elsewhere", "d-killed-early", "c-killed", "b-paused", "a-done"]
    assert {name: entry.state for name, entry in found.items()} == {
        "a-done": State.DONE,
        "b-paused": State.PAUSED,
        "c-killed": State.INTERRUPTED,
        "d-killed-early": State.FAILED,
        "e-elsewhere": State.CANCELLED,
        "f-broken": State.DAMAGED,
    }
    done, paused = found["a-done"], found["b-paused"]
    assert (done.validation, done.test, done.best_epoch) == (0.85, 0.8, 2)
    assert done.shift_mean == pytest.approx(0.5)
    assert done.curve == ((0, 0.5), (1, 0.6), (2, 0.85), (3, 0.8))
    # not judged yet: the best validation so far, and nothing else
    assert (paused.validation, paused.test, paused.shift_mean) == (0.85, None, None)
    assert paused.resumable
    assert "recipe" in found["f-broken"].trouble


def test_a_run_in_use_is_known_and_read_again_only_when_it_changes() -> None:
    folder = made_runs.write_run(paths.runs_folder() / "held", Reason.PAUSED)
    runs = RunList()
    holder = RunDirectory(folder)
    holder.hold()
    assert [entry.state for entry in runs.read()] == [State.ELSEWHERE]
    holder.close()
    first = runs.read()
    assert [entry.state for entry in first] == [State.PAUSED]
    assert runs.read()[0] is first[0]
    holder.write_result(made_runs.result())
    assert runs.read()[0].test == 0.8


def test_what_differs_between_recipes() -> None:
    runs = paths.runs_folder()
    made_runs.write_run(runs / "a", hour=9, learning_rate=1e-4)
    made_runs.write_run(runs / "b", hour=8, learning_rate=1e-5, flip=True)
    assert run_list.differences(RunList().read()) == [
        ("training.learning_rate", ["0.0001", "1e-05"]),
        ("training.flip", ["no", "yes"]),
    ]


def test_result_in_the_order_of_the_table_with_the_mean_of_the_shifted_sets() -> None:
    folder = made_runs.write_run(paths.runs_folder() / "a", judged=made_runs.result())
    found = read_result(folder)
    assert [(each.kind, each.name, each.series) for each in found.sets] == [
        ("test", "test", -1),
        ("validation", "validation", 0),
        ("shift", "chalk", 1),
        ("shift", "pencil", 2),
        ("mean", "", -1),
    ]
    mean = found.sets[-1]
    assert (mean.before, mean.after, mean.pictures) == (pytest.approx(0.4), pytest.approx(0.5), 120)
    worst = found.sets[0].worst_class()
    assert worst is not None
    assert worst.name == "red_bird"
    (folder / "result.json").write_text('{"classes": []}', encoding="utf-8")
    with pytest.raises(EngineError, match="result"):
        read_result(folder)


def test_only_the_very_process_that_was_started_is_asked_to_end(tmp_path: Path) -> None:
    """A number that another process has by now is left alone."""
    # also where whoever started the tests has Ctrl-C ignored
    program = (
        "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "print('here', flush=True); time.sleep(60)"
    )
    stranger = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert stranger.stdout is not None
        assert stranger.stdout.readline().strip() == b"here"
        birth = psutil.Process(stranger.pid).create_time()
        entry = {"folder": str(tmp_path / "run"), "pid": stranger.pid, "create_time": birth - 60}
        place = paths.data_folder() / "background.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"runs": [entry]}), encoding="utf-8")
        assert background.alive() == frozenset()
        assert not background.pause(tmp_path / "run")
        assert stranger.poll() is None
        place.write_text(json.dumps({"runs": [{**entry, "create_time": birth}]}), encoding="utf-8")
        assert background.alive() == {tmp_path / "run"}
        assert not background.pause(tmp_path / "other run")
        assert background.pause(tmp_path / "run")
        assert stranger.wait(20) != 0
        assert background.alive() == frozenset()
    finally:
        stranger.kill()
        stranger.communicate()


def test_counting_looks_at_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = paths.runs_folder()
    for number in range(300):
        (runs / f"run-{number}").mkdir(parents=True)
        (runs / f"run-{number}" / "recipe.toml").touch()

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a run is read")

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(RunDirectory, "recipe", opened)
    monkeypatch.setattr(RunDirectory, "events", opened)
    assert run_list.count() == 300
