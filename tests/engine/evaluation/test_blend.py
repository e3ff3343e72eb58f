"""Blending two states."""

from __future__ import annotations

import pytest
import torch

from engine.evaluation.blend import blend

BEFORE = {"w": torch.tensor([0.0, 2.0]), "n": torch.tensor(3)}
AFTER = {"w": torch.tensor([4.0, 4.0]), "n": torch.tensor(7)}


@pytest.mark.parametrize(("alpha", "expected"), [(0.0, [0, 2]), (0.25, [1, 2.5]), (1.0, [4, 4])])
def test_floats_are_interpolated_and_counters_are_not(alpha, expected):
    result = blend(BEFORE, AFTER, alpha)
    assert result["w"].tolist() == expected
    assert result["n"] == 7


def test_the_ends_are_exact_copies():
    result = blend(BEFORE, AFTER, 1.0)
    result["w"].add_(1)
    assert AFTER["w"].tolist() == [4, 4]


def test_other_keys_and_shapes_are_refused():
    with pytest.raises(ValueError, match="differ in 1 keys"):
        blend(BEFORE, {"w": AFTER["w"]}, 0.5)
    with pytest.raises(ValueError, match="shape"):
        blend(BEFORE, {**AFTER, "w": torch.zeros(3)}, 0.5)
