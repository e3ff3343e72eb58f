"""Charts of results as SVG and PNG: one look for a comparison's files and for the HTML report.

matplotlib's object-oriented interface only, with its Agg and SVG canvases: no pyplot, no window, no
state shared with anything else in the process. It is imported when the first chart is drawn. The same
figures give the same bytes: no dates, and identifiers from a fixed salt.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import paths

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours, told apart also by the colour-blind; beyond six they come again, dashed."""
INK = "#171A20"
SOFT = "#626976"
HAIR = "#C6CBD3"
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)))

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "flyp",
    "font.family": ["sans-serif"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": HAIR,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": HAIR,
    "grid.linewidth": 0.5,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
}


class Style(NamedTuple):
    """How one series is drawn: never by colour alone."""

    colour: str
    marker: str
    dash: Any


def style(number: int) -> Style:
    """The look of the ``number``-th series, from 0."""
    return Style(
        SERIES[number % len(SERIES)],
        MARKERS[number % len(MARKERS)],
        DASHES[number // len(SERIES) % len(DASHES)],
    )


@contextmanager
def drawing() -> Iterator[None]:
    """Our look, for making and for saving figures; everybody else's settings stay as they were."""
    # matplotlib keeps its list of fonts in a folder of its own; ours can be cleared as one
    os.environ.setdefault("MPLCONFIGDIR", str(paths.cache_folder() / "matplotlib"))
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def panels(count: int, width: float = 4.4, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` charts side by side; sizes in inches each. Within ``drawing``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * count, height), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)
    return figure, list(axes[0])


def percent_axis(axis: Any) -> None:
    """Shares of 1 written in per cent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def svg(figure: Figure) -> str:
    """The figure as a file of its own, on white. Within ``drawing``."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    canvas: Any = FigureCanvasSVG(figure)  # its methods have no types
    canvas.print_svg(out, metadata=metadata)
    return out.getvalue()


def png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as pixels, on white. Within ``drawing``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    out = io.BytesIO()
    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(out, metadata={"Software": None})
    return out.getvalue()


def inline(figure: Figure, name: str, described: str) -> str:
    """The figure as an element of an HTML page, in the page's colours: light and dark by its CSS.

    ``name`` keeps identifiers of several figures in a page apart; ``described`` says in words what
    is to be seen. The page defines ``--series-1`` to ``--series-6``, ``--soft`` and ``--hair``.
    """
    figure.patch.set_alpha(0.0)
    for axes in figure.axes:
        axes.patch.set_alpha(0.0)
    text = svg(figure)
    text = text[text.index("<svg") :]
    # a title of its own is what a screen reader reads and a mouse shows
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    for place, colour in ((INK, "currentColor"), (SOFT, "var(--soft)"), (HAIR, "var(--hair)")):
        text = re.sub(place, colour, text, flags=re.IGNORECASE)
    for number, colour in enumerate(SERIES, start=1):
        text = re.sub(colour, f"var(--series-{number})", text, flags=re.IGNORECASE)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    label = described.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def curves_over_alpha(
    axes: Axes,
    alphas: Sequence[float],
    curves: Sequence[tuple[str, Sequence[float], Style]],
    marked: float | None = None,
) -> None:
    """Accuracy of each set over the blend; ``marked`` is the alpha that validation chose."""
    for label, values, look in curves:
        axes.plot(
            alphas, values, color=look.colour, linestyle=look.dash, marker=look.marker, ms=3.5, label=label
        )
    if marked is not None:
        axes.axvline(marked, color=SOFT, linewidth=1, linestyle=(0, (2, 2)))
    axes.set_xlabel("alpha: 0 pretrained … 1 finetuned")
    axes.set_xlim(-0.02, 1.02)
    percent_axis(axes.yaxis)
