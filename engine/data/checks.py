"""Look into every picture once: what cannot be used, what is there twice, what is too few.

Each file is read once for its hash and a full decode, one picture a thread in memory at a
time; what an earlier look found comes from the index. Problems are told as they are found.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from engine import recipe
from engine.control import Control
from engine.data import pictures
from engine.data.index import Index, Look, key_of
from engine.data.records import (
    UNDECODABLE,
    Dataset,
    ImageRecord,
    Problem,
    ProblemKind,
    Split,
    name_order,
    shown,
)
from engine.messages import Message, say

SMALL_SIDE = 32
"""Pictures whose shorter side is below this many pixels are reported."""

IMBALANCE_RATIO = 10
"""Largest to smallest class; beyond this it is reported."""

_AHEAD = 64

OnProgress = Callable[[int, int], None]
"""Gets pictures done and in all."""
OnProblem = Callable[[Problem], None]

NUMBERS = frozenset({ProblemKind.FEW, ProblemKind.IMBALANCE})
"""Problems that follow from counting; which there are depends on shots and classes."""

PARTS = (Split.TRAIN, Split.VALIDATION, Split.TEST)
"""A source's own parts, from the first to give way to the last."""


def examine(
    dataset: Dataset,
    data: recipe.Data | None = None,
    control: Control | None = None,
    on_progress: OnProgress | None = None,
    on_problem: OnProblem | None = None,
    numbers: bool = True,
) -> Dataset:
    """The dataset with every record's digest and all problems of content and numbers.

    ``numbers`` is False for sets that only judge: too few to train on is then no problem.

    Callbacks come on the caller's thread. Raises Cancelled between two pictures; what was
    seen until then stays in the index.
    """
    control = control or Control()
    problems: list[Problem] = []

    def tell(problem: Problem) -> None:
        problems.append(problem)
        if on_problem:
            on_problem(problem)

    records: list[ImageRecord] = []
    bad: set[str] = set()
    told: set[str] = set()
    for record, look in _looks(dataset, control):
        # a table may name a picture under two classes: its trouble is told once
        problem = None if record.path in told else _problem(record, look)
        if look.kind:
            bad.add(record.path)
        if problem:
            told.add(record.path)
            tell(problem)
        records.append(ImageRecord(record.path, record.class_index, record.split, record.group, look.digest))
        if on_progress:
            on_progress(len(records), len(dataset.records))
    seen = dataset.replace(records=tuple(records))
    for problem in copy_problems(seen, bad):
        tell(problem)
    for problem in number_problems(seen, data, bad) if numbers else ():
        tell(problem)
    return seen.replace(problems=_in_order((*dataset.problems, *problems)))


def recounted(dataset: Dataset, data: recipe.Data) -> Dataset:
    """The dataset with the problems of numbers that it has under ``data``, in place of those it had."""
    kept = tuple(problem for problem in dataset.problems if problem.kind not in NUMBERS)
    bad = {problem.path for problem in kept if problem.kind in UNDECODABLE}
    return dataset.replace(problems=_in_order((*kept, *number_problems(dataset, data, bad))))


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (name_order(problem.path), problem.kind)))


# --- one picture ------------------------------------------------------------------------------


def look(path: str) -> Look:
    """Read and decode one file. Never raises for what a file may hold."""
    digest = ""
    name = shown(path)
    try:
        with pictures.opened(path) as stream:
            try:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # any stream
                stream.seek(0)
            except OSError as error:
                reason = error.strerror or str(error)
                return Look(
                    kind=ProblemKind.UNREADABLE, message=say("data.unreadable", path=name, reason=reason)
                )
            width, height = pictures.size_of(stream, name)
            return Look(digest, width, height)
    except pictures.PictureError as error:
        return Look(digest, kind=error.kind, message=error.message)


def _looks(dataset: Dataset, control: Control) -> Iterator[tuple[ImageRecord, Look]]:
    """Every record with its look, in order; a few are read ahead by threads."""
    workers = min(4, os.cpu_count() or 1)
    with Index() as index, ThreadPoolExecutor(workers, "look") as pool:
        ahead: deque[tuple[ImageRecord, Look | Future[Look], os.stat_result | None, str]] = deque()

        def first() -> tuple[ImageRecord, Look]:
            record, result, status, path = ahead.popleft()
            if isinstance(result, Future):
                result = result.result()
                if status is not None:
                    index.put(key_of(path, status), result)
            return record, result

        try:
            for record in dataset.records:
                control.check()
                path = os.path.join(dataset.root, record.path)  # noqa: PTH118  (quicker than Path)
                try:
                    status = os.stat(path)  # noqa: PTH116
                except (OSError, ValueError):
                    # the look itself finds out and says why
                    status = None
                known = index.get(key_of(path, status)) if status and stat.S_ISREG(status.st_mode) else None
                ahead.append((record, known or pool.submit(look, path), status, path))
                if len(ahead) >= _AHEAD:
                    yield first()
            while ahead:
                control.check()
                yield first()
        finally:
            for _, result, _, _ in ahead:
                if isinstance(result, Future):
                    result.cancel()


def _problem(record: ImageRecord, look: Look) -> Problem | None:
    if look.kind and look.message:
        return Problem(record.path, look.kind, _about(record.path, look.message))
    if min(look.width, look.height) < SMALL_SIDE:
        message = say("data.small", path=shown(record.path), width=look.width, height=look.height)
        return Problem(record.path, ProblemKind.SMALL, message)
    return None


def _about(path: str, message: Message) -> Message:
    """The same message with the path as the source's reader knows it."""
    return say(message.code, **{**message.arguments, "path": shown(path)})


# --- all pictures together --------------------------------------------------------------------


def copies(dataset: Dataset, bad: set[str] | None = None) -> list[list[int]]:
    """Positions of records that have the same bytes, where there is more than one; in order."""
    alike: dict[str, list[int]] = {}
    for position, record in enumerate(dataset.records):
        if record.digest and (bad is None or record.path not in bad):
            alike.setdefault(record.digest, []).append(position)
    return [positions for positions in alike.values() if len(positions) > 1]


def copy_kind(dataset: Dataset, positions: list[int]) -> ProblemKind:
    """What it means that these records have the same bytes."""
    records = [dataset.records[position] for position in positions]
    if len({record.class_index for record in records}) > 1:
        return ProblemKind.TWO_CLASSES
    if dataset.has_splits and len({record.split for record in records}) > 1:
        return ProblemKind.ACROSS_SPLITS
    return ProblemKind.DUPLICATE


def copy_problems(
    dataset: Dataset, bad: set[str], groups: list[list[int]] | None = None
) -> Iterator[Problem]:
    """One problem for each picture that is there more than once (in ``groups`` or all)."""
    for positions in copies(dataset, bad) if groups is None else groups:
        kind = copy_kind(dataset, positions)
        records = [dataset.records[position] for position in positions]
        path = records[0].path
        if kind is ProblemKind.TWO_CLASSES:
            names = sorted({dataset.classes[record.class_index] for record in records}, key=name_order)
            message = say("data.two_classes", path=shown(path), classes=", ".join(names))
        elif kind is ProblemKind.ACROSS_SPLITS:
            found = {record.split for record in records}
            message = say(
                "data.across_splits",
                path=shown(path),
                parts=", ".join(part for part in PARTS if part in found),
            )
        else:
            message = say("data.duplicate", path=shown(path), count=len(records) - 1)
        yield Problem(path, kind, message, tuple(record.path for record in records[1:]))


def number_problems(
    dataset: Dataset, data: recipe.Data | None = None, bad: set[str] | None = None
) -> Iterator[Problem]:
    """Classes with too few pictures, and classes of very different size.

    Counted are the different pictures that training may draw from.
    """
    pool: list[set[str]] = [set() for _ in dataset.classes]
    own_validation = data is not None and data.validation_source is not None
    for record in dataset.records:
        own_validation = own_validation or record.split is Split.VALIDATION
        if record.split in (None, Split.TRAIN) and record.path not in (bad or ()):
            pool[record.class_index].add(record.digest or record.path)
    counts = [len(found) for found in pool]
    wanted = set(data.classes) if data and data.classes else set(dataset.classes)
    numbers = [(count, name) for count, name in zip(counts, dataset.classes, strict=True) if name in wanted]
    shots = data.shots if data else None
    least = 1 if own_validation else 2
    for count, name in numbers:
        if shots is not None and count < shots + least - 1:
            message = say("data.few_shots", name=name, count=count, shots=shots)
            yield Problem(name, ProblemKind.FEW, message)
        elif count < least:
            yield Problem(name, ProblemKind.FEW, say("data.few", name=name, count=count, least=least))
    usable = [(count, name) for count, name in numbers if count]
    if usable:
        fewest, small = min(usable)
        most, large = max(usable)
        if most > IMBALANCE_RATIO * fewest:
            message = say("data.imbalance", large=large, most=most, small=small, fewest=fewest)
            yield Problem("", ProblemKind.IMBALANCE, message)
