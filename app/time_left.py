"""How long judging takes, learnt from its own progress: the engine's estimate leaves most of it out. Knows no Qt.

A run is judged before training and after each epoch in short, on validation and a part of each shifted
set, and at its end in full: every set, with the weights before training, those kept and the last ones.
"""

from __future__ import annotations

from app.charts.series import Series
from engine.events import EvaluationDone, Event, Progress, RunStarted, StepDone

_ENOUGH_SECONDS = 0.5
"""Judging has to be watched for so long before its speed is believed."""


class Judging:
    """Hears all that a run says, and when."""

    def __init__(self) -> None:
        self._last: tuple[float, str, int] | None = None
        """When the latest progress was told, of which set, and its pictures; None while nothing is judged."""
        self._pictures = 0
        self._seconds = 0.0
        self._short: dict[str, int] = {}
        """Set -> its pictures in a short judging."""
        self._seen: set[str] = set()
        self._done = 0
        """Pictures of the judging under way."""
        self._full = False
        """The next judging is the one at the end, unless steps come first."""
        self._stepped: float | None = None
        """When the latest step was told."""
        self._counted = False
        """The engine's own estimate holds the judging of epochs, as one was judged in this attempt."""

    def hear(self, event: Event, now: float) -> None:
        """Take one event in, told at ``now`` (seconds of any clock)."""
        if isinstance(event, Progress):
            if event.phase.code == "phase.evaluating":
                self._judged(str(event.phase.arguments.get("name", "")), event.done, event.total, now)
            return
        if isinstance(event, RunStarted):
            self._counted, self._stepped = False, None
        elif isinstance(event, StepDone):
            self._stepped = now
        elif isinstance(event, EvaluationDone):
            self._counted = self._counted or event.epoch > 0
        else:
            return
        self._last, self._done, self._seen = None, 0, set()
        self._full = isinstance(event, EvaluationDone)

    def _judged(self, name: str, done: int, total: int, now: float) -> None:
        again = not self._full and name in self._seen and (self._last is None or self._last[1] != name)
        step = done
        if self._last is not None:
            since, set_, before = self._last
            if set_ == name and done >= before:
                step = done - before
            elif set_ == name and not self._full:
                again = True
            self._pictures += step
            self._seconds += now - since
        if again:
            # it was left and is done again
            self._done, self._seen = done, set()
        else:
            self._done += step
        self._seen.add(name)
        self._last = now, name, done
        if not self._full:
            self._short[name] = total

    @property
    def _speed(self) -> float | None:
        """Pictures a second."""
        known = self._pictures > 0 and self._seconds >= _ENOUGH_SECONDS
        return self._pictures / self._seconds if known else None

    def left(self, series: Series, alpha: float) -> float | None:
        """Seconds left of the judging under way; None if there is none, or nothing is known of its speed."""
        speed = self._speed
        if speed is None or self._last is None:
            return None
        whole = _full(series, alpha) if self._full else sum(self._short.values())
        return max(0, whole - self._done) / speed

    def left_of_run(self, series: Series, alpha: float, now: float) -> float | None:
        """Seconds left of a training: the engine's estimate and the judging that it leaves out."""
        if not series.steps or series.started is None:
            return None
        told = series.steps[-1].seconds_left
        speed = self._speed
        if speed is None:
            return told
        if self._full and self._last is not None:
            return self.left(series, alpha)
        short = 0.0
        if self._counted and self._last is not None and self._stepped is not None:
            told = max(0.0, told - (now - self._stepped))
        elif not self._counted:
            short = max(0, series.started.epochs - series.epoch) * sum(self._short.values()) - self._done
        return told + (max(0.0, short) + 3 * _pictures(series)) / speed

    def left_of_stop(self, series: Series, alpha: float) -> float | None:
        """Seconds until a run that was stopped has its figures."""
        speed = self._speed
        if speed is None:
            return None
        if self._full:
            return max(0, _full(series, alpha) - self._done) / speed
        short = max(0, sum(self._short.values()) - self._done)
        return (short + _full(series, alpha)) / speed


def _pictures(series: Series) -> int:
    sets = series.started.sets if series.started is not None else ()
    return sum(each.pictures for each in sets if each.kind != "train")


def _full(series: Series, alpha: float) -> int:
    """Pictures of the judging at the end; weights that are the same are judged once."""
    best = series.best
    same = best is not None and (best.epoch == 0 or (alpha == 1 and best.epoch == series.epoch))
    return _pictures(series) * (2 if same else 3)
