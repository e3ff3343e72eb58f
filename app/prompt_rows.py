"""Names and templates as the Prompts page shows them: what the project has, drafts, and what is being typed.

A template without its {} cannot be part of a recipe. It stays here as a draft, is undone and redone
with the rest, and goes into the project as soon as it can.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app import prompt_checks
from app.shell import Shell
from app.undo import Change
from engine.prompts import class_names
from engine.recipe import Part, Prompts


class PromptRows(QObject):
    """One for the page."""

    changed = Signal()
    """Something is to be shown otherwise; also while the person types."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.templates: list[str] = list(shell.project.prompts.templates)
        """In order, drafts among them."""
        self._known = shell.project.prompts.templates
        self._typed_template: tuple[int, str] | None = None
        self._typed_name: tuple[str, str] | None = None
        shell.project_changed.connect(self._project_changed)
        shell.project_opened.connect(self._project_opened)

    # --- what is shown --------------------------------------------------------------------------

    @property
    def typing(self) -> bool:
        """A field is open and says something other than the project."""
        return self._typed_name is not None or self._typed_template is not None

    def folders(self) -> tuple[str, ...]:
        """The classes, as soon as the folder was looked at."""
        facts = self._shell.facts
        data = self._shell.project.data
        if data is None:
            return ()
        if facts.inspected is not None:
            found = facts.inspected.planned_classes or facts.inspected.classes
        elif "" in facts.structures:
            found = facts.structures[""].classes
        else:
            return ()
        return tuple(folder for folder in found if not data.classes or folder in data.classes)

    def counts(self) -> dict[str, int]:
        """Folder -> pictures found."""
        facts = self._shell.facts
        found = facts.inspected or facts.structures.get("")
        return dict(zip(found.classes, found.counts, strict=True)) if found is not None else {}

    def own_names(self) -> dict[str, str]:
        """Folder -> name of the person's own, as typed so far."""
        own = dict(self._shell.project.prompts.class_names)
        if self._typed_name is not None:
            own[self._typed_name[0]] = self._typed_name[1]
        return {folder: name for folder, name in own.items() if name.strip()}

    def shown_templates(self) -> list[str]:
        """The templates as typed so far."""
        shown = list(self.templates)
        if self._typed_template is not None:
            row, text = self._typed_template
            if row < len(shown):
                shown[row] = text
            else:
                shown.append(text)
        return shown

    def prompts(self) -> Prompts:
        """What can be used of it, as typed so far; drafts are left out."""
        usable = tuple(text for text in self.shown_templates() if prompt_checks.is_template(text))
        usable = usable or self._shell.project.prompts.templates
        return Prompts(templates=usable, class_names=self.own_names())

    # --- typing: shown and tried at once, part of the project when the field is left -----------------

    def type_template(self, row: int, text: str | None) -> None:
        """A field says so now; None: it was closed."""
        typed = None if text is None else (row, text)
        if typed != self._typed_template:
            self._typed_template = typed
            self.changed.emit()

    def type_name(self, folder: str, name: str | None) -> None:
        """A field says so now; None: it was closed."""
        typed = None if name is None else (folder, name)
        if typed != self._typed_name:
            self._typed_name = typed
            self.changed.emit()

    # --- edits, each one undo step ----------------------------------------------------------------

    def set_names(self, names: dict[str, str], text: str) -> None:
        """Give classes other names; an empty one goes back to the readable folder name."""
        own = dict(self._shell.project.prompts.class_names)
        for folder, name in names.items():
            name = " ".join(name.split())
            if name and name != class_names.readable(folder):
                own[folder] = name
            else:
                own.pop(folder, None)
        self._shell.edit(text, prompts={"class_names": own})

    def make_readable(self) -> None:
        """Remove the names of the person's own."""
        self._shell.edit(self.tr("make names readable"), prompts={"class_names": {}})

    def set_template(self, row: int, text: str) -> None:
        """Another text in a row, or a new row at the end; an empty text removes it."""
        text = " ".join(text.split())
        rows = list(self.templates)
        if row >= len(rows):
            if text:
                self.set_templates([*rows, text], self.tr("add a template"))
        elif not text:
            self.remove_template(row)
        elif rows[row] != text:
            rows[row] = text
            self.set_templates(rows, self.tr("change a template"))

    def remove_template(self, row: int) -> None:
        """The last one stays: without a template there are no captions."""
        if row < len(self.templates) and len(self.templates) > 1:
            rows = [*self.templates[:row], *self.templates[row + 1 :]]
            self.set_templates(rows, self.tr("remove a template"))

    def set_templates(self, rows: Sequence[str], text: str) -> None:
        """Other templates in place of all."""
        if list(rows) == self.templates:
            return
        project = self._shell.project
        usable = tuple(each for each in rows if prompt_checks.is_template(each)) or project.prompts.templates
        project.chosen = project.chosen | {"prompts", "prompts.templates"}
        self._shell.undo.push(_TemplatesChange(self._shell, self, text, list(rows), usable))

    # --- what comes from elsewhere ----------------------------------------------------------------

    def take(self, rows: list[str], known: tuple[str, ...]) -> None:
        """Only the undo step calls this."""
        self.templates, self._known = list(rows), known

    def _project_changed(self, sections: frozenset[str]) -> None:
        if "prompts" in sections:
            self._synchronise()
            self.changed.emit()

    def _project_opened(self) -> None:
        self._typed_name = self._typed_template = None
        self.templates = list(self._shell.project.prompts.templates)
        self._known = self._shell.project.prompts.templates
        self.changed.emit()

    def _synchronise(self) -> None:
        found = self._shell.project.prompts.templates
        if found != self._known:
            self.templates, self._known = list(found), found


class _TemplatesChange(Change):
    """Rows with their drafts, and the project's templates with them."""

    def __init__(
        self, shell: Shell, rows: PromptRows, text: str, after: list[str], usable: tuple[str, ...]
    ) -> None:
        project = shell.project
        made = Prompts(templates=usable, class_names=project.prompts.class_names)
        parts: dict[str, Part | None] = {"prompts": made} if made != project.prompts else {}
        super().__init__(project, text, parts)
        self._rows = rows
        self._rows_before, self._rows_after = list(rows.templates), after
        self._known_before, self._known_after = project.prompts.templates, usable

    def redo(self) -> None:
        self._rows.take(self._rows_after, self._known_after)
        super().redo()
        self._rows.changed.emit()

    def undo(self) -> None:
        self._rows.take(self._rows_before, self._known_before)
        super().undo()
        self._rows.changed.emit()
