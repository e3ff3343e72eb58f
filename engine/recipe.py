"""The recipe: all that decides a run. Frozen, validated, kept as TOML with a schema number.

The docstring under each field is its help: the command line and the window's forms show it.
"""

from __future__ import annotations

import contextlib
import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine import files, paths
from engine.errors import EngineError, ManyErrors

_WEIGHTS_SUFFIXES = frozenset({".safetensors", ".pt", ".pth", ".bin", ".ckpt"})
"""By which the name of a weights file is told from a pretrained tag."""

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""The stops of a blend between before (0) and after (1)."""

SCHEMA = 1
"""Number of the recipe's layout; a newer one is refused, an older one is read."""


class Part(BaseModel):
    """A frozen part of a recipe; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ShiftSource(Part):
    """Pictures of the same classes from elsewhere."""

    name: str = Field(min_length=1, pattern=r"^[^/\\:\s][^/\\:]*$")
    """A short name for tables and charts; not train, validation or test."""
    source: str
    """Folder of class folders, or a CSV/TSV file."""

    @field_validator("name")
    @classmethod
    def _not_a_split(cls, value: str) -> str:
        if value in {"train", "validation", "test", "unused"}:
            raise ValueError("is the name of a split; choose another")
        return value


class Data(Part):
    """Which pictures, and what each is used for."""

    source: str = Field(min_length=1)
    """Folder of class folders, folder with train/val/test folders, or a CSV/TSV file."""
    shots: int | None = Field(default=None, ge=1)
    """Training pictures per class (few-shot); leave out to use all."""
    validation: float = Field(default=0.15, gt=0, lt=1)
    """Share of the pictures held back for choosing (0 to 1); not used with shots or own parts."""
    test: float = Field(default=0.15, ge=0, lt=1)
    """Share of the pictures held back for judging (0 to 1); not used with shots or own parts."""
    validation_source: str | None = None
    """A folder or table of its own for validation."""
    test_source: str | None = None
    """A folder or table of its own for the test."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Which pictures are drawn into which part; the same seed gives the same parts anywhere."""
    classes: tuple[str, ...] = ()
    """Folder names of the classes to use; empty means all."""
    leave_out: tuple[str, ...] = ()
    """Pictures to leave out, as paths relative to the source."""
    keep: tuple[str, ...] = ()
    """Pictures to use although a problem was found (exact duplicates are else used once)."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Corrected classes: picture's path, relative to the source (absolute for one from elsewhere, as a shift set's) -> folder name of its class; the files stay as they are."""
    balanced: bool = False
    """Draw every class equally often in training, whatever its number of pictures."""
    shifts: tuple[ShiftSource, ...] = ()
    """Pictures of the same classes from elsewhere; they judge and choose nothing."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        names = [shift.name for shift in self.shifts]
        if len(set(names)) != len(names):
            raise ValueError("two shift sets have the same name")
        return self


class Prompts(Part):
    """What the model is told about each class."""

    templates: tuple[str, ...] = Field(default=("a photo of a {}.",), min_length=1)
    """Sentences with {} where the class name goes."""
    class_names: dict[str, str] = Field(default_factory=dict)
    """Folder name -> name shown to the model; classes not named here get their folder's name made readable."""

    @field_validator("templates")
    @classmethod
    def _braces(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for template in value:
            if template.count("{}") != 1:
                raise ValueError(f"needs {{}} exactly once in each template, not as in '{template}'")
        return value


class Model(Part):
    """Which CLIP the run starts from, and how pictures are fitted to it."""

    name: str = "starter"
    """'starter', an open_clip architecture such as ViT-B-16, 'hf-hub:owner/name', or the path of an open_clip folder."""
    weights: str | None = None
    """For an architecture name: open_clip's pretrained tag (openai, laion2b_s34b_b88k, …) or the path of a .safetensors or .pt file."""
    fit: Literal["auto", "crop", "squash", "letterbox"] = "auto"
    """How a picture becomes square: auto (as the model was trained), crop the middle, squash, or letterbox with bars."""


class Method(Part):
    """How it is finetuned."""

    name: str = "flyp"
    """A method that 'flyp methods' lists."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The method's own options; what is left out takes the method's default, "none" switches off what can be."""

    @field_validator("options", mode="before")
    @classmethod
    def _none_is_said(cls, value: Any) -> Any:
        # left out means the default; TOML has no word for "nothing"
        if isinstance(value, dict):
            return {name: "none" if item is None else item for name, item in value.items()}
        return value


class Training(Part):
    """The loop around the method."""

    epochs: int = Field(default=20, ge=0, le=100_000)
    """Passes over the training pictures; 0 only evaluates zero-shot."""
    batch_size: int = Field(default=32, ge=2, le=65536)
    """At most so many pictures a step; an epoch is cut into as few, nearly equal batches as that allows."""
    learning_rate: float = Field(default=1e-5, gt=0, le=1)
    """Highest learning rate, reached after the warm-up."""
    weight_decay: float = Field(default=0.1, ge=0, le=10)
    """AdamW's decoupled decay."""
    decay_all: bool = False
    """Decay every parameter as the paper's code does; else vectors and the temperature are spared, as in open_clip."""
    warmup: float = Field(default=0.1, ge=0)
    """Warm-up of the learning rate: under 1 a share of all steps, from 1 on a number of steps."""
    clip_gradient: float | None = Field(default=None, gt=0)
    """Largest norm of the whole gradient; leave out for what the method has by itself."""
    patience: int | None = Field(default=None, ge=1)
    """Stop when validation has not improved for this many epochs; leave out to train them all."""
    augment_scale: float = Field(default=0.9, gt=0, le=1)
    """Smallest share of a picture's area that the random crop of training keeps; 1 switches cropping off."""
    flip: bool = False
    """Mirror pictures left to right at random; not for writing, digits, or classes that differ by side."""
    freeze_batchnorm: bool = True
    """Keep BatchNorm's running statistics as pretrained; with few pictures they would be wrecked."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Arithmetic of training; auto tries what the device does in hardware and takes the fastest. Evaluation is always fp32."""
    micro_batch: int | None = Field(default=None, ge=1)
    """Pictures that go through the model at once; smaller needs less memory and gives the same gradients (while BatchNorm is frozen). Leave out to take the whole batch."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """CPU threads; leave out to take all cores."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Order of pictures, crops and templates."""

    @field_validator("warmup")
    @classmethod
    def _share_or_steps(cls, value: float) -> float:
        if value >= 1 and value != int(value):
            raise ValueError("is neither a share under 1 nor a whole number of steps")
        return value


class Blend(Part):
    """The weights between before and after (WiSE-FT)."""

    alpha: float = Field(default=1.0, ge=0, le=1)
    """0 is the pretrained model, 1 the finetuned one."""


class Recipe(Part):
    """All that decides a run."""

    schema_number: int = Field(default=SCHEMA, alias="schema")
    """Number of the recipe's layout."""
    data: Data
    """Which pictures."""
    prompts: Prompts = Prompts()
    """What the model is told about each class."""
    model: Model = Model()
    """What to start from."""
    method: Method = Method()
    """How to finetune."""
    training: Training = Training()
    """The loop."""
    blend: Blend = Blend()
    """Between before and after."""

    model_config = ConfigDict(populate_by_name=True)

    def replace(self, **changes: Any) -> Recipe:
        """A copy with ``section={field: value}`` or ``section=Part`` changed, validated again."""
        content = self.content()
        for section, change in changes.items():
            if isinstance(change, Part):
                content[section] = change.model_dump(mode="json", by_alias=True)
            elif isinstance(change, dict):
                content[section] = {**content[section], **change}
            else:
                content[section] = change
        return parse(content, "recipe")

    def content(self) -> dict[str, Any]:
        """Plain data of every field, as TOML or JSON would carry it."""
        return self.model_dump(mode="json", by_alias=True)


def _field_help(location: tuple[int | str, ...]) -> str:
    """The docstring of the field at ``location``, for an error's remedy."""
    part: Any = Recipe
    text = ""
    for name in location:
        if isinstance(name, int):
            continue
        fields = getattr(part, "model_fields", {})
        info = fields.get(name) or next((f for f in fields.values() if f.alias == name), None)
        if info is None:
            break
        text = info.description or text
        part = info.annotation
        if str(name) == "shifts":
            part = ShiftSource
    return text


def _known_fields(location: tuple[int | str, ...]) -> list[str]:
    part: Any = Recipe
    for name in location[:-1]:
        if isinstance(name, int):
            continue
        part = ShiftSource if name == "shifts" else part.model_fields[name].annotation
    return [info.alias or name for name, info in part.model_fields.items()]


def _explained(error: ValidationError, where: str) -> EngineError:
    """Pydantic's findings as one EngineError (or several at once) in plain words."""
    found: list[EngineError] = []
    for item in error.errors():
        location = item["loc"]
        name = ".".join(str(part) for part in location) or "recipe"
        if item["type"] == "missing":
            found.append(
                EngineError("recipe.field_missing", where=where, field=name, help=_field_help(location))
            )
        elif item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(str(location[-1]), _known_fields(location), 1)
            suggestion = f", or did you mean '{close[0]}'" if close else ""
            found.append(EngineError("recipe.unknown_key", where=where, field=name, suggestion=suggestion))
        else:
            reason = item["msg"].removeprefix("Value error, ")
            reason = reason[:1].lower() + reason[1:]
            if reason.startswith("input "):
                reason = reason.removeprefix("input ")
            found.append(
                EngineError(
                    "recipe.wrong_value",
                    where=where,
                    field=name,
                    reason=reason,
                    value=_short(item["input"]),
                    help=_field_help(location),
                )
            )
    return found[0] if len(found) == 1 else ManyErrors(found)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def parse(content: dict[str, Any], where: str) -> Recipe:
    """A recipe from plain data; ``where`` names its origin in errors.

    Raises EngineError listing every missing field, unknown key and wrong value.
    """
    found = content.get("schema", SCHEMA)
    if isinstance(found, int) and found > SCHEMA:
        raise EngineError("recipe.newer", where=where, found=found, known=SCHEMA)
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise _explained(error, where) from None


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Relative paths in it count from the file's folder."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise EngineError("recipe.missing", path=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError("recipe.unreadable", path=str(path), reason=str(error)) from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EngineError("recipe.unreadable", path=str(path), reason=str(error)) from None
    return with_absolute_paths(parse(content, str(path)), path.parent)


def with_absolute_paths(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with its relative paths counted from ``folder``; of the model see ``located_model``.

    Raises EngineError for a path whose bytes are no text.
    """

    def absolute(value: str | None) -> str | None:
        return None if value is None else paths.require_text(str(_place(value, folder)))

    data = recipe.data
    return recipe.replace(
        data={
            "source": absolute(data.source),
            "validation_source": absolute(data.validation_source),
            "test_source": absolute(data.test_source),
            "shifts": [{"name": s.name, "source": absolute(s.source)} for s in data.shifts],
        },
        model=located_model(recipe.model, folder),
    )


def located_model(model: Model, folder: Path) -> Model:
    """The model with what is a path in it counted from ``folder``.

    A bare word is first of all an architecture's name or a tag, whatever lies there by chance: it is
    a path only where an open_clip folder and no weights are named, or a file with a weights' ending.
    """
    name, weights = model.name, model.weights
    if name != "starter" and not name.startswith("hf-hub:"):
        place = _place(name, folder)
        bare = weights is None and (place / "open_clip_config.json").is_file()
        if place.is_dir() if _has_separator(name) else bare:
            name = paths.require_text(str(place))
    if weights is not None:
        place = _place(weights, folder)
        if place.is_file() and (_has_separator(weights) or place.suffix.lower() in _WEIGHTS_SUFFIXES):
            weights = paths.require_text(str(place))
    return model.model_copy(update={"name": name, "weights": weights})


def _has_separator(value: str) -> bool:
    return "/" in value or "\\" in value or value.startswith((".", "~"))


def _place(value: str, folder: Path) -> Path:
    path = Path(value)
    # '~nobody' has no home: then a folder of that very name is meant
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    path = folder / path
    # a NUL, or a link that loops: whoever opens it says so
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        path = path.resolve()
    return path


def to_toml(recipe: Recipe, reasons: dict[str, str] | None = None) -> str:
    """The recipe as TOML, each field under its help; ``reasons`` adds why a value was chosen.

    ``reasons`` is keyed by ``section.field``. Fields that are not set stand as comments.
    """
    lines = [
        "# A recipe: all that decides a run. Train it with: flyp train THIS_FILE",
        f"schema = {recipe.schema_number}",
    ]
    for section in ("data", "prompts", "model", "method", "training", "blend"):
        lines += section_lines(section, getattr(recipe, section), reasons or {})
    return "\n".join(lines) + "\n"


_TABLES = ("labels", "shifts", "options", "class_names")
"""Fields that are tables of their own in TOML; empty ones are not written."""


def section_lines(section: str, part: Part, reasons: dict[str, str]) -> list[str]:
    """One section of a recipe as lines of TOML.

    Comments are put between the fields here: a library that keeps comments takes seconds for the
    thousands of pictures that may be left out.
    """
    content = part.model_dump(mode="json", by_alias=True)
    lines = ["", f"[{section}]"]
    tables: list[str] = []
    for name, info in type(part).model_fields.items():
        value = _without_none(content[name])
        if name in _TABLES and not value:
            continue
        # a table ends its section's own fields, so it stands after them with its help
        into = tables if name in _TABLES else lines
        into += _comment(info.description or "")
        if why := reasons.get(f"{section}.{name}"):
            into += _comment(f"Chosen: {why}")
        if value is None:
            into.append(f"# {name} =")
        elif name == "shifts":
            for shift in value:
                into += ["", f"[[{section}.{name}]]", *_fields(shift)]
        elif into is tables:
            into += ["", f"[{section}.{name}]", *_fields(value)]
        else:
            into += _fields({name: value})
    return lines + tables


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines()]


def _fields(values: dict[str, Any]) -> list[str]:
    """Keys with their values, none of them a table, a line each (a list takes several)."""
    return tomli_w.dumps(values).splitlines()


def write(recipe: Recipe, path: Path, reasons: dict[str, str] | None = None) -> None:
    """Write the recipe as commented TOML, whole or not at all."""
    files.write_text(path, to_toml(recipe, reasons))


def _setting(given: str) -> tuple[list[str], Any, str]:
    """Names and value of ``section.field=value``, and the text itself."""
    key, equals, text = given.partition("=")
    names = key.strip().split(".")
    if not equals or len(names) < 2 or not all(names):
        raise EngineError("recipe.set_form", given=given)
    try:
        return names, tomllib.loads(f"value = {text}")["value"], given
    except tomllib.TOMLDecodeError:
        return names, None if text.strip() == "none" else text, given


def with_settings(recipe: Recipe, settings: list[str]) -> Recipe:
    """The recipe with ``section.field=value`` settings (values as TOML; bare words are strings).

    With another method the options of the one before are dropped; those that are set here stay.
    """
    content = recipe.content()
    changes = [_setting(given) for given in settings]
    method = next((value for names, value, _ in reversed(changes) if names == ["method", "name"]), None)
    if method is not None and method != recipe.method.name:
        content["method"]["options"] = {}
    for names, value, given in changes:
        place = content
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise EngineError("recipe.set_form", given=given)
        place[names[-1]] = value
    return parse(content, "--set")
