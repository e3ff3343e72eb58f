"""Picture embeddings of a whole set, in fp32, with progress and a way out.

N: pictures, D: embedding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Loader, Pictures
from engine.data.fit import MODE_OF_RESIZE, RESIZE_OF_MODE, Fit
from engine.errors import OutOfMemory
from engine.memory import is_out_of_memory
from engine.recipe import Model

Encode = Callable[[Tensor], Tensor]
"""Preprocessed pictures on the device (B × C × H × W) to one row each."""

BATCH = 64
"""Pictures at once in evaluation."""
CUDA_BATCH = 256
"""The same on a GPU, where small models else wait for their kernels to be started."""


def choose_fit(backbone: Backbone, model: Model) -> Fit:
    """How pictures are fitted: the recipe's way, or with 'auto' the way the model was trained.

    The choice is written into the backbone, so that checkpoints and exports carry it.
    """
    if model.fit != "auto":
        resize_mode = RESIZE_OF_MODE[model.fit]
        backbone.preprocess = dataclasses.replace(backbone.preprocess, resize_mode=resize_mode)
    p = backbone.preprocess
    height, width = p.size
    fill = (p.fill_color,) * 3
    return Fit(height, width, MODE_OF_RESIZE[p.resize_mode], p.interpolation, fill)


class Normalizer:
    """Turns uint8 pictures into what the model takes: (x/255 - mean) / std, on the device."""

    def __init__(self, backbone: Backbone, device: torch.device, channels_last: bool = False) -> None:
        p = backbone.preprocess
        self._device = device
        self._scale_C11 = (1 / (255 * torch.tensor(p.std, device=device))).reshape(3, 1, 1)
        self._shift_C11 = (torch.tensor(p.mean, device=device) / torch.tensor(p.std, device=device)).reshape(
            3, 1, 1
        )
        self._format = torch.channels_last if channels_last else torch.contiguous_format

    def __repr__(self) -> str:
        mean, std = self._shift_C11.flatten().tolist(), self._scale_C11.flatten().tolist()
        return f"Normalizer({mean}, {std}, {self._device}, {self._format})"

    def __call__(self, images_BHWC: Tensor) -> Tensor:
        """images_BCHW in fp32 on the device."""
        if self._device.type == "cuda":
            # from ordinary memory the copy would wait for all that the device has still to do
            images_BHWC = images_BHWC.pin_memory()
        images = images_BHWC.to(self._device, non_blocking=True).permute(0, 3, 1, 2)
        return (images * self._scale_C11 - self._shift_C11).contiguous(memory_format=self._format)


def _embedded(backbone: Backbone, normalize: Normalizer, encode: Encode, images_BHWC: Tensor) -> Tensor:
    """Embeddings on the CPU; in halves where memory does not suffice for all at once."""
    try:
        return encode(normalize(images_BHWC)).float().cpu()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(images_BHWC) == 1:
            device = str(backbone.device)
            raise OutOfMemory("training.out_of_memory", str(error), device=device) from None
    if backbone.device.type == "cuda":
        torch.cuda.empty_cache()
    halves = torch.split(images_BHWC, len(images_BHWC) // 2 + len(images_BHWC) % 2)
    return torch.cat([_embedded(backbone, normalize, encode, half) for half in halves])


def image_features(
    backbone: Backbone,
    pictures: Pictures,
    loader: Loader,
    normalize: Normalizer,
    control: Control,
    progress: Callable[[int, int], None] | None = None,
    batch: int | None = None,
    encode: Encode | None = None,
) -> Tensor:
    """Normalised embeddings of every picture in order, N × D, on the CPU in fp32.

    With ``encode``, what that gives instead. ``batch`` left out follows from the device.
    The model is put into evaluation mode. Raises Cancelled when asked to.
    """
    backbone.model.eval()
    if batch is None:
        batch = CUDA_BATCH if backbone.device.type == "cuda" else BATCH
    groups = [
        list(range(start, min(start + batch, len(pictures)))) for start in range(0, len(pictures), batch)
    ]
    rows: list[Tensor] = []
    done = 0
    with torch.inference_mode():
        for part in loader.batches(pictures, groups, control):
            rows.append(_embedded(backbone, normalize, encode or backbone.encode_images, part.images_BHWC))
            done += len(part)
            if progress is not None:
                progress(done, len(pictures))
    return torch.cat(rows) if rows else torch.empty(0, 0)
