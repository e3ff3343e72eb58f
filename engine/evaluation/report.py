"""A result as text for the terminal. Torch-free."""

from __future__ import annotations

from typing import Any


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _with_interval(figures: dict[str, Any]) -> str:
    low, high = figures["interval"]
    return f"{_percent(figures['accuracy']):>5} % [{_percent(low)}–{_percent(high)}]"


def _ranged(figures: dict[str, Any], name: str) -> str:
    """A share in per cent with its interval; a dash if the set has no such figure."""
    if name not in figures:
        return "–"
    low, high = figures["intervals"][name]
    return f"{_percent(figures[name])} % [{_percent(low)}–{_percent(high)}]"


def _order(name: str, kind: str) -> tuple[int, str]:
    return {"test": 0, "validation": 2}.get(kind, 1), name


def table(result: dict[str, Any]) -> str:
    """Before and after for each set: test first, shift sets, what was used for choosing last."""
    sets: dict[str, dict[str, Any]] = result["sets"]
    rows = [("set", "pictures", "before, zero-shot", "after, kept", "change", "last epoch", "")]
    for name in sorted(sets, key=lambda n: _order(n, sets[n]["kind"])):
        after = sets[name]
        note = "used for choosing" if after["kind"] == "validation" else ""
        if after["classes"] < len(result["classes"]):
            note = f"only its {after['classes']} classes"
        before = after.get("zero_shot")
        last = after.get("last")
        rows.append(
            (
                name,
                f"{after['n']}",
                _with_interval(before) if before else "",
                _with_interval(after),
                f"{100 * (after['accuracy'] - before['accuracy']):+.1f}" if before else "",
                f"{_percent(last['accuracy'])} %" if last else "",
                note,
            )
        )
    shifts = [s for s in sets.values() if s["kind"] == "shift"]
    if len(shifts) > 1 and all("zero_shot" in s for s in shifts):
        before_mean = sum(s["zero_shot"]["accuracy"] for s in shifts) / len(shifts)
        after_mean = sum(s["accuracy"] for s in shifts) / len(shifts)
        last_mean = sum(s["last"]["accuracy"] for s in shifts if "last" in s) / len(shifts)
        has_last = all("last" in s for s in shifts)
        rows.append(
            (
                "mean of the shift sets",
                "",
                f"{_percent(before_mean):>5} %",
                f"{_percent(after_mean):>5} %",
                f"{100 * (after_mean - before_mean):+.1f}",
                f"{_percent(last_mean)} %" if has_last else "",
                "",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(7)]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [row[i].ljust(widths[i]) if i in (2, 3) else row[i].rjust(widths[i]) for i in range(1, 6)]
        lines.append("  ".join([*cells, row[6]]).rstrip())
        if number == 0:
            lines.append("─" * len(lines[0]))
    kept = result.get("best_epoch")
    if kept is not None:
        what = "zero-shot itself (no epoch was better on validation)" if kept == 0 else f"epoch {kept}"
        lines.append(f"Kept: {what}; accuracy with 95 % interval.")
        if result["alpha"] != 1:
            lines.append(
                f"Judged is its blend with the pretrained weights, alpha {result['alpha']:g}; "
                "the checkpoints hold the unblended weights."
            )
    if not any(s["kind"] == "test" for s in sets.values()):
        lines.append("No test part: validation was used for choosing, so its figures are optimistic.")
    return "\n".join(lines)


def details(result: dict[str, Any]) -> str:
    """The further figures of each set, one line each."""
    head = ("set", "accuracy", "macro F1", "worst class", "worst group", "ECE", "NLL")
    rows = [head]
    for name, s in sorted(result["sets"].items(), key=lambda item: _order(item[0], item[1]["kind"])):
        rows.append(
            (
                name,
                _with_interval(s).strip(),
                _ranged(s, "macro_f1"),
                _ranged(s, "worst_class_accuracy"),
                _ranged(s, "worst_group_accuracy"),
                _ranged(s, "ece"),
                "{:.2f} [{:.2f}–{:.2f}]".format(s["nll"], *s["intervals"]["nll"]),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(widths[i]) if i < 2 else cell.rjust(widths[i]) for i, cell in enumerate(row)
        ).rstrip()
        for row in rows
    )


def alpha_table(sweep: dict[str, Any]) -> str:
    """Accuracy of every set at each blend, and which one validation chose."""
    curves: dict[str, dict[str, Any]] = sweep["curves"]
    names = sorted(curves, key=lambda name: _order(name, curves[name]["kind"]))
    shifts = [name for name in names if curves[name]["kind"] == "shift"]
    head = ["alpha", *names, *(["mean of shifts"] if len(shifts) > 1 else [])]
    rows = [head]
    for place, alpha in enumerate(sweep["alphas"]):
        values = [curves[name]["accuracy"][place] for name in names]
        if len(shifts) > 1:
            values.append(sum(curves[name]["accuracy"][place] for name in shifts) / len(shifts))
        mark = "  ← best on validation" if alpha == sweep["best_alpha"] else ""
        rows.append([f"{alpha:.2f}", *(f"{_percent(value)} %" for value in values), mark])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for number, row in enumerate(rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join(cells) + (row[-1] if len(row) > len(head) else ""))
        if number == 0:
            lines.append("─" * len(lines[0]))
    lines.append("0 is the pretrained model, 1 the finetuned one; alpha is chosen on validation.")
    if shifts:
        lines.append("The shift sets and the test part are not used to choose.")
    if sweep["reason"] is not None:
        lines.append(sweep["reason"]["text"])
    return "\n".join(lines)


def average_table(result: dict[str, Any], kind: str) -> str:
    """The average of several runs beside zero-shot and the runs alone, on the same pictures."""
    sets: dict[str, dict[str, Any]] = result["sets"]
    rows = [["set", "pictures", "zero-shot", "each run alone", f"average ({kind})"]]
    for name in sorted(sets, key=lambda n: _order(n, sets[n]["kind"])):
        one = sets[name]
        alone = ", ".join(_percent(run["accuracy"]) for run in one["runs"])
        rows.append(
            [name, f"{one['n']}", f"{_percent(one['zero_shot']['accuracy'])} %", alone, _with_interval(one)]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows]
    lines.insert(1, "─" * max(len(line) for line in lines))
    lines.append("Judged on pictures that none of the runs has trained on or chosen by.")
    return "\n".join(lines)
