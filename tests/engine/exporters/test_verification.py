"""Comparing outputs, and errors at thresholds, against plain computations."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import EngineError
from engine.exporters.reader import Outputs, softmax
from engine.exporters.unsure import THRESHOLDS, at, measured
from engine.exporters.verification import Check, Rows, compare, judged

ROWS_CD = 10 * np.eye(3)
"""Three classes, scale 10."""


def outputs(embeddings_ND: np.ndarray) -> Outputs:
    return Outputs(embeddings_ND @ ROWS_CD.T, embeddings_ND)


def unit(*rows: tuple[float, float, float]) -> np.ndarray:
    found = np.array(rows)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_differences_are_the_largest() -> None:
    run = unit((1, 0, 0), (0, 1, 0), (0, 0.3, 1))
    other = run.copy()
    other[1, 2] += 3e-6
    check = compare("pixels", outputs(run), outputs(other), Rows(ROWS_CD), 1e-5)
    assert check.largest_cosine_difference == pytest.approx(3e-6)
    assert check.largest_logit_difference == pytest.approx(3e-5)
    assert check.logit_tolerance == pytest.approx(1e-4)
    assert check.passed
    assert not compare("pixels", outputs(run), outputs(other), Rows(ROWS_CD), 1e-6).passed


def test_a_class_may_change_only_within_the_margin() -> None:
    close = unit((1, 1 - 1e-6, 0), (0, 0, 1))
    turned = unit((1 - 1e-6, 1, 0), (0, 0, 1))
    check = compare("pixels", outputs(close), outputs(turned), Rows(ROWS_CD), 1e-5)
    assert (check.margin_exceeds, check.same_class, check.same_class_of_all) == (1, 1, 1)
    assert check.passed
    wrong = compare("pixels", outputs(close), outputs(unit((1, 0.9, 0), (1, 0, 0))), Rows(ROWS_CD), 1e-5)
    assert (wrong.margin_exceeds, wrong.same_class) == (1, 0)
    assert not wrong.passed


@pytest.mark.parametrize("broken", [np.full((2, 3), np.nan), np.zeros((1, 3)), np.zeros((2, 4))])
def test_what_is_no_answer_at_all_fails(broken: np.ndarray) -> None:
    run = outputs(unit((1, 0, 0), (0, 1, 0)))
    check = compare("pixels", run, Outputs(broken, run.embeddings_ND), Rows(ROWS_CD), 1e-5)
    assert check.largest_logit_difference == float("inf")
    assert not check.passed


def test_a_mismatch_names_what_differs_and_a_weak_check_is_told() -> None:
    run = outputs(unit((1, 0, 0), (1, 0.1, 0)))
    good = compare("pixels", run, run, Rows(ROWS_CD), 1e-5)
    verified = judged("onnx", "validation", run, Rows(ROWS_CD), [good])
    assert verified.weak
    assert verified.predicted_classes == 1
    bad: Check = compare("files", run, outputs(unit((0, 1, 0), (1, 0.1, 0))), Rows(ROWS_CD), 1e-5)
    with pytest.raises(EngineError) as raised:
        judged("onnx", "validation", run, Rows(ROWS_CD), [good, bad])
    assert raised.value.message.code == "export.mismatch"
    assert raised.value.message.arguments["way"] == "files"
    assert raised.value.message.arguments["different"] == 1


def test_errors_at_thresholds_against_a_plain_loop() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(size=(200, 4)) * 2
    labels = random.integers(0, 4, 200)
    found = measured(logits, labels)
    assert [each.threshold for each in found] == list(THRESHOLDS)
    for each in found:
        sure = [i for i in range(200) if softmax(logits)[i].max() >= each.threshold]
        wrong = [i for i in sure if logits[i].argmax() != labels[i]]
        assert each.answered == pytest.approx(len(sure) / 200)
        assert each.wrong == (pytest.approx(len(wrong) / len(sure)) if sure else None)
    half = at(found, 0.57)
    assert half is not None
    assert half.threshold == 0.55
    assert at((), 0.5) is None
