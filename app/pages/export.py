"""Where the finetuned model lies, a copy of it for elsewhere, and the lines of code that load it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from app import loading_code, pool, run_care, texts
from app.pages.page import Hint, Page
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button, Card, ElidedLabel, Icon, Label, row
from app.widgets.empty import Empty
from engine.run_directory import RunDirectory


class ExportPage(Page):
    """Of the run that is open."""

    step = Step.EXPORT
    title = str(QT_TRANSLATE_NOOP("pages", "Export"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "The finetuned model as a folder, and how other programs load it.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "The kept weights lie in the run's folder in open_clip's own form: the weights as safetensors and a "
            "small file that says how the model is built and how pictures are fitted to it. Copy the folder to "
            "where it is needed; nothing else of the run is.",
        )
    )

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(shell)
        self.session = session
        self.folder: Path | None = None
        """The folder of the kept weights."""
        self._measuring: pool.Errand | None = None
        self._copying: pool.Errand | None = None
        self.empty = Empty("download")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.filled = QWidget()
        inside = QVBoxLayout(self.filled)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(16)
        inside.addWidget(self._folder_card())
        inside.addWidget(self._code_card(), 1)
        self.stack.addWidget(self.filled)
        self.body.addWidget(self.stack, 1)
        session.state_changed.connect(self._look)
        session.alpha_changed.connect(self._say_blend)
        self._look()

    # --- building -----------------------------------------------------------------------------

    def _folder_card(self) -> Card:
        tr = self.tr
        card = Card(
            tr("The model"), tr("an open_clip folder: read by open_clip, and by this program as a start")
        )
        self.path = ElidedLabel("", "strong", mode=Qt.TextElideMode.ElideMiddle)
        self.facts = Label("", "support", wrap=True)
        self.blended = QWidget()
        self.blend_words = Label("", wrap=True)
        inner = row(Icon("warning", "warn"), self.blend_words)
        inner.setStretch(1, 1)
        self.blended.setLayout(inner)
        self.copy_button = Button(
            tr("Save a copy as…"),
            icon="save",
            kind="primary",
            tip=tr("Copies the folder with class names and templates to another place; never over something"),
            act=self.ask_copy,
        )
        open_button = Button(
            tr("Open folder"), icon="folder", tip=tr("Shows the folder of the weights"), act=self.open_folder
        )
        path_button = Button(
            tr("Copy path"),
            icon="copy",
            tip=tr("Puts the folder's path on the clipboard"),
            act=self.copy_path,
        )
        card.body.addWidget(self.path)
        card.body.addWidget(self.facts)
        card.body.addWidget(self.blended)
        card.body.addSpacing(4)
        card.body.addLayout(row(self.copy_button, open_button, path_button, None))
        return card

    def _code_card(self) -> Card:
        tr = self.tr
        card = Card(tr("Load it"), tr("Python, with open_clip and your class names"), padding=0)
        card.head.addWidget(
            Button(
                tr("Copy"), icon="copy", kind="quiet", small=True, tip=tr("Puts these lines on the clipboard"),
                name=tr("Copy the code"), act=self.copy_code,
            )
        )  # fmt: skip
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.code.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        self.code.setFont(font)
        self.code.setStyleSheet("QPlainTextEdit { border: 0; padding: 8px 12px; background: transparent; }")
        self.code.setAccessibleName(tr("Code that loads the model"))
        self.code.setToolTip(
            tr("Loads the model, builds the classes from names and templates, classifies a picture")
        )
        self.code.setMinimumHeight(160)
        card.body.addWidget(self.code)
        return card

    # --- what is shown ------------------------------------------------------------------------

    def entered(self) -> None:
        self._look()

    def hint(self) -> Hint | None:
        if self.folder is None or self.session.folder is None:
            return None
        recipe = self.shell.project.recipe()
        if recipe is not None and recipe != self.session.recipe:
            return Hint(
                "warn", self.tr("The recipe has changed since this run; this is the model of before.")
            )
        return Hint("info", self.tr("This is the model of the run {}.").format(self.session.folder.name))

    def _look(self) -> None:
        session = self.session
        run = RunDirectory(session.folder) if session.folder is not None else None
        if session.state is not RunState.FINISHED or run is None or not run.has_checkpoint("best"):
            self.folder = None
            self._say_why()
            self.stack.setCurrentWidget(self.empty)
            self.state_changed.emit()
            return
        folder = run.standing_checkpoint("best")
        if folder == self.folder:
            return
        self.folder = folder
        self.path.setText(str(folder))
        self.facts.setText(self.tr("Looking at its size"))
        self._measuring = pool.run(lambda: (folder, run_care.size(folder)), self._measured)
        self._show_words()
        self.stack.setCurrentWidget(self.filled)
        self.state_changed.emit()

    def _say_why(self) -> None:
        session = self.session
        if session.under_way or session.state is RunState.ELSEWHERE:
            what = self.tr("The training is under way")
            why = self.tr("The best weights are ready to be taken along when it ends.")
        elif session.state in (RunState.PAUSED, RunState.INTERRUPTED):
            what = self.tr("The run has not ended yet")
            why = self.tr("Let it go on to its end in Train, or open a run that is done in Runs.")
        else:
            what = self.tr("Needs a finished run")
            why = self.tr(
                "Train a model, or open a run that is done in Runs. It can be taken along from here."
            )
        self.empty.say(what, why, self.tr("Go to Train"), lambda: self.shell.go(Step.TRAIN))

    def _classes(self) -> tuple[str, ...]:
        started = self.session.series.started
        return started.classes if started is not None else ()

    def _show_words(self) -> None:
        recipe = self.session.recipe
        assert self.folder is not None
        assert recipe is not None
        self.code.setPlainText(loading_code.code(self.folder, self._classes(), recipe.prompts))
        self._say_blend()

    def _say_blend(self) -> None:
        alpha = self.session.alpha
        self.blend_words.setText(
            self.tr(
                "The chosen blend is {:g} of the way from before to after training, and the figures are of that. "
                "This folder holds the weights after training, without the blend."
            ).format(alpha)
        )
        self.blended.setVisible(alpha != 1)

    def _measured(self, found: tuple[Path, int] | Exception) -> None:
        if isinstance(found, Exception):
            self.facts.setText(run_care.why(found))
            return
        folder, octets = found
        if folder != self.folder:
            return
        best = self.session.series.best
        words = [texts.size(octets), self.tr("{} classes").format(texts.number(len(self._classes())))]
        if best is not None:
            words.insert(0, self.tr("epoch {}").format(best.epoch))
        self.facts.setText("  ·  ".join(words))

    # --- what can be done ---------------------------------------------------------------------

    def open_folder(self) -> None:
        """Show the folder in the system's file manager."""
        if self.folder is not None:
            _show(self.folder)

    def copy_path(self) -> None:
        """Put the folder's path on the clipboard."""
        if self.folder is not None:
            QGuiApplication.clipboard().setText(str(self.folder))

    def copy_code(self) -> None:
        """Put the code on the clipboard."""
        QGuiApplication.clipboard().setText(self.code.toPlainText())

    def ask_copy(self) -> None:
        """Ask where the copy goes."""
        if self.session.folder is None:
            return
        start = str(Path.home() / f"{self.session.folder.name}-open_clip")
        # a folder is to be made, so a name for it is asked for
        given, _ = QFileDialog.getSaveFileName(
            self, self.tr("A name for the copy, which becomes a folder"), start, "", "",
            QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if given:
            self.copy_to(Path(given))

    def copy_to(self, target: Path) -> None:
        """Copy the folder there, with class names and templates, unless there is something already."""
        folder, recipe = self.folder, self.session.recipe
        if folder is None or recipe is None or (self._copying is not None and self._copying.open):
            return
        names = loading_code.classes_file(self._classes(), recipe.prompts)
        self.copy_button.set_busy(True)
        self._copying = pool.run(lambda: run_care.copy_folder(folder, target, names), self._copied)

    def _copied(self, target: Path | Exception) -> None:
        self.copy_button.set_busy(False)
        if isinstance(target, Exception):
            what = self.tr("The copy could not be saved.")
            self.shell.notify("bad", what, run_care.why(target), key="export")
            return
        self.shell.notify(
            "good",
            self.tr("Saved."),
            self.tr("The model, its class names and templates are in {}.").format(target),
            self.tr("Open folder"),
            lambda: _show(target),
            key="export",
        )


def _show(folder: Path) -> None:
    """In the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
