"""``flyp inspect``: classes, counts, parts and every problem of a source. Torch-free."""

from __future__ import annotations

from typing import Any

from engine import recipe
from engine.control import Control
from engine.data import load
from engine.data.inspection import FoundProblem, InspectAnswer, InspectRequest, ShiftSummary
from engine.data.records import Dataset, Split, SplitDataset, shown
from engine.jobs import Emit, looked_at

_ROWS = 40
"""Classes that the terminal lists; ``--json`` gives all."""
_PATHS = 10
"""Places that the terminal lists for one kind of problem."""


def inspect(request: InspectRequest, emit: Emit, control: Control) -> InspectAnswer:
    """Structure at once as an event, then progress and problems, then the answer.

    With ``reuse`` problems are in the answer alone. Problems of content stop nothing. Raises
    EngineError where there is nothing to look at.
    """
    data = _data(request)
    look = looked_at.recall(data, content=request.content) if request.reuse else None
    if look is None:
        look = looked_at.look(data, control, emit, content=request.content)
    else:
        for name, dataset in look.sources.all():
            emit(load.structure(name, dataset))
    sources = load.recounted(look.sources, data)
    arranged = look.arranged(data)
    plan = arranged.plan
    main = sources.main
    structure = load.structure("", main)
    return InspectAnswer(
        root=shown(main.root),
        classes=main.classes,
        counts=structure.counts,
        pictures=structure.pictures,
        has_splits=main.has_splits,
        splits=structure.splits,
        planned_classes=plan.source.classes if plan else (),
        planned=_planned(plan.source) if plan else None,
        plan_error=arranged.error,
        shifts=_shifts(sources, plan),
        problems=_problems(sources),
        left_out=len(plan.left_out) if plan else 0,
        content=look.content,
    )


def _data(request: InspectRequest) -> recipe.Data:
    content: dict[str, Any] = request.data.model_dump(mode="json") if request.data else {}
    content["source"] = request.source
    if request.shots is not None:
        content["shots"] = request.shots
    if request.shifts:
        content["shifts"] = [{"name": name, "source": place} for name, place in request.shifts.items()]
    # by way of a recipe, so that a wrong name of a shift set is explained like any other
    return recipe.parse({"data": content}, "flyp inspect").data


def _planned(dataset: Dataset) -> dict[str, tuple[int, ...]]:
    counts = {part: [0] * len(dataset.classes) for part in Split}
    for record in dataset.records:
        counts[record.split or Split.UNUSED][record.class_index] += 1
    return {part: tuple(found) for part, found in counts.items() if any(found)}


def _shifts(sources: load.Sources, plan: SplitDataset | None) -> tuple[ShiftSummary, ...]:
    if plan is None:
        return tuple(
            ShiftSummary(name=name, pictures=-1, classes=len(dataset.classes))
            for name, dataset in sources.shifts
        )
    return tuple(
        ShiftSummary(name=shift.name, pictures=len(shift.dataset.records), classes=len(shift.present))
        for shift in plan.shifts
    )


def _problems(sources: load.Sources) -> dict[str, tuple[FoundProblem, ...]]:
    found: dict[str, list[FoundProblem]] = {}
    for name, dataset in sources.all():
        for problem in dataset.problems:
            found.setdefault(problem.kind.value, []).append(
                FoundProblem(
                    source=name,
                    path=shown(problem.path),
                    message=problem.message,
                    others=tuple(shown(path) for path in problem.others),
                )
            )
    return {kind: tuple(places) for kind, places in found.items()}


# --- for the terminal -------------------------------------------------------------------------


def render(answer: InspectAnswer) -> str:
    """The answer as text for a terminal."""
    lines = [f"{answer.root}: {answer.pictures} pictures in {len(answer.classes)} classes", ""]
    lines += _table(answer)
    if answer.plan_error:
        lines += ["", f"Training would refuse this: {answer.plan_error}"]
    for shift in answer.shifts:
        pictures = f"{shift.pictures} pictures, " if shift.pictures >= 0 else ""
        lines.append(f"shift set {shift.name}: {pictures}{shift.classes} of {len(answer.classes)} classes")
    lines.append("")
    lines += _problem_lines(answer)
    return "\n".join(lines)


def _table(answer: InspectAnswer) -> list[str]:
    planned = answer.planned or {}
    place = {name: index for index, name in enumerate(answer.planned_classes)}
    rows = [["class", "pictures", *planned]]
    for name, count in list(zip(answer.classes, answer.counts, strict=True))[:_ROWS]:
        uses = [str(counts[place[name]]) if name in place else "-" for counts in planned.values()]
        rows.append([_one_line(name), str(count), *uses])
    if len(answer.classes) > _ROWS:
        more = f"… and {len(answer.classes) - _ROWS} more"
        rows.append([more, str(sum(answer.counts[_ROWS:])), *("" for _ in planned)])
    rows.append(["all", str(answer.pictures), *(str(sum(counts)) for counts in planned.values())])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _problem_lines(answer: InspectAnswer) -> list[str]:
    unseen = [] if answer.content else ["No picture was opened; damaged and double ones are not known."]
    if not answer.problems:
        return [*unseen, "No problems found."] if answer.content else unseen
    lines = [*unseen, f"Problems ({answer.left_out} pictures would be left out):"]
    for kind, places in sorted(answer.problems.items()):
        lines.append(f"  {kind}: {len(places)}")
        for problem in places[:_PATHS]:
            where = f"[{problem.source}] " if problem.source else ""
            lines.append(f"    {where}{_one_line(str(problem.message))}")
            if problem.others:
                listed = ", ".join(_one_line(path) for path in problem.others[:3])
                more = f" and {len(problem.others) - 3} more" if len(problem.others) > 3 else ""
                lines.append(f"      also: {listed}{more}")
        if len(places) > _PATHS:
            lines.append(f"    … and {len(places) - _PATHS} more (--json lists all)")
    return lines


def _one_line(text: str) -> str:
    """A name that holds line breaks or control signs, printed harmlessly."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
