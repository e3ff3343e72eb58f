"""A run's report: one HTML file with its charts and pictures inside, readable without scripts or network.

Torch-free: everything comes from what a sweep kept.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from engine import paths
from engine.data.pictures import PictureError, open_rgb
from engine.data.records import shown
from engine.evaluation import charts, outputs
from engine.evaluation.metrics import Ints, wilson
from engine.evaluation.outputs import SetOutputs
from engine.events import EvaluationDone
from engine.prompts.class_names import for_model
from engine.recipe import Recipe
from engine.run_directory import RunDirectory

MISTAKES = 24
"""At most so many pictures."""
SIDE = 192
"""Their longer side in pixels."""
MATRIX = 25
"""Up to so many classes the whole confusion matrix is shown."""
CONFUSIONS = 15

Stop = tuple[SetOutputs, ...]
_MINUS = "\u2212"


def html(
    run: RunDirectory, classes: tuple[str, ...], stops: dict[float, Stop], alpha: float, best_alpha: float
) -> str:
    """The report of a run at ``alpha``; ``stops`` holds at least 0 and ``alpha``."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = paths.resources_folder() / "report"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    recipe = run.recipe()
    names = for_model(classes, recipe.prompts.class_names)
    before, after = stops[0.0], stops[alpha]
    judged = _headline(after)
    place = [one.name for one in after].index(judged.name)
    with charts.drawing():
        blend_chart = _blend_chart(stops, best_alpha)
        training_chart = _training_chart(run)
    return environment.get_template("report.html").render(
        title=f"{Path(recipe.data.source).name}: {recipe.method.name} on {recipe.model.name}",
        subtitle=f"Run {run.path.name}" + ("" if alpha == 1 else f", blend at alpha {alpha:g}"),
        headline=_sentence(judged, before[place]),
        sets=[_set_row(*pair, len(classes)) for pair in _ordered(before, after)],
        blend_chart=blend_chart,
        blend_note=f"Alpha {best_alpha:g} is best on validation (marked). "
        "Test and shift pictures are not used to choose.",
        training_chart=training_chart,
        training_note="Accuracy after each epoch; epoch 0 is before training. "
        "Of shift sets a part is looked at.",
        judged=judged.name,
        classes=_class_rows(judged, before[place], classes, names),
        matrix=_matrix(judged, names),
        confusions=_confusions(judged, names),
        mistakes=_mistakes(judged, names),
        facts=_facts(recipe, run),
    )


def _headline(stop: Stop) -> SetOutputs:
    """Test, or validation where nothing was held back for it."""
    return next((one for one in stop if one.kind == "test"), stop[0])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", _MINUS)


def _direction(difference: float) -> str:
    return "up" if difference > 0 else "down" if difference < 0 else ""


def _with_interval(one: SetOutputs) -> str:
    low, high = wilson(int((one.predicted_N == one.labels_N).sum()), len(one))
    return f"{_percent(outputs.accuracy(one))} [{_percent(low)}–{_percent(high)}]"


def _sentence(after: SetOutputs, before: SetOutputs) -> str:
    text = (
        f"On the {len(after)} {after.name} pictures {_percent(outputs.accuracy(after))} % are right; "
        f"before training {_percent(outputs.accuracy(before))} % were."
    )
    if after.kind != "test":
        text += " There is no test part: these pictures were used for choosing, so the figure is optimistic."
    return text


def _ordered(before: Stop, after: Stop) -> list[tuple[SetOutputs, SetOutputs]]:
    order = {"test": 0, "shift": 1, "validation": 2}
    return sorted(zip(before, after, strict=True), key=lambda pair: order.get(pair[1].kind, 3))


def _set_row(before: SetOutputs, after: SetOutputs, classes: int) -> dict[str, Any]:
    change = outputs.accuracy(after) - outputs.accuracy(before)
    note = {"validation": "used for choosing", "shift": "from elsewhere"}.get(after.kind, "")
    if after.present is not None and len(after.present) < classes:
        note += f", only its {len(after.present)} classes"
    return {
        "name": after.name,
        "n": len(after),
        "before": _with_interval(before),
        "after": _with_interval(after),
        "change": _points(change),
        "direction": _direction(change),
        "note": note,
    }


def _class_rows(
    after: SetOutputs, before: SetOutputs, classes: tuple[str, ...], names: list[str]
) -> list[dict[str, Any]]:
    now = outputs.figures(after, classes)["per_class"]
    then = outputs.figures(before, classes)["per_class"]
    rows = []
    for folder, name in zip(classes, names, strict=True):
        if folder not in now:
            continue
        change = now[folder]["accuracy"] - then[folder]["accuracy"]
        rows.append(
            {
                "name": name,
                "n": now[folder]["n"],
                "before": _percent(then[folder]["accuracy"]),
                "after": _percent(now[folder]["accuracy"]),
                "change": _points(change),
                "direction": _direction(change),
                "f1": f"{now[folder]['f1']:.2f}",
            }
        )
    return rows


def _matrix(one: SetOutputs, names: list[str]) -> dict[str, Any] | None:
    if len(names) > MATRIX:
        return None
    counts_CC: Ints = outputs.confusion(one, len(names))
    rows = []
    for c, row_C in enumerate(counts_CC.tolist()):
        total = max(1, sum(row_C))
        cells = [
            {"count": count or "", "share": f"{0.6 * count / total:.2f}", "right": c == k}
            for k, count in enumerate(row_C)
        ]
        rows.append({"name": names[c], "cells": cells})
    return {"names": names, "rows": rows}


def _confusions(one: SetOutputs, names: list[str]) -> list[dict[str, Any]]:
    """The pairs that are mistaken most often."""
    counts_CC = outputs.confusion(one, len(names))
    np.fill_diagonal(counts_CC, 0)
    order = np.argsort(-counts_CC.flatten(), kind="stable")[:CONFUSIONS].tolist()
    return [
        {
            "truth": names[place // len(names)],
            "taken_for": names[place % len(names)],
            "count": int(counts_CC.flat[place]),
        }
        for place in order
        if counts_CC.flat[place]
    ]


def _mistakes(one: SetOutputs, names: list[str]) -> list[dict[str, Any]]:
    """The wrong pictures of which the model is surest."""
    wrong = np.flatnonzero(one.predicted_N != one.labels_N)
    confidence_N = one.confidence_N
    surest = wrong[np.argsort(-confidence_N[wrong], kind="stable")][:MISTAKES].tolist()
    return [
        {
            "image": _thumbnail(one.path(i)),
            "path": shown(one.paths[i]),
            "truth": names[int(one.labels_N[i])],
            "predicted": names[int(one.predicted_N[i])],
            "confidence": f"{100 * confidence_N[i]:.0f} %",
        }
        for i in surest
    ]


def _thumbnail(path: Path) -> str:
    """A small JPEG as a data URI; empty if the picture is gone."""
    try:
        image = open_rgb(path)
    except PictureError:
        return ""
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _blend_chart(stops: dict[float, Stop], best_alpha: float) -> str:
    """Accuracy of every set over alpha; empty if only the ends were judged."""
    alphas = sorted(stops)
    if len(alphas) < 3:
        return ""
    figure, (axes,) = charts.panels(1, width=8.6, height=3.6)
    curves = [
        (one.name, [outputs.accuracy(stops[alpha][place]) for alpha in alphas], charts.style(place))
        for place, one in enumerate(stops[alphas[0]])
    ]
    charts.curves_over_alpha(axes, alphas, curves, marked=best_alpha)
    axes.set_ylabel("accuracy")
    figure.legend(loc="outside right upper")
    return charts.inline(figure, "blend", "Accuracy of every set at each alpha")


def _training_chart(run: RunDirectory) -> str:
    """Accuracy after each epoch; empty if none was trained."""
    judged = {event.epoch: event for event in run.events() if isinstance(event, EvaluationDone)}
    if len(judged) < 2:
        return ""
    epochs = sorted(judged)
    figure, (axes,) = charts.panels(1, width=8.6, height=3.2)
    for number, name in enumerate(judged[epochs[0]].sets):
        look = charts.style(number)
        values = [judged[epoch].sets[name].accuracy for epoch in epochs]
        axes.plot(
            epochs, values, color=look.colour, linestyle=look.dash, marker=look.marker, ms=3, label=name
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy")
    charts.percent_axis(axes.yaxis)
    figure.legend(loc="outside right upper")
    return charts.inline(figure, "training", "Accuracy of validation and shift sets after each epoch")


def _facts(recipe: Recipe, run: RunDirectory) -> list[tuple[str, str]]:
    training = recipe.training
    initial = run.initial()
    shots = "all" if recipe.data.shots is None else str(recipe.data.shots)
    options = ", ".join(f"{name} = {value}" for name, value in sorted(recipe.method.options.items()))
    facts = [
        ("Pictures", recipe.data.source),
        ("Training pictures per class", shots),
        *((f"Shift set {shift.name}", shift.source) for shift in recipe.data.shifts),
        ("Model", recipe.model.name + (f" ({recipe.model.weights})" if recipe.model.weights else "")),
        ("SHA-256 of its weights", str(initial["sha256"])),
        ("Method", recipe.method.name + (f", {options}" if options else "")),
        ("Prompts", " · ".join(recipe.prompts.templates)),
        ("Epochs, batch size", f"{training.epochs}, {training.batch_size}"),
        ("Learning rate, weight decay", f"{training.learning_rate:g}, {training.weight_decay:g}"),
        ("Seeds of split and training", f"{recipe.data.seed}, {training.seed}"),
    ]
    if recipe.data.labels:
        facts.append(("Corrected classes", f"{len(recipe.data.labels)} pictures"))
    return facts
