"""Both charts of a run, one above the other, with one crosshair."""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import texts
from app.charts.accuracy_card import AccuracyCard
from app.charts.chart_card import Overlay
from app.charts.loss_card import LossCard
from app.charts.series import Series


class RunCharts(QWidget):
    """Shows a series; what is costly is done only while it is visible."""

    def __init__(self) -> None:
        super().__init__()
        self.accuracy = AccuracyCard()
        self.loss = LossCard()
        self._series = Series()
        self._expected = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.accuracy.setMinimumHeight(216)
        self.loss.setMinimumHeight(196)
        layout.addWidget(self.accuracy, 5)
        layout.addWidget(self.loss, 4)
        self.accuracy.popup.changed.connect(self._compare)
        self.accuracy.pointed.connect(self._over_accuracy)
        self.loss.pointed.connect(self._over_loss)
        for card in (self.accuracy, self.loss):
            card.moved.connect(self._step_along)

    def show_series(self, series: Series, expected_steps: int = 0) -> None:
        """Draw what is new. ``expected_steps`` spans the x-axis until the run has said how many it has."""
        if series is not self._series:
            self._series = series
            self.show_step(None)
        self._expected = expected_steps
        total = series.total_steps or expected_steps
        longest = max((run.steps[-1] for run in self.accuracy.popup.runs if run.steps), default=0)
        last = max(total, series.step, longest)
        for card in (self.accuracy, self.loss):
            card.show_series(series, max(1, last), known=last > 0)
        best = series.best
        shown = best if best is not None and best.epoch > 0 else None
        self.accuracy.chart.show_best(shown.step if shown else None, self._best_words(series))
        self.loss.chart.show_best(shown.step if shown else None)

    def _best_words(self, series: Series) -> str:
        if series.best is None:
            return ""
        words = self.tr("best, candidate {}") if series.of_candidates else self.tr("best, epoch {}")
        return words.format(series.best.epoch)

    def _compare(self) -> None:
        overlays = [Overlay(run) for run in self.accuracy.popup.runs if run.steps]
        self.accuracy.overlays = overlays
        self.loss.overlays = overlays
        self.show_series(self._series, self._expected)

    # --- the crosshair ------------------------------------------------------------------------

    def show_step(self, step: float | None) -> None:
        """The crosshair through both charts, with words and values for this step."""
        words = self._words(step) if step is not None else ""
        self.accuracy.show_step(step, words)
        self.loss.show_step(step, words)

    def _words(self, step: float) -> str:
        epochs = {each.step: epoch for epoch, each in self._series.evaluations.items()}
        at = round(step)
        if at in epochs:
            if self._series.of_candidates:
                return self.tr("candidate {}").format(texts.number(epochs[at]))
            return self.tr("epoch {}, step {}").format(epochs[at], texts.number(at))
        return self.tr("step {}").format(texts.number(at))

    def _evaluated(self) -> list[int]:
        return sorted({each.step for each in self._series.evaluations.values()})

    def _over_accuracy(self, step: float | None) -> None:
        """Accuracy is known at the ends of epochs only: the crosshair keeps to them."""
        steps = self._evaluated()
        if step is None or not steps:
            self.show_step(None)
            return
        self.show_step(min(steps, key=lambda each: abs(each - step)))

    def _over_loss(self, step: float | None) -> None:
        here = self.loss.trace.at(step) if step is not None else None
        if step is None or here is None:
            self._over_accuracy(step)
            return
        self.show_step(here[0])

    def _step_along(self, move: int) -> None:
        steps = self._evaluated()
        if not steps:
            return
        now = self.accuracy.step
        if now is None:
            place = len(steps) - 1 if move < 0 else 0
        else:
            place = bisect_left(steps, now) + (move if now in steps or move < 0 else 0)
        self.show_step(steps[min(max(place, 0), len(steps) - 1)])
