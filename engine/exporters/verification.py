"""Does an export say what the run says? Compared on pictures of the validation set. Torch-free.

A cosine is that of a picture's embedding and a class's row of the head; where the head is no matrix,
entries of embeddings are compared in their place. A logit may differ by as much as the cosines'
tolerance makes of it. A picture's class must be the same where its margin, the best logit less the
second, is more than twice that.

N: pictures, C: classes, D: embedding.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine import files
from engine.errors import EngineError
from engine.exporters.reader import Floats, Outputs

FILE = "verification.json"
TOLERANCES = {"fp32": 1e-5, "fp16": 2e-3}
"""Largest difference of a cosine, by what weights are kept in."""
LEAST_CLASSES = 3
"""Fewer predicted classes than that say little."""


@dataclass(frozen=True)
class Rows:
    """What of a head turns differences of embeddings into those of logits."""

    rows_CD: Floats | None
    """scale · weight of a head that is a matrix; None for another."""

    def cosines(self, embeddings_ND: Floats) -> Floats:
        """N × C; the embeddings themselves where there is no matrix."""
        if self.rows_CD is None:
            return embeddings_ND.astype(np.float64)
        rows_CD = self.rows_CD.astype(np.float64)
        rows_CD = rows_CD / np.maximum(np.linalg.norm(rows_CD, axis=1, keepdims=True), 1e-12)
        result: Floats = embeddings_ND.astype(np.float64) @ rows_CD.T
        return result

    def logit_tolerance(self, cosine: float, logits_NC: Floats) -> float:
        if self.rows_CD is None:
            return 100 * cosine * max(1.0, float(np.abs(logits_NC).max()))
        # where rows are short (a head at its start, say), fp32 itself sets the limit
        longest = float(np.linalg.norm(self.rows_CD.astype(np.float64), axis=1).max())
        return cosine * max(longest, float(np.abs(logits_NC).max()), 1.0)


@dataclass(frozen=True)
class Check:
    """One way through an export, compared with the run."""

    way: Literal["pixels", "files", "encoders"]
    """pixels: the same prepared pictures; files: picture files by the format's own preparation;
    encoders: the encoders apart."""
    pictures: int
    largest_cosine_difference: float
    largest_logit_difference: float
    cosine_tolerance: float
    logit_tolerance: float
    margin_exceeds: int
    """Pictures whose margin exceeds twice the logits' tolerance."""
    same_class: int
    """Of those, how many are given the same class."""
    same_class_of_all: int
    elsewhere: int = 0
    """Pictures that the format's preparation cuts out a pixel beside; not compared."""

    @property
    def passed(self) -> bool:
        return (
            self.largest_cosine_difference <= self.cosine_tolerance
            and self.largest_logit_difference <= self.logit_tolerance
            and self.same_class == self.margin_exceeds
        )


@dataclass(frozen=True)
class Verification:
    """All of ``verification.json``."""

    format: str
    passed: bool
    weak: bool
    """The run predicts fewer than three classes on these pictures, so that agreeing says little."""
    pictures: int
    picture_set: str
    predicted_classes: int
    cosines: str
    """Of what the differences are: 'classes', or 'embedding entries' where the head is no matrix."""
    checks: tuple[Check, ...]

    def content(self) -> dict[str, Any]:
        return asdict(self)

    def write(self, folder: Path) -> None:
        files.write_text(folder / FILE, json.dumps(self.content(), indent=1) + "\n")


def compare(
    way: Literal["pixels", "files", "encoders"],
    run: Outputs,
    found: Outputs,
    rows: Rows,
    tolerance: float,
    elsewhere: int = 0,
) -> Check:
    """How the two differ. Shapes that differ, and values that are no numbers, count as infinitely far."""
    run_NC, found_NC = run.logits_NC.astype(np.float64), np.asarray(found.logits_NC, dtype=np.float64)
    count = len(run_NC)
    limit = rows.logit_tolerance(tolerance, run_NC) if count else 0.0
    if run_NC.shape != found_NC.shape or run.embeddings_ND.shape != found.embeddings_ND.shape:
        return Check(way, count, float("inf"), float("inf"), tolerance, limit, count, 0, 0, elsewhere)
    cosines = _largest(rows.cosines(run.embeddings_ND), rows.cosines(found.embeddings_ND))
    logits = _largest(run_NC, found_NC)
    ordered_NC = np.sort(run_NC, axis=1)
    clear_N = ordered_NC[:, -1] - ordered_NC[:, -2] > 2 * limit
    same_N = run_NC.argmax(axis=1) == found_NC.argmax(axis=1)
    return Check(
        way,
        count,
        cosines,
        logits,
        tolerance,
        limit,
        int(clear_N.sum()),
        int((clear_N & same_N).sum()),
        int(same_N.sum()),
        elsewhere,
    )


def _largest(one: Floats, other: Floats) -> float:
    if one.size == 0:
        return 0.0
    difference = float(np.abs(one - other).max())
    return difference if np.isfinite(difference) else float("inf")


def judged(format_name: str, picture_set: str, run: Outputs, rows: Rows, checks: list[Check]) -> Verification:
    """The verification of an export. Raises EngineError if a check fails."""
    predicted = len(np.unique(run.logits_NC.argmax(axis=1)))
    made = Verification(
        format=format_name,
        passed=all(check.passed for check in checks),
        weak=predicted < LEAST_CLASSES,
        pictures=len(run.logits_NC),
        picture_set=picture_set,
        predicted_classes=predicted,
        cosines="embedding entries" if rows.rows_CD is None else "classes",
        checks=tuple(checks),
    )
    failed = next((check for check in checks if not check.passed), None)
    if failed is not None:
        raise EngineError(
            "export.mismatch",
            json.dumps(made.content(), indent=1),
            format=format_name,
            way=failed.way,
            cosine=f"{failed.largest_cosine_difference:.2g}",
            tolerance=f"{failed.cosine_tolerance:.2g}",
            logit=f"{failed.largest_logit_difference:.2g}",
            logit_tolerance=f"{failed.logit_tolerance:.2g}",
            different=failed.margin_exceeds - failed.same_class,
            pictures=failed.pictures,
        )
    return made
