"""The training loss as it grows: kept as arrays, smoothed as it comes, thinned out for drawing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.events import StepDone

Floats = NDArray[np.float64]
MOST_POINTS = 2000
"""More would not be seen, and cost time to draw."""


class LossTrace:
    """Follows a series' steps; each call takes only what is new."""

    def __init__(self, strength: float = 0.0) -> None:
        self._strength = strength
        self._source: list[StepDone] | None = None
        self._taken = 0
        self._count = 0
        self._last: StepDone | None = None
        self._steps = np.zeros(1024)
        self._raw = np.zeros(1024)
        self._smooth = np.zeros(1024)
        self._mean = 0.0
        self._weight = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Floats:
        return self._steps[: self._count]

    @property
    def raw(self) -> Floats:
        """Loss above its floor."""
        return self._raw[: self._count]

    @property
    def smooth(self) -> Floats:
        """Exponential moving average, corrected for its start; as ``series.smooth``."""
        return self._smooth[: self._count]

    def follow(self, source: list[StepDone]) -> bool:
        """Take in what is new; True if anything is. A list that was cut or replaced is read anew."""
        cut = len(source) < self._taken or (self._taken > 0 and source[self._taken - 1] is not self._last)
        restarted = source is not self._source or cut
        if restarted:
            self._source, self._taken, self._count, self._last = source, 0, 0, None
            self._mean, self._weight = 0.0, 0.0
        new = source[self._taken :]
        if not new:
            return restarted
        self._make_room(self._count + len(new))
        for event in new:
            loss = event.loss - event.floor
            if math.isfinite(loss):
                self._steps[self._count] = event.step
                self._raw[self._count] = max(0.0, loss)
                self._smooth[self._count] = self._smoothed(max(0.0, loss))
                self._count += 1
        self._taken, self._last = len(source), source[-1]
        return True

    def set_strength(self, strength: float) -> None:
        """Smooth more or less, 0 to below 1."""
        self._strength = strength
        self._mean, self._weight = 0.0, 0.0
        self._smooth[: self._count] = [self._smoothed(value) for value in self.raw.tolist()]

    def at(self, step: float) -> tuple[float, float] | None:
        """(step, smoothed loss) told nearest to a step."""
        if not self._count:
            return None
        right = int(np.searchsorted(self.steps, step))
        left = max(0, right - 1)
        right = min(right, self._count - 1)
        nearest = left if step - self._steps[left] <= self._steps[right] - step else right
        return float(self._steps[nearest]), float(self._smooth[nearest])

    def _smoothed(self, value: float) -> float:
        if self._strength <= 0:
            return value
        self._mean = self._strength * self._mean + (1 - self._strength) * value
        self._weight = self._strength * self._weight + (1 - self._strength)
        return self._mean / self._weight

    def _make_room(self, count: int) -> None:
        if count > len(self._steps):
            size = max(count, 2 * len(self._steps))
            self._steps = np.resize(self._steps, size)
            self._raw = np.resize(self._raw, size)
            self._smooth = np.resize(self._smooth, size)


def thinned(xs: Floats, ys: Floats, most: int = MOST_POINTS) -> tuple[Floats, Floats]:
    """At most about ``most`` points that look the same: of each stretch its lowest and its highest."""
    count = len(xs)
    if count <= most:
        return xs.copy(), ys.copy()
    size = math.ceil(count / (most // 2))
    whole = count // size * size
    stretches = ys[:whole].reshape(-1, size)
    starts = np.arange(0, whole, size)
    lows, highs = starts + stretches.argmin(axis=1), starts + stretches.argmax(axis=1)
    rest = np.arange(whole, count)
    kept = np.unique(np.concatenate([[0], lows, highs, rest, [count - 1]]))
    return xs[kept], ys[kept]


def every(xs: Floats, ys: Floats, most: int = MOST_POINTS) -> tuple[Floats, Floats]:
    """At most about ``most`` points of a line that is smooth already, with its last."""
    count = len(xs)
    if count <= most:
        return xs.copy(), ys.copy()
    kept = np.unique(np.append(np.arange(0, count, math.ceil(count / most)), count - 1))
    return xs[kept], ys[kept]
