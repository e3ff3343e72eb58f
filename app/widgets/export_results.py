"""The exports of each run while the window is open, those of the run that is shown as cards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.widgets.basics import clear, column
from app.widgets.export_result import ExportResult
from engine.exports import ExportAnswer


class ExportResults(QWidget):
    """Hidden while there are none."""

    def __init__(self, title: Callable[[str], str], show: Callable[[Path], None]) -> None:
        """``title`` gives a format's title by its name."""
        super().__init__()
        self._title, self._show = title, show
        self._answers: dict[Path, ExportAnswer] = {}
        self._inside = column(spacing=16)
        self.setLayout(self._inside)
        self.cards: list[ExportResult] = []
        self.hide()

    def keep(self, run: Path, answer: ExportAnswer) -> None:
        """The last export of a run."""
        self._answers[run] = answer

    def show_run(self, run: Path) -> None:
        """Show what was exported of a run."""
        clear(self._inside)
        answer = self._answers.get(run)
        self.cards = []
        if answer is not None:
            for each in answer.exports:
                card = ExportResult(self._title(each.format), answer.alpha, each, self._show)
                self._inside.addWidget(card)
                self.cards.append(card)
        self.setVisible(bool(self.cards))
