"""What a run says of single pictures, before its training and at a blend.

B: pictures, D: embedding, C: classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.control import Control
from engine.data.batches import Pictures
from engine.data.pictures import PictureError
from engine.data.records import ImageRecord, shown
from engine.evaluation import evaluate as evaluation
from engine.evaluation.evaluate import EvaluationSet
from engine.evaluation.metrics import Floats, log_softmax
from engine.evaluation.reopened import Reopened, place_of, reopened
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import Message, say
from engine.requests import Guess, TriedPicture, TryAnswer, TryRequest
from engine.run_directory import RunDirectory


def try_pictures(request: TryRequest, emit: Emit, control: Control) -> TryAnswer:
    """The most probable classes of each picture; one that cannot be looked at says why."""
    run = RunDirectory.open(Path(request.run))
    with reopened(run, emit, control, sets=()) as again:
        problems: dict[str, Message] = {}
        good: list[str] = []
        for done, path in enumerate(dict.fromkeys(request.paths)):
            control.check()
            emit(Progress(phase=say("phase.trying"), done=done, total=len(request.paths), unit="pictures"))
            problem = _problem(again, path)
            if problem is None:
                good.append(path)
            else:
                problems[path] = problem
        columns = [_guesses(again, good, alpha, request.top) for alpha in (0.0, request.alpha)]
    tried = []
    for path in request.paths:
        if path in problems:
            tried.append(TriedPicture(path=path, before=(), after=(), problem=problems[path]))
        else:
            tried.append(TriedPicture(path=path, before=columns[0][path], after=columns[1][path]))
    return TryAnswer(pictures=tuple(tried))


def _problem(again: Reopened, path: str) -> Message | None:
    """Why the picture cannot be looked at; else it is decoded now and kept."""
    place = place_of(path)
    if not place.exists():
        return say("try.not_there", path=shown(str(place)))
    try:
        again.shared.pixels(again.fit).evaluation(place)
    except PictureError as error:
        return error.message
    return None


def _guesses(again: Reopened, paths: list[str], alpha: float, top: int) -> dict[str, tuple[Guess, ...]]:
    """The ``top`` most probable classes of each picture at a blend."""
    if not paths:
        return {}
    records = [ImageRecord(place_of(path).as_posix(), 0) for path in paths]
    each = EvaluationSet("tried", "shift", Pictures(Path("/"), records))
    head = again.stand_at(alpha)
    # never by the shared features: these pictures are not met again
    logits_BC = evaluation.learner_logits(
        again.learner, head, each.pictures, again.loader, again.normalize, again.control
    )
    probabilities_BC: Floats = np.exp(log_softmax(logits_BC))
    found = {}
    for path, row_C in zip(paths, probabilities_BC, strict=True):
        best = np.argsort(-row_C, kind="stable")[:top]
        found[path] = tuple(
            Guess(class_name=again.task.classes[c], probability=float(row_C[c])) for c in best.tolist()
        )
    return found
