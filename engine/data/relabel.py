"""Corrected classes: a recipe's ``data.labels`` over what folders and tables say. Torch-free.

The files stay where they are. A picture keeps its path, and as the split ranks pictures by their path it
mostly keeps its part too; it is then drawn among the pictures of its new class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.data.records import Dataset, ImageRecord, absolute_path, nfc, shown
from engine.errors import EngineError


class Labels:
    """The corrections of a recipe, found by a picture's path however that is written.

    A picture of the source is named by its path relative to it; one of another source (own validation
    or test pictures, shift sets) by its absolute path, and so may one of the source be.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._label_of = {form: label for path, label in given.items() for form in _forms(path)}

    def __bool__(self) -> bool:
        return bool(self._given)

    def of(self, dataset: Dataset, record: ImageRecord, main: bool) -> str | None:
        """The corrected class of a picture; None if it has none. ``main``: relative paths count too."""
        return next(
            (self._label_of[name] for name in names(dataset, record, main) if name in self._label_of), None
        )

    def unused(self, datasets: list[tuple[str, Dataset]]) -> list[str]:
        """Paths of the recipe that name no picture of any source; '' names the main one."""
        known = {
            name
            for role, dataset in datasets
            for record in dataset.records
            for name in names(dataset, record, main=not role)
        }
        return [path for path in self._given if known.isdisjoint(_forms(path))]


def _forms(path: str) -> set[str]:
    return {path, nfc(path.replace("\\", "/"))}


def names(dataset: Dataset, record: ImageRecord, main: bool) -> Iterator[str]:
    """Every way in which a recipe may name the picture."""
    place = absolute_path(dataset, record).as_posix()
    for path in (record.path, place) if main else (place,):
        yield from (path, nfc(path), shown(path))


def corrected(dataset: Dataset, labels: Labels, classes: tuple[str, ...], main: bool) -> Dataset:
    """The dataset with its pictures in their corrected classes.

    ``classes`` are the main source's. Raises EngineError for a class that it does not have.
    """
    if not labels:
        return dataset
    ours = {nfc(name): name for name in classes}
    known = list(dataset.classes)
    records = []
    changed = False
    for record in dataset.records:
        label = labels.of(dataset, record, main)
        if label is not None:
            name = label if label in classes else ours.get(nfc(label))
            if name is None:
                raise EngineError(
                    "data.label_class", path=shown(record.path), name=label, known=", ".join(classes[:20])
                )
            if name not in known:
                # a source of its own need not have had the class
                known.append(name)
            record = replace(record, class_index=known.index(name))
            changed = True
        records.append(record)
    return dataset.replace(classes=tuple(known), records=tuple(records)) if changed else dataset
