"""comparison.csv and comparison.md, from the content of comparison.json. Torch-free."""

from __future__ import annotations

import csv
import io
from typing import Any

from engine.comparison.grid import rate_text
from engine.comparison.summary import BLENDED, SHIFT_MEAN

_MINUS = "\u2212"


def to_csv(content: dict[str, Any]) -> str:
    """One row for each cell and each cell's blend, with every measure as a share of 1."""
    names = _measure_names(content)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    about = ("method", "shots", "seed", "learning_rate", "chosen", "best_epoch", "validation_loss", "alpha")
    writer.writerow([*about, *names])
    for cell in content["cells"]:
        shared = [
            "all" if cell["shots"] is None else cell["shots"],
            cell["seed"],
            "" if cell["rate"] is None else rate_text(cell["rate"]),
            "yes" if cell["chosen"] else "no",
            "" if cell["best_epoch"] is None else cell["best_epoch"],
            cell["validation_loss"],
        ]
        rows = [(cell["method"], "", cell["measures"])]
        if "blended" in cell:
            rows.append((cell["method"] + BLENDED, cell["best_alpha"], cell["blended"]))
        writer.writerows(
            [method, *shared, alpha, *(values.get(name, "") for name in names)]
            for method, alpha, values in rows
        )
    return out.getvalue()


def _measure_names(content: dict[str, Any]) -> list[str]:
    """Every measure of any cell: test, shift sets, their mean, validation, further figures."""
    found = {name for cell in content["cells"] for name in cell["measures"]}
    return ordered(found)


def ordered(names: set[str]) -> list[str]:
    """Test first, shift sets by name, their mean, what was used for choosing, then further figures."""

    def key(name: str) -> tuple[int, str]:
        if name == SHIFT_MEAN:
            return 2, name
        if ":" in name:
            return 4, name
        return {"test": 0, "validation": 3}.get(name, 1), name

    return sorted(names, key=key)


def _shown(names: set[str]) -> list[str]:
    """What a page has room for: accuracies, and macro F1 and worst group of sets that have groups."""
    grouped = {name.partition(":")[0] for name in names if name.endswith(": worst group")}
    return [
        name
        for name in ordered(names)
        if ":" not in name or name == SHIFT_MEAN or name.partition(":")[0] in grouped
    ]


def percent(value: float) -> str:
    """A share of 1 in per cent, one decimal."""
    return f"{100 * value:.1f}"


def _points(value: float) -> str:
    """A difference in percentage points, with its sign."""
    text = f"{100 * value:+.1f}"
    return text.replace("-", _MINUS)


def _spread(one: dict[str, Any] | None) -> str:
    if one is None:
        return "–"
    return percent(one["mean"]) if one["sd"] is None else f"{percent(one['mean'])} ± {percent(one['sd'])}"


def difference(one: dict[str, Any] | None) -> str:
    """A paired difference with its interval, and in words where nothing is shown."""
    if one is None or one["mean"] is None:
        return "–"
    if one["interval"] is None:
        return f"{_points(one['mean'])} ({one['verdict']})"
    low, high = one["interval"]
    text = f"{_points(one['mean'])} [{_points(low)}, {_points(high)}]"
    return f"{text}, {one['verdict']}"


def _shots(shots: int | None) -> str:
    return "all training pictures" if shots is None else f"{shots} shots"


def _range(values: list[float], write: Any) -> str:
    """The values that were chosen, each once, with how often where they differ."""
    if not values:
        return "–"
    counts = {value: values.count(value) for value in sorted(values)}
    if len(counts) == 1:
        return str(write(values[0]))
    return ", ".join(f"{write(value)} ×{count}" for value, count in counts.items())


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _rows_of(rows: list[dict[str, Any]], reference: str, rate_column: bool) -> list[str]:
    """The tables of one choice of rates, a part for each number of shots."""
    lines: list[str] = []
    for shots in dict.fromkeys(row["shots"] for row in rows):
        here = [row for row in rows if row["shots"] == shots]
        names = _shown({name for row in here for name in row["measures"]})
        seeds = max(next(iter(row["measures"].values()))["n"] for row in here)
        lines += ["", f"### {_shots(shots)}, {seeds} {'seed' if seeds == 1 else 'seeds'}", ""]
        head = ["method", *(["learning rate"] if rate_column else []), "alpha", *names]
        body = []
        for row in here:
            cells = [row["method"]]
            if rate_column:
                cells.append(_range(list(row["rates"].values()), rate_text))
            cells.append(_range(list(row.get("alphas", {}).values()), lambda alpha: f"{alpha:g}"))
            body.append(cells + [_spread(row["measures"].get(name)) for name in names])
        lines += _table(head, body)
        lines += _differences(here, reference)
    return lines


def _differences(rows: list[dict[str, Any]], reference: str) -> list[str]:
    lines: list[str] = []
    for name in (reference, reference + BLENDED):
        compared = [row for row in rows if name in row["differences"]]
        if not compared:
            continue
        columns = [
            measure
            for measure in ordered({m for row in compared for m in row["differences"][name]})
            if ":" not in measure or measure == SHIFT_MEAN
        ]
        if not columns:
            continue
        lines += ["", f"Differences from {name}, in percentage points:", ""]
        lines += _table(
            ["method", *columns],
            [
                [row["method"], *(difference(row["differences"][name].get(column)) for column in columns)]
                for row in compared
            ],
        )
    return lines


def to_markdown(content: dict[str, Any]) -> str:
    """The whole comparison for reading."""
    search = content["search"]
    recipe = content["recipe"]
    lines = [
        "# Comparison of methods",
        "",
        f"Pictures: {recipe['data']['source']}; "
        f"shift sets: {', '.join(recipe['data']['shifts']) or 'none'}. "
        f"Model: {recipe['model']['name']}"
        + (f" ({recipe['model']['weights']})" if recipe["model"].get("weights") else "")
        + f". {recipe['training']['epochs']} epochs, batch size {recipe['training']['batch_size']}, "
        f"{len(recipe['prompts']['templates'])} prompt templates.",
        "",
        *_how(search),
        "",
        "## Learning rate chosen on validation",
        *_rows_of(content["chosen"], content["reference"], rate_column=True),
    ]
    if len(search["rates"]) > 1:
        lines += ["", "## At matched learning rates", ""]
        lines += [
            "No rate was chosen here: each is the recipe's learning rate, the same for every method that "
            "uses it; the others are the same in each table. What a method makes of the rate, and what it "
            "chose beside it, is said above. Where the order of methods changes from one rate to the next, "
            "the tables above depend on the search.",
        ]
        for matched in content["matched"]:
            lines += ["", f"## Learning rate {rate_text(matched['rate'])}"]
            lines += _rows_of(matched["rows"], content["reference"], rate_column=False)
    return "\n".join(lines) + "\n"


def _clipped(norms: dict[str, float | None]) -> list[str]:
    """At which norm each method's gradient is clipped: it can change the order of methods at high rates."""
    if not norms:
        return []
    groups: dict[float | None, list[str]] = {}
    for label, norm in norms.items():
        groups.setdefault(norm, []).append(label)
    told = [
        f"{'not clipped' if norm is None else f'clipped at a norm of {norm:g}'}: {', '.join(labels)}"
        for norm, labels in sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or 0.0))
    ]
    return [f"- Gradients {'; '.join(told)}."]


def _how(search: dict[str, Any]) -> list[str]:
    """How to read the figures, and what they do not say."""
    lines = []
    if search["budget"]:
        rates = ", ".join(rate_text(rate) for rate in search["rates"])
        lines.append(
            f"- Search: {search['budget']} learning rates ({rates}), the same for every method that uses the "
            f"recipe's; chosen by the {search['chosen_by']}."
        )
    if search["without_rate"]:
        lines.append(f"- Without use for the recipe's learning rate: {', '.join(search['without_rate'])}.")
    lines += [f"- {label} {words}." for label, words in search["apart"].items()]
    return [
        *lines,
        *_clipped(search["clipped"]),
        f"- Blended: the finetuned weights mixed with the pretrained ones, alpha chosen by the "
        f"{search['alpha_chosen_by']}.",
        "- Neither test nor shift pictures chose anything. Validation figures were used for choosing and are "
        "optimistic.",
        "- Accuracies in per cent, mean ± standard deviation over seeds. A seed draws the pictures of every "
        "part anew, and everything random in training.",
        "- Differences are paired by seed, with a 95 % bootstrap interval over the seeds; an interval that "
        "includes 0 shows no clear difference. With few seeds it is rather too narrow, and of many intervals "
        "some leave 0 out by chance.",
    ]
