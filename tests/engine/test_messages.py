"""Every message is declared, used, and fills in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import engine
from engine.messages import (
    TEXTS,
    Message,
    clip,
    core,
    data,
    evaluation,
    exports,
    placeholders,
    say,
    service,
    training,
)

SOURCE = Path(engine.__file__).parent
CODE = re.compile(r'"([a-z_]+\.[a-z0-9_]+)"')


def mentioned() -> set[str]:
    """Everything in the engine's code that looks like a message code."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        if path.parent.name != "messages":
            found |= set(CODE.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_code_that_is_said_is_declared():
    said = re.compile(r'(?:\bsay|Error|Memory)\(\s*"([a-z_]+\.[a-z0-9_]+)"')
    for path in SOURCE.rglob("*.py"):
        for code in said.findall(path.read_text(encoding="utf-8")):
            assert code in TEXTS, f"{path.name} says {code}"


def test_every_declared_code_is_said_somewhere():
    assert sorted(set(TEXTS) - mentioned()) == []


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_text_fills_in(code):
    text = TEXTS[code]
    names = placeholders(text.message) | placeholders(text.hint)
    message = say(code, **dict.fromkeys(names, "7"))
    assert message.code == code
    assert "{" not in message.text.replace("{}", "")
    assert Message.model_validate_json(message.model_dump_json()) == message


def test_a_missing_argument_is_a_fault_of_ours():
    with pytest.raises(KeyError):
        say("recipe.missing")
    with pytest.raises(KeyError):
        say("no.such.code")


def test_no_room_takes_a_code_of_another() -> None:
    rooms = (core, data, clip, training, evaluation, service, exports)
    assert sum(len(room.TEXTS) for room in rooms) == len(TEXTS)
