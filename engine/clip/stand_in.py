"""A backbone's towers computed with other parameters than its own, which stay as they are.

Gradients flow to the parameters that are given. Legend: B pictures, T captions, L tokens,
D embedding width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.clip.backbone import Backbone


class StandIn:
    """Encodes with stand-ins for some of a backbone's parameters, by open_clip's names."""

    def __init__(self, backbone: Backbone) -> None:
        self._images = _Images(backbone)
        self._texts = _Texts(backbone)

    def encode_images(self, parameters: Mapping[str, Tensor], images_BCHW: Tensor) -> Tensor:
        """Normalised embeddings of preprocessed pictures, B × D."""
        return _call(self._images, parameters, images_BCHW)

    def encode_texts(self, parameters: Mapping[str, Tensor], tokens_TL: Tensor) -> Tensor:
        """Normalised embeddings of tokenised captions, T × D."""
        return _call(self._texts, parameters, tokens_TL)


class _Images(nn.Module):
    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.model = backbone.model
        self._encode = backbone.encode_images

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self._encode(images_BCHW)


class _Texts(nn.Module):
    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.model = backbone.model
        self._encode = backbone.encode_texts

    def forward(self, tokens_TL: Tensor) -> Tensor:
        return self._encode(tokens_TL)


def _call(tower: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    stand_ins = {f"model.{name}": tensor for name, tensor in parameters.items()}
    encoded: Tensor = torch.func.functional_call(tower, stand_ins, (inputs,))
    return encoded
