"""Texts: every code has one, the template for translators holds all of them, a translation is used."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTranslator

from app import strings, texts
from app.option_schema import options
from engine.answers import MethodEntry
from engine.messages import TEXTS, placeholders, say

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_that_is_said_has_a_text():
    used: set[str] = set()
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "app").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        used |= set(
            re.findall(r'\b(?:say|EngineError|WriteError|OutOfMemory)\(\s*"([a-z]+\.[a-z_]+)"', source)
        )
    assert len(used) > 100
    assert used - set(TEXTS) == set()


def test_the_template_holds_the_windows_and_the_engines_texts(tmp_path):
    out = tmp_path / "flyp.ts"
    assert strings.write(out) > 500
    contexts = {
        context.findtext("name"): {message.findtext("source") for message in context.findall("message")}
        for context in ET.parse(out).getroot().findall("context")
    }
    assert contexts["engine"] == {
        text for known in TEXTS.values() for text in (known.message, known.hint) if text
    }
    answers = contexts["answers"]
    assert {"Photographs", "Standard finetuning", "ONNX"} <= answers
    assert any(text.startswith("Passes over the training pictures") for text in answers)
    assert any("as open_clip does in training" in text for text in answers)
    assert "Find a class" in contexts["ClassCard"]
    assert "Choose a &folder of pictures…" in contexts["Actions"]
    assert "choose a folder" in contexts["steps"]
    # writing it again changes nothing
    before = out.read_bytes()
    strings.write(out)
    assert out.read_bytes() == before


def test_what_the_engine_tells_of_methods_and_settings_is_translated(qapp):
    class Loud(QTranslator):
        def translate(self, context, source, disambiguation=None, n=-1):
            return source.upper() if context == "answers" else ""

    loud = Loud(qapp)
    QCoreApplication.installTranslator(loud)
    try:
        entry = MethodEntry(
            name="flyp", title="FLYP", summary="Goes on.", paper="Goyal", options={}, when="First."
        )
        shown = texts.worded(entry)
        (option,) = options({"properties": {"epochs": {"type": "integer", "description": "Passes."}}})
    finally:
        QCoreApplication.removeTranslator(loud)
    assert (shown.summary, shown.when, shown.paper) == ("GOES ON.", "FIRST.", "Goyal")
    assert option.help == "PASSES."


def test_an_engine_message_is_shown_in_the_windows_language(qapp):
    class German(QTranslator):
        def translate(self, context, source, disambiguation=None, n=-1):
            if context == "engine" and source == TEXTS["recipe.missing"].message:
                return "Unter {path} liegt nichts."
            return ""

    german = German(qapp)
    QCoreApplication.installTranslator(german)
    try:
        said, _ = texts.message(say("recipe.missing", path="/x/y.toml"))
    finally:
        QCoreApplication.removeTranslator(german)
    assert placeholders(TEXTS["recipe.missing"].message) == {"path"}
    assert said == "Unter /x/y.toml liegt nichts."
