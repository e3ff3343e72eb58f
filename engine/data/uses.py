"""What each picture is used for, class by class: for whoever shows them. Torch-free."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine import recipe
from engine.data.load import Sources, relabelled, same_classes
from engine.data.records import ImageRecord, Split, SplitDataset, absolute_path, name_order, shown
from engine.data.split import is_in, path_set

LEFT_OUT: Final = "left out"


class Use(NamedTuple):
    """One picture, its class folder, and what it is used for."""

    path: str
    """Relative to the main source's root where it lies inside, else absolute."""
    folder: str
    part: str
    """A split's name, or ``LEFT_OUT``."""


def uses(sources: Sources, data: recipe.Data, plan: SplitDataset | None) -> dict[str, list[Use]]:
    """Every picture of the main, validation and test source by its class folder, in stable order.

    ``plan`` is what arranging ``sources`` by ``data`` came to; without one, all count as unused.
    """
    if plan is not None:
        # without a plan the recipe may name classes that there are not
        sources = relabelled(sources, data)
    planned = _planned(plan)
    chosen = set(plan.source.classes) if plan else set()
    gone = path_set(data.leave_out)
    found: dict[str, list[Use]] = {name: [] for name in sources.main.classes}

    def add(record: ImageRecord, path: str, folder: str) -> None:
        parts = planned.get((path, folder))
        if parts:
            # a table may name a picture more than once
            part = parts.pop(0).value
        elif plan and (folder in chosen or is_in(record, gone)):
            part = LEFT_OUT
        else:
            part = Split.UNUSED.value
        found[folder].append(Use(shown(path), folder, part))

    for record in sources.main.records:
        add(record, record.path, sources.main.classes[record.class_index])
    for own in (sources.validation, sources.test):
        if own is None:
            continue
        ours = same_classes(own.classes, sources.main.classes)
        for record in sorted(own.records, key=lambda record: name_order(record.path)):
            folder = ours.get(own.classes[record.class_index])
            if folder is not None:
                add(record, absolute_path(own, record).as_posix(), folder)
    return found


def _planned(plan: SplitDataset | None) -> dict[tuple[str, str], list[Split]]:
    """Path and class -> what it is used for, once for each mention."""
    planned: dict[tuple[str, str], list[Split]] = {}
    if plan is not None:
        classes = plan.source.classes
        for record in plan.source.records:
            place = (record.path, classes[record.class_index])
            planned.setdefault(place, []).append(record.split or Split.UNUSED)
    return planned
