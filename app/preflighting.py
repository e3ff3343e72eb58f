"""Asks the engine to go the way of training up to its first step, for the recipe of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_thread import Ticket
from app.shell import Shell
from engine.answers import PreflightAnswer
from engine.events import Event, Failed, Progress
from engine.messages import Message
from engine.requests import PreflightRequest

_SETTLE_MS = 1000
"""Edits that follow each other faster are checked once."""


class Preflighting(QObject):
    """Answers go into ``shell.facts.preflight``; at most one check is under way."""

    changed = Signal()
    """A check began, or has come to its end."""
    said = Signal()
    """The check under way has something to tell."""

    def __init__(self, shell: Shell, blocked: Callable[[], str], parent: QObject) -> None:
        """``blocked`` says why there is nothing that could be checked; empty if there is."""
        super().__init__(parent)
        self._shell = shell
        self._blocked = blocked
        self._ticket: Ticket | None = None
        self._checked: dict[str, Any] | None = None
        """Content of the recipe that is being checked, or was last."""
        self.progress: Progress | None = None
        self.failure: Message | None = None
        self.due = QTimer(self)
        self.due.setSingleShot(True)
        self.due.setInterval(_SETTLE_MS)
        self.due.timeout.connect(self.check)

    @property
    def working(self) -> bool:
        return self._ticket is not None and self._ticket.open

    def soon(self) -> None:
        """Check once the edits have settled, unless what is known is fresh."""
        facts = self._shell.facts
        ready = facts.inspected is not None and facts.methods
        if ready and not facts.preflight_fresh and not self.working and not self._blocked():
            self.due.start()

    def check(self) -> None:
        """Check now; a check under way of another recipe is given up."""
        self.due.stop()
        recipe = self._shell.project.recipe()
        if recipe is None or self._blocked():
            return
        self.drop()
        self._checked, self.failure = recipe.content(), None
        self._ticket = self._shell.engine.ask(PreflightRequest(recipe=self._checked))
        self._ticket.said.connect(self._told)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def drop(self) -> None:
        """Give up the check under way."""
        if self.working and self._ticket is not None:
            self._ticket.drop()
        self._ticket, self.progress = None, None

    def drop_if_old(self) -> None:
        """Give it up if the recipe is another by now."""
        if self.working:
            recipe = self._shell.project.recipe()
            if recipe is None or recipe.content() != self._checked:
                self.drop()

    def _told(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress = event
            self.said.emit()

    def _answered(self, answer: PreflightAnswer) -> None:
        self._ticket, self.progress = None, None
        recipe = self._shell.project.recipe()
        facts = self._shell.facts
        facts.preflight = answer
        facts.preflight_fresh = recipe is not None and recipe.content() == self._checked
        self._shell.know("method")
        self.changed.emit()

    def _failed(self, failed: Failed) -> None:
        self._ticket, self.progress = None, None
        if not failed.cancelled:
            self.failure = failed.message
        self.changed.emit()
