"""What all pages have in common: a head, a body, a sentence for the footer, and when one may go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import reading_order
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button, Label

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Hint:
    """The footer's sentence: what is still missing and its remedy, or what comes next."""

    tone: Literal["info", "warn"]
    text: str


class Page(QWidget):
    """Base of every page. A page is made when it is first shown, and stays."""

    state_changed = Signal()
    """The hint, or whether one may go on, may be different now."""

    step: Step
    title: str = ""
    purpose: str = ""
    """One line that says what the page is for."""
    help_text: str = ""
    """A few sentences behind the question mark."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.setObjectName("page")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 12, 24, 16)
        outer.setSpacing(12)
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.heading = Label(translate("pages", self.title), "title")
        self.about = Label(translate("pages", self.purpose), "support")
        words.addWidget(self.heading)
        words.addWidget(self.about)
        words.addStretch(1)
        self.head.addLayout(words, 1)
        outer.addLayout(self.head)
        self.body = QVBoxLayout()
        self.body.setSpacing(16)
        outer.addLayout(self.body, 1)
        if self.help_text:
            button = Button(
                icon="help",
                kind="quiet",
                name=self.tr("About this page"),
                tip=self.tr("What this page does"),
                act=self.explain,
            )
            self.head.addWidget(button)

    def entered(self) -> None:
        """The page is shown. It may have been hidden while the project changed."""

    def left(self) -> None:
        """Another page is shown."""

    def first_control(self) -> QWidget | None:
        """What the keys are for as the page is shown: the first control below its head."""
        return next(reading_order.laid_out_controls(self.body), None)

    def hint(self) -> Hint | None:
        """The sentence in the footer."""
        return None

    def can_go_on(self) -> bool:
        """Is 'Next' on? If not, ``hint`` says why."""
        return True

    def explain(self) -> None:
        """Say what the page is for, above it."""
        self.shell.notify(
            "info", translate("pages", self.title), translate("pages", self.help_text), key="help"
        )
