"""What every page is given: the project, what is known of it, the engine, and the few things to do with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QUndoStack

from app import project as projects
from app import texts
from app.engine_thread import Engine
from app.facts import Facts
from app.project import Project
from app.steps import Step
from app.undo import Change
from engine.recipe import Part

Tone = Literal["info", "good", "warn", "bad"]


@dataclass(frozen=True)
class Notice:
    """One thing told to the person above the page: what, why, and the remedy as a button."""

    tone: Tone
    what: str
    why: str = ""
    button: str = ""
    act: Callable[[], None] | None = None
    key: str = ""
    """A later notice under the same key takes the place of the earlier; empty: its text."""


class Shell(QObject):
    """Shared by the main window and its pages."""

    project_changed = Signal(object)
    """frozenset of the sections that changed ('data', 'prompts', 'model', 'method', 'training', 'blend').

    Empty if only that is new: that the person has chosen what is there."""
    facts_changed = Signal(str)
    """'pictures', 'model', 'prompts', 'method', 'machine' or 'run'."""
    project_opened = Signal()
    """Another project took the place of the one before."""
    noticed = Signal(object)
    """A ``Notice`` to be shown."""
    unnoticed = Signal(str)
    """The notice under this key is over."""
    wanted = Signal(object)
    """A ``Step`` to go to."""
    run_wanted = Signal(str)
    """A run's folder to be opened in Train, Evaluate and Export."""
    resume_wanted = Signal(str)
    """A run's folder to be opened and gone on with."""
    runs_counted = Signal(int)
    """How many runs there are, as the list of runs found just now."""
    path_wanted = Signal(str)
    """A folder, table, run or project to be opened."""
    asked = Signal(str)
    """The person wants to choose: 'folder', 'table', 'sample' or 'run'."""
    look_again = Signal()
    """Look at the pictures anew."""
    stop_looking = Signal()
    """Stop the scan under way."""
    start_wanted = Signal()
    """Start the training of the recipe now."""

    def __init__(self, engine: Engine, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.settings = settings
        self.undo = QUndoStack(self)
        self.project = Project()
        self.facts = Facts()
        self.project.listeners.append(self._changed)

    def open_project(self, project: Project) -> None:
        """Take another project; the one before is saved already."""
        self.project.listeners.clear()
        self.project = project
        self.project.listeners.append(self._changed)
        self.undo.clear()
        doctor, models = self.facts.doctor, self.facts.models
        presets, methods = self.facts.presets, self.facts.methods
        self.facts = Facts(doctor=doctor, models=models, presets=presets, methods=methods)
        self.project_opened.emit()

    def edit(
        self, text: str, merge: str | None = None, by_hand: bool = True, **changes: dict[str, Any]
    ) -> str | None:
        """Change fields of sections as one undoable step: ``edit(tr("seed"), data={"seed": 3})``.

        Returns None, or in words why a value cannot be; then nothing is changed.
        """
        parts: dict[str, Part | None] = {}
        for section, fields in changes.items():
            made = projects.changed_part(getattr(self.project, section), projects.SECTIONS[section], fields)
            if isinstance(made, str):
                return made
            if made != getattr(self.project, section):
                parts[section] = made
        if by_hand:
            names = {f"{section}.{field}" for section, fields in changes.items() for field in fields}
            before = self.project.chosen
            # of training each field counts by itself: choosing the epochs leaves the learning rate to be chosen
            self.project.chosen = before | names | (set(changes) - {"training"})
            if not parts and self.project.chosen != before:
                # what the program had chosen is now the person's own choice
                self.project.save()
                self.project.tell(frozenset())
        if parts:
            self.undo.push(Change(self.project, text, parts, merge))
        return None

    def set_quietly(self, **changes: dict[str, Any]) -> None:
        """Set what the program chooses by itself; no undo step, as the person did nothing."""
        parts: dict[str, Part | None] = {}
        for section, fields in changes.items():
            made = projects.changed_part(getattr(self.project, section), projects.SECTIONS[section], fields)
            assert not isinstance(made, str), made
            parts[section] = made
        self.project.put(parts)

    def notify(
        self,
        tone: Tone,
        what: str,
        why: str = "",
        button: str = "",
        act: Callable[[], None] | None = None,
        key: str = "",
    ) -> None:
        """Tell the person something above the page they are on."""
        self.noticed.emit(Notice(tone, what, why, button, act, key or what))

    def go(self, step: Step) -> None:
        """Show a page."""
        self.wanted.emit(step)

    def know(self, what: str) -> None:
        """Say that ``facts`` has something other to tell of ``what``."""
        self.facts_changed.emit(what)

    def _changed(self, sections: frozenset[str]) -> None:
        self.project_changed.emit(sections)
        if self.project.parted is not None:
            other, self.project.parted = self.project.parted, None
            self.notify(
                "warn",
                self.tr("'{}' was changed by another program.").format(other.name),
                self.tr("It is left as it is, and this window goes on in a draft; save that under a name."),
                key="project.parted",
            )
        if self.project.unsaved is not None:
            self.notify(
                "bad",
                self.tr("The project could not be saved."),
                texts.whole(self.project.unsaved),
                key="project.unsaved",
            )
        else:
            self.unnoticed.emit("project.unsaved")
