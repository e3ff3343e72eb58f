"""Every blend between before and after, judged on all sets (WiSE-FT; Wortsman et al., CVPR 2022).

What each blend says of every picture is kept in the run, so that a window can show any of them at
once; blends that were judged with the same weights are not judged again. The best one is chosen on
validation only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine import answers
from engine.control import Control
from engine.errors import EngineError
from engine.evaluation import outputs as kept
from engine.evaluation.outputs import SetOutputs, Sets
from engine.evaluation.reopened import Reopened, identity, reopened
from engine.evaluation.report import alpha_table
from engine.events import BlendReady, Figures, Progress
from engine.jobs import Emit
from engine.messages import Message, say
from engine.requests import SweepAnswer, SweepRequest
from engine.run_directory import RunDirectory
from engine.training.setup import Shared

FIRST = (1.0, 0.0, 0.5)
"""Judged first: both ends, then the middle."""

Stop = tuple[SetOutputs, ...]


def sweep(request: SweepRequest, emit: Emit, control: Control, shared: Shared | None = None) -> SweepAnswer:
    """Judge the blends that were asked for; each is told and kept as soon as it is ready.

    Cancelled between pictures; what is ready then stays. Raises EngineError if the run cannot be judged.
    """
    run = RunDirectory.open(Path(request.run))
    weights = identity(run)
    asked = order(request.alphas)
    stops = stored_stops(run, weights, asked)
    for alpha in asked:
        if alpha in stops:
            emit(_ready(run, alpha, stops[alpha]))
    reason: Message | None = None
    if len(stops) < len(asked):
        with reopened(run, emit, control, shared) as again:
            if again.learnt_nothing:
                reason = say("sweep.nothing_learnt", run=str(run.path))
            _judge(again, weights, asked, stops, emit, control)
    elif _same_everywhere(stops):
        reason = say("sweep.nothing_learnt", run=str(run.path))
    if reason is not None:
        stops = {alpha: stops[alpha] for alpha in asked if alpha in (0.0, 1.0)} or stops
    answer = _answer(run, stops, reason)
    run.write_sweep(answer.model_dump(mode="json", exclude={"run", "path"}) | {"weights": weights})
    return answer


def order(alphas: Sequence[float]) -> list[float]:
    """Both ends and the middle first, then from finetuned to pretrained; files name hundredths."""
    wanted = sorted({round(alpha, 2) for alpha in alphas}, reverse=True)
    return [a for a in FIRST if a in wanted] + [a for a in wanted if a not in FIRST]


def stored_stops(run: RunDirectory, weights: str, alphas: Sequence[float]) -> dict[float, Stop]:
    """The stops that were judged with these weights. A file that cannot be read is judged anew."""
    found: dict[float, Stop] = {}
    try:
        sets = kept.read_sets(run.sets_file)
    except EngineError:
        return found
    if sets is None or sets.weights != weights:
        return found
    for alpha in alphas:
        try:
            stop = kept.read_stop(run.stop_file(alpha), sets)
        except EngineError:
            continue
        if stop is not None:
            found[alpha] = stop
    return found


def write_stops(run: RunDirectory, classes: Sequence[str], stops: Mapping[float, Stop]) -> None:
    """Keep what was said with the run's weights elsewhere, for sweeps to come.

    Files name hundredths of alpha; what lies between is left out. Raises EngineError.
    """
    weights = identity(run)
    kept.write_sets(run.sets_file, weights, classes, next(iter(stops.values())))
    for alpha, stop in stops.items():
        if alpha == round(alpha, 2):
            kept.write_stop(run.stop_file(alpha), weights, alpha, stop)


def _judge(
    again: Reopened, weights: str, asked: list[float], stops: dict[float, Stop], emit: Emit, control: Control
) -> None:
    todo = [alpha for alpha in asked if alpha not in stops]
    same: Stop | None = None
    for number, alpha in enumerate(todo):
        control.check()
        if same is None:
            stop = tuple(_stop(again, alpha, number, len(todo), emit))
        # where nothing was learnt one look serves all
        if again.learnt_nothing:
            same = stop
        if not stops:
            kept.write_sets(again.run.sets_file, weights, again.task.classes, stop)
        kept.write_stop(again.run.stop_file(alpha), weights, alpha, stop)
        stops[alpha] = stop
        emit(_ready(again.run, alpha, stop))


def _stop(again: Reopened, alpha: float, number: int, count: int, emit: Emit) -> list[SetOutputs]:
    total = sum(len(each.pictures) for each in again.sets)
    before = 0
    phase = say("phase.blend", alpha=f"{alpha:g}")

    def progress(name: str, done: int, of: int) -> None:
        del name, of
        emit(Progress(phase=phase, done=number * total + before + done, total=count * total, unit="pictures"))

    head = again.stand_at(alpha)
    found = []
    for each in again.sets:
        pretrained = alpha == 0 or again.learnt_nothing
        found.append(kept.condense(again.logits(head, each, progress, pretrained), each))
        before += len(each.pictures)
    return found


def _figures(one: SetOutputs) -> Figures:
    return Figures(pictures=len(one), accuracy=kept.accuracy(one), loss=kept.loss(one))


def _ready(run: RunDirectory, alpha: float, stop: Stop) -> BlendReady:
    return BlendReady(
        alpha=alpha, file=str(run.stop_file(alpha)), sets={one.name: _figures(one) for one in stop}
    )


def _same_everywhere(stops: dict[float, Stop]) -> bool:
    first, *others = stops.values()
    return bool(others) and all(
        (one.true_N == two.true_N).all() and (one.lse_N == two.lse_N).all()
        for other in others
        for one, two in zip(first, other, strict=True)
    )


def best_alpha(stops: dict[float, Stop]) -> float:
    """Highest accuracy on validation, then the lower loss there, then the larger alpha."""

    def merit(alpha: float) -> tuple[float, float, float]:
        one = next(one for one in stops[alpha] if one.kind == "validation")
        return kept.accuracy(one), -kept.loss(one), alpha

    return max(stops, key=merit)


def _answer(run: RunDirectory, stops: dict[float, Stop], reason: Message | None) -> SweepAnswer:
    alphas = sorted(stops)
    curves = {
        one.name: answers.Curve(
            kind=one.kind,
            accuracy=tuple(kept.accuracy(stops[alpha][place]) for alpha in alphas),
            loss=tuple(kept.loss(stops[alpha][place]) for alpha in alphas),
        )
        for place, one in enumerate(stops[alphas[0]])
    }
    return SweepAnswer(
        run=str(run.path),
        alphas=tuple(alphas),
        best_alpha=best_alpha(stops),
        path=str(run.sweep_file),
        curves=curves,
        reason=reason,
    )


def read_stops(run: RunDirectory, alphas: Sequence[float]) -> tuple[Sets, dict[float, Stop]] | None:
    """What the blends said that lie in the run; None if one of them was not judged with its weights."""
    weights = identity(run)
    stops = stored_stops(run, weights, alphas)
    if len(stops) < len(alphas):
        return None
    sets = kept.read_sets(run.sets_file)
    return None if sets is None else (sets, stops)


def render(answer: SweepAnswer) -> str:
    """Accuracy of every set at each alpha, the best by validation marked."""
    return alpha_table(answer.model_dump(mode="json"))
