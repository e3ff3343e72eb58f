"""How a picture becomes a model's input. Torch-free."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, cast

from engine.errors import EngineError

_OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
_OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)

Interpolation = Literal["bicubic", "bilinear"]
ResizeMode = Literal["shortest", "longest", "squash"]


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Size, normalisation and fit of a model's pictures."""

    size: tuple[int, int]
    """Height and width in pixels."""
    mean: tuple[float, float, float] = _OPENAI_MEAN
    """Of red, green, blue, each 0 to 1."""
    std: tuple[float, float, float] = _OPENAI_STD
    interpolation: Interpolation = "bicubic"
    resize_mode: ResizeMode = "shortest"
    """shortest: the shorter side to the size, then the middle cut out; longest: the longer side to
    the size, then bars; squash: both sides to the size."""
    fill_color: int = 0
    """Of the bars, 0 to 255."""

    def open_clip(self) -> dict[str, Any]:
        """As the ``preprocess_cfg`` of an open_clip_config.json."""
        return {
            "size": list(self.size),
            "mode": "RGB",
            "mean": list(self.mean),
            "std": list(self.std),
            "interpolation": self.interpolation,
            "resize_mode": self.resize_mode,
            "fill_color": self.fill_color,
        }


def pair(size: Any) -> tuple[int, int]:
    """Height and width from an int or a pair of them."""
    if isinstance(size, int):
        return size, size
    first, *rest = size
    return int(first), int(rest[0] if rest else first)


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    if not all(math.isfinite(value) for value in (red, green, blue)):
        raise ValueError("mean and std must be finite numbers")
    return red, green, blue


def settings(config: Any, where: str) -> dict[str, Any]:
    """The ``preprocess_cfg`` of a configuration, which may be left out; EngineError if it is no object."""
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise EngineError(
            "clip.bad_preprocess", where=where, reason=f"a {type(config).__name__} in the place of an object"
        )
    return dict(config)


def from_config(config: dict[str, Any], size: Any, where: str) -> Preprocess:
    """The Preprocess of an open_clip ``preprocess_cfg``; what it leaves out is as OpenAI's.

    ``size`` is the image tower's own (an int or height, width), which wins over the
    configuration's. Raises EngineError for values that mean nothing.
    """
    given = {key: value for key, value in config.items() if value is not None}
    try:
        interpolation = given.get("interpolation", "bicubic")
        if interpolation == "random":
            interpolation = "bicubic"  # random is for training from scratch; open_clip evaluates with bicubic
        resize_mode = given.get("resize_mode", "shortest")
        if interpolation not in ("bicubic", "bilinear") or resize_mode not in (
            "shortest",
            "longest",
            "squash",
        ):
            raise ValueError(f"interpolation {interpolation!r}, resize_mode {resize_mode!r}")
        std = _triple(given.get("std", _OPENAI_STD))
        if min(std) <= 0:
            raise ValueError(f"std {std}")
        return Preprocess(
            size=pair(size),
            mean=_triple(given.get("mean", _OPENAI_MEAN)),
            std=std,
            interpolation=cast(Interpolation, interpolation),
            resize_mode=cast(ResizeMode, resize_mode),
            fill_color=int(given.get("fill_color", 0)),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise EngineError("clip.bad_preprocess", str(error), where=where, reason=str(error)) from None
