"""One chart of a run against its steps, over pyqtgraph: lines, markers, crosshair, labels at the edge.

It knows nothing of runs: it is given curves and an axis, and tells where the pointer is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.charts import marks
from app.charts.overlays import CHIP_HEIGHT, Chip, ChipStrip, EdgeLabel, EdgeLabels, Upright
from app.charts.scales import whole_ticks
from app.theme import theme

Floats = NDArray[np.float64]
_LEFT = 44
_MARKED = 60
"""A line with more points than this has a marker at some of them only."""
_PIECES = 300
"""A line with more points is drawn piece by piece."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A line as it is to be drawn; the same object again means that nothing changed."""

    key: str
    xs: Floats
    ys: Floats
    colour: str
    name: str = ""
    mark: int | None = None
    width: float = 2
    dashed: bool = False
    opacity: float = 1.0
    value: str = ""
    """What its label at the right edge says; empty for no label."""
    size: float = 8
    """Of its markers, in pixels."""


@dataclass
class _Drawn:
    line: pg.PlotCurveItem
    curve: Curve | None = None
    dots: pg.ScatterPlotItem | None = None


class LiveChart(QWidget):
    """Give it an axis with ``set_levels`` and ``set_span``, then curves with ``draw``."""

    pointed = Signal(object)
    """The step under the pointer, as a float, or None when it left."""
    moved = Signal(int)
    """An arrow key: the crosshair is to go one point back (-1) or on (1)."""

    def __init__(self, name: str, header: str, strip: bool, axis_word: str = "") -> None:
        """``header`` stands over the values at the right edge; ``strip`` makes room for chips above."""
        super().__init__()
        self._drawn: dict[str, _Drawn] = {}
        self._order: list[str] = []
        self._hidden: frozenset[str] = frozenset()
        self._levels: list[tuple[float, str]] = [(0.0, ""), (1.0, "")]
        self._log = False
        self._span = 1
        self._span_known = False
        self._crosshair: float | None = None
        self._best: float | None = None
        self._words = ("", "")
        self._strip_height = CHIP_HEIGHT if strip else 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._plot = pg.PlotWidget(self)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._plot.setMinimumSize(120, 72)
        self._box: pg.ViewBox = self._plot.getViewBox()
        self._build_plot(axis_word)
        self.strip = ChipStrip(self)
        self.labels = EdgeLabels(header)
        self._best_line = Upright(self, dotted=True)
        self._cross_line = Upright(self)
        column = QVBoxLayout()
        column.setContentsMargins(0, self._strip_height, 0, 0)
        column.addWidget(self._plot)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(8)
        layout.addLayout(column, 1)
        layout.addWidget(self.labels)
        self._plot.viewport().installEventFilter(self)
        self._box.sigResized.connect(self._placed)
        theme().changed.connect(self._recolour)
        self._recolour()

    def _build_plot(self, axis_word: str) -> None:
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        # a window of its own that is never shown; without a parent it would outlive the chart
        item.ctrlMenu.setParent(self, item.ctrlMenu.windowFlags())
        item.hideButtons()
        # the words of the first and last ticks reach past the ends of their axis
        item.layout.setContentsMargins(0, 8, 14, 0)
        self._box.setMouseEnabled(False, False)
        self._box.setDefaultPadding(0)
        # values past the top are drawn at the top; markers at the edge stay whole
        self._box.setFlag(self._box.GraphicsItemFlag.ItemClipsChildrenToShape, False)
        self._left: pg.AxisItem = item.getAxis("left")
        self._bottom: pg.AxisItem = item.getAxis("bottom")
        self._left.setWidth(_LEFT)
        self._left.setStyle(tickLength=0, tickTextOffset=8, hideOverlappingLabels=False)
        self._bottom.setHeight(22 if not axis_word else 38)
        self._bottom.setStyle(tickLength=4, tickTextOffset=4, hideOverlappingLabels=False)
        self.axis_word = axis_word
        """What stands under the ticks below."""
        self._grid = pg.PlotCurveItem(connect="pairs", antialias=False)
        self._grid.setZValue(-10)
        self._plot.addItem(self._grid)

    # --- what is shown ------------------------------------------------------------------------

    def set_levels(self, levels: Sequence[tuple[float, str]], log: bool = False) -> None:
        """Ticks of the y-axis with their words; the first and the last are its ends."""
        if (list(levels), log) != (self._levels, self._log):
            self._levels, self._log = list(levels), log
            self._fit()
            for drawn in self._drawn.values():
                if drawn.curve is not None:
                    self._fill(drawn, drawn.curve)

    def set_span(self, last: int, known: bool = True) -> None:
        """The x-axis goes from 0 to this step; without numbers while it is not known."""
        last = max(1, last)
        if (last, known) != (self._span, self._span_known):
            self._span, self._span_known = last, known
            self._fit()

    def draw(self, curves: Sequence[Curve], hidden: frozenset[str] = frozenset()) -> None:
        """Show these curves and no others, the last on top."""
        keys = [curve.key for curve in curves]
        for key, drawn in self._drawn.items():
            # what is no longer shown stays in the scene, empty: taking it out could meet a repaint half-way
            if key not in keys and drawn.curve is not None:
                drawn.curve = None
                drawn.line.setVisible(False)
                if drawn.dots is not None:
                    drawn.dots.setVisible(False)
        for z, curve in enumerate(curves):
            if curve.key not in self._drawn:
                self._drawn[curve.key] = _Drawn(pg.PlotCurveItem(antialias=True))
                self._plot.addItem(self._drawn[curve.key].line)
            drawn = self._drawn[curve.key]
            if drawn.curve is not curve:
                self._fill(drawn, curve)
            drawn.line.setZValue(z)
            drawn.line.setVisible(curve.key not in hidden)
            if drawn.dots is not None:
                drawn.dots.setZValue(z + 0.5)
                drawn.dots.setVisible(curve.key not in hidden)
        self._order, self._hidden = keys, hidden
        self._show_labels()

    def show_crosshair(self, step: float | None, words: str = "") -> None:
        """An upright line at a step, with a chip where there is room for chips."""
        self._crosshair = step
        self._words = (words, self._words[1])
        self._place_uprights()

    def show_best(self, step: float | None, words: str = "") -> None:
        """A dotted line at the best epoch."""
        if (step, words) != (self._best, self._words[1]):
            self._best = step
            self._words = (self._words[0], words)
            self._place_uprights()

    def drawn_points(self, key: str) -> tuple[Floats, Floats]:
        """What is drawn of a curve, in the axis' own units."""
        xs, ys = self._drawn[key].line.getData()
        return (np.zeros(0), np.zeros(0)) if xs is None else (xs, ys)

    def is_shown(self, key: str) -> bool:
        return key in self._order and self._drawn[key].line.isVisible()

    def levels(self) -> list[tuple[float, str]]:
        return list(self._levels)

    # --- places -------------------------------------------------------------------------------

    def place_of(self, step: float, value: float) -> QPointF:
        """Where a point of the data lies in this widget."""
        scene = self._box.mapViewToScene(QPointF(step, self._level(value)))
        return QPointF(self._plot.mapTo(self, self._plot.mapFromScene(scene)))

    def _level(self, value: float) -> float:
        low, high = self._levels[0][0], self._levels[-1][0]
        value = min(max(value, low), high)
        return math.log10(value) if self._log else value

    def _fit(self) -> None:
        low, high = self._level(self._levels[0][0]), self._level(self._levels[-1][0])
        self._box.setRange(xRange=(0, self._span), yRange=(low, max(high, low + 1e-9)), padding=0)
        self._left.setTicks([[(self._level(value), text) for value, text in self._levels]])
        room = max(2, min(8, self._plot.width() // 64))
        ticks = whole_ticks(self._span, room) if self._span_known else []
        self._bottom.setTicks([[(tick, f"{tick:,}") for tick in ticks]])
        ys = np.repeat([self._level(value) for value, _ in self._levels], 2)
        self._grid.setData(np.tile([0.0, float(self._span)], len(self._levels)), ys)
        self._placed()

    def _placed(self, *_: object) -> None:
        """The plot has another size, or another axis."""
        self._place_uprights()
        self._show_labels()

    def _place_uprights(self) -> None:
        if not self.isVisible():
            return
        top = self.place_of(0, self._levels[-1][0])
        bottom = self.place_of(0, self._levels[0][0])
        chips: list[Chip] = []
        self.strip.setGeometry(
            round(top.x()), 3, round(self.place_of(self._span, 0).x() - top.x()) + 1, CHIP_HEIGHT
        )
        for line, step, words, strong in (
            (self._cross_line, self._crosshair, self._words[0], True),
            (self._best_line, self._best, self._words[1], False),
        ):
            if step is None:
                line.hide()
                continue
            x = self.place_of(step, self._levels[0][0]).x()
            line.place(x, top.y() - (6 if self._strip_height else 0), bottom.y())
            if words and self._strip_height:
                chips.append(Chip(words, x - top.x(), strong))
        self.strip.show_chips(tuple(chips))

    def _show_labels(self) -> None:
        if not self.isVisible():
            return
        labels = []
        for key in self._order:
            curve = self._drawn[key].curve
            if curve is None or not curve.value or not len(curve.ys) or key in self._hidden:
                continue
            y = self.place_of(0, float(curve.ys[-1])).y()
            labels.append(EdgeLabel(curve.name, curve.value, y, quiet=curve.key.startswith("run ")))
        top = self.place_of(0, self._levels[-1][0]).y()
        bottom = self.place_of(0, self._levels[0][0]).y()
        # where the chart is low the labels may stand beside its axis too
        low, high = top + 2, max(bottom - 4, min(bottom + 14, top + 18 * len(labels)))
        self.labels.show_labels(labels, low, high, self._strip_height)

    # --- drawing ------------------------------------------------------------------------------

    def _fill(self, drawn: _Drawn, curve: Curve) -> None:
        low, high = self._levels[0][0], self._levels[-1][0]
        ys = np.clip(curve.ys, low, high)
        if self._log:
            ys = np.log10(ys)
        drawn.curve = curve
        # many short pieces are drawn several times faster than one long path, but their joints are less smooth
        drawn.line.setSegmentedLineMode("on" if len(ys) > _PIECES else "off")
        drawn.line.setData(curve.xs, ys, pen=self._pen(curve), skipFiniteCheck=True)
        if curve.mark is None:
            return
        if drawn.dots is None:
            drawn.dots = pg.ScatterPlotItem(pxMode=True, antialias=True)
            self._plot.addItem(drawn.dots)
        chosen = slice(None, None, max(1, math.ceil(len(ys) / _MARKED)))
        xs_marked, ys_marked = curve.xs[chosen], ys[chosen]
        colour = marks.colour_of(curve.colour)
        edge = theme().colour("text2" if marks.is_pale(curve.colour) else "surface")
        drawn.dots.setData(
            xs_marked,
            ys_marked,
            symbol=marks.shape(curve.mark),
            size=curve.size,
            brush=colour,
            pen=pg.mkPen(edge, width=1),
        )

    def _pen(self, curve: Curve) -> QPen:
        # mixed and not see-through: where pieces of a line meet they would show
        colour = marks.mixed(marks.colour_of(curve.colour), theme().colour("surface"), curve.opacity)
        wide = curve.width + (0.5 if marks.is_pale(curve.colour) else 0)
        pen = QPen(colour, wide)
        pen.setCosmetic(True)
        if curve.dashed:
            pen.setDashPattern([4, 3])
        return pen

    def set_axis_word(self, word: str) -> None:
        """Say something else under the ticks."""
        if word != self.axis_word:
            self.axis_word = word
            self._label_axis()

    def _label_axis(self) -> None:
        if self.axis_word:
            quiet = theme().colour("text3").name()
            self._bottom.setLabel(self.axis_word, **{"color": quiet, "font-size": "11px"})

    def _recolour(self) -> None:
        self._plot.setBackground(theme().colour("surface"))
        quiet = theme().colour("text3")
        font = QFont(self.font())
        font.setPixelSize(11)
        for axis in (self._left, self._bottom):
            # an axis lies over the lines: one that shows would cut through the markers at step 0
            axis.setPen(pg.mkPen(0, 0, 0, 0))
            axis.setTextPen(quiet)
            axis.setStyle(tickFont=font)
        self._bottom.setTickPen(pg.mkPen(theme().colour("border")))
        self._left.setTickPen(pg.mkPen(theme().colour("hair")))
        self._label_axis()
        pen = QPen(theme().colour("hair"), 1)
        pen.setCosmetic(True)
        self._grid.setPen(pen)
        for drawn in self._drawn.values():
            if drawn.curve is not None:
                self._fill(drawn, drawn.curve)

    # --- pointer and keys ---------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's names
        if event.type() == QEvent.Type.MouseMove:
            assert isinstance(event, QMouseEvent)
            view = self._box.mapSceneToView(self._plot.mapToScene(event.position().toPoint()))
            inside = -0.01 * self._span <= view.x() <= 1.01 * self._span
            self.pointed.emit(min(max(0.0, view.x()), float(self._span)) if inside else None)
        elif event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        elif event.type() == QEvent.Type.Wheel:
            # the page may scroll; the chart does not
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        move = moves.get(Qt.Key(event.key()))
        if move is not None:
            self.moved.emit(move)
        elif event.key() == Qt.Key.Key_Escape and self._crosshair is not None:
            self.pointed.emit(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().colour("accent_text"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._fit()
