"""Why there can be no preview at the moment, and where the remedy is."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QCoreApplication

from app import texts
from app.prompt_checks import Trouble
from app.shell import Shell
from app.widgets.zero_shot_panel import Stop
from engine.messages import Message
from engine.recipe import Model


class GoTo(Enum):
    """What the button beside the reason does."""

    NOWHERE = 0
    PICTURES = 1
    MODEL = 2
    AGAIN = 3


def _tr(text: str) -> str:
    return QCoreApplication.translate("prompts", text)


def blocked(shell: Shell) -> tuple[Stop | None, GoTo]:
    """What is missing before a preview can be asked for."""
    return _pictures(shell) or _model(shell) or (None, GoTo.NOWHERE)


def failed(message: Message) -> tuple[Stop, GoTo]:
    """The engine could not do it."""
    text, hint = texts.message(message)
    if message.code.startswith("clip."):
        return Stop(text, hint, _tr("Go to Model"), "warn"), GoTo.MODEL
    return Stop(text, hint, _tr("Try again"), "warn"), GoTo.AGAIN


def clashing(troubles: list[Trouble]) -> tuple[Stop, GoTo]:
    """Two classes read the same."""
    why = next((trouble.whole for trouble in troubles if trouble.whole), "")
    return Stop(_tr("The accuracy comes when the names differ."), why, tone="warn"), GoTo.NOWHERE


def _pictures(shell: Shell) -> tuple[Stop, GoTo] | None:
    facts = shell.facts
    button = _tr("Go to Pictures")
    if shell.project.data is None:
        return Stop(_tr("There are no pictures yet."), _tr("Choose a folder first."), button), GoTo.PICTURES
    if facts.scan_error is not None:
        text, hint = texts.message(facts.scan_error)
        return Stop(text, hint, button, "warn"), GoTo.PICTURES
    if facts.inspected is None:
        why = _tr("The accuracy follows. Names and templates can be written meanwhile.")
        return Stop(_tr("The pictures are being looked at."), why), GoTo.NOWHERE
    if facts.inspected.plan_error is not None:
        text, hint = texts.message(facts.inspected.plan_error)
        return Stop(text, hint, button, "warn"), GoTo.PICTURES
    for trouble in facts.shift_troubles.values():
        text, hint = texts.message(trouble)
        return Stop(text, hint, button, "warn"), GoTo.PICTURES
    return None


def _model(shell: Shell) -> tuple[Stop, GoTo] | None:
    facts, model = shell.facts, shell.project.model
    button = _tr("Go to Model")
    if model is None:
        return Stop(_tr("There is no model yet."), _tr("Choose one first."), button), GoTo.MODEL
    if facts.model_trouble is not None:
        text, hint = texts.message(facts.model_trouble)
        return Stop(text, hint, button, "warn"), GoTo.MODEL
    entry = facts.entry(model.name, model.weights)
    if entry is not None and not entry.downloaded:
        what = _tr("{} is not downloaded yet.").format(model.name)
        why = _tr("Download it, and the accuracy follows. Names and templates can be written meanwhile.")
        return Stop(what, why, button), GoTo.MODEL
    if not facts.models and not _is_here(model):
        # it may have to be downloaded, and nobody asked for that
        return Stop(_tr("The list of models is being read."), ""), GoTo.NOWHERE
    return None


def _is_here(model: Model) -> bool:
    name = model.name
    return name == "starter" or (("/" in name or "\\" in name) and not name.startswith("hf-hub:"))
