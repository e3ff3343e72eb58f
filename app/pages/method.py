"""Step 4: how it is finetuned, with which settings, and what training will meet and take."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app import texts
from app.pages.page import Hint, Page
from app.preflighting import Preflighting
from app.shell import Shell
from app.steps import Step
from app.suggesting import Suggesting
from app.training_presets import OPTIONS, TrainingPreset
from app.widgets.basics import Content, Label, column, row
from app.widgets.method_cards import MethodCards
from app.widgets.preflight_card import PreflightCard
from app.widgets.recipe_dialog import RecipeDialog, copy
from app.widgets.training_card import TrainingCard
from engine import recipe as recipes
from engine.answers import MethodEntry
from engine.quoting import command_line


class MethodPage(Page):
    """Cards and settings at the left, the check at the right."""

    step = Step.METHOD
    title = str(QT_TRANSLATE_NOOP("pages", "Method"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "Decide how it learns. The suggested values are good ones to begin with.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "You may go on without changing anything. The check at the right goes the way of training up to its "
            "first step, so that nothing goes wrong half an hour later.",
        )
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shown = False
        self._pictures = 0
        self.checking = Preflighting(shell, self._why_not, self)
        self.suggesting = Suggesting(shell, self)
        self._build()
        self.checking.changed.connect(self._checked)
        self.checking.said.connect(
            lambda: self.preflight.show_progress(self.checking.progress, self.checking.working)
        )
        self.suggesting.busy.connect(self.training.preset.set_busy)
        shell.project_changed.connect(self._changed)
        shell.project_opened.connect(self._opened)
        shell.facts_changed.connect(self._told)

    def _build(self) -> None:
        self.cards = MethodCards()
        self.cards.chosen.connect(self._choose)
        self.wait = Label(self.tr("Looking for methods …"), "support")
        self.training = TrainingCard()
        self.training.set_training.connect(self._set_training)
        self.training.set_option.connect(self._set_option)
        self.training.preset_wanted.connect(self._use_preset)
        self.training.suggestion_wanted.connect(lambda: self.suggesting.ask(self._why_not()))
        left = Content()
        inner = column(self.wait, self.cards, self.training, None, spacing=16)
        left.setLayout(inner)
        self._area = QScrollArea()
        self._area.setObjectName("pageScroll")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(left)
        self.preflight = PreflightCard()
        self.preflight.setFixedWidth(304)
        self.preflight.wanted.connect(self.checking.check)
        self.preflight.recipe_wanted.connect(self._show_recipe)
        self.preflight.copy_wanted.connect(self._copy_command)
        across = row(self._area, self.preflight, spacing=16)
        across.setStretch(0, 1)
        self.body.addLayout(across, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.preflight.setFixedWidth(280 if self.width() < 960 else 304)

    # --- the page's life ------------------------------------------------------------------------

    def entered(self) -> None:
        self._shown = True
        self._render()
        self.checking.soon()

    def first_control(self) -> QWidget | None:
        return self.cards.cards.get(self.shell.project.method.name) or super().first_control()

    def left(self) -> None:
        self._shown = False
        self.checking.due.stop()

    def can_go_on(self) -> bool:
        facts = self.shell.facts
        wrong = facts.preflight is not None and facts.preflight_fresh and bool(facts.preflight.problems)
        return not wrong and not self._why_not()

    def hint(self) -> Hint | None:
        if why := self._why_not():
            return Hint("warn", why)
        facts = self.shell.facts
        if facts.preflight is not None and facts.preflight_fresh:
            if facts.preflight.problems:
                text, remedy = texts.message(facts.preflight.problems[0])
                return Hint("warn", f"{text} {remedy}".strip())
            if facts.preflight.seconds is not None:
                took = texts.duration(facts.preflight.seconds)
                return Hint("info", self.tr("Ready. Training will take about {}.").format(took))
        if self.checking.working:
            return Hint("info", self.tr("The check is under way. You may go on without it."))
        return Hint("info", self.tr("You can go on with what is suggested."))

    def _why_not(self) -> str:
        """Why there is nothing that could be checked or trained; empty if there is."""
        project, facts = self.shell.project, self.shell.facts
        if project.data is None:
            return self.tr("Choose pictures first.")
        if project.model is None:
            return self.tr("Choose a model first.")
        entry = facts.entry(project.model.name, project.model.weights)
        if entry is not None and not entry.downloaded:
            return self.tr("{} is not on this machine yet. Download it on the Model page.").format(entry.name)
        if facts.model_trouble is not None:
            return texts.message(facts.model_trouble)[0]
        method = self._method()
        if method is not None and method.unavailable is not None:
            return texts.whole(method.unavailable)
        return ""

    def _method(self) -> MethodEntry | None:
        name = self.shell.project.method.name
        return next((each for each in self.shell.facts.methods if each.name == name), None)

    def _changed(self, sections: frozenset[str]) -> None:
        self.checking.drop_if_old()
        if sections & {"data", "model"}:
            self.suggesting.drop()
        if sections:
            self.checking.failure = None
        if self._shown:
            self._render()
            self.checking.soon()

    def _opened(self) -> None:
        self.checking.drop()
        self.suggesting.drop()
        self.checking.failure = None
        self.training.forget_suggestions()
        if self._shown:
            self._render()
            self.checking.soon()

    def _told(self, what: str) -> None:
        if self._shown and what in ("method", "model", "machine", "pictures"):
            self._render()
            if what in ("model", "pictures"):
                self.checking.soon()

    def _render(self) -> None:
        facts, project = self.shell.facts, self.shell.project
        self.wait.setVisible(not facts.methods)
        self.cards.setVisible(bool(facts.methods))
        self.cards.show_methods(facts.methods, project.method.name)
        planned = facts.inspected.planned if facts.inspected is not None else None
        self._pictures = sum(planned["train"]) if planned and "train" in planned else 0
        if not self.training.menu.isVisible():
            self.training.show_presets(self._pictures)
        reasons = {
            name.removeprefix("training."): why
            for name, why in facts.reasons.items()
            if name.startswith("training.") and name not in project.chosen
        }
        self.training.show_training(project.training, reasons)
        self.training.show_method(self._method(), project.method.options)
        self._render_check()

    def _checked(self) -> None:
        if self._shown:
            self._render_check()

    def _render_check(self) -> None:
        facts = self.shell.facts
        self.preflight.show_progress(self.checking.progress, self.checking.working)
        self.preflight.show_answer(
            facts.preflight, facts.preflight_fresh, self.checking.failure, self._why_not()
        )
        complete = self.shell.project.recipe() is not None
        for button in (self.preflight.recipe, self.preflight.copy):
            button.setEnabled(complete)
        self.preflight.copy.set_icon("copy")
        # the command is of a file, which a project gets at its first change, or when somebody asks for it
        named = complete and self.shell.project.file is not None
        self.preflight.copy.setToolTip(
            self._command() if named else self.tr("Copy the command that trains this recipe in a terminal")
        )
        self.state_changed.emit()

    # --- choices ------------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        if name != self.shell.project.method.name:
            self.shell.edit(self.tr("choose the method"), method={"name": name, "options": {}})
        else:
            # to take what is suggested is a choice too
            self.shell.edit(self.tr("choose the method"), method={"name": name})
        self._render()

    def _set_training(self, name: str, value: object) -> None:
        error = self.shell.edit(self.tr("change a setting"), merge=f"training.{name}", training={name: value})
        self._render()
        self.training.set_error(name, error or "")

    def _set_option(self, name: str, value: object) -> None:
        options = {**self.shell.project.method.options, name: value}
        entry = self._method()
        if entry is not None and entry.options.get("properties", {}).get(name, {}).get("default") == value:
            # what is left out takes the method's default
            del options[name]
        error = self.shell.edit(
            self.tr("change an option"), merge=f"method.{name}", method={"options": options}
        )
        self._render()
        if error and self.training.own is not None:
            self.training.own.set_error(name, error)

    def _use_preset(self, preset: TrainingPreset) -> None:
        sections: dict[str, Any] = {"training": preset.values}
        method = self.shell.project.method
        if method.name == "flyp":
            own = {name: value for name, value in method.options.items() if name not in OPTIONS}
            sections["method"] = {"options": {**own, **preset.options}}
        error = self.shell.edit(self.tr("take a set of settings"), **sections)
        assert error is None, error
        self._render()

    # --- the recipe and the command -----------------------------------------------------------

    def _command(self) -> str:
        project = self.shell.project
        if project.file is None:
            project.save()
        return command_line(["flyp", "train", str(project.file)])

    def _show_recipe(self) -> None:
        recipe = self.shell.project.recipe()
        if recipe is None:
            return
        dialog = RecipeDialog(self, recipes.to_toml(recipe, self.shell.facts.reasons), self._command())
        dialog.exec()
        dialog.deleteLater()

    def _copy_command(self) -> None:
        copy(self._command(), self.preflight.copy)
