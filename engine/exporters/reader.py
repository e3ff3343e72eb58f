"""What reads an export back: pictures in, embeddings and logits out. Torch-free.

B, N: pictures, C: classes, D: embedding, H, W: height and width, T: captions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""fp32 or fp64."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Outputs:
    """What a model says of some pictures."""

    logits_NC: Floats
    embeddings_ND: Floats
    """Normalised."""

    @staticmethod
    def joined(parts: Sequence[Outputs]) -> Outputs:
        """One after another."""
        return Outputs(
            np.concatenate([part.logits_NC for part in parts]),
            np.concatenate([part.embeddings_ND for part in parts]),
        )


@dataclass(frozen=True)
class OwnWay:
    """What a reader makes of picture files by its own preprocessing."""

    outputs: Outputs
    rows: tuple[int, ...]
    """The pictures that ``outputs`` is of."""
    elsewhere: int = 0
    """Pictures that it cuts out a pixel beside, by another rule of rounding; not in ``rows``."""


class Reader(ABC):
    """An export that was loaded."""

    @abstractmethod
    def __call__(self, images_BHWC: Pixels) -> Outputs:
        """Of pictures that have the model's size already, RGB, 0 to 255."""

    def from_files(self, paths: Sequence[Path], images_NHWC: Pixels) -> OwnWay | None:
        """Of picture files, by the format's own preprocessing; None if it brings none.

        ``images_NHWC``: what this program makes of the same files.
        """
        del paths, images_NHWC
        return None

    def second(self, images_BHWC: Pixels) -> Outputs | None:
        """By a second way that the export offers (encoders apart, say); None if it has but one."""
        del images_BHWC
        return None


def softmax(logits_NC: Floats) -> Floats:
    """Probabilities, in fp64."""
    shifted = logits_NC.astype(np.float64)
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return result
