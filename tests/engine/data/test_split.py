"""Splits: seeded, stratified, nested, groups whole, the same on any machine."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from engine.data.records import Dataset, ImageRecord, Split
from engine.data.split import split
from engine.errors import EngineError
from engine.recipe import Data

TRAIN, VALIDATION, TEST, UNUSED = Split


def dataset(counts: dict[str, int], **options: Any) -> Dataset:
    records = [
        ImageRecord(f"{name}/{i}.jpg", index)
        for index, (name, count) in enumerate(counts.items())
        for i in range(count)
    ]
    return Dataset("/set", tuple(counts), tuple(records), **options)


def grouped(counts: dict[str, int], size: int) -> Dataset:
    plain = dataset(counts)
    records = tuple(
        ImageRecord(r.path, r.class_index, None, f"{r.class_index}-{i // size}")
        for i, r in enumerate(plain.records)
    )
    return plain.replace(records=records)


def paths(records: Iterable[ImageRecord]) -> set[str]:
    return {record.path for record in records}


def numbers(found: Dataset, part: Split) -> list[int]:
    counts = [0] * len(found.classes)
    for record in found.of(part):
        counts[record.class_index] += 1
    return counts


def data(**options: Any) -> Data:
    return Data(source="/set", **options)


def test_the_same_seed_gives_the_same_parts_on_any_machine() -> None:
    found = split(dataset({"cat": 40, "dog": 25, "é": 33}), data(seed=7))
    text = "\n".join(f"{r.path} {r.split}" for r in found.records)
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "d98a36799c8669427745831558e317347049276b1d70a6d7c0e36017622ebd78"
    )


def test_order_of_records_does_not_matter() -> None:
    plain = grouped({"cat": 40, "dog": 25}, 3)
    mixed = list(plain.records)
    random.Random(1).shuffle(mixed)
    for options in ({}, {"shots": 4}):
        one = {r.path: r.split for r in split(plain, data(**options)).records}
        other = {r.path: r.split for r in split(plain.replace(records=tuple(mixed)), data(**options)).records}
        assert one == other


def test_another_seed_gives_other_parts() -> None:
    plain = dataset({"cat": 40, "dog": 40})
    assert paths(split(plain, data(seed=0)).of(TEST)) != paths(split(plain, data(seed=1)).of(TEST))


def test_shares_are_kept_in_every_class() -> None:
    found = split(dataset({"cat": 100, "dog": 20, "eel": 3, "fox": 2}), data())
    assert numbers(found, TRAIN) == [70, 14, 1, 1]
    assert numbers(found, VALIDATION) == [15, 3, 1, 1]
    assert numbers(found, TEST) == [15, 3, 1, 0]
    assert all(record.split for record in found.records)


def test_other_shares() -> None:
    found = split(dataset({"cat": 100, "dog": 50}), data(validation=0.3, test=0))
    assert (numbers(found, TRAIN), numbers(found, VALIDATION), numbers(found, TEST)) == (
        [70, 35],
        [30, 15],
        [0, 0],
    )


@pytest.mark.parametrize(
    ("count", "shots", "expected"),
    [
        (100, 4, (4, 4, 92)),
        (100, 40, (40, 20, 40)),
        (10, 4, (4, 2, 4)),
        (10, 8, (8, 1, 1)),
        (9, 8, (8, 1, 0)),
        (8, 8, (7, 1, 0)),
        (3, 8, (2, 1, 0)),
        (2, 1, (1, 1, 0)),
    ],
)
def test_rule_of_shots(count: int, shots: int, expected: tuple[int, int, int]) -> None:
    found = split(dataset({"cat": count, "dog": count}), data(shots=shots))
    assert tuple(numbers(found, part)[0] for part in (TRAIN, VALIDATION, TEST)) == expected
    assert not found.of(UNUSED)


def test_any_number_of_shots_ends_soon() -> None:
    most = split(dataset({"cat": 9, "dog": 5}), data(shots=10**40))
    assert most.records == split(dataset({"cat": 9, "dog": 5}), data(shots=9)).records
    assert numbers(most, TRAIN) == [8, 4]


@pytest.mark.parametrize("size", [1, 3])
def test_shots_nest(size: int) -> None:
    plain = grouped({"cat": 120, "dog": 61}, size)
    before = split(plain, data(shots=1))
    for shots in (2, 4, 8, 16):
        found = split(plain, data(shots=shots))
        assert numbers(found, TRAIN) == [shots, shots]
        assert paths(before.of(TRAIN)) < paths(found.of(TRAIN))
        # what fewer shots chose by, more shots never train on
        assert not paths(before.of(VALIDATION)) & paths(found.of(TRAIN))
        before = found


@pytest.mark.parametrize("shots", [None, 1, 4, 7])
def test_groups_stay_whole(shots: int | None) -> None:
    plain = grouped({"cat": 120, "dog": 60}, 5)
    found = split(plain, data(shots=shots))
    homes: dict[str | None, set[Split | None]] = {}
    for record in found.records:
        homes.setdefault(record.group, set()).add(record.split)
    if shots is None:
        assert all(len(home) == 1 for home in homes.values())
        assert numbers(found, VALIDATION) == [20, 10]
    else:
        # the surplus of a training group is used for nothing
        assert all(home in ({TRAIN}, {VALIDATION}, {TEST}, {TRAIN, UNUSED}) for home in homes.values())
        assert numbers(found, TRAIN) == [shots, shots]
        assert numbers(found, UNUSED) == [-shots % 5] * 2


def test_groups_across_classes_stay_whole_and_nest() -> None:
    plain = dataset({"cat": 60, "dog": 60, "eel": 60})
    scatter = random.Random(3)
    records = tuple(
        ImageRecord(r.path, r.class_index, None, f"film {scatter.randrange(25)}") for r in plain.records
    )
    plain = plain.replace(records=records)
    before: set[str] = set()
    for shots in (1, 2, 4, 8, 16):
        found = split(plain, data(shots=shots))
        for part in (VALIDATION, TEST):
            inside = {record.group for record in found.of(part)}
            assert inside.isdisjoint(r.group for r in found.records if r.split is not part)
        assert before <= paths(found.of(TRAIN))
        before = paths(found.of(TRAIN))


def test_few_large_groups_reach_every_part() -> None:
    found = split(grouped({"cat": 30, "dog": 30}, 10), data())
    assert [numbers(found, part) for part in (TRAIN, VALIDATION, TEST)] == [[10, 10]] * 3


def test_exact_copies_that_are_kept_stay_together() -> None:
    plain = dataset({"cat": 60, "dog": 60})
    records = tuple(
        ImageRecord(r.path, r.class_index, None, None, f"digest {i // 2}")
        for i, r in enumerate(plain.records)
    )
    found = split(plain.replace(records=records), data())
    homes: dict[str, set[Split | None]] = {}
    for record in found.records:
        homes.setdefault(record.digest, set()).add(record.split)
    assert all(len(home) == 1 for home in homes.values())


# --- parts of the source's own ----------------------------------------------------------------


def with_parts(**parts: int) -> Dataset:
    records = tuple(
        ImageRecord(f"{part}/{name}/{i}.jpg", index, Split(part))
        for part, count in parts.items()
        for index, name in enumerate(("cat", "dog"))
        for i in range(count)
    )
    return Dataset("/set", ("cat", "dog"), records, has_splits=True)


@pytest.mark.parametrize(
    ("parts", "options", "expected"),
    [
        ({"train": 20, "validation": 5, "test": 6}, {}, {"train": 40, "validation": 10, "test": 12}),
        ({"train": 20, "test": 6}, {}, {"train": 34, "validation": 6, "test": 12}),
        ({"train": 20, "validation": 5}, {}, {"train": 40, "validation": 10}),
        (
            {"train": 20, "validation": 5, "test": 6},
            {"shots": 4},
            {"train": 8, "validation": 10, "test": 12, "unused": 32},
        ),
        (
            {"train": 20, "test": 6},
            {"shots": 4},
            {"train": 8, "validation": 8, "test": 12, "unused": 24},
        ),
        ({"train": 20, "validation": 5}, {"shots": 4}, {"train": 8, "validation": 10, "unused": 32}),
    ],
)
def test_own_parts(parts: dict[str, int], options: dict[str, Any], expected: dict[str, int]) -> None:
    found = split(with_parts(**parts), data(**options))
    assert Counter(record.split for record in found.records) == expected
    for record in found.records:
        own = record.path.split("/")[0]
        if own != "train":
            assert record.split == own


def test_a_source_without_training_part() -> None:
    with pytest.raises(EngineError, match="no training part, only: test, validation"):
        split(with_parts(validation=3, test=3), data())


# --- what the recipe chooses ------------------------------------------------------------------


def test_classes_are_numbered_anew() -> None:
    found = split(dataset({"ant": 9, "bee": 9, "cat": 9}), data(classes=("cat", "bee")))
    assert found.classes == ("bee", "cat")
    assert {(r.path[:3], r.class_index) for r in found.records} == {("bee", 0), ("cat", 1)}


def test_classes_that_are_not_there() -> None:
    with pytest.raises(EngineError, match="cow"):
        split(dataset({"cat": 9, "dog": 9}), data(classes=("cat", "dog", "cow")))
    with pytest.raises(EngineError, match="only one class"):
        split(dataset({"cat": 9, "dog": 9}), data(classes=("cat",)))


def test_pictures_that_are_left_out() -> None:
    found = split(dataset({"cat": 9, "dog": 9}), data(leave_out=("cat/3.jpg", "dog\\4.jpg")))
    assert len(found.records) == 16
    assert paths(found.records).isdisjoint({"cat/3.jpg", "dog/4.jpg"})


def test_classes_too_small_are_named() -> None:
    with pytest.raises(EngineError, match=r"validation in: ant, cat\.") as caught:
        split(dataset({"ant": 1, "bee": 9, "cat": 1}), data())
    assert caught.value.message.hint
    with pytest.raises(EngineError, match="bee"):
        split(grouped({"ant": 9, "bee": 3}, 3), data())
    parts = with_parts(train=3, test=3)
    no_dog = tuple(record for record in parts.records if not record.path.startswith("train/dog"))
    with pytest.raises(EngineError, match="train on in: dog"):
        split(parts.replace(records=no_dog), data())
