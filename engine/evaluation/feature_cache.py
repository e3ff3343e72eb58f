"""What the pretrained image tower says of whole sets of pictures, kept in memory.

A set is kept as a whole, so that a row never depends on which other pictures were asked for
before: figures are the same whether they come from memory or not.

N: pictures, F: features.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor

from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Loader, Pictures
from engine.evaluation.features import Encode, Normalizer, image_features

_MOST_BYTES = 1 << 30
"""Of features kept; the sets used longest ago go first."""


class FeatureCache:
    """Features by model, device, fit, kind and pictures. For one thread."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, ...], Tensor] = OrderedDict()

    def get(
        self,
        backbone: Backbone,
        pictures: Pictures,
        loader: Loader,
        normalize: Normalizer,
        control: Control,
        progress: Callable[[int, int], None] | None = None,
        kind: str = "embeddings",
        encode: Encode | None = None,
    ) -> Tensor:
        """Features of every picture in order, N × F, on the CPU in fp32.

        The backbone must hold its pretrained weights as far as ``encode`` uses them (None: normalised
        embeddings); ``kind`` names what ``encode`` gives.
        """
        place = (
            backbone.base.sha256,
            str(backbone.base.name),
            str(backbone.device),
            str(loader.fit),
            str(normalize),
            kind,
            _digest(pictures),
        )
        kept = self._kept.get(place)
        if kept is None:
            kept = image_features(backbone, pictures, loader, normalize, control, progress, encode=encode)
            self._kept[place] = kept
            while len(self._kept) > 1 and sum(rows.nbytes for rows in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return kept


def _digest(pictures: Pictures) -> str:
    found = hashlib.sha256()
    for index in range(len(pictures)):
        found.update(pictures.identity(index).encode("utf-8", "surrogateescape") + b"\n")
    return found.hexdigest()
