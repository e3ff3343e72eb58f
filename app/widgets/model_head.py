"""Above the list of models: what is recommended, and how to bring one of one's own."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu

from app import texts
from app.estimates import Recommended
from app.facts import Facts
from app.widgets.basics import Button, Icon, Label


class ModelHead(QHBoxLayout):
    """A sentence with a button, and a menu."""

    taken = Signal()
    """The recommended model is wanted."""
    folder_wanted = Signal()
    file_wanted = Signal()
    hub_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(8)
        self.advice = Label("", wrap=True)
        self.take = Button(self.tr("Choose it"), small=True, act=self.taken.emit)
        self.open_button = Button(
            self.tr("Open a file or folder…"),
            icon="folder",
            tip=self.tr("A model of your own: an open_clip folder, a weights file, or a name on the hub"),
        )
        self.open_button.setProperty("hasMenu", True)
        self._menu = QMenu(self.open_button)
        for words, wanted in (
            (self.tr("A folder in open_clip's form…"), self.folder_wanted),
            (self.tr("A weights file (.safetensors, .pt)…"), self.file_wanted),
            (self.tr("A name on the Hugging Face hub…"), self.hub_wanted),
        ):
            action = QAction(words, self._menu)
            action.triggered.connect(lambda _=False, wanted=wanted: wanted.emit())
            self._menu.addAction(action)
        self.open_button.setMenu(self._menu)
        self.addWidget(Icon("star", "accent_text"))
        self.addWidget(self.advice, 1)
        self.addWidget(self.take)
        self.addSpacing(8)
        self.addWidget(self.open_button)

    def advise(self, found: Recommended | None, facts: Facts, can_take: bool) -> None:
        """Say which model suits pictures and device, and why."""
        self.take.setVisible(can_take)
        if found is None:
            self.advice.setText(self.tr("Looking at what this machine can do …"))
            return
        if found.why == "sample":
            self.advice.setText(
                self.tr("The sample pictures are drawings: the bundled starter is made for them.")
            )
            return
        title = self.tr("{}, {}").format(found.name, found.weights)
        planned = facts.inspected.planned if facts.inspected is not None else None
        count = sum(planned["train"]) if planned and "train" in planned else 0
        device = facts.device.name if facts.device is not None else ""
        why = (
            self.tr("without a graphics card it is the quickest of OpenAI's models")
            if found.why == "cpu"
            else self.tr("it is the paper's model and trains well on this device")
        )
        if count:
            text = self.tr("Recommended for {} training pictures on {}: {}; {}.")
            self.advice.setText(text.format(texts.number(count), device, title, why))
        else:
            self.advice.setText(self.tr("Recommended on {}: {}; {}.").format(device, title, why))
        self.take.setToolTip(self.tr("Choose {}").format(title))
