"""Asking for a model that is not in the list: a folder, a weights file with its architecture, a hub name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QDialog, QLineEdit, QWidget

from app.model_rows import Key
from app.widgets.basics import Button, Field, Label, column, row

translate = QCoreApplication.translate
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class _Ask(QDialog):
    """A title, one field, and what it leads to."""

    def __init__(self, parent: QWidget, title: str, about: str, field: Field, act: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        self.field = field
        self.accept_button = Button(act, kind="primary", act=self.try_accept, tip=act)
        self.accept_button.setDefault(True)
        cancel = Button(self.tr("Cancel"), act=self.reject, tip=self.tr("Close without choosing"))
        cancel.setAutoDefault(False)
        layout = column(
            Label(about, "support", wrap=True), field, row(None, cancel, self.accept_button), spacing=16
        )
        layout.setContentsMargins(24, 24, 24, 16)
        self.setLayout(layout)

    def wrong(self) -> str:
        """Why what stands in the field cannot be; empty if it can."""
        raise NotImplementedError

    def try_accept(self) -> None:
        """Close if the field holds something usable, else say what is wrong."""
        error = self.wrong()
        self.field.set_error(error)
        if not error:
            self.accept()


class AskHubName(_Ask):
    """owner/name of a repository in open_clip's form."""

    def __init__(self, parent: QWidget) -> None:
        self.line = QLineEdit()
        self.line.setPlaceholderText("laion/CLIP-ViT-B-16-laion2B-s34B-b88K")
        field = Field(
            translate("AskModel", "Name on the hub"),
            self.line,
            translate("AskModel", "Owner and name, as in the page's address."),
            translate(
                "AskModel", "Any repository in open_clip's form (with an open_clip_config.json): owner/name."
            ),
        )
        super().__init__(
            parent,
            translate("AskModel", "A model of the Hugging Face hub"),
            translate("AskModel", "It is downloaded first, and then chosen."),
            field,
            translate("AskModel", "Download"),
        )

    @property
    def name(self) -> str:
        """The recipe's model.name."""
        text = self.line.text().strip().removeprefix("hf-hub:")
        return "hf-hub:" + re.sub(r"^https?://[^/]+/", "", text).strip("/")

    def wrong(self) -> str:
        given = self.name.removeprefix("hf-hub:")
        if _HUB_NAME.fullmatch(given):
            return ""
        return self.tr("Write it as owner/name, for example laion/CLIP-ViT-B-16-laion2B-s34B-b88K.")


class AskArchitecture(_Ask):
    """The architecture that a weights file belongs to."""

    def __init__(self, parent: QWidget, file: Path, architectures: Sequence[str]) -> None:
        self._known = list(architectures)
        self.combo = QComboBox()
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.addItems(self._known)
        self.combo.setCurrentText(guess(file.name, self._known))
        completer = self.combo.completer()
        if isinstance(completer, QCompleter):
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        field = Field(
            translate("AskModel", "Architecture"),
            self.combo,
            translate("AskModel", "The file holds numbers only; this says what they build."),
            translate(
                "AskModel", "open_clip's name of the architecture that these weights were trained with."
            ),
        )
        super().__init__(
            parent,
            translate("AskModel", "A weights file"),
            translate("AskModel", "Which architecture do the weights in '{}' belong to?").format(file.name),
            field,
            translate("AskModel", "Choose"),
        )

    @property
    def name(self) -> str:
        return self.combo.currentText().strip()

    def wrong(self) -> str:
        return "" if self.name in self._known else self.tr("Choose an architecture from the list.")


def guess(file: str, known: Sequence[str]) -> str:
    """The architecture whose name stands in a file's name; the longest that does."""
    plain = re.sub(r"[^a-z0-9]", "", file.lower())
    found = [name for name in known if re.sub(r"[^a-z0-9]", "", name.lower()) in plain]
    return max(found, key=len, default="")


def parse_own(saved: object) -> list[Key]:
    """The person's own models as the settings keep them."""
    lines = [saved] if isinstance(saved, str) else saved if isinstance(saved, list) else []
    found: list[Key] = []
    for line in lines:
        name, _, weights = str(line).partition("\n")
        if name:
            found.append((name, weights or None))
    return found


def write_own(keys: Sequence[Key]) -> list[str]:
    """As ``parse_own`` reads it."""
    return [name if weights is None else f"{name}\n{weights}" for name, weights in keys]
