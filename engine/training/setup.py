"""From a recipe to the things a run needs: data, model, learner, plan.

Everything heavy says what it is doing through ``emit`` and looks at ``control``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError

from engine import methods
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Loader, Pictures, batch_bounds, epoch_order
from engine.data.fit import Fit
from engine.data.pixel_cache import PixelCache
from engine.data.records import Split, SplitDataset
from engine.errors import EngineError
from engine.evaluation.evaluate import EvaluationSet, sets_of
from engine.evaluation.feature_cache import FeatureCache
from engine.evaluation.features import Normalizer, choose_fit
from engine.events import Progress, Warned
from engine.jobs import Emit
from engine.messages import say
from engine.methods import Learner, Method, Options, State, StepLearner, Task
from engine.prompts.captions import captions, check
from engine.recipe import Prompts, Recipe, Training
from engine.run_directory import RunDirectory
from engine.training import precision
from engine.training.optimizer import adamw
from engine.training.precision import Plan
from engine.training.step import Stepper, training_mode

ALL_THREADS = torch.get_num_threads()
"""What torch would take by itself, read before any run has asked for another number."""


class Shared:
    """What runs in one process may have in common: pictures read, and features of pretrained models.

    ``trial`` off: the plan is made without trial steps, fp32, so that it does not depend on the moment.
    ``lean``: runs that nobody watches do without what only serves watching: shift sets after each epoch
    and figures of the last epoch; and ``last`` is written now and then, not after each epoch.
    """

    def __init__(self, trial: bool = True, lean: bool = False) -> None:
        self.features = FeatureCache()
        self.trial = trial
        self.lean = lean
        self._pixels: dict[Fit, PixelCache] = {}

    def pixels(self, fit: Fit) -> PixelCache:
        """The pictures read so far in that fit."""
        return self._pixels.setdefault(fit, PixelCache(fit))


@dataclass
class Scene:
    """All that a run works with, on its device."""

    backbone: Backbone
    task: Task
    stages: Sequence[Learner]
    """The method's learners, trained in turn."""
    training: Pictures
    sets: list[EvaluationSet]
    fit: Fit
    plan: Plan
    cache: PixelCache
    before: State
    """The last learner's state before training, which computes zero-shot; on the CPU."""
    shared: Shared

    @property
    def learner(self) -> Learner:
        """The last one, whose head is the result."""
        return self.stages[-1]

    def normalizer(self) -> Normalizer:
        return Normalizer(self.backbone, torch.device(self.plan.device), self.plan.channels_last)

    def loader(self) -> Loader:
        return Loader(self.cache, self.plan.threads)


def make_task(backbone: Backbone, classes: tuple[str, ...], prompts: Prompts) -> tuple[Task, list[Warned]]:
    """Captions and their tokens, and what a person should know about them."""
    texts_CT = captions(classes, prompts)
    flat = [caption for row in texts_CT for caption in row]
    tokens = backbone.tokenize(flat).reshape(len(classes), len(texts_CT[0]), -1)
    told = check(classes, prompts, backbone.token_counts, backbone.context_length)
    return Task(classes, texts_CT, tokens), [Warned(message=message) for message in told]


def spelled_out(recipe: Recipe) -> Recipe:
    """With every option of its method, so that a run stays what it was when a default changes.

    Raises EngineError for an unknown method or option.
    """
    options = methods.options_of(methods.find(recipe.method.name), recipe.method.options)
    return recipe.replace(method={"options": options.model_dump(mode="json")})


def supported(backbone: Backbone, recipe: Recipe) -> tuple[Method, Options]:
    """The recipe's method and its options. Raises EngineError if this model cannot carry it with them."""
    method = methods.find(recipe.method.name)
    options = methods.options_of(method, recipe.method.options)
    reason = method.supports(backbone, options)
    if reason is not None:
        about = {"method": method.title, "model": backbone.base.name, "reason": reason.text}
        if reason.hint:
            raise EngineError("training.unsupported_options", **about, remedy=reason.hint)
        raise EngineError("training.unsupported", **about)
    return method, options


def make_stages(backbone: Backbone, task: Task, recipe: Recipe) -> Sequence[Learner]:
    """The recipe's method on this model. Raises EngineError if the two do not go together."""
    method, options = supported(backbone, recipe)
    return method.stages(backbone, task, options)


def make_learner(backbone: Backbone, task: Task, recipe: Recipe) -> Learner:
    """The last of the stages: whose state a run keeps and whose head is its result."""
    return make_stages(backbone, task, recipe)[-1]


def set_threads(plan_threads: int) -> None:
    """Threads of torch's arithmetic; part of the plan, because results depend on it."""
    if torch.get_num_threads() != plan_threads:
        torch.set_num_threads(plan_threads)


def arrange(
    recipe: Recipe,
    dataset: SplitDataset,
    backbone: Backbone,
    emit: Emit,
    control: Control,
    stored: Plan | None = None,
    shared: Shared | None = None,
) -> tuple[Scene, list[Warned]]:
    """Put data, model and method together and decide the plan (or take the stored one)."""
    shared = shared or Shared()
    settings = recipe.training
    classes = dataset.source.classes
    task, warned = make_task(backbone, classes, recipe.prompts)
    fit = choose_fit(backbone, recipe.model)
    training = Pictures(Path(dataset.source.root), dataset.source.of(Split.TRAIN))
    cache = shared.pixels(fit)
    if stored is not None and _is_this_machine(stored):
        plan = stored
        if stored.torch != torch.__version__:
            message = say("training.other_torch", before=stored.torch, now=torch.__version__)
            warned.append(Warned(message=message))
    else:
        if stored is not None:
            now = precision.device_name(precision.choose_device(settings.device))
            warned.append(Warned(message=say("training.other_machine", before=stored.device_name, now=now)))
        plan = _first_plan(settings, min(settings.batch_size, len(training)))
        stored = None
    set_threads(plan.threads)
    device = torch.device(plan.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backbone.to(device)
    stages = make_stages(backbone, task, recipe)
    before = {name: tensor.detach().to("cpu", copy=True) for name, tensor in stages[-1].state_dict().items()}
    scene = Scene(backbone, task, stages, training, sets_of(dataset), fit, plan, cache, before, shared)
    learner = scene.learner
    if isinstance(learner, StepLearner) and stored is None and settings.epochs > 0 and shared.trial:
        emit(Progress(phase=say("phase.choosing_precision")))
        scene.plan = _tried(scene, learner, settings, recipe.data.balanced, control)
        learner.load_state_dict(before)
    # a trial may have left the weights in another format than the one that was chosen
    chosen = torch.channels_last if scene.plan.channels_last else torch.contiguous_format
    backbone.model.to(memory_format=chosen)
    backbone.model.eval()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    return scene, warned


def _is_this_machine(stored: Plan) -> bool:
    """Can the stored plan be followed here, on the same kind of device?"""
    if stored.device not in precision.devices():
        return False
    device = torch.device(stored.device)
    return precision.device_name(device) == stored.device_name and (
        stored.precision == "fp32" or device.type == "cpu" or precision.can_do(device, stored.precision)
    )


def stored_plan(run: RunDirectory) -> Plan:
    """The run's plan. Raises EngineError if it is damaged."""
    try:
        return Plan.model_validate(run.plan())
    except ValidationError as error:
        reason = f"plan.json: {error.errors()[0]['msg']}"
        raise EngineError("run.damaged", str(error), path=str(run.path), reason=reason) from None


def _first_plan(settings: Training, largest_batch: int) -> Plan:
    """What follows from the recipe and the machine without trying."""
    device = precision.choose_device(settings.device)
    return Plan(
        device=str(device),
        device_name=precision.device_name(device),
        threads=settings.threads or ALL_THREADS,
        precision="fp32" if settings.precision == "auto" else settings.precision,
        channels_last=False,
        fused=True,
        micro_batch=min(settings.micro_batch or largest_batch, largest_batch),
        torch=torch.__version__,
    )


def _tried(scene: Scene, learner: StepLearner, settings: Training, balanced: bool, control: Control) -> Plan:
    """The plan after a trial step in each way that this device offers, without changing any weight.

    A batch that does not fit in memory is halved here already.
    """
    plan = scene.plan
    device = torch.device(plan.device)
    has_convolutions = scene.backbone.image_kind in ("resnet", "timm-conv")
    channels_last_too = has_convolutions and precision.channels_last_is_safe(device, scene.backbone.visual)
    candidates = precision.ways(device, settings, channels_last_too)
    order = epoch_order(scene.training, settings.seed, 1, balanced)
    start, stop = batch_bounds(len(scene.training), settings.batch_size)[0]
    # on a CPU a part of the batch tells which way is quicker, and large models take seconds
    count = stop - start if device.type == "cuda" else min(stop - start, 16)
    with scene.loader() as loader:
        batch = next(loader.batches(scene.training, [order[start : start + count]], control))
    groups = learner.parameter_groups(settings.weight_decay, settings.decay_all)
    smallest = plan.micro_batch

    def trial(way: precision.Precision, channels_last: bool) -> None:
        nonlocal smallest
        control.check()
        memory_format = torch.channels_last if channels_last else torch.contiguous_format
        if has_convolutions:
            scene.backbone.model.to(memory_format=memory_format)
        stepper = Stepper(
            learner,
            adamw(groups, settings.learning_rate, fused=False),
            Normalizer(scene.backbone, device, channels_last),
            plan.model_copy(update={"precision": way, "channels_last": channels_last}),
            None,
            control,
        )
        stepper.gradients(batch)
        smallest = min(smallest, stepper.micro_batch)

    training_mode(learner.module, settings.freeze_batchnorm)
    try:
        (chosen, channels_last), times = precision.fastest(candidates, trial, device)
        if len(candidates) == 1 and device.type == "cuda":
            trial(chosen, channels_last)
    finally:
        learner.module.zero_grad(set_to_none=True)
    return plan.model_copy(
        update={
            "precision": chosen,
            "channels_last": channels_last,
            "micro_batch": smallest,
            "trial_ms": times,
        }
    )
