"""Sweeps: both ends exactly, files that can be judged alone, nothing done twice, a way out; and trying."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.evaluation import evaluate, metrics, outputs
from engine.evaluation.reopened import identity, reopened
from engine.events import BlendReady, Progress
from engine.jobs import sweep as sweeping
from engine.jobs.evaluate import evaluate as evaluate_job
from engine.jobs.sweep import best_alpha, order, render, sweep
from engine.jobs.try_pictures import try_pictures
from engine.recipe import ALPHAS
from engine.requests import EvaluateRequest, SweepRequest, TryRequest
from engine.run_directory import RunDirectory


def quiet(event):
    pass


def copied(run: Path, place: Path) -> Path:
    """A copy of a run that forgot what was judged when it ended."""
    return Path(shutil.copytree(run, place, ignore=shutil.ignore_patterns("evaluation")))


@pytest.fixture
def run(trained, tmp_path) -> Path:
    return copied(trained(), tmp_path / "run")


@pytest.fixture(scope="module")
def swept(trained, tmp_path_factory):
    """A run with all its blends, and what was told. Not to be written to."""
    place = copied(trained(), tmp_path_factory.mktemp("swept") / "run")
    told = []
    return place, sweep(SweepRequest(run=str(place)), told.append, Control()), told


@pytest.mark.parametrize("method", ["flyp", "fine-tune", "linear-probe"])
def test_the_ends_are_zero_shot_and_finetuned_exactly(trained, tmp_path, method):
    place = copied(trained(method), tmp_path / "run")
    answer = sweep(SweepRequest(run=str(place), alphas=(0.0, 1.0)), quiet, Control())
    result = RunDirectory.open(place).result()
    assert answer.alphas == (0.0, 1.0)
    assert result["best_epoch"] > 0
    for name, curve in answer.curves.items():
        now, then = result["sets"][name], result["sets"][name]["zero_shot"]
        assert curve.accuracy == (then["accuracy"], now["accuracy"])
        # kept as float32
        assert curve.loss == pytest.approx((then["nll"], now["nll"]), abs=1e-6)
        assert curve.kind == now["kind"]


def test_every_stop_is_told_in_order_and_kept_as_it_was_computed(swept):
    place, answer, told = swept
    ready = [event for event in told if isinstance(event, BlendReady)]
    assert [event.alpha for event in ready] == order(ALPHAS)
    assert [event.alpha for event in ready[:3]] == [1.0, 0.0, 0.5]
    assert answer.alphas == ALPHAS
    run = RunDirectory.open(place)
    sets = outputs.read_sets(run.sets_file)
    assert sets.weights == identity(run)
    assert [one.name for one in sets.sets] == ["validation", "test", "elsewhere"]
    for event in ready:
        assert Path(event.file) == run.stop_file(event.alpha)
        stop = outputs.read_stop(run.stop_file(event.alpha), sets)
        for one in stop:
            assert event.sets[one.name].accuracy == outputs.accuracy(one)
            assert event.sets[one.name].loss == outputs.loss(one)
            place_of_alpha = answer.alphas.index(event.alpha)
            assert answer.curves[one.name].accuracy[place_of_alpha] == outputs.accuracy(one)
    progress = [event for event in told if isinstance(event, Progress) and event.total]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert progress[-1].done == progress[-1].total == 11 * sum(len(one) for one in sets.sets)


def test_a_blend_equals_a_plain_computation(swept):
    place, _, _ = swept
    run = RunDirectory.open(place)
    sets = outputs.read_sets(run.sets_file)
    stop = outputs.read_stop(run.stop_file(0.7), sets)
    with reopened(run, quiet, Control()) as again:
        after = load_file(place / "checkpoints/best/model.safetensors")
        mixed = {
            name: 0.3 * again.before[name] + 0.7 * after[name]
            if after[name].is_floating_point()
            else after[name]
            for name in after
        }
        again.backbone.model.load_state_dict(mixed)
        head = again.learner.head()
        for one, each in zip(stop, again.sets, strict=True):
            logits = evaluate.logits_of(
                again.backbone, head, each.pictures, again.loader, again.normalize, Control()
            )
            plain = metrics.summary(logits, one.labels_N, again.task.classes)
            found = outputs.figures(one, again.task.classes)
            assert found["accuracy"] == plain["accuracy"]
            assert found["nll"] == pytest.approx(plain["nll"], abs=1e-4)
            assert found["confusion"] == plain["confusion"]


def test_alpha_is_chosen_on_validation_alone(swept):
    place, answer, _ = swept
    curve = answer.curves["validation"]
    merit = [(curve.accuracy[i], -curve.loss[i], alpha) for i, alpha in enumerate(ALPHAS)]
    assert answer.best_alpha == max(merit)[2]
    assert answer.best_by == "validation"
    stored = json.loads((place / "evaluation/sweep.json").read_text())
    assert stored["best_alpha"] == answer.best_alpha
    assert str(place) not in json.dumps(stored)

    def stop(kind: str, right: int, loss: float):
        labels = np.zeros(4, dtype=np.int64)
        top = np.array([[0]] * right + [[1]] * (4 - right), dtype=np.int32)
        logits = np.zeros((4, 1), np.float32)
        paths = ("a", "b", "c", "d")
        return outputs.SetOutputs(
            "x", kind, "/", paths, labels, None, None, top, logits, logits[:, 0], np.full(4, loss, np.float32)
        )

    worse, better = stop("validation", 2, 1.0), stop("validation", 3, 2.0)
    assert best_alpha({0.0: (worse, stop("test", 4, 0.1)), 0.5: (better, stop("test", 0, 9.0))}) == 0.5
    assert best_alpha({0.0: (stop("validation", 3, 1.5),), 0.5: (better,)}) == 0.0
    assert best_alpha({0.2: (better,), 0.9: (better,), 0.5: (better,)}) == 0.9


def test_what_is_on_the_disk_is_not_judged_again(run, monkeypatch):
    sweep(SweepRequest(run=str(run), alphas=(1.0, 0.5)), quiet, Control())
    before = RunDirectory.open(run).stop_file(0.5).read_bytes()
    told = []
    answer = sweep(SweepRequest(run=str(run), alphas=(0.0, 0.5, 1.0)), told.append, Control())
    assert answer.alphas == (0.0, 0.5, 1.0)
    assert [e.alpha for e in told if isinstance(e, BlendReady)] == [1.0, 0.5, 0.0]
    # the two known ones are told before the model is even loaded
    kinds = [type(e).__name__ for e in told]
    assert kinds[:3] == ["BlendReady", "BlendReady", "Progress"]
    assert RunDirectory.open(run).stop_file(0.5).read_bytes() == before
    monkeypatch.setattr(sweeping, "reopened", lambda *_: pytest.fail("judged again"))
    assert sweep(SweepRequest(run=str(run), alphas=(0.0, 0.5, 1.0)), quiet, Control()) == answer


def test_outputs_of_other_weights_or_damaged_ones_are_judged_anew(run):
    first = sweep(SweepRequest(run=str(run), alphas=(1.0, 0.0)), quiet, Control())
    weights = run / "checkpoints/best/model.safetensors"
    state = load_file(weights)
    state["visual.conv1.weight"] = state["visual.conv1.weight"] + 0.5
    save_file(state, weights, {"format": "pt", "epoch": "1", "validation_loss": "0.5"})
    second = sweep(SweepRequest(run=str(run), alphas=(1.0, 0.0)), quiet, Control())
    assert second.curves["test"].loss[0] == first.curves["test"].loss[0]
    assert second.curves["test"].loss[1] != first.curves["test"].loss[1]
    RunDirectory.open(run).stop_file(1.0).write_bytes(b"nothing")
    assert sweep(SweepRequest(run=str(run), alphas=(1.0, 0.0)), quiet, Control()) == second


def test_cancelling_keeps_what_is_ready(run):
    control = Control()
    told = []

    def listen(event):
        told.append(event)
        if isinstance(event, BlendReady) and event.alpha == 0.0:
            control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        sweep(SweepRequest(run=str(run)), listen, control)
    assert sorted(p.name for p in (run / "evaluation").glob("*.npz")) == ["alpha-0.00.npz", "alpha-1.00.npz"]


def test_where_nothing_was_learnt_there_is_no_blend_and_it_says_why(trained, tmp_path):
    place = Path(shutil.copytree(trained("zero-shot"), tmp_path / "run"))
    for _ in range(2):
        answer = sweep(SweepRequest(run=str(place)), quiet, Control())
        assert answer.reason.code == "sweep.nothing_learnt"
        assert answer.alphas == (0.0, 1.0)
        assert answer.curves["test"].accuracy[0] == answer.curves["test"].accuracy[1]
    assert "pretrained" in render(answer)


def test_the_table_marks_the_best_and_says_what_did_not_choose(swept):
    _, answer, _ = swept
    text = render(answer)
    marked = [line for line in text.splitlines() if "best on validation" in line]
    assert len(marked) == 1
    assert marked[0].split()[0] == f"{answer.best_alpha:.2f}"
    assert "not used to choose" in text
    assert text.splitlines()[0].split() == ["alpha", "test", "elsewhere", "validation"]


def test_a_run_without_weights_or_of_another_model_is_refused(run, tmp_path):
    save_file({"x": torch.zeros(1)}, run / "checkpoints/best/model.safetensors", {"format": "pt"})
    with pytest.raises(EngineError) as failed:
        sweep(SweepRequest(run=str(run)), quiet, Control())
    assert failed.value.message.code == "training.bad_weights"
    shutil.rmtree(run / "checkpoints/best")
    with pytest.raises(EngineError) as failed:
        sweep(SweepRequest(run=str(run)), quiet, Control())
    assert failed.value.message.code == "run.no_checkpoint"


# --- single pictures -----------------------------------------------------------------------------


def test_trying_pictures_says_what_judging_said(swept, pictures, tmp_path):
    place, _, _ = swept
    run = RunDirectory.open(place)
    sets = outputs.read_sets(run.sets_file)
    before, after = (outputs.read_stop(run.stop_file(alpha), sets)[1] for alpha in (0.0, 0.7))
    known = [str(after.path(i)) for i in (0, 5)]
    (tmp_path / "broken.png").write_bytes(b"no picture")
    paths = (known[0], str(tmp_path / "gone.png"), known[1], str(tmp_path / "broken.png"))
    tried = try_pictures(TryRequest(run=str(place), alpha=0.7, paths=paths, top=2), quiet, Control()).pictures
    assert [one.path for one in tried] == list(paths)
    for one, i in ((tried[0], 0), (tried[2], 5)):
        assert one.problem is None
        for guesses, kept in ((one.before, before), (one.after, after)):
            assert [g.class_name for g in guesses] == [sets.classes[c] for c in kept.top_NK[i, :2]]
            assert [g.probability for g in guesses] == pytest.approx(kept.probabilities_NK[i, :2], abs=1e-4)
    assert tried[1].problem.code == "try.not_there"
    assert (tried[1].before, tried[1].after) == ((), ())
    assert tried[3].problem.code.startswith("data.")


def test_evaluate_at_an_alpha_says_what_the_sweep_says(swept):
    place, answer, _ = swept
    result = evaluate_job(EvaluateRequest(run=str(place), alpha=0.5), quiet, Control()).result
    for name, curve in answer.curves.items():
        assert result["sets"][name]["accuracy"] == curve.accuracy[5]
