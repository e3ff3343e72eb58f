"""LP-FT: a linear probe first, then standard finetuning from its head.

A random or foreign head pulls the features away in the first steps; one that fits them already
does not.

Kumar, Raghunathan, Jones, Ma, Liang: Fine-tuning can distort pretrained features and
underperform out-of-distribution. ICLR 2022, arXiv 2202.10054.

Where it differs: the probe's strength is the one that is best on validation (zero-shot is no
candidate for it); blending goes from the zero-shot head, not from the probe's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from engine.clip.backbone import Backbone
from engine.messages import Message
from engine.methods import Learner, Task
from engine.methods.fine_tune import FineTuneLearner
from engine.methods.linear_probe import LinearProbeLearner, LinearProbeOptions


class LpFtOptions(LinearProbeOptions):
    """Options of the probe, then of finetuning."""

    apart: ClassVar[str] = (
        "chooses the strength of the head that it begins with on validation, out of {strengths}"
    )

    largest_gradient: float | None = Field(default=1.0, gt=0)
    """Norm at which the whole gradient is clipped; none for no clipping. What is set for any method (training.clip_gradient) goes before it."""


class LpFt:
    """See the module's docstring."""

    name: ClassVar[str] = "lp-ft"
    title: ClassVar[str] = "LP-FT"
    summary: ClassVar[str] = "Fits a linear head first, then finetunes the image tower from it."
    when: ClassVar[str] = "With a fair number of pictures a class, where a head of its own pays."
    source: ClassVar[str] = "Kumar et al., ICLR 2022, arXiv 2202.10054"
    settings: ClassVar[frozenset[str] | None] = None
    Options = LpFtOptions

    def supports(self, backbone: Backbone, options: LpFtOptions) -> Message | None:
        """Every CLIP can."""
        del backbone, options
        return None

    def stages(self, backbone: Backbone, task: Task, options: LpFtOptions) -> Sequence[Learner]:
        return [
            LinearProbeLearner(backbone, task, options),
            FineTuneLearner(backbone, task, options.largest_gradient),
        ]


METHOD = LpFt()
