"""Judge new pictures with a run or an export: a table, a CSV, copies sorted into class folders."""

from __future__ import annotations

import time
from pathlib import Path

from engine import files
from engine.control import Control
from engine.data.records import shown
from engine.errors import EngineError
from engine.events import Progress
from engine.exporters import unsure
from engine.exporters.reader import Floats
from engine.jobs import Emit
from engine.messages import Message, say
from engine.prediction import inputs, outcome, predictor
from engine.prediction.judging import judge
from engine.requests import Guess, MeasuredThreshold, PredictAnswer, PredictedPicture, PredictRequest

_ROWS = 200
"""So many pictures are shown in a terminal."""


def predict(request: PredictRequest, emit: Emit, control: Control) -> PredictAnswer:
    """Every picture that can be read is judged; the others are told with their reason."""
    pictures = inputs.pictures(request.paths, control)
    table, into = _place(request.csv), _place(request.sort_into)
    if table is not None and table.exists():
        raise EngineError("files.exists", path=str(table))
    if into is not None:
        outcome.check_sorting(into, request.paths)
    made = predictor.make(request.source, request.alpha, request.measure, emit, control)
    phase, began, total = say("phase.predicting"), time.monotonic(), len(pictures)

    def progress(done: int) -> None:
        left = (time.monotonic() - began) / done * (total - done)
        emit(Progress(phase=phase, done=done, total=total, unit="pictures", seconds_left=left))

    emit(Progress(phase=phase, done=0, total=total, unit="pictures"))
    found = [
        _predicted(path, row_C, problem, made.classes, request)
        for path, row_C, problem in judge(made, pictures, control, progress)
    ]
    broken = [each for each in found if each.problem is not None]
    if len(broken) == len(found):
        first = broken[0]
        assert first.problem is not None
        raise EngineError(
            "predict.none_read", count=len(broken), path=shown(first.path), reason=first.problem.text
        )
    if table is not None:
        files.write_bytes(table, outcome.table(found, min(request.top, len(made.classes))).encode("utf-8"))
    if into is not None:
        found = _sorted(found, into, made.classes, emit, control)
    at = unsure.at(made.unsure, request.unsure)
    return PredictAnswer(
        source=request.source,
        alpha=made.alpha,
        classes=made.classes,
        pictures=tuple(found),
        unsure=request.unsure,
        not_sure=sum(not each.sure for each in found if each.problem is None),
        unreadable=len(broken),
        measured_on="" if at is None else made.measured_on,
        answered=None if at is None else at.answered,
        wrong=None if at is None else at.wrong,
        measured=tuple(
            MeasuredThreshold(threshold=each.threshold, answered=each.answered, wrong=each.wrong)
            for each in made.unsure
        ),
        csv=None if table is None else str(table),
        sorted_into=None if into is None else str(into),
    )


def _place(text: str | None) -> Path | None:
    return None if text is None else Path(text).expanduser().absolute()


def _predicted(
    path: Path,
    row_C: Floats | None,
    problem: Message | None,
    classes: tuple[str, ...],
    request: PredictRequest,
) -> PredictedPicture:
    if row_C is None:
        return PredictedPicture(path=str(path), guesses=(), sure=False, problem=problem)
    best = (-row_C).argsort(kind="stable")[: request.top]
    guesses = tuple(Guess(class_name=classes[i], probability=float(row_C[i])) for i in best)
    return PredictedPicture(path=str(path), guesses=guesses, sure=guesses[0].probability >= request.unsure)


def _sorted(
    found: list[PredictedPicture], into: Path, classes: tuple[str, ...], emit: Emit, control: Control
) -> list[PredictedPicture]:
    names = outcome.folder_names(classes)
    phase = say("phase.sorting")
    done: list[PredictedPicture] = []
    for number, each in enumerate(found, start=1):
        control.check()
        if each.problem is None:
            copied = outcome.copy(each, into, names, control)
            each = each.model_copy(update={"copied_to": str(copied)})
        done.append(each)
        emit(Progress(phase=phase, done=number, total=len(found), unit="pictures"))
    return done


def render(answer: PredictAnswer) -> str:
    """A line a picture, then what was counted."""
    rows = [("picture", "class", "", "other guesses")]
    for each in answer.pictures[:_ROWS]:
        if each.problem is not None:
            rows.append((shown(each.path), "unreadable", "", each.problem.text))
            continue
        others = ", ".join(f"{g.class_name} {g.probability:.1%}" for g in each.guesses[1:])
        first = each.guesses[0]
        if not each.sure:
            others = f"{first.class_name} {first.probability:.1%}" + (f", {others}" if others else "")
        rows.append((shown(each.path), outcome.verdict(each), f"{first.probability:.1%}", others))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        f"{row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2].rjust(widths[2])}  {row[3]}".rstrip()
        for row in rows
    ]
    if len(answer.pictures) > _ROWS:
        lines.append(f"… and {len(answer.pictures) - _ROWS} more (--csv writes all)")
    judged = len(answer.pictures) - answer.unreadable
    counted = f"{judged} pictures judged, {answer.not_sure} not sure (below {answer.unsure:.0%})"
    lines.append(f"{counted}, {answer.unreadable} unreadable." if answer.unreadable else f"{counted}.")
    if answer.wrong is not None and answer.answered is not None:
        lines.append(
            f"Measured on {answer.measured_on}: {answer.answered:.1%} reach that threshold, "
            f"{answer.wrong:.1%} of those are wrong."
        )
    if answer.csv is not None:
        lines.append(f"Table: {answer.csv}")
    if answer.sorted_into is not None:
        lines.append(f"Copies: {answer.sorted_into}")
    return "\n".join(lines)
