"""How many tokens captions take: asked from the engine once typing rests, and remembered."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_thread import Engine, Ticket
from engine.answers import TokensAnswer
from engine.events import Failed
from engine.messages import Message
from engine.recipe import Model
from engine.requests import TokensRequest

_SETTLE_MS = 250
_MOST_KEPT = 20_000


class TokenCounts(QObject):
    """Counts of one model at a time; another model begins anew."""

    changed = Signal()
    """There are more counts, or the reason why there are none."""

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._model: Model | None = None
        self._counts: dict[str, int] = {}
        self._wanted: list[str] = []
        self._ticket: Ticket | None = None
        self._asked: tuple[str, ...] = ()
        self.limit: int | None = None
        """The model's context, once it is known."""
        self.unfamiliar: set[str] = set()
        """Of the bundled starter: words it has never read."""
        self.trouble: Message | None = None
        """Why there are no counts."""
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask)

    def of(self, caption: str) -> int | None:
        """The count, or None while it is not known."""
        return self._counts.get(caption)

    def want(self, model: Model | None, captions: Iterable[str], at_once: bool = False) -> None:
        """Find out what is not known of these; they take the place of what was wanted before."""
        asked = None if model is None else Model(name=model.name, weights=model.weights)
        if asked != self._model:
            self._model = asked
            self._counts, self.limit, self.trouble = {}, None, None
            self.unfamiliar = set()
            self.stop()
        self._wanted = [caption for caption in dict.fromkeys(captions) if caption not in self._counts]
        if (
            self._model is None
            or not self._wanted
            or self.trouble is not None
            or (self._ticket is not None and self._ticket.open and set(self._wanted) <= set(self._asked))
        ):
            self._settle.stop()
        else:
            self._settle.start(0 if at_once else _SETTLE_MS)

    def try_again(self) -> None:
        """The model may be readable now."""
        self.trouble = None

    def stop(self) -> None:
        """Ask no more until something is wanted."""
        self._settle.stop()
        if self._ticket is not None and self._ticket.open:
            self._ticket.drop()
        self._ticket = None

    def _ask(self) -> None:
        if self._model is None or not self._wanted:
            return
        self.stop()
        if len(self._counts) > _MOST_KEPT:
            self._counts = {}
        self._asked = tuple(self._wanted)
        self._ticket = self._engine.ask(TokensRequest(model=self._model, captions=self._asked))
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)

    def _answered(self, answer: TokensAnswer) -> None:
        self._counts.update(zip(self._asked, answer.counts, strict=True))
        self.unfamiliar |= set(answer.unfamiliar)
        self.limit = answer.limit
        self.changed.emit()

    def _failed(self, failed: Failed) -> None:
        if not failed.cancelled:
            self.trouble = failed.message
            self.changed.emit()
