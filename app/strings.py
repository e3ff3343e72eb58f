"""``make strings``: the template for translators, with the window's texts and the engine's messages.

    python -m app.strings [OUT.ts]

The window's texts are found by Qt's own lupdate; the engine's, which are looked up by code at run
time, are added under the context "engine".
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from engine.messages import TEXTS

ROOT = Path(__file__).resolve().parent.parent


def engine_texts() -> list[str]:
    """Every text and remedy that the engine may say, once each."""
    found = [text for known in TEXTS.values() for text in (known.message, known.hint) if text]
    return list(dict.fromkeys(found))


def write(out: Path) -> int:
    """Write the template; the number of texts in it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in (ROOT / "app").rglob("*.py"))
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    subprocess.run([str(tool), "-silent", "-no-obsolete", *sources, "-ts", str(out)], check=True)
    tree = ET.parse(out)
    root = tree.getroot()
    for context in root.findall("context"):
        if context.findtext("name") == "engine":
            root.remove(context)
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = "engine"
    for text in engine_texts():
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        ET.SubElement(message, "translation", {"type": "unfinished"})
    ET.indent(tree)
    tree.write(out, encoding="utf-8", xml_declaration=True)
    return len(root.findall(".//message"))


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "translations" / "flyp.ts"
    print(f"{place}: {write(place)} texts")
