"""The errors a person may meet: each carries what, where and what to do."""

from __future__ import annotations

from engine.messages import Argument, Message, say


class EngineError(Exception):
    """Something a person can mend. Raised with a message code; never shows a traceback.

    ``detail`` is technical text (an exception of a library, say) for the log and "details".
    """

    exit_code = 2

    def __init__(self, code: str, detail: str = "", **arguments: Argument) -> None:
        self.message: Message = say(code, **arguments)
        self.detail = detail
        super().__init__(str(self.message))


class WriteError(EngineError):
    """A file could not be written; what was there before is unharmed."""


class ManyErrors(EngineError):
    """Several things at once, so that a person mends them in one go."""

    def __init__(self, errors: list[EngineError]) -> None:
        first = errors[0]
        super().__init__(first.message.code, first.detail, **first.message.arguments)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class OutOfMemory(EngineError):
    """The device's memory did not suffice."""


class Cancelled(EngineError):
    """The person asked to stop; not a failure."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("core.cancelled")
