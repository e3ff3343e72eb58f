"""Mean, spread and paired differences over seeds, with numpy alone. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

RESAMPLES = 10_000
"""Resamples of a bootstrap interval."""


def spread(values: list[float]) -> dict[str, Any]:
    """Mean and standard deviation (n − 1 in its denominator; None for a single value)."""
    sd = round(float(np.std(values, ddof=1)), 6) if len(values) > 1 else None
    return {"mean": round(float(np.mean(values)), 6), "sd": sd, "n": len(values)}


def paired(ours: Mapping[Any, float], theirs: Mapping[Any, float]) -> dict[str, Any]:
    """Ours − theirs over the keys (seeds) that both have: mean, 95 % interval, and what to say of it.

    The interval is the percentile bootstrap of the mean difference (Efron 1979), pairs resampled
    with a fixed seed: the same figures give the same interval. With one pair there is none.
    """
    keys = [key for key in ours if key in theirs]
    if not keys:
        return {"mean": None, "interval": None, "n": 0, "verdict": "not comparable"}
    differences_N = np.array([ours[key] - theirs[key] for key in keys], dtype=np.float64)
    mean = round(float(differences_N.mean()), 6)
    if len(keys) == 1:
        return {"mean": mean, "interval": None, "n": 1, "verdict": "one seed says nothing"}
    random = np.random.default_rng(0)
    drawn_RN = random.integers(0, len(keys), (RESAMPLES, len(keys)))
    low, high = np.percentile(differences_N[drawn_RN].mean(axis=1), [2.5, 97.5])
    interval = [round(float(low), 6), round(float(high), 6)]
    return {"mean": mean, "interval": interval, "n": len(keys), "verdict": verdict(interval)}


def verdict(interval: list[float]) -> str:
    """In words: an interval that includes 0 shows no difference."""
    low, high = interval
    return "higher" if low > 0 else "lower" if high < 0 else "no clear difference"
