"""Averages of the weights of several runs that began from the same pretrained ones.

Uniform (Wortsman et al., Model soups, ICML 2022, arXiv 2203.05482): w = mean of the runs.

Model Stock (Jang et al., ECCV 2024, arXiv 2403.19522), layer by layer:

    w = t·w̄ + (1 − t)·w₀        t = N·cosθ / (1 + (N − 1)·cosθ)

with N runs, their mean w̄, the pretrained w₀, and cosθ the mean over pairs of runs of the cosine
between their differences from w₀. A layer is a tensor here. Where the runs point apart (cosθ < 0) t is 0,
which the paper leaves open: w₀ is then nearer to the centre than any mix.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from engine.methods import State


def uniform(states: Sequence[State]) -> State:
    """The mean of each tensor; counters are taken from the first."""
    _require_alike(states)
    first = states[0]
    return {
        name: _mean([state[name] for state in states]) if tensor.is_floating_point() else tensor.clone()
        for name, tensor in first.items()
    }


def stock(before: State, states: Sequence[State]) -> State:
    """Model Stock of the runs' states; ``before`` is the pretrained one. Needs at least two states."""
    _require_alike([before, *states])
    if len(states) < 2:
        raise ValueError("Model Stock needs at least two runs")
    result: State = {}
    for name, start in before.items():
        if not start.is_floating_point():
            result[name] = states[0][name].clone()
            continue
        mean = _mean([state[name] for state in states])
        t = ratio([state[name].float() - start.float() for state in states])
        result[name] = torch.lerp(start.float(), mean.float(), t).to(start.dtype)
    return result


def ratio(differences: Sequence[Tensor]) -> float:
    """t of Model Stock, 0 to 1, from one layer's differences to the pretrained weights."""
    flat = [difference.double().flatten() for difference in differences]
    cosines = [_cosine(one, other) for one, other in combinations(flat, 2)]
    cosine = max(0.0, sum(cosines) / len(cosines))
    count = len(differences)
    return count * cosine / (1 + (count - 1) * cosine)


def _cosine(one: Tensor, other: Tensor) -> float:
    norms = float(one.norm() * other.norm())
    # a run that left the layer alone points nowhere
    return float(one @ other) / norms if norms > 0 else 0.0


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack([tensor.float() for tensor in tensors]).mean(dim=0).to(tensors[0].dtype)


def _require_alike(states: Sequence[State]) -> None:
    first = states[0]
    for other in states[1:]:
        odd = sorted(first.keys() ^ other.keys())
        odd += [name for name in first if name in other and first[name].shape != other[name].shape]
        if odd:
            raise ValueError(f"the states differ in {len(odd)} tensors, the first of them {odd[0]}")
