"""``flyp-gui --stall-report``: how long the window did not answer, measured while it works for real.

Without a folder: a training on the sample. With one: the folder is listed, every class is shown and
scrolled from top to bottom. A timer of 5 ms ticks in the GUI thread; a stall is what its ticks are late.
Beside it stands how much of the time between two ticks the GUI thread itself computed: where that is
little, the thread waited for a core that others had.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.run_session import RunState
from app.steps import Step

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from app.pages.pictures import PicturesPage

_TICK_MS = 5


def age() -> float:
    """Seconds since this process was started."""
    if sys.platform == "linux":
        # both count from the boot; the time of day that psutil goes by may have been set since
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - psutil.Process().create_time()


class StallMeter(QObject):
    """Lateness of a timer in the GUI thread, in milliseconds."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.late: list[float] = []
        self.own: list[float] = []
        self._last = 0.0
        self._last_own = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self.late, self.own = [], []
        self._last, self._last_own = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> dict[str, float]:
        """Number of ticks, longest stall, percentiles; the thread's own work between ticks."""
        self._timer.stop()
        found = sorted(self.late) or [0.0]
        place = min(len(found) - 1, math.ceil(0.999 * len(found)) - 1)
        return {
            "ticks": len(found),
            "longest_ms": round(found[-1], 1),
            "p99.9_ms": round(found[place], 1),
            "p99_ms": round(found[min(len(found) - 1, math.ceil(0.99 * len(found)) - 1)], 1),
            "longest_own_work_ms": round(max(self.own, default=0.0), 1),
        }

    def _tick(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.late.append(max(0.0, 1000 * (now - self._last) - _TICK_MS))
        self.own.append(1000 * (own - self._last_own))
        self._last, self._last_own = now, own


class Report(QObject):
    """Does the work, prints one JSON object, ends the program."""

    def __init__(self, window: MainWindow, folder: str | None) -> None:
        super().__init__(window)
        self._window = window
        self._folder = folder
        self._meter = StallMeter(self)
        self._found: dict[str, Any] = {}
        self._began = 0.0
        self._watch = QTimer(self)
        self._watch.setInterval(50)
        self._until: Callable[[], bool] = lambda: True
        self._then: Callable[[], None] = self._finish
        self._watch.timeout.connect(self._look)
        self._rows: list[str] = []
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The first paint of the window."""
        if event.type() == QEvent.Type.Paint and "first_paint_s" not in self._found:
            self._found["first_paint_s"] = round(age(), 3)
            self._found["torch_imported"] = "torch" in sys.modules
            self._window.removeEventFilter(self)
            # the engine's start belongs to what a person feels, but not to what is measured here
            engine, warming = self._window.shell.engine, self._window.warming
            self._wait(
                lambda: engine.ready and not engine.busy and (warming is None or warming.done), self._begin
            )
        return False

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._meter.start()
        if self._folder is None:
            self._window.opening.open_sample()
            self._wait(lambda: self._window.shell.facts.inspected is not None, self._train)
            return
        self._window.opening.open_path(Path(self._folder))
        facts = self._window.shell.facts
        self._wait(lambda: "" in facts.structures or facts.scan_error is not None, self._listed)

    # --- training -----------------------------------------------------------------------------

    def _train(self) -> None:
        self._window.show_step(Step.TRAIN)
        self._window.shell.start_wanted.emit()
        self._wait(lambda: self._window.session.state is not RunState.NONE, self._training)

    def _training(self) -> None:
        self._wait(lambda: not self._window.session.under_way, self._trained)

    def _trained(self) -> None:
        session = self._window.session
        self._found["training"] = {
            **self._meter.stop(),
            "seconds": round(time.monotonic() - self._began, 1),
            "state": session.state.value,
            "steps": session.series.step,
        }
        self._finish()

    # --- a folder -----------------------------------------------------------------------------

    def _listed(self) -> None:
        facts = self._window.shell.facts
        structure = facts.structures.get("")
        self._found["folder"] = {
            "pictures": structure.pictures if structure is not None else 0,
            "classes": len(structure.classes) if structure is not None else 0,
            "seconds_to_list": round(time.monotonic() - self._began, 2),
        }
        self._rows = list(structure.classes[:8]) if structure is not None else []
        self._next_class()

    def _next_class(self) -> None:
        if not self._rows:
            self._found["scrolling"] = self._meter.stop()
            self._finish()
            return
        page = cast("PicturesPage", self._window.page(Step.PICTURES))
        page.classes.choose(self._rows.pop(0))
        began = time.monotonic()
        self._wait(lambda: bool(page.grid.tiles.tiles) or time.monotonic() - began > 20, self._scroll)

    def _scroll(self) -> None:
        page = cast("PicturesPage", self._window.page(Step.PICTURES))
        bar = page.grid.verticalScrollBar()
        step = max(bar.pageStep() // 2, bar.maximum() // 120, 1)

        def further() -> None:
            if bar.value() >= bar.maximum():
                timer.stop()
                timer.deleteLater()
                self._next_class()
            else:
                bar.setValue(bar.value() + step)

        timer = QTimer(self)
        timer.timeout.connect(further)
        timer.start(16)

    # --- common -------------------------------------------------------------------------------

    def _wait(self, until: Callable[[], bool], then: Callable[[], None]) -> None:
        self._until, self._then = until, then
        self._watch.start()

    def _look(self) -> None:
        if self._until():
            self._watch.stop()
            self._then()

    def _finish(self) -> None:
        process = psutil.Process(os.getpid())
        self._found["window_memory_mb"] = round(process.memory_info().rss / 1e6)
        self._found["torch_imported"] = "torch" in sys.modules
        print(json.dumps(self._found, indent=1), flush=True)
        for ticket in self._window.shell.engine.busy:
            ticket.cancel()
        self._window.close()
        QApplication.quit()
