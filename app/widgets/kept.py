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
        self.epoch_name, self.epoch = self._line(0)
        self.last_name, self.last = self._line(1)
        self.place = ElidedLabel("", "body", mode=Qt.TextElideMode.ElideMiddle)
        show = Button(
            icon="folder", kind="quiet", small=True, tip=self.tr("Show the folder of the weights"),
            name=self.tr("Show the folder of the weights"), act=self._show_folder,
        )  # fmt: skip
        place = QWidget()
        place.setLayout(row(self.place, show, spacing=4))
        weights = Label(self.tr("Weights"), "support")
        weights.setToolTip(self.tr("The folder with the weights after training, which open_clip loads"))
        weights.setFixedHeight(24)
        self.grid.addWidget(weights, 2, 0, Qt.AlignmentFlag.AlignTop)
        self.grid.addWidget(place, 2, 1)

    def _line(self, number: int) -> tuple[Label, Label]:
        """Labels of a name and its value, without words yet."""
        key, value = Label("", "support"), Label("", "body", wrap=True, select=True)
        self.grid.addWidget(key, number, 0, Qt.AlignmentFlag.AlignTop)
        self.grid.addWidget(value, number, 1)
        return key, value

    def show_result(self, result: Result, best: Path, of_candidates: bool = False) -> None:
        """Say what this result kept; ``best`` is where its weights lie.

        ``of_candidates``: the method counts no epochs, but heads that were tried on the same features.
        """
        name = self.tr("Candidate kept") if of_candidates else self.tr("Epoch kept")
        tip = (
            self.tr("The one of those that were tried which validation chose")
            if of_candidates
            else self.tr("The pass over the training pictures whose weights are kept; validation chose it")
        )
        last = (
            self.tr("Accuracy if the last candidate had been kept, in %")
            if of_candidates
            else self.tr("Accuracy if the last epoch's weights had been kept, in %")
        )
        for label, words in (
            (self.epoch_name, tip),
            (self.epoch, tip),
            (self.last_name, last),
            (self.last, last),
        ):
            label.setToolTip(words)
        self.epoch_name.setText(name)
        self.last_name.setText(self.tr("Last candidate") if of_candidates else self.tr("Last epoch"))
        self.folder = best
        self.epoch.setText(self._epoch(result))
        self.last.setText(self._last(result))
        self.place.setText(str(best))

    def _epoch(self, result: Result) -> str:
        if result.best_epoch is None:
            return "–"
        if result.best_epoch == 0:
            if not result.last_epoch:
                return self.tr("none: it trains nothing")
            return self.tr("none: nothing was better on validation than before training")
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
