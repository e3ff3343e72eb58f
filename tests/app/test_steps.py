"""Where each step stands, from the project, what is known of it, and the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.facts import Facts
from app.project import Project
from app.steps import Mark, RunFacts, State, Step, name, states
from engine.answers import MethodEntry, ModelEntry, PreflightAnswer
from engine.data.inspection import FoundProblem, InspectAnswer
from engine.messages import say
from engine.recipe import Data, Model, Prompts, ShiftSource

TODO, DONE, ATTENTION, RUNNING = Mark.TODO, Mark.DONE, Mark.ATTENTION, Mark.RUNNING
OLD, WAITS = Mark.OLD, Mark.WAITS
SAID = say("core.cancelled")


def inspected(**changes: Any) -> InspectAnswer:
    whole = InspectAnswer(
        root="/pictures",
        classes=("cat", "dog"),
        counts=(700, 800),
        pictures=1500,
        has_splits=False,
        planned_classes=("cat", "dog"),
        planned={"train": (500, 600), "validation": (100, 100), "test": (100, 100)},
    )
    return whole.model_copy(update=changes)


def found(path: str) -> FoundProblem:
    return FoundProblem(source="", path=path, message=SAID)


def entry(downloaded: bool) -> ModelEntry:
    return ModelEntry(
        name="ViT-B-32",
        weights="openai",
        kind="vit",
        parameters=None,
        input_size=(224, 224),
        context_length=77,
        downloaded=downloaded,
        bytes=None,
    )


def preflight(*problems: str) -> PreflightAnswer:
    return PreflightAnswer(
        problems=tuple(say(code) for code in problems),
        warnings=(),
        pictures=0,
        epochs=0,
        steps_per_epoch=0,
        steps=0,
        seconds=None,
        memory=None,
        memory_total=None,
        plan=None,
    )


FLYP = MethodEntry(name="flyp", title="FLYP", summary="", paper="", options={})
DATA, MODEL = Data(source="/pictures"), Model(name="ViT-B-32", weights="openai")


def marks(found: dict[Step, State]) -> str:
    return " ".join(found[step].mark.value for step in list(Step)[:7])


def whole() -> tuple[Project, Facts]:
    """Everything decided and known."""
    project = Project(data=DATA, model=MODEL, chosen=frozenset({"method"}))
    return project, Facts(inspected=inspected(), models=(entry(True),), methods=(FLYP,))


def test_every_step_has_a_state_and_a_name_at_the_very_start() -> None:
    made = states(Project(), Facts(), RunFacts())
    assert marks(made) == "todo todo waits waits waits waits waits"
    assert made[Step.PICTURES].words == "choose a folder"
    assert made[Step.PROMPTS].words == "needs Pictures"
    assert made[Step.TRAIN].words == "needs Pictures"
    assert [name(step) for step in Step][-1] == "Runs"
    assert all(state.words for state in made.values())


def test_everything_decided_can_be_trained() -> None:
    made = states(*whole(), RunFacts())
    assert marks(made) == "done done done done todo waits waits"
    assert [made[step].words for step in list(Step)[:5]] == [
        "1,500 in 2 classes",
        "ViT-B-32",
        "1 template",
        "FLYP",
        "ready to start",
    ]


@pytest.mark.parametrize(
    ("facts", "data", "mark", "words"),
    [
        ({"inspected": None}, {}, RUNNING, "looking at them"),
        ({"scan_error": say("files.exists", path="/x")}, {}, ATTENTION, "cannot be read"),
        ({"inspected": None, "scan_error": say("core.cancelled")}, {}, ATTENTION, "not looked at yet"),
        ({"inspected": inspected(plan_error=SAID)}, {}, ATTENTION, "cannot be trained on yet"),
        ({"inspected": inspected(problems={"small": (found("a"),)})}, {}, ATTENTION, "1 problem to look at"),
        (
            {"inspected": inspected(problems={"small": (found("a"), found("b"))})},
            {},
            ATTENTION,
            "2 problems to look at",
        ),
        (
            {"inspected": inspected(problems={"small": (found("a"), found("b"))})},
            {"leave_out": ("a",), "keep": ("b",)},
            DONE,
            "1,500 in 2 classes",
        ),
    ],
)
def test_pictures(facts: dict[str, Any], data: dict[str, Any], mark: Mark, words: str) -> None:
    project, known = whole()
    project.data = DATA.model_copy(update=data)
    assert states(project, replace(known, **facts), RunFacts())[Step.PICTURES] == State(mark, words)


@pytest.mark.parametrize(
    ("model", "facts", "mark", "words"),
    [
        (None, {}, TODO, "choose one"),
        (MODEL, {"model_trouble": SAID}, ATTENTION, "cannot be used"),
        (MODEL, {"models": (entry(False),)}, ATTENTION, "ViT-B-32 not here yet"),
        (MODEL, {"models": ()}, DONE, "ViT-B-32"),
        (Model(name="/models/mine/"), {}, DONE, "mine"),
        (Model(name=r"C:\models\mine"), {}, DONE, "mine"),
    ],
)
def test_model(model: Model | None, facts: dict[str, Any], mark: Mark, words: str) -> None:
    project, known = whole()
    project.model = model
    made = states(project, replace(known, **facts), RunFacts())
    assert made[Step.MODEL] == State(mark, words)
    # weights that are still to come are no obstacle to writing prompts; a model that cannot be used is one
    waits = model is None or "model_trouble" in facts
    for step in (Step.PROMPTS, Step.METHOD, Step.TRAIN):
        assert (made[step] == State(WAITS, "needs Model")) == waits


@pytest.mark.parametrize(
    "facts",
    [
        {"inspected": None, "scan_error": say("data.no_pictures", path="/x")},
        {"inspected": inspected(plan_error=SAID)},
        {"shift_troubles": {ShiftSource(name="art", source="/x"): say("data.no_pictures", path="/x")}},
    ],
)
def test_pictures_that_cannot_be_used_keep_the_rest_waiting(facts: dict[str, Any]) -> None:
    project, known = whole()
    made = states(project, replace(known, **facts), RunFacts())
    assert made[Step.PICTURES].mark is ATTENTION
    assert {made[step].words for step in (Step.PROMPTS, Step.METHOD, Step.TRAIN)} == {"needs Pictures"}


@pytest.mark.parametrize(
    ("templates", "troubles", "mark", "words"),
    [
        (("a {}.", "the {}."), (), DONE, "2 templates"),
        (("a {}.",), ("too long",), ATTENTION, "1 thing to fix"),
        (("a {}.",), ("too long", "empty"), ATTENTION, "2 things to fix"),
    ],
)
def test_prompts(templates: tuple[str, ...], troubles: tuple[str, ...], mark: Mark, words: str) -> None:
    project, known = whole()
    project.prompts = Prompts(templates=templates)
    made = states(project, replace(known, prompt_troubles=troubles), RunFacts())
    assert made[Step.PROMPTS] == State(mark, words)


@pytest.mark.parametrize(
    ("chosen", "answer", "fresh", "mark", "words"),
    [
        ((), None, False, TODO, "FLYP suggested"),
        (("method",), preflight(), True, DONE, "FLYP"),
        (("method",), preflight("core.cancelled"), True, ATTENTION, "FLYP cannot start yet"),
        (("method",), preflight("core.cancelled"), False, DONE, "FLYP"),
    ],
)
def test_method(
    chosen: tuple[str, ...], answer: PreflightAnswer | None, fresh: bool, mark: Mark, words: str
) -> None:
    project, known = whole()
    project.chosen = frozenset(chosen)
    made = states(project, replace(known, preflight=answer, preflight_fresh=fresh), RunFacts())
    assert made[Step.METHOD] == State(mark, words)


@pytest.mark.parametrize(
    ("run", "train", "evaluate"),
    [
        (RunFacts(running=True, words="epoch 1 of 3"), (RUNNING, "epoch 1 of 3"), WAITS),
        (RunFacts(paused=True, words="paused"), (ATTENTION, "paused"), WAITS),
        (RunFacts(failed=True, words="failed"), (ATTENTION, "failed"), WAITS),
        (RunFacts(finished=True, words="best epoch 2 of 3"), (DONE, "best epoch 2 of 3"), TODO),
        (RunFacts(finished=True, old=True, words="x"), (OLD, "recipe has changed since"), OLD),
    ],
)
def test_a_run(run: RunFacts, train: tuple[Mark, str], evaluate: Mark) -> None:
    made = states(*whole(), run)
    assert made[Step.TRAIN] == State(*train)
    assert made[Step.EVALUATE].mark is made[Step.EXPORT].mark is evaluate


def test_a_run_is_shown_also_where_nothing_is_decided() -> None:
    made = states(Project(), Facts(), RunFacts(finished=True, words="finished"))
    assert made[Step.TRAIN].mark is DONE
    assert made[Step.EXPORT].mark is TODO
