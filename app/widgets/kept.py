"""What a run kept: the headline figure, its epoch, its blend, the last epoch beside it, and where it lies."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QWidget

from app import texts
from app.results import Result
from app.widgets.basics import Button, Card, ElidedLabel, Label, line, row
from app.widgets.runs_table import figure


class Kept(Card):
    """A card with few words."""

    def __init__(self) -> None:
        super().__init__(self.tr("What was kept"))
        self.folder: Path | None = None
        self.number = Label("", "headline", select=True)
        self.of_what = Label("", "support", wrap=True)
        self.body.addWidget(self.number)
        self.body.addWidget(self.of_what)
        self.body.addSpacing(4)
        self.body.addWidget(line())
        self.body.addSpacing(4)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnStretch(1, 1)
        self.epoch = self._line(
            0, self.tr("Epoch"), self.tr("The pass over the training pictures whose weights are kept")
        )
        self.blend = self._line(
            1,
            self.tr("Blend"),
            self.tr("0 is the model before training, 1 the finetuned one (alpha of WiSE-FT)"),
        )
        self.last = self._line(
            2, self.tr("Last epoch"), self.tr("Accuracy if the last epoch's weights had been kept")
        )
        self.place = ElidedLabel("", "body", mode=Qt.TextElideMode.ElideMiddle)
        show = Button(
            icon="folder", kind="quiet", small=True, tip=self.tr("Show the folder of the weights"),
            name=self.tr("Show the folder of the weights"), act=self._show_folder,
        )  # fmt: skip
        place = QWidget()
        place.setLayout(row(self.place, show, spacing=4))
        self._line(
            3, self.tr("Weights"), self.tr("The folder with the kept weights, which open_clip loads"), place
        )
        self.body.addLayout(self.grid)
        self.body.addStretch(1)

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
        main = result.main
        if main is not None:
            self.number.setText(texts.percent(main.after))
            what = self.tr("test pictures") if main.kind == "test" else self.tr("validation pictures")
            words = self.tr("of {} {} are right").format(texts.number(main.pictures), what)
            if main.before is not None:
                words = self.tr("{}; before training it was {}").format(words, texts.percent(main.before))
            self.of_what.setText(words)
        self.epoch.setText(self._epoch(result))
        if result.alpha == 1:
            self.blend.setText(self.tr("1, the finetuned weights"))
        else:
            self.blend.setText(self.tr("{:g} between before and after").format(result.alpha))
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
