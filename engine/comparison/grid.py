"""Which runs a comparison is made of. Torch-free.

cells = method × shots × seed × learning rate. A method without a learning rate has one cell
where the others have one for each rate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine import recipe as recipes
from engine.errors import EngineError
from engine.recipe import Recipe


@dataclass(frozen=True)
class Entry:
    """One line of a comparison: a method, and options that differ from its defaults."""

    label: str
    """As it was asked for: ``flyp``, ``flyp:collisions=soft``."""
    method: str
    options: tuple[tuple[str, Any], ...] = ()
    has_rate: bool = True
    """Whether the learning rate means anything to it."""
    blends: bool = True
    """Whether it trains anything that could be blended."""
    apart: str = ""
    """What sets it apart from the others in the search, as its method says; empty for nothing."""
    clips: float | None = None
    """The norm at which its gradient is clipped; None for no clipping."""


@dataclass(frozen=True)
class Cell:
    """One run of a comparison."""

    entry: Entry
    shots: int | None
    """Training pictures per class; None for all."""
    seed: int
    """Counted from 0, and added to the recipe's own two seeds."""
    rate: float | None
    """Learning rate; None where the method has none."""

    @property
    def name(self) -> str:
        """The run's folder."""
        label = re.sub(r"[^\w.=-]+", "-", self.entry.label, flags=re.UNICODE).strip("-")
        parts = [label, "all" if self.shots is None else str(self.shots), f"s{self.seed}"]
        return "-".join(parts if self.rate is None else [*parts, rate_text(self.rate)])

    def recipe(self, base: Recipe) -> Recipe:
        """The base recipe with what is this cell's own; always judged unblended."""
        training: dict[str, Any] = {"seed": base.training.seed + self.seed}
        if self.rate is not None:
            training["learning_rate"] = self.rate
        return base.replace(
            data={"seed": base.data.seed + self.seed, "shots": self.shots},
            method={"name": self.entry.method, "options": dict(self.entry.options)},
            training=training,
            blend={"alpha": 1.0},
        )


def rate_text(rate: float) -> str:
    """A learning rate as short as it can be said: 3e-05."""
    return f"{rate:g}"


def entry(text: str, base: Recipe) -> Entry:
    """``method`` or ``method:option=value:option=value``; whether there is such a method is not looked at.

    The recipe's own options hold for the recipe's own method. Raises EngineError for another form.
    """
    name, *settings = (part.strip() for part in text.split(":"))
    if not name or not all("=" in setting for setting in settings):
        raise EngineError("compare.method_form", given=text)
    options = base.method.options if name == base.method.name else {}
    changed = base.replace(method={"name": name, "options": options})
    if settings:
        changed = recipes.with_settings(changed, [f"method.options.{setting}" for setting in settings])
    return Entry(
        ":".join([name, *settings]), changed.method.name, tuple(sorted(changed.method.options.items()))
    )


def require_distinct(entries: Sequence[Entry]) -> None:
    """Raises EngineError where two entries would share a folder."""
    seen: set[str] = set()
    for one in entries:
        folder = Cell(one, None, 0, None).name
        if folder in seen:
            raise EngineError("compare.method_twice", name=one.label)
        seen.add(folder)


def default_rates(base: Recipe) -> tuple[float, ...]:
    """A third, once and three times the recipe's learning rate."""
    rate = base.training.learning_rate
    return tuple(float(f"{min(rate * factor, 1.0):.2g}") for factor in (1 / 3, 1, 3))


def cells(
    entries: Sequence[Entry], shots: Sequence[int | None], seeds: int, rates: Sequence[float]
) -> list[Cell]:
    """Every cell; all methods of a seed come before the next seed, so that an early look is a fair one."""
    return [
        Cell(one, shot, seed, rate)
        for seed, shot, one in product(range(seeds), shots, entries)
        for rate in (sorted(rates) if one.has_rate else [None])
    ]
