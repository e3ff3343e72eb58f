"""Colours can be read, and both palettes reach every widget."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from app.theme import DARK, LIGHT, Colours, theme
from app.widgets.basics import Banner, Button, Label


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    value = QColor(colour)
    parts = (value.redF(), value.greenF(), value.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT_ON = [
    *((text, ground) for text in ("text", "text2") for ground in ("canvas", "surface", "sunken", "hover")),
    *(("text3", ground) for ground in ("canvas", "surface")),
    ("text2", "accent_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("on_accent", "accent_press"),
    *(("accent_text", ground) for ground in ("canvas", "surface", "accent_soft")),
    *((tone, ground) for tone in ("good", "warn", "bad") for ground in ("surface", "canvas", f"{tone}_soft")),
    *(("text", f"{tone}_soft") for tone in ("good", "warn", "bad")),
]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_contrast(palette: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_controls_and_lines_of_charts_have_contrast(palette: Colours) -> None:
    assert contrast(palette.control, palette.surface) >= 3
    assert contrast(palette.series[0], palette.surface) >= 3
    assert len(set(palette.series)) == len(palette.series)


def test_every_colour_is_one() -> None:
    for palette in (LIGHT, DARK):
        for field in fields(palette):
            value = getattr(palette, field.name)
            for colour in value if isinstance(value, tuple) else (value,):
                assert QColor(colour).isValid(), (field.name, colour)


def test_switching_reaches_palette_style_sheet_and_those_who_listen(qapp: QApplication, qtbot: QtBot) -> None:
    told: list[bool] = []
    theme().changed.connect(lambda: told.append(theme().is_dark))
    theme().use("light")
    before = qapp.styleSheet()
    theme().use("dark")
    assert theme().colour("surface") == QColor(DARK.surface)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.canvas)
    assert DARK.surface.lower() in qapp.styleSheet().lower()
    assert LIGHT.surface.lower() in before.lower()
    theme().use("light")
    assert told == [False, True, False]
    assert qapp.styleSheet() == before


def test_a_button_is_painted_in_the_colours_of_the_theme(qtbot: QtBot) -> None:
    holder = QWidget()
    holder.setObjectName("page")
    qtbot.addWidget(holder)
    button = Button("Start", kind="primary")
    button.setParent(holder)
    button.resize(120, 32)
    holder.resize(200, 80)
    holder.show()
    for mode, palette in (("light", LIGHT), ("dark", DARK)):
        theme().use(mode)  # type: ignore[arg-type]
        assert button.grab().toImage().pixelColor(10, 16) == QColor(palette.accent)


def test_small_things_are_drawn_in_both(qtbot: QtBot) -> None:
    from app.shell import Notice

    for mode in ("light", "dark"):
        theme().use(mode)  # type: ignore[arg-type]
        for tone in ("info", "good", "warn", "bad"):
            banner = Banner(Notice(tone, "Something happened.", "And why.", "Mend", lambda: None))  # type: ignore[arg-type]
            qtbot.addWidget(banner)
            banner.show()
            assert not banner.grab().isNull()
    label = Label("text", "title")
    qtbot.addWidget(label)
    assert label.text() == "text"


def test_pictures_of_the_style_sheet_are_found_in_a_folder_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    # Qt would refuse the whole sheet, with a warning
    box = QCheckBox()
    box.setChecked(True)
    qtbot.addWidget(box)
    box.show()
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / 'Jörg\'s "own" (1) 日本'))
    try:
        theme().use("dark")
        image = box.grab().toImage()
        colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert {DARK.accent.lower(), DARK.on_accent.lower()} <= colours
    finally:
        monkeypatch.undo()
        theme().use("light")
