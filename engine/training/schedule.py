"""The learning rate as a function of the step."""

from __future__ import annotations

import math


def asked_warmup(warmup: float, total_steps: int) -> int:
    """The warm-up as asked for, in steps."""
    return round(warmup * total_steps) if warmup < 1 else int(warmup)


def warmup_steps(warmup: float, total_steps: int) -> int:
    """Warm-up in steps: under 1 ``warmup`` is a share of all steps, from 1 on a number of steps.

    A warm-up as long as the run would never leave it: it is cut to a tenth of the run.
    """
    steps = asked_warmup(warmup, total_steps)
    return steps if steps < total_steps else total_steps // 10


def warmup_cosine(step: int, total_steps: int, warmup: int, highest: float) -> float:
    """Learning rate of ``step`` (0-based): linear to ``highest`` over ``warmup`` steps, then cosine to 0.

    The same function as in the reference code of FLYP and open_clip, a step at a time.
    """
    if step < warmup:
        return highest * (step + 1) / warmup
    progress = (step - warmup) / max(1, total_steps - warmup)
    return highest * (1 + math.cos(math.pi * progress)) / 2
