"""Whole runs through the train job: learning, pausing, stopping, resuming, failing."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine import events, files, run_directory
from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.evaluation import outputs
from engine.evaluation.report import table
from engine.jobs import sweep
from engine.jobs.train import train
from engine.methods.flyp import FlypLearner
from engine.requests import SweepRequest, TrainRequest
from engine.run_directory import RunDirectory
from engine.training import trainer as trainer_module


class Listener:
    """Keeps events and asks for something at a chosen moment."""

    def __init__(self, control: Control | None = None, when=None, wish: Wish = Wish.PAUSE) -> None:
        self.events: list[events.Event] = []
        self._control, self._when, self._wish = control, when, wish

    def __call__(self, event: events.Event) -> None:
        self.events.append(event)
        if self._control is not None and self._when(event):
            self._control.ask(self._wish)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr(trainer_module, "SPEAK_EVERY", 0.0)


def run_it(content: dict, out: Path, listener: Listener | None = None, control: Control | None = None):
    listener = listener or Listener()
    answer = train(TrainRequest(recipe=content, out=str(out)), listener, control or Control())
    return answer, listener


@pytest.fixture(scope="module")
def kept_runs(tmp_path_factory) -> Path:
    """Where runs lie that several tests compare with."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def whole(make_recipe, kept_runs):
    """The run of ``make_recipe()`` with so many epochs, never interrupted; made once, not to be changed."""

    def run(epochs: int = 3) -> Path:
        place = kept_runs / str(epochs)
        if not place.exists():
            run_it(make_recipe(training={"epochs": epochs}), place)
        return place

    return run


def weights(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / name / "model.safetensors")


def assert_identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    differing = [name for name in one if not torch.equal(one[name], other[name])]
    assert differing == []


# --- learning --------------------------------------------------------------------------------


def test_a_run_learns_and_leaves_all_its_files(make_recipe, tmp_path):
    content = make_recipe(training={"epochs": 15}, data={"shots": 8})
    answer, heard = run_it(content, tmp_path / "run")
    assert answer.reason == "finished"
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert list(result["sets"]) == ["test", "validation", "elsewhere"]
    test = result["sets"]["test"]
    assert test["accuracy"] >= 0.9
    assert test["accuracy"] > test["zero_shot"]["accuracy"] + 0.2
    assert result["sets"]["validation"]["used_for_choosing"] is True
    assert (test["n"], result["sets"]["elsewhere"]["n"]) == (24, 15)
    kinds = [type(event).__name__ for event in heard.events if isinstance(event, events.RUN_EVENTS)]
    assert kinds[0] == "RunStarted"
    assert kinds[-1] == "RunFinished"
    assert kinds.count("RunFinished") == 1
    run = RunDirectory.open(tmp_path / "run")
    assert [e for e in heard.events if isinstance(e, events.RUN_EVENTS)] == list(run.events())
    steps = heard.of(events.StepDone)
    assert [step.step for step in steps] == list(range(1, 15 * 4 + 1))
    assert steps[-1].loss - steps[-1].floor < 0.5 * (steps[0].loss - steps[0].floor)
    assert "before, zero-shot" in table(result)
    assert not RunDirectory.open(tmp_path / "run").in_use()
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        "recipe.toml",
        "run.lock",
        "plan.json",
        "split.csv",
        "initial.json",
        "events.jsonl",
        "result.json",
        "run.log",
        "checkpoints",
        "evaluation",
    } - ({"run.log"} if not run.log_file.exists() else set())


def test_what_was_judged_at_the_end_is_not_judged_again(make_recipe, tmp_path, monkeypatch):
    run_it(make_recipe(), tmp_path / "run")
    run = RunDirectory.open(tmp_path / "run")
    result = run.result()["sets"]
    with monkeypatch.context() as patch:
        # nothing is computed, not even the model loaded
        patch.setattr(sweep, "reopened", None)
        found = Listener()
        both = sweep.sweep(SweepRequest(run=str(run.path), alphas=(0.0, 1.0)), found, Control())
    assert len(found.of(events.BlendReady)) == 2
    assert both.alphas == (0.0, 1.0)
    for name, curve in both.curves.items():
        assert curve.accuracy == (result[name]["zero_shot"]["accuracy"], result[name]["accuracy"])
    # and it is what a second look says
    stops = {alpha: run.stop_file(alpha).read_bytes() for alpha in (0.0, 1.0)}
    sets = run.sets_file.read_bytes()
    for path in (run.sets_file, *map(run.stop_file, stops)):
        path.unlink()
    sweep.sweep(SweepRequest(run=str(run.path), alphas=(0.0, 1.0)), found, Control())
    assert run.sets_file.read_bytes() == sets
    for alpha, before in stops.items():
        one, two = (np.load(io.BytesIO(content)) for content in (before, run.stop_file(alpha).read_bytes()))
        assert sorted(one) == sorted(two)
        assert all((one[name] == two[name]).all() for name in one)


def test_only_hundredths_of_alpha_are_kept(make_recipe, tmp_path):
    run_it(make_recipe(blend={"alpha": 0.705}), tmp_path / "run")
    assert [p.name for p in (tmp_path / "run/evaluation").glob("*.npz")] == ["alpha-0.00.npz"]
    run_it(make_recipe(blend={"alpha": 0.3}), tmp_path / "other")
    run = RunDirectory.open(tmp_path / "other")
    stop = outputs.read_stop(run.stop_file(0.3), outputs.read_sets(run.sets_file))
    for one in stop:
        assert outputs.accuracy(one) == run.result()["sets"][one.name]["accuracy"]
    assert not run.stop_file(1.0).exists()


def test_a_run_that_cannot_keep_what_was_judged_is_finished_all_the_same(make_recipe, tmp_path, monkeypatch):
    real = files.write_bytes

    def full(path: Path, content: bytes) -> None:
        if path.parent.name == "evaluation":
            raise files.write_error(path, OSError(errno.ENOSPC, "No space left on device"))
        real(path, content)

    monkeypatch.setattr(files, "write_bytes", full)
    answer, heard = run_it(make_recipe(), tmp_path / "run")
    assert answer.reason == "finished"
    assert heard.of(events.RunFinished)[0].reason == "finished"
    run = RunDirectory.open(tmp_path / "run")
    assert not run.sets_file.exists()
    monkeypatch.undo()
    curve = sweep.sweep(SweepRequest(run=str(run.path), alphas=(1.0,)), Listener(), Control()).curves["test"]
    assert curve.accuracy == (run.result()["sets"]["test"]["accuracy"],)


def test_a_runs_recipe_has_every_option_so_that_no_default_can_change_it(make_recipe, tmp_path):
    content = make_recipe(
        method={"name": "flyp", "options": {"collisions": "soft", "largest_gradient": None}}
    )
    run_it(content, tmp_path / "run")
    options = RunDirectory.open(tmp_path / "run").recipe().method.options
    assert options == {
        "collisions": "soft",
        "loss": "auto",
        "text_rate": 1.0,
        "clamp_temperature": True,
        "largest_gradient": "none",
    }


def test_the_kept_epoch_is_the_one_with_the_lowest_validation_loss(make_recipe, tmp_path):
    answer, heard = run_it(make_recipe(training={"epochs": 6, "learning_rate": 5e-3}), tmp_path / "run")
    judged = heard.of(events.EvaluationDone)
    assert [event.epoch for event in judged] == list(range(7))
    losses = [event.sets["validation"].loss for event in judged]
    best = losses.index(min(losses))
    assert heard.of(events.RunFinished)[0].best_epoch == best
    assert [e.epoch for e in judged if e.best] == [i for i in range(7) if losses[i] == min(losses[: i + 1])]
    assert json.loads(Path(answer.result).read_text())["best_epoch"] == best


def test_when_training_only_harms_zero_shot_itself_is_kept(make_recipe, tmp_path, tiny_model, monkeypatch):
    real = FlypLearner.loss

    def uphill(self, embeddings, labels):
        loss = real(self, embeddings, labels)
        return type(loss)(-loss.value, loss.floor)

    monkeypatch.setattr(FlypLearner, "loss", uphill)
    content = make_recipe(training={"epochs": 2})
    answer, _ = run_it(content, tmp_path / "run")
    result = json.loads(Path(answer.result).read_text())
    assert result["best_epoch"] == 0
    for figures in result["sets"].values():
        assert figures["accuracy"] == figures["zero_shot"]["accuracy"]
        assert figures["nll"] == figures["zero_shot"]["nll"]
    assert_identical(weights(tmp_path / "run", "best"), load_file(tiny_model / "model.safetensors"))


def test_no_epochs_is_zero_shot(make_recipe, tmp_path):
    answer, heard = run_it(make_recipe(training={"epochs": 0}), tmp_path / "run")
    assert answer.reason == "finished"
    assert heard.of(events.StepDone) == []
    assert json.loads(Path(answer.result).read_text())["best_epoch"] == 0


def test_patience_ends_a_run_that_no_longer_improves(make_recipe, tmp_path):
    content = make_recipe(training={"epochs": 50, "learning_rate": 0.9, "warmup": 0, "patience": 2})
    answer, heard = run_it(content, tmp_path / "run")
    assert answer.reason == "patience"
    assert len(heard.of(events.EvaluationDone)) < 10


def test_alpha_zero_judges_the_pretrained_model(make_recipe, tmp_path):
    content = make_recipe(blend={"alpha": 0.0}, training={"epochs": 2})
    answer, _ = run_it(content, tmp_path / "run")
    result = json.loads(Path(answer.result).read_text())
    assert result["alpha"] == 0
    for figures in result["sets"].values():
        assert figures["nll"] == pytest.approx(figures["zero_shot"]["nll"], rel=1e-6)


@pytest.mark.parametrize("chosen", [False, True])
def test_a_convolutional_run_resumes_bit_identically_in_either_memory_format(
    make_recipe, tmp_path, monkeypatch, chosen
):
    from engine.training import precision
    from tests.engine.clip import tiny

    model = tiny.make(tmp_path / "resnet", "resnet")
    monkeypatch.setattr(
        precision,
        "fastest",
        lambda ways, trial, device: ([trial(*way) for way in ways], (("fp32", chosen), {}))[1],
    )
    content = make_recipe(model={"name": str(model)}, training={"epochs": 2})
    run_it(content, tmp_path / "whole")
    assert RunDirectory.open(tmp_path / "whole").plan()["channels_last"] is chosen
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(content, tmp_path / "cut", listener, control)
    train(TrainRequest(resume=str(tmp_path / "cut")), Listener(), Control())
    assert_identical(weights(tmp_path / "whole"), weights(tmp_path / "cut"))


def test_heads_are_made_in_evaluation_mode(make_recipe, tmp_path, monkeypatch):
    real = FlypLearner.head
    modes = []

    def head(self, control=None):
        result = real(self, control)
        modes.append(self.module.training)
        return result

    monkeypatch.setattr(FlypLearner, "head", head)
    run_it(make_recipe(), tmp_path / "run")
    assert modes
    assert not any(modes)


def test_two_runs_of_one_recipe_are_bit_identical(make_recipe, whole, tmp_path):
    run_it(make_recipe(), tmp_path / "two")
    assert_identical(weights(whole()), weights(tmp_path / "two"))
    for name in ("result.json", "split.csv"):
        assert (whole() / name).read_text() == (tmp_path / "two" / name).read_text()


def test_another_seed_is_another_run(make_recipe, whole, tmp_path):
    run_it(make_recipe(training={"seed": 1}), tmp_path / "two")
    name = "visual.conv1.weight"
    assert not torch.equal(weights(whole())[name], weights(tmp_path / "two")[name])


@pytest.mark.parametrize("fit", ["squash", "letterbox"])
def test_the_fit_goes_into_the_checkpoint(make_recipe, tmp_path, fit):
    run_it(make_recipe(model={"fit": fit}, training={"epochs": 1}), tmp_path / "run")
    config = json.loads((tmp_path / "run/checkpoints/best/open_clip_config.json").read_text())
    assert config["preprocess_cfg"]["resize_mode"] == {"squash": "squash", "letterbox": "longest"}[fit]


def test_balanced_sampling_draws_every_class_equally(make_recipe, tmp_path, pictures):
    from engine.data.batches import Pictures, epoch_order, turns_of
    from engine.data.records import ImageRecord

    records = [ImageRecord(f"a/{i}", 0) for i in range(30)] + [ImageRecord(f"b/{i}", 1) for i in range(6)]
    every = Pictures(tmp_path, records)
    order = epoch_order(every, seed=0, epoch=1, balanced=True)
    drawn = [records[i].class_index for i in order]
    assert len(order) == 36
    assert drawn.count(0) == drawn.count(1) == 18
    assert sorted(order.count(i) for i in range(30, 36)) == [3] * 6
    assert max(order.count(i) for i in range(30)) == 1
    assert epoch_order(every, 0, 1, True) == order
    assert epoch_order(every, 0, 2, True) != order
    # a picture that comes again is cropped and captioned anew
    assert turns_of([4, 7, 4, 4, 7]) == [0, 0, 1, 2, 1]
    # and a whole run takes it
    answer, _ = run_it(make_recipe(data={"balanced": True}, training={"epochs": 1}), tmp_path / "run")
    assert answer.reason == "finished"


# --- pausing, stopping, resuming -------------------------------------------------------------


@pytest.mark.parametrize("moment", ["start 0", "judging 0", "step 5", "step 6", "epoch 0", "epoch 2"])
def test_pause_and_resume_end_as_if_never_interrupted(make_recipe, whole, tmp_path, moment):
    kind, number = moment.split()
    control = Control()

    def when(event):
        if kind == "start":
            return isinstance(event, events.RunStarted)
        if kind == "judging":
            return isinstance(event, events.Progress) and event.phase.code == "phase.evaluating"
        if kind == "step":
            return isinstance(event, events.StepDone) and event.step == int(number)
        return isinstance(event, events.EvaluationDone) and event.epoch == int(number)

    answer, heard = run_it(make_recipe(), tmp_path / "cut", Listener(control, when), control)
    assert answer.reason == "paused"
    assert answer.result is None
    tail = [type(event).__name__ for event in heard.events if isinstance(event, events.RUN_EVENTS)][-2:]
    assert tail == ["Paused", "RunFinished"]
    listener = Listener()
    resumed = train(TrainRequest(resume=str(tmp_path / "cut")), listener, Control())
    assert resumed.reason == "finished"
    assert_identical(weights(whole()), weights(tmp_path / "cut"))
    assert (whole() / "result.json").read_text() == (tmp_path / "cut/result.json").read_text()
    started = [
        event
        for event in RunDirectory.open(tmp_path / "cut").events()
        if isinstance(event, events.RunStarted)
    ]
    assert [event.attempt for event in started] == [1, 2]
    # no step is counted twice: the second attempt begins after the checkpoint
    assert [s.step for s in listener.of(events.StepDone)][:1] in ([], [started[1].start_step + 1])


def test_pause_in_the_final_evaluation(make_recipe, whole, tmp_path):
    control = Control()

    def when(event):
        return isinstance(event, events.Progress) and event.phase.arguments.get("name") == "test"

    answer, _ = run_it(make_recipe(), tmp_path / "cut", Listener(control, when), control)
    assert answer.reason == "paused"
    assert not (tmp_path / "cut/result.json").exists()
    assert train(TrainRequest(resume=str(tmp_path / "cut")), Listener(), Control()).reason == "finished"
    assert (whole() / "result.json").read_text() == (tmp_path / "cut/result.json").read_text()


def test_stop_keeps_the_best_so_far_and_judges_it(make_recipe, tmp_path):
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 3, Wish.STOP)
    answer, heard = run_it(make_recipe(training={"epochs": 50}), tmp_path / "run", listener, control)
    assert answer.reason == "stopped"
    assert heard.of(events.StepDone)[-1].step == 3
    assert set(json.loads(Path(answer.result).read_text())["sets"]) == {"test", "validation", "elsewhere"}
    with pytest.raises(EngineError, match="already finished"):
        train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())


def test_stop_before_the_first_step_keeps_zero_shot(make_recipe, tmp_path):
    control = Control()

    def when(event):
        return isinstance(event, events.Progress) and event.phase.code == "phase.evaluating"

    answer, heard = run_it(make_recipe(), tmp_path / "run", Listener(control, when, Wish.STOP), control)
    assert answer.reason == "stopped"
    assert heard.of(events.StepDone) == []
    result = json.loads(Path(answer.result).read_text())
    assert result["best_epoch"] == 0
    assert result["sets"]["test"]["accuracy"] == result["sets"]["test"]["zero_shot"]["accuracy"]


def test_stop_in_an_epochs_evaluation_still_judges_that_epoch(make_recipe, tmp_path):
    control = Control()
    seen = []

    def when(event):
        seen.append(event)
        stepped = sum(isinstance(e, events.StepDone) for e in seen)
        return stepped == 2 and isinstance(event, events.Progress)

    listener = Listener(control, when, Wish.STOP)
    answer, heard = run_it(make_recipe(training={"epochs": 50}), tmp_path / "run", listener, control)
    assert answer.reason == "stopped"
    assert [event.epoch for event in heard.of(events.EvaluationDone)] == [0, 1]
    assert json.loads(Path(answer.result).read_text())["last_epoch"] == 1


def test_cancel_ends_at_once_and_says_so_last(make_recipe, tmp_path):
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 3, Wish.CANCEL)
    with pytest.raises(Cancelled):
        run_it(make_recipe(training={"epochs": 50}), tmp_path / "run", listener, control)
    finished = listener.of(events.RunFinished)
    assert [event.reason for event in finished] == ["cancelled"]
    assert listener.of(events.StepDone)[-1].step == 3
    assert RunDirectory.open(tmp_path / "run").ended() == finished[0]


@pytest.mark.parametrize("wish", [Wish.PAUSE, Wish.STOP, Wish.CANCEL])
def test_what_is_asked_before_training_acts_at_once_and_leaves_nothing(make_recipe, tmp_path, wish):
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.Progress), wish)
    with pytest.raises(Cancelled):
        run_it(make_recipe(), tmp_path / "run", listener, control)
    assert not (tmp_path / "run").exists()


def engine(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("wait_for", ['"step":4,', '"epoch":2,"sets"'])
def test_killed_at_any_moment_a_run_goes_on_to_the_same_end(whole, tmp_path, wait_for):
    run = RunDirectory.create(tmp_path / "make", RunDirectory.open(whole(4)).recipe())
    process = engine("train", str(run.recipe_file), "--out", str(tmp_path / "cut"), cwd=tmp_path)
    log = tmp_path / "cut/events.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and wait_for in log.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "cut/result.json").exists()
    # in this process: starting another takes longer than all the rest
    resumed = train(TrainRequest(resume=str(tmp_path / "cut")), Listener(), Control())
    assert resumed.reason == "finished"
    assert_identical(weights(whole(4)), weights(tmp_path / "cut"))
    assert_identical(weights(whole(4), "best"), weights(tmp_path / "cut", "best"))
    assert (whole(4) / "result.json").read_text() == (tmp_path / "cut/result.json").read_text()


def test_ctrl_c_saves_and_says_how_to_go_on(make_recipe, tmp_path):
    content = make_recipe(training={"epochs": 400})
    asked = run_directory.RunDirectory.create(tmp_path / "make", _recipe(content))
    process = engine("train", str(asked.recipe_file), "--out", str(tmp_path / "run"), cwd=tmp_path)
    log = tmp_path / "run/events.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and '"step_done"' in log.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "flyp train --resume" in stdout + stderr
    assert "Traceback" not in stderr
    assert RunDirectory.open(tmp_path / "run").ended().reason == "paused"


def _recipe(content):
    from engine.recipe import parse

    return parse(content, "test")


# --- failing ---------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_ends_the_run_with_its_cause(make_recipe, tmp_path, monkeypatch):
    real = FlypLearner.loss
    calls = []

    def broken(self, embeddings, labels):
        loss = real(self, embeddings, labels)
        calls.append(1)
        return type(loss)(loss.value * math.nan, loss.floor) if len(calls) > 5 else loss

    monkeypatch.setattr(FlypLearner, "loss", broken)
    listener = Listener()
    with pytest.raises(EngineError, match="no longer a number"):
        run_it(make_recipe(), tmp_path / "run", listener)
    finished = listener.of(events.RunFinished)
    assert [event.reason for event in finished] == ["failed"]
    assert "learning_rate" in finished[0].error.hint
    best = weights(tmp_path / "run", "best")
    assert all(bool(tensor.isfinite().all()) for tensor in best.values() if tensor.is_floating_point())
    assert all(bool(t.isfinite().all()) for t in weights(tmp_path / "run").values() if t.is_floating_point())


def test_a_full_disk_at_any_write_harms_nothing(make_recipe, tmp_path, monkeypatch):
    """The n-th write fails, for every n: a clear error, and the run is absent or can be read and resumed."""
    content = make_recipe(training={"epochs": 1}, data={"shots": 2, "shifts": []})
    real = files._write
    count = 0
    run_it(content, tmp_path / "whole")
    outcomes = set()
    n = 0
    while True:
        # every one of the first writes, then about every fifth: a checkpoint alone is dozens of them
        n += 1 if n < 8 else 5
        count = 0

        def limited(descriptor, data, n=n):
            nonlocal count
            count += 1
            if count >= n:
                raise OSError(28, "No space left on device")
            return real(descriptor, data)

        monkeypatch.setattr(files, "_write", limited)
        out = tmp_path / f"run {n}"
        try:
            run_it(content, out)
            break
        except EngineError as error:
            assert error.message.code == "files.disk_full"  # noqa: PT017
        finally:
            monkeypatch.setattr(files, "_write", real)
        left = [p.name for p in out.rglob("*") if p.name.endswith((".tmp", ".new"))]
        assert left == []
        if not out.exists():
            outcomes.add("absent")
            continue
        run = RunDirectory.open(out)
        list(run.events())
        resumed = train(TrainRequest(resume=str(out)), Listener(), Control())
        assert resumed.reason == "finished"
        assert_identical(weights(tmp_path / "whole"), weights(out))
        outcomes.add("resumed")
    assert outcomes == {"absent", "resumed"}
    assert n > 20


def test_a_place_that_is_taken_is_left_alone(make_recipe, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thing.txt").write_text("mine")
    with pytest.raises(EngineError, match="already exists"):
        run_it(make_recipe(), tmp_path / "full")
    assert (tmp_path / "full/thing.txt").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/below"):
        with pytest.raises(EngineError) as raised:
            run_it(make_recipe(), tmp_path / place)
        assert raised.value.message.code == "files.not_a_folder"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_in_use_is_not_touched(make_recipe, tmp_path):
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(make_recipe(), tmp_path / "run", listener, control)
    run = RunDirectory.open(tmp_path / "run")
    holding = (
        "import sys, time; from pathlib import Path; from engine.run_directory import RunDirectory; "
        "run = RunDirectory.open(Path(sys.argv[1])); run.hold(); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(run.path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assert run.in_use()
        before = run.events_file.read_bytes()
        with pytest.raises(EngineError, match="in use by another process"):
            train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())
        with pytest.raises(EngineError, match="already exists"):
            run_it(make_recipe(), tmp_path / "run")
        assert run.events_file.read_bytes() == before
    finally:
        holder.kill()
        holder.communicate()
    # a process that is gone holds nothing, however it went
    assert not run.in_use()
    assert train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control()).reason == "finished"


def test_a_given_folder_and_what_others_put_there_survive_a_failure(make_recipe, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    wrong = make_recipe(data={"source": str(tmp_path / "nowhere")})
    with pytest.raises(EngineError):
        run_it(wrong, given)
    assert list(given.iterdir()) == []
    control = Control()

    def put(event):
        if isinstance(event, events.Progress):
            (tmp_path / "own/mine.txt").write_text("mine")
            return True
        return False

    with pytest.raises(Cancelled):
        run_it(make_recipe(), tmp_path / "own", Listener(control, put, Wish.CANCEL), control)
    assert [p.name for p in (tmp_path / "own").iterdir()] == ["mine.txt"]


def test_looking_at_a_run_changes_nothing_in_the_midst_of_a_swap(tmp_path):
    run = RunDirectory(tmp_path / "run")
    old = tmp_path / "run/checkpoints/last.old"
    old.mkdir(parents=True)
    assert run.has_checkpoint("last")
    assert run.standing_checkpoint("last") == old
    assert [p.name for p in (tmp_path / "run/checkpoints").iterdir()] == ["last.old"]


def test_changed_base_weights_are_told_by_name_and_hash(make_recipe, tmp_path):
    from tests.engine.clip import tiny

    model = tiny.make(tmp_path / "model", seed=0)
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(make_recipe(model={"name": str(model)}), tmp_path / "run", listener, control)
    expected = RunDirectory.open(tmp_path / "run").initial()["sha256"]
    tiny.make(model, seed=1)
    with pytest.raises(EngineError) as raised:
        train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("checkpoints/last/model.safetensors", b"not weights"),
        ("checkpoints/last/training_state.pt", b"not a state"),
        ("plan.json", b"{"),
        ("plan.json", b"{}"),
        ("initial.json", b"{}"),
        ("recipe.toml", b"= ="),
        ("split.csv", b"what"),
    ],
)
def test_a_damaged_run_is_told(make_recipe, tmp_path, file, content):
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(make_recipe(), tmp_path / "run", listener, control)
    (tmp_path / "run" / file).write_bytes(content)
    with pytest.raises(EngineError) as raised:
        train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())
    assert str(tmp_path / "run") in str(raised.value)


def test_a_picture_that_vanishes_between_two_attempts_is_named(make_recipe, tmp_path, pictures):
    mine = tmp_path / "pictures"
    shutil.copytree(pictures, mine)
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(make_recipe(data={"source": str(mine)}), tmp_path / "run", listener, control)
    for path in mine.rglob("*.png"):
        path.unlink()
    with pytest.raises(EngineError, match=r"\.png"):
        train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())


def test_a_picture_that_changed_between_two_attempts_is_named(make_recipe, tmp_path, pictures):
    mine = tmp_path / "pictures"
    shutil.copytree(pictures, mine)
    control = Control()
    listener = Listener(control, lambda e: isinstance(e, events.StepDone) and e.step == 1)
    run_it(make_recipe(data={"source": str(mine)}), tmp_path / "run", listener, control)
    victim = mine / "red_thing/003.png"
    victim.write_bytes((mine / "red_thing/004.png").read_bytes())
    with pytest.raises(EngineError, match=r"1 pictures changed .*red_thing/003\.png"):
        train(TrainRequest(resume=str(tmp_path / "run")), Listener(), Control())


@pytest.mark.parametrize(
    ("section", "change", "says"),
    [
        ("method", {"name": "magic"}, "There is no method 'magic'"),
        ("method", {"options": {"collisions": "often"}}, "collisions"),
        ("method", {"options": {"colisions": "mask"}}, "colisions"),
        ("method", {"options": {"loss": "sigmoid"}}, "no logit bias"),
        ("training", {"device": "cuda:7"}, "cuda:7"),
        ("training", {"precision": "fp16"}, "fp16"),
        ("prompts", {"class_names": {"red_thing": "blue thing"}}, "blue thing"),
    ],
)
def test_what_cannot_work_is_refused_and_leaves_nothing(make_recipe, tmp_path, section, change, says):
    with pytest.raises(EngineError) as raised:
        run_it(make_recipe(**{section: change}), tmp_path / "run")
    assert says in str(raised.value)
    assert not (tmp_path / "run").exists()
