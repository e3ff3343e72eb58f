"""Figures against values computed by hand or by plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluation import metrics

LABELS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 2])


def logits_for(predicted, classes=3, high=2.0):
    logits = np.zeros((len(predicted), classes))
    logits[np.arange(len(predicted)), predicted] = high
    return logits


def test_summary_by_hand():
    result = metrics.summary(logits_for(PREDICTED), LABELS, ["a", "b", "c"])
    assert result["n"] == 6
    assert result["accuracy"] == pytest.approx(4 / 6)
    # F1: a 2·2/(3+2), b 2·1/(2+2), c 2·1/(1+2)
    assert result["macro_f1"] == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)
    assert result["worst_class_accuracy"] == pytest.approx(0.5)
    assert result["per_class"]["a"]["accuracy"] == pytest.approx(2 / 3)
    assert result["confusion"] == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    p_right, p_wrong = math.exp(2) / (math.exp(2) + 2), 1 / (math.exp(2) + 2)
    assert result["nll"] == pytest.approx(-(4 * math.log(p_right) + 2 * math.log(p_wrong)) / 6)
    # all confidences are the same, so the error is that of one bin
    assert result["ece"] == pytest.approx(abs(4 / 6 - p_right))
    assert "worst_group_accuracy" not in result


def test_calibration_error_against_a_plain_loop():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(500, 4)) * 2
    labels = generator.integers(0, 4, 500)
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row, label in zip(logits, labels, strict=True):
        p = [math.exp(x) for x in row]
        p = [x / sum(p) for x in p]
        top = max(range(4), key=lambda c: p[c])
        bins.setdefault(math.ceil(p[top] * 15) - 1, []).append((p[top], top == label))
    expected = sum(
        len(b) / 500 * abs(sum(r for _, r in b) / len(b) - sum(c for c, _ in b) / len(b))
        for b in bins.values()
    )
    assert metrics.calibration_error(logits, labels) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(right, total, low, high):
    # reference values from Newcombe's formula (method 3 of Newcombe 1998)
    assert metrics.wilson(right, total) == pytest.approx((low, high), abs=2e-4)


def test_present_classes_restrict_the_logits():
    logits = np.array([[1.0, 5.0, 2.0], [3.0, 9.0, 1.0]])
    labels = np.array([2, 0])
    assert metrics.summary(logits, labels, ["a", "b", "c"])["accuracy"] == 0
    result = metrics.summary(logits, labels, ["a", "b", "c"], present=[0, 2])
    assert result["accuracy"] == 1
    assert result["classes"] == 2
    assert math.isfinite(result["nll"])
    assert result["nll"] == pytest.approx((math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))) / 2)


def test_worst_group():
    groups = ["x", "x", "y", "y", None, "x"]
    result = metrics.summary(logits_for(PREDICTED), LABELS, ["a", "b", "c"], groups)
    assert result["worst_group"] == "y"
    assert result["worst_group_accuracy"] == pytest.approx(0.5)


def test_classes_without_pictures_do_not_count():
    result = metrics.summary(logits_for(np.array([0, 0]), 3), np.array([0, 0]), ["a", "b", "c"])
    assert result["macro_f1"] == 1
    assert result["worst_class_accuracy"] == 1
    assert list(result["per_class"]) == ["a"]


def test_huge_logits_stay_finite():
    result = metrics.summary(np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([0, 0]), ["a", "b"])
    assert result["nll"] == pytest.approx(5000)


def test_intervals_hold_the_figure_and_shrink_with_the_number_of_pictures():
    generator = np.random.default_rng(1)
    widths = []
    for total in (100, 2500):
        labels = generator.integers(0, 3, total)
        logits = generator.normal(size=(total, 3)) + 2 * np.eye(3)[labels]
        groups = [("x", "y", None)[i % 3] for i in range(total)]
        result = metrics.summary(logits, labels, ["a", "b", "c"], groups)
        assert result["intervals"] == metrics.summary(logits, labels, ["a", "b", "c"], groups)["intervals"]
        assert set(result["intervals"]) == {
            "macro_f1",
            "worst_class_accuracy",
            "worst_group_accuracy",
            "ece",
            "nll",
        }
        low, high = result["intervals"]["nll"]
        # for a mean the bootstrap must agree with the textbook interval
        losses = -metrics.log_softmax(logits)[np.arange(total), labels]
        half = 1.96 * losses.std() / math.sqrt(total)
        assert (low, high) == pytest.approx((losses.mean() - half, losses.mean() + half), abs=0.15 * half)
        for name in ("macro_f1", "nll"):
            assert result["intervals"][name][0] < result[name] < result["intervals"][name][1]
        widths.append(high - low)
    assert widths[1] < 0.35 * widths[0]
