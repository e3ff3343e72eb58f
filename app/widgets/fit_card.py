"""How pictures become squares: the four ways as radio buttons, beside three of the person's own pictures."""

from __future__ import annotations

import random
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QRadioButton

from app.engine_thread import Ticket
from app.shell import Shell
from app.widgets.basics import Button, Card, Label, column, group, row
from app.widgets.fit_preview import COUNT, FitPreview
from engine.data.fit import Fit, Mode
from engine.data.inspection import PicturesAnswer, PicturesRequest
from engine.events import Failed
from engine.recipe import Data


class FitCard(Card):
    """Asks the engine for the pictures and shows them; the choice is the page's to make."""

    wanted = Signal(str)
    """'auto', 'crop', 'squash' or 'letterbox'."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(padding=12, spacing=8)
        self._shell = shell
        self._ticket: Ticket | None = None
        self._asked: Data | None = None
        self._paths: list[Path] = []
        self._picked: list[Path] = []
        self._fit: Fit | None = None
        self._draw = 0
        self.buttons: dict[str, QRadioButton] = {}
        for key, words, tip in (
            ("auto", self.tr("As the model was trained"), self.tr("The way its makers fitted their pictures; usually the best.")),
            ("crop", self.tr("Crop"), self.tr("Shapes stay true; what sticks out at the sides is cut off.")),
            ("squash", self.tr("Squash"), self.tr("Everything stays in the picture; shapes become narrower or wider.")),
            ("letterbox", self.tr("Letterbox"), self.tr("Everything stays and shapes stay true; black bars fill the rest, and things are smaller.")),
        ):  # fmt: skip
            button = QRadioButton(words)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
            button.clicked.connect(lambda _=False, key=key: self.wanted.emit(key))
            self.buttons[key] = button
        group(self.buttons.values(), self)
        self.help = Label("", "help", wrap=True)
        self.another = Button(
            icon="refresh",
            kind="quiet",
            small=True,
            act=self._other,
            name=self.tr("Show three other pictures"),
            tip=self.tr("Show three other pictures"),
        )
        title = Label(self.tr("How pictures are fitted"), "card")
        left = column(row(title, None, self.another), spacing=4)
        for button in self.buttons.values():
            left.addWidget(button)
        left.addWidget(self.help)
        left.addStretch(1)
        self.preview = FitPreview()
        across = row(left, self.preview, spacing=24)
        across.setStretch(1, 1)
        across.setAlignment(left, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(across)
        self.help.setFixedWidth(216)

    def show_fit(self, chosen: str, trained: Mode, size: tuple[int, int] | None) -> None:
        """The choice that is so, and what 'as it was trained' means for this model of this input size."""
        self.buttons[chosen].setChecked(True)
        mode: Mode = trained if chosen == "auto" else chosen  # type: ignore[assignment]
        words = {
            "crop": self.tr("The sides are cut off, shapes stay true."),
            "squash": self.tr("Nothing is cut off, shapes are pressed."),
            "letterbox": self.tr("Nothing is cut off; bars fill the rest."),
        }[mode]
        if chosen == "auto" and size is not None:
            name = {
                "crop": self.tr("cropped"),
                "squash": self.tr("squashed"),
                "letterbox": self.tr("with bars"),
            }[mode]
            words = self.tr("This model: {}. {}").format(name, words)
        self.help.setText(words)
        self._fit = Fit(size[0], size[1], mode) if size is not None else None
        self._show()

    def look(self) -> None:
        """Ask which pictures there are, unless it is known."""
        data = self._shell.project.data
        facts = self._shell.facts
        if data is None:
            self._forget(self.tr("Choose pictures first; three of them are then shown here."))
            return
        if data == self._asked or (facts.inspected is None and facts.scan_error is None):
            if data != self._asked:
                self._forget(self.tr("Your pictures are being looked at."))
            return
        if self._ticket is not None and self._ticket.open:
            self._ticket.drop()
        self._asked = data
        self._ticket = self._shell.engine.ask(
            PicturesRequest(data=facts.readable(data), folder=None, part="all")
        )
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)

    def _answered(self, answer: PicturesAnswer) -> None:
        root = Path(answer.root)
        used = [path for path, part in zip(answer.paths, answer.parts, strict=True) if part != "left out"]
        self._paths = [root / path for path in used]
        self._draw = 0
        self._pick()

    def _failed(self, failed: Failed) -> None:
        if not failed.cancelled:
            self._forget(failed.message.text)

    def _forget(self, why: str) -> None:
        if self._ticket is not None and self._ticket.open:
            # its answer would be shown as if it were of the pictures of now
            self._ticket.drop()
        self._asked, self._paths, self._picked = None, [], []
        self.another.setEnabled(False)
        self.preview.show_nothing(why)

    def _other(self) -> None:
        self._draw += 1
        self._pick()

    def _pick(self) -> None:
        """The same three at first whenever the same pictures are there."""
        count = min(COUNT, len(self._paths))
        self._picked = random.Random(self._draw).sample(self._paths, count)
        self.another.setEnabled(len(self._paths) > COUNT)
        if not self._picked:
            self.preview.show_nothing(self.tr("There are no pictures to show."))
        self._show()

    def _show(self) -> None:
        if self._fit is None:
            self.preview.show_nothing(
                self.tr("Choose a model; how it sees your pictures is then shown here.")
            )
        elif self._picked:
            self.preview.show_pictures(self._picked, self._fit)
