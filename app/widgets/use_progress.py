"""How far the classifying or copying is, and its stop. Hidden while nothing is under way."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from app.predicting import Predicting
from app.widgets.basics import Button, Label, Ring, row


class UseProgress(QWidget):
    """Shows what ``Predicting`` does."""

    def __init__(self, predicting: Predicting) -> None:
        super().__init__()
        self._predicting = predicting
        self.phase = Label("", "support")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(240)
        self.bar.setAccessibleName(self.tr("Pictures done"))
        self.stop_button = Button(
            self.tr("Stop"), icon="stop", small=True, act=predicting.stop,
            tip=self.tr("Stop; copies made so far stay, your pictures are as they were"),
        )  # fmt: skip
        self.stop_button.setAutoDefault(False)
        self.setLayout(row(Ring(), self.phase, self.bar, self.stop_button))
        predicting.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        told = self._predicting
        self.setVisible(told.busy)
        self.phase.setText(told.phase)
        self.bar.setRange(0, told.total)
        self.bar.setValue(told.done)
