"""How a model does on each set: after every epoch in short, at the end in full.

N: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data import keys
from engine.data.batches import Loader, Pictures
from engine.data.records import ImageRecord, ShiftSet, Split, SplitDataset
from engine.evaluation import metrics
from engine.evaluation.features import Normalizer, image_features
from engine.events import Figures, SetInfo
from engine.methods import FeatureLearner, Head, Learner

SHIFT_PICTURES = 256
"""At most so many fixed pictures of a shift set are looked at after each epoch."""


@dataclass(frozen=True)
class EvaluationSet:
    """Pictures to judge on."""

    name: str
    kind: Literal["train", "validation", "test", "shift"]
    pictures: Pictures
    present: tuple[int, ...] | None = None
    """The classes it has; logits are restricted to them. None for all."""

    def info(self, classes: int) -> SetInfo:
        """What events and tables say of it."""
        count = classes if self.present is None else len(self.present)
        return SetInfo(name=self.name, kind=self.kind, pictures=len(self.pictures), classes=count)

    def sample(self, most: int) -> EvaluationSet:
        """A fixed part of at most ``most`` pictures, the same in every run."""
        records = self.pictures.records
        if len(records) <= most:
            return self
        chosen = sorted(records, key=lambda record: keys.key(record.path, "shift sample"))[:most]
        return EvaluationSet(self.name, self.kind, Pictures(self.pictures.root, chosen), self.present)


def sets_of(dataset: SplitDataset) -> list[EvaluationSet]:
    """Validation, test (if there is one) and the shift sets, in this order."""
    root = Path(dataset.source.root)
    sets = []
    for split, kind in ((Split.VALIDATION, "validation"), (Split.TEST, "test")):
        records: tuple[ImageRecord, ...] = dataset.source.of(split)
        if records:
            sets.append(EvaluationSet(split.value, kind, Pictures(root, records)))  # type: ignore[arg-type]
    sets += [shift_evaluation(shift, len(dataset.source.classes)) for shift in dataset.shifts]
    return sets


def shift_evaluation(shift: ShiftSet, classes: int) -> EvaluationSet:
    """A shift set to judge on; its logits are restricted if it has not all classes."""
    pictures = Pictures(Path(shift.dataset.root), shift.dataset.records)
    return EvaluationSet(
        shift.name, "shift", pictures, None if len(shift.present) == classes else shift.present
    )


def logits_of(
    backbone: Backbone,
    head: Head,
    pictures: Pictures,
    loader: Loader,
    normalize: Normalizer,
    control: Control,
    progress: Callable[[int, int], None] | None = None,
) -> metrics.Floats:
    """The head's logits on every picture, N × C."""
    features_ND = image_features(backbone, pictures, loader, normalize, control, progress)
    return head_logits(head, features_ND)


def learner_logits(
    learner: Learner,
    head: Head,
    pictures: Pictures,
    loader: Loader,
    normalize: Normalizer,
    control: Control,
    progress: Callable[[int, int], None] | None = None,
) -> metrics.Floats:
    """The logits of a learner as it stands, by its ``head``, on every picture, N × C."""
    if not isinstance(learner, FeatureLearner):
        return logits_of(learner.backbone, head, pictures, loader, normalize, control, progress)
    rows_NF = image_features(
        learner.backbone, pictures, loader, normalize, control, progress, encode=learner.encode
    )
    return head_logits(head, learner.embeddings(rows_NF))


def head_logits(head: Head, features_ND: Tensor) -> metrics.Floats:
    """Logits from embeddings, N × C."""
    with torch.inference_mode():
        result: metrics.Floats = head.on_cpu()(features_ND).double().numpy()
    return result


def figures(logits_NC: metrics.Floats, evaluation_set: EvaluationSet) -> Figures:
    """The short figures of a set: accuracy and loss."""
    labels_N = np.array(evaluation_set.pictures.labels(), dtype=np.int64)
    if evaluation_set.present is not None:
        masked = np.full_like(logits_NC, -np.inf)
        masked[:, evaluation_set.present] = logits_NC[:, evaluation_set.present]
        logits_NC = masked
    return Figures(
        pictures=len(labels_N),
        accuracy=metrics.accuracy(logits_NC, labels_N),
        loss=metrics.cross_entropy(logits_NC, labels_N),
    )


def full(
    logits_NC: metrics.Floats, evaluation_set: EvaluationSet, classes: tuple[str, ...]
) -> dict[str, Any]:
    """All figures of a set, as they stand in result.json."""
    labels_N = np.array(evaluation_set.pictures.labels(), dtype=np.int64)
    groups = [record.group for record in evaluation_set.pictures.records]
    result = metrics.summary(logits_NC, labels_N, classes, groups, evaluation_set.present)
    result["kind"] = evaluation_set.kind
    if evaluation_set.kind == "validation":
        result["used_for_choosing"] = True
    return result
