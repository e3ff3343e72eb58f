"""A run on disk, and the only owner of the file names inside it. Torch-free.

recipe.toml   what was asked for, with absolute paths
plan.json     what it became on this machine
split.csv     every picture, its class, split and content hash
initial.json  the base weights and their hash
events.jsonl  all that happened, a line each
result.json   the figures at the end
run.log       warnings and faults, for people
run.lock      who is working on it now
checkpoints/last  checkpoints/best
evaluation/sets.json        which pictures were judged at each blend
evaluation/alpha-0.70.npz   what that blend said of them, a file a stop
evaluation/sweep.json       the curves and the best blend
evaluation/chosen.json      the blend that a person chose to go on with
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import ValidationError

from engine import events, files, paths, recipe
from engine.errors import EngineError, WriteError
from engine.events import Event, RunFinished
from engine.recipe import Recipe

CheckpointName = Literal["last", "best"]

_PATIENCE = 0.2
"""Seconds for which holding a run is tried: whoever asks whether it is in use has its lock for a moment."""
_TAIL = 1 << 16
"""Bytes of the end of events.jsonl that are read at first for its last event."""


def default_path(asked: Recipe, base: Path | None = None) -> Path:
    """A new folder named after the minute, the pictures and the method; never one that exists."""
    folder = base or paths.runs_folder()
    pictures = (
        re.sub(r"[^\w-]+", "-", Path(asked.data.source).stem, flags=re.UNICODE).strip("-") or "pictures"
    )
    stem = f"{datetime.now().astimezone():%Y-%m-%dT%H%M}-{pictures}-{asked.method.name}"
    path = folder / stem
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}"
        number += 1
    return path


class RunDirectory:
    """One run's folder. Make with ``create`` or ``open``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log: files.LineLog | None = None
        self._made_by_us = False
        # the operating system lets it go when the process ends, however it ends
        self._lock = FileLock(path / "run.lock", timeout=0, thread_local=False)

    # --- making and opening -----------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, asked: Recipe) -> RunDirectory:
        """A new run, held for this process until it is closed.

        Raises EngineError if the place is taken, or cannot be written.
        """
        run = cls(path.absolute())
        try:
            in_the_way = run.path.is_file()
        except OSError as error:
            # a name too long, or a folder above that may not be entered
            raise files.write_error(run.path, error) from error
        if in_the_way:
            raise WriteError("files.not_a_folder", path=str(path))
        files.make_folder(run.path.parent)
        try:
            # making it is also claiming it: of two who want the same name only one succeeds
            run.path.mkdir()
            run._made_by_us = True
        except FileExistsError:
            if not run.path.is_dir():
                raise WriteError("files.not_a_folder", path=str(path)) from None
            if any(run.path.iterdir()):
                raise EngineError("files.exists", path=str(path)) from None
        except OSError as error:
            raise files.write_error(run.path, error) from error
        run.hold()
        try:
            if any(each.name != run._lock_file.name for each in run.path.iterdir()):
                raise EngineError("files.exists", path=str(path))
            recipe.write(asked, run.recipe_file)
        except EngineError as error:
            if error.message.code == "files.exists":
                run.close()
            else:
                run.discard()
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """A run that exists. Raises EngineError if the folder is none."""
        run = cls(path.absolute())
        try:
            there = run.recipe_file.is_file()
        except OSError:
            there = False
        if not there:
            raise EngineError("run.missing", path=str(path))
        return run

    def discard(self) -> None:
        """Remove a run that never got as far as its first checkpoint.

        Only what a run is made of goes, and the folder if we made it: anything else that
        somebody put there stays. Only for whoever holds the run.
        """
        assert self._lock.is_locked
        for file in (
            self.recipe_file,
            self.split_file,
            self.events_file,
            self.result_file,
            self.log_file,
            self._plan_file,
            self._initial_file,
        ):
            if file == self.events_file and self._log is not None:
                self._log.close()
                self._log = None
            file.unlink(missing_ok=True)
        shutil.rmtree(self.path / "checkpoints", ignore_errors=True)
        shutil.rmtree(self._evaluation, ignore_errors=True)
        self.close()
        self._lock_file.unlink(missing_ok=True)
        if self._made_by_us:
            # a folder that somebody has put something into is not ours any more
            with contextlib.suppress(OSError):
                self.path.rmdir()

    def close(self) -> None:
        """Close the event file and let the run go."""
        if self._log is not None:
            self._log.close()
            self._log = None
        self._lock.release()

    # --- names ------------------------------------------------------------------------------

    @property
    def recipe_file(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def split_file(self) -> Path:
        return self.path / "split.csv"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def result_file(self) -> Path:
        return self.path / "result.json"

    @property
    def log_file(self) -> Path:
        return self.path / "run.log"

    @property
    def _plan_file(self) -> Path:
        return self.path / "plan.json"

    @property
    def _initial_file(self) -> Path:
        return self.path / "initial.json"

    @property
    def _lock_file(self) -> Path:
        return self.path / "run.lock"

    @property
    def _evaluation(self) -> Path:
        return self.path / "evaluation"

    @property
    def sets_file(self) -> Path:
        return self._evaluation / "sets.json"

    @property
    def sweep_file(self) -> Path:
        return self._evaluation / "sweep.json"

    def stop_file(self, alpha: float) -> Path:
        """What the blend at ``alpha`` said; two digits name it."""
        return self._evaluation / f"alpha-{alpha:.2f}.npz"

    @property
    def _chosen_file(self) -> Path:
        return self._evaluation / "chosen.json"

    def checkpoint(self, name: CheckpointName) -> Path:
        """Where a checkpoint is written: an open_clip folder with, for ``last``, the training state."""
        return self.path / "checkpoints" / name

    def standing_checkpoint(self, name: CheckpointName) -> Path:
        """Where it can be read now, also after a crash in the middle of a swap."""
        return files.standing(self.checkpoint(name))

    def has_checkpoint(self, name: CheckpointName) -> bool:
        """Is there one? Looking changes nothing."""
        return self.standing_checkpoint(name).is_dir()

    def remove_checkpoint(self, name: CheckpointName) -> None:
        """Remove a checkpoint, if there is one. Only for whoever holds the run."""
        assert self._lock.is_locked
        for path in {self.checkpoint(name), self.standing_checkpoint(name)}:
            shutil.rmtree(path, ignore_errors=True)

    # --- content ----------------------------------------------------------------------------

    def recipe(self) -> Recipe:
        return recipe.read(self.recipe_file)

    def _write_json(self, path: Path, content: Any) -> None:
        files.write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def _read_json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise EngineError("run.damaged", path=str(self.path), reason=f"{path.name} is missing") from None
        except (OSError, ValueError) as error:
            raise EngineError(
                "run.damaged", path=str(self.path), reason=f"{path.name} is not readable: {error}"
            ) from None

    def write_plan(self, plan: dict[str, Any]) -> None:
        self._write_json(self._plan_file, plan)

    def plan(self) -> dict[str, Any]:
        """The stored plan, as plain data."""
        content: dict[str, Any] = self._read_json(self._plan_file)
        return content

    def write_initial(self, content: dict[str, Any]) -> None:
        """The base weights: name, path, sha256."""
        self._write_json(self._initial_file, content)

    def initial(self) -> dict[str, Any]:
        content = self._read_json(self._initial_file)
        if not isinstance(content, dict) or not isinstance(content.get("sha256"), str):
            reason = f"{self._initial_file.name} does not name the base weights"
            raise EngineError("run.damaged", path=str(self.path), reason=reason)
        return content

    def write_split(self, text: str) -> None:
        files.write_bytes(self.split_file, text.encode("utf-8", "surrogateescape"))

    def split(self) -> str:
        try:
            return self.split_file.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise EngineError("run.damaged", path=str(self.path), reason=f"split.csv: {error}") from None

    def write_result(self, content: dict[str, Any]) -> None:
        self._write_json(self.result_file, content)

    def result(self) -> dict[str, Any]:
        content: dict[str, Any] = self._read_json(self.result_file)
        return content

    def choose_alpha(self, alpha: float) -> None:
        """Write down the blend that a person wants to go on with, such as to an export. Raises WriteError."""
        self._write_json(self._chosen_file, {"alpha": alpha})

    def chosen_alpha(self) -> float | None:
        """The blend that was chosen, 0 to 1; None if none was, or none that can be understood."""
        with contextlib.suppress(EngineError, KeyError, TypeError, ValueError):
            alpha = float(self._read_json(self._chosen_file)["alpha"])
            return alpha if 0 <= alpha <= 1 else None
        return None

    def write_sweep(self, content: dict[str, Any]) -> None:
        self._write_json(self.sweep_file, content)

    def sweep(self) -> dict[str, Any] | None:
        """The blends that were judged last; None if none was."""
        if not self.sweep_file.exists():
            return None
        content: dict[str, Any] = self._read_json(self.sweep_file)
        return content

    # --- events -----------------------------------------------------------------------------

    def record(self, event: Event) -> None:
        """Append a run event to events.jsonl; warnings and errors also to run.log."""
        if not isinstance(event, events.RUN_EVENTS):
            return
        if self._log is None:
            self._log = files.LineLog(self.events_file)
        self._log.append(event.model_dump_json())
        if isinstance(event, events.Warned):
            self.note(str(event.message))
        elif isinstance(event, events.RunFinished) and event.error is not None:
            self.note(str(event.error))

    def note(self, text: str) -> None:
        """A line with the time into run.log."""
        log = files.LineLog(self.log_file)
        try:
            log.append(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}")
        finally:
            log.close()

    def events(self) -> Iterator[Event]:
        """The events so far; a torn last line is passed over."""
        if not self.events_file.exists():
            return
        try:
            opened = self.events_file.open("rb")
        except OSError as error:
            reason = "events.jsonl is not readable"
            raise EngineError("run.damaged", str(error), path=str(self.path), reason=reason) from None
        with opened as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield events.parse_event(line)
                except ValidationError as error:
                    raise EngineError(
                        "run.damaged",
                        str(error),
                        path=str(self.path),
                        reason=f"line {number} of events.jsonl is not an event",
                    ) from None

    def events_after(self, place: int) -> tuple[list[Event], int]:
        """The events on whole lines from byte ``place`` on, and the byte after them: to follow a run."""
        found: list[Event] = []
        try:
            with self.events_file.open("rb") as stream:
                stream.seek(place)
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    found.append(events.parse_event(line))
                    place += len(line)
        except FileNotFoundError:
            return [], 0
        except (OSError, ValidationError) as error:
            reason = f"events.jsonl is not readable from byte {place}"
            raise EngineError("run.damaged", str(error), path=str(self.path), reason=reason) from None
        return found, place

    def attempts(self) -> int:
        """How often the run was begun or resumed."""
        return sum(isinstance(event, events.RunStarted) for event in self.events())

    def ended(self) -> RunFinished | None:
        """How the last attempt ended, or None if it did not (still running, or killed)."""
        last: Event | None = None
        for event in self.events():
            last = event
        return last if isinstance(last, events.RunFinished) else None

    def last_event(self) -> Event | None:
        """The last event on a whole line, read from the end, which takes no longer in a long run.

        None if there is none that can be read.
        """
        try:
            with self.events_file.open("rb") as stream:
                size = stream.seek(0, 2)
                length = 0
                while length < size:
                    length = min(size, 2 * length or _TAIL)
                    stream.seek(size - length)
                    # what stands behind the last end of a line is torn
                    lines = stream.read(length).split(b"\n")[:-1]
                    if len(lines) > 1 or (lines and length == size):
                        return events.parse_event(lines[-1])
        except (OSError, ValidationError):
            pass
        return None

    # --- one worker at a time ---------------------------------------------------------------

    def hold(self) -> None:
        """Hold the run for this process until ``close``. Raises EngineError if another one has it."""
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=0.02)
        except Timeout:
            raise EngineError("run.busy", path=str(self.path)) from None
        except OSError as error:
            raise files.write_error(self._lock_file, error) from error

    def in_use(self) -> bool:
        """Is some process working on the run now?"""
        if self._lock.is_locked:
            return True
        if not self._lock_file.exists():
            return False
        try:
            with FileLock(self._lock_file, timeout=0):
                return False
        except (Timeout, OSError):
            return True
