"""Zero-shot: no training at all.

The head is, for each class, the mean over all templates of the text tower's normalised
embeddings, normalised again, times exp(logit_scale).

Radford et al.: Learning transferable visual models from natural language supervision.
ICML 2021, arXiv 2103.00020.

It is here as what every other method has to beat, with the same sets and the same figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from engine import methods
from engine.clip.backbone import Backbone
from engine.messages import Message
from engine.methods import FeatureLearner, Features, Round, Task


class ZeroShotOptions(methods.Options):
    """There is nothing to choose."""


class ZeroShotLearner(FeatureLearner):
    """Learns nothing."""

    def rounds(self) -> int:
        return 0

    def fit(self, training: Features, validation: Features, seed: int, balanced: bool) -> Iterator[Round]:
        del training, validation, seed, balanced
        return iter(())


class ZeroShot:
    """See the module's docstring."""

    name: ClassVar[str] = "zero-shot"
    title: ClassVar[str] = "Zero-shot"
    summary: ClassVar[str] = "No training: measures the pretrained model with your prompts, on every set."
    when: ClassVar[str] = "When it is good enough, or to know what the others have to beat."
    source: ClassVar[str] = "Radford et al., ICML 2021, arXiv 2103.00020"
    settings: ClassVar[frozenset[str] | None] = frozenset({"device", "threads"})
    Options = ZeroShotOptions

    def supports(self, backbone: Backbone, options: ZeroShotOptions) -> Message | None:
        """Every CLIP with a text tower can."""
        del backbone, options
        return None

    def stages(self, backbone: Backbone, task: Task, options: ZeroShotOptions) -> Sequence[ZeroShotLearner]:
        del options
        return [ZeroShotLearner(backbone, task)]


METHOD = ZeroShot()
