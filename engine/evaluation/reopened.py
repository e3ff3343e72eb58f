"""A run taken up again to be judged: its model, its learner before and after, and its sets.

N: pictures, C: classes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import split_file
from engine.data.batches import Loader
from engine.data.fit import Fit
from engine.errors import EngineError
from engine.evaluation import evaluate as evaluation
from engine.evaluation.evaluate import EvaluationSet
from engine.evaluation.features import Normalizer, choose_fit, image_features
from engine.evaluation.metrics import Floats
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say
from engine.methods import OWN, FeatureLearner, Head, Learner, State, Task
from engine.recipe import Recipe
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.precision import choose_device, device_name, devices
from engine.training.setup import Shared, make_learner, make_task, set_threads, stored_plan

Say = Callable[[str, int, int], None]
"""Told of a set's name, the pictures done and all of them."""


def identity(run: RunDirectory) -> str:
    """What the run's kept weights and its split are, in hex; changes as soon as either does.

    Raises EngineError if there is no checkpoint or it cannot be read.
    """
    if not run.has_checkpoint("best"):
        raise EngineError("run.no_checkpoint", path=str(run.path))
    digest = hashlib.sha256(run.split().encode("utf-8", "surrogateescape"))
    try:
        for path in sorted(run.standing_checkpoint("best").glob("*.safetensors")):
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise EngineError("files.unreadable", str(error), path=str(run.path), reason=str(error)) from error
    return digest.hexdigest()


@dataclass
class Reopened:
    """Everything that judging a run at any blend needs. Make with ``reopened``."""

    run: RunDirectory
    recipe: Recipe
    backbone: Backbone
    learner: Learner
    task: Task
    before: State
    """Computes zero-shot; on the CPU."""
    after: State
    """The kept weights; on the CPU."""
    sets: list[EvaluationSet]
    device: torch.device
    fit: Fit
    loader: Loader
    normalize: Normalizer
    shared: Shared
    control: Control
    _rows: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def learnt_nothing(self) -> bool:
        """The kept weights are the pretrained ones: every blend is the same."""
        return all(torch.equal(self.before[name], self.after[name]) for name in self.before)

    def stand_at(self, alpha: float) -> Head:
        """Put the learner into the blend at ``alpha``; its head."""
        return self.stand_in(self.learner.blend(self.before, self.after, alpha))

    def stand_in(self, state: State) -> Head:
        """Put the learner into a state; its head."""
        self.learner.load_state_dict(state)
        self.backbone.model.eval()
        return self.learner.head(self.control)

    def logits(self, head: Head, each: EvaluationSet, say_progress: Say, pretrained: bool) -> Floats:
        """Logits of the learner as it stands on a set, N × C.

        ``pretrained``: the image tower stands as before training, so that its embeddings are shared.
        """

        def progress(done: int, total: int) -> None:
            say_progress(each.name, done, total)

        if isinstance(self.learner, FeatureLearner):
            # such a method leaves the tower alone: one look at a picture serves every blend
            rows_NF = self._features(each, progress, self.learner)
            return evaluation.head_logits(head, self.learner.embeddings(rows_NF))
        if pretrained:
            return evaluation.head_logits(head, self._features(each, progress, None))
        rows_ND = image_features(
            self.backbone, each.pictures, self.loader, self.normalize, self.control, progress
        )
        return evaluation.head_logits(head, rows_ND)

    def _features(
        self, each: EvaluationSet, progress: Callable[[int, int], None], learner: FeatureLearner | None
    ) -> torch.Tensor:
        return self.shared.features.get(
            self.backbone,
            each.pictures,
            self.loader,
            self.normalize,
            self.control,
            progress,
            kind="embeddings" if learner is None else learner.features,
            encode=None if learner is None else learner.encode,
        )


@contextmanager
def reopened(
    run: RunDirectory,
    emit: Emit,
    control: Control,
    shared: Shared | None = None,
    sets: Sequence[EvaluationSet] | None = None,
) -> Iterator[Reopened]:
    """The run, ready to be judged on its own sets, or on ``sets``, as it was trained on this machine.

    Raises EngineError if a file of it is missing, damaged, or of another model.
    """
    shared = shared or Shared()
    recipe = run.recipe()
    after = checkpoints.load_weights(run, "best")
    dataset = split_file.from_csv(run.split(), str(run.split_file))
    emit(Progress(phase=say("phase.loading_model", model=recipe.model.name)))
    backbone = backbones.load(
        recipe.model, download=True, control=control, emit=emit, expected_sha256=run.initial()["sha256"]
    )
    plan = stored_plan(run)
    here = plan.device in devices() and device_name(torch.device(plan.device)) == plan.device_name
    device = torch.device(plan.device) if here else choose_device("auto")
    set_threads(plan.threads)
    fit = choose_fit(backbone, recipe.model)
    # the same memory format as in training gives the same last digits
    channels_last = plan.channels_last and here
    backbone.to(device)
    if channels_last:
        backbone.model.to(memory_format=torch.channels_last)
    task, _ = make_task(backbone, dataset.source.classes, recipe.prompts)
    learner = make_learner(backbone, task, recipe)
    before = {name: tensor.detach().to("cpu", copy=True) for name, tensor in learner.state_dict().items()}
    require_fitting(run, before, after)
    with Loader(shared.pixels(fit), plan.threads) as loader:
        yield Reopened(
            run=run,
            recipe=recipe,
            backbone=backbone,
            learner=learner,
            task=task,
            before=before,
            after=after,
            sets=list(sets) if sets is not None else evaluation.sets_of(dataset),
            device=device,
            fit=fit,
            loader=loader,
            normalize=Normalizer(backbone, device, channels_last),
            shared=shared,
            control=control,
        )


def require_fitting(run: RunDirectory, before: State, after: State) -> None:
    """Raises EngineError if the run's checkpoint is one of another architecture."""
    # what a method learns beside the model may grow with the pictures (a cache)
    odd = [
        name
        for name in before
        if name not in after or (before[name].shape != after[name].shape and not name.startswith(OWN))
    ]
    odd += sorted(after.keys() - before.keys())
    if odd:
        reason = f"they are of another model, as {len(odd)} tensors differ, such as {odd[0]}"
        raise EngineError("training.bad_weights", path=str(run.checkpoint("best")), reason=reason)


def place_of(path: str) -> Path:
    """The absolute place that a person means."""
    return Path(path).expanduser().absolute()
