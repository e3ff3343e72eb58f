"""Judge a run's kept weights on its own sets, or on other pictures of the same classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from engine.clip import backbone as backbones
from engine.control import Control
from engine.data import load, split_file
from engine.data.batches import Loader
from engine.data.pixel_cache import PixelCache
from engine.evaluation import evaluate as evaluation
from engine.evaluation.evaluate import EvaluationSet
from engine.evaluation.features import Normalizer, choose_fit
from engine.evaluation.reopened import require_fitting
from engine.evaluation.report import details, table
from engine.events import Progress, Warned
from engine.jobs import Emit
from engine.jobs.left_out import left_out_message
from engine.messages import say
from engine.requests import EvaluateAnswer, EvaluateRequest
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.precision import choose_device, device_name, devices
from engine.training.setup import make_learner, make_task, set_threads, stored_plan


def evaluate(request: EvaluateRequest, emit: Emit, control: Control) -> EvaluateAnswer:
    """Every figure of every set, before and after.

    With ``data`` only that folder is judged, on the run's classes. A run that ended without
    result.json (it failed, say) gets one from its best weights.
    """
    run = RunDirectory.open(Path(request.run))
    asked = run.recipe()
    alpha = asked.blend.alpha if request.alpha is None else request.alpha
    after = checkpoints.load_weights(run, "best")
    dataset = split_file.from_csv(run.split(), str(run.split_file))
    if request.data is None:
        sets = evaluation.sets_of(dataset)
    else:
        place = str(Path(request.data).expanduser().resolve())
        shift, left_out = load.shift_set(Path(place).name, place, dataset.source.classes, control, emit)
        if left_out:
            emit(Warned(message=left_out_message(left_out)))
        sets = [evaluation.shift_evaluation(shift, len(dataset.source.classes))]
    emit(Progress(phase=say("phase.loading_model", model=asked.model.name)))
    backbone = backbones.load(
        asked.model, download=True, control=control, emit=emit, expected_sha256=run.initial()["sha256"]
    )
    plan = stored_plan(run)
    device = torch.device(plan.device) if plan.device in devices() else choose_device("auto")
    set_threads(plan.threads)
    fit = choose_fit(backbone, asked.model)
    backbone.to(device)
    task, _ = make_task(backbone, dataset.source.classes, asked.prompts)
    learner = make_learner(backbone, task, asked)
    before = {name: tensor.detach().to("cpu", copy=True) for name, tensor in learner.state_dict().items()}
    require_fitting(run, before, after)
    normalize = Normalizer(backbone, device, channels_last=False)
    columns: dict[str, dict[str, Any]] = {}
    with Loader(PixelCache(fit), plan.threads) as loader:
        for column, state in (("zero_shot", before), ("kept", learner.blend(before, after, alpha))):
            learner.load_state_dict(state)
            backbone.model.eval()
            head = learner.head(control)
            columns[column] = {}
            for each in sets:
                logits = evaluation.learner_logits(
                    learner, head, each.pictures, loader, normalize, control, _progress(emit, each)
                )
                columns[column][each.name] = evaluation.full(logits, each, task.classes)
    result = {
        "method": asked.method.name,
        "model": asked.model.name,
        "seed": asked.training.seed,
        "split_seed": asked.data.seed,
        "alpha": alpha,
        "best_epoch": (checkpoints.best_on_disk(run) or (None,))[0],
        "device": device_name(device),
        "classes": list(task.classes),
        "sets": {
            name: {**kept, "zero_shot": columns["zero_shot"][name]} for name, kept in columns["kept"].items()
        },
    }
    path = None
    ended = run.ended()
    if request.data is None and request.alpha is None and ended is not None and ended.reason == "failed":
        # a run that failed has no figures of its own; one that is paused or under way will have
        run.hold()
        try:
            run.write_result(result)
            path = str(run.result_file)
        finally:
            run.close()
    return EvaluateAnswer(run=str(run.path), path=path, result=result)


def _progress(emit: Emit, each: EvaluationSet) -> Any:
    phase = say("phase.evaluating", name=each.name)

    def progress(done: int, total: int) -> None:
        emit(Progress(phase=phase, done=done, total=total, unit="pictures"))

    return progress


def render(answer: EvaluateAnswer) -> str:
    """Before and after, then the further figures."""
    return f"{table(answer.result)}\n\n{details(answer.result)}"
