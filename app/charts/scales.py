"""Ticks of an axis, and words pushed apart. Knows no Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence


def step_of(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, … × 10^n that cuts ``span`` into at most ``most`` parts."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def whole_ticks(end: int, most: int = 7) -> list[int]:
    """Steps to write under the x-axis: round numbers, and the last step of the run."""
    if end <= 0:
        return [0]
    # equal parts that come out round, as 720 = 6 × 120
    for parts in range(most, 1, -1):
        size, rest = divmod(end, parts)
        if rest == 0 and size % (10 if end >= 100 else 5 if end >= 50 else 1) == 0:
            return [size * i for i in range(parts + 1)]
    size = max(1, round(step_of(end, most)))
    ticks = list(range(0, end + 1, size))
    if end - ticks[-1] > 0.6 * size:
        ticks.append(end)
    elif ticks[-1] != end and len(ticks) > 1:
        ticks[-1] = end
    return ticks


def level_ticks(top: float, most: int = 3) -> list[float]:
    """From 0 up to at least ``top`` in round steps; the last one is the axis' end."""
    step = step_of(top, most) if top > 0 else 1.0
    count = max(1, math.ceil(top / step - 1e-9))
    return [round(step * i, 12) for i in range(count + 1)]


def log_ticks(low: float, top: float) -> list[float]:
    """1, 2 and 5 of every decade between two values; only the decades where that would be many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(top))
    factors: tuple[int, ...] = (1, 2, 5) if last - first <= 2 else (1,)
    ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
    return [tick for tick in ticks if low * 0.999 <= tick <= top * 1.001]


def tick_text(value: float, step: float) -> str:
    """With as many decimals as the step between ticks has."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value:.{decimals}f}"


def pushed_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, at least ``gap`` apart and within the bounds, in the same order.

    Where there is no room for all, they stand as close as they must.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    if len(order) > 1:
        gap = min(gap, (high - low) / (len(order) - 1))
    placed = [min(max(wanted[i], low), high) for i in order]
    # groups that touch share the shift, so that none goes further than it must
    groups: list[list[float]] = []
    for place in placed:
        groups.append([place])
        while len(groups) > 1 and _end(groups[-2], gap) + gap > _start(groups[-1], gap):
            groups[-2:] = [groups[-2] + groups[-1]]
    made: list[float] = []
    for group in groups:
        first = min(max(_start(group, gap), low), high - gap * (len(group) - 1))
        made += [first + gap * i for i in range(len(group))]
    for i in range(1, len(made)):
        made[i] = max(made[i], made[i - 1] + gap)
    for i in range(len(made) - 1, -1, -1):
        made[i] = min(made[i], high if i == len(made) - 1 else made[i + 1] - gap)
    result = [0.0] * len(order)
    for i, place in zip(order, made, strict=True):
        result[i] = place
    return result


def _start(group: list[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _end(group: list[float], gap: float) -> float:
    return _start(group, gap) + gap * (len(group) - 1)
