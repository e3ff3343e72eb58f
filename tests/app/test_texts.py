"""Words and numbers as people read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from app import texts
from app.engine_thread import gone
from engine.messages import TEXTS, Message, placeholders, say


def filled(code: str) -> Message:
    names = placeholders(TEXTS[code].message) | placeholders(TEXTS[code].hint)
    return say(code, **{name: f"<{name}>" for name in names})


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_message_of_the_engine_has_its_words(code: str) -> None:
    given = filled(code)
    assert texts.message(given) == (given.text, given.hint)
    assert texts.whole(given) == str(given)
    assert "{" not in given.text.replace("{}", "")


class Shouting(QTranslator):
    """A language that is English in capitals; of one message it got the arguments wrong."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        if context != "engine":
            return ""
        return "{nothing}" if text == TEXTS["core.cancelled"].message else f"!{text}"


def test_messages_are_translated_by_code_and_a_bad_translation_hides_nothing() -> None:
    language = Shouting()
    QCoreApplication.installTranslator(language)
    try:
        text, hint = texts.message(say("files.exists", path="/x"))
        assert (text, hint) == (
            "!/x already exists.",
            "!" + TEXTS["files.exists"].hint,
        )
        assert texts.message(say("core.cancelled"))[0] == "Cancelled."
    finally:
        QCoreApplication.removeTranslator(language)


def test_a_message_of_another_version_is_shown_as_it_came() -> None:
    assert texts.message(Message(code="new.thing", text="Something {new}.", hint="Do it.")) == (
        "Something {new}.",
        "Do it.",
    )
    assert texts.message(gone().message)[0].startswith("The engine ended")


def test_a_path_with_braces_stays_as_it_is() -> None:
    assert texts.message(say("files.exists", path=str(Path("/a{b}{0}"))))[0].startswith("/a{b}{0} ")


@pytest.mark.parametrize(
    ("form", "values", "text"),
    [
        (texts.number, (1234567,), "1,234,567"),
        (texts.percent, (0.803,), "80.3\u202f%"),
        (
            texts.percent,
            (
                1,
                0,
            ),
            "100\u202f%",
        ),
        (texts.points, (0.019,), "+1.9"),
        (texts.points, (-0.019,), "\u22121.9"),
        (texts.points, (0.0,), "+0.0"),
        (texts.points, (-0.0004,), "+0.0"),
        (texts.points, (-1,), "\u2212100.0"),
        (texts.size, (0,), "1\u202fkB"),
        (texts.size, (3_400_000,), "3\u202fMB"),
        (texts.size, (605_000_000,), "605\u202fMB"),
        (texts.size, (1.5e9,), "1.5\u202fGB"),
        (texts.size, (999_999_999,), "1.0\u202fGB"),
        (texts.size, (999_999,), "1\u202fMB"),
        (texts.duration, (0.2,), "1\u202fs"),
        (texts.duration, (59.4,), "59\u202fs"),
        (texts.duration, (59.7,), "1\u202fmin"),
        (texts.duration, (125,), "2\u202fmin"),
        (texts.duration, (3599,), "1\u202fh 0\u202fmin"),
        (texts.duration, (4800,), "1\u202fh 20\u202fmin"),
        (texts.duration, (90_000,), "25\u202fh 0\u202fmin"),
    ],
)
def test_numbers(form: Callable[..., str], values: tuple[float, ...], text: str) -> None:
    assert form(*values) == text


def test_numbers_follow_the_language() -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        assert texts.number(1234567) == "1.234.567"
        assert texts.percent(0.803) == "80,3\u202f%"
    finally:
        QLocale.setDefault(before)
