"""An engine without a process: what is asked is written down, what it says is said by the test.

It has the real one's interface and tickets. Requests and answers cross JSON as on the wire, so that
neither can hold what the real engine would refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QObject, QTimer

from app.engine_thread import ANSWERS, Engine, Ticket, gone
from engine.events import Event, Failed, parse_event
from engine.messages import say
from engine.requests import AskedAnswer, CancelRequest, PauseRequest, StopRequest, parse_request

Kind = str | type[BaseModel]
"""'tokens' or TokensRequest."""
Reply = BaseModel | Callable[[Any], BaseModel]
"""An answer, or what makes it from the request."""


def cancelled() -> Failed:
    """What a ticket is told that was cancelled."""
    return Failed(message=say("core.cancelled"), cancelled=True)


class ScriptedEngine(Engine):
    """Says what the test lets it say; ready from the beginning."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ready = True
        self.asked: list[BaseModel] = []
        """Every request in order, cancellations too."""
        self._requests: dict[str, BaseModel] = {}
        self._replies: dict[str, Reply] = {}

    # --- the engine's own interface -----------------------------------------------------------

    @property
    def pid(self) -> int | None:
        return None

    @property
    def running(self) -> bool:
        return self.ready

    def start(self) -> None:
        """It runs already."""

    def ask(self, request: BaseModel) -> Ticket:
        kind = _name(request)
        self._number += 1
        ticket = Ticket(self, str(self._number), kind)
        content = {"id": ticket.id, "request": request.model_dump(mode="json", by_alias=True)}
        parse_request(json.dumps(content, allow_nan=False).encode())
        self.asked.append(request)
        self._tickets[ticket.id] = ticket
        self._requests[ticket.id] = request
        if isinstance(request, CancelRequest | PauseRequest | StopRequest):
            QTimer.singleShot(0, self, lambda: self._wished(ticket, request))
        elif kind in self._replies:
            # the answer comes by the event loop, never while the question is asked
            QTimer.singleShot(0, self, lambda: self._answer(ticket, self._replies[kind]))
        self.state_changed.emit()
        return ticket

    def close(self, wait_ms: int = 15_000) -> bool:
        self.closing = True
        for ticket in self.busy:
            ticket.open = False
        self._tickets.clear()
        return True

    # --- what the test lets it say --------------------------------------------------------------

    def asked_for(self, kind: Kind) -> list[Any]:
        """The requests of a kind, in order."""
        return [request for request in self.asked if _name(request) == _name(kind)]

    def open(self, kind: Kind) -> list[Ticket]:
        """Tickets of a kind that wait for their answer, oldest first."""
        return [ticket for ticket in self.busy if ticket.kind == _name(kind)]

    def answer(self, kind: Kind, reply: Reply) -> None:
        """Answer what is open of this kind now, and all that is asked from now on."""
        self._replies[_name(kind)] = reply
        for ticket in self.open(kind):
            self._answer(ticket, reply)

    def answer_once(self, kind: Kind, reply: Reply) -> None:
        """Answer what is open of this kind, of which there must be something; later ones wait."""
        for ticket in self._must_be_open(kind):
            self._answer(ticket, reply)

    def silence(self, kind: Kind) -> None:
        """Later requests of this kind wait for their answer again."""
        self._replies.pop(_name(kind), None)

    def say(self, kind: Kind, event: Event) -> None:
        """Tell an event of what is open of this kind."""
        crossed = parse_event(event.model_dump_json())
        for ticket in self._must_be_open(kind):
            ticket.said.emit(crossed)

    def fail(self, kind: Kind, failed: Failed) -> None:
        """What is open of this kind could not be done."""
        for ticket in self._must_be_open(kind):
            self._fail(ticket, Failed.model_validate_json(failed.model_dump_json()))

    def crash(self, trouble: str = "ended by signal 9") -> None:
        """As if the process had died and was started again."""
        self.ready = False
        for ticket in self.busy:
            self._fail(ticket, gone(trouble))
        self.crashed.emit(trouble)
        self.ready = True
        self.state_changed.emit()

    # --- inside ---------------------------------------------------------------------------------

    def _must_be_open(self, kind: Kind) -> list[Ticket]:
        found = self.open(kind)
        asked = [_name(request) for request in self.asked]
        assert found, f"no '{_name(kind)}' is open; asked were {asked}"
        return found

    def _answer(self, ticket: Ticket, reply: Reply) -> None:
        if ticket.id not in self._tickets:
            return
        made = reply(self._requests[ticket.id]) if not isinstance(reply, BaseModel) else reply
        answer = ANSWERS[ticket.kind].model_validate_json(made.model_dump_json(by_alias=True))
        self._end(ticket)
        ticket.answered.emit(answer)
        ticket.deleteLater()

    def _wished(self, ticket: Ticket, request: CancelRequest | PauseRequest | StopRequest) -> None:
        target = self._tickets.get(request.target)
        self._answer(ticket, AskedAnswer(target=request.target, waiting=False))
        if target is not None and isinstance(request, CancelRequest):
            self._fail(target, cancelled())


def _name(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, type):
        return str(kind.model_fields["type"].default)
    return str(kind.type)
