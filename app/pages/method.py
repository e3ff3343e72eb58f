"""Step 4: how it is finetuned, with which settings, and what training will meet and take."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app import texts
from app.engine_thread import Ticket
from app.pages.page import Hint, Page
from app.shell import Shell
from app.steps import Step
from app.training_presets import TrainingPreset
from app.widgets.basics import Label, column, row
from app.widgets.method_cards import MethodCards
from app.widgets.preflight_card import PreflightCard
from app.widgets.recipe_dialog import RecipeDialog, copy
from app.widgets.training_card import TrainingCard
from engine import recipe as recipes
from engine.answers import InitAnswer, MethodEntry, PreflightAnswer
from engine.events import Event, Failed, Progress
from engine.messages import Message
from engine.quoting import command_line
from engine.requests import InitRequest, PreflightRequest

_SETTLE_MS = 1000
"""Edits that follow each other faster are checked once."""
_CHOSEN = ("learning_rate", "batch_size", "epochs")
"""What the program chooses values for."""


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
        self._check: Ticket | None = None
        self._checked: dict[str, Any] | None = None
        """Content of the recipe that is being checked, or was last."""
        self._said: Progress | None = None
        self._failure: Message | None = None
        self._suggestion: Ticket | None = None
        self._shown = False
        self._pictures = 0
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(_SETTLE_MS)
        self._due.timeout.connect(self.check)
        self._build()
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
        self.training.suggestion_wanted.connect(self._ask_suggestion)
        left = QWidget()
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
        self.preflight.wanted.connect(self.check)
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
        self._check_soon()

    def left(self) -> None:
        self._shown = False
        self._due.stop()

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
        if self._working:
            return Hint("info", self.tr("The check is under way. You may go on without it."))
        return Hint("info", self.tr("You can go on with what is suggested."))

    @property
    def _working(self) -> bool:
        return self._check is not None and self._check.open

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
        method = self._method()
        if method is not None and method.unavailable is not None:
            return texts.whole(method.unavailable)
        return ""

    def _method(self) -> MethodEntry | None:
        name = self.shell.project.method.name
        return next((each for each in self.shell.facts.methods if each.name == name), None)

    def _changed(self, sections: frozenset[str]) -> None:
        if self._working:
            recipe = self.shell.project.recipe()
            if recipe is None or recipe.content() != self._checked:
                self._drop_check()
        if sections & {"data", "model"}:
            self._drop_suggestion()
        if sections:
            self._failure = None
        if self._shown:
            self._render()
            self._check_soon()

    def _opened(self) -> None:
        self._drop_check()
        self._drop_suggestion()
        self._failure = None
        self.training.forget_suggestions()
        if self._shown:
            self._render()
            self._check_soon()

    def _told(self, what: str) -> None:
        if self._shown and what in ("method", "model", "machine", "pictures"):
            self._render()
            if what in ("model", "pictures"):
                self._check_soon()

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

    def _render_check(self) -> None:
        facts = self.shell.facts
        self.preflight.show_progress(self._said, self._working)
        self.preflight.show_answer(facts.preflight, facts.preflight_fresh, self._failure, self._why_not())
        complete = self.shell.project.recipe() is not None
        for button in (self.preflight.recipe, self.preflight.copy):
            button.setEnabled(complete)
        self.preflight.copy.set_icon("copy")
        self.preflight.copy.setToolTip(self._command() if complete else "")
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
        error = self.shell.edit(self.tr("take a set of settings"), training=preset.values)
        assert error is None, error
        self._render()

    def _ask_suggestion(self) -> None:
        project = self.shell.project
        if project.data is None or project.model is None or self._why_not():
            self.shell.notify(
                "warn", self.tr("No values can be suggested yet."), self._why_not(), key="suggestion"
            )
            return
        self._drop_suggestion()
        data, model = project.data, project.model
        self.training.preset.set_busy(True)
        self._suggestion = self.shell.engine.ask(
            InitRequest(
                source=data.source,
                shots=data.shots,
                model=model.name,
                weights=model.weights,
                method=project.method.name,
                seed=data.seed,
            )
        )
        self._suggestion.answered.connect(self._suggested)
        self._suggestion.failed.connect(self._suggestion_failed)

    def _drop_suggestion(self) -> None:
        """Values for other pictures, another model or another project are not wanted any more."""
        if self._suggestion is not None and self._suggestion.open:
            self._suggestion.drop()
            self.training.preset.set_busy(False)
        self._suggestion = None

    def _suggested(self, answer: InitAnswer) -> None:
        self.training.preset.set_busy(False)
        project = self.shell.project
        usual = recipes.Training().model_dump(mode="python")
        found = {name: answer.recipe["training"][name] for name in _CHOSEN}
        self.shell.edit(
            self.tr("take the suggested settings"),
            by_hand=False,
            training={**found, **{name: usual[name] for name in ("warmup", "weight_decay", "patience")}},
        )
        # from now on they follow the pictures and the model again
        project.chosen = frozenset(n for n in project.chosen if n.partition(".")[0] != "training")
        project.save()
        self.shell.facts.reasons = {n: why for n, why in answer.reasons.items() if n.startswith("training.")}
        self.shell.know("method")

    def _suggestion_failed(self, failed: Failed) -> None:
        self.training.preset.set_busy(False)
        if not failed.cancelled:
            text, remedy = texts.message(failed.message)
            self.shell.notify(
                "bad", self.tr("No values can be suggested."), f"{text} {remedy}", key="suggestion"
            )

    # --- the check ----------------------------------------------------------------------------

    def _check_soon(self) -> None:
        facts = self.shell.facts
        ready = facts.inspected is not None and facts.methods
        if self._shown and ready and not facts.preflight_fresh and not self._working and not self._why_not():
            self._due.start()

    def check(self) -> None:
        """Go the way of training up to its first step; a check under way of another recipe is given up."""
        self._due.stop()
        recipe = self.shell.project.recipe()
        if recipe is None or self._why_not():
            return
        self._drop_check()
        self._checked, self._failure = recipe.content(), None
        self._check = self.shell.engine.ask(PreflightRequest(recipe=self._checked))
        self._check.said.connect(self._check_said)
        self._check.answered.connect(self._check_answered)
        self._check.failed.connect(self._check_failed)
        self._render_check()

    def _drop_check(self) -> None:
        if self._check is not None and self._check.open:
            self._check.drop()
        self._check, self._said = None, None

    def _check_said(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._said = event
            self.preflight.show_progress(event, self._working)

    def _check_answered(self, answer: PreflightAnswer) -> None:
        self._check, self._said = None, None
        recipe = self.shell.project.recipe()
        facts = self.shell.facts
        facts.preflight = answer
        facts.preflight_fresh = recipe is not None and recipe.content() == self._checked
        self.shell.know("method")
        if not self._shown:
            return
        self._render_check()

    def _check_failed(self, failed: Failed) -> None:
        self._check, self._said = None, None
        if not failed.cancelled:
            self._failure = failed.message
        if self._shown:
            self._render_check()

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
