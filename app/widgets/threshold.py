"""The probability below which a picture is 'not sure', and how often the model is wrong above it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from app import texts, using
from app.widgets.basics import Label, column, row
from engine.exports import MeasuredThreshold


class Threshold(QWidget):
    """0 to 99 %; at 0 the model is always sure."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._measured: Sequence[MeasuredThreshold] = ()
        self._on = ""
        tip = self.tr(
            "Pictures whose most probable class is below this are 'not sure': in the grid, in the table, and in a "
            "folder of their own when copies are sorted"
        )
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 99)
        self.slider.setValue(50)
        self.slider.setPageStep(5)
        self.slider.setMinimumWidth(160)
        self.slider.setAccessibleName(self.tr("Not sure below"))
        self.slider.setToolTip(tip)
        self.slider.valueChanged.connect(self._moved)
        label = Label(self.tr("Not sure below"), "label")
        label.setBuddy(self.slider)
        self.figure = Label("", "strong")
        self.figure.setMinimumWidth(44)
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.words = Label("", "help", wrap=True)
        top = row(label, self.slider, self.figure)
        top.setStretch(1, 1)
        self.setLayout(column(top, self.words, spacing=2))
        self._say()

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.slider.value() / 100

    def show_measured(self, measured: Sequence[MeasuredThreshold], on: str) -> None:
        """How often it was wrong at each threshold, on the set of this name."""
        self._measured, self._on = measured, on
        self._say()

    def _moved(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self.figure.setText(texts.percent(self.value, 0))
        found = using.measured_at(self._measured, self.value)
        if found is None:
            words = self.tr("How often it is wrong above that was not measured.")
        elif found.wrong is None:
            words = self.tr("Measured on {}: no picture reaches it.").format(self._on)
        else:
            words = self.tr(
                "Measured on {}: {} of the pictures reach it, and {} of those were wrong."
            ).format(self._on, texts.percent(found.answered, 0), texts.percent(found.wrong))
        self.words.setText(words)
        self.slider.setAccessibleDescription(f"{self.figure.text()}. {words}")
