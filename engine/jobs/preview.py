"""How the model does before any training, on training and validation pictures; never on test.

What the image tower says of a picture is kept in memory, so that editing class names or
templates, which changes the text tower's side only, is answered without looking again.

N: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import recipe as recipes
from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import keys, load
from engine.data.batches import Loader, Pictures
from engine.data.fit import Fit
from engine.data.pixel_cache import PixelCache
from engine.data.records import ImageRecord, Split
from engine.errors import EngineError, OutOfMemory
from engine.evaluation import metrics
from engine.evaluation.evaluate import head_logits
from engine.evaluation.features import Normalizer, choose_fit, image_features
from engine.events import Event, Figures, Progress
from engine.jobs import Emit
from engine.messages import say
from engine.methods import text_head
from engine.prompts import class_names
from engine.recipe import Model
from engine.requests import ClassPreview, Confusion, PreviewAnswer, PreviewRequest
from engine.training.precision import choose_device
from engine.training.setup import make_task

_CHUNK = 256
"""Pictures after which what was found is kept, even if the rest is cancelled."""
_BATCH = 32
"""Pictures at once: a newer preview waits for no more than these."""
_MOST_KEPT = 200_000
"""Embeddings kept in memory; 2 KiB each for D = 512."""
_MOST_PAIRS = 20

_SHOWN = (Split.TRAIN, Split.VALIDATION)


def preview(request: PreviewRequest, emit: Emit, control: Control) -> PreviewAnswer:
    """Zero-shot figures of the recipe's pictures with its model, class names and templates."""
    recipe = recipes.with_absolute_paths(recipes.parse(request.recipe, "recipe"), Path.cwd())
    emit(Progress(phase=say("preview.scanning")))
    # problems and counts are told by inspecting; here they would only be in the way
    dataset = load.prepare(recipe.data, control, _only_progress(emit))
    source = dataset.source
    records = [record for record in source.records if record.split in _SHOWN]
    if not records:
        raise EngineError("preview.no_pictures")
    chosen = _drawn(records, request.pictures)
    emit(Progress(phase=say("preview.model")))
    backbone = _MEMORY.backbone(recipe.model, control)
    device = choose_device(recipe.training.device)
    try:
        backbone.to(device)
        features_ND = _MEMORY.features(
            backbone, recipe.model, Pictures(Path(source.root), chosen), device, control, emit
        )
        emit(Progress(phase=say("preview.captions")))
        task, _ = make_task(backbone, source.classes, recipe.prompts)
        logits_NC = head_logits(text_head(backbone, task), features_ND)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory("training.out_of_memory", str(error), device=str(device)) from error
    finally:
        # a training in a process beside this one needs the device's memory more than a preview does
        backbone.to("cpu")
        if device.type == "cuda":
            torch.cuda.empty_cache()
    names = class_names.for_model(source.classes, recipe.prompts.class_names)
    return _answer(logits_NC, chosen, source.classes, names, len(chosen) < len(records))


def _only_progress(emit: Emit) -> Emit:
    def pass_on(event: Event) -> None:
        if isinstance(event, Progress):
            emit(event)

    return pass_on


def _drawn(records: list[ImageRecord], most: int) -> list[ImageRecord]:
    """At most ``most`` pictures, as evenly from the classes as they allow, the same each time."""
    if len(records) <= most:
        return records
    seen: dict[int, int] = {}
    ranked: list[tuple[int, int, ImageRecord]] = []
    for record in sorted(records, key=lambda record: keys.key(record.path, "preview")):
        rank = seen.get(record.class_index, 0)
        seen[record.class_index] = rank + 1
        ranked.append((rank, record.class_index, record))
    ranked.sort(key=lambda item: item[:2])
    return [record for _, _, record in ranked[:most]]


class _Memory:
    """The model last asked for, and what its image tower said of the pictures seen so far."""

    def __init__(self) -> None:
        self._backbone: Backbone | None = None
        self._asked: tuple[str, str | None] | None = None
        self._stamp: tuple[int, int] | None = None
        self._preprocess: object = None
        self._rows: dict[tuple[str, Fit, str], Tensor] = {}

    def backbone(self, model: Model, control: Control) -> Backbone:
        """The model, loaded anew only if another one is asked for or its file has changed."""
        asked = (model.name, model.weights)
        if self._backbone is None or self._asked != asked or self._stamp != _stamp(self._backbone):
            # let the old one go first: two large models may not fit
            self._backbone = None
            self._backbone = backbones.load(model, control=control)
            self._asked, self._stamp = asked, _stamp(self._backbone)
            self._preprocess = self._backbone.preprocess
        # choosing a fit writes into the model; the next request may leave the choice to it again
        self._backbone.preprocess = self._preprocess  # type: ignore[assignment]
        return self._backbone

    def features(
        self,
        backbone: Backbone,
        model: Model,
        pictures: Pictures,
        device: torch.device,
        control: Control,
        emit: Emit,
    ) -> Tensor:
        """Embeddings of the pictures in order, N × D; only those not known yet are looked at."""
        fit = choose_fit(backbone, model)
        places = [(backbone.base.sha256, fit, pictures.identity(i)) for i in range(len(pictures))]
        missing = [i for i, place in enumerate(places) if place not in self._rows]
        if len(self._rows) + len(missing) > _MOST_KEPT:
            needed = set(places)
            self._rows = {place: row for place, row in self._rows.items() if place in needed}
        normalize = Normalizer(backbone, device)
        phase = say("preview.pictures")

        def progress(done: int) -> None:
            emit(Progress(phase=phase, done=done, total=len(missing), unit="pictures"))

        # each picture is looked at once: keeping its pixels would be waste
        with Loader(PixelCache(fit, budget=0), torch.get_num_threads()) as loader:
            for start in range(0, len(missing), _CHUNK):
                part = missing[start : start + _CHUNK]
                rows_ND = image_features(
                    backbone,
                    Pictures(pictures.root, [pictures.records[i] for i in part]),
                    loader,
                    normalize,
                    control,
                    lambda done, total, start=start: progress(start + done),  # type: ignore[misc]
                    batch=_BATCH,
                )
                self._rows.update(zip((places[i] for i in part), rows_ND, strict=True))
        return torch.stack([self._rows[place] for place in places])


_MEMORY = _Memory()


def _stamp(backbone: Backbone) -> tuple[int, int] | None:
    """What changes when the weights file does."""
    try:
        found = Path(backbone.base.path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _answer(
    logits_NC: metrics.Floats,
    records: list[ImageRecord],
    folders: tuple[str, ...],
    names: list[str],
    sampled: bool,
) -> PreviewAnswer:
    labels_N = np.array([record.class_index for record in records], dtype=np.int64)
    matrix_CC = metrics.confusion(logits_NC.argmax(axis=1), labels_N, len(folders))
    counts_C = matrix_CC.sum(axis=1)
    sets = {}
    for split in _SHOWN:
        inside_N = np.array([record.split is split for record in records])
        if inside_N.any():
            sets[split.value] = Figures(
                pictures=int(inside_N.sum()),
                accuracy=metrics.accuracy(logits_NC[inside_N], labels_N[inside_N]),
                loss=metrics.cross_entropy(logits_NC[inside_N], labels_N[inside_N]),
            )
    return PreviewAnswer(
        sets=sets,
        pictures=len(records),
        accuracy=metrics.accuracy(logits_NC, labels_N),
        per_class=tuple(
            ClassPreview(
                folder=folder,
                name=name,
                pictures=int(counts_C[c]),
                accuracy=float(matrix_CC[c, c] / counts_C[c]) if counts_C[c] else None,
            )
            for c, (folder, name) in enumerate(zip(folders, names, strict=True))
        ),
        confused=tuple(_pairs(matrix_CC, folders)),
        sampled=sampled,
    )


def _pairs(matrix_CC: metrics.Ints, folders: tuple[str, ...]) -> Iterable[Confusion]:
    """The most frequent confusions, the most frequent first."""
    wrong_CC = matrix_CC.copy()
    np.fill_diagonal(wrong_CC, 0)
    order = np.argsort(-wrong_CC, axis=None, kind="stable")[:_MOST_PAIRS]
    for flat in order:
        truth, taken_for = divmod(int(flat), len(folders))
        count = int(wrong_CC[truth, taken_for])
        if count:
            yield Confusion(truth=folders[truth], taken_for=folders[taken_for], pictures=count)
