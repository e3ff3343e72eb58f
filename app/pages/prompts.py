"""Prompts: what each class is called, the sentences it is told in, and how far words alone get."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app import pasted_names
from app.pages.page import Hint, Page
from app.preview_stops import GoTo, blocked, clashing, failed
from app.previewing import Previewing
from app.prompt_rows import PromptRows
from app.prompt_view import PromptView, looked_at
from app.shell import Shell
from app.steps import Step
from app.token_counts import TokenCounts
from app.widgets.basics import Button, Card, ElidedLabel, Label, row
from app.widgets.class_names_table import ClassNamesTable
from app.widgets.paste_names import PasteNames
from app.widgets.preset_button import PresetButton
from app.widgets.templates_table import TemplatesTable
from app.widgets.zero_shot_panel import ZeroShotPanel
from engine.answers import PresetEntry


class PromptsPage(Page):
    """Shows what ``PromptRows`` holds; all edits go through it or the shell."""

    step = Step.PROMPTS
    title = str(QT_TRANSLATE_NOOP("pages", "Prompts"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "Say in words what each class is. Better words help before any training.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "The model reads a caption for each class: every template with the class name in the place of {}. "
            "Names that say what is seen and templates that fit the kind of picture help at once, and training "
            "starts from there. Below is how many training and validation pictures the words alone get right.",
        )
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.rows = PromptRows(shell, self)
        self.counts = TokenCounts(shell.engine, self)
        self.previewing = Previewing(shell, self)
        self._shown = False
        self._rendering = False
        self.view = PromptView()
        self._remedy = GoTo.NOWHERE
        self._build()
        self.rows.changed.connect(self._render)
        self.counts.changed.connect(self._render)
        self.previewing.changed.connect(self._render_preview)
        shell.project_changed.connect(self._project_changed)
        shell.project_opened.connect(self._project_opened)
        shell.facts_changed.connect(self._facts_changed)

    # --- building -----------------------------------------------------------------------------------

    def _build(self) -> None:
        across = row(self._classes_card(), self._templates_card(), spacing=16)
        across.setStretch(0, 408)
        across.setStretch(1, 600)
        self.panel = ZeroShotPanel()
        self.panel.remedy_wanted.connect(self._remedy_pressed)
        self.panel.class_wanted.connect(self.classes.choose)
        self.body.addLayout(across, 1)
        self.body.addWidget(self.panel)

    def _classes_card(self) -> Card:
        card = Card(self.tr("Classes"), padding=0, spacing=0)
        card.about.hide()
        card.head.addStretch(1)
        undo = self.shell.undo
        self.undo = Button(icon="undo", kind="quiet", small=True, name=self.tr("Undo"), act=undo.undo)
        self.redo = Button(icon="redo", kind="quiet", small=True, name=self.tr("Redo"), act=undo.redo)
        # told by the stack, not asked of it: while a window closes it may be gone before its buttons
        undo.canUndoChanged.connect(self.undo.setEnabled)
        undo.canRedoChanged.connect(self.redo.setEnabled)
        undo.undoTextChanged.connect(self._undo_words)
        undo.redoTextChanged.connect(self._redo_words)
        self.undo.setEnabled(undo.canUndo())
        self.redo.setEnabled(undo.canRedo())
        self._undo_words(undo.undoText())
        self._redo_words(undo.redoText())
        self.paste = Button(
            self.tr("Paste…"),
            small=True,
            tip=self.tr("Take names from a list or a spreadsheet; you see what changes before it does"),
            act=lambda: self._paste_dialog(""),
        )
        self.make_readable = Button(
            self.tr("Make readable"),
            small=True,
            tip=self.tr(
                "Call every class by its folder again, made readable: golden_retriever → golden retriever"
            ),
            act=self.rows.make_readable,
        )
        for button in (self.undo, self.redo, self.paste, self.make_readable):
            card.head.addWidget(button)
        self.classes = ClassNamesTable()
        self.classes.typed.connect(self.rows.type_name)
        self.classes.closed.connect(lambda: self.rows.type_name("", None))
        self.classes.class_model.renamed.connect(self._rename)
        self.classes.chosen.connect(lambda _: self._render())
        self.classes.pasted.connect(self._pasted)
        self.no_classes = Label(self.tr("The classes come from your pictures."), "support")
        self.no_classes.setAlignment(Qt.AlignmentFlag.AlignCenter)
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.classes, 1)
        card.body.addWidget(self.no_classes, 1)
        card.setMinimumWidth(344)
        return card

    def _templates_card(self) -> Card:
        card = Card(self.tr("Templates"), padding=0, spacing=0)
        card.about.hide()
        self.read_for = Label(self.tr("one a line, as read for"), "support")
        self.read_for.setToolTip(self.tr("Choose a class at the left to read the captions for it"))
        self.read_as = ElidedLabel("", "strong")
        self.presets = PresetButton()
        self.presets.picked.connect(self._use_preset)
        card.head.addWidget(self.read_for)
        card.head.addWidget(self.read_as, 1)
        card.head.addWidget(self.presets)
        self.templates = TemplatesTable()
        self.templates.typed.connect(self.rows.type_template)
        self.templates.closed.connect(self._template_closed)
        self.templates.template_model.written.connect(self.rows.set_template)
        self.templates.removed.connect(self._remove_template)
        self.add = Button(
            self.tr("Add a template"), icon="plus", kind="quiet", small=True,
            tip=self.tr("A sentence with {} where the class name goes; captions of all templates count equally"),
            act=self._add_template,
        )  # fmt: skip
        holder = row(self.add, None)
        holder.setContentsMargins(6, 7, 8, 7)
        card.body.setContentsMargins(0, 0, 0, 0)
        card.body.addWidget(self.templates, 1000)
        card.body.addLayout(holder)
        card.body.addStretch(1)
        return card

    # --- the page -----------------------------------------------------------------------------------

    def entered(self) -> None:
        self._shown = True
        self.counts.try_again()
        self._show_preset()
        self._render()
        self._fit_panel()

    def first_control(self) -> QWidget | None:
        return self.classes if self.view.folders else super().first_control()

    def left(self) -> None:
        self.classes.finish()
        self.templates.finish()
        self._shown = False
        self.counts.stop()
        self.previewing.stop()

    def hint(self) -> Hint | None:
        if self.shell.facts.prompt_troubles:
            return Hint("warn", self.shell.facts.prompt_troubles[0])
        if not self.view.folders:
            return Hint("info", self.tr("The classes come from your pictures."))
        warnings = self.view.warnings()
        if warnings:
            words = self.tr("1 remark") if warnings == 1 else self.tr("{} remarks").format(warnings)
            return Hint(
                "info", self.tr("{} on names and templates; you may go on all the same.").format(words)
            )
        return Hint("info", self.tr("Next: the way it is trained. Words can be changed again at any time."))

    def can_go_on(self) -> bool:
        return not self.shell.facts.prompt_troubles

    # --- what changed -------------------------------------------------------------------------------

    def _project_changed(self, sections: frozenset[str]) -> None:
        # the prompts come through the rows; the freshness of the preview is everyone's
        if sections - {"prompts"}:
            self._render()

    def _project_opened(self) -> None:
        self.previewing.forget()
        self.counts.stop()
        self._render()

    def _facts_changed(self, what: str) -> None:
        if what == "prompts":
            self._show_preset()
        elif what in ("pictures", "model"):
            self._render()

    # --- edits ----------------------------------------------------------------------------------------

    def _rename(self, folder: str, name: str) -> None:
        self.rows.set_names({folder: name}, self.tr("rename {}").format(folder))

    def _pasted(self, text: str) -> None:
        """Ctrl+V in the table: at once where all fits, else what it would do is shown first."""
        folder = self.classes.folder()
        if not text.strip() or not folder:
            return
        if len(text.strip().splitlines()) == 1 and "\t" not in text.strip():
            self._rename(folder, text)
            return
        found = pasted_names.read(text, self.classes.class_model.folders())
        if found.fits:
            self.rows.set_names(found.names, self.tr("paste names"))
        else:
            self._paste_dialog(text)

    def _paste_dialog(self, text: str) -> None:
        dialog = PasteNames(self, self.classes.class_model.folders(), self.view.names, text)
        dialog.accepted.connect(lambda: self.rows.set_names(dialog.pasted.names, self.tr("paste names")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _add_template(self) -> None:
        self.templates.finish()
        self.rows.type_template(len(self.rows.templates), "")
        self.templates.open(len(self.rows.templates))

    def _template_closed(self) -> None:
        self.rows.type_template(0, None)

    def _remove_template(self, number: int) -> None:
        self.templates.finish()
        self.rows.remove_template(number)

    def _use_preset(self, preset: PresetEntry) -> None:
        self.templates.finish()
        self.rows.set_templates(preset.templates, self.tr("templates for {}").format(preset.title))

    def _remedy_pressed(self) -> None:
        if self._remedy is GoTo.MODEL:
            self.shell.go(Step.MODEL)
        elif self._remedy is GoTo.PICTURES:
            self.shell.go(Step.PICTURES)
        elif self._remedy is GoTo.AGAIN:
            self.previewing.try_again()

    # --- showing --------------------------------------------------------------------------------------

    def _render(self) -> None:
        """Everything from the state. Edits that come of showing are not shown within it."""
        if self._rendering:
            return
        self._rendering = True
        try:
            model = self.shell.project.model
            before = self.view
            self.view = looked_at(self.rows, self.counts, self.classes.folder(), before)
            troubles = tuple(trouble.whole for trouble in self.view.troubles() if trouble.whole)
            if troubles != self.shell.facts.prompt_troubles:
                self.shell.facts.prompt_troubles = troubles
                self.shell.know("prompts")
            if self._shown:
                self._render_tables()
                self.counts.want(model, self.view.wanted())
        finally:
            self._rendering = False
        self._render_buttons()
        self._render_preview()
        self.state_changed.emit()

    def _render_tables(self) -> None:
        self.classes.show_rows(self.view.class_rows(self.rows.own_names(), self.rows.counts()))
        self.classes.setVisible(bool(self.view.folders))
        self.no_classes.setVisible(not self.view.folders)
        if self.view.folders and self.classes.folder() != self.view.chosen:
            # the first row was chosen as the classes came
            self.view = looked_at(self.rows, self.counts, self.classes.folder(), self.view)
        self.templates.show_rows(self.view.template_rows(self.counts))
        self.read_for.setVisible(bool(self.view.chosen) and not self._is_narrow())
        self.read_as.setText(self.view.names.get(self.view.chosen, ""))
        self.panel.set_strong(self.view.chosen)
        self._show_preset()

    def _show_preset(self) -> None:
        # the name of the class beside it needs room too
        room = 136 if self._is_narrow() else 240
        self.presets.show_presets(self.shell.facts.presets, self.rows.templates, room)

    def _is_narrow(self) -> bool:
        # more than the page needs when it is wide, so that it can become narrow again
        return self.width() < 1000

    def _render_buttons(self) -> None:
        self.make_readable.setEnabled(bool(self.shell.project.prompts.class_names))
        self.paste.setEnabled(bool(self.view.folders))

    def _undo_words(self, text: str) -> None:
        self.undo.setToolTip(self.tr("Undo: {}").format(text) if text else self.tr("Nothing to undo"))

    def _redo_words(self, text: str) -> None:
        self.redo.setToolTip(self.tr("Redo: {}").format(text) if text else self.tr("Nothing to redo"))

    def _render_preview(self) -> None:
        if not self._shown or self._rendering:
            return
        facts, previewing = self.shell.facts, self.previewing
        stop, self._remedy = blocked(self.shell)
        clash = any(trouble.tone == "bad" for trouble in self.view.class_troubles.values())
        if stop is not None:
            previewing.stop()
            facts.preview_fresh = False
        elif clash:
            previewing.stop()
            facts.preview_fresh = False
            if facts.preview is None:
                stop, self._remedy = clashing(self.view.troubles())
        else:
            previewing.want(self.rows.prompts(), self.rows.typing, at_once=facts.preview is None)
            if previewing.failure is not None and not (previewing.under_way or previewing.waiting):
                stop, self._remedy = failed(previewing.failure)
        under_way = previewing.under_way or previewing.waiting
        self.panel.show_answer(facts.preview, facts.preview_fresh, previewing.gain())
        self.panel.show_stop(stop)
        self.panel.show_progress(previewing.progress, stop is None and under_way)
        if stop is None and under_way:
            self.panel.badge.hide()
        self._fit_panel()

    def _fit_panel(self) -> None:
        """The tables get the room that the bars do not need."""
        room = self.height() - 96
        self.panel.setFixedHeight(max(196, self.panel.wanted_height(round(0.46 * room))))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._fit_panel()
        self._show_preset()
        narrow = self._is_narrow()
        self.read_for.setVisible(bool(self.view.chosen) and not narrow)
