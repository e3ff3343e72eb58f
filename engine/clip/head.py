"""The zero-shot head: what the text tower knows of each class.

Legend: N captions in all, C classes, L tokens, D embedding width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.control import Control

_BATCH = 256


def class_embeddings(
    backbone: Backbone, captions_per_class: Sequence[Sequence[str]], batch: int = _BATCH
) -> Tensor:
    """Head text_CD, on the model's device: for each class the normalised mean of its captions' embeddings.

    Each caption is embedded with the text tower as it is now and normalised before the mean. Each
    class needs at least one caption; ``batch`` captions go through the tower at once. Follows
    torch's grad mode. The scale is for the caller to apply.
    """
    if not all(captions_per_class):
        raise ValueError("a class has no caption")
    tokens_NL = backbone.tokenize([caption for captions in captions_per_class for caption in captions])
    return mean_embeddings(backbone, tokens_NL, [len(captions) for captions in captions_per_class], batch)


def mean_embeddings(
    backbone: Backbone,
    tokens_NL: Tensor,
    captions_of_each: Sequence[int],
    batch: int = _BATCH,
    control: Control | None = None,
) -> Tensor:
    """As ``class_embeddings``, of captions that are tokenised already, class after class.

    Looks at ``control`` between batches.
    """
    rows = []
    for part_TL in torch.split(tokens_NL, batch):
        if control is not None:
            control.check()
        rows.append(backbone.encode_texts(part_TL))
    text_ND = torch.cat(rows)
    counts_C = torch.tensor(list(captions_of_each), device=text_ND.device)
    classes_N = torch.repeat_interleave(torch.arange(len(captions_of_each), device=text_ND.device), counts_C)
    # padded to a rectangle rather than index_add: a plain sum has one order on every device
    longest = max(captions_of_each)
    starts_C = counts_C.cumsum(0) - counts_C
    places_N = torch.arange(len(text_ND), device=text_ND.device) - starts_C[classes_N]
    padded_CMD = text_ND.new_zeros(len(captions_of_each), longest, text_ND.shape[1])
    padded_CMD = padded_CMD.index_put((classes_N, places_N), text_ND)
    return F.normalize(padded_CMD.sum(dim=1) / counts_C[:, None], dim=-1)
