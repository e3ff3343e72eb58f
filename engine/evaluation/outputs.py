"""What a model said of every picture, small enough to keep for each blend and quick to judge. Torch-free.

Of each picture the best ``TOP`` logits are kept with the logit of its true class and the log of the
sum over all classes: enough for every figure of ``metrics.summary`` without its bootstrap intervals,
for the confusion matrix and for any mistake's probabilities, at a fiftieth of the size with 1,000 classes.

On disk a run has ``sets.json`` (what is judged, once) and an ``.npz`` for each blend (what was said).

N: pictures, C: classes, K: best classes kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.data.records import ImageRecord
from engine.errors import EngineError
from engine.evaluation import metrics
from engine.evaluation.metrics import Floats, Ints
from engine.recipe import ALPHAS

__all__ = ["ALPHAS", "TOP", "SetOutputs", "Sets"]  # the first comes from elsewhere

TOP = 20
"""At most so many of the best classes are kept of each picture."""
_ROWS = 4096
"""Pictures sorted at once, so that sorting takes no multiple of the logits' memory."""

Kind = Literal["train", "validation", "test", "shift"]


class _Pictures(Protocol):
    @property
    def root(self) -> Path: ...
    @property
    def records(self) -> Sequence[ImageRecord]: ...


class Judged(Protocol):
    """A set to be judged, such as an ``EvaluationSet``, which this module cannot import."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def pictures(self) -> _Pictures: ...
    @property
    def present(self) -> tuple[int, ...] | None: ...


@dataclass(frozen=True, eq=False)
class SetOutputs:
    """One set and what the model said of each of its pictures."""

    name: str
    kind: Kind
    root: str
    """Absolute folder that the paths count from."""
    paths: tuple[str, ...]
    """Relative to ``root`` with forward slashes; absolute for a picture that does not lie under it."""
    labels_N: Ints
    groups: tuple[str | None, ...] | None
    """Of each picture; None if none has a group."""
    present: tuple[int, ...] | None
    """The classes that were allowed (a shift set may have fewer); None for all."""
    top_NK: NDArray[np.int32]
    """Class indices, the best first; of equals the first class comes first."""
    logits_NK: NDArray[np.float32]
    """Their logits."""
    true_N: NDArray[np.float32]
    """Logit of the true class."""
    lse_N: NDArray[np.float32]
    """Logarithm of the sum of exponentials over all allowed classes."""

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, index: int) -> Path:
        """Where a picture lies."""
        return Path(self.root) / self.paths[index]

    @property
    def predicted_N(self) -> NDArray[np.int32]:  # noqa: N802  its dimensions
        return self.top_NK[:, 0]

    @property
    def confidence_N(self) -> Floats:  # noqa: N802  its dimensions
        """Probability of the predicted class, 0 to 1."""
        return self._probability(self.logits_NK[:, 0])

    @property
    def true_probability_N(self) -> Floats:  # noqa: N802  its dimensions
        """Probability of the true class, 0 to 1."""
        return self._probability(self.true_N)

    @property
    def probabilities_NK(self) -> Floats:  # noqa: N802  its dimensions
        """Of the best classes, over all allowed ones: a row sums to 1 only if all are kept."""
        result: Floats = np.exp(self.logits_NK.astype(np.float64) - self.lse_N.astype(np.float64)[:, None])
        return result

    def _probability(self, logit_N: NDArray[np.float32]) -> Floats:
        # rounding to float32 can put a logit above the sum it is part of
        result: Floats = np.exp(np.minimum(logit_N.astype(np.float64) - self.lse_N, 0.0))
        return result


def condense(logits_NC: NDArray[Any], judged: Judged) -> SetOutputs:
    """What is kept of a set's logits (N × C, any float type)."""
    records = judged.pictures.records
    labels_N: Ints = np.array([record.class_index for record in records], dtype=np.int64)
    total, classes = logits_NC.shape
    if total != len(records):
        raise ValueError(f"{total} rows of logits for {len(records)} pictures")
    allowed: Ints = np.arange(classes) if judged.present is None else np.array(judged.present, dtype=np.int64)
    keep = min(TOP, len(allowed))
    top_NK = np.empty((total, keep), dtype=np.int32)
    best_NK = np.empty((total, keep), dtype=np.float32)
    lse_N = np.empty(total, dtype=np.float32)
    for start in range(0, total, _ROWS):
        part = slice(start, start + _ROWS)
        here_NA = logits_NC[part].astype(np.float64)[:, allowed]
        order_NK = np.argsort(-here_NA, axis=1, kind="stable")[:, :keep]
        top_NK[part] = allowed[order_NK]
        best_NK[part] = np.take_along_axis(here_NA, order_NK, axis=1)
        highest_N1 = here_NA.max(axis=1, keepdims=True)
        lse_N[part] = highest_N1[:, 0] + np.log(np.exp(here_NA - highest_N1).sum(axis=1))
    groups = tuple(record.group for record in records)
    return SetOutputs(
        name=judged.name,
        kind=judged.kind,
        root=str(judged.pictures.root),
        paths=tuple(record.path for record in records),
        labels_N=labels_N,
        groups=groups if any(groups) else None,
        present=judged.present,
        top_NK=top_NK,
        logits_NK=best_NK,
        true_N=logits_NC[np.arange(total), labels_N].astype(np.float32),
        lse_N=lse_N,
    )


# --- figures --------------------------------------------------------------------------------------


def accuracy(outputs: SetOutputs) -> float:
    """Share of pictures that are right, 0 to 1."""
    return float((outputs.predicted_N == outputs.labels_N).mean())


def loss(outputs: SetOutputs) -> float:
    """Mean cross-entropy in nats."""
    return float((outputs.lse_N.astype(np.float64) - outputs.true_N).mean())


def confusion(outputs: SetOutputs, classes: int) -> Ints:
    """Counts, C × C: rows the true class, columns the predicted one."""
    return metrics.confusion(outputs.predicted_N.astype(np.int64), outputs.labels_N, classes)


def calibration_error(outputs: SetOutputs) -> float:
    """Expected calibration error of the top class, as ``metrics.calibration_error``."""
    right_N = outputs.predicted_N == outputs.labels_N
    return metrics.binned_gap(outputs.confidence_N, right_N)


def figures(outputs: SetOutputs, classes: Sequence[str]) -> dict[str, Any]:
    """The figures of ``metrics.summary`` but for its bootstrap intervals, from what was kept."""
    return metrics.described(
        confusion(outputs, len(classes)),
        outputs.predicted_N == outputs.labels_N,
        classes,
        outputs.groups,
        outputs.present,
        ece=calibration_error(outputs),
        nll=loss(outputs),
    )


def intervals(outputs: SetOutputs, classes: int) -> dict[str, list[float]]:
    """As ``metrics.intervals``: 95 % intervals by resampling, which take a good part of a second."""
    return metrics.resampled(
        outputs.predicted_N.astype(np.int64),
        outputs.labels_N,
        outputs.confidence_N,
        outputs.lse_N.astype(np.float64) - outputs.true_N,
        classes,
        outputs.groups,
    )


# --- on disk --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Sets:
    """What ``sets.json`` says: the pictures, which are the same at every blend."""

    weights: str
    """Identity of the weights and the split that the outputs are of; files of others are not read."""
    classes: tuple[str, ...]
    sets: tuple[SetOutputs, ...]
    """Without outputs: K is 0."""


_ARRAYS = ("top_NK", "logits_NK", "true_N", "lse_N")


def write_sets(path: Path, weights: str, classes: Sequence[str], outputs: Sequence[SetOutputs]) -> None:
    """Write what is judged. Raises WriteError."""
    content = {
        "weights": weights,
        "classes": list(classes),
        "sets": [
            {
                "name": each.name,
                "kind": each.kind,
                "root": each.root,
                "paths": list(each.paths),
                "labels": each.labels_N.tolist(),
                "groups": None if each.groups is None else list(each.groups),
                "present": None if each.present is None else list(each.present),
            }
            for each in outputs
        ],
    }
    # ASCII, so that a name with undecodable bytes is written as an escape and read back the same
    files.write_bytes(path, json.dumps(content, allow_nan=False).encode("ascii"))


def read_sets(path: Path) -> Sets | None:
    """What was judged; None if nothing was. Raises EngineError if it cannot be understood."""
    try:
        content = json.loads(path.read_bytes())
        return Sets(content["weights"], tuple(content["classes"]), tuple(map(_bare, content["sets"])))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def _bare(one: dict[str, Any]) -> SetOutputs:
    paths, labels = tuple(one["paths"]), one["labels"]
    if len(paths) != len(labels) or one["kind"] not in ("train", "validation", "test", "shift"):
        raise ValueError(f"the set '{one['name']}' is not whole")
    none_NK, none_N = np.empty((len(paths), 0), np.float32), np.empty(0, np.float32)
    return SetOutputs(
        name=one["name"],
        kind=one["kind"],
        root=one["root"],
        paths=paths,
        labels_N=np.array(labels, dtype=np.int64),
        groups=None if one["groups"] is None else tuple(one["groups"]),
        present=None if one["present"] is None else tuple(one["present"]),
        top_NK=none_NK.astype(np.int32),
        logits_NK=none_NK,
        true_N=none_N,
        lse_N=none_N,
    )


def write_stop(path: Path, weights: str, alpha: float, outputs: Sequence[SetOutputs]) -> None:
    """Write what the blend at ``alpha`` said, in the order of ``sets.json``. Raises WriteError."""
    arrays: dict[str, Any] = {"weights": np.array(weights), "alpha": np.array(alpha)}
    for number, each in enumerate(outputs):
        arrays |= {f"{number}.{name}": getattr(each, name) for name in _ARRAYS}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    files.write_bytes(path, stream.getvalue())


def read_stop(path: Path, sets: Sets) -> tuple[SetOutputs, ...] | None:
    """What a blend said of the sets; None if it was not judged yet, or with other weights.

    Raises EngineError if the file cannot be understood.
    """
    try:
        # opened here: numpy would not close a file that is no archive
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            if str(stored["weights"]) != sets.weights:
                return None
            return tuple(_filled(each, number, stored) for number, each in enumerate(sets.sets))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from None


def _filled(bare: SetOutputs, number: int, stored: Any) -> SetOutputs:
    arrays = {name: stored[f"{number}.{name}"] for name in _ARRAYS}
    if any(len(array) != len(bare) for array in arrays.values()):
        raise ValueError(f"the set '{bare.name}' has {len(bare)} pictures, the outputs are of another number")
    return replace(bare, **arrays)


def _damaged(path: Path, error: Exception) -> EngineError:
    reason = f"{path.name} is not readable: {error}"
    return EngineError("run.damaged", str(error), path=str(path.parent.parent), reason=reason)
