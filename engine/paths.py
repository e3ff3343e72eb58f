"""Where the program keeps its things. The only user of appdirs."""

from __future__ import annotations

import os
from pathlib import Path

import appdirs

from engine.errors import EngineError

_APP = "flyp"


def _folder(variable: str, fallback: str) -> Path:
    """Raises EngineError where neither the variable nor the account says a place."""
    try:
        return Path(os.environ.get(variable) or fallback).expanduser()
    except RuntimeError:
        raise EngineError("files.no_home", variable=variable) from None


def cache_folder() -> Path:
    """Things that can be made again: picture index, features. ``FLYP_CACHE`` overrides."""
    return _folder("FLYP_CACHE", appdirs.user_cache_dir(_APP, False))


def data_folder() -> Path:
    """Things a person would miss: runs made without --out. ``FLYP_HOME`` overrides."""
    return _folder("FLYP_HOME", appdirs.user_data_dir(_APP, False))


def log_folder() -> Path:
    """Logs of faults of ours, beside the data."""
    return data_folder() / "logs"


def runs_folder() -> Path:
    """Where runs go when no --out is given."""
    return data_folder() / "runs"


def resources_folder() -> Path:
    """Bundled files: prompt presets, starter, sample pictures."""
    return Path(__file__).resolve().parent.parent / "resources"


def require_text(path: str) -> str:
    """The path itself. Raises EngineError if it holds bytes that are no text, as no recipe could keep it."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise EngineError("files.not_text", path=shown) from None
    return path
