"""Decoded pictures in memory, up to a budget. Torch-free.

Training asks for the same pictures every epoch; decoding them once is most of the gain.
Evaluation pictures are kept as the model sees them, training pictures shrunk to at most
about twice the target, before the random crop.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from engine.data.fit import Fit, for_evaluation, for_training, reduced
from engine.data.pictures import open_rgb

PixelsHWC = NDArray[np.uint8]


def default_budget() -> int:
    """A quarter of the memory that is free now, in bytes."""
    return int(psutil.virtual_memory().available) // 4


class PixelCache:
    """Thread-safe. What no longer fits in the budget is decoded again each time."""

    def __init__(self, fit: Fit, budget: int | None = None) -> None:
        self.fit = fit
        self._budget = default_budget() if budget is None else budget
        self._used = 0
        self._kept: dict[tuple[Path, bool], PixelsHWC] = {}
        self._lock = threading.Lock()

    def would_hold(self, pictures: int) -> bool:
        """Whether so many would fit if they were like those kept so far."""
        with self._lock:
            return self._used / max(1, len(self._kept)) * pictures <= self._budget

    def _get(self, path: Path, training: bool) -> PixelsHWC:
        kept = self._kept.get((path, training))
        if kept is not None:
            return kept
        image = open_rgb(path)
        image = reduced(image, self.fit) if training else for_evaluation(image, self.fit)
        pixels: PixelsHWC = np.asarray(image)
        with self._lock:
            if self._used + pixels.nbytes <= self._budget and (path, training) not in self._kept:
                self._kept[(path, training)] = pixels
                self._used += pixels.nbytes
        return pixels

    def evaluation(self, path: Path) -> PixelsHWC:
        """The picture as the model sees it: height × width × 3, 0 to 255."""
        return self._get(path, training=False)

    def training(self, path: Path, smallest: float, flip: bool, generator: random.Random) -> PixelsHWC:
        """A random crop of the picture: height × width × 3, 0 to 255."""
        image = Image.fromarray(self._get(path, training=True))
        return np.asarray(for_training(image, self.fit, smallest, flip, generator))
