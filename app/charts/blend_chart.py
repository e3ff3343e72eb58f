"""How every set does at each blend: a line a set, through the stops that are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent

from app.charts import marks
from app.charts.live_chart import Curve, LiveChart
from engine.recipe import ALPHAS

_LEVELS = [(0.0, 0), (0.25, 25), (0.5, 50), (0.75, 75), (1.0, 100)]
_LAST = len(ALPHAS) - 1


@dataclass(frozen=True)
class SetCurve:
    """One set at the stops that are computed, ascending."""

    name: str
    colour: str
    """Token of its colour, as in the tables."""
    mark: int
    alphas: tuple[float, ...]
    accuracy: tuple[float, ...]


class BlendChart(LiveChart):
    """Its x-axis is the slider below it, in tenths of alpha. A click goes to the nearest stop."""

    picked = Signal(float)
    """The person points at this place, 0 to 1."""
    fitted = Signal()
    """The x-axis lies elsewhere."""

    def __init__(self) -> None:
        super().__init__("", "", strip=False)
        self.setAccessibleName(self.tr("Accuracy of every set at each blend"))
        self.setAccessibleDescription(
            self.tr("Left and Right go from stop to stop; the button Table shows the numbers")
        )
        self.setMinimumHeight(128)
        self._bottom.setHeight(4)
        self.set_levels([(value, f"{number}\u202f%") for value, number in _LEVELS])
        self.set_span(_LAST, known=False)

    def show_curves(self, curves: Sequence[SetCurve], alpha: float, best: float | None) -> None:
        """Draw these; the values at the edge are those at ``alpha``. The first is on top."""
        made: list[Curve] = []
        for each in reversed(curves):
            xs, ys = _LAST * np.array(each.alphas, float), np.array(each.accuracy, float)
            here = {round(_LAST * a): y for a, y in zip(each.alphas, each.accuracy, strict=True)}
            value = here.get(round(_LAST * alpha))
            shown = f"{100 * value:.1f}" if value is not None else "–"
            made.append(
                Curve(f"set {each.name}", xs, ys, each.colour, each.name, each.mark, value=shown, size=6)
            )
            if value is not None:
                at, level = np.array([_LAST * alpha]), np.array([value])
                made.append(Curve(f"at {each.name}", at, level, each.colour, "", each.mark, size=10))
        self.draw(made)
        self.show_crosshair(_LAST * alpha)
        self.show_best(_LAST * best if best is not None and best != alpha else None)

    def ends(self) -> tuple[float, float]:
        """Where 0 and 1 lie in this widget."""
        return self.place_of(0, 0).x(), self.place_of(_LAST, 0).x()

    def _placed(self, *places: object) -> None:
        super()._placed(*places)
        self.fitted.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if isinstance(event, QMouseEvent) and event.type() in (
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseMove,
        ):
            if event.buttons() & Qt.MouseButton.LeftButton:
                view = self._box.mapSceneToView(self._plot.mapToScene(event.position().toPoint()))
                self.picked.emit(min(max(0.0, view.x() / _LAST), 1.0))
            return event.type() == QEvent.Type.MouseButtonPress
        return super().eventFilter(watched, event)


def token_and_mark(series: int, kind: str) -> tuple[str, int]:
    """Colour and marker of a set, as in the tables."""
    if series >= 0:
        return f"series {series}", marks.mark_of(series)
    return ("text" if kind == "test" else "text2"), 0
