"""A comparison's charts, from the content of comparison.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.comparison.grid import rate_text
from engine.comparison.summary import BLENDED, SHIFT_MEAN
from engine.evaluation import charts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Content = dict[str, Any]


def draw(content: Content) -> dict[str, tuple[str, bytes]]:
    """Every chart that the figures suffice for: name -> (SVG, PNG)."""
    made: dict[str, tuple[str, bytes]] = {}
    with charts.drawing():
        for name, one in _CHARTS.items():
            figure = one(content)
            if figure is not None:
                made[name] = charts.svg(figure), charts.png(figure)
    return made


def _headline(content: Content) -> str:
    """The set whose figures are the result: test, or validation where nothing was held back."""
    return "test" if "test" in content["cells"][0]["measures"] else "validation"


def _styles(content: Content) -> dict[str, charts.Style]:
    """The same look for a method in every chart."""
    return {label: charts.style(i) for i, label in enumerate(_methods(content))}


def _methods(content: Content) -> list[str]:
    return list(dict.fromkeys(cell["method"] for cell in content["cells"]))


def _has(row: dict[str, Any], *names: str) -> bool:
    return all(name in row["measures"] for name in names)


def _legend(figure: Figure, axes: Axes, columns: int = 1) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", ncols=columns)


def _trade_off(content: Content) -> Figure | None:
    """Test against the mean of the shift sets, a panel for each number of shots."""
    headline, looks = _headline(content), _styles(content)
    rows = [row for row in content["chosen"] if _has(row, headline, SHIFT_MEAN)]
    shots = list(dict.fromkeys(row["shots"] for row in rows))
    if not rows:
        return None
    figure, panels = charts.panels(len(shots), width=5.0, height=4.2)
    for axes, k in zip(panels, shots, strict=True):
        here = {row["method"]: row["measures"] for row in rows if row["shots"] == k}
        for label, measures in here.items():
            x, y = measures[headline], measures[SHIFT_MEAN]
            look = looks[label.removesuffix(BLENDED)]
            blended = label not in looks
            axes.errorbar(
                x["mean"],
                y["mean"],
                xerr=x["sd"],
                yerr=y["sd"],
                color=look.colour,
                marker=look.marker,
                markerfacecolor="white" if blended else look.colour,
                elinewidth=0.8,
                alpha=0.95,
                linestyle="none",
                label=label,
            )
            if blended:
                start = here[label.removesuffix(BLENDED)]
                axes.plot(
                    [start[headline]["mean"], x["mean"]],
                    [start[SHIFT_MEAN]["mean"], y["mean"]],
                    color=look.colour,
                    linewidth=0.8,
                    linestyle=(0, (2, 2)),
                )
        axes.set_xlabel(f"accuracy on {headline}")
        axes.set_ylabel("mean accuracy of the shift sets")
        axes.set_title(_shots(k) + ", learning rate chosen on validation")
        charts.percent_axis(axes.xaxis)
        charts.percent_axis(axes.yaxis)
    _legend(figure, panels[0])
    return figure


def _shots(k: int | None) -> str:
    return "all training pictures" if k is None else f"{k} shots"


def _lines(
    content: Content, rows_at: dict[float, list[dict[str, Any]]], x_label: str, log: bool
) -> Figure | None:
    """Test and shift mean of each unblended method over something; ``rows_at``: x -> rows."""
    headline, looks = _headline(content), _styles(content)
    first = next(iter(rows_at.values()))[0]
    names = [name for name in (headline, SHIFT_MEAN) if _has(first, name)]
    figure, panels = charts.panels(len(names))
    for axes, name in zip(panels, names, strict=True):
        for label, look in looks.items():
            points = [
                (x, row["measures"][name]["mean"], row["measures"][name]["sd"] or 0.0)
                for x, rows in rows_at.items()
                for row in rows
                if row["method"] == label and name in row["measures"]
            ]
            if points:
                xs, means, sds = zip(*points, strict=True)
                axes.errorbar(
                    xs,
                    means,
                    yerr=sds,
                    color=look.colour,
                    marker=look.marker,
                    ms=4,
                    linestyle=look.dash,
                    elinewidth=0.8,
                    label=label,
                )
        if log:
            axes.set_xscale("log")
        axes.set_xticks(list(rows_at), [f"{x:g}" if not log else rate_text(x) for x in rows_at])
        axes.minorticks_off()
        axes.set_xlabel(x_label)
        axes.set_title(f"accuracy on {name}" if name != SHIFT_MEAN else "mean accuracy of the shift sets")
        charts.percent_axis(axes.yaxis)
    _legend(figure, panels[0])
    return figure


def _over_shots(content: Content) -> Figure | None:
    shots = sorted({row["shots"] for row in content["chosen"] if row["shots"] is not None})
    if len(shots) < 2:
        return None
    rows_at = {float(k): [row for row in content["chosen"] if row["shots"] == k] for k in shots}
    return _lines(content, rows_at, "training pictures per class", log=False)


def _over_rates(content: Content) -> Figure | None:
    """The most shots at each learning rate: does the order of methods depend on it?"""
    if len(content["matched"]) < 2:
        return None
    most = content["matched"][0]["rows"][-1]["shots"]
    rows_at = {
        one["rate"]: [row for row in one["rows"] if row["shots"] == most] for one in content["matched"]
    }
    return _lines(content, rows_at, f"learning rate ({_shots(most)})", log=True)


def _over_alpha(content: Content) -> Figure | None:
    """Test and shift mean over the blend, mean over seeds, at the rates that validation chose."""
    headline, looks = _headline(content), _styles(content)
    most = content["chosen"][-1]["shots"]
    cells = [cell for cell in content["cells"] if cell["chosen"] and cell["shots"] == most]
    cells = [cell for cell in cells if len(cell.get("alphas", ())) > 1 and "blended" in cell]
    if not cells:
        return None
    alphas = cells[0]["alphas"]
    sets = cells[0]["curves"]
    shifts = [name for name in sets if name not in ("test", "validation")]
    wanted = [(f"accuracy on {headline}", [headline])]
    if shifts:
        wanted.append(("mean accuracy of the shift sets", shifts))
    figure, panels = charts.panels(len(wanted))
    for axes, (title, names) in zip(panels, wanted, strict=True):
        curves = []
        for label, look in looks.items():
            ours = [cell["curves"] for cell in cells if cell["method"] == label]
            if ours:
                values = [
                    sum(curve[name][i] for curve in ours for name in names) / (len(ours) * len(names))
                    for i in range(len(alphas))
                ]
                curves.append((label, values, look))
        charts.curves_over_alpha(axes, alphas, curves)
        axes.set_title(f"{title}, {_shots(most)}")
    _legend(figure, panels[0])
    return figure


_CHARTS: dict[str, Callable[[Content], Any]] = {
    "test-against-shifts": _trade_off,
    "accuracy-over-shots": _over_shots,
    "accuracy-over-rates": _over_rates,
    "accuracy-over-alpha": _over_alpha,
}
