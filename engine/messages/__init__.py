"""Everything the engine says to a person, declared in one place and sent as code + arguments + text.

The window translates by code; the terminal prints the English text. A code is ``room.what``;
its text and its remedy are templates in this package's modules, one module a room.
"""

from __future__ import annotations

from string import Formatter

from pydantic import BaseModel, ConfigDict, Field

from engine.messages import clip, core, data, evaluation, exports, service, training
from engine.messages.text import Text

Argument = str | int | float

TEXTS: dict[str, Text] = {
    **core.TEXTS,
    **data.TEXTS,
    **clip.TEXTS,
    **training.TEXTS,
    **evaluation.TEXTS,
    **service.TEXTS,
    **exports.TEXTS,
}
"""Every message code with its English text and remedy."""


class Message(BaseModel):
    """One thing said to a person: a code for translation and the English for everyone else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    text: str
    hint: str = ""
    arguments: dict[str, Argument] = Field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.text} {self.hint}".strip()


def placeholders(template: str) -> set[str]:
    """The names of the arguments that a text asks for."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def say(code: str, **arguments: Argument) -> Message:
    """The message of ``code`` with its arguments filled in.

    Raises KeyError for an unknown code or a missing argument: both are faults of ours,
    and a test walks all codes.
    """
    text = TEXTS[code]
    return Message(
        code=code,
        text=text.message.format_map(arguments),
        hint=text.hint.format_map(arguments),
        arguments=arguments,
    )
