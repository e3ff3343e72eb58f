"""``flyp report``: a run's figures, charts and surest mistakes in one HTML file."""

from __future__ import annotations

from pathlib import Path

from engine import files, paths
from engine.control import Control
from engine.errors import WriteError
from engine.evaluation import page
from engine.events import Event, Progress
from engine.jobs import Emit
from engine.jobs.sweep import best_alpha, read_stops, stored_stops, sweep
from engine.messages import say
from engine.recipe import ALPHAS
from engine.requests import ReportAnswer, ReportRequest, SweepRequest
from engine.run_directory import RunDirectory


def report(request: ReportRequest, emit: Emit, control: Control) -> ReportAnswer:
    """Write the report of a run at a blend. What was judged before is not judged again.

    Raises EngineError if the run cannot be judged or the file cannot be written.
    """
    run = RunDirectory.open(Path(request.run))
    out = Path(paths.require_text(str(Path(request.out).expanduser().absolute())))
    if out.is_dir():
        raise WriteError("report.is_folder", path=str(out))
    alpha = round(run.recipe().blend.alpha if request.alpha is None else request.alpha, 2)

    def told(event: Event) -> None:
        if isinstance(event, Progress):
            emit(event)

    needed = tuple(dict.fromkeys((1.0, 0.0, alpha)))
    found = read_stops(run, needed)
    if found is None:
        sweep(SweepRequest(run=str(run.path), alphas=needed), told, control)
        found = read_stops(run, needed)
    assert found is not None
    sets, stops = found
    emit(Progress(phase=say("phase.report")))
    control.check()
    stops = {**stored_stops(run, sets.weights, ALPHAS), **stops}
    text = page.html(run, sets.classes, stops, alpha, best_alpha(stops))
    data = text.encode("utf-8")
    files.write_bytes(out, data)
    return ReportAnswer(path=str(out), bytes=len(data))


def render(answer: ReportAnswer) -> str:
    """Where it lies."""
    return f"The report: {answer.path}"
