"""Learning rate: linear warm-up, cosine to zero."""

from __future__ import annotations

import math

import pytest

from engine.training.schedule import warmup_cosine, warmup_steps


def test_warmup_is_linear_and_reaches_the_highest():
    rates = [warmup_cosine(step, 100, 4, 2e-5) for step in range(4)]
    assert rates == pytest.approx([0.5e-5, 1e-5, 1.5e-5, 2e-5])


def test_cosine_ends_near_zero_and_is_half_in_the_middle():
    assert warmup_cosine(10, 110, 10, 1.0) == pytest.approx(1.0)
    assert warmup_cosine(60, 110, 10, 1.0) == pytest.approx(0.5)
    assert warmup_cosine(109, 110, 10, 1.0) == pytest.approx((1 + math.cos(math.pi * 0.99)) / 2)


@pytest.mark.parametrize(
    ("asked", "total", "steps"),
    [(0.1, 60, 6), (0, 60, 0), (500, 1000, 500), (500, 60, 6), (60, 60, 6), (1, 1, 0)],
)
def test_warmup_in_steps_never_takes_the_whole_run(asked, total, steps):
    assert warmup_steps(asked, total) == steps
