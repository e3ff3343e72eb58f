"""A button with a menu of templates by kind of picture; it says which of them are in use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu

from app.widgets.basics import Button
from engine.answers import PresetEntry


class PresetButton(Button):
    """Shows what the engine has told of presets; chooses nothing by itself."""

    picked = Signal(object)
    """The ``PresetEntry`` that the person chose."""

    def __init__(self) -> None:
        super().__init__("", small=True)
        self._presets: tuple[PresetEntry, ...] = ()
        self.setProperty("hasMenu", True)
        self.setToolTip(self.tr("Templates that suit a kind of picture, in place of these"))
        self.menu_ = QMenu(self)
        self.menu_.setToolTipsVisible(True)
        self.setMenu(self.menu_)
        self.show_presets((), (), 0)

    def show_presets(self, presets: tuple[PresetEntry, ...], templates: Sequence[str], room: int) -> None:
        """Offer these, and name the one that ``templates`` are in at most ``room`` pixels."""
        if presets != self._presets:
            self._presets = presets
            self.menu_.clear()
            for preset in presets:
                self._add(preset)
        self.setEnabled(bool(presets))
        title = next((preset.title for preset in presets if list(preset.templates) == list(templates)), "")
        words = self.tr("Preset: {}").format(title) if title else self.tr("Presets")
        self.setAccessibleName(words)
        self.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))

    def _add(self, preset: PresetEntry) -> None:
        count = len(preset.templates)
        words = self.tr("1 template") if count == 1 else self.tr("{} templates").format(count)
        action = self.menu_.addAction(f"{preset.title}\t{words}")
        action.setToolTip(preset.description)
        action.triggered.connect(lambda: self.picked.emit(preset))
