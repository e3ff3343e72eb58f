"""What would be wrong with training a recipe here, all at once; else what it becomes and takes.

Goes the way of training up to its first step, by the same functions. Writes nothing, and leaves
neither model nor device memory behind.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import torch

from engine import methods
from engine import recipe as recipes
from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import load
from engine.data.batches import batch_bounds
from engine.data.records import Split, SplitDataset
from engine.data.split import select
from engine.errors import Cancelled, EngineError, ManyErrors
from engine.events import Event, Progress, Warned
from engine.jobs import Emit
from engine.jobs.train import dataset_warnings
from engine.memory import is_out_of_memory
from engine.messages import Message, say
from engine.prompts.captions import captions
from engine.recipe import Recipe
from engine.requests import PreflightAnswer, PreflightRequest
from engine.training import precision, schedule
from engine.training.estimate import Estimate, estimate, memory_of
from engine.training.precision import Plan
from engine.training.setup import arrange, make_learner, make_task, supported

_T = TypeVar("_T")


def preflight(request: PreflightRequest, emit: Emit, control: Control) -> PreflightAnswer:
    """Every problem and warning of the recipe on this machine; without problems also the estimates."""
    findings = _Findings(emit)
    asked = findings.attempt(
        lambda: recipes.with_absolute_paths(recipes.parse(request.recipe, "recipe"), Path.cwd())
    )
    if asked is None:
        return findings.answer(None, 0)
    threads = torch.get_num_threads()
    answer: PreflightAnswer | None = None
    try:
        # the traceback of Cancelled would keep the model
        with suppress(Cancelled):
            answer = _checked(asked, findings, control)
    finally:
        torch.set_num_threads(threads)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    if answer is None:
        raise Cancelled
    return answer


class _Findings:
    """Problems and warnings so far, each once. Of a job's events only Progress passes."""

    def __init__(self, emit: Emit) -> None:
        self.problems: list[Message] = []
        self._warnings: list[Message] = []
        self._emit = emit

    def emit(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._emit(event)
        elif isinstance(event, Warned) and event.message not in self._warnings:
            self._warnings.append(event.message)

    def warned(self, warnings: list[Warned]) -> None:
        for warning in warnings:
            self.emit(warning)

    def attempt(self, act: Callable[[], _T]) -> _T | None:
        """What ``act`` gives; None if the input is at fault, which is then among the problems."""
        try:
            return act()
        except Cancelled:
            raise
        except EngineError as error:
            for one in error.errors if isinstance(error, ManyErrors) else [error]:
                if one.message not in self.problems:
                    self.problems.append(one.message)
        return None

    def answer(
        self,
        asked: Recipe | None,
        pictures: int,
        plan: Plan | None = None,
        cost: Estimate | None = None,
    ) -> PreflightAnswer:
        epochs = asked.training.epochs if asked and _has_epochs(asked) else 0
        per_epoch = len(batch_bounds(pictures, asked.training.batch_size)) if asked else 0
        return PreflightAnswer(
            problems=tuple(self.problems),
            warnings=tuple(self._warnings),
            pictures=pictures,
            epochs=epochs,
            steps_per_epoch=per_epoch,
            steps=epochs * per_epoch,
            seconds=cost.seconds if cost else None,
            memory=cost.memory if cost else None,
            memory_total=memory_of(torch.device(plan.device)) if plan else None,
            plan=plan.model_dump() if plan else None,
        )


def _has_epochs(asked: Recipe) -> bool:
    """False for methods that learn from features, or not at all, and for those that there are not."""
    method = methods.methods().get(asked.method.name)
    return method is not None and (method.settings is None or "epochs" in method.settings)


def _checked(asked: Recipe, findings: _Findings, control: Control) -> PreflightAnswer:
    classes, dataset = _data(asked, findings, control)
    if classes is not None:
        findings.attempt(lambda: captions(classes, asked.prompts))
    control.check()
    findings.emit(Progress(phase=say("phase.loading_model", model=asked.model.name)))
    backbone = findings.attempt(lambda: backbones.load(asked.model, control=control, emit=findings.emit))
    control.check()
    _method(asked, classes, backbone, findings)
    _device(asked, findings)
    pictures = len(dataset.source.of(Split.TRAIN)) if dataset else 0
    if dataset is None or backbone is None or findings.problems:
        return findings.answer(asked, pictures)
    findings.warned(dataset_warnings(dataset))
    if _has_epochs(asked):
        _warmup(asked, pictures, findings)
    made = findings.attempt(lambda: _tried(asked, dataset, backbone, findings, control))
    return findings.answer(asked, pictures, *(made or ()))


def _data(
    asked: Recipe, findings: _Findings, control: Control
) -> tuple[tuple[str, ...] | None, SplitDataset | None]:
    """The classes, also where the pictures cannot be split, and the split pictures."""
    data = asked.data
    sources = findings.attempt(lambda: load.read(data, control, findings.emit))
    if sources is None:
        return None, None
    load.warn(sources, data, findings.emit)
    dataset = findings.attempt(lambda: load.arrange(sources, data))
    if dataset is not None:
        return dataset.source.classes, dataset
    selected = findings.attempt(lambda: select(sources.main, data))
    return selected.classes if selected else None, None


def _method(
    asked: Recipe, classes: tuple[str, ...] | None, backbone: Backbone | None, findings: _Findings
) -> None:
    """Method and options, and as far as they are known, model and captions with them."""
    if backbone is None:
        method = findings.attempt(lambda: methods.find(asked.method.name))
        if method is not None:
            findings.attempt(lambda: methods.options_of(method, asked.method.options))
        return
    if findings.attempt(lambda: supported(backbone, asked)) is None or classes is None:
        return
    made = findings.attempt(lambda: make_task(backbone, classes, asked.prompts))
    if made is not None:
        task, warned = made
        findings.warned(warned)
        findings.attempt(lambda: make_learner(backbone, task, asked))


def _device(asked: Recipe, findings: _Findings) -> None:
    device = findings.attempt(lambda: precision.choose_device(asked.training.device))
    if device is not None:
        findings.attempt(lambda: precision.ways(device, asked.training, False))


def _warmup(asked: Recipe, pictures: int, findings: _Findings) -> None:
    settings = asked.training
    steps = settings.epochs * len(batch_bounds(pictures, settings.batch_size))
    wished = schedule.asked_warmup(settings.warmup, steps)
    used = schedule.warmup_steps(settings.warmup, steps)
    if steps and wished != used:
        findings.emit(Warned(message=say("training.warmup_cut", asked=wished, used=used)))


def _tried(
    asked: Recipe, dataset: SplitDataset, backbone: Backbone, findings: _Findings, control: Control
) -> tuple[Plan, Estimate]:
    """The plan as training would make it, and what the run would take."""
    try:
        scene, warned = arrange(asked, dataset, backbone, findings.emit, control)
        findings.warned(warned)
        findings.emit(Progress(phase=say("phase.timing")))
        return scene.plan, estimate(scene, asked, control)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        device = str(precision.choose_device(asked.training.device))
        raise EngineError("training.out_of_memory", str(error), device=device) from None
    finally:
        backbone.to("cpu")
