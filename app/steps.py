"""The seven steps and the state of each, told in a mark and words. Knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app import texts
from app.facts import Facts
from app.project import Project


class Step(Enum):
    """A page of the wizard; the value is its number."""

    PICTURES = 1
    MODEL = 2
    PROMPTS = 3
    METHOD = 4
    TRAIN = 5
    EVALUATE = 6
    EXPORT = 7
    RUNS = 8


class Mark(StrEnum):
    """How far a step is; never told by colour alone."""

    TODO = "todo"
    DONE = "done"
    ATTENTION = "attention"
    RUNNING = "running"
    OLD = "old"
    """Done, but something it stands on has changed."""
    WAITS = "waits"


@dataclass(frozen=True)
class State:
    """A step's mark and what stands under its name."""

    mark: Mark
    words: str
    blocks: bool = field(default=False, compare=False)
    """Nothing can be done with it as it is: what stands on it waits."""


@dataclass(frozen=True)
class RunFacts:
    """What the rail has to know of the run that the window shows."""

    running: bool = False
    words: str = ""
    """epoch 13 of 20, paused, …"""
    finished: bool = False
    failed: bool = False
    paused: bool = False
    old: bool = False
    """The recipe has changed since the run."""
    share: float = 0.0
    """Of the run that is done, 0 to 1."""
    count: int = 0
    """Runs there are."""


NAMES = {
    Step.PICTURES: QT_TRANSLATE_NOOP("steps", "Pictures"),
    Step.MODEL: QT_TRANSLATE_NOOP("steps", "Model"),
    Step.PROMPTS: QT_TRANSLATE_NOOP("steps", "Prompts"),
    Step.METHOD: QT_TRANSLATE_NOOP("steps", "Method"),
    Step.TRAIN: QT_TRANSLATE_NOOP("steps", "Train"),
    Step.EVALUATE: QT_TRANSLATE_NOOP("steps", "Evaluate"),
    Step.EXPORT: QT_TRANSLATE_NOOP("steps", "Export"),
    Step.RUNS: QT_TRANSLATE_NOOP("steps", "Runs"),
}


translate = QCoreApplication.translate


def name(step: Step) -> str:
    """The step's name in the window's language."""
    return translate("steps", str(NAMES[step]))


def states(project: Project, facts: Facts, run: RunFacts) -> dict[Step, State]:
    """Where each step stands."""
    found = {Step.PICTURES: _pictures(project, facts), Step.MODEL: _model(project, facts)}
    found[Step.PROMPTS] = _prompts(project, facts, found)
    found[Step.METHOD] = _method(project, facts, found)
    found[Step.TRAIN] = _train(run, found)
    for step in (Step.EVALUATE, Step.EXPORT):
        if not run.finished:
            found[step] = State(Mark.WAITS, translate("steps", "needs a finished run"))
        elif run.old:
            found[step] = State(Mark.OLD, translate("steps", "of the recipe before"))
        else:
            found[step] = State(Mark.TODO, translate("steps", "ready"))
    return found


def _pictures(project: Project, facts: Facts) -> State:
    if project.data is None:
        return State(Mark.TODO, translate("steps", "choose a folder"))
    if facts.scan_error is not None:
        if facts.scan_error.code == "core.cancelled":
            return State(Mark.ATTENTION, translate("steps", "not looked at yet"))
        return State(Mark.ATTENTION, translate("steps", "cannot be read"), blocks=True)
    if facts.inspected is None:
        return State(Mark.RUNNING, translate("steps", "looking at them"))
    if facts.inspected.plan_error is not None:
        return State(Mark.ATTENTION, translate("steps", "cannot be trained on yet"), blocks=True)
    if facts.shift_troubles:
        return State(Mark.ATTENTION, translate("steps", "shifted set unreadable"), blocks=True)
    pending = len(facts.undecided(project.data))
    if pending:
        words = (
            translate("steps", "1 problem to look at")
            if pending == 1
            else translate("steps", "{} problems to look at").format(texts.number(pending))
        )
        return State(Mark.ATTENTION, words)
    words = translate("steps", "{} in {} classes").format(
        texts.number(facts.inspected.pictures), texts.number(len(facts.inspected.planned_classes))
    )
    return State(Mark.DONE, words)


def _model(project: Project, facts: Facts) -> State:
    if project.model is None:
        return State(Mark.TODO, translate("steps", "choose one"))
    entry = facts.entry(project.model.name, project.model.weights)
    shown = project.model.name.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]
    if entry is not None and not entry.downloaded:
        return State(Mark.ATTENTION, translate("steps", "{} not here yet").format(shown))
    if facts.model_trouble is not None:
        return State(Mark.ATTENTION, translate("steps", "cannot be used"), blocks=True)
    return State(Mark.DONE, shown)


def _needs(found: dict[Step, State], *before: Step) -> State | None:
    for step in before:
        if found[step].blocks or found[step].mark in (Mark.TODO, Mark.WAITS, Mark.RUNNING):
            return State(Mark.WAITS, translate("steps", "needs {}").format(name(step)))
    return None


def _prompts(project: Project, facts: Facts, found: dict[Step, State]) -> State:
    if waits := _needs(found, Step.PICTURES, Step.MODEL):
        return waits
    count = len(facts.prompt_troubles)
    if count:
        return State(
            Mark.ATTENTION,
            translate("steps", "1 thing to fix")
            if count == 1
            else translate("steps", "{} things to fix").format(count),
        )
    templates = len(project.prompts.templates)
    words = (
        translate("steps", "1 template")
        if templates == 1
        else translate("steps", "{} templates").format(templates)
    )
    return State(Mark.DONE, words)


def _method(project: Project, facts: Facts, found: dict[Step, State]) -> State:
    if waits := _needs(found, Step.PICTURES, Step.MODEL):
        return waits
    entry = next((m for m in facts.methods if m.name == project.method.name), None)
    title = entry.title if entry is not None else project.method.name.upper()
    if facts.preflight is not None and facts.preflight_fresh and facts.preflight.problems:
        return State(Mark.ATTENTION, translate("steps", "{} cannot start yet").format(title))
    if "method" in project.chosen:
        return State(Mark.DONE, title)
    return State(Mark.TODO, translate("steps", "{} suggested").format(title))


def _train(run: RunFacts, found: dict[Step, State]) -> State:
    if run.running:
        return State(Mark.RUNNING, run.words)
    if run.failed:
        return State(Mark.ATTENTION, run.words)
    if run.paused:
        return State(Mark.ATTENTION, run.words)
    if run.finished:
        return (
            State(Mark.OLD, translate("steps", "recipe has changed since"))
            if run.old
            else State(Mark.DONE, run.words)
        )
    if waits := _needs(found, Step.PICTURES, Step.MODEL, Step.PROMPTS):
        return waits
    return State(Mark.TODO, translate("steps", "ready to start"))
