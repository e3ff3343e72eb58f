"""What the engine is asked for the Export page: in which formats a run can leave, and to write them.

look -> the formats at once, then which of them this run cannot have
begin -> progress … -> done | failed
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app import texts
from app.engine_thread import Ticket
from app.shell import Shell
from engine.events import Event, Failed, Progress
from engine.exports import ExportAnswer, ExporterEntry, ExportersAnswer, ExportersRequest, ExportRequest
from engine.messages import Message


class Exporting(QObject):
    """One export at a time."""

    known = Signal()
    """The formats, or what is known of this run's."""
    changed = Signal()
    """An export began, came further, or is over."""
    done = Signal(object)
    """An ``ExportAnswer``."""
    failed = Signal(object)
    """A ``Message``: why nothing was exported."""

    def __init__(self, shell: Shell, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.run: Path | None = None
        """The run that ``entries`` tells of."""
        self.entries: tuple[ExporterEntry, ...] = ()
        self.checked = False
        """``entries`` says what this run cannot have."""
        self.trouble: Message | None = None
        """Why that could not be found out."""
        self.phase: Progress | None = None
        self._looks: list[Ticket] = []
        self._ticket: Ticket | None = None

    @property
    def busy(self) -> bool:
        """An export is under way."""
        return self._ticket is not None

    @property
    def looking(self) -> bool:
        """The engine was asked which formats there are."""
        return bool(self._looks)

    def entry(self, name: str) -> ExporterEntry | None:
        """A format by its name."""
        return next((each for each in self.entries if each.name == name), None)

    def look(self, run: Path, again: bool = False) -> None:
        """Find out in which formats a run can leave; it is known once it was asked."""
        if run == self.run and not again and (self.checked or self.looking):
            return
        self.forget()
        self.run = run
        if not self.entries:
            # the cards are there at once, while the run's model is still being loaded
            self._ask(ExportersRequest())
        self._ask(ExportersRequest(run=str(run)))
        self.known.emit()

    def forget(self) -> None:
        """Of no run; the formats stay, but what was said of the run goes."""
        for ticket in self._looks:
            ticket.drop()
        self._looks, self.run, self.checked, self.trouble = [], None, False, None
        self.entries = tuple(each.model_copy(update={"unavailable": None}) for each in self.entries)

    def _ask(self, request: ExportersRequest) -> None:
        ticket = self._shell.engine.ask(request)
        self._looks.append(ticket)
        ticket.answered.connect(lambda answer: self._found(ticket, answer, request.run is not None))
        ticket.failed.connect(lambda failed: self._not_found(ticket, failed))

    def _found(self, ticket: Ticket, answer: ExportersAnswer, of_run: bool) -> None:
        self._looks.remove(ticket)
        if of_run or not self.checked:
            self.entries = tuple(texts.worded(each) for each in answer.exporters)
        self.checked = self.checked or of_run
        self.known.emit()

    def _not_found(self, ticket: Ticket, failed: Failed) -> None:
        self._looks.remove(ticket)
        if not failed.cancelled:
            self.trouble = failed.message
        self.known.emit()

    # --- the export itself --------------------------------------------------------------------

    def begin(self, request: ExportRequest) -> None:
        """Write and verify; all formats, or nothing."""
        if self._ticket is not None:
            return
        self.phase = None
        self._ticket = self._shell.engine.ask(request)
        self._ticket.said.connect(self._said)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)
        self.changed.emit()

    def stop(self) -> None:
        """Go no further; nothing is left of it."""
        if self._ticket is not None:
            self._ticket.cancel()

    def _said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.phase = event
            self.changed.emit()

    def _answered(self, answer: ExportAnswer) -> None:
        self._ticket = self.phase = None
        self.done.emit(answer)
        self.changed.emit()

    def _failed(self, failed: Failed) -> None:
        self._ticket = self.phase = None
        if not failed.cancelled:
            self.failed.emit(failed.message)
        self.changed.emit()
