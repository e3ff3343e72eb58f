"""Weights between before and after (WiSE-FT; Wortsman et al., CVPR 2022, arXiv 2109.01903).

θ(α) = (1 − α)·θ_pretrained + α·θ_finetuned
"""

from __future__ import annotations

import torch
from torch import Tensor


def blend(before: dict[str, Tensor], after: dict[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """The blended state; α = 0 and 1 give back exactly one side.

    Floating tensors, running statistics of BatchNorm among them, are interpolated; counters
    are taken from ``after``. Raises ValueError if the two states differ in keys or shapes.
    """
    if before.keys() != after.keys():
        odd = sorted(before.keys() ^ after.keys())
        raise ValueError(f"the two states differ in {len(odd)} keys, the first of them {odd[0]}")
    result = {}
    for name, late in after.items():
        early = before[name]
        if early.shape != late.shape:
            raise ValueError(f"{name} has shape {tuple(early.shape)} before and {tuple(late.shape)} after")
        if alpha == 1 or not late.is_floating_point():
            result[name] = late.clone()
        elif alpha == 0:
            result[name] = early.clone()
        else:
            result[name] = torch.lerp(early.float(), late.float(), alpha).to(late.dtype)
    return result
