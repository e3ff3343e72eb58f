"""``export.json``: what an export is, in plain data beside it. Torch-free.

It says what no format says by itself: which classes there are, how pictures are prepared, which run
and blend it came from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine import files
from engine.data.fit import Fit, Mode
from engine.errors import EngineError

FILE = "export.json"
SCHEMA = 1
"""Number of the file's layout."""

HeadKind = Literal["text", "matrix", "other"]
"""text: the text tower's own, which any CLIP folder computes by itself; matrix: a learned linear head;
other: a computation that is no matrix, such as a cache."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preprocessing(_Part):
    """How a picture becomes the model's input, after it was set upright (EXIF) and made RGB."""

    height: int = Field(ge=1, le=100_000)
    width: int = Field(ge=1, le=100_000)
    mode: Mode
    """crop: shorter side to the size, middle cut out; squash: both sides; letterbox: longer side, bars."""
    interpolation: Literal["bicubic", "bilinear"]
    fill: int = Field(ge=0, le=255)
    """Of the letterbox's bars."""
    mean: tuple[float, float, float]
    """Of red, green, blue, each 0 to 1; taken off after division by 255."""
    std: tuple[float, float, float]

    def fit(self) -> Fit:
        return Fit(self.height, self.width, self.mode, self.interpolation, (self.fill,) * 3)


class Base(_Part):
    """The weights that the run began from."""

    name: str
    weights: str | None
    sha256: str


class Unsure(_Part):
    """How often the model is wrong where its best probability reaches a threshold."""

    threshold: float
    answered: float
    """Share of the pictures whose best probability reaches it."""
    wrong: float | None
    """Share of those that are wrong; None where there are none."""


class About(_Part):
    """All of ``export.json``."""

    schema_number: int = Field(default=SCHEMA, alias="schema")
    format: str
    """Name of the exporter that made it."""
    options: dict[str, Any]
    """The exporter's own, as they were."""
    version: str
    """Of this program."""
    run: str
    """Name of the run's folder."""
    method: str
    alpha: float
    """Blend: 0 the weights before training, 1 those after."""
    base: Base
    classes: tuple[str, ...] = Field(min_length=2)
    """By the names of their folders, in the order of the outputs."""
    class_names: tuple[str, ...]
    """As the model is told them."""
    templates: tuple[str, ...]
    head: HeadKind
    untouched: bool
    """The image tower is still that of the base weights."""
    quick_gelu: bool
    scale: float
    """exp(logit_scale) of the model: what cosines are multiplied with."""
    bias: float | None
    """Logit bias of a model that was pretrained with the sigmoid loss."""
    preprocessing: Preprocessing
    measured_on: str = ""
    """The set that ``unsure`` was measured on."""
    unsure: tuple[Unsure, ...] = ()

    def captions(self) -> list[list[str]]:
        """Per class, its name in every template."""
        return [[t.replace("{}", name) for t in self.templates] for name in self.class_names]


def is_export(folder: Path) -> bool:
    """Whether a folder holds an export of ours."""
    return (folder / FILE).is_file()


def write(about: About, folder: Path) -> None:
    content = about.model_dump(mode="json", by_alias=True)
    files.write_text(folder / FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read(folder: Path) -> About:
    """Raises EngineError if the file is missing, damaged or newer than this program."""
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content.get("schema") if isinstance(content, dict) else None
        if isinstance(found, int) and found > SCHEMA:
            raise EngineError("export.newer", path=str(folder), found=found, known=SCHEMA)
        about = About.model_validate(content)
        if len(about.classes) != len(about.class_names):
            raise ValueError("it has not as many class names as classes")
    except FileNotFoundError:
        raise EngineError("export.not_one", path=str(folder)) from None
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        raise EngineError("export.damaged", str(error), path=str(path), reason=reason) from None
    except (OSError, ValueError) as error:
        raise EngineError("export.damaged", str(error), path=str(path), reason=str(error)) from None
    return about
