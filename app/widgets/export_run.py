"""What lies in the run itself: the kept weights as an open_clip folder, and the code that loads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app import loading_code, pool, run_care, texts
from app.run_session import RunSession
from app.widgets.basics import Button, Card, ElidedLabel, Label, row
from app.widgets.code_view import FoldedCode


class ExportRun(Card):
    """Needs no export: read by open_clip, and by this program as a start."""

    def __init__(self, session: RunSession, show: Callable[[Path], None]) -> None:
        tr = self.tr
        super().__init__(
            tr("In the run"), tr("the kept weights as an open_clip folder, usable where they are"), spacing=4
        )
        self._session = session
        self._show = show
        self.folder: Path | None = None
        self._measuring: pool.Errand | None = None
        self.path = ElidedLabel("", "support", mode=Qt.TextElideMode.ElideMiddle)
        self.facts = Label("", "support")
        place = row(self.path, self.facts)
        place.setStretch(0, 1)
        self.blend_words = Label("", "help", wrap=True)
        open_button = Button(
            tr("Open folder"), icon="folder", small=True, act=self.open_folder,
            tip=tr("Shows the folder of the weights"), name=tr("Open the folder of the weights"),
        )  # fmt: skip
        path_button = Button(
            tr("Copy path"), icon="copy", small=True, act=self.copy_path,
            tip=tr("Puts the path of the weights on the clipboard"), name=tr("Copy the path of the weights"),
        )  # fmt: skip
        self.code = FoldedCode(
            tr("Code that loads it"),
            tr("Code that loads the model"),
            tr("Loads the model, builds the classes from names and templates, classifies a picture"),
        )
        self.more_words = Label(
            tr(
                "This method answers by a head of its own, which open_clip does not read: the folder alone would answer "
                "otherwise. A classifier folder, ONNX or a class head from above answers as the run does."
            ),
            "help",
            wrap=True,
        )
        self.more_words.hide()
        self.body.addLayout(place)
        self.body.addWidget(self.blend_words)
        self.body.addSpacing(4)
        self.body.addLayout(row(open_button, path_button, None))
        self.body.addWidget(self.more_words)
        self.body.addWidget(self.code)

    def show_run(self, folder: Path, classes: tuple[str, ...]) -> None:
        """Show these weights of the session's run."""
        recipe = self._session.recipe
        assert recipe is not None
        self.folder = folder
        self.path.setText(str(folder))
        self.facts.setText("")
        more = loading_code.needs_more(folder)
        self.code.setVisible(not more)
        self.more_words.setVisible(more)
        if not more:
            self.code.show_code(loading_code.code(folder, classes, recipe.prompts))
        if self._measuring is not None:
            # what was wrong with another folder is not to be said of this one
            self._measuring.drop()
        self._measuring = pool.run(lambda: (folder, run_care.size(folder)), self._measured)
        self.say_blend()

    def say_blend(self) -> None:
        """An export holds the chosen blend; this folder does not."""
        alpha = self._session.alpha
        words = self.tr(
            "The chosen blend is {:g} of the way from before to after training. "
            "This folder holds the weights after training, without the blend; an export holds it."
        )
        self.blend_words.setText(words.format(alpha))
        self.blend_words.setVisible(alpha != 1)

    def _measured(self, found: tuple[Path, int] | Exception) -> None:
        if isinstance(found, Exception):
            self.facts.setText(run_care.why(found))
            return
        folder, octets = found
        if folder != self.folder:
            return
        best = self._session.series.best
        words = [self.tr("epoch {}").format(best.epoch)] if best is not None else []
        self.facts.setText("  ·  ".join([*words, texts.size(octets)]))

    def open_folder(self) -> None:
        """Show the folder in the system's file manager."""
        if self.folder is not None:
            self._show(self.folder)

    def copy_path(self) -> None:
        """Put the folder's path on the clipboard."""
        if self.folder is not None:
            QGuiApplication.clipboard().setText(str(self.folder))
