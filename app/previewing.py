"""Asks what the chosen model makes of the pictures by names and templates alone, before any training."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_thread import Ticket
from app.shell import Shell
from engine.answers import PreviewAnswer
from engine.events import Event, Failed, Progress
from engine.messages import Message
from engine.recipe import Prompts
from engine.requests import PreviewRequest

_SETTLE_MS = 500


@dataclass(frozen=True)
class Stand:
    """All that decides a preview's figures."""

    place: tuple[object, ...]
    """Pictures, model and device."""
    prompts: Prompts


@dataclass(frozen=True)
class _Figure:
    stand: Stand
    accuracy: float


class Previewing(QObject):
    """Answers go into ``shell.facts.preview``; at most one request is under way."""

    changed = Signal()
    """Progress, an answer or a failure."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._ticket: Ticket | None = None
        self._asked: Stand | None = None
        self._answered_for: Stand | None = None
        self._wanted: Stand | None = None
        self._typing = False
        self._now: _Figure | None = None
        self._settled: _Figure | None = None
        """Of the last edit that is done; while the next is typed all is compared with it."""
        self._before: _Figure | None = None
        self.progress: Progress | None = None
        """What the request under way does."""
        self.failure: Message | None = None
        """Why the last one failed, as long as nothing changed."""
        self._failed_for: Stand | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask)

    @property
    def under_way(self) -> bool:
        """A request was sent and has not ended."""
        return self._ticket is not None and self._ticket.open

    @property
    def waiting(self) -> bool:
        """A request will be sent when typing rests."""
        return self._settle.isActive()

    def stand(self, prompts: Prompts) -> Stand:
        """What a preview of the project with these prompts would be of."""
        project, inspected = self._shell.project, self._shell.facts.inspected
        found = (inspected.pictures, inspected.planned) if inspected is not None else None
        # planned holds lists of numbers by name; its text is enough to tell two apart
        return Stand((project.data, project.model, project.training.device, str(found)), prompts)

    def want(self, prompts: Prompts, typing: bool, at_once: bool = False) -> None:
        """See to it that there is an answer for these prompts. ``typing``: they are not settled yet."""
        stand = self.stand(prompts)
        facts = self._shell.facts
        self._wanted = stand
        facts.preview_fresh = facts.preview is not None and stand == self._answered_for
        self._typing = typing
        if facts.preview_fresh:
            self.stop()
            self._compare()
        elif self.under_way and self._asked == stand:
            self._settle.stop()
        elif stand != self._failed_for:
            self._drop()
            self.failure = None
            self._settle.start(0 if at_once else _SETTLE_MS)

    def try_again(self) -> None:
        """Ask once more for what failed."""
        self._failed_for, self.failure = None, None
        if self._wanted is not None:
            self._settle.start(0)
        self.changed.emit()

    def stop(self) -> None:
        """Cancel what is under way."""
        self._settle.stop()
        self._drop()

    def forget(self) -> None:
        """Another project: nothing can be compared with what was."""
        self.stop()
        self._answered_for = self._failed_for = None
        self._before = self._now = self._settled = None
        self.failure = None

    def gain(self) -> float | None:
        """Share of the pictures that are right now and were not at the last edit; None without such."""
        now, before = self._now, self._before
        if now is None or before is None or now.stand == before.stand:
            return None
        if now.stand.place != before.stand.place:
            return None
        return now.accuracy - before.accuracy

    # --- inside -------------------------------------------------------------------------------

    def _drop(self) -> None:
        if self._ticket is not None and self._ticket.open:
            self._ticket.drop()
        self._ticket = None
        self.progress = None

    def _ask(self) -> None:
        recipe = self._shell.project.recipe()
        if recipe is None or self._wanted is None:
            return
        self._drop()
        self._asked = self._wanted
        content = recipe.model_copy(update={"prompts": self._wanted.prompts}).content()
        self._ticket = self._shell.engine.ask(PreviewRequest(recipe=content))
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progress = event
            self.changed.emit()

    def _answered(self, answer: PreviewAnswer) -> None:
        self.progress, self.failure, self._failed_for = None, None, None
        self._answered_for = self._asked
        facts = self._shell.facts
        facts.preview = answer
        facts.preview_fresh = self._asked == self._wanted
        if self._asked is not None:
            self._now = _Figure(self._asked, answer.accuracy)
            self._compare()
        self._shell.know("prompts")
        self.changed.emit()

    def _compare(self) -> None:
        """Say what the figure of now is compared with; an edit that is done is what the next counts from."""
        if self._typing:
            self._before = self._settled
        elif self._settled != self._now:
            self._before, self._settled = self._settled, self._now

    def _failed(self, failed: Failed) -> None:
        self.progress = None
        if not failed.cancelled:
            self.failure, self._failed_for = failed.message, self._asked
        self.changed.emit()
