"""The runs there are, read from their folders: what each was asked for, how far it came, its figures.

Reading is for a worker thread; what has not changed on disk is not read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QCoreApplication

from app import background, texts
from app.charts.series import Series, replay
from engine import paths
from engine.errors import EngineError
from engine.events import Event, Reason, parse_event
from engine.recipe import Recipe
from engine.run_directory import RunDirectory

translate = QCoreApplication.translate


class State(StrEnum):
    """Where a run stands."""

    DONE = "done"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Its process was killed or crashed; it can go on from its last checkpoint."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    BACKGROUND = "background"
    """Goes on in a process that this program left behind."""
    ELSEWHERE = "elsewhere"
    """Another process works on it."""
    DAMAGED = "damaged"


IN_USE = frozenset({State.BACKGROUND, State.ELSEWHERE})


@dataclass(frozen=True)
class Entry:
    """One run."""

    folder: Path
    state: State
    trouble: str = ""
    """Why it failed or cannot be read."""
    recipe: Recipe | None = None
    begun: datetime | None = None
    epoch: int = 0
    """Epochs done."""
    epochs: int = 0
    of_candidates: bool = False
    """What it calls epochs are candidates; a method that trains nothing has none."""
    best_epoch: int | None = None
    validation: float | None = None
    """Accuracies of the kept weights, 0 to 1; of a run without a result the best so far."""
    test: float | None = None
    shift_mean: float | None = None
    alpha: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    """(epoch, validation accuracy), 0 before training."""
    resumable: bool = False

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def judged(self) -> bool:
        """Its figures are those of a result."""
        return self.state is State.DONE and self.validation is not None


def folders(elsewhere: Iterable[Path] = ()) -> list[Path]:
    """Folders with a run in them: those in the usual place and ``elsewhere``, each once."""
    found: dict[Path, None] = {}
    usual = paths.runs_folder()
    try:
        places = sorted(usual.iterdir())
    except OSError:
        places = []
    for place in [*places, *elsewhere]:
        if RunDirectory(place).recipe_file.is_file():
            found[place.absolute()] = None
    return list(found)


def count(elsewhere: Iterable[Path] = ()) -> int:
    """How many runs there are; looks at names only."""
    return len(folders(elsewhere))


class RunList:
    """Reads runs, and remembers those whose files have stayed as they were."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], Entry]] = {}

    def read(self, elsewhere: Iterable[Path] = ()) -> list[Entry]:
        """All runs, the latest first."""
        behind = background.alive()
        entries = [self._entry(folder, behind) for folder in folders(elsewhere)]
        return sorted(entries, key=lambda entry: (_seconds(entry), entry.name), reverse=True)

    def _entry(self, folder: Path, behind: frozenset[Path]) -> Entry:
        run = RunDirectory(folder)
        stamp = _stamp(run)
        known = self._known.get(folder)
        if known is not None and known[0] == stamp:
            entry = known[1]
        else:
            entry = _read(run)
            self._known[folder] = (stamp, entry)
        # the lock is looked at only where somebody may work: looking takes it for a moment
        if entry.state in (State.DONE, State.CANCELLED, State.DAMAGED):
            return entry
        if folder in behind:
            # also while its process is being started and does not hold it yet
            return replace(entry, state=State.BACKGROUND, trouble="")
        if run.in_use():
            return replace(entry, state=State.ELSEWHERE, trouble="")
        return entry


def _seconds(entry: Entry) -> float:
    return entry.begun.timestamp() if entry.begun is not None else 0.0


def _stamp(run: RunDirectory) -> tuple[int, ...]:
    stamp: list[int] = []
    for file in (run.recipe_file, run.events_file, run.result_file):
        try:
            found = file.stat()
        except OSError:
            stamp += [0, 0]
        else:
            stamp += [found.st_mtime_ns, found.st_size]
    return tuple(stamp)


def _read(run: RunDirectory) -> Entry:
    try:
        recipe = run.recipe()
        series = replay(_milestones(run))
        result = run.result() if run.result_file.is_file() else None
        sets = _sets(result)
    except EngineError as error:
        return Entry(run.path, State.DAMAGED, texts.whole(error.message), begun=_begun(run, None))
    entry = Entry(
        run.path,
        _state(run, series),
        trouble=_trouble(series),
        recipe=recipe,
        begun=_begun(run, series),
        epoch=series.epoch,
        epochs=series.started.epochs if series.started is not None else recipe.training.epochs,
        of_candidates=series.of_candidates,
        best_epoch=series.best.epoch if series.best is not None else None,
        curve=tuple((e, s) for e, s in _curve(series)),
        resumable=run.has_checkpoint("last"),
    )
    if result is None:
        best = series.best.sets.get("validation") if series.best is not None else None
        return replace(entry, validation=best.accuracy if best is not None else None)
    return replace(
        entry,
        validation=_of_kind(sets, "validation"),
        test=_of_kind(sets, "test"),
        shift_mean=_of_kind(sets, "shift"),
        alpha=result.get("alpha"),
        best_epoch=result.get("best_epoch"),
    )


def _milestones(run: RunDirectory) -> Iterator[Event]:
    """The run's events but for its steps, which are most of a long run's file."""
    try:
        with run.events_file.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n") or b'"step_done"' in line[:40]:
                    continue
                try:
                    yield parse_event(line)
                except ValidationError as error:
                    reason = "a line of events.jsonl is not an event"
                    raise EngineError("run.damaged", str(error), path=str(run.path), reason=reason) from None
    except FileNotFoundError:
        return
    except OSError as error:
        raise EngineError("run.damaged", path=str(run.path), reason=str(error)) from None


def _sets(result: Any) -> list[dict[str, Any]]:
    sets = result.get("sets", {}) if isinstance(result, dict) else {}
    found = sets.values() if isinstance(sets, dict) else []
    return [each for each in found if isinstance(each, dict)]


def _of_kind(sets: list[dict[str, Any]], kind: str) -> float | None:
    """Mean accuracy of the sets of a kind."""
    found = [float(each["accuracy"]) for each in sets if each.get("kind") == kind and "accuracy" in each]
    return sum(found) / len(found) if found else None


def _curve(series: Series) -> Iterator[tuple[int, float]]:
    for epoch in sorted(series.evaluations):
        figures = series.evaluations[epoch].sets.get("validation")
        if figures is not None:
            yield epoch, figures.accuracy


def _begun(run: RunDirectory, series: Series | None) -> datetime | None:
    try:
        with run.events_file.open("rb") as stream:
            first = json.loads(stream.readline())
        return datetime.fromisoformat(first["time"]).astimezone()
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return datetime.fromtimestamp(run.recipe_file.stat().st_mtime).astimezone()
    except OSError:
        return None


def _state(run: RunDirectory, series: Series) -> State:
    """Of a run that nobody works on."""
    if series.finished is None:
        return State.INTERRUPTED if run.has_checkpoint("last") else State.FAILED
    return {
        Reason.PAUSED: State.PAUSED,
        Reason.CANCELLED: State.CANCELLED,
        Reason.FAILED: State.FAILED,
    }.get(series.finished.reason, State.DONE)


def _trouble(series: Series) -> str:
    if series.finished is None or series.finished.error is None:
        return ""
    return texts.whole(series.finished.error)


def differences(entries: list[Entry]) -> list[tuple[str, list[str]]]:
    """The recipe fields in which runs differ: (section.field, its value in each run)."""
    flat = [_flat(entry.recipe.content()) if entry.recipe is not None else {} for entry in entries]
    names: dict[str, None] = {name: None for each in flat for name in each}
    rows = [(name, [_shown(each.get(name)) for each in flat]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section, fields in content.items():
        if not isinstance(fields, dict):
            continue
        for name, value in fields.items():
            if name == "options" and isinstance(value, dict):
                found.update({f"{section}.{option}": each for option, each in value.items()})
            else:
                found[f"{section}.{name}"] = value
    return found


def _shown(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return translate("run_list", "yes") if value else translate("run_list", "no")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)
