"""``flyp-gui --demo``: the window goes through its own wizard on the sample, with real clicks and a real training."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from app.facts import Facts
from app.run_session import RunState
from app.steps import Step
from app.theme import theme
from app.widgets.confusion_model import COUNT

if TYPE_CHECKING:
    from app.main_window import MainWindow

_PACE_MS = 1400
"""Between two acts, so that a person can follow."""
_FAST_MS = 30
_PATIENCE_S = 240.0
"""A wait that takes longer than this has failed."""


@dataclass(frozen=True)
class Click:
    """A real click on a control; ``at`` picks a place in it."""

    widget: QWidget
    at: QPoint | None = None


@dataclass(frozen=True)
class Until:
    """Wait for something; ``what`` says for what, if it never comes."""

    what: str
    true: Callable[[], bool]


@dataclass(frozen=True)
class Look:
    """Give a person time to look, and keep a picture of the page under this name."""

    name: str


Act = Click | Until | Look


class Demo(QObject):
    """Plays the acts one after the other. ``done`` is told with True if all went well."""

    def __init__(
        self,
        window: MainWindow,
        fast: bool = False,
        screenshots: Path | None = None,
        done: Callable[[bool], None] | None = None,
    ) -> None:
        super().__init__(window)
        self.window = window
        self._pace = _FAST_MS if fast else _PACE_MS
        self._folder = screenshots
        self._done = done or _leave
        self._acts = self._script()
        self._act: Act | None = None
        self._since = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._played)

    def begin(self) -> None:
        """Start playing."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # the same wherever they are made, also without a screen
            self.window.resize(1280, 800)
        self._next()

    # --- the script ---------------------------------------------------------------------------

    def _script(self) -> Iterator[Act]:
        window, session = self.window, self.window.session

        def facts() -> Facts:
            # another project has other facts
            return window.shell.facts

        yield Until("the engine", lambda: window.shell.engine.ready and bool(facts().models))
        pictures: Any = window.page(Step.PICTURES)
        yield Look("1-pictures-empty")
        yield Click(pictures.empty.sample)
        yield Until("the pictures", lambda: facts().inspected is not None)
        yield Click(pictures.classes.viewport(), _row(3))
        yield Until("the thumbnails", lambda: _thumbnails_there(pictures))
        yield Look("1-pictures")
        yield Click(window.next)
        yield Until("the model's fit", lambda: bool(facts().methods))
        yield Look("2-model")
        yield Click(window.next)
        yield Until("accuracy before training", lambda: facts().preview is not None and facts().preview_fresh)
        yield Look("3-prompts")
        yield Click(window.next)
        yield Until(
            "the check before training", lambda: facts().preflight is not None and facts().preflight_fresh
        )
        yield Look("4-method")
        yield Click(window.next)
        train: Any = window.page(Step.TRAIN)
        yield Look("5-train-ready")
        yield Click(train.buttons.start)
        yield Until("the training's first steps", lambda: session.series.step > 0 or not session.under_way)
        yield Until(
            "half of the training",
            lambda: session.series.epoch >= _half(session.series) or not session.under_way,
        )
        yield Look("5-train-running")
        yield Until("the end of the training", lambda: not session.under_way)
        yield Until("a finished run", lambda: session.state is RunState.FINISHED)
        yield Look("5-train-finished")
        yield Click(window.next)
        yield from self._evaluate()
        yield Click(window.next)
        yield from self._export()
        yield Click(window.rail.items[Step.RUNS])
        runs: Any = window.page(Step.RUNS)
        yield Until("the list of runs", lambda: bool(runs.entries))
        yield Look("8-runs")

    def _evaluate(self) -> Iterator[Act]:
        page: Any = self.window.page(Step.EVALUATE)
        view = page.view
        yield Until("the figures", lambda: page.result is not None)
        yield Until("the first blends", lambda: len(view.sweeping.stops) >= 2)
        yield Look("6-evaluate-computing")
        yield Until("every blend", lambda: view.sweeping.complete and not view.sweeping.under_way)
        slider = view.blend.slider
        if slider.best is not None:
            yield Click(slider, slider.place_of(slider.best).toPoint())
        yield Look("6-evaluate")
        matrix = view.classes.matrix
        yield Click(matrix.viewport(), _most_mistaken(matrix))
        yield Look("6-evaluate-cell")
        yield Click(view.classes.view.buttons["classes"])
        yield Look("6-evaluate-classes")
        yield Click(view.classes.view.buttons["more"])
        yield Click(view.blend.table_button)
        yield Look("6-evaluate-more")
        yield Click(view.blend.table_button)

    def _export(self) -> Iterator[Act]:
        page: Any = self.window.page(Step.EXPORT)
        yield Until("what this run can leave in", lambda: page.exporting.checked)
        yield Look("7-export")
        yield Click(page.settings.export_button)
        yield Until("the verified export", lambda: not page.exporting.busy and bool(page.results.cards))
        yield Look("7-export-verified")

    # --- playing ------------------------------------------------------------------------------

    def _next(self) -> None:
        self._act = next(self._acts, None)
        self._since = time.monotonic()
        if self._act is None:
            self._done(True)
        elif isinstance(self._act, Look) and self._folder is not None:
            # what has just changed is laid out first
            self._timer.start(max(self._pace, 250))
        else:
            self._timer.start(self._pace if not isinstance(self._act, Until) else 0)

    def _played(self) -> None:
        try:
            self._play()
        except Exception:
            # a demonstration that breaks must end: nobody may be there to close it
            self._done(False)
            raise

    def _play(self) -> None:
        act = self._act
        if isinstance(act, Until):
            if act.true():
                self._next()
            elif time.monotonic() - self._since > _PATIENCE_S:
                self._fail(act.what)
            else:
                self._timer.start(50)
            return
        if isinstance(act, Click):
            if not (act.widget.isVisible() and act.widget.isEnabled()):
                if time.monotonic() - self._since > _PATIENCE_S:
                    self._fail(act.widget.accessibleName() or type(act.widget).__name__)
                else:
                    self._timer.start(50)
                return
            _reveal(act.widget)
            place = act.at if act.at is not None else act.widget.rect().center()
            QTest.mouseClick(act.widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        elif isinstance(act, Look) and self._folder is not None:
            self._shoot(self._folder, act.name)
        self._next()

    def _shoot(self, folder: Path, name: str) -> None:
        """The window as it is, light and dark."""
        before = theme().mode
        for mode in ("light", "dark"):
            theme().use(mode)
            QApplication.processEvents()
            # quality 0 is the smallest file; PNG loses nothing by it
            self.window.grab().save(str(folder / f"{name}-{mode}.png"), "PNG", 0)
        theme().use(before)

    def _fail(self, what: str) -> None:
        print(f"flyp-gui: the demonstration waited in vain for {what}.", file=sys.stderr, flush=True)
        self._done(False)


def _half(series: Any) -> int:
    return max(1, series.started.epochs // 2) if series.started is not None else 1


def _row(row: int) -> QPoint:
    return QPoint(120, 35 * row + 17)


def _thumbnails_there(page: Any) -> bool:
    tiles = page.grid.tiles.tiles
    rows = page.grid.visible_rows()
    return bool(tiles) and all(page.thumbnails.get(tiles[row].path) is not None for row in rows)


def _reveal(widget: QWidget) -> None:
    """Scroll to it, where a page is longer than the window."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


def _most_mistaken(matrix: Any) -> QPoint:
    """Middle of the cell with the most mistakes; they stand first."""
    model, count = matrix.model(), matrix.model().rowCount()
    cells = [model.index(row, column) for row in range(count) for column in range(count) if row != column]
    most = max(cells, key=lambda index: int(index.data(COUNT)))
    matrix.scrollTo(most)
    place: QPoint = matrix.visualRect(most).center()
    return place


def _leave(well: bool) -> None:
    """End the program; its exit code tells."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    for window in app.topLevelWidgets():
        window.close()
    app.exit(0 if well else 1)
