"""What must hold on a GPU: the CPU's arithmetic, in whole and in parts; every method, runs and resuming.

Skipped where there is no CUDA device (ROCm's counts as one).
"""

from __future__ import annotations

import json

import pytest
import torch

from engine.control import Control, Wish
from engine.evaluation.features import Normalizer
from engine.events import StepDone
from engine.jobs.evaluate import evaluate
from engine.jobs.train import train
from engine.methods import methods
from engine.requests import EvaluateRequest, TrainRequest
from engine.training import precision
from engine.training.optimizer import adamw
from engine.training.step import Stepper
from tests.engine.training.test_step import gradients, learner_of, make_batch, plan

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

CUDA = torch.device("cuda")


def gradients_on(tmp_path, device: str, micro_batch: int = 100, way: str = "fp32") -> dict[str, torch.Tensor]:
    learner = learner_of(tmp_path)
    learner.backbone.to(device)
    settings = plan(micro_batch).model_copy(update={"device": device, "precision": way})
    optimizer = adamw(learner.parameter_groups(0.1, False), 1e-3, fused=False)
    normalize = Normalizer(learner.backbone, torch.device(device))
    stepper = Stepper(learner, optimizer, normalize, settings, None, Control())
    stepper.scaler = torch.amp.GradScaler("cuda", init_scale=256.0, enabled=way == "fp16")
    stepper.gradients(make_batch())
    scale = stepper.scaler.get_scale() if way == "fp16" else 1.0
    return {name: gradient.cpu() / scale for name, gradient in gradients(learner).items()}


def distance(ours: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> float:
    """Relative, over all gradients at once."""
    assert ours.keys() == expected.keys()
    difference = sum(float((ours[n] - e).square().sum()) for n, e in expected.items())
    return (difference / sum(float(e.square().sum()) for e in expected.values())) ** 0.5


@pytest.mark.parametrize(
    ("way", "micro_batch", "most"),
    [("fp32", 100, 2e-3), ("fp32", 3, 2e-3), ("bf16", 100, 0.1), ("fp16", 4, 0.05)],
)
def test_gradients_are_the_cpus(tmp_path, way, micro_batch, most) -> None:
    if not precision.can_do(CUDA, way):
        pytest.skip(f"the device does not compute in {way}")
    expected = gradients_on(tmp_path, "cpu")
    ours = gradients_on(tmp_path, "cuda", micro_batch, way)
    assert distance(ours, expected) < most


@pytest.mark.parametrize("name", sorted(methods()))
def test_every_method_runs_on_the_device(make_recipe, tmp_path, name) -> None:
    content = make_recipe(method={"name": name}, training={"device": "cuda", "precision": "auto"})
    answer = train(TrainRequest(recipe=content, out=str(tmp_path / "run")), lambda _: None, Control())
    assert answer.reason == "finished"
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    again = evaluate(EvaluateRequest(run=answer.run), lambda _: None, Control()).result
    zero = evaluate(EvaluateRequest(run=answer.run, alpha=0.0), lambda _: None, Control()).result
    for name, figures in result["sets"].items():
        assert again["sets"][name]["nll"] == pytest.approx(figures["nll"], abs=2e-3)
        assert zero["sets"][name]["nll"] == pytest.approx(figures["zero_shot"]["nll"], abs=2e-3)


def test_a_paused_run_goes_on_and_ends_near_the_same_weights(make_recipe, tmp_path) -> None:
    content = make_recipe(training={"device": "cuda", "precision": "fp32"})
    losses: dict[str, float] = {}
    for out, pausing in (("whole", False), ("paused", True)):
        control = Control()

        def emit(event, control=control, pausing=pausing) -> None:
            if pausing and isinstance(event, StepDone) and event.step == 3:
                control.ask(Wish.PAUSE)

        answer = train(TrainRequest(recipe=content, out=str(tmp_path / out)), emit, control)
        if pausing:
            assert answer.reason == "paused"
            answer = train(TrainRequest(resume=answer.run), lambda _: None, Control())
        result = json.loads((tmp_path / out / "result.json").read_text())
        losses[out] = result["sets"]["validation"]["last"]["nll"]
    assert losses["paused"] == pytest.approx(losses["whole"], rel=1e-2)
