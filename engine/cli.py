"""The ``flyp`` command: arguments become a request, a job answers it, its module renders the answer.

Exit codes: 0 done; 2 the input is at fault; 1 a fault of ours, with its traceback in a log; 130
interrupted. Stdout carries the answer only (with ``--json`` exactly one object, also on failure);
everything else goes to stderr. torch is imported by jobs, never here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from engine import paths
from engine.arguments import parser
from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.imports import uncollected
from engine.messages import Message, say
from engine.quoting import command_line
from engine.terminal import Terminal, have_standard_streams, interruptible, stdout_for_the_answer

if TYPE_CHECKING:
    from pydantic import BaseModel

DONE, FAULT, INPUT, INTERRUPTED = 0, 1, 2, 130

_Arguments = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    have_standard_streams()
    try:
        given = parser().parse_args(arguments)
    except SystemExit as ended:
        # argparse has said what there was to say
        return _flushed(ended.code if isinstance(ended.code, int) else INPUT)
    if given.command == "serve":
        return _serve()
    if given.command == "read-export":
        with uncollected():
            module = import_module("engine.exporters.reading")
        code: int = module.main()
        return code
    return _flushed(_foreground(given))


def _serve() -> int:
    from engine import faults
    from engine.service import serve

    try:
        return serve()
    except Exception as error:  # noqa: BLE001  requests have their own; this is the service's own fault
        message, _ = faults.recorded(error)
        print(f"flyp: {message}", file=sys.stderr)
        return FAULT


def _foreground(given: _Arguments) -> int:
    """Do the command's job in the main thread and print its answer."""
    terminal = Terminal(sys.stderr)
    control = Control()
    trains = given.command in ("train", "demo")
    wish = Wish.PAUSE if trains else Wish.CANCEL
    try:
        request = _request(given)
        with (
            interruptible(control, wish, lambda message: terminal.line(str(message))),
            stdout_for_the_answer(),
        ):
            # one command may be several jobs: evaluate judges, sweeps or averages
            job = request.type
            with uncollected():
                module = import_module(f"engine.jobs.{job}")
            answer: BaseModel = getattr(module, job)(request, terminal.emit, control)
            text = answer.model_dump_json(indent=2) if given.json else module.render(answer)
    except Cancelled:
        return _failed(given, terminal, say("core.interrupted"), INTERRUPTED)
    except EngineError as error:
        return _failed(given, terminal, error.message, error.exit_code, str(error))
    except KeyboardInterrupt:
        return _failed(given, terminal, say("core.interrupted"), INTERRUPTED)
    except Exception as error:  # noqa: BLE001  the one place where a fault of ours is told
        from engine import faults

        message, _ = faults.recorded(error)
        return _failed(given, terminal, message, FAULT)
    terminal.close()
    _print(text)
    return _train_code(given, answer, terminal) if trains else DONE


def _request(given: _Arguments) -> Any:
    """The request that the arguments make; values that its model refuses are an EngineError."""
    from engine.requests import findings

    _require_text(given)
    try:
        made = given.request(given)
    except ValidationError as error:
        raise EngineError("cli.wrong_value", command=given.command, findings=findings(error)) from None
    return made


def _require_text(given: _Arguments) -> None:
    """Refuse paths whose bytes are no text: no recipe, answer or event could name them."""
    for value in vars(given).values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                paths.require_text(text)
    if out := getattr(given, "out", None):
        paths.require_text(str(Path(out).absolute()))


def _train_code(given: _Arguments, answer: Any, terminal: Terminal) -> int:
    """The exit code of an attempt at a run; its rendering says how to go on with one that was saved.

    An attempt that failed or was cancelled gives no answer: it raises.
    """
    from engine.events import Reason

    if answer.reason is Reason.PAUSED:
        if given.json:
            command = command_line(["flyp", "train", "--resume", answer.run])
            message = say("cli.begin_anew_with" if answer.anew else "cli.resume_with", command=command)
            terminal.line(message.text)
        return INTERRUPTED
    return DONE


def _failed(given: _Arguments, terminal: Terminal, message: Message, code: int, text: str = "") -> int:
    terminal.close()
    terminal.line(f"flyp: {text or message}")
    if given.json:
        _print(json.dumps({"error": message.model_dump(mode="json")}, indent=2))
    return code


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _nobody_reads()


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _nobody_reads()
    return code


def _nobody_reads() -> None:
    """Whoever read stdout has enough: let what is left in its buffer go nowhere, quietly."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
