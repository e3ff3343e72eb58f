"""Words: the engine's messages translated by code, numbers and times as people read them."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import BaseModel
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from engine.messages import TEXTS, Message
from engine.messages.text import Text

Entry = TypeVar("Entry", bound=BaseModel)

OURS: dict[str, Text] = {
    "app.engine_gone": Text(
        str(QT_TRANSLATE_NOOP("texts", "The engine ended before it had answered.")),
        str(QT_TRANSLATE_NOOP("texts", "It is started again by itself; ask again.")),
    ),
    "app.answer_unreadable": Text(
        str(QT_TRANSLATE_NOOP("texts", "The engine gave an answer that this window does not understand.")),
        str(QT_TRANSLATE_NOOP("texts", "Window and engine must be of the same version; install flyp again.")),
    ),
}
"""What the window says for an engine that cannot speak for itself."""


def ours(code: Literal["app.engine_gone", "app.answer_unreadable"]) -> Message:
    """A message of the window's own."""
    return Message(code=code, text=OURS[code].message, hint=OURS[code].hint)


def message(given: Message) -> tuple[str, str]:
    """What happened and its remedy, in the window's language."""
    known, context = TEXTS.get(given.code), "engine"
    if known is None:
        known, context = OURS.get(given.code), "texts"
    if known is None:
        return given.text, given.hint
    translate = QCoreApplication.translate
    text, hint = translate(context, known.message), translate(context, known.hint)
    try:
        return text.format_map(given.arguments), hint.format_map(given.arguments)
    except (KeyError, ValueError, IndexError):
        # a translation that names other arguments must not hide the message
        return given.text, given.hint


def told(text: str) -> str:
    """What the engine tells of its methods, formats, presets and settings, in the window's language."""
    return QCoreApplication.translate("answers", text) if text else text


def worded(entry: Entry) -> Entry:
    """An entry of an answer, with what a person reads of it in the window's language."""
    names = [name for name in ("title", "summary", "when", "description") if name in type(entry).model_fields]
    return entry.model_copy(update={name: told(getattr(entry, name)) for name in names})


def whole(given: Message) -> str:
    """A message with its remedy in one line."""
    text, hint = message(given)
    return f"{text} {hint}".strip()


def number(value: int) -> str:
    """12,345 in the window's language."""
    return QLocale().toString(value)


def percent(share: float, decimals: int = 1) -> str:
    """0.803 -> 80.3 %, with the thin gap that stands before units."""
    return f"{QLocale().toString(100.0 * share, 'f', decimals)}\u202f%"


def points(difference: float) -> str:
    """0.019 -> +1.9, with a true minus."""
    rounded = round(100.0 * difference, 1)
    sign = "+" if rounded >= 0 else "\u2212"
    return f"{sign}{QLocale().toString(abs(rounded), 'f', 1)}"


def size(octets: float) -> str:
    """Bytes as MB or GB of 10^6 and 10^9, as disks and downloads are sold."""
    if octets >= 999.5e6:
        return f"{QLocale().toString(octets / 1e9, 'f', 1)}\u202fGB"
    if octets >= 999.5e3:
        return f"{octets / 1e6:.0f}\u202fMB"
    return f"{max(1, round(octets / 1e3))}\u202fkB"


def duration(seconds: float) -> str:
    """About how long: 50 s, 2 min, 1 h 20 min."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))}\u202fs"
    if seconds < 59.5 * 60:
        return f"{round(seconds / 60)}\u202fmin"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}\u202fh {minutes}\u202fmin"
