"""One format that was written: how well it agrees with the run, where it lies, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app import texts
from app.widgets.basics import Button, Card, ElidedLabel, Label, row
from app.widgets.code_view import FoldedCode
from app.widgets.marked_badge import MarkedBadge
from engine.exports import ExportCheck, Exported


class ExportResult(Card):
    """Verified by the engine before it was put in its place."""

    def __init__(self, title: str, alpha: float, exported: Exported, show: Callable[[Path], None]) -> None:
        super().__init__(title, self.tr("blend {:g}").format(alpha), spacing=4)
        self.exported = exported
        self.badge = MarkedBadge()
        if exported.weak:
            self.badge.show_mark("warning", self.tr("weak check"), "warn")
        else:
            self.badge.show_mark("check", self.tr("verified"), "good")
        self.badge.setToolTip(
            self.tr("It was read back by its own reader in a fresh process and compared with the run.")
        )
        self.head.addWidget(self.badge)
        largest = max((check.largest_cosine_difference for check in exported.checks), default=0.0)
        self.words = Label(
            self.tr("Verified: same predictions on {} pictures, largest difference {}.").format(
                texts.number(exported.pictures), difference(largest)
            ),
            wrap=True,
        )
        self.words.setToolTip("\n".join(self._in_full(check) for check in exported.checks))
        self.body.addWidget(self.words)
        self.caution = Label(" ".join(self._cautions()), "help", "warn", wrap=True)
        self.caution.setVisible(bool(self.caution.text()))
        self.body.addWidget(self.caution)
        self.path = ElidedLabel(exported.path, "support", mode=Qt.TextElideMode.ElideMiddle)
        self.octets = Label(texts.size(exported.bytes), "support")
        place = row(self.path, self.octets)
        place.setStretch(0, 1)
        self.body.addLayout(place)
        self.open_button = Button(
            self.tr("Open folder"), icon="folder", small=True, act=lambda: show(Path(exported.path)),
            tip=self.tr("Shows the export; README.md in it tells what the model is and what it is not"),
        )  # fmt: skip
        self.path_button = Button(
            self.tr("Copy path"), icon="copy", small=True, tip=self.tr("Puts the folder's path on the clipboard"),
            act=lambda: QGuiApplication.clipboard().setText(exported.path),
        )  # fmt: skip
        self.code = FoldedCode(
            self.tr("Code that loads it"),
            self.tr("Code that loads the export as {}").format(title),
            self.tr("A few lines of Python for programs of your own"),
        )
        self.code.show_code(exported.code)
        self.body.addSpacing(4)
        self.body.addLayout(row(self.open_button, self.path_button, None))
        self.body.addWidget(self.code)

    def _cautions(self) -> list[str]:
        told = []
        if self.exported.weak:
            words = self.tr("On these pictures the run predicts only {} classes, so agreeing says little.")
            told.append(words.format(self.exported.predicted_classes))
        elsewhere = max((check.elsewhere for check in self.exported.checks), default=0)
        if elsewhere:
            words = self.tr(
                "Its own preparation cuts {} pictures out a pixel beside; those were not compared."
            )
            told.append(words.format(elsewhere))
        return told

    def _in_full(self, check: ExportCheck) -> str:
        ways = {
            "pixels": self.tr("Same prepared pictures"),
            "files": self.tr("Picture files by its own preparation"),
            "encoders": self.tr("Encoders apart"),
        }
        words = self.tr(
            "{}: cosines differ by at most {}, logits by {}; {} pictures are clear enough to compare their class, "
            "and all agree"
        )
        return words.format(
            ways[check.way], difference(check.largest_cosine_difference),
            difference(check.largest_logit_difference), check.margin_exceeds,
        )  # fmt: skip


def difference(value: float) -> str:
    """3.2e-06 -> 3e-6."""
    if value == 0:
        return "0"
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e{int(exponent)}"
