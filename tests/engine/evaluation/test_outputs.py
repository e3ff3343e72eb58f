"""What is kept of the logits gives the figures that all of them give; files come back as they were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.data.records import ImageRecord
from engine.errors import EngineError
from engine.evaluation import metrics, outputs


@dataclass
class Pictures:
    root: Path
    records: list[ImageRecord]


@dataclass
class Judged:
    name: str
    kind: str
    pictures: Pictures
    present: tuple[int, ...] | None = None


def judged(labels, groups=None, present=None, name="test", kind="test"):
    groups = groups or [None] * len(labels)
    records = [
        ImageRecord(f"c{label}/{number}.png", int(label), group=group)
        for number, (label, group) in enumerate(zip(labels, groups, strict=True))
    ]
    return Judged(name, kind, Pictures(Path("/pictures"), records), present)


def made(total, classes, present=None, seed=0):
    random = np.random.default_rng(seed)
    allowed = np.array(present if present is not None else range(classes))
    labels = random.choice(allowed, total)
    logits = random.normal(size=(total, classes)) * 3
    logits[np.arange(total), labels] += 3
    groups = random.choice(["north", "south", "east"], total).tolist()
    return logits, labels, groups


@pytest.mark.parametrize(
    ("classes", "present"), [(5, None), (40, None), (40, tuple(range(3, 40, 2))), (40, tuple(range(25)))]
)
def test_the_figures_are_those_of_all_logits(classes, present):
    logits, labels, groups = made(700, classes, present)
    kept = outputs.condense(logits, judged(labels, groups, present))
    allowed = classes if present is None else len(present)
    assert kept.top_NK.shape == kept.logits_NK.shape == (700, min(20, allowed))
    found = outputs.figures(kept, [f"c{c}" for c in range(classes)])
    wanted = metrics.summary(logits, labels, [f"c{c}" for c in range(classes)], groups, present)
    del wanted["intervals"]
    assert found.keys() == wanted.keys()
    for name in found:
        if name in ("ece", "nll"):
            assert found[name] == pytest.approx(wanted[name], abs=2e-6)
        else:
            assert found[name] == wanted[name], name


def test_probabilities_are_those_of_a_plain_softmax():
    logits, labels, _ = made(50, 30)
    kept = outputs.condense(logits.astype(np.float32), judged(labels))
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    best = np.sort(plain, axis=1)[:, ::-1]
    np.testing.assert_allclose(kept.probabilities_NK, best[:, :20], rtol=2e-5)
    np.testing.assert_allclose(kept.confidence_N, best[:, 0], rtol=2e-5)
    np.testing.assert_allclose(kept.true_probability_N, plain[np.arange(50), labels], rtol=2e-5)
    assert outputs.accuracy(kept) == metrics.accuracy(logits, labels)


def test_of_equal_logits_the_first_class_wins():
    kept = outputs.condense(np.zeros((2, 4)), judged([0, 3]))
    assert kept.top_NK.tolist() == [[0, 1, 2, 3]] * 2
    assert outputs.confusion(kept, 4).tolist() == [[1, 0, 0, 0], [0] * 4, [0] * 4, [1, 0, 0, 0]]


def test_a_class_that_is_not_allowed_is_never_said():
    logits = np.array([[9.0, 1.0, 2.0], [9.0, 3.0, 0.0]])
    kept = outputs.condense(logits, judged([1, 1], present=(1, 2)))
    assert kept.top_NK.tolist() == [[2, 1], [1, 2]]
    assert kept.lse_N[0] == pytest.approx(np.log(np.exp(1) + np.exp(2)))


def test_many_pictures_are_sorted_in_parts_of_the_same_result():
    logits, labels, _ = made(outputs._ROWS + 3, 6)
    kept = outputs.condense(logits, judged(labels))
    assert (kept.predicted_N == logits.argmax(axis=1)).all()
    assert kept.logits_NK[-1, 0] == np.float32(logits[-1].max())


def test_rows_and_pictures_must_agree():
    with pytest.raises(ValueError, match="2 rows of logits for 1 pictures"):
        outputs.condense(np.zeros((2, 3)), judged([0]))


NPY = (
    b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    + b" " * 60
    + b"\n"
    + bytes(8)
)


def saved(folder, weights="w1"):
    logits, labels, groups = made(40, 6)
    kept = [
        outputs.condense(logits, judged(labels, groups)),
        outputs.condense(logits[:, :6], judged(labels % 3, None, (0, 1, 2), "elsewhere", "shift")),
    ]
    outputs.write_sets(folder / "sets.json", weights, list("abcdef"), kept)
    outputs.write_stop(folder / "alpha-0.30.npz", weights, 0.3, kept)
    return kept


def test_files_come_back_as_they_were(tmp_path):
    kept = saved(tmp_path)
    sets = outputs.read_sets(tmp_path / "sets.json")
    assert (sets.weights, sets.classes) == ("w1", tuple("abcdef"))
    read = outputs.read_stop(tmp_path / "alpha-0.30.npz", sets)
    for before, after in zip(kept, read, strict=True):
        assert (after.name, after.kind, after.root, after.paths) == (
            before.name,
            before.kind,
            before.root,
            before.paths,
        )
        assert (after.groups, after.present) == (before.groups, before.present)
        for name in ("labels_N", *outputs._ARRAYS):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            assert getattr(after, name).dtype == getattr(before, name).dtype
    assert outputs.figures(read[0], sets.classes) == outputs.figures(kept[0], sets.classes)


def test_the_same_outputs_are_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        saved(tmp_path / name)
    for file in ("sets.json", "alpha-0.30.npz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_name_with_odd_bytes_comes_back(tmp_path):
    record = ImageRecord("c/\udcff.png", 0)
    kept = outputs.condense(np.zeros((1, 2)), Judged("test", "test", Pictures(Path("/p"), [record])))
    outputs.write_sets(tmp_path / "sets.json", "w", ["c", "d"], [kept])
    assert outputs.read_sets(tmp_path / "sets.json").sets[0].paths == ("c/\udcff.png",)


def test_outputs_of_other_weights_or_none_are_not_read(tmp_path):
    saved(tmp_path, "w1")
    kept = saved(tmp_path / "new", "w2")
    sets = outputs.read_sets(tmp_path / "new" / "sets.json")
    assert outputs.read_stop(tmp_path / "alpha-0.30.npz", sets) is None
    assert outputs.read_stop(tmp_path / "alpha-0.40.npz", sets) is None
    assert outputs.read_sets(tmp_path / "nothing.json") is None
    assert len(outputs.read_stop(tmp_path / "new" / "alpha-0.30.npz", sets)) == len(kept)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x80\x04\x95no pickle is read", NPY])
def test_damaged_files_are_said(tmp_path, content):
    saved(tmp_path)
    sets = outputs.read_sets(tmp_path / "sets.json")
    (tmp_path / "alpha-0.30.npz").write_bytes(content)
    with pytest.raises(EngineError) as caught:
        outputs.read_stop(tmp_path / "alpha-0.30.npz", sets)
    assert caught.value.message.code == "run.damaged"
    (tmp_path / "sets.json").write_bytes(content)
    with pytest.raises(EngineError, match=r"sets\.json"):
        outputs.read_sets(tmp_path / "sets.json")


def test_outputs_of_another_number_of_pictures_are_damaged(tmp_path):
    kept = saved(tmp_path)
    sets = outputs.read_sets(tmp_path / "sets.json")
    outputs.write_stop(tmp_path / "alpha-0.30.npz", "w1", 0.3, [kept[0]])
    with pytest.raises(EngineError, match=r"alpha-0\.30"):
        outputs.read_stop(tmp_path / "alpha-0.30.npz", sets)
