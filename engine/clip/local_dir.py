"""An open_clip folder read by open_clip itself, with its own transforms and tokenizer, to check exports.

Only for folders of our own: what ``backbone.from_folder`` refuses of a stranger's is not refused here.

N: pictures, T: captions of a class, D: embedding, C, H, W: channels, height, width.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.clip import library
from engine.clip.quiet import quiet
from engine.clip.sources import CONFIG_FILE


class LocalDir:
    """Model, evaluation transform and tokenizer of ``local-dir:`` and a folder."""

    def __init__(self, folder: Path) -> None:
        with quiet():
            open_clip = library.load(text_towers=_has_text_tower(folder))
            name = f"local-dir:{folder}"
            self.model: Any
            self.model, _, self.transform = open_clip.create_model_and_transforms(name)
            self._tokenizer: Any = open_clip.get_tokenizer(name)
        self.model.eval()

    def pixels(self, images: Sequence[Any]) -> Tensor:
        """images_NCHW of PIL pictures, by open_clip's transform."""
        return torch.stack([self.transform(image) for image in images])

    def embeddings(self, images_NCHW: Tensor) -> Tensor:
        """Normalised image_ND."""
        with torch.inference_mode():
            return F.normalize(self.model.encode_image(images_NCHW), dim=-1)

    def logits(self, image_ND: Tensor, rows_KD: Tensor) -> Tensor:
        """N × K of normalised class embeddings, with open_clip's own scale and bias."""
        with torch.inference_mode():
            logits_NK: Tensor = self.model.logit_scale.exp() * image_ND @ rows_KD.T
            bias = getattr(self.model, "logit_bias", None)
            return logits_NK if bias is None else logits_NK + bias

    def class_embedding(self, captions: list[str]) -> Tensor:
        """The normalised mean of the captions' normalised embeddings; D."""
        with torch.inference_mode(), quiet():
            texts_TD = F.normalize(self.model.encode_text(self._tokenizer(captions)), dim=-1)
            return F.normalize(texts_TD.mean(dim=0), dim=0)


def _has_text_tower(folder: Path) -> bool:
    """Whether its captions go through a tower of transformers."""
    content = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    return bool(content["model_cfg"]["text_cfg"].get("hf_model_name"))
