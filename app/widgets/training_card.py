"""The settings of the training: the handful that matters, and all others folded."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app import training_presets
from app.training_presets import SOURCE, TrainingPreset
from app.widgets.basics import Button, Card, Label, clear, column, line
from app.widgets.options_form import OptionsForm
from engine.answers import MethodEntry
from engine.recipe import Training

MATTER = ("epochs", "batch_size", "learning_rate", "patience")
"""Settings that are worth a thought; the rest is right for nearly everyone."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("presets", text)


class TrainingCard(Card):
    """Shows values and tells wishes; the page makes the edits."""

    set_training = Signal(str, object)
    set_option = Signal(str, object)
    preset_wanted = Signal(object)
    """A ``TrainingPreset``."""
    suggestion_wanted = Signal()
    """The values that are chosen for these pictures and this model."""

    def __init__(self) -> None:
        super().__init__(self.tr("Settings"))
        self.body.setSpacing(12)
        self.preset = Button(
            self.tr("Values for…"),
            small=True,
            tip=self.tr("Several settings at once, for a kind of training set"),
        )
        self.preset.setProperty("hasMenu", True)
        self.menu = QMenu(self.preset)
        self.menu.setToolTipsVisible(True)
        self.preset.setMenu(self.menu)
        self.head.addWidget(self.preset)
        schema = Training.model_json_schema()
        self.main = OptionsForm(schema, only=MATTER, width=140)
        self.main.changed.connect(self.set_training)
        self.body.addWidget(self.main)
        self.no_settings = Label(
            self.tr("This method trains no network: there are no passes, batches or learning rates to set."),
            "support", wrap=True,
        )  # fmt: skip
        self.no_settings.hide()
        self.body.addWidget(self.no_settings)
        self._menu_for: int | None = None
        self._suggested: dict[str, tuple[Any, str]] = {}
        """Name -> the value that the program chose, and why; 'reset' goes back to it."""
        self.fold = Button(
            self.tr("Advanced"), icon="chevron-right", kind="quiet", small=True, act=self._turn,
            tip=self.tr("All other settings of the training and of the method"),
        )  # fmt: skip
        self.fold.setCheckable(True)
        self.body.addWidget(line())
        self.body.addWidget(self.fold)
        self.advanced = QWidget()
        self.rest = OptionsForm(schema, leave=MATTER)
        self.rest.changed.connect(self.set_training)
        self.own_title = Label("", "strong")
        self._own_place = column()
        self.own: OptionsForm | None = None
        self._own_schema: dict[str, Any] | None = None
        inside = column(
            Label(self.tr("Training"), "strong"), self.rest, 8, self.own_title, self._own_place, spacing=12
        )
        self.advanced.setLayout(inside)
        self.body.addWidget(self.advanced)
        self.advanced.hide()

    def _turn(self) -> None:
        self.advanced.setVisible(self.fold.isChecked())
        self.fold.set_icon("chevron-down" if self.fold.isChecked() else "chevron-right")

    def unfold(self) -> None:
        """Show all settings."""
        self.fold.setChecked(True)
        self._turn()

    def show_presets(self, pictures: int) -> None:
        """The menu, for so many training pictures (0 where that is not known)."""
        if pictures == self._menu_for:
            return
        self._menu_for = pictures
        self.menu.clear()
        suggested = self._action(self.tr("These pictures and this model"))
        suggested.setToolTip(
            self.tr("Values that the program chooses for your number of pictures and the model's size.")
        )
        suggested.triggered.connect(self.suggestion_wanted)
        self.menu.addSeparator()
        for preset in (training_presets.few(pictures), training_presets.everything(pictures)):
            self._preset(preset, _tr(preset.about))
        self.menu.addSection(self.tr("The paper's settings"))
        self.menu.addSeparator()
        for preset in training_presets.PAPER:
            v = preset.values
            numbers = self.tr(
                "learning rate {}, {} epochs, {} pictures a step, weight decay {}, warm-up {} steps"
            ).format(
                f"{v['learning_rate']:g}", v["epochs"], v["batch_size"], v["weight_decay"], round(v["warmup"])
            )
            self._preset(preset, f"{_tr(preset.about)} {numbers[:1].upper()}{numbers[1:]}. {SOURCE}")

    def _preset(self, preset: TrainingPreset, tip: str) -> None:
        title = _tr(preset.title)
        action = self._action(
            title if preset not in training_presets.PAPER else self.tr("Paper: {}").format(title)
        )
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False: self.preset_wanted.emit(preset))

    def _action(self, words: str) -> QAction:
        action = QAction(words, self.menu)
        self.menu.addAction(action)
        return action

    def show_training(self, training: Training, reasons: dict[str, str]) -> None:
        """Every value, and beneath those that matter why it was chosen, where that is known."""
        values = training.model_dump(mode="python")
        self.rest.show_values(values)
        for name, field in self.main.fields.items():
            if why := reasons.get(name):
                self._suggested[name] = values[name], f"{why[:1].upper()}{why[1:]}."
                field.set_default(values[name])
            value, why = self._suggested.get(name, (None, ""))
            field.set_help(why if why and value == values[name] else "")
        self.main.show_values(values)

    def forget_suggestions(self) -> None:
        """Another project: its usual values are the schema's until others are suggested."""
        self._suggested.clear()
        for field in self.main.fields.values():
            field.set_default(field.option.default)

    def show_method(self, entry: MethodEntry | None, given: dict[str, Any]) -> None:
        """The chosen method's own options, and of the training's those that have an effect on it."""
        settings = entry.settings if entry is not None else None
        self.main.show_only(settings)
        self.rest.show_only(settings)
        self.main.setVisible(not self.main.empty)
        self.preset.setVisible(not self.main.empty)
        self.no_settings.setVisible(self.main.empty)
        schema = entry.options if entry is not None else None
        if schema != self._own_schema:
            self._own_schema = schema
            clear(self._own_place)
            self.own = None
            if schema is not None and schema.get("properties"):
                self.own = OptionsForm(schema)
                self.own.changed.connect(self.set_option)
                self._own_place.addWidget(self.own)
        self.own_title.setText(entry.title if entry is not None else "")
        self.own_title.setVisible(self.own is not None)
        if self.own is not None:
            self.own.show_values(given)

    def set_error(self, name: str, error: str) -> None:
        """Why a value of the training could not be, at its field."""
        for form in (self.main, self.rest):
            form.set_error(name, error)
