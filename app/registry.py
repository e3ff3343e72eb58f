"""Which class is the page of which step. Pages are imported when they are first shown."""

from __future__ import annotations

from importlib import import_module

from app.pages.page import Page
from app.run_session import RunSession
from app.shell import Shell
from app.steps import Step

_PAGES = {
    Step.PICTURES: "app.pages.pictures:PicturesPage",
    Step.MODEL: "app.pages.model:ModelPage",
    Step.PROMPTS: "app.pages.prompts:PromptsPage",
    Step.METHOD: "app.pages.method:MethodPage",
    Step.TRAIN: "app.pages.train:TrainPage",
    Step.EVALUATE: "app.pages.evaluate:EvaluatePage",
    Step.EXPORT: "app.pages.export:ExportPage",
    Step.RUNS: "app.pages.runs:RunsPage",
}
MODULES = ["engine.data.pictures", *(place.partition(":")[0] for place in _PAGES.values())]
"""All that pages need, to be imported before they are."""
_WITH_RUN = {Step.TRAIN, Step.EVALUATE, Step.EXPORT, Step.RUNS}


def make_page(step: Step, shell: Shell, session: RunSession) -> Page:
    """The page of a step; those that show a run are given the session too."""
    module, _, name = _PAGES[step].partition(":")
    kind = getattr(import_module(module), name)
    page = kind(shell, session) if step in _WITH_RUN else kind(shell)
    assert isinstance(page, Page)
    return page
