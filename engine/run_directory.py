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
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import ValidationError

from engine import events, files, paths, recipe
from engine.errors import EngineError, WriteError
from engine.events import Event, RunFinished
from engine.recipe import Recipe

CheckpointName = Literal["last", "best"]


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

    # --- making and opening -----------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, asked: Recipe) -> RunDirectory:
        """A new run. Raises EngineError if the place is taken, or cannot be written."""
        path = path.absolute()
        if path.is_file():
            raise WriteError("files.not_a_folder", path=str(path))
        if path.exists() and any(path.iterdir()):
            raise EngineError("files.exists", path=str(path))
        made_by_us = not path.exists()
        run = cls(path)
        try:
            recipe.write(asked, run.recipe_file)
        except EngineError:
            if made_by_us:
                shutil.rmtree(path, ignore_errors=True)
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """A run that exists. Raises EngineError if the folder is none."""
        run = cls(path.absolute())
        if not run.recipe_file.is_file():
            raise EngineError("run.missing", path=str(path))
        return run

    def discard(self) -> None:
        """Remove a run that never got as far as its first checkpoint."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def close(self) -> None:
        """Close the event file."""
        if self._log is not None:
            self._log.close()
            self._log = None

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

    def checkpoint(self, name: CheckpointName) -> Path:
        """Folder of a checkpoint; an open_clip folder with, for ``last``, the training state."""
        return self.path / "checkpoints" / name

    def has_checkpoint(self, name: CheckpointName) -> bool:
        """Is there one, after mending what a crash in the middle of a swap may have left?"""
        return files.settled(self.checkpoint(name)).is_dir()

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
        content: dict[str, Any] = self._read_json(self._initial_file)
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
        with self.events_file.open("rb") as stream:
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

    def attempts(self) -> int:
        """How often the run was begun or resumed."""
        return sum(isinstance(event, events.RunStarted) for event in self.events())

    def ended(self) -> RunFinished | None:
        """How the last attempt ended, or None if it did not (still running, or killed)."""
        last: Event | None = None
        for event in self.events():
            last = event
        return last if isinstance(last, events.RunFinished) else None

    # --- one worker at a time ---------------------------------------------------------------

    def owner(self) -> int | None:
        """Process id of who works on the run now, or None."""
        try:
            content = json.loads(self._lock_file.read_text(encoding="utf-8"))
            process = psutil.Process(int(content["pid"]))
            # a later process may have got the same number
            alive = abs(process.create_time() - float(content["started"])) < 1
            return process.pid if alive and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process. Raises EngineError if another one has it."""
        taken = json.dumps({"pid": os.getpid(), "started": psutil.Process().create_time()}).encode()
        for _ in range(2):
            try:
                descriptor = os.open(self._lock_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            except FileExistsError:
                owner = self.owner()
                if owner is not None:
                    raise EngineError("run.busy", path=str(self.path), pid=owner) from None
                self._lock_file.unlink(missing_ok=True)  # left by a process that is gone
                continue
            except OSError as error:
                raise files.write_error(self._lock_file, error) from error
            os.write(descriptor, taken)
            os.close(descriptor)
            break
        else:
            raise EngineError("run.busy", path=str(self.path), pid=self.owner() or 0)
        try:
            yield
        finally:
            self._lock_file.unlink(missing_ok=True)
