"""Paper grain, brush streaks and other noise, made once and then cut from at random places."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Plane = NDArray[np.floating[Any]]

_SIDE = 1024
_REFERENCE = 288


def _ranked(plane: Plane) -> Plane:
    """Spreads the values evenly over 0..1, so that a threshold t covers exactly the share t of the area."""
    order = np.argsort(plane, axis=None)
    out = np.empty(plane.size, np.float32)
    out[order] = np.linspace(0, 1, plane.size, dtype=np.float32)
    return out.reshape(plane.shape)


@cache
def _tile(kind: str) -> Plane:
    rng = np.random.default_rng(sum(kind.encode()))
    if kind.startswith("streak"):
        angle = float(kind.removeprefix("streak"))
        wide = Image.fromarray(rng.random((_SIDE * 3 // 4, _SIDE // 14)).astype(np.float32)).resize(
            (_SIDE * 3 // 2, _SIDE * 3 // 2), Image.Resampling.BICUBIC
        )
        turned = np.asarray(wide.rotate(angle, Image.Resampling.BICUBIC), np.float32)
        cut = _SIDE // 4
        return _ranked(
            turned[cut : cut + _SIDE, cut : cut + _SIDE]
            + 0.15 * rng.standard_normal((_SIDE, _SIDE)).astype(np.float32)
        )
    cell = {"fine": 1, "grain": 2, "tooth": 4, "ripple": 11, "cloud": 26, "wash": 90}[kind]
    small = Image.fromarray(rng.random((_SIDE // cell + 4, _SIDE // cell + 4)).astype(np.float32))
    big = small.resize((_SIDE + 4 * cell, _SIDE + 4 * cell), Image.Resampling.BICUBIC)
    return _ranked(np.asarray(big, np.float32)[:_SIDE, :_SIDE])


def noise(kind: str, side: int, rng: np.random.Generator) -> Plane:
    """A square of noise between 0 and 1.

    Kinds: fine, grain, tooth, ripple, cloud and wash from small to large; streak0 to streak180 is brushed in
    that direction.
    """
    tile = _tile(kind)
    # The grain keeps its size relative to the picture, so that small and large ones look alike.
    stride = max(round(_REFERENCE / side), 1)
    y, x = rng.integers(0, _SIDE - side * stride, 2)
    out = tile[y : y + side * stride : stride, x : x + side * stride : stride]
    return out[::-1] if rng.random() < 0.5 and not kind.startswith("streak") else out


def shifted(image: Plane, side: int, rng: np.random.Generator, reach: float, kind: str = "cloud") -> Plane:
    """The image with its edges made uneven: every pixel is fetched from up to `reach` pixels away."""
    rows, columns = np.indices((side, side), dtype=np.float32)
    dy, dx = (noise(kind, side, rng) - 0.5) * 2 * reach, (noise(kind, side, rng) - 0.5) * 2 * reach
    y = np.clip(rows + dy, 0, side - 1).astype(np.int32)
    x = np.clip(columns + dx, 0, side - 1).astype(np.int32)
    return image[y, x]


def blurred(plane: Plane, radius: float) -> Plane:
    """A soft copy of one plane."""
    image = Image.fromarray(np.clip(plane * 255, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.BoxBlur(radius)), np.float32) / 255
