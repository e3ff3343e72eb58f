"""Speed of a FLYP step against the plain way, in one run, interleaved.

Plain: fp32, one full-length caption for each picture, AdamW as torch makes it by default.
Ours: the distinct captions of the batch, cut where that is exact, the precision and memory
format that a trial step finds quickest, fused AdamW.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from engine import recipe
from engine.clip import backbone as backbones
from engine.clip import sources
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Batch
from engine.evaluation.features import Normalizer
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say
from engine.methods.flyp import FlypLearner, FlypOptions
from engine.recipe import Prompts, Training
from engine.requests import BenchRequest
from engine.training import losses, precision
from engine.training.optimizer import adamw, parameter_groups
from engine.training.precision import Plan
from engine.training.setup import ALL_THREADS, make_task, set_threads
from engine.training.step import Stepper, training_mode


class BenchAnswer(BaseModel):
    """Medians and their ratio."""

    model_config = ConfigDict(frozen=True)

    model: str
    device: str
    threads: int
    batch_size: int
    classes: int
    steps: int
    precision: str
    channels_last: bool
    trial_ms: dict[str, float]
    plain_ms: float
    """Median of the plain way's steps."""
    ours_ms: float
    """Median of ours."""
    ratio: float
    """Median over the pairs of plain / ours; above 1 ours is quicker."""
    plain_loss: float
    ours_loss: float
    """Loss of the first step of each; equal up to the precision."""


def _model(request: BenchRequest, emit: Emit, control: Control) -> Backbone:
    config = sources.architecture(request.model)
    if request.weights is None and config is not None:
        torch.manual_seed(0)
        return backbones.skeleton({"model_cfg": config})
    model = recipe.Model(name=request.model, weights=request.weights)
    return backbones.load(model, download=True, control=control, emit=emit)


def _plain_step(backbone: Backbone, tokens_CL: Tensor, normalize: Normalizer) -> Callable[[Batch], float]:
    """The textbook step: one full-length caption a picture, fp32, default AdamW."""
    model = backbone.model
    optimizer = torch.optim.AdamW(
        [dict(group) for group in parameter_groups(model.named_parameters(), 0.1)], lr=1e-6, fused=False
    )
    sigmoid = backbone.loss_kind == "sigmoid"

    def step(batch: Batch) -> float:
        optimizer.zero_grad(set_to_none=True)
        tokens_BL = tokens_CL[batch.labels_B].to(backbone.device)
        images_BD = backbone.encode_images(normalize(batch.images_BHWC))
        texts_BD = torch.nn.functional.normalize(model.encode_text(tokens_BL), dim=-1)  # type: ignore[operator]
        if sigmoid:
            assert backbone.logit_bias is not None
            loss = losses.sigmoid_loss(images_BD, texts_BD, backbone.scale(), backbone.logit_bias)
        else:
            loss = losses.contrastive_loss(images_BD, texts_BD, backbone.scale())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return float(loss.detach())

    return step


def bench(request: BenchRequest, emit: Emit, control: Control) -> BenchAnswer:
    """Measure ``request.steps`` steps of both ways in turn, after a warm-up of each."""
    device = precision.choose_device(request.device)
    threads = request.threads or ALL_THREADS
    set_threads(threads)
    emit(Progress(phase=say("phase.loading_model", model=request.model)))
    ours, plain = _model(request, emit, control), _model(request, emit, control)
    plain.load_state_dict(ours.state_dict())
    names = [f"thing {index}" for index in range(request.classes)]
    task, _ = make_task(ours, tuple(names), Prompts())
    generator = torch.Generator().manual_seed(0)
    height, width = ours.preprocess.size
    batch = Batch(
        torch.randint(0, 256, (request.batch_size, height, width, 3), dtype=torch.uint8, generator=generator),
        torch.arange(request.batch_size) % request.classes,
        list(range(request.batch_size)),
        1,
        0,
        [str(index) for index in range(request.batch_size)],
    )
    for backbone in (ours, plain):
        backbone.to(device)
        training_mode(backbone.model, freeze_batchnorm=True)
    learner = FlypLearner(ours, task, FlypOptions(collisions="none"))
    has_convolutions = ours.image_kind in ("resnet", "timm-conv")
    channels_last_too = has_convolutions and precision.channels_last_is_safe(device, ours.visual)
    groups = learner.parameter_groups(0.1, False)

    def stepper(way: precision.Precision, channels_last: bool, fused: bool) -> Stepper:
        ours.model.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
        plan = Plan(
            device=str(device),
            device_name=precision.device_name(device),
            threads=threads,
            precision=way,
            channels_last=channels_last,
            fused=fused,
            micro_batch=request.batch_size,
            torch=torch.__version__,
        )
        normalize = Normalizer(ours, device, channels_last)
        return Stepper(learner, adamw(groups, 1e-6, fused), normalize, plan, None, control)

    emit(Progress(phase=say("phase.choosing_precision")))
    candidates = precision.ways(device, Training(), channels_last_too)
    chosen, times = precision.fastest(
        candidates, lambda way, last: _discard(stepper(way, last, False).gradients(batch)), device
    )
    our_stepper = stepper(*chosen, True)
    plain_step = _plain_step(plain, task.tokens_CTL[:, 0], Normalizer(plain, device))

    def our_step() -> float:
        result = our_stepper.step(batch)
        return float(result.loss)

    ours_loss, plain_loss = our_step(), plain_step(batch)
    ours_seconds: list[float] = []
    plain_seconds: list[float] = []
    for number in range(request.steps):
        control.check()
        for act, seconds in ((our_step, ours_seconds), (lambda: plain_step(batch), plain_seconds)):
            precision.synchronize(device)
            began = time.perf_counter()
            act()
            precision.synchronize(device)
            seconds.append(time.perf_counter() - began)
        emit(Progress(phase=say("phase.measuring"), done=number + 1, total=request.steps, unit="steps"))
    ratios = [p / o for p, o in zip(plain_seconds, ours_seconds, strict=True)]
    return BenchAnswer(
        model=request.model,
        device=precision.device_name(device),
        threads=threads,
        batch_size=request.batch_size,
        classes=request.classes,
        steps=request.steps,
        precision=chosen[0],
        channels_last=chosen[1],
        trial_ms=times,
        plain_ms=1000 * statistics.median(plain_seconds),
        ours_ms=1000 * statistics.median(ours_seconds),
        ratio=statistics.median(ratios),
        plain_loss=plain_loss,
        ours_loss=ours_loss,
    )


def _discard(_: object) -> None:
    """A trial's result is its time."""


def render(answer: BenchAnswer) -> str:
    """The medians in a few lines."""
    memory_format = ", channels-last" if answer.channels_last else ""
    times = ", ".join(f"{way} {ms:.0f} ms" for way, ms in answer.trial_ms.items())
    tried = f"tried      {times} for the gradients of one batch\n" if times else ""
    return (
        f"{answer.model}, batch {answer.batch_size}, {answer.classes} classes, "
        f"{answer.threads} threads, {answer.device}; medians of {answer.steps} steps, interleaved\n"
        f"plain way  {answer.plain_ms:9.1f} ms   first loss {answer.plain_loss:.5f}\n"
        f"ours       {answer.ours_ms:9.1f} ms   first loss {answer.ours_loss:.5f}   "
        f"({answer.precision}{memory_format})\n"
        f"{tried}"
        f"ratio      {answer.ratio:9.2f} ×"
    )
