"""Runs that lie outside the usual folder: remembered when they are opened, so that they are listed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

from engine import paths

_KEY = "runs/elsewhere"
_MOST = 200


def elsewhere(settings: QSettings) -> list[Path]:
    """Their folders, the latest first; some may be gone by now."""
    saved = settings.value(_KEY)
    known = [saved] if isinstance(saved, str) else list(saved) if isinstance(saved, list) else []
    return [Path(folder) for folder in known if folder]


def note(settings: QSettings, folder: Path) -> None:
    """Remember a run's folder unless it lies in the usual place."""
    folder = folder.absolute()
    if folder.parent == paths.runs_folder().absolute():
        return
    known = [folder, *(other for other in elsewhere(settings) if other != folder)]
    settings.setValue(_KEY, [str(each) for each in known[:_MOST]])


def forget(settings: QSettings, folder: Path) -> None:
    """The run is no longer there."""
    settings.setValue(_KEY, [str(each) for each in elsewhere(settings) if each != folder.absolute()])
