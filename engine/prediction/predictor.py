"""A run or an export, ready to judge pictures.

B, N: pictures, C: classes, D: embedding, H, W: height and width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.control import Control
from engine.data.batches import Loader
from engine.data.fit import Fit
from engine.data.pixel_cache import PixelCache
from engine.errors import EngineError
from engine.evaluation.evaluate import head_logits, learner_logits, sets_of
from engine.evaluation.features import Normalizer
from engine.events import Progress
from engine.exporters import about as abouts
from engine.exporters import find, finished
from engine.exporters.about import Unsure
from engine.exporters.finished import Finished
from engine.exporters.reader import Floats, Outputs, Pixels, Reader
from engine.exporters.subject import MEASURED
from engine.exporters.unsure import measured
from engine.jobs import Emit
from engine.messages import say
from engine.methods import FeatureLearner
from engine.run_directory import RunDirectory
from engine.training.precision import choose_device, devices
from engine.training.setup import set_threads, stored_plan


@dataclass
class Predictor:
    """What judges, and how pictures are prepared for it."""

    reader: Reader
    fit: Fit
    classes: tuple[str, ...]
    alpha: float
    threads: int
    measured_on: str = ""
    unsure: tuple[Unsure, ...] = ()


class _RunReader(Reader):
    """A run's learner on its device."""

    def __init__(self, run: Finished, device: torch.device) -> None:
        self._run = run
        self._head = run.head.on_cpu()
        self._normalize = Normalizer(run.backbone, device)

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        learner = self._run.learner
        with torch.inference_mode():
            images_BCHW = self._normalize(torch.from_numpy(images_BHWC))
            if isinstance(learner, FeatureLearner):
                embeddings_BD = learner.embeddings(learner.encode(images_BCHW).float().cpu())
            else:
                embeddings_BD = learner.backbone.encode_images(images_BCHW).float().cpu()
        return Outputs(head_logits(self._head, embeddings_BD), embeddings_BD.numpy())


def make(source: str, alpha: float | None, measure: bool, emit: Emit, control: Control) -> Predictor:
    """The run or export in a folder. Raises EngineError if it is neither, or cannot be loaded."""
    folder = Path(source).expanduser()
    if abouts.is_export(folder):
        return _of_export(folder, alpha, emit)
    if not RunDirectory(folder).recipe_file.is_file():
        raise EngineError("export.not_one", path=source)
    return _of_run(source, alpha, measure, emit, control)


def _of_export(folder: Path, alpha: float | None, emit: Emit) -> Predictor:
    if alpha is not None:
        raise EngineError("predict.alpha_of_export")
    about = abouts.read(folder)
    emit(Progress(phase=say("phase.loading_model", model=folder.name)))
    try:
        reader = find(about.format).open(folder, about)
    except EngineError:
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EngineError("export.damaged", str(error), path=str(folder), reason=reason) from error
    return Predictor(
        reader,
        about.preprocessing.fit(),
        about.classes,
        about.alpha,
        torch.get_num_threads(),
        about.measured_on,
        about.unsure,
    )


def _of_run(source: str, alpha: float | None, measure: bool, emit: Emit, control: Control) -> Predictor:
    plan = stored_plan(RunDirectory.open(Path(source)))
    device = torch.device(plan.device) if plan.device in devices() else choose_device("auto")
    set_threads(plan.threads)
    run = finished.load(source, alpha, device, emit, control)
    made = Predictor(_RunReader(run, device), run.fit, run.classes, run.alpha, plan.threads)
    if measure:
        _measure(made, run, device, emit, control)
    return made


def _measure(made: Predictor, run: Finished, device: torch.device, emit: Emit, control: Control) -> None:
    """Errors by threshold on test, or validation where there is no test part."""
    judged = {each.kind: each for each in sets_of(run.dataset) if each.kind in ("test", "validation")}
    chosen = judged.get("test") or judged.get("validation")
    if chosen is None:
        return
    chosen = chosen.sample(MEASURED)
    phase = say("phase.measuring_errors", name=chosen.name)

    def progress(done: int, total: int) -> None:
        emit(Progress(phase=phase, done=done, total=total, unit="pictures"))

    with Loader(PixelCache(made.fit), made.threads) as loader:
        logits_NC: Floats = learner_logits(
            run.learner,
            run.head,
            chosen.pictures,
            loader,
            Normalizer(run.backbone, device),
            control,
            progress,
        )
    made.measured_on = chosen.name
    made.unsure = measured(logits_NC, np.array(chosen.pictures.labels()))
