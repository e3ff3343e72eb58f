"""The options of the formats that are ticked, folded away: few people need them."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets.basics import Button, Card, Label, column, row
from app.widgets.options_form import OptionsForm
from engine.exports import ExporterEntry


class ExportOptions(Card):
    """A form for each ticked format that has options; what was set stays while others are ticked."""

    def __init__(self) -> None:
        super().__init__(padding=8, spacing=8)
        self.fold = Button(
            self.tr("Options of the formats"), icon="chevron-right", kind="quiet", small=True, act=self._turn,
            tip=self.tr("How the ticked formats are written; what stands there suits most"),
        )  # fmt: skip
        self.fold.setCheckable(True)
        self.forms: dict[str, OptionsForm] = {}
        self._parts: dict[str, QWidget] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._set: dict[str, dict[str, Any]] = {}
        self._formats: tuple[str, ...] = ()
        self._place = column(spacing=16)
        self.inside = QWidget()
        self._place.setContentsMargins(8, 0, 8, 8)
        self.inside.setLayout(self._place)
        self.body.addLayout(row(self.fold, None))
        self.body.addWidget(self.inside)
        self._turn()

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """Ticked format -> what the person has set to something else than the format's own choice."""
        return {name: dict(self._set[name]) for name in self._formats if self._set.get(name)}

    def show_formats(self, entries: list[ExporterEntry]) -> None:
        """Forms for these, the ticked ones."""
        self._formats = tuple(entry.name for entry in entries)
        shown = [entry for entry in entries if entry.options.get("properties")]
        for entry in shown:
            if self._schemas.get(entry.name) != entry.options:
                self._build(entry)
        for name, part in self._parts.items():
            part.setVisible(any(entry.name == name for entry in shown))
        self.setVisible(bool(shown))

    def _build(self, entry: ExporterEntry) -> None:
        if entry.name in self._parts:
            self._parts.pop(entry.name).deleteLater()
        self._schemas[entry.name] = entry.options
        # of an export the weights alone are kept in fewer bits
        form = OptionsForm(entry.options, labels={"precision": self.tr("Weights")})
        form.changed.connect(lambda option, value: self._changed(entry.name, option, value))
        form.show_values(self._set.get(entry.name, {}))
        part = QWidget()
        part.setLayout(column(Label(entry.title, "strong"), form, spacing=8))
        self.forms[entry.name], self._parts[entry.name] = form, part
        self._place.addWidget(part)

    def _changed(self, name: str, option: str, value: Any) -> None:
        given = self._set.setdefault(name, {})
        if value == self.forms[name].fields[option].option.default:
            given.pop(option, None)
        else:
            given[option] = value
        self.forms[name].show_values(given)

    def _turn(self) -> None:
        self.inside.setVisible(self.fold.isChecked())
        self.fold.set_icon("chevron-down" if self.fold.isChecked() else "chevron-right")
