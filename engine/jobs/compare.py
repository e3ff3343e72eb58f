"""``flyp compare``: methods × shots × seeds × learning rates from one recipe, and what follows from them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import methods, paths
from engine import recipe as recipes
from engine.clip import backbone as backbones
from engine.comparison import charts, summary, tables
from engine.comparison.cells import Worker
from engine.comparison.folder import ComparisonFolder
from engine.comparison.grid import Cell, Entry, cells, default_rates, entry, require_distinct
from engine.control import Control
from engine.errors import EngineError
from engine.events import Event, Progress, Warned
from engine.jobs import Emit
from engine.messages import Message, say
from engine.recipe import Recipe
from engine.requests import CompareAnswer, CompareRequest
from engine.training.setup import Shared

_PAUSE = 1.0
"""Seconds between looks at cells that another process works on."""


def compare(request: CompareRequest, emit: Emit, control: Control) -> CompareAnswer:
    """Do every cell that is not done yet, then write tables and charts.

    Given again with the same folder it goes on where it was. Raises EngineError where a method or the
    folder does not fit; Cancelled when asked to end: what is under way then was saved or is begun anew.
    """
    base = recipes.with_absolute_paths(recipes.parse(request.recipe, "recipe"), Path.cwd())
    entries = [_entry(text, base) for text in request.methods]
    require_distinct(entries)
    _require_unlike(entries)
    rates = _rates(request.rates, base)
    shots: Sequence[int | None] = tuple(dict.fromkeys(request.shots)) or (base.data.shots,)
    out = Path(paths.require_text(str(Path(request.out).expanduser().absolute())))
    shared = Shared(trial=False, lean=True)
    _require_supported(base, entries, emit, control)
    folder = ComparisonFolder.claimed(out, base)
    worker = Worker(folder, base, request.blend, request.keep_weights, shared)
    wanted = cells(entries, shots, request.seeds, rates)
    _Progress(wanted, emit, control).do(worker)
    figures = [worker.figures(cell) for cell in wanted]
    content = summary.content(figures, entries, rates, _described(base))
    written = folder.write(content, tables.to_csv(content), tables.to_markdown(content))
    written += folder.write_charts(charts.draw(content))
    return CompareAnswer(
        out=str(folder.path),
        comparison=str(written[0]),
        files=tuple(str(path) for path in written),
        content=content,
    )


def _entry(text: str, base: Recipe) -> Entry:
    """The entry, with what its method says of itself. Raises EngineError for an unknown method or option."""
    one = entry(text, base)
    method = methods.find(one.method)
    options = methods.options_of(method, dict(one.options))
    settings = method.settings
    has_rate = settings is None or "learning_rate" in settings
    blends = one.method != summary.ZERO_SHOT
    own = getattr(options, "largest_gradient", None)
    clips = (base.training.clip_gradient or own) if has_rate else None
    # in full, so that cells stay what they are when a default changes
    everything = tuple(sorted(options.model_dump(mode="json").items()))
    return Entry(one.label, one.method, everything, has_rate, blends, options.set_apart(), clips)


def _require_unlike(entries: Sequence[Entry]) -> None:
    """Raises EngineError where two entries come to the same, as ``flyp`` and its default written out."""
    seen: list[tuple[str, dict[str, Any]]] = []
    for one in entries:
        options = methods.options_of(methods.find(one.method), dict(one.options)).model_dump()
        if (one.method, options) in seen:
            raise EngineError("compare.method_twice", name=one.label)
        seen.append((one.method, options))


def _rates(given: tuple[float, ...], base: Recipe) -> tuple[float, ...]:
    for rate in given:
        if not 0 < rate <= 1:
            raise EngineError("compare.rate", rate=f"{rate:g}")
    return tuple(dict.fromkeys(given)) or default_rates(base)


def _require_supported(base: Recipe, entries: Sequence[Entry], emit: Emit, control: Control) -> None:
    """Refuse before the first hour of training, not after it; by what training itself would ask."""
    emit(Progress(phase=say("phase.loading_model", model=base.model.name)))
    backbone = backbones.load(base.model, download=True, control=control, emit=emit)
    for one in entries:
        method = methods.find(one.method)
        reason = method.supports(backbone, methods.options_of(method, dict(one.options)))
        if reason is not None:
            about = {"method": one.label, "model": base.model.name, "reason": reason.text}
            if reason.hint:
                raise EngineError("compare.unsupported_options", **about, remedy=reason.hint)
            raise EngineError("compare.unsupported", **about)


def _described(base: Recipe) -> dict[str, Any]:
    """The recipe as far as it is the same on every machine: names of folders, no places."""
    content = base.content()
    data = content["data"]
    return {
        "data": {
            "source": Path(data["source"]).name,
            "shifts": [shift["name"] for shift in data["shifts"]],
            "classes": data["classes"],
            "balanced": data["balanced"],
            "seed": data["seed"],
        },
        "prompts": content["prompts"],
        "model": {**content["model"], "name": _last_name(content["model"]["name"])},
        "training": {
            name: value
            for name, value in content["training"].items()
            if name not in ("learning_rate", "device", "threads", "micro_batch")
        },
    }


def _last_name(model: str) -> str:
    return Path(model).name if Path(model).is_absolute() else model


class _Progress:
    """Goes through the cells, says how far it is, and estimates what is left."""

    def __init__(self, wanted: Sequence[Cell], emit: Emit, control: Control) -> None:
        self._wanted = wanted
        self._emit = emit
        self._control = control
        self._done = 0
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._left: list[Cell] = []
        self._current: Cell | None = None
        self._told: set[str] = set()

    def do(self, worker: Worker) -> None:
        """Every cell that is not done; one that another process has is waited for."""
        self._left = [cell for cell in self._wanted if not worker.done(cell)]
        self._done = len(self._wanted) - len(self._left)
        while self._left:
            passed_over = []
            while self._left:
                self._control.check()
                cell = self._left.pop(0)
                self._current = cell
                self._say()
                began = time.monotonic()
                if worker.done(cell):
                    self._done += 1
                elif worker.work(cell, self._hear, self._control):
                    self._done += 1
                    self._seconds[cell.entry.label].append(time.monotonic() - began)
                else:
                    passed_over.append(cell)
            self._current = None
            if passed_over:
                self._left = passed_over
                phase = say("phase.compare_waiting", count=len(passed_over))
                self._emit(Progress(phase=phase, done=self._done, total=len(self._wanted)))
                self._control.check()
                time.sleep(_PAUSE)

    def _say(self) -> None:
        assert self._current is not None
        phase = say("phase.compare", name=self._current.name, number=self._done + 1, total=len(self._wanted))
        self._emit(
            Progress(phase=phase, done=self._done, total=len(self._wanted), seconds_left=self._seconds_left())
        )

    def _seconds_left(self) -> float | None:
        """By what the cells of each method took so far; for a method not yet met, by all of them."""
        known = [seconds for some in self._seconds.values() for seconds in some]
        if not known:
            return None
        mean = sum(known) / len(known)
        left = [*self._left, *([self._current] if self._current else [])]
        return sum(
            sum(some) / len(some) if (some := self._seconds.get(cell.entry.label)) else mean for cell in left
        )

    def _hear(self, event: Event) -> None:
        """A run's own events: its warnings once, its progress as the comparison's."""
        if isinstance(event, Warned):
            key = _warning(event.message)
            if key not in self._told:
                self._told.add(key)
                self._emit(event)
        elif isinstance(event, Progress):
            self._say()


def _warning(message: Message) -> str:
    return f"{message.code} {sorted(message.arguments.items())}"


def render(answer: CompareAnswer) -> str:
    """The tables, and where everything lies."""
    return f"{tables.to_markdown(answer.content)}\nWritten to {answer.out}"
