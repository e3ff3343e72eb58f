"""One sentence about the pictures that were left out. Torch-free."""

from __future__ import annotations

from collections import Counter

from engine.data.records import Problem
from engine.messages import Message, say


def left_out_message(left_out: tuple[Problem, ...]) -> Message:
    """How many pictures of each kind of problem were left out."""
    kinds = Counter(problem.kind.value for problem in left_out)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return say("training.left_out", count=len(left_out), kinds=listed)
