"""Reading with open_clip's modules as this program builds them: a model and a head.

B: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.evaluation.features import Normalizer
from engine.exporters.about import About
from engine.exporters.reader import Outputs, Pixels, Reader
from engine.methods import Head


class TowerReader(Reader):
    """An image tower and a head, on the CPU."""

    def __init__(self, backbone: Backbone, head: Head, about: About) -> None:
        self._backbone, self._head = backbone, head
        p = about.preprocessing
        # the export's own words on its pictures hold, also where the base weights say otherwise
        backbone.preprocess = dataclasses.replace(backbone.preprocess, mean=p.mean, std=p.std)
        self._normalize = Normalizer(backbone, torch.device("cpu"))

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        with torch.inference_mode():
            embeddings_BD = self._backbone.encode_images(self._normalize(torch.from_numpy(images_BHWC)))
            return outputs(self._head, embeddings_BD)


def outputs(head: Head, embeddings_BD: Tensor) -> Outputs:
    """As arrays."""
    return Outputs(head(embeddings_BD).numpy(), embeddings_BD.numpy())
