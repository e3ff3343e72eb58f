"""What an exporter is given: a finished run as a plain CLIP model, a head, and pictures to check with.

N: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import __version__
from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.control import Control
from engine.data.batches import Loader, Pictures
from engine.data.pixel_cache import PixelCache
from engine.data.records import Split
from engine.errors import EngineError
from engine.evaluation.evaluate import EvaluationSet, head_logits, sets_of
from engine.evaluation.features import Normalizer, image_features
from engine.events import Progress
from engine.exporters.about import About, Base, HeadKind, Preprocessing
from engine.exporters.finished import Finished
from engine.exporters.reader import Outputs, Pixels
from engine.exporters.unsure import measured
from engine.jobs import Emit
from engine.messages import say
from engine.methods import OWN, FeatureLearner, Head, MatrixHead, text_head
from engine.training.setup import ALL_THREADS

PICTURES = 64
"""So many pictures of the validation set are looked at through every export."""
MEASURED = 256
"""Most pictures that the errors at each threshold are measured on."""
_SAME = 1e-4
"""Largest difference of an embedding's entry, between the learner and the plain model that leaves."""


@dataclass
class Subject:
    """A run at a blend, on the CPU, as it leaves."""

    finished: Finished
    plain: Backbone
    """open_clip's model that computes the run's picture embeddings, whatever the method added."""
    head: Head
    """In fp32, on the CPU."""
    head_kind: HeadKind
    pictures: Pictures
    """To verify with; empty where nothing is verified."""
    picture_set: str
    """The set that they are of."""
    reference: Outputs | None = None
    """What the run itself says of them."""
    pixels_NHWC: Pixels | None = None
    """They, as the model sees them."""
    measured_on: str = ""
    unsure: tuple[Any, ...] = ()

    @property
    def matrix(self) -> MatrixHead:
        """The head, where it is a matrix."""
        assert isinstance(self.head, MatrixHead)
        return self.head

    def paths(self) -> list[Path]:
        return [self.pictures.path(i) for i in range(len(self.pictures))]

    def about(self, format_name: str, options: dict[str, Any]) -> About:
        """What ``export.json`` says of an export of it."""
        finished, plain = self.finished, self.plain
        p = plain.preprocess
        fit = finished.fit
        bias = plain.logit_bias
        prompts = finished.recipe.prompts
        return About(
            schema=1,
            format=format_name,
            options=options,
            version=__version__,
            run=finished.run.path.name,
            method=finished.recipe.method.name,
            alpha=finished.alpha,
            base=_base(finished),
            classes=finished.classes,
            class_names=_names(finished),
            templates=prompts.templates,
            head=self.head_kind,
            untouched=finished.untouched,
            quick_gelu=plain.quick_gelu,
            scale=float(plain.scale().detach()),
            bias=None if bias is None else float(bias.detach()),
            preprocessing=Preprocessing(
                height=fit.height,
                width=fit.width,
                mode=fit.mode,
                interpolation=p.interpolation,
                fill=p.fill_color,
                mean=p.mean,
                std=p.std,
            ),
            measured_on=self.measured_on,
            unsure=self.unsure,
        )


def _base(finished: Finished) -> Base:
    base = finished.backbone.base
    return Base(name=base.name, weights=base.weights, sha256=base.sha256)


def _names(finished: Finished) -> tuple[str, ...]:
    from engine.prompts import class_names

    return tuple(class_names.for_model(finished.classes, finished.recipe.prompts.class_names))


def make(finished: Finished, control: Control) -> Subject:
    """The plain model and the head of a run, enough to say which exports it can have."""
    plain = _plain(finished)
    return Subject(
        finished, plain, finished.head.on_cpu(), _head_kind(finished, plain, control), *_chosen(finished)
    )


def _plain(finished: Finished) -> Backbone:
    """The learner's own model where it is open_clip's and nothing more, else one made for this."""
    state = finished.learner.plain_state()
    own = finished.backbone.state_dict()
    if state.keys() == own.keys() and all(
        tensor.data_ptr() == own[name].data_ptr() for name, tensor in state.items()
    ):
        return finished.backbone
    best = finished.run.standing_checkpoint("best")
    plain = backbones.skeleton(finished.backbone.open_clip_config(), best)
    plain.load_state_dict({name: tensor.detach().cpu() for name, tensor in state.items()})
    plain.model.eval()
    return plain


def _head_kind(finished: Finished, plain: Backbone, control: Control) -> HeadKind:
    """Whether the plain model's text tower gives the very head that the run is judged by."""
    head = finished.head.on_cpu()
    if not isinstance(head, MatrixHead):
        return "other"
    if plain is finished.backbone and not any(n.startswith(OWN) for n in finished.learner.state_dict()):
        return "text"
    text = text_head(plain, finished.task, control).on_cpu()
    rows = head.scale * head.weight_CD, text.scale * text.weight_CD
    same = torch.allclose(*rows, rtol=0, atol=1e-5 * text.scale) and torch.allclose(
        torch.as_tensor(head.bias), torch.as_tensor(text.bias), rtol=0, atol=1e-4
    )
    return "text" if same else "matrix"


def _chosen(finished: Finished) -> tuple[Pictures, str]:
    """Pictures to verify with: of validation, or where there are none, of training."""
    for each in sets_of(finished.dataset):
        if each.kind == "validation":
            return each.sample(PICTURES).pictures, each.name
    training = finished.dataset.source.of(Split.TRAIN)
    everything = EvaluationSet("train", "train", Pictures(Path(finished.dataset.source.root), training))
    return everything.sample(PICTURES).pictures, "train"


def look(subject: Subject, control: Control, emit: Emit) -> None:
    """Let the run itself judge the pictures to verify with, and measure its errors at each threshold.

    Raises EngineError if a picture is gone, or if the plain model does not embed as the run does.
    """
    torch.set_num_threads(ALL_THREADS)
    cache = PixelCache(subject.finished.fit)
    normalize = Normalizer(subject.plain, torch.device("cpu"))
    with _told_for_exports(), Loader(cache, ALL_THREADS) as loader:
        embeddings_ND = _learnt(subject, subject.pictures, loader, normalize, control)
        plain_ND = image_features(subject.plain, subject.pictures, loader, normalize, control)
        worst = float((embeddings_ND - plain_ND).abs().max())
        if not worst <= _SAME:
            method = subject.finished.recipe.method.name
            raise EngineError("export.not_plain", method=method, difference=f"{worst:.1g}")
        subject.reference = Outputs(head_logits(subject.head, embeddings_ND), embeddings_ND.numpy())
        subject.pixels_NHWC = np.stack([cache.evaluation(path) for path in subject.paths()])
        _measure(subject, loader, normalize, control, emit)


def _learnt(
    subject: Subject,
    pictures: Pictures,
    loader: Loader,
    normalize: Normalizer,
    control: Control,
    progress: Any = None,
) -> torch.Tensor:
    learner = subject.finished.learner
    if isinstance(learner, FeatureLearner):
        rows_NF = image_features(
            learner.backbone, pictures, loader, normalize, control, progress, encode=learner.encode
        )
        return learner.embeddings(rows_NF)
    return image_features(learner.backbone, pictures, loader, normalize, control, progress)


def _measure(subject: Subject, loader: Loader, normalize: Normalizer, control: Control, emit: Emit) -> None:
    """Errors by threshold on test pictures, or validation where there is no test part."""
    judged = {
        each.kind: each for each in sets_of(subject.finished.dataset) if each.kind in ("test", "validation")
    }
    chosen = judged.get("test") or judged.get("validation")
    if chosen is None:
        return
    chosen = chosen.sample(MEASURED)
    phase = say("phase.measuring_errors", name=chosen.name)

    def progress(done: int, total: int) -> None:
        emit(Progress(phase=phase, done=done, total=total, unit="pictures"))

    embeddings_ND = _learnt(subject, chosen.pictures, loader, normalize, control, progress)
    logits_NC = head_logits(subject.head, embeddings_ND)
    subject.measured_on = chosen.name
    subject.unsure = measured(logits_NC, np.array(chosen.pictures.labels()))


@contextlib.contextmanager
def _told_for_exports() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        if error.message.code != "training.picture_gone":
            raise
        path, reason = error.message.arguments["path"], error.message.arguments["reason"]
        raise EngineError("export.picture_gone", path=path, reason=reason) from None
