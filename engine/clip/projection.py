"""The image tower's last linear layer, which maps what was pooled into the shared space.

Most image towers end in one: open_clip's ViT in the matrix ``visual.proj``, a timm tower in
``visual.head.proj`` or its own classifier layer, a ModifiedResNet in the output layer of its
attention pooling. Towers that end in an MLP or in pooling without a layer after it have none.

Legend: B pictures, F width of what was pooled, D embedding width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.clip.backbone import Backbone


@dataclass(frozen=True)
class Projection:
    """Where a tower's projection is; its tensors are the model's own, not copies."""

    visual: nn.Module
    weight_name: str
    """Of the weight within the image tower."""
    bias_name: str | None
    """Of the bias, where there is one."""
    transposed: bool
    """The weight is kept as F × D, for a product from the right."""

    @property
    def weight(self) -> nn.Parameter:
        """The parameter as the model keeps it."""
        return self.visual.get_parameter(self.weight_name)

    @property
    def weight_DF(self) -> Tensor:  # noqa: N802  tensor names carry their dimensions
        """The same as D × F, with its gradient."""
        return self.weight.T if self.transposed else self.weight

    @property
    def bias_D(self) -> nn.Parameter | None:  # noqa: N802
        """What is added after the product."""
        return None if self.bias_name is None else self.visual.get_parameter(self.bias_name)

    def set_weight(self, weight_DF: Tensor) -> None:
        """Copy ``weight_DF`` into the model."""
        with torch.no_grad():
            self.weight.copy_(weight_DF.T if self.transposed else weight_DF)

    def pooled(self, images_BCHW: Tensor) -> Tensor:
        """What goes into the projection, B × F: the tower with an identity in its place."""
        weight = self.weight
        width = self.weight_DF.shape[1]
        stand_in = {self.weight_name: torch.eye(width, dtype=weight.dtype, device=weight.device)}
        if self.bias_name is not None:
            stand_in[self.bias_name] = torch.zeros(width, dtype=weight.dtype, device=weight.device)
        pooled_BF: Tensor = torch.func.functional_call(self.visual, stand_in, (images_BCHW,))
        return pooled_BF

    def __call__(self, pooled_BF: Tensor) -> Tensor:
        """Embeddings, B × D, not normalised."""
        return nn.functional.linear(pooled_BF, self.weight_DF, self.bias_D)


def find_projection(backbone: Backbone) -> Projection | None:
    """The projection of the backbone's image tower, or None if it ends in something else."""
    visual = backbone.visual
    proj = getattr(visual, "proj", None)
    if isinstance(proj, nn.Parameter):
        return Projection(visual, "proj", None, transposed=True)
    attention_pool = getattr(visual, "attnpool", None)
    if isinstance(getattr(attention_pool, "c_proj", None), nn.Linear):
        return _linear(visual, "attnpool.c_proj")
    head, trunk = getattr(visual, "head", None), getattr(visual, "trunk", None)
    if isinstance(head, nn.Sequential) and isinstance(trunk, nn.Module):
        if len(head):
            is_last = isinstance(getattr(head, "proj", None), nn.Linear) and head[-1] is head.proj
            return _linear(visual, "head.proj") if is_last else None
        for name, module in trunk.named_modules():
            # without a head of open_clip's, timm's own classifier gives the embedding
            if isinstance(module, nn.Linear) and module is _classifier(trunk):
                return _linear(visual, f"trunk.{name}")
    return None


def _classifier(trunk: nn.Module) -> object:
    get = getattr(trunk, "get_classifier", None)
    return get() if callable(get) else None


def _linear(visual: nn.Module, name: str) -> Projection:
    has_bias = visual.get_submodule(name).bias is not None
    return Projection(visual, f"{name}.weight", f"{name}.bias" if has_bias else None, transposed=False)
