"""The average of several runs' weights, judged on pictures that none of them has learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from engine.control import Control
from engine.data import split_file
from engine.data.batches import Pictures
from engine.data.records import Split, SplitDataset
from engine.errors import EngineError
from engine.evaluation import average as averages
from engine.evaluation import evaluate as evaluation
from engine.evaluation.evaluate import EvaluationSet
from engine.evaluation.reopened import Reopened, reopened, require_fitting
from engine.evaluation.report import average_table
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say
from engine.methods import Learner, State
from engine.recipe import Recipe
from engine.requests import AverageAnswer, AverageRequest
from engine.run_directory import RunDirectory
from engine.training import checkpoints


def average(request: AverageRequest, emit: Emit, control: Control) -> AverageAnswer:
    """Every figure of the average, beside zero-shot and each run alone, on the same pictures.

    Raises EngineError where the runs do not go together, or no picture is left to judge on.
    """
    runs = [RunDirectory.open(Path(path)) for path in request.runs]
    if len(runs) < 2:
        raise EngineError("average.one_run", run=request.runs[0])
    for one, other in combinations(runs, 2):
        if one.path.resolve() == other.path.resolve():
            raise EngineError("average.same_run", run=str(one.path))
    datasets = [split_file.from_csv(run.split(), str(run.split_file)) for run in runs]
    for run, dataset in zip(runs[1:], datasets[1:], strict=True):
        _require_together(runs[0], run, datasets[0], dataset)
    sets = _unseen(datasets)
    with reopened(runs[0], emit, control, sets=sets) as again:
        if type(again.learner).blend is not Learner.blend:
            # low-rank factors, a memory of pictures: their mean is not the mean of what they do
            raise EngineError("average.method", method=runs[0].recipe().method.name)
        states = [again.after]
        for run in runs[1:]:
            state = checkpoints.load_weights(run, "best")
            require_fitting(run, again.before, state)
            states.append(state)
        mixed = (
            averages.uniform(states) if request.kind == "uniform" else averages.stock(again.before, states)
        )
        columns = {"zero_shot": _figures(again, again.before, emit)}
        for run, state in zip(runs, states, strict=True):
            columns[str(run.path)] = _figures(again, state, emit)
        columns["average"] = _figures(again, mixed, emit)
        classes = list(again.task.classes)
    return AverageAnswer(
        runs=tuple(str(run.path) for run in runs),
        kind=request.kind,
        result={
            "method": runs[0].recipe().method.name,
            "model": runs[0].recipe().model.name,
            "classes": classes,
            "sets": {
                name: {
                    **figures,
                    "zero_shot": columns["zero_shot"][name],
                    "runs": [columns[str(run.path)][name] for run in runs],
                }
                for name, figures in columns["average"].items()
            },
        },
    )


def _require_together(
    one: RunDirectory, other: RunDirectory, ours: SplitDataset, theirs: SplitDataset
) -> None:
    mine, its = one.recipe(), other.recipe()
    differ = {
        "pretrained weights": one.initial()["sha256"] != other.initial()["sha256"],
        "methods": mine.method.name != its.method.name,
        "classes": ours.source.classes != theirs.source.classes,
        "prompts": _captions(mine) != _captions(its),
        "ways to fit a picture": mine.model.fit != its.model.fit,
    }
    for what, does in differ.items():
        if does:
            raise EngineError("average.differ", run=str(one.path), other=str(other.path), what=what)


def _captions(recipe: Recipe) -> tuple[object, ...]:
    return recipe.prompts.templates, sorted(recipe.prompts.class_names.items())


def _unseen(datasets: Sequence[SplitDataset]) -> list[EvaluationSet]:
    """The first run's test part without what any run has used, and the shift sets that all have.

    Runs of other seeds draw other test parts: a picture that one is judged on another has learnt.
    """
    used = {
        (Path(dataset.source.root) / record.path).as_posix()
        for dataset in datasets
        for record in dataset.source.records
        if record.split in (Split.TRAIN, Split.VALIDATION)
    }
    found = []
    for each in evaluation.sets_of(datasets[0]):
        if each.kind == "validation":
            continue
        if each.kind == "test":
            root = each.pictures.root
            left = [r for r in each.pictures.records if (root / r.path).as_posix() not in used]
            if not left:
                raise EngineError("average.no_picture", name=each.name)
            each = replace(each, pictures=Pictures(root, left))
        elif not all(each.name in {shift.name for shift in dataset.shifts} for dataset in datasets):
            continue
        found.append(each)
    if not found:
        raise EngineError("average.no_picture", name=Split.TEST.value)
    return found


def _figures(again: Reopened, state: State, emit: Emit) -> dict[str, dict[str, Any]]:
    head = again.stand_in(state)

    def progress(name: str, done: int, total: int) -> None:
        emit(Progress(phase=say("phase.evaluating", name=name), done=done, total=total, unit="pictures"))

    return {
        each.name: evaluation.full(
            again.logits(head, each, progress, pretrained=state is again.before), each, again.task.classes
        )
        for each in again.sets
    }


def render(answer: AverageAnswer) -> str:
    """The average beside zero-shot and each run alone."""
    return average_table(answer.result, answer.kind)
