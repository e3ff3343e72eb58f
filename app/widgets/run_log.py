"""What happened beside the numbers: folded, its last line and the number of warnings; unfolded, all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit

from app.charts.series import Series
from app.widgets import run_words
from app.widgets.basics import Badge, Button, Card, ElidedLabel, Label, row
from engine.events import Event

_HEIGHT = 132


class LogCard(Card):
    """Takes in only the lines that are new."""

    def __init__(self) -> None:
        super().__init__(padding=0, spacing=0)
        self.body.setContentsMargins(7, 5, 11, 5)
        self._taken = 0
        self._warned = 0
        self._source: list[Event] | None = None
        self.fold = Button(
            icon="chevron-right", kind="quiet", small=True, act=self._fold,
            name=self.tr("Log"), tip=self.tr("Show or hide all that happened"),
        )  # fmt: skip
        self.fold.setCheckable(True)
        self.last = ElidedLabel("", "support")
        self.badge = Badge()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFixedHeight(_HEIGHT)
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setToolTip(self.tr("The same lines lie in the run's folder, in run.log and events.jsonl"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.hide()
        self.body.addLayout(row(self.fold, Label(self.tr("Log"), "card"), 4, self.last, self.badge))
        self.body.addWidget(self.text)

    def show_series(self, series: Series) -> None:
        """Show the lines of a run."""
        if series.log is not self._source or len(series.log) < self._taken:
            self._source, self._taken, self._warned = series.log, 0, -1
            self.text.clear()
        if len(series.warnings) != self._warned:
            self._warned = len(series.warnings)
            if self._warned == 0:
                self.badge.say(self.tr("no warnings"))
            elif self._warned == 1:
                self.badge.say(self.tr("1 warning"), "warn")
            else:
                self.badge.say(self.tr("{} warnings").format(self._warned), "warn")
        new = series.log[self._taken :]
        if not new:
            if not self._taken:
                self.last.setText(self.tr("nothing yet"))
            return
        shown = [run_words.log_line(each, series.of_candidates) for each in new]
        self._taken += len(new)
        self.last.setText(shown[-1])
        self.text.appendPlainText("\n".join(shown))

    def _fold(self) -> None:
        shown = self.fold.isChecked()
        self.text.setVisible(shown)
        self.last.setVisible(not shown)
        self.fold.set_icon("chevron-down" if shown else "chevron-right")
        if shown:
            bar = self.text.verticalScrollBar()
            bar.setValue(bar.maximum())
