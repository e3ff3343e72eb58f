"""``make strings``: the template for translators, with the window's texts and the engine's messages.

    python -m app.strings [OUT.ts]

The window's texts are found by Qt's own lupdate, but for those in a module's own ``_tr``, which it
does not know: they are added under the context that this ``_tr`` names. The engine's, which are looked
up by code at run time, are added under the context "engine", and what it tells of its methods, formats,
presets and settings under "answers".
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from engine.messages import TEXTS
from engine.recipe import Training

ROOT = Path(__file__).resolve().parent.parent


def engine_texts() -> list[str]:
    """Every text and remedy that the engine may say, once each."""
    found = [text for known in TEXTS.values() for text in (known.message, known.hint) if text]
    return list(dict.fromkeys(found))


def answer_texts() -> list[str]:
    """What the engine tells of its methods, formats, presets and settings, once each."""
    found: list[str] = []
    for command, answers in (("methods", "methods"), ("exporters", "exporters")):
        line = [sys.executable, "-m", "engine", command, "--json"]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, check=True)
        for entry in json.loads(done.stdout)[answers]:
            found += [entry["title"], entry["summary"], entry.get("when", "")]
            found += _helps(entry["options"])
    found += _helps(Training.model_json_schema())
    for path in sorted((ROOT / "resources" / "prompts").glob("*.toml")):
        preset = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [preset["title"], preset["description"]]
    return [text for text in dict.fromkeys(found) if text]


def _helps(schema: dict[str, Any]) -> list[str]:
    return [str(given.get("description", "")) for given in schema.get("properties", {}).values()]


def short_texts(source: str) -> tuple[str, list[str]]:
    """The context of a module's ``_tr`` and every text that it is given; both empty without one."""
    tree = ast.parse(source)
    context = next(
        (
            call.args[0].value
            for made in tree.body
            if isinstance(made, ast.FunctionDef) and made.name == "_tr"
            for call in ast.walk(made)
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        ),
        "",
    )
    if not context:
        return "", []
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    given = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_tr"]
    found = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return str(context), list(dict.fromkeys(found))


def _add(root: ET.Element, name: str, texts: list[str]) -> None:
    """Texts that are not there yet, under a context."""
    context = next((each for each in root.findall("context") if each.findtext("name") == name), None)
    if context is None:
        context = ET.SubElement(root, "context")
        ET.SubElement(context, "name").text = name
    known = {message.findtext("source") for message in context.findall("message")}
    for text in texts:
        if text not in known:
            message = ET.SubElement(context, "message")
            ET.SubElement(message, "source").text = text
            ET.SubElement(message, "translation", {"type": "unfinished"})


def write(out: Path) -> int:
    """Write the template; the number of texts in it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in (ROOT / "app").rglob("*.py"))
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    subprocess.run([str(tool), "-silent", "-no-obsolete", *sources, "-ts", str(out)], check=True)
    tree = ET.parse(out)
    root = tree.getroot()
    for context in root.findall("context"):
        if context.findtext("name") in ("engine", "answers"):
            root.remove(context)
    for source in sources:
        name, texts = short_texts(Path(source).read_text(encoding="utf-8"))
        if texts:
            _add(root, name, texts)
    _add(root, "engine", engine_texts())
    _add(root, "answers", answer_texts())
    ET.indent(tree)
    tree.write(out, encoding="utf-8", xml_declaration=True)
    return len(root.findall(".//message"))


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "translations" / "flyp.ts"
    print(f"{place}: {write(place)} texts")
