"""Projects without a name lie in the folder of drafts; few are kept, and none that nobody has touched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QFile

from app import paths
from app.project import Project

MOST = 20
"""Drafts that are kept."""


def forget_untouched(project: Project) -> None:
    """Remove the draft of a project that is being left if nothing was decided in it."""
    if project.file is not None and not project.named and project.is_untouched():
        try:
            project.file.unlink(missing_ok=True)
        except OSError:
            # it stays, and goes with the old ones
            return


def tidy(needed: Iterable[Path]) -> list[Path]:
    """Move all but the latest drafts to the system's bin, never one that is ``needed``; those that went.

    Where there is no bin they stay. For a worker thread.
    """
    keep = {path.absolute() for path in needed}
    dated: list[tuple[bool, float, Path]] = []
    for path in paths.drafts().glob("*.toml"):
        try:
            dated.append((path.absolute() in keep, path.stat().st_mtime, path))
        except OSError:
            # gone meanwhile
            continue
    dated.sort(reverse=True)
    old = [path for is_needed, _, path in dated[MOST:] if not is_needed]
    return [path for path in old if QFile(str(path)).moveToTrash()]
