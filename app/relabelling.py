"""Corrected classes of pictures, kept in the recipe; the files are never touched. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.data.records import shown
from engine.evaluation.outputs import SetOutputs
from engine.recipe import Data


def key_of(outputs: SetOutputs, index: int) -> str:
    """How ``data.labels`` names a picture: relative to the source, absolute if it lies elsewhere."""
    return shown(outputs.path(index).as_posix() if outputs.kind == "shift" else outputs.paths[index])


def corrected(run: Data, project: Data, pictures: Iterable[tuple[str, str]], folder: str) -> dict[str, str]:
    """The project's ``data.labels`` with these (key, class in the run) pictures given another class.

    One that is given the class it had in the run is again as it was then.
    """
    labels = dict(project.labels)
    for key, was in pictures:
        if folder == was and key not in run.labels:
            labels.pop(key, None)
        else:
            labels[key] = folder
    return dict(sorted(labels.items()))


def is_same_source(run: Data, project: Data | None) -> bool:
    """Would a correction in the project be one of the run's pictures?"""
    # a run's recipe has its links followed, a project's may not
    return project is not None and Path(project.source).resolve() == Path(run.source).resolve()
