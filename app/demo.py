"""``flyp-gui --demo``: the window goes through its own wizard on the sample, with real clicks and a real training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint

from app.facts import Facts
from app.playing import Act, Click, Look, Player, Until, leave
from app.run_session import RunState
from app.steps import Step
from app.widgets.confusion_model import COUNT

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Demo:
    """The script, and its player."""

    def __init__(self, window: MainWindow, fast: bool = False, screenshots: Path | None = None) -> None:
        self.window = window
        self._player = Player(window, self._script(), self._over, fast, screenshots)

    def begin(self) -> None:
        """Start playing."""
        self._player.begin()

    def _over(self, wrong: str) -> None:
        if wrong:
            print(f"flyp-gui: the demonstration {wrong}.", file=sys.stderr, flush=True)
        # what still trains would ask what is to become of it, and nobody is there
        self.window.session.close(0)
        leave(1 if wrong else 0)

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
        yield Until("the end of the training", lambda: not session.under_way, long=True)
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
        yield Until(
            "the verified export", lambda: not page.exporting.busy and bool(page.results.cards), long=True
        )
        yield Look("7-export-verified")


def _half(series: Any) -> int:
    return max(1, series.started.epochs // 2) if series.started is not None else 1


def _row(row: int) -> QPoint:
    return QPoint(120, 35 * row + 17)


def _thumbnails_there(page: Any) -> bool:
    tiles = page.grid.tiles.tiles
    rows = page.grid.visible_rows()
    return bool(tiles) and all(page.thumbnails.get(tiles[row].path) is not None for row in rows)


def _most_mistaken(matrix: Any) -> QPoint:
    """Middle of the cell with the most mistakes; they stand first."""
    model, count = matrix.model(), matrix.model().rowCount()
    cells = [model.index(row, column) for row in range(count) for column in range(count) if row != column]
    most = max(cells, key=lambda index: int(index.data(COUNT)))
    matrix.scrollTo(most)
    place: QPoint = matrix.visualRect(most).center()
    return place
