"""Which picture is used for what: seeded, stratified, groups whole, shots nested.

Every picture has a rank from SHA-256 of the seed and its path, so the same seed gives the same
parts on any machine and in any order of the file system. In each class, training is drawn from
the front of the ranking and validation from its end; the test lies between. So the 4-shot
training set lies within the 8-shot one, and neither meets the other's validation pictures.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from engine import recipe
from engine.data.records import Dataset, ImageRecord, Split, name_order, nfc, shown
from engine.errors import EngineError


def rank(seed: int, path: str) -> str:
    """Where a picture comes in the drawing: a number as good as random, the same anywhere."""
    text = f"{seed}|{nfc(path)}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def path_set(paths: tuple[str, ...]) -> set[str]:
    """Paths from a recipe, for comparing with ``is_in``."""
    return {nfc(path.replace("\\", "/")) for path in paths} | set(paths)


def is_in(record: ImageRecord, paths: set[str]) -> bool:
    """Whether a recipe's list names this picture, as it is or as it is shown."""
    return bool(paths) and (record.path in paths or nfc(record.path) in paths or shown(record.path) in paths)


def select(dataset: Dataset, data: recipe.Data) -> Dataset:
    """Only the classes and pictures that the recipe asks for, classes numbered anew."""
    if not data.classes and not data.leave_out:
        return dataset
    classes = dataset.classes
    if data.classes:
        wanted = {nfc(name) for name in data.classes}
        classes = tuple(name for name in dataset.classes if nfc(name) in wanted)
        unknown = wanted - {nfc(name) for name in classes}
        if unknown:
            raise EngineError(
                "data.class_unknown", path=shown(dataset.root), names=", ".join(sorted(unknown))
            )
        if len(classes) < 2:
            raise EngineError("data.too_few_classes", names=", ".join(classes))
    number = {name: index for index, name in enumerate(classes)}
    left_out = path_set(data.leave_out)
    records = tuple(
        replace(record, class_index=number[dataset.classes[record.class_index]])
        for record in dataset.records
        if dataset.classes[record.class_index] in number and not is_in(record, left_out)
    )
    return dataset.replace(classes=classes, records=records)


def split(dataset: Dataset, data: recipe.Data) -> Dataset:
    """The dataset with a split on every record.

    Records that come as validation or test (the source's own parts, or sources of their own)
    stay so; the rest is drawn from. Raises EngineError naming the classes that end without a
    training picture, or without a validation picture where one had to be drawn.
    """
    dataset = select(dataset, data)
    parts = {record.split for record in dataset.records}
    if dataset.has_splits and Split.TRAIN not in parts:
        found = ", ".join(sorted(part for part in parts if part))
        raise EngineError("data.no_training_part", path=shown(dataset.root), parts=found or "none")
    draw_validation = Split.VALIDATION not in parts and data.validation_source is None
    # a source with parts of its own but no test part stays without: its author meant it so
    draw_test = not dataset.has_splits and Split.TEST not in parts and data.test_source is None

    pool = [i for i, record in enumerate(dataset.records) if record.split in (None, Split.TRAIN)]
    drawing = _Drawing(dataset, pool, data.seed)
    if data.shots is not None:
        drawing.draw_shots(data.shots, keep_back=draw_validation)
        if draw_validation:
            drawing.hold_back(Split.VALIDATION, [min(data.shots, n // 3) for n in drawing.left()])
        drawing.rest(Split.TEST if draw_test else Split.UNUSED)
    else:
        sizes = drawing.left()
        if draw_validation:
            drawing.hold_back(Split.VALIDATION, [round(n * data.validation) for n in sizes])
        if draw_test and data.test > 0:
            drawing.hold_back(Split.TEST, [round(n * data.test) for n in sizes])
        drawing.rest(Split.TRAIN)

    records = list(dataset.records)
    for position, part in drawing.parts.items():
        records[position] = replace(records[position], split=part)
    result = dataset.replace(records=tuple(records))
    _refuse_empty_classes(result, draw_validation)
    return result


def _refuse_empty_classes(dataset: Dataset, validation_drawn: bool) -> None:
    for part, code, asked in (
        (Split.TRAIN, "data.no_train", True),
        (Split.VALIDATION, "data.no_validation", validation_drawn),
    ):
        present = {record.class_index for record in dataset.of(part)}
        lacking = [name for index, name in enumerate(dataset.classes) if index not in present]
        if asked and lacking:
            raise EngineError(code, names=", ".join(lacking))


@dataclass
class _Unit:
    """Pictures that must stay together: a group, exact copies, or (mostly) one picture."""

    order: str
    members: dict[int, list[int]] = field(default_factory=dict)
    """Class -> positions of its records, by rank."""

    def size(self) -> int:
        return sum(len(positions) for positions in self.members.values())


class _Drawing:
    """The pool of pictures that are not yet used for anything, and what was drawn from it."""

    def __init__(self, dataset: Dataset, pool: list[int], seed: int) -> None:
        self.parts: dict[int, Split] = {}
        self._trained = False
        self._classes = len(dataset.classes)
        self._units = sorted(_units(dataset, pool, seed), key=lambda unit: unit.order)
        self._free = set(range(len(self._units)))
        self._of_class: list[list[int]] = [[] for _ in range(self._classes)]
        for number, unit in enumerate(self._units):
            for index in unit.members:
                self._of_class[index].append(number)
        self._units_left = [len(numbers) for numbers in self._of_class]

    def left(self) -> list[int]:
        """Pictures of each class that are not yet drawn."""
        sizes = [0] * self._classes
        for number in self._free:
            for index, positions in self._units[number].members.items():
                sizes[index] += len(positions)
        return sizes

    def _take(self, number: int) -> _Unit:
        self._free.remove(number)
        unit = self._units[number]
        for index in unit.members:
            self._units_left[index] -= 1
        return unit

    def _spares_one(self, unit: _Unit) -> bool:
        """Whether every class of the unit keeps another one."""
        return all(self._units_left[index] > 1 for index in unit.members)

    def draw_shots(self, shots: int, keep_back: bool) -> None:
        """Training pictures, ``shots`` a class, from the front; a group's surplus goes unused.

        Drawn shot by shot, so that fewer shots are always the beginning of more.
        """
        chosen: list[list[int]] = [[] for _ in range(self._classes)]
        next_unit = [0] * self._classes
        # more shots than the largest class has pictures change nothing
        most = max(self.left(), default=0)
        for shot in range(1, min(shots, most) + 1):
            for index in range(self._classes):
                numbers = self._of_class[index]
                while len(chosen[index]) < shot and next_unit[index] < len(numbers):
                    number = numbers[next_unit[index]]
                    next_unit[index] += 1
                    if number not in self._free:
                        continue
                    if keep_back and not self._spares_one(self._units[number]):
                        continue
                    for other, positions in self._take(number).members.items():
                        chosen[other].extend(positions)
        self._trained = True
        for positions in chosen:
            for place, position in enumerate(positions):
                self.parts[position] = Split.TRAIN if place < shots else Split.UNUSED

    def hold_back(self, part: Split, targets: list[int]) -> None:
        """Pictures for validation or test, from the end, ``targets`` of each class.

        Every class gets at least one, unless that would leave it nothing to train on. Groups
        are taken while that brings their classes nearer to the target.
        """
        taken = [0] * self._classes
        for number in sorted(self._free, reverse=True):
            unit = self._units[number]
            gain = 0
            for index, positions in unit.members.items():
                target = max(1, targets[index])
                gain += abs(target - taken[index]) - abs(target - taken[index] - len(positions))
            if gain > 0 and self._may_hold(unit):
                self._give(number, part, taken)
        # a class of few large groups may have got none: its smallest is better than nothing
        for index in range(self._classes):
            if taken[index]:
                continue
            free = [number for number in self._of_class[index] if number in self._free]
            free.sort(key=lambda number: (self._units[number].size(), -number))
            for number in free:
                if self._may_hold(self._units[number]):
                    self._give(number, part, taken)
                    break

    def _may_hold(self, unit: _Unit) -> bool:
        # with shots, training has been drawn before
        return self._trained or self._spares_one(unit)

    def _give(self, number: int, part: Split, taken: list[int]) -> None:
        for index, positions in self._take(number).members.items():
            taken[index] += len(positions)
            for position in positions:
                self.parts[position] = part

    def rest(self, part: Split) -> None:
        """What was not drawn is all for one use."""
        for number in sorted(self._free):
            for positions in self._units[number].members.values():
                for position in positions:
                    self.parts[position] = part
        self._free.clear()


def _units(dataset: Dataset, pool: list[int], seed: int) -> list[_Unit]:
    """The pool in pieces that stay together, joined by group and by content."""
    parent = {position: position for position in pool}

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    first: dict[tuple[str, str], int] = {}
    for position in pool:
        record = dataset.records[position]
        for kind, value in (("group", record.group), ("bytes", record.digest), ("path", record.path)):
            if value:
                other = first.setdefault((kind, value), position)
                parent[root(position)] = root(other)
    together: dict[int, list[int]] = {}
    for position in pool:
        together.setdefault(root(position), []).append(position)
    units: list[_Unit] = []
    for positions in together.values():
        ranked = sorted(
            (rank(seed, dataset.records[p].path), dataset.records[p].class_index, p) for p in positions
        )
        # one member's rank stands for all: the least of many would favour large groups
        name = min((dataset.records[p].path for p in positions), key=name_order)
        unit = _Unit(rank(seed, name))
        for _, index, position in ranked:
            unit.members.setdefault(index, []).append(position)
        units.append(unit)
    return units
