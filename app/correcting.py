"""The class of pictures corrected by the person: asked for, then written into the project's recipe."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app import relabelling
from app.shell import Shell
from app.steps import Step
from app.widgets.relabel_dialog import RelabelDialog
from engine.evaluation.outputs import SetOutputs
from engine.recipe import Data


def _tr(text: str) -> str:
    return QCoreApplication.translate("correcting", text)


def correct(
    parent: QWidget,
    shell: Shell,
    run: Data,
    of: SetOutputs,
    classes: tuple[str, ...],
    places: list[int],
    readable: Callable[[str], str],
) -> None:
    """Ask which class the pictures at these places of a set are of; an undoable step of the project."""
    data = shell.project.data
    if data is None or not relabelling.is_same_source(run, data):
        shell.notify(
            "warn",
            _tr("The project is of other pictures than this run."),
            _tr("Corrections belong to a project. Take this run's recipe as the project in Runs first."),
            _tr("Go to Runs"),
            lambda: shell.go(Step.RUNS),
            key="evaluate.labels",
        )
        return
    said = classes[int(of.predicted_N[places[0]])]
    choices = sorted(((each, readable(each)) for each in classes), key=lambda each: each[1].casefold())
    folder = RelabelDialog.ask(parent, len(places), choices, said)
    if folder is None:
        return
    pictures = [(relabelling.key_of(of, place), classes[int(of.labels_N[place])]) for place in places]
    labels = relabelling.corrected(run, data, pictures, folder)
    trouble = shell.edit(_tr("correct a class"), data={"labels": labels})
    if trouble is not None:
        shell.notify("bad", _tr("The class could not be corrected."), trouble, key="evaluate.labels")
