"""The model card: README.md of an export, for people and for a hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine import files, recipe
from engine.data.records import Split
from engine.exporters import Exporter, licences
from engine.exporters.about import About
from engine.exporters.subject import Subject
from engine.exporters.verification import Verification

FILE = "README.md"
RECIPE = "recipe.toml"
_CLASSES = 200
"""So many class names are listed."""

_MODES = {
    "crop": "the shorter side to the size, the middle cut out",
    "squash": "both sides to the size",
    "letterbox": "the longer side to the size, bars beside it",
}
_HEADS = {
    "text": "the text tower's: the mean of the class's captions",
    "matrix": "a learned linear one, in `head.safetensors` or in the graph",
    "other": "the method's own computation, in the graph",
}


def write(
    subject: Subject,
    exporter: Exporter,
    about: About,
    verified: Verification,
    result: dict[str, Any] | None,
    folder: Path,
) -> None:
    """README.md and recipe.toml."""
    recipe.write(subject.finished.recipe, folder / RECIPE)
    files.write_text(folder / FILE, text(subject, exporter, about, verified, result))


def text(
    subject: Subject, exporter: Exporter, about: About, verified: Verification, result: dict[str, Any] | None
) -> str:
    """The card as Markdown with the header that hubs read. ``result``: the run's result.json, if it has one."""
    identifier, licence = licences.of(about.base)
    classes = len(about.classes)
    parts = [
        "\n".join(
            [
                "---",
                f"license: {identifier}",
                f"library_name: {exporter.library}",
                f"pipeline_tag: {'zero-shot-image-classification' if exporter.library in ('open_clip', 'transformers') else 'image-classification'}",
                "tags:",
                "- clip",
                "- flyp",
                "---",
            ]
        ),
        f"# {about.run}\n\nA CLIP finetuned on pictures of {classes} classes by the method *{about.method}*, as "
        f"{exporter.title}. Made by flyp {about.version}.",
        "## Load it\n\n```python\n" + exporter.code(about) + "\n```",
        _preparation(about),
        _what(subject, about),
        _results(about, result),
        _checks(verified),
        _limits(about, classes),
        f"## Licence\n\n{licence} Finetuning does not change whose they are; the pictures it was trained on may have "
        "terms of their own.",
    ]
    return "\n\n".join(parts) + "\n"


def _preparation(about: About) -> str:
    p = about.preprocessing
    return (
        "## Preparing pictures\n\nUpright by EXIF, RGB with transparency on white, then "
        f"{p.width} × {p.height} pixels ({p.mode}: {_MODES[p.mode]}; {p.interpolation}), divided by 255, mean "
        f"{_listed(p.mean)} taken off, divided by {_listed(p.std)}."
    )


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _what(subject: Subject, about: About) -> str:
    finished = subject.finished
    base = about.base.name if about.base.weights is None else f"{about.base.name}, {about.base.weights}"
    source = finished.dataset.source
    counts = {part.value: len(source.of(part)) for part in Split if source.of(part)}
    names = ", ".join(_code(name) for name in about.classes[:_CLASSES])
    more = (
        f" and {len(about.classes) - _CLASSES} more (`export.json`)" if len(about.classes) > _CLASSES else ""
    )
    rows = [
        f"- **Base weights:** {base} (SHA-256 `{about.base.sha256}`)",
        f"- **Method:** {about.method}, options {_code(json.dumps(finished.recipe.method.options, ensure_ascii=False))}",
        f"- **Blend:** alpha {about.alpha:g} (0 is before training, 1 after)",
        f"- **Image tower:** {'untouched' if about.untouched else 'finetuned'}; "
        f"{'QuickGELU' if about.quick_gelu else 'no QuickGELU'}",
        f"- **Head:** {_HEADS[about.head]}; logit scale {about.scale:.6g}"
        + ("" if about.bias is None else f", bias {about.bias:.6g}"),
        f"- **Pictures:** {Path(finished.recipe.data.source).name}; "
        + ", ".join(f"{count} {name}" for name, count in counts.items()),
        f"- **Templates:** {', '.join(_code(t) for t in about.templates[:20])}"
        + (f" and {len(about.templates) - 20} more" if len(about.templates) > 20 else ""),
        f"- **Classes ({len(about.classes)}):** {names}{more}",
        f"- **Recipe:** `{RECIPE}`",
    ]
    return "## What it is\n\n" + "\n".join(rows)


def _code(text: str) -> str:
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def _results(about: About, result: dict[str, Any] | None) -> str:
    if result is None:
        return "## Results\n\nThe run has no result.json: it was not judged."
    lines = ["## Results", ""]
    judged = float(result.get("alpha", 1.0))
    if abs(judged - about.alpha) > 1e-9:
        lines += [
            f"**These figures are of alpha {judged:g}, not of this export's {about.alpha:g}**, which has not been judged.",
            "",
        ]
    lines += [
        "| set | pictures | before training | this run | 95 % interval | worst class |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, figures in result.get("sets", {}).items():
        before = figures.get("zero_shot", {}).get("accuracy")
        low, high = figures.get("interval", (None, None))
        note = " (used for choosing)" if figures.get("kind") == "validation" else ""
        cells = [
            _cell(name) + note,
            str(figures.get("n", "")),
            _percent(before),
            _percent(figures.get("accuracy")),
            "" if low is None else f"{_percent(low)} to {_percent(high)}",
            _percent(figures.get("worst_class_accuracy")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _checks(verified: Verification) -> str:
    lines = ["## Verified", ""]
    lines.append(
        f"Read back in a fresh process and compared with the run on {verified.pictures} pictures "
        f"({verified.picture_set}); details in `verification.json`."
    )
    for check in verified.checks:
        what = {"pixels": "same pixels", "files": "own preparation of files", "encoders": "encoders apart"}[
            check.way
        ]
        lines.append(
            f"\n- {what}: largest difference of a cosine {check.largest_cosine_difference:.1e}, of a logit "
            f"{check.largest_logit_difference:.1e}; the same class on {check.same_class} of {check.margin_exceeds} "
            "pictures whose margin exceeds the tolerance"
            + (
                f"; {check.elsewhere} pictures are cut a pixel beside and not compared"
                if check.elsewhere
                else ""
            )
        )
    if verified.weak:
        lines.append(
            f"\nThis check is weak: the run predicts only {verified.predicted_classes} classes on these pictures."
        )
    return "\n".join(lines)


def _limits(about: About, classes: int) -> str:
    return (
        "## Limits\n\n"
        f"It always answers with one of its {classes} classes, also for a picture of none of them. Probabilities are "
        "as sure as the model is, not as right: see the errors by threshold in `export.json`. Pictures unlike those it "
        "was trained on may be judged worse than the figures say. Not for decisions about people."
    )
