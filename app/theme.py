"""Colours, sizes and the style sheet, light and dark, following the system or set by the person.

Colours are named by what they are for. Widgets take them from the style sheet by property
(``role``, ``kind``, ``tone``); what is painted by hand asks ``theme().colour(name)`` at paint time.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app import stylesheet

Mode = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Colours:
    """One palette. Text on the surfaces it is used on has a contrast of at least 4.5 : 1."""

    canvas: str
    surface: str
    sunken: str
    hover: str
    press: str
    track: str
    hair: str
    border: str
    control: str
    text: str
    text2: str
    text3: str
    disabled: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_text: str
    accent_soft: str
    accent_line: str
    good: str
    good_soft: str
    good_line: str
    warn: str
    warn_soft: str
    warn_line: str
    bad: str
    bad_soft: str
    bad_line: str
    series: tuple[str, ...]
    """Validation, then the shift sets in their order (Okabe and Ito's colour-blind-safe set)."""


LIGHT = Colours(
    canvas="#F6F7F9",
    surface="#FFFFFF",
    sunken="#EEF0F3",
    hover="#F1F3F6",
    press="#E4E7EC",
    track="#E4E7EC",
    hair="#E0E3E8",
    border="#C6CBD3",
    control="#858C98",
    text="#171A20",
    text2="#4B525E",
    text3="#626976",
    disabled="#9AA1AC",
    accent="#4353C9",
    accent_hover="#3947B3",
    accent_press="#303D9C",
    on_accent="#FFFFFF",
    accent_text="#3D4CC0",
    accent_soft="#ECEEFB",
    accent_line="#CBD0F2",
    good="#1B774A",
    good_soft="#E7F4EC",
    good_line="#BFDFCC",
    warn="#8A5600",
    warn_soft="#FFF5DF",
    warn_line="#EBD3A0",
    bad="#B52D26",
    bad_soft="#FCECEA",
    bad_line="#EFC4C0",
    series=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
)

DARK = Colours(
    canvas="#15171B",
    surface="#1C1F24",
    sunken="#111316",
    hover="#262A31",
    press="#2F343C",
    track="#2F343C",
    hair="#2A2E35",
    border="#414750",
    control="#7A828E",
    text="#ECEEF1",
    text2="#B7BDC7",
    text3="#979EAA",
    disabled="#666D78",
    accent="#5968DD",
    accent_hover="#4E5DD0",
    accent_press="#4351BD",
    on_accent="#FFFFFF",
    accent_text="#A5AFFB",
    accent_soft="#262B48",
    accent_line="#3A4278",
    good="#63C793",
    good_soft="#182A21",
    good_line="#274737",
    warn="#E3B457",
    warn_soft="#2D2516",
    warn_line="#54431F",
    bad="#F28B82",
    bad_soft="#351E1E",
    bad_line="#5E3330",
    series=("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00"),
)


class Theme(QObject):
    """The palette in use. ``changed`` is told after every widget has the new style sheet."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mode: Mode = "system"
        self._colours = LIGHT
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)

    @property
    def mode(self) -> Mode:
        """What the person chose."""
        return self._mode

    @property
    def is_dark(self) -> bool:
        return self._colours is DARK

    def use(self, mode: Mode) -> None:
        """Follow the system, or stay light or dark."""
        self._mode = mode
        self._apply()

    def name_of(self, colour: str) -> str:
        """A colour as #RRGGBB."""
        value = getattr(self._colours, colour)
        assert isinstance(value, str)
        return value

    def colour(self, name: str) -> QColor:
        """A colour by what it is for."""
        return QColor(self.name_of(name))

    def series(self, index: int) -> QColor:
        """Colour of a chart's line: 0 is validation, then the shift sets in their order."""
        return QColor(self._colours.series[index % len(self._colours.series)])

    def _system_changed(self) -> None:
        if self._mode == "system":
            self._apply()

    def _apply(self) -> None:
        dark = self._mode == "dark"
        if self._mode == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        self._colours = DARK if dark else LIGHT
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(_palette(self._colours))
        plain = {each.name: getattr(self._colours, each.name) for each in fields(self._colours)}
        app.setStyleSheet(stylesheet.make(plain, dark))
        self.changed.emit()


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, name in (
        (role.Window, "canvas"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "canvas"),
        (role.Text, "text"),
        (role.Button, "surface"),
        (role.ButtonText, "text"),
        (role.BrightText, "on_accent"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.ToolTipBase, "surface"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "text3"),
        (role.Link, "accent_text"),
        (role.Light, "surface"),
        (role.Midlight, "hover"),
        (role.Mid, "border"),
        (role.Dark, "control"),
        (role.Shadow, "hair"),
        (role.Accent, "accent"),
    ):
        palette.setColor(which, QColor(getattr(colours, name)))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.disabled))
    return palette


@cache
def theme() -> Theme:
    """The one theme of this process; needs the QApplication."""
    return Theme()


def use_fonts(app: QApplication) -> None:
    """The system's font at 13 px with figures of equal width."""
    font = QFont(app.font())
    if sys.platform.startswith("linux") and font.family() in ("Sans Serif", "sans", ""):
        # without a desktop there is no system font; these are what desktops ship
        font.setFamilies(["Inter", "Cantarell", "Noto Sans", "Ubuntu", "DejaVu Sans"])
    font.setPixelSize(13)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
