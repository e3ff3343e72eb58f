"""Figures from logits and labels, with numpy alone. Torch-free.

N: pictures, C: classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Z95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""
RESAMPLES = 1000
"""Most resamples of a bootstrap; sets of many thousands get fewer."""
ECE_BINS = 15
"""As in Guo et al. 2017, arXiv 1706.04599."""


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927): sensible also near 0 and 1 and for few pictures."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    centre = share + Z95**2 / (2 * total)
    half = Z95 * sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2))
    scale = 1 + Z95**2 / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def log_softmax(logits_NC: Floats) -> Floats:
    """Logarithms of the probabilities, row by row."""
    shifted = logits_NC - logits_NC.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def cross_entropy(logits_NC: Floats, labels_N: Ints) -> float:
    """Mean negative log-probability of the right class, in nats."""
    return float(-log_softmax(logits_NC)[np.arange(len(labels_N)), labels_N].mean())


def accuracy(logits_NC: Floats, labels_N: Ints) -> float:
    """Share of pictures whose highest logit is the right class; the first class wins ties."""
    return float((logits_NC.argmax(axis=1) == labels_N).mean())


def _bins(confidence_N: Floats) -> Ints:
    # (a, b] bins, so that a confidence of exactly 1 falls into the last
    bins: Ints = np.clip(np.ceil(confidence_N * ECE_BINS).astype(int) - 1, 0, ECE_BINS - 1)
    return bins


def calibration_error(logits_NC: Floats, labels_N: Ints) -> float:
    """Expected calibration error of the top class over equal-width bins of confidence (0 to 1)."""
    log_NC = log_softmax(logits_NC)
    return binned_gap(np.exp(log_NC.max(axis=1)), logits_NC.argmax(axis=1) == labels_N)


def binned_gap(confidence_N: Floats, right_N: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and share of right ones, over equal-width bins (0 to 1)."""
    bin_N = _bins(confidence_N)
    total = 0.0
    for b in range(ECE_BINS):
        inside = bin_N == b
        if inside.any():
            total += inside.mean() * abs(right_N[inside].mean() - confidence_N[inside].mean())
    return float(total)


def confusion(predicted_N: Ints, labels_N: Ints, classes: int) -> Ints:
    """Counts, rows the true class, columns the predicted one."""
    matrix: Ints = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (labels_N, predicted_N), 1)
    return matrix


def f1_scores(matrix_CC: Ints) -> Floats:
    """F1 of each class, 0 where it was neither there nor predicted."""
    right = np.diag(matrix_CC).astype(float)
    mentioned = (matrix_CC.sum(axis=0) + matrix_CC.sum(axis=1)).astype(float)
    result: Floats = np.divide(2 * right, mentioned, out=np.zeros_like(right), where=mentioned > 0)
    return result


def intervals(
    logits_NC: Floats, labels_N: Ints, groups: Sequence[str | None] | None = None
) -> dict[str, list[float]]:
    """95 % percentile intervals of the figures that are no plain shares, by resampling pictures.

    The resamples are drawn with a fixed seed, so that the same figures give the same intervals.
    """
    total, classes = logits_NC.shape
    log_NC = log_softmax(logits_NC)
    return resampled(
        logits_NC.argmax(axis=1),
        labels_N,
        np.exp(log_NC.max(axis=1)),
        -log_NC[np.arange(total), labels_N],
        classes,
        groups,
    )


def resampled(
    predicted_N: Ints,
    labels_N: Ints,
    confidence_N: Floats,
    loss_N: Floats,
    classes: int,
    groups: Sequence[str | None] | None = None,
) -> dict[str, list[float]]:
    """``intervals`` from what they need of each picture: class, what was said, how surely, loss."""
    total = len(labels_N)
    right_N = (predicted_N == labels_N).astype(float)
    cell_N = labels_N * classes + predicted_N
    bin_N = _bins(confidence_N)
    gap_N = confidence_N - right_N
    names = sorted({group for group in groups or () if group is not None})
    group_N: Ints = np.array([-1 if g is None else names.index(g) for g in groups or ()], dtype=np.int64)
    random = np.random.default_rng(0)
    drawn: dict[str, list[float]] = {}
    for _ in range(max(100, min(RESAMPLES, 2_000_000 // total))):
        chosen: Ints = np.asarray(random.integers(0, total, total))
        matrix_CC = np.bincount(cell_N[chosen], minlength=classes**2).reshape(classes, classes)
        counts_C = matrix_CC.sum(axis=1)
        there = counts_C > 0
        drawn.setdefault("macro_f1", []).append(float(f1_scores(matrix_CC)[there].mean()))
        shares_C = np.diag(matrix_CC)[there] / counts_C[there]
        drawn.setdefault("worst_class_accuracy", []).append(float(shares_C.min()))
        gap_E = np.bincount(bin_N[chosen], weights=gap_N[chosen], minlength=ECE_BINS)
        drawn.setdefault("ece", []).append(float(np.abs(gap_E).sum() / total))
        drawn.setdefault("nll", []).append(float(loss_N[chosen].mean()))
        if len(names) > 1:
            member: Ints = chosen[group_N[chosen] >= 0]
            sizes = np.bincount(group_N[member], minlength=len(names))
            hits = np.bincount(group_N[member], weights=right_N[member], minlength=len(names))
            shares = hits[sizes > 0] / sizes[sizes > 0]
            if len(shares):
                drawn.setdefault("worst_group_accuracy", []).append(float(shares.min()))
    return {
        name: [float(edge) for edge in np.percentile(values, [2.5, 97.5])] for name, values in drawn.items()
    }


def summary(
    logits_NC: Floats,
    labels_N: Ints,
    classes: Sequence[str],
    groups: Sequence[str | None] | None = None,
    present: Sequence[int] | None = None,
) -> dict[str, Any]:
    """All figures of one set as plain data.

    ``present`` restricts the logits to the classes the set has (a shift set may have fewer).
    Classes and groups without a picture do not count in the worst and the mean ones.
    """
    if present is not None and len(present) < len(classes):
        masked = np.full_like(logits_NC, -np.inf)
        masked[:, list(present)] = logits_NC[:, list(present)]
        logits_NC = masked
    logits_NC = logits_NC.astype(np.float64)
    predicted_N = logits_NC.argmax(axis=1)
    result = described(
        confusion(predicted_N, labels_N, len(classes)),
        predicted_N == labels_N,
        classes,
        groups,
        present,
        ece=calibration_error(logits_NC, labels_N),
        nll=cross_entropy(logits_NC, labels_N),
    )
    result["intervals"] = intervals(logits_NC, labels_N, groups)
    return result


def described(
    matrix_CC: Ints,
    right_N: NDArray[np.bool_],
    classes: Sequence[str],
    groups: Sequence[str | None] | None,
    present: Sequence[int] | None,
    *,
    ece: float,
    nll: float,
) -> dict[str, Any]:
    """The figures that follow from a confusion matrix and from which pictures are right."""
    total = len(right_N)
    counts_C = matrix_CC.sum(axis=1)
    f1_C = f1_scores(matrix_CC)
    there: list[int] = np.flatnonzero(counts_C).tolist()
    low, high = wilson(int(right_N.sum()), total)
    per_class = {
        classes[c]: {
            "n": int(counts_C[c]),
            "accuracy": float(matrix_CC[c, c] / counts_C[c]),
            "interval": list(wilson(int(matrix_CC[c, c]), int(counts_C[c]))),
            "f1": float(f1_C[c]),
        }
        for c in there
    }
    result: dict[str, Any] = {
        "n": total,
        "accuracy": float(right_N.mean()),
        "interval": [low, high],
        "macro_f1": float(f1_C[there].mean()),
        "worst_class_accuracy": float((np.diag(matrix_CC)[there] / counts_C[there]).min()),
        "ece": ece,
        "nll": nll,
        "classes": len(there) if present is None else len(present),
        "per_class": per_class,
        "confusion": matrix_CC.tolist(),
    }
    names = sorted({group for group in groups or () if group is not None})
    if len(names) > 1:
        of = np.array([group or "" for group in groups or ()])
        per_group = {name: float(right_N[of == name].mean()) for name in names}
        worst = min(per_group, key=per_group.__getitem__)
        result["worst_group_accuracy"] = per_group[worst]
        result["worst_group"] = worst
    return result
