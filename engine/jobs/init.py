"""A complete recipe for a folder of pictures, with values chosen for it and the reasons why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine import files
from engine import recipe as recipes
from engine.clip import imagenet
from engine.clip.describe import Tower, image_tower
from engine.control import Control
from engine.data import load, scan
from engine.data.records import Split
from engine.errors import EngineError
from engine.jobs import Emit
from engine.methods import find, options_of
from engine.prompts.templates import preset
from engine.quoting import command_line
from engine.recipe import Data, Method, Model, Prompts, Recipe, ShiftSource, Training
from engine.requests import InitAnswer, InitRequest
from engine.training.precision import devices

STEPS_WANTED = 80
"""Optimizer steps that a small training set is given; found on few-shot sets of 7 to 9 classes."""
LARGE_TOWER = 50_000_000
"""Parameters of an image tower from which on the paper's learning rate is taken."""


@dataclass(frozen=True)
class Chosen:
    """A value and why."""

    value: float
    why: str


def learning_rate(tower: Tower) -> Chosen:
    """By the image tower: large ones hold much that a high rate would destroy."""
    millions = f"{tower.parameters / 1e6:.1f} million parameters"
    if tower.parameters >= LARGE_TOWER:
        return Chosen(1e-5, f"the paper's rate, for a large image tower ({millions})")
    if tower.transformer:
        return Chosen(
            1e-4, f"a small transformer as image tower ({millions}) learns little at the paper's 1e-5"
        )
    return Chosen(
        3e-5,
        f"a small convolutional tower ({millions}): 1e-5 learns little, "
        "1e-4 loses what it knew of other pictures",
    )


def batch_size(pictures: int) -> Chosen:
    """By the number of training pictures."""
    size = 32 if pictures <= 1000 else 128 if pictures <= 10_000 else 256
    return Chosen(size, f"for {pictures:,} training pictures")


def epochs(pictures: int, batch: int) -> Chosen:
    """Enough steps for a small set, few passes over a large one."""
    steps = -(-pictures // batch)
    count = min(100, max(10, -(-STEPS_WANTED // steps)))
    return Chosen(count, f"{count} passes of {steps} steps make {count * steps} steps")


def init(request: InitRequest, emit: Emit, control: Control) -> InitAnswer:
    """Look at the folder and the model, choose, and write the recipe (never over another file)."""
    if request.out is not None and files.taken(Path(request.out)):
        raise EngineError("files.exists", path=request.out)
    model, why_model = _model(request)
    options = options_of(find(request.method), {}).model_dump(mode="json")
    places = {name: str(scan.located(source)) for name, source in request.shifts.items()}
    try:
        shifts = tuple(ShiftSource(name=name, source=place) for name, place in places.items())
    except ValidationError as error:
        raise EngineError("recipe.shift_names", names=", ".join(places), reason=str(error)) from None
    data = Data(
        source=str(scan.located(request.source)), shots=request.shots, seed=request.seed, shifts=shifts
    )
    split = load.arrange(load.read(data, control, emit, content=False), data)
    pictures = len(split.source.of(Split.TRAIN))
    prompts, why_prompts = _prompts(request, model)
    rate, batch = learning_rate(image_tower(model, control, emit)), batch_size(pictures)
    passes = epochs(pictures, int(batch.value))
    recipe = Recipe(
        data=data,
        prompts=prompts,
        model=model,
        method=Method(name=request.method, options=options),
        training=Training(
            learning_rate=rate.value,
            batch_size=int(batch.value),
            epochs=int(passes.value),
            seed=request.seed,
        ),
    )
    reasons = {
        **({"model.name": why_model} if why_model else {}),
        "prompts.templates": why_prompts,
        "training.learning_rate": rate.why,
        "training.batch_size": batch.why,
        "training.epochs": passes.why,
    }
    if request.out is not None:
        recipes.write(recipe, Path(request.out), reasons)
    return InitAnswer(out=request.out, recipe=recipe.content(), reasons=reasons)


def _model(request: InitRequest) -> tuple[Model, str]:
    """The model asked for, or one for this machine and why."""
    if request.model is None:
        best = devices()[0]
        if best == "cpu":
            return Model(name="ViT-B-32", weights=request.weights or "openai"), (
                "without a GPU the quickest of OpenAI's models; "
                "'flyp models' lists the others, --model starter needs no download but knows drawings only"
            )
        return Model(name="ViT-B-16", weights=request.weights or "openai"), (
            f"the paper's model, which trains well on {best}; 'flyp models' lists the others"
        )
    return recipes.located_model(Model(name=request.model, weights=request.weights), Path.cwd()), ""


def _prompts(request: InitRequest, model: Model) -> tuple[Prompts, str]:
    name = request.preset or ("drawing" if model.name == "starter" else "photo")
    chosen = preset(name, imagenet.presets())
    why = f"the preset '{chosen.name}'"
    if request.preset is None:
        why += (
            ", as the starter knows drawings only"
            if name == "drawing"
            else "; see --preset for other kinds of pictures"
        )
    return Prompts(templates=chosen.templates), why


def render(answer: InitAnswer) -> str:
    """What was chosen and why, and the next command; or the recipe itself if it was not written."""
    recipe = recipes.parse(answer.recipe, "recipe")
    if answer.out is None:
        return recipes.to_toml(recipe, answer.reasons)
    training = recipe.training
    values = {
        "model.name": f"model {recipe.model.name}, {recipe.model.weights}",
        "prompts.templates": f"{len(recipe.prompts.templates)} templates",
        "training.learning_rate": f"learning rate {training.learning_rate:g}",
        "training.batch_size": f"batches of {training.batch_size}",
        "training.epochs": f"{training.epochs} epochs",
    }
    lines = [f"{values[field]}: {why}" for field, why in answer.reasons.items()]
    return "\n".join(
        [f"Wrote {answer.out}", *lines, "", f"Next: {command_line(['flyp', 'train', answer.out])}"]
    )
