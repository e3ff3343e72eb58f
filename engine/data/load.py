"""From a recipe's data to all that a run trains and is judged on.

``read`` looks at every source; ``arrange`` decides, without touching a file, which pictures are
left out and what each other one is used for; ``prepare`` is both. What was read once can be
arranged again and again, after ``recounted`` where shots or classes differ.

What is left out: pictures that cannot be decoded, always. Of exact copies within a class all but
one; all that lie under two classes; of copies in two of the source's own parts those in the
earlier part, so that the test stays whole; training pictures that a validation, test or shift
source also has, and own validation pictures that a test source also has. ``data.keep`` overrules
the copies; ``data.leave_out`` adds to them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from unicodedata import normalize

from engine import recipe
from engine.control import Control
from engine.data import checks, scan
from engine.data.records import (
    UNDECODABLE,
    Dataset,
    ImageRecord,
    Problem,
    ProblemKind,
    ShiftSet,
    Split,
    SplitDataset,
    absolute_path,
    name_order,
    nfc,
    shown,
)
from engine.data.relabel import Labels, corrected
from engine.data.split import is_in, path_set, select, split
from engine.errors import EngineError
from engine.events import Event, ProblemSaid, Progress, Structure, Warned
from engine.messages import say
from engine.prompts.class_names import readable

__all__ = [
    "Sources",
    "absolute_path",
    "arrange",
    "prepare",
    "read",
    "recounted",
    "relabelled",
    "same_classes",
    "structure",
    "warn",
]

_PAUSE = 0.1
"""Shortest time between two progress events, in seconds."""

Emit = Callable[[Event], None]


@dataclass(frozen=True)
class Sources:
    """Every source of a recipe, looked at, nothing decided yet."""

    main: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None
    shifts: tuple[tuple[str, Dataset], ...] = ()

    def all(self) -> list[tuple[str, Dataset]]:
        """The sources by the name that events give them; '' is the main one."""
        named = [("", self.main), ("validation", self.validation), ("test", self.test), *self.shifts]
        return [(name, dataset) for name, dataset in named if dataset is not None]


def prepare(data: recipe.Data, control: Control, emit: Emit) -> SplitDataset:
    """Scan and examine all sources, leave out what cannot be used, and split the rest.

    Raises EngineError where nothing sensible can be trained, Cancelled when asked to.
    """
    sources = read(data, control, emit)
    warn(sources, data, emit)
    return arrange(sources, data)


# --- looking ----------------------------------------------------------------------------------


def read(data: recipe.Data, control: Control, emit: Emit, content: bool = True) -> Sources:
    """Every source scanned, told as Structure events; then, with ``content``, examined."""
    places = [("", data.source), ("validation", data.validation_source), ("test", data.test_source)]
    places += [(shift.name, shift.source) for shift in data.shifts]
    main = scan.located(data.source)
    found: dict[str, Dataset] = {}
    for name, place in places:
        if place is None:
            continue
        if name and scan.located(place) == main:
            raise EngineError("data.same_source", role=name, path=shown(str(place)))
        emit(Progress(phase=say("data.scanning", path=shown(str(place)))))
        found[name] = scan.scan(place, control, least_classes=1 if name else 2)
        emit(structure(name, found[name]))
        if name:
            unknown = _unknown_classes(found[name], found[""].classes)
            found[name] = found[name].replace(problems=found[name].problems + unknown)
    for name in found:
        for problem in found[name].problems:
            emit(_said(name, problem))
        if content:
            found[name] = _examined(name, found[name], data, control, emit)
        elif not name:
            found[name] = checks.recounted(found[name], data)
            for problem in found[name].problems:
                if problem.kind in checks.NUMBERS:
                    emit(_said(name, problem))
    return Sources(
        found[""],
        found.get("validation"),
        found.get("test"),
        tuple((shift.name, found[shift.name]) for shift in data.shifts),
    )


def recounted(sources: Sources, data: recipe.Data) -> Sources:
    """The same sources with the problems of numbers that they have under ``data``."""
    return replace(sources, main=checks.recounted(sources.main, data))


def _examined(name: str, dataset: Dataset, data: recipe.Data, control: Control, emit: Emit) -> Dataset:
    phase = say("data.examining", path=shown(dataset.root))
    began = time.monotonic()
    last = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PAUSE or done == total:
            last = now
            left = (now - began) / done * (total - done)
            emit(Progress(phase=phase, done=done, total=total, unit="pictures", seconds_left=left))

    return checks.examine(
        dataset,
        data if not name else None,
        control,
        on_progress,
        lambda problem: emit(_said(name, problem)),
        # too few to train on matters only where training draws from
        numbers=not name,
    )


def structure(name: str, dataset: Dataset) -> Structure:
    """A scanned source in numbers."""
    parts: dict[str, list[int]] = {}
    if dataset.has_splits:
        for record in dataset.records:
            counts = parts.setdefault(record.split or Split.UNUSED, [0] * len(dataset.classes))
            counts[record.class_index] += 1
    return Structure(
        source=name,
        classes=dataset.classes,
        counts=tuple(dataset.counts()),
        splits={part: tuple(parts[part]) for part in Split if part in parts},
        pictures=len(dataset.records),
    )


def _said(name: str, problem: Problem) -> ProblemSaid:
    return ProblemSaid(
        source=name,
        path=shown(problem.path),
        kind=problem.kind,
        message=problem.message,
        others=tuple(shown(path) for path in problem.others),
    )


def warn(sources: Sources, data: recipe.Data, emit: Emit) -> None:
    """Warned events about what does not stop a training but is probably not meant so."""
    _warn_of_unknown_pictures(sources, data, emit)
    _warn_of_too_few_shots(sources, data, emit)


def _warn_of_unknown_pictures(sources: Sources, data: recipe.Data, emit: Emit) -> None:
    """A list in the recipe that names what is not there is probably misspelt."""
    known: set[str] = set()
    for _, dataset in sources.all():
        for record in dataset.records:
            known |= {nfc(record.path), record.path, shown(record.path)}
    for name, listed in (("leave_out", data.leave_out), ("keep", data.keep)):
        for path in listed:
            if known.isdisjoint(path_set((path,))):
                emit(Warned(message=say("data.picture_unknown", field=name, path=path)))
    for path in Labels(data.labels).unused(sources.all()) if data.labels else ():
        emit(Warned(message=say("data.picture_unknown", field="labels", path=path)))


def _warn_of_too_few_shots(sources: Sources, data: recipe.Data, emit: Emit) -> None:
    """Fewer pictures are trained on than were asked for: whoever does not see the problems is told too."""
    few = [problem for problem in sources.main.problems if problem.message.code == "data.few_shots"]
    if few and data.shots is not None:
        first = shown(few[0].path)
        emit(Warned(message=say("data.fewer_shots", count=len(few), shots=data.shots, first=first)))


def relabelled(sources: Sources, data: recipe.Data) -> Sources:
    """The same sources with the classes that the recipe corrects. Raises EngineError for an unknown class."""
    if not data.labels:
        return sources
    labels, classes = Labels(data.labels), sources.main.classes

    def one(dataset: Dataset | None, main: bool = False) -> Dataset | None:
        return None if dataset is None else corrected(dataset, labels, classes, main)

    main = one(sources.main, main=True)
    assert main is not None
    return Sources(
        main,
        one(sources.validation),
        one(sources.test),
        tuple((name, corrected(dataset, labels, classes, main=False)) for name, dataset in sources.shifts),
    )


# --- deciding ---------------------------------------------------------------------------------


def arrange(sources: Sources, data: recipe.Data) -> SplitDataset:
    """Correct classes, leave out what cannot be used, put the sources together, and split. Opens no file."""
    sources = relabelled(sources, data)
    left_out: list[Problem] = []
    keep = path_set(data.keep)
    all_classes = sources.main.classes
    main = _usable(select(sources.main, data), keep, left_out)
    gone = path_set(data.leave_out)
    for record in sources.main.records:
        if is_in(record, gone):
            message = say("data.left_out", path=shown(record.path))
            left_out.append(Problem(record.path, ProblemKind.LEFT_OUT, message))

    def matched(role: str, dataset: Dataset) -> Dataset:
        own = _matched(role, dataset, main.classes, all_classes, left_out)
        own = own.replace(records=tuple(record for record in own.records if not is_in(record, gone)))
        return _usable(own, keep, left_out)

    shifts = [(name, matched(name, dataset)) for name, dataset in sources.shifts]
    validation = matched("validation", sources.validation) if sources.validation else None
    test = matched("test", sources.test) if sources.test else None
    if validation and not validation.records:
        raise EngineError("data.validation_empty", path=shown(validation.root))
    judges = [(name, dataset) for name, dataset in (("test", test), *shifts) if dataset]
    if validation:
        validation = _without_copies(validation, judges[:1] if test else [], keep, left_out)
        judges.insert(0, ("validation", validation))
    main = _without_copies(main, judges, keep, left_out)
    main = _joined(main, validation, test)
    result = split(main, data)
    return SplitDataset(
        result,
        tuple(_shift_set(name, dataset) for name, dataset in shifts),
        tuple(left_out),
    )


def _usable(dataset: Dataset, keep: set[str], left_out: list[Problem]) -> Dataset:
    """Without what cannot be decoded, and with exact copies used once."""
    present = {record.path for record in dataset.records}
    bad = {problem.path for problem in dataset.problems if problem.kind in UNDECODABLE}
    left_out += [p for p in dataset.problems if p.kind in UNDECODABLE and p.path in present]
    out: set[int] = {i for i, record in enumerate(dataset.records) if record.path in bad}
    for positions in checks.copies(dataset, bad):
        kind = checks.copy_kind(dataset, positions)
        if kind is ProblemKind.TWO_CLASSES:
            surplus = positions
        elif kind is ProblemKind.ACROSS_SPLITS:
            order = [Split.UNUSED, *checks.PARTS]
            last = max(order.index(dataset.records[i].split or Split.UNUSED) for i in positions)
            stays = next(i for i in positions if dataset.records[i].split is order[last])
            surplus = [i for i in positions if i != stays]
        else:
            surplus = positions[1:]
        message = next(checks.copy_problems(dataset, bad, [positions])).message
        for i in surplus:
            record = dataset.records[i]
            if not is_in(record, keep):
                out.add(i)
                others = tuple(dataset.records[j].path for j in positions if j != i)
                about = say(message.code, **{**message.arguments, "path": shown(record.path)})
                left_out.append(Problem(record.path, kind, about, others))
    return _without(dataset, out)


def _without(dataset: Dataset, out: set[int]) -> Dataset:
    if not out:
        return dataset
    return dataset.replace(records=tuple(r for i, r in enumerate(dataset.records) if i not in out))


def _without_copies(
    dataset: Dataset, judges: list[tuple[str, Dataset]], keep: set[str], left_out: list[Problem]
) -> Dataset:
    """Without the pictures that a set which judges also has.

    Own held-out parts stay, but for what own validation shares with a test source: that would choose by it.
    """
    elsewhere: dict[str, tuple[str, str]] = {}
    for name, judge in judges:
        for record in judge.records:
            if record.digest:
                elsewhere.setdefault(record.digest, (name, str(absolute_path(judge, record))))
    out: set[int] = set()
    for i, record in enumerate(dataset.records):
        if record.digest not in elsewhere or is_in(record, keep):
            continue
        name, place = elsewhere[record.digest]
        if record.split in (None, Split.TRAIN) or (record.split is Split.VALIDATION and name == "test"):
            message = say("data.copy_elsewhere", path=shown(record.path), role=name)
            left_out.append(Problem(record.path, ProblemKind.ACROSS_SPLITS, message, (place,)))
            out.add(i)
    return _without(dataset, out)


def _joined(main: Dataset, validation: Dataset | None, test: Dataset | None) -> Dataset:
    """The main source with the sources that take the place of its own held-out parts."""
    records = list(main.records)
    for part, own in ((Split.VALIDATION, validation), (Split.TEST, test)):
        if own is None:
            continue
        records = [
            replace(record, split=Split.UNUSED) if record.split is part else record for record in records
        ]
        records += [
            replace(record, path=absolute_path(own, record).as_posix(), split=part) for record in own.records
        ]
    return main.replace(records=tuple(records))


def shift_set(
    name: str, source: str, classes: tuple[str, ...], control: Control, emit: Emit
) -> tuple[ShiftSet, tuple[Problem, ...]]:
    """Further pictures of a run's classes, to be judged on, and those of them that are left out.

    ``classes`` are the run's. Raises EngineError where no class is common to both.
    """
    emit(Progress(phase=say("data.scanning", path=shown(source))))
    found = scan.scan(source, control, least_classes=1)
    found = found.replace(problems=found.problems + _unknown_classes(found, classes))
    emit(structure(name, found))
    for problem in found.problems:
        emit(_said(name, problem))
    found = _examined(name, found, recipe.Data(source=source), control, emit)
    left_out: list[Problem] = []
    usable = _usable(_matched(name, found, classes, classes, left_out), set(), left_out)
    return _shift_set(name, usable), tuple(left_out)


def _shift_set(name: str, dataset: Dataset) -> ShiftSet:
    records = tuple(replace(record, split=Split.TEST) for record in dataset.records)
    present = tuple(sorted({record.class_index for record in records}))
    return ShiftSet(name, dataset.replace(records=records, has_splits=False), present)


# --- classes of other sources -----------------------------------------------------------------


def _alike(name: str) -> str:
    """A class name as a person reads it: case, unicode form, numbers for sorting, hyphens aside."""
    return re.sub(r"[\s_\-]+", " ", normalize("NFKC", readable(name)).casefold()).strip()


def same_classes(names: tuple[str, ...], known: tuple[str, ...]) -> dict[str, str]:
    """Name in another source -> the same class in ours: as found, else by form, else as read."""
    matches = {name: name for name in names if name in known}
    for form in (nfc, lambda name: nfc(nfc(name).casefold()), _alike):
        ours: dict[str, list[str]] = {}
        for name in known:
            ours.setdefault(form(name), []).append(name)
        for name in names:
            candidates = ours.get(form(name), [])
            if name not in matches and len(candidates) == 1:
                matches[name] = candidates[0]
    return matches


def _unknown_classes(dataset: Dataset, classes: tuple[str, ...]) -> tuple[Problem, ...]:
    matches = same_classes(dataset.classes, classes)
    return tuple(
        Problem(name, ProblemKind.UNKNOWN_CLASS, say("data.unknown_class", name=name, count=count))
        for name, count in zip(dataset.classes, dataset.counts(), strict=True)
        if name not in matches
    )


def _matched(
    role: str,
    dataset: Dataset,
    classes: tuple[str, ...],
    all_classes: tuple[str, ...],
    left_out: list[Problem],
) -> Dataset:
    """Another source with our class numbers; classes that we have not are left out and said."""
    matches = same_classes(dataset.classes, all_classes)
    unknown = {p.path: p.message for p in dataset.problems if p.kind is ProblemKind.UNKNOWN_CLASS}
    for record in dataset.records:
        name = dataset.classes[record.class_index]
        if name in unknown:
            left_out.append(Problem(record.path, ProblemKind.UNKNOWN_CLASS, unknown[name]))
    number = {name: index for index, name in enumerate(classes)}
    if not any(matches.get(name) in number for name in dataset.classes):
        raise EngineError(
            "data.no_common_class",
            role=role,
            path=shown(dataset.root),
            found=_few(dataset.classes),
            expected=_few(classes),
        )

    def ours(record: ImageRecord) -> int | None:
        return number.get(matches.get(dataset.classes[record.class_index], ""))

    records = tuple(
        replace(record, class_index=index, split=None)
        for record in dataset.records
        if (index := ours(record)) is not None
    )
    records = tuple(sorted(records, key=lambda record: name_order(record.path)))
    return dataset.replace(classes=classes, records=records, has_splits=False)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
