"""A run's kept weights at a blend, in the learner that computes with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import split_file
from engine.data.fit import Fit
from engine.data.records import SplitDataset
from engine.evaluation.features import choose_fit
from engine.evaluation.reopened import require_fitting
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say
from engine.methods import Head, Learner, Task
from engine.recipe import Recipe
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.setup import make_learner, make_task


@dataclass
class Finished:
    """A run, ready to be used or taken elsewhere."""

    run: RunDirectory
    recipe: Recipe
    alpha: float
    dataset: SplitDataset
    task: Task
    learner: Learner
    """In evaluation mode, holding the blended state."""
    head: Head
    fit: Fit
    untouched: bool
    """The image tower is that of the base weights, to the last bit."""

    @property
    def backbone(self) -> Backbone:
        return self.learner.backbone

    @property
    def classes(self) -> tuple[str, ...]:
        return self.task.classes


def load(path: str, alpha: float | None, device: torch.device, emit: Emit, control: Control) -> Finished:
    """The run at ``path`` at a blend (None takes the one that was chosen, or the recipe's), on a device.

    Raises EngineError if it has no weights, or they are damaged, or its base weights are gone.
    """
    run = RunDirectory.open(Path(path))
    recipe = run.recipe()
    if alpha is None:
        alpha = run.chosen_alpha()
    if alpha is None:
        alpha = recipe.blend.alpha
    after = checkpoints.load_weights(run, "best")
    dataset = split_file.from_csv(run.split(), str(run.split_file))
    emit(Progress(phase=say("phase.loading_model", model=recipe.model.name)))
    backbone = backbones.load(
        recipe.model, download=True, control=control, emit=emit, expected_sha256=run.initial()["sha256"]
    )
    fit = choose_fit(backbone, recipe.model)
    backbone.to(device)
    task, _ = make_task(backbone, dataset.source.classes, recipe.prompts)
    learner = make_learner(backbone, task, recipe)
    before = {name: tensor.detach().to("cpu", copy=True) for name, tensor in learner.state_dict().items()}
    require_fitting(run, before, after)
    learner.load_state_dict(learner.blend(before, after, alpha))
    control.check()
    backbone.model.eval()
    plain = learner.plain_state()
    untouched = all(
        torch.equal(tensor.detach().cpu(), before[name])
        for name, tensor in plain.items()
        if name.startswith("visual.") and name in before
    )
    return Finished(run, recipe, alpha, dataset, task, learner, learner.head(control), fit, untouched)
