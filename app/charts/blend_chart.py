"""How every set does at each blend: a line a set, through the stops that are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.charts import marks
from app.charts.live_chart import Curve, LiveChart
from app.charts.overlays import EdgeLabel
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

    def at(self, alpha: float) -> float | None:
        """Accuracy at a stop; None if it is not computed."""
        return dict(zip(self.alphas, self.accuracy, strict=True)).get(alpha)


class _Here(QWidget):
    """Larger markers at the stop that is shown: moving them draws no line anew."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.points: list[tuple[QPointF, int, str]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        for place, mark, colour in self.points:
            marks.paint_mark(painter, mark, colour, place, 11)


class BlendChart(LiveChart):
    """Its x-axis is the slider below it, in tenths of alpha. A click goes to the nearest stop."""

    picked = Signal(float)
    """The person points at this place, 0 to 1."""
    fitted = Signal()
    """The x-axis lies elsewhere."""

    def __init__(self) -> None:
        self._sets: tuple[SetCurve, ...] = ()
        self._lines: list[Curve] = []
        self._alpha = 1.0
        self._here: _Here | None = None
        super().__init__("", "", strip=False)
        self.setAccessibleName(self.tr("Accuracy of every set at each blend"))
        self.setAccessibleDescription(
            self.tr("Left and Right go from stop to stop; the button Table shows the numbers")
        )
        self.setMinimumHeight(128)
        self._bottom.setHeight(4)
        self.set_levels([(value, f"{number}\u202f%") for value, number in _LEVELS])
        self.set_span(_LAST, known=False)
        self._here = _Here(self)

    def show_curves(self, curves: Sequence[SetCurve], alpha: float, best: float | None) -> None:
        """Draw these; the values at the edge are those at ``alpha``. The first is on top."""
        self._alpha = alpha
        if tuple(curves) != self._sets:
            self._sets = tuple(curves)
            self._lines = [self._line(each) for each in reversed(curves)]
        self.draw(self._lines)
        self.show_crosshair(_LAST * alpha)
        self.show_best(_LAST * best if best is not None and best != alpha else None)
        self._show_here()

    @staticmethod
    def _line(each: SetCurve) -> Curve:
        xs, ys = _LAST * np.array(each.alphas, float), np.array(each.accuracy, float)
        return Curve(f"set {each.name}", xs, ys, each.colour, each.name, each.mark, size=6)

    def ends(self) -> tuple[float, float]:
        """Where 0 and 1 lie in this widget."""
        return self.place_of(0, 0).x(), self.place_of(_LAST, 0).x()

    def values(self) -> dict[str, str]:
        """What stands at the right edge: name of the set -> accuracy in % at the stop that is shown."""
        found = {each.name: each.at(self._alpha) for each in self._sets}
        return {name: "–" if value is None else f"{100 * value:.1f}" for name, value in found.items()}

    def _placed(self, *places: object) -> None:
        super()._placed(*places)
        self._show_here()
        self.fitted.emit()

    def _show_labels(self) -> None:
        """Each where its line ends, with its value at the stop that is shown."""
        if not self.isVisible():
            return
        values = self.values()
        labels = [
            EdgeLabel(each.name, values[each.name], self.place_of(0, each.accuracy[-1]).y())
            for each in self._sets
            if each.accuracy
        ]
        top, bottom = self.place_of(0, 1).y(), self.place_of(0, 0).y()
        self.labels.show_labels(labels, top + 2, max(bottom, min(bottom + 14, top + 18 * len(labels))), 0)

    def _show_here(self) -> None:
        if self._here is None or not self.isVisible():
            return
        self._here.setGeometry(self.rect())
        self._here.raise_()
        self._here.points = [
            (self.place_of(_LAST * self._alpha, value), each.mark, each.colour)
            for each in reversed(self._sets)
            if (value := each.at(self._alpha)) is not None
        ]
        self._here.update()

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
