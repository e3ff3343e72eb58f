"""The whole job on what the program brings along: the starter and the sample pictures."""

from __future__ import annotations

import time
from pathlib import Path

from engine import paths, run_directory
from engine import recipe as recipes
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import Emit
from engine.jobs.init import init
from engine.jobs.train import render as render_training
from engine.jobs.train import train
from engine.quoting import command_line
from engine.requests import DemoRequest, InitRequest, TrainAnswer, TrainRequest

SHOTS = 16


def demo(request: DemoRequest, emit: Emit, control: Control) -> TrainAnswer:
    """FLYP with 16 pictures a class on the sample, judged on its test pictures and both shift sets."""
    sample = paths.resources_folder() / "sample"
    if not (sample / "pictures").is_dir():
        raise EngineError("training.no_sample", path=str(sample))
    shifts = {folder.name.removeprefix("shift_"): str(folder) for folder in sorted(sample.glob("shift_*"))}
    asked = InitRequest(
        source=str(sample / "pictures"), model="starter", shots=SHOTS, shifts=shifts, seed=request.seed
    )
    recipe = recipes.parse(init(asked, emit, control).recipe, "demo")
    began = time.monotonic()
    out = request.out
    if out is None:
        named = recipe.replace(data={"source": str(sample)})
        out = str(run_directory.default_path(named))
    answer = train(TrainRequest(recipe=recipe.content(), out=out), emit, control)
    run_directory.RunDirectory.open(Path(answer.run)).note(f"demo took {time.monotonic() - began:.0f} s")
    return answer


def render(answer: TrainAnswer) -> str:
    """The figures, and what to try next."""
    if answer.result is None:
        return render_training(answer)
    return "\n".join(
        [
            f"FLYP on the sample pictures with the starter, {SHOTS} pictures a class:",
            "",
            render_training(answer),
            "",
            f"More figures:      {command_line(['flyp', 'evaluate', answer.run])}",
            "Your own pictures: flyp init FOLDER -o recipe.toml, then flyp train recipe.toml",
        ]
    )
