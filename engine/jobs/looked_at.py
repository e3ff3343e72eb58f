"""What was read of the sources last asked about, so that using them otherwise needs no second look.

A window asks again at every change of shots, seed or classes; these decide nothing about what is
read. Thread-safe: jobs run beside each other. Torch-free.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

from engine.control import Control
from engine.data import load
from engine.data.load import Sources
from engine.data.records import SplitDataset
from engine.data.uses import Use, uses
from engine.errors import Cancelled, EngineError
from engine.jobs import Emit
from engine.messages import Message
from engine.recipe import Data

_MOST = 2
"""Places kept; a hundred thousand pictures take some 50 MB."""

_Place = tuple[object, ...]


@dataclass(frozen=True)
class Arranged:
    """What the pictures would be used for."""

    sources: Sources
    data: Data
    plan: SplitDataset | None
    error: Message | None
    """Why training would refuse them, if it would."""

    @cached_property
    def uses(self) -> dict[str, list[Use]]:
        """By class folder; made when first asked for."""
        return uses(self.sources, self.data, self.plan)


@dataclass
class Look:
    """Sources that were read, and how they were arranged last."""

    sources: Sources
    content: bool
    """Every picture was opened."""
    _last: Arranged | None = field(default=None, repr=False)

    def arranged(self, data: Data) -> Arranged:
        """What training would make of them. ``data`` names the places that were read."""
        last = self._last
        if last is not None and last.data == data:
            return last
        plan: SplitDataset | None = None
        error: Message | None = None
        try:
            plan = load.arrange(self.sources, data)
        except EngineError as refused:
            # what was found is worth telling even if training would refuse it
            error = refused.message
        self._last = made = Arranged(self.sources, data, plan, error)
        return made


_looks: dict[_Place, Look] = {}
"""Oldest first."""
_lock = threading.Lock()


def look(data: Data, control: Control, emit: Emit, *, content: bool) -> Look:
    """Read every source, with its events, and remember what was found."""
    try:
        found = Look(load.read(data, control, emit, content=content), content)
    except Cancelled:
        raise
    except EngineError:
        # it is no longer as it was
        _forget(data)
        raise
    with _lock:
        _looks.pop(_place(data), None)
        _looks[_place(data)] = found
        while len(_looks) > _MOST:
            del _looks[next(iter(_looks))]
    return found


def recall(data: Data, *, content: bool) -> Look | None:
    """What was last read of the same places; None if nothing, or too little.

    With ``content`` only a look into every picture will do, without it any.
    """
    with _lock:
        found = _looks.get(_place(data))
    return None if found is None or (content and not found.content) else found


def _forget(data: Data) -> None:
    with _lock:
        _looks.pop(_place(data), None)


def _place(data: Data) -> _Place:
    """All of ``data`` that decides what is read."""
    return data.source, data.validation_source, data.test_source, data.shifts
