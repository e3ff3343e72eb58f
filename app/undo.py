"""Undo over the project: one kind of command, whatever page it comes from."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand

from app.project import Project
from engine.recipe import Part


class Change(QUndoCommand):
    """Some sections of the project take other values.

    Changes that follow each other under the same ``merge`` name (typing in one field) are one step.
    """

    def __init__(
        self, project: Project, text: str, parts: dict[str, Part | None], merge: str | None = None
    ) -> None:
        super().__init__(text)
        self._project = project
        self._before: dict[str, Part | None] = {name: getattr(project, name) for name in parts}
        self._after = parts
        self._merge = merge

    def redo(self) -> None:
        self._put(self._before, self._after)

    def undo(self) -> None:
        self._put(self._after, self._before)

    def id(self) -> int:
        return -1 if self._merge is None else hash(self._merge) & 0x7FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802  Qt's name
        if (
            not isinstance(other, Change)
            or other._merge != self._merge
            or set(other._after) != set(self._after)
        ):
            return False
        self._after = {
            name: _moved(self._after[name], other._before[name], part) for name, part in other._after.items()
        }
        # typed and taken back: nothing that could be undone
        self.setObsolete(self._after == self._before)
        return True

    def _put(self, old: dict[str, Part | None], new: dict[str, Part | None]) -> None:
        parts = {name: _moved(getattr(self._project, name), old[name], new[name]) for name in new}
        self._project.put(parts)


def _moved(now: Part | None, old: Part | None, new: Part | None) -> Part | None:
    """``now`` with what is different between ``old`` and ``new``; values chosen meanwhile stay."""
    if now is None or old is None or new is None:
        return new
    different = {name: value for name, value in new if getattr(old, name) != value}
    return now.model_copy(update=different)
