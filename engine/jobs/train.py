"""The main job: from a recipe to a finetuned model and its figures, or on from where a run stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import recipe as recipes
from engine import run_directory
from engine.clip import backbone as backbones
from engine.control import Asked, Control, Wish
from engine.data import load, split_file, unchanged
from engine.data.batches import Pictures
from engine.data.records import SplitDataset
from engine.errors import Cancelled, EngineError
from engine.evaluation import evaluate
from engine.evaluation.evaluate import EvaluationSet
from engine.evaluation.metrics import Floats
from engine.evaluation.outputs import SetOutputs, condense
from engine.evaluation.report import table
from engine.events import Event, Figures, Paused, Progress, Reason, Resumed, RunFinished, RunStarted, Warned
from engine.jobs import Emit
from engine.jobs.left_out import left_out_message
from engine.jobs.sweep import Stop, write_stops
from engine.messages import say
from engine.methods import FeatureLearner, Features, Head, State, StepLearner, text_head
from engine.quoting import command_line
from engine.recipe import Recipe
from engine.requests import TrainAnswer, TrainRequest
from engine.run_directory import RunDirectory
from engine.training import checkpoints
from engine.training.feature_trainer import FeatureTrainer, fit_best
from engine.training.setup import Scene, Shared, arrange, spelled_out, stored_plan
from engine.training.trainer import Trainer

LEAN_SAVES = 60.0
"""Seconds between checkpoints of a run that nobody watches."""


def train(request: TrainRequest, emit: Emit, control: Control, shared: Shared | None = None) -> TrainAnswer:
    """Train the request's recipe in a new run folder, or continue the run it names.

    ``shared`` is what several runs in one process have in common.
    Raises EngineError if the input is at fault; Cancelled when cancelled, or when anything was
    asked before there was something to save. A new run that fails before its first checkpoint
    leaves nothing behind.
    """
    if request.resume is not None:
        run = RunDirectory.open(Path(request.resume))
        run.hold()
        try:
            return _attempt(run, run.recipe(), emit, control, resuming=True, shared=shared)
        finally:
            run.close()
    asked = recipes.with_absolute_paths(recipes.parse(request.recipe or {}, "recipe"), Path.cwd())
    asked = spelled_out(asked)
    run = _new_run(asked, request.out)
    try:
        return _attempt(run, asked, emit, control, resuming=False, shared=shared)
    except BaseException:
        if not run.has_checkpoint("last"):
            run.discard()
        raise
    finally:
        run.close()


def _new_run(asked: Recipe, out: str | None) -> RunDirectory:
    if out is not None:
        return RunDirectory.create(Path(out), asked)
    while True:
        try:
            return RunDirectory.create(run_directory.default_path(asked), asked)
        except EngineError as error:
            # another run took the name between looking and making
            if error.message.code not in ("files.exists", "run.busy"):
                raise


def _attempt(
    run: RunDirectory, asked: Recipe, emit: Emit, control: Control, resuming: bool, shared: Shared | None
) -> TrainAnswer:
    try:
        with control.alert(standing=True):
            scene, warnings = _prepared(run, asked, emit, control, resuming, shared)
    except Asked:
        raise Cancelled from None
    return _Attempt(run, asked, scene, emit, control, resuming).go(warnings)


def _prepared(
    run: RunDirectory, asked: Recipe, emit: Emit, control: Control, resuming: bool, shared: Shared | None
) -> tuple[Scene, list[Warned]]:
    """Pictures, model and plan; may be left at any point, since nothing is learnt yet."""
    expected = None
    if resuming:
        ended = run.ended()
        if ended is not None and ended.reason in (Reason.FINISHED, Reason.STOPPED, Reason.PATIENCE):
            raise EngineError("run.finished", path=str(run.path))
        if not run.has_checkpoint("last"):
            raise EngineError("run.no_checkpoint", path=str(run.path))
        dataset = split_file.from_csv(run.split(), str(run.split_file))
        unchanged.require(dataset, control, emit)
        expected = run.initial()["sha256"]
    else:
        dataset = load.prepare(asked.data, control, emit)
    control.check()
    emit(Progress(phase=say("phase.loading_model", model=asked.model.name)))
    base = backbones.load(asked.model, download=True, control=control, emit=emit, expected_sha256=expected)
    control.check()
    stored = stored_plan(run) if resuming else None
    scene, warnings = arrange(asked, dataset, base, emit, control, stored, shared)
    if not resuming:
        run.write_split(split_file.to_csv(dataset))
        run.write_initial(dataclasses.asdict(base.base))
        warnings += dataset_warnings(dataset)
    run.write_plan(scene.plan.model_dump())
    return scene, warnings


def dataset_warnings(dataset: SplitDataset) -> list[Warned]:
    """What a person should know about the pictures of a run."""
    warnings = []
    if dataset.left_out:
        warnings.append(Warned(message=left_out_message(dataset.left_out)))
    if not any(record.split == "test" for record in dataset.source.records):
        warnings.append(Warned(message=say("training.no_test")))
    return warnings


class _Attempt:
    """One attempt at a run, from RunStarted to RunFinished."""

    def __init__(
        self, run: RunDirectory, asked: Recipe, scene: Scene, emit: Emit, control: Control, resuming: bool
    ) -> None:
        self._run = run
        self._asked = asked
        self._scene = scene
        self._emit = emit
        self._control = control
        self._resuming = resuming
        self._began = time.monotonic()
        self._loader = scene.loader()
        self._normalize = scene.normalizer()
        self._zero_shot_head = text_head(scene.backbone, scene.task, control)
        self._short_sets = [s.sample(evaluate.SHIFT_PICTURES) if s.kind == "shift" else s for s in scene.sets]
        self._short_sets = [s for s in self._short_sets if s.kind != "test"]
        if scene.shared.lean:
            self._short_sets = [s for s in self._short_sets if s.kind == "validation"]

    def _say(self, event: Event) -> None:
        self._run.record(event)
        self._emit(event)

    def go(self, warnings: list[Warned]) -> TrainAnswer:
        """Train, judge, finish; RunFinished is said exactly once, whatever happens."""
        trainer = self._trainer()
        if self._resuming:
            trainer.restore()
        try:
            self._started(trainer)
            for warning in warnings:
                self._say(warning)
            reason = self._driven(trainer)
            if self._control.wish is Wish.PAUSE:
                reason = Reason.PAUSED
            if reason is not Reason.PAUSED:
                try:
                    self._judge(trainer)
                except Asked:
                    reason = Reason.PAUSED
            if reason is Reason.PAUSED:
                self._say(Paused(step=trainer.position.step))
            best_epoch = trainer.position.best_epoch
            self._say(RunFinished(reason=reason, best_epoch=best_epoch, seconds=self._seconds()))
        except Cancelled:
            self._say_last(RunFinished(reason=Reason.CANCELLED, seconds=self._seconds()))
            raise
        except BaseException as error:
            self._failed(error, trainer)
            raise
        finally:
            self._loader.close()
        done = reason is not Reason.PAUSED
        return TrainAnswer(
            run=str(self._run.path),
            reason=reason,
            result=str(self._run.result_file) if done else None,
            anew=not done and isinstance(trainer, FeatureTrainer),
        )

    def _trainer(self) -> Trainer | FeatureTrainer:
        asked, scene = self._asked, self._scene
        learner = scene.learner
        if isinstance(learner, FeatureLearner):
            device = torch.device(scene.plan.device)
            return FeatureTrainer(
                learner, lambda: self._fitting(learner), self._short_figures, asked.training.seed,
                asked.data.balanced, self._run, self._control, device,
            )  # fmt: skip
        assert isinstance(learner, StepLearner)
        return Trainer(
            learner, scene.training, self._short_figures, asked.training, asked.data.balanced, scene.plan,
            self._run, self._loader, self._normalize, self._control,
            self._earlier_stages if len(scene.stages) > 1 else None,
            LEAN_SAVES if scene.shared.lean else 0.0,
        )  # fmt: skip

    def _earlier_stages(self) -> None:
        """Fit the feature learners that come before the last stage, each handed on to the next."""
        asked, stages = self._asked, self._scene.stages
        for stage, following in itertools.pairwise(stages):
            assert isinstance(stage, FeatureLearner)
            self._emit(Progress(phase=say("phase.first_stage")))
            training, validation = self._fitting(stage)
            fit_best(stage, training, validation, asked.training.seed, asked.data.balanced, self._control)
            following.start_from(stage)

    def _fitting(self, learner: FeatureLearner) -> tuple[Features, Features]:
        """Training and validation as a feature learner sees them."""
        validation = next(s.pictures for s in self._scene.sets if s.kind == "validation")
        both = []
        for name, pictures in (("train", self._scene.training), ("validation", validation)):
            rows_NF = self._features(pictures, name, learner)
            both.append(Features(rows_NF, torch.tensor(pictures.labels())))
        return both[0], both[1]

    def _features(self, pictures: Pictures, name: str, learner: FeatureLearner | None) -> Tensor:
        """Features of the pretrained model, which must stand in the backbone; None for embeddings."""
        return self._scene.shared.features.get(
            self._scene.backbone,
            pictures,
            self._loader,
            self._normalize,
            self._control,
            lambda done, total: self._progress(name, done, total),
            kind="embeddings" if learner is None else learner.features,
            encode=None if learner is None else learner.encode,
        )

    def _failed(self, error: BaseException, trainer: Trainer | FeatureTrainer) -> None:
        if isinstance(error, EngineError):
            message = error.message
        elif isinstance(error, KeyboardInterrupt):
            message = say("core.interrupted")
        else:
            message = say(
                "core.fault", reason=f"{type(error).__name__}: {error}", log=str(self._run.log_file)
            )
        best_epoch = trainer.position.best_epoch
        with contextlib.suppress(EngineError):
            trainer.write_held()
        self._say_last(
            RunFinished(reason=Reason.FAILED, error=message, best_epoch=best_epoch, seconds=self._seconds())
        )

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)

    def _say_last(self, finished: RunFinished) -> None:
        # where the disk is full this cannot be written either; the first error is the one to tell
        with contextlib.suppress(EngineError):
            self._run.record(finished)
        self._emit(finished)

    def _started(self, trainer: Trainer | FeatureTrainer) -> None:
        asked, scene = self._asked, self._scene
        self._began = time.monotonic()
        event = RunStarted(
            run=str(self._run.path),
            attempt=self._run.attempts() + 1,
            start_step=trainer.position.step,
            total_steps=trainer.total_steps,
            epochs=trainer.total_steps // max(1, trainer.steps_per_epoch),
            steps_per_epoch=trainer.steps_per_epoch,
            batch_size=0 if isinstance(trainer, FeatureTrainer) else asked.training.batch_size,
            method=asked.method.name,
            model=asked.model.name,
            seed=asked.training.seed,
            classes=scene.task.classes,
            sets=tuple(s.info(len(scene.task.classes)) for s in scene.sets),
            plan=scene.plan.model_dump(),
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
        )
        self._say(event)
        if self._resuming:
            self._say(Resumed(step=trainer.position.step))

    def _driven(self, trainer: Trainer | FeatureTrainer) -> Reason:
        """Run the trainer's generator to its end, passing its events on."""
        generator = trainer.train()
        while True:
            try:
                self._say(next(generator))
            except StopIteration as end:
                trainer.write_held()
                reason: Reason = end.value
                return reason

    def _progress(self, name: str, done: int, total: int) -> None:
        phase = say("phase.evaluating", name=name)
        self._emit(Progress(phase=phase, done=done, total=total, unit="pictures"))

    def _short_figures(self, epoch: int) -> dict[str, Figures]:
        """Validation in full and a fixed part of each shift set, with the head as it stands."""
        head = self._zero_shot_head if epoch == 0 else self._scene.learner.head(self._control)
        result = {}
        self._scene.backbone.model.eval()
        for each in self._short_sets:
            # epoch 0 is judged before anything was learnt
            logits = self._logits(head, each, pretrained=epoch == 0)
            result[each.name] = evaluate.figures(logits, each)
        return result

    # --- the end ----------------------------------------------------------------------------

    def _judge(self, trainer: Trainer | FeatureTrainer) -> None:
        """Every set in full, for zero-shot, the kept and the last weights; written to result.json."""
        scene = self._scene
        last = {
            name: tensor.detach().to("cpu", copy=True) for name, tensor in scene.learner.state_dict().items()
        }
        best = checkpoints.load_weights(self._run, "best")
        alpha = self._asked.blend.alpha
        best_epoch = trainer.position.best_epoch
        states: dict[str, State] = {"zero_shot": scene.before}
        states["kept"] = scene.learner.blend(scene.before, best, alpha)
        if not scene.shared.lean:
            states["last"] = last
        columns: dict[str, dict[str, Any]] = {}
        outputs: dict[str, Stop] = {}
        for column, state in states.items():
            if column == "kept" and best_epoch == 0:
                columns[column], outputs[column] = columns["zero_shot"], outputs["zero_shot"]
                continue
            if column == "last" and alpha == 1 and _same(last, best):
                columns[column] = columns["kept"]
                continue
            columns[column], outputs[column] = self._judged(state, pretrained=column == "zero_shot")
        sets = {
            name: {
                **columns["kept"][name],
                **{column: columns[column][name] for column in ("zero_shot", "last") if column in columns},
            }
            for name in columns["kept"]
        }
        self._run.write_result(
            {
                "method": self._asked.method.name,
                "model": self._asked.model.name,
                "seed": self._asked.training.seed,
                "split_seed": self._asked.data.seed,
                "alpha": alpha,
                "best_epoch": best_epoch,
                "last_epoch": len(trainer.position.history) - 1,
                "steps": trainer.position.step,
                "classes": list(scene.task.classes),
                "sets": sets,
            }
        )
        # a sweep need not look again; the run is whole without it, so that no error of it ends the run
        with contextlib.suppress(EngineError):
            write_stops(self._run, scene.task.classes, {alpha: outputs["kept"], 0.0: outputs["zero_shot"]})

    def _judged(self, state: State, pretrained: bool) -> tuple[dict[str, Any], Stop]:
        """Figures of every set, and what was said of each picture, in the order of the scene's sets."""
        scene = self._scene
        scene.learner.load_state_dict(state)
        scene.backbone.model.eval()
        head = scene.learner.head(self._control)
        order = {"test": 0, "validation": 1}
        figures: dict[str, Any] = {}
        said: dict[str, SetOutputs] = {}
        for each in sorted(scene.sets, key=lambda s: order.get(s.kind, 2)):
            logits = self._full_logits(head, each, pretrained)
            figures[each.name] = evaluate.full(logits, each, scene.task.classes)
            said[each.name] = condense(logits, each)
        return figures, tuple(said[each.name] for each in scene.sets)

    def _full_logits(self, head: Head, each: EvaluationSet, pretrained: bool) -> Floats:
        """A set's logits; a pause leaves the work (Asked), to stop means to come to exactly this end."""
        while True:
            if self._control.wish is Wish.PAUSE:
                raise Asked
            try:
                with self._control.alert():
                    return self._logits(head, each, pretrained)
            except Asked:
                if self._control.wish is not Wish.STOP:
                    raise

    def _logits(self, head: Head, each: EvaluationSet, pretrained: bool) -> Floats:
        """A set's logits; ``pretrained`` says that the backbone stands as it was before training."""
        learner = self._scene.learner
        if isinstance(learner, FeatureLearner):
            rows_NF = self._features(each.pictures, each.name, learner)
            return evaluate.head_logits(head, learner.embeddings(rows_NF))
        if pretrained:
            return evaluate.head_logits(head, self._features(each.pictures, each.name, None))
        return evaluate.logits_of(
            self._scene.backbone,
            head,
            each.pictures,
            self._loader,
            self._normalize,
            self._control,
            lambda done, total: self._progress(each.name, done, total),
        )


def _same(one: State, other: State) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def render(answer: TrainAnswer) -> str:
    """The figures as a table, or how to go on."""
    if answer.result is None:
        again = command_line(["flyp", "train", "--resume", answer.run])
        told = "Paused; it will begin anew and come to the same end." if answer.anew else "Paused and saved."
        return f"{told} Continue with:\n  {again}"
    run = RunDirectory.open(Path(answer.run))
    return f"{table(run.result())}\n\nThe run: {answer.run}"
