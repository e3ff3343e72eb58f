"""What a run kept: its epoch, the last epoch beside it, and where the weights lie."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QWidget

from app.results import Result
from app.widgets.basics import Button, ElidedLabel, Label, row
from app.widgets.runs_table import figure


class Kept(QWidget):
    """Three lines."""

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path | None = None
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(16, 12, 12, 12)
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnStretch(1, 1)
        self.epoch = self._line(
            0,
            self.tr("Epoch kept"),
            self.tr("The pass over the training pictures whose weights are kept; validation chose it"),
        )
        self.last = self._line(
            1, self.tr("Last epoch"), self.tr("Accuracy if the last epoch's weights had been kept, in %")
        )
        self.place = ElidedLabel("", "body", mode=Qt.TextElideMode.ElideMiddle)
        show = Button(
            icon="folder", kind="quiet", small=True, tip=self.tr("Show the folder of the weights"),
            name=self.tr("Show the folder of the weights"), act=self._show_folder,
        )  # fmt: skip
        place = QWidget()
        place.setLayout(row(self.place, show, spacing=4))
        self._line(
            2,
            self.tr("Weights"),
            self.tr("The folder with the weights after training, which open_clip loads"),
            place,
        )

    def _line(self, number: int, name: str, tip: str, shown: QWidget | None = None) -> Label:
        key = Label(name, "support")
        key.setToolTip(tip)
        value = Label("", "body", wrap=True, select=True)
        value.setToolTip(tip)
        self.grid.addWidget(key, number, 0, Qt.AlignmentFlag.AlignTop)
        if shown is not None:
            key.setFixedHeight(24)
            self.grid.addWidget(shown, number, 1)
        else:
            self.grid.addWidget(value, number, 1)
        return value

    def show_result(self, result: Result, best: Path) -> None:
        """Say what this result kept; ``best`` is where its weights lie."""
        self.folder = best
        self.epoch.setText(self._epoch(result))
        self.last.setText(self._last(result))
        self.place.setText(str(best))

    def _epoch(self, result: Result) -> str:
        if result.best_epoch is None:
            return "–"
        if result.best_epoch == 0:
            return self.tr("none: no epoch was better on validation than before training")
        if result.last_epoch is None:
            return str(result.best_epoch)
        if result.best_epoch == result.last_epoch:
            return self.tr("{} of {}, the last").format(result.best_epoch, result.last_epoch)
        return self.tr("{} of {}").format(result.best_epoch, result.last_epoch)

    def _last(self, result: Result) -> str:
        found = [each for each in result.sets if each.last is not None and each.kind not in ("mean", "other")]
        if not found:
            return "–"
        if result.best_epoch == result.last_epoch and result.alpha == 1:
            return self.tr("the same weights")
        return ", ".join(f"{each.name} {figure(each.last)}" for each in found)

    def _show_folder(self) -> None:
        if self.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.folder)))
