"""How often a model is wrong where it says that it is sure. Torch-free.

N: pictures, C: classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.exporters.about import Unsure
from engine.exporters.reader import Floats, softmax

THRESHOLDS = (*(round(0.05 * i, 2) for i in range(20)), 0.98, 0.99)


def measured(logits_NC: Floats, labels_N: NDArray[np.int64]) -> tuple[Unsure, ...]:
    """For each threshold: the share of pictures whose best probability reaches it, and of those the wrong."""
    probabilities_NC = softmax(logits_NC)
    best_N = probabilities_NC.max(axis=1)
    wrong_N = probabilities_NC.argmax(axis=1) != labels_N
    found = []
    for threshold in THRESHOLDS:
        sure_N = best_N >= threshold
        wrong = float(wrong_N[sure_N].mean()) if sure_N.any() else None
        found.append(Unsure(threshold=threshold, answered=float(sure_N.mean()), wrong=wrong))
    return tuple(found)


def at(found: tuple[Unsure, ...], threshold: float) -> Unsure | None:
    """The measurement at the threshold, or at the nearest one below it."""
    below = [each for each in found if each.threshold <= threshold + 1e-9]
    return below[-1] if below else None
