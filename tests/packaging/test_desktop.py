"""Desktop entry, AppStream entry and icons name the same program."""

from __future__ import annotations

import configparser
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops

from resources.packaging import parts


@pytest.fixture
def entry(packaging: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((packaging / "flyp-gui.desktop").read_text(encoding="utf-8"))
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def test_the_desktop_entry_starts_the_window(entry: configparser.SectionProxy, root: Path) -> None:
    assert entry["Type"] == "Application"
    assert entry["Exec"].split() == ["flyp-gui", "%f"]
    assert entry["TryExec"] == "flyp-gui"
    assert entry["Terminal"] == "false"
    for lists in ("Categories", "Keywords"):
        assert entry[lists].endswith(";")
    assert 'flyp-gui = "app.main:main"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    # a window is matched with its entry by this name
    assert 'setDesktopFileName("flyp-gui")' in (root / "app/application.py").read_text(encoding="utf-8")


def test_the_appstream_entry_agrees(entry: configparser.SectionProxy, packaging: Path) -> None:
    (file,) = packaging.glob("*.metainfo.xml")
    component = ElementTree.fromstring(file.read_bytes())
    assert component.attrib == {"type": "desktop-application"}

    def text(path: str) -> str:
        found = component.findtext(path)
        assert found is not None, path
        return found

    assert text("id") == parts.IDENTIFIER == file.name.removesuffix(".metainfo.xml")
    assert text("name") == entry["Name"] == parts.TITLE
    assert text("summary") == entry["Comment"] == parts.SUMMARY
    assert text("project_license") == "Apache-2.0"
    assert text("launchable") == "flyp-gui.desktop"
    assert text("icon") == entry["Icon"] == "flyp-gui"
    assert [each.text for each in component.findall("provides/binary")] == ["flyp-gui", "flyp"]
    categories = {each.text for each in component.findall("categories/category")}
    assert categories <= set(entry["Categories"].split(";"))


def test_icons_are_drawn_from_the_svg(packaging: Path) -> None:
    make_icons = pytest.importorskip(
        "resources.packaging.make_icons", reason="needs Qt", exc_type=ImportError
    )
    drawn = make_icons.drawn(256)
    with Image.open(packaging / "flyp-gui.png") as kept:
        assert kept.size == (256, 256)
        # an edge may be drawn a little otherwise by another Qt
        difference = ImageChops.difference(kept.convert("RGBA"), drawn).convert("L")
        assert sum(difference.histogram()[32:]) < 256
    with Image.open(packaging / "flyp-gui.ico") as ico:
        small = ico.ico.getimage((32, 32))  # type: ignore[attr-defined]
        assert small.size == (32, 32)
        assert small.convert("RGB").getpixel((16, 3)) == (0x43, 0x53, 0xC9)
    content = io.BytesIO((packaging / "flyp-gui.icns").read_bytes())
    with Image.open(content) as icns:
        assert (512, 512, 1) in icns.info["sizes"]
