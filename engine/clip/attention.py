"""Where a model keeps what makes queries, keys and values in its attention blocks.

open_clip's blocks have one matrix for all three (``in_proj_weight``), timm's a layer ``qkv``,
others three layers. Pooling by attention at a tower's end is no block and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from engine.clip.backbone import Backbone

Tower = Literal["image", "text"]
_SEPARATE = (("q_proj", "k_proj", "v_proj"), ("query", "key", "value"))
_POOLING = ("attnpool", "attn_pool", "head.pool")


@dataclass(frozen=True)
class AttentionWeight:
    """A matrix that makes queries, keys or values, or all three one under the other."""

    name: str
    """Of the parameter, as open_clip names it."""
    tower: Tower
    parts: int
    """3 where it makes all three, else 1."""


def attention_weights(backbone: Backbone) -> list[AttentionWeight]:
    """Every such matrix of both towers, in the order of the modules."""
    found = []
    for name, module in backbone.model.named_modules():
        if any(pooling in name for pooling in _POOLING):
            continue
        tower: Tower = "image" if name.startswith("visual.") else "text"
        for own, parts in _weights(module):
            found.append(AttentionWeight(f"{name}.{own}", tower, parts))
    return found


def _weights(module: nn.Module) -> list[tuple[str, int]]:
    if isinstance(getattr(module, "in_proj_weight", None), nn.Parameter):
        return [("in_proj_weight", 3)]
    fused = getattr(module, "qkv", None)
    if isinstance(fused, nn.Linear) and fused.out_features % 3 == 0:
        return [("qkv.weight", 3)]
    for names in _SEPARATE:
        if all(isinstance(getattr(module, name, None), nn.Linear) for name in names):
            return [(f"{name}.weight", 1) for name in names]
    return []
