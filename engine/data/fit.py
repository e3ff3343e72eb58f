"""How a picture becomes the square that the model sees: crop, squash or letterbox.

The same three ways serve evaluation, training and export. For evaluation they equal
open_clip's transforms for ``resize_mode`` shortest, squash and longest, pixel for pixel.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

from PIL import Image

Mode = Literal["crop", "squash", "letterbox"]

MODE_OF_RESIZE: dict[Literal["shortest", "squash", "longest"], Mode] = {
    "shortest": "crop",
    "squash": "squash",
    "longest": "letterbox",
}
"""open_clip's word -> ours."""
RESIZE_OF_MODE: dict[Mode, Literal["shortest", "squash", "longest"]] = {
    mode: resize for resize, mode in MODE_OF_RESIZE.items()
}

_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, slots=True)
class Fit:
    """Target size in pixels and the way to reach it."""

    height: int
    width: int
    mode: Mode = "crop"
    interpolation: str = "bicubic"
    fill: tuple[int, int, int] = (0, 0, 0)
    """Colour of the letterbox's bars, 0 to 255."""

    @property
    def filter(self) -> Image.Resampling:
        return _FILTERS.get(self.interpolation, Image.Resampling.BICUBIC)


_LONGEST = 32
"""A picture longer than so many times what the model sees of it is cut before it is resized."""


def _without_far_ends(image: Image.Image, fit: Fit) -> Image.Image:
    """The middle of an extremely long picture, about the same centre; else the picture itself.

    Resized whole, a strip of 20 × 200,000 pixels would take gigabytes of which one square is used.
    """
    width, height = image.size
    ratio = min(height / fit.height, width / fit.width)
    left = max(0, math.floor((width - _LONGEST * fit.width * ratio) / 2))
    top = max(0, math.floor((height - _LONGEST * fit.height * ratio) / 2))
    return image.crop((left, top, width - left, height - top)) if left or top else image


def _resize_shorter_side(image: Image.Image, fit: Fit) -> Image.Image:
    image = _without_far_ends(image, fit)
    width, height = image.size
    if fit.height == fit.width:
        # the longer side is cut off, not rounded, as in torchvision
        if width <= height:
            size = (fit.width, int(fit.width * height / width))
        else:
            size = (int(fit.height * width / height), fit.height)
    else:
        ratio = min(height / fit.height, width / fit.width)
        size = (round(width / ratio), round(height / ratio))
    return image if size == image.size else image.resize(size, fit.filter)


def _centre(image: Image.Image, fit: Fit) -> Image.Image:
    """The middle of the target's size, with bars where the picture is smaller."""
    width, height = image.size
    if width < fit.width or height < fit.height:
        padded = Image.new("RGB", (max(width, fit.width), max(height, fit.height)), fit.fill)
        padded.paste(image, (max(0, fit.width - width) // 2, max(0, fit.height - height) // 2))
        image = padded
        width, height = image.size
    left = round((width - fit.width) / 2)
    top = round((height - fit.height) / 2)
    return image.crop((left, top, left + fit.width, top + fit.height))


def for_evaluation(image: Image.Image, fit: Fit) -> Image.Image:
    """The RGB picture as the model sees it outside training, ``fit.width`` × ``fit.height``."""
    if fit.mode == "squash":
        return image.resize((fit.width, fit.height), fit.filter)
    if fit.mode == "letterbox":
        width, height = image.size
        ratio = max(height / fit.height, width / fit.width)
        size = (max(1, round(width / ratio)), max(1, round(height / ratio)))
        return _centre(image.resize(size, fit.filter), fit)
    return _centre(_resize_shorter_side(image, fit), fit)


Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def random_crop(width: int, height: int, smallest: float, generator: random.Random) -> Box:
    """The box of torchvision's RandomResizedCrop(scale=(smallest, 1), ratio=(3/4, 4/3)).

    Ten tries; where none fits (a wide frame and a large share) the largest middle box whose
    sides are within the ratio.
    """
    area = width * height
    low, high = math.log(3 / 4), math.log(4 / 3)
    for _ in range(10):
        target = area * generator.uniform(smallest, 1.0)
        ratio = math.exp(generator.uniform(low, high))
        w = round(math.sqrt(target * ratio))
        h = round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            left = generator.randint(0, width - w)
            top = generator.randint(0, height - h)
            return left, top, left + w, top + h
    w, h = width, height
    if width / height < 3 / 4:
        h = round(w / (3 / 4))
    elif width / height > 4 / 3:
        w = round(h * (4 / 3))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def shape_keeping_crop(width: int, height: int, smallest: float, generator: random.Random) -> Box:
    """A box of the picture's own shape with a share of its area of at least ``smallest``."""
    side = math.sqrt(generator.uniform(smallest, 1.0))
    w, h = max(1, round(width * side)), max(1, round(height * side))
    left, top = generator.randint(0, width - w), generator.randint(0, height - h)
    return left, top, left + w, top + h


def for_training(
    image: Image.Image, fit: Fit, smallest: float, flip: bool, generator: random.Random
) -> Image.Image:
    """The RGB picture as the model sees it in training, ``fit.width`` × ``fit.height``.

    With crop, a random crop as in the reference code; with squash and letterbox a crop of the
    picture's own shape, then the same fitting as in evaluation, so that both show the model
    the same geometry. ``smallest`` = 1 leaves the picture as in evaluation.
    """
    if flip and generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if smallest >= 1:
        return for_evaluation(image, fit)
    if fit.mode == "crop":
        box = random_crop(image.width, image.height, smallest, generator)
        return image.crop(box).resize((fit.width, fit.height), fit.filter)
    box = shape_keeping_crop(image.width, image.height, smallest, generator)
    return for_evaluation(image.crop(box), fit)


def reduced(image: Image.Image, fit: Fit) -> Image.Image:
    """A large picture shrunk by a whole factor to no less than twice the target, to be kept in memory.

    Used for training pictures only, and always, so that what the model sees does not depend on
    whether a picture was found in memory.
    """
    factor = min(image.width // (2 * fit.width), image.height // (2 * fit.height))
    return image.reduce(factor) if factor >= 2 else image
