"""How long a run would take and how much memory it would need, from one timed step and one evaluation.

The step is a real one, of the run's first pictures with its optimizer; the scene's weights are as
before afterwards. Not counted: writing checkpoints, and an early stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor, nn

from engine.control import Control
from engine.data.batches import Batch, Pictures, batch_bounds, epoch_order
from engine.evaluation.evaluate import SHIFT_PICTURES
from engine.evaluation.features import BATCH, image_features
from engine.methods import StepLearner, Task, text_head
from engine.recipe import Recipe
from engine.training import precision
from engine.training.optimizer import adamw
from engine.training.setup import Scene
from engine.training.step import Stepper, training_mode

PART = 16
"""Pictures of the first step outside CUDA; large models take seconds for them."""
_MOST = 128
"""Pictures of the timed step outside CUDA, if the first one promises that they take little time."""
_PATIENCE = 3.0
"""Seconds that the timed step may then take."""
_CAPTIONS = 64
"""Captions of the timed head, about."""
_FULL_PASSES = 3
"""Every set is judged at the end before training, with the kept weights and with the last ones."""


@dataclass(frozen=True)
class Estimate:
    """What a run would take."""

    seconds: float
    memory: int
    """Peak in bytes: the device's own, or the process's without the pictures that it keeps."""


@dataclass(frozen=True)
class _Step:
    seconds: float
    """Of one step of the whole batch, without reading pictures."""
    reading: float
    """Seconds to read and crop one picture, in as many threads as the run has."""
    memory: int


def estimate(scene: Scene, asked: Recipe, control: Control) -> Estimate:
    """Time what the run does again and again, and multiply. Raises EngineError if memory does not suffice."""
    settings = asked.training
    training, judged = len(scene.training), sum(len(s.pictures) for s in scene.sets)
    short = sum(
        min(len(s.pictures), SHIFT_PICTURES if s.kind == "shift" else len(s.pictures))
        for s in scene.sets
        if s.kind != "test"
    )
    judging, reading = _evaluation(scene, control)
    head = _head(scene, control)
    passes = settings.epochs + 1
    full = _FULL_PASSES if settings.epochs else 1
    seconds = judged * reading + passes * (short * judging + head) + full * (judged * judging + head)
    memory = precision.memory_used(torch.device(scene.plan.device))
    learner = scene.learner
    if not isinstance(learner, StepLearner):
        # pictures are looked at once; what is fitted to their features takes seconds
        seconds = (training + judged) * (judging + reading) + 2 * head
        return Estimate(seconds, memory)
    if settings.epochs:
        step = _step(scene, learner, asked, control)
        steps = len(batch_bounds(training, settings.batch_size))
        # what does not fit into memory is read again in every epoch
        fresh = 1 if scene.cache.would_hold(training + judged) else settings.epochs
        cold, warm = training * step.reading, steps * step.seconds
        on_cpu = torch.device(scene.plan.device).type == "cpu"
        # beside another device the CPU reads ahead
        seconds += fresh * (cold + warm if on_cpu else max(cold, warm)) + (settings.epochs - fresh) * warm
        memory = max(memory, step.memory)
    return Estimate(seconds, memory)


def _timed(device: torch.device, act: Callable[[], object]) -> float:
    precision.synchronize(device)
    began = time.perf_counter()
    act()
    precision.synchronize(device)
    return time.perf_counter() - began


def _evaluation(scene: Scene, control: Control) -> tuple[float, float]:
    """Seconds to embed a picture, and to read one before."""
    device = torch.device(scene.plan.device)
    first = scene.sets[0].pictures
    pictures = Pictures(first.root, first.records[: BATCH if device.type == "cuda" else PART])
    normalize = scene.normalizer()
    with scene.loader() as loader:

        def embed() -> None:
            image_features(scene.backbone, pictures, loader, normalize, control)

        def read() -> None:
            for _ in loader.batches(pictures, [list(range(len(pictures)))], control):
                pass

        reading = _timed(device, read)
        embed()
        return _timed(device, embed) / len(pictures), reading / len(pictures)


def _head(scene: Scene, control: Control) -> float:
    """Seconds for the captions of all classes."""
    task = scene.task
    classes = len(task.classes)
    count = min(classes, max(1, _CAPTIONS // task.tokens_CTL.shape[1]))
    part = Task(task.classes[:count], task.captions[:count], task.tokens_CTL[:count])

    def embed() -> None:
        text_head(scene.backbone, part, control)

    embed()
    return _timed(torch.device(scene.plan.device), embed) * classes / count


def _step(scene: Scene, learner: StepLearner, asked: Recipe, control: Control) -> _Step:
    """One step to warm up, one to time."""
    settings, plan = asked.training, scene.plan
    device = torch.device(plan.device)
    order = epoch_order(scene.training, settings.seed, 1, asked.data.balanced)
    start, stop = batch_bounds(len(scene.training), settings.batch_size)[0]
    size = stop - start
    count = size if device.type == "cuda" else min(size, _MOST)
    batch, reading = _read(scene, order[start : start + count], asked, control)
    cut = plan.micro_batch < size
    # a part of the batch goes in parts too where the whole does
    micro = min(plan.micro_batch, max(1, min(count, PART) // 2)) if cut and count < size else plan.micro_batch
    groups = learner.parameter_groups(settings.weight_decay, settings.decay_all)
    stepper = Stepper(
        learner,
        adamw(groups, settings.learning_rate, plan.fused),
        scene.normalizer(),
        plan.model_copy(update={"micro_batch": micro}),
        settings.clip_gradient,
        control,
    )
    before = precision.memory_used(device)
    training_mode(learner.module, settings.freeze_batchnorm)
    try:
        if device.type == "cuda":
            stepper.step(batch)
            seconds = _timed(device, lambda: stepper.step(batch))
            return _Step(seconds, reading, precision.memory_used(device))
        first = batch.part(0, min(count, PART, micro))
        saved = _Saved(learner.module)
        with torch.autograd.graph.saved_tensors_hooks(saved.seen, lambda tensor: tensor):
            took = _timed(device, lambda: stepper.step(first))
        if took / len(first) * count > _PATIENCE:
            batch = batch.part(0, min(count, PART))
        seconds = _timed(device, lambda: stepper.step(batch)) / len(batch) * size
    finally:
        learner.module.zero_grad(set_to_none=True)
        learner.load_state_dict(scene.before)
    # gradients, and AdamW's two means
    trained = 3 * sum(p.nbytes for group in groups for p in group["params"])
    between = saved.bytes // len(first) * min(plan.micro_batch, size)
    return _Step(seconds, reading, before + trained + between)


def _read(scene: Scene, indices: list[int], asked: Recipe, control: Control) -> tuple[Batch, float]:
    """The pictures as training sees them, and the seconds for each."""
    settings = asked.training
    augment = (settings.augment_scale, settings.flip)
    began = time.perf_counter()
    with scene.loader() as loader:
        batch = next(loader.batches(scene.training, [indices], control, augment, settings.seed, 1))
    return batch, (time.perf_counter() - began) / len(indices)


class _Saved:
    """Counts what a forward pass keeps for the backward pass, each storage once, parameters aside."""

    def __init__(self, module: nn.Module) -> None:
        self.bytes = 0
        self._known = {tensor.untyped_storage().data_ptr() for tensor in module.state_dict().values()}

    def seen(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._known.add(storage.data_ptr())
            self.bytes += storage.nbytes()
        return tensor


def memory_of(device: torch.device) -> int:
    """Bytes that the device has in all; the machine's where it has none of its own."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return int(psutil.virtual_memory().total)
