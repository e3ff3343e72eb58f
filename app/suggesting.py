"""Asks the engine for good values for the pictures and the model, and takes them as one edit."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app import texts
from app.engine_thread import Ticket
from app.project import Project
from app.shell import Shell
from app.training_presets import OPTIONS, USUAL
from engine import recipe as recipes
from engine.answers import InitAnswer
from engine.events import Failed
from engine.requests import InitRequest

_CHOSEN = ("learning_rate", "batch_size", "epochs")
"""What the program chooses values for."""
_USUAL = ("warmup", "weight_decay", "patience", *USUAL)


def request_for(project: Project) -> InitRequest | None:
    """For values that suit the project's pictures, model and method; None without pictures or model."""
    data, model = project.data, project.model
    if data is None or model is None:
        return None
    return InitRequest(
        source=data.source,
        shots=data.shots,
        model=model.name,
        weights=model.weights,
        method=project.method.name,
        seed=data.seed,
    )


class Suggesting(QObject):
    """At most one request is under way."""

    busy = Signal(bool)
    """Values are on their way, or no longer."""

    def __init__(self, shell: Shell, parent: QObject) -> None:
        super().__init__(parent)
        self._shell = shell
        self._ticket: Ticket | None = None

    def ask(self, blocked: str) -> None:
        """Ask for values; ``blocked`` says why there can be none, empty if there can."""
        request = request_for(self._shell.project)
        if request is None or blocked:
            what = self.tr("No values can be suggested yet.")
            self._shell.notify("warn", what, blocked, key="suggestion")
            return
        self.drop()
        self.busy.emit(True)
        self._ticket = self._shell.engine.ask(request)
        self._ticket.answered.connect(self._answered)
        self._ticket.failed.connect(self._failed)

    def drop(self) -> None:
        """Values for other pictures, another model or another project are not wanted any more."""
        if self._ticket is not None and self._ticket.open:
            self._ticket.drop()
            self.busy.emit(False)
        self._ticket = None

    def _answered(self, answer: InitAnswer) -> None:
        self.busy.emit(False)
        project = self._shell.project
        usual = recipes.Training().model_dump(mode="python")
        found = {name: answer.recipe["training"][name] for name in _CHOSEN}
        method = project.method
        own = {name: value for name, value in method.options.items() if name not in OPTIONS}
        self._shell.edit(
            self.tr("take the suggested settings"),
            by_hand=False,
            training={**found, **{name: usual[name] for name in _USUAL}},
            method={"options": own if method.name == "flyp" else method.options},
        )
        # from now on they follow the pictures and the model again
        project.chosen = frozenset(n for n in project.chosen if n.partition(".")[0] != "training")
        project.save()
        reasons = {n: why for n, why in answer.reasons.items() if n.startswith("training.")}
        self._shell.facts.reasons = reasons
        self._shell.know("method")

    def _failed(self, failed: Failed) -> None:
        self.busy.emit(False)
        if not failed.cancelled:
            text, remedy = texts.message(failed.message)
            what = self.tr("No values can be suggested.")
            self._shell.notify("bad", what, f"{text} {remedy}", key="suggestion")
