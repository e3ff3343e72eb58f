"""The runs as a table: one row each, its state as a mark with words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QCoreApplication,
    QDateTime,
    QKeyCombination,
    QLocale,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent

from app import texts
from app.run_list import Entry, State
from app.widgets.cells import Column, Rows, Table

_DATED = re.compile(r"^\d{4}-\d\d-\d\dT\d{4,6}-(?=.)")


_REUSE = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_D)
_METHOD, _MODEL, _SHOTS = 2, 3, 4
_METHOD_WIDTH, _METHOD_LEAST = 104, 72
_NARROW = 860
"""Below this width there is no room for every column."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("runs", text)


@dataclass(frozen=True)
class Row:
    """A run as it is shown."""

    entry: Entry
    here: str = ""
    """Where it stands in words if this window works on it."""
    method: str = ""
    """Its title as the Method page has it, where that is known."""
    shown: bool = False
    """It is the one that Train, Evaluate and Export show."""


def title(entry: Entry) -> str:
    """The run's name; the date that its folder's name begins with has a column of its own."""
    return _DATED.sub("", entry.name)


def date(entry: Entry) -> str:
    if entry.begun is None:
        return "–"
    # month and day in the order of the language, without the year that few lists need
    return _local(entry.begun, "d MMM, HH:mm")


def _local(time: datetime, form: str) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(time.timestamp())), form)


def model(entry: Entry) -> str:
    if entry.recipe is None:
        return "–"
    given = entry.recipe.model
    return given.name.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]


def method(entry: Entry) -> str:
    return entry.recipe.method.name.upper() if entry.recipe is not None else "–"


def shots(entry: Entry) -> str:
    if entry.recipe is None:
        return "–"
    return _tr("all") if entry.recipe.data.shots is None else texts.number(entry.recipe.data.shots)


def figure(share: float | None) -> str:
    return "–" if share is None else QLocale().toString(100 * share, "f", 1)


_WORDS = {
    State.DONE: QT_TRANSLATE_NOOP("runs", "done"),
    State.PAUSED: QT_TRANSLATE_NOOP("runs", "paused"),
    State.INTERRUPTED: QT_TRANSLATE_NOOP("runs", "interrupted"),
    State.FAILED: QT_TRANSLATE_NOOP("runs", "failed"),
    State.CANCELLED: QT_TRANSLATE_NOOP("runs", "cancelled"),
    State.BACKGROUND: QT_TRANSLATE_NOOP("runs", "in the background"),
    State.ELSEWHERE: QT_TRANSLATE_NOOP("runs", "in another process"),
    State.DAMAGED: QT_TRANSLATE_NOOP("runs", "cannot be read"),
}
_MARKS = {
    State.DONE: ("check", "good"),
    State.PAUSED: ("pause", "text2"),
    State.INTERRUPTED: ("warning", "warn"),
    State.FAILED: ("error", "bad"),
    State.CANCELLED: ("close", "text2"),
    State.BACKGROUND: ("play", "accent_text"),
    State.ELSEWHERE: ("play", "accent_text"),
    State.DAMAGED: ("error", "bad"),
}


def state_words(entry: Entry) -> str:
    """Where a run stands, without numbers."""
    return _tr(str(_WORDS[entry.state]))


def state(row: Row) -> str:
    """Where the run stands, in words."""
    entry = row.entry
    if row.here:
        return row.here
    words = state_words(entry)
    if entry.state in (State.PAUSED, State.INTERRUPTED) and entry.epochs and not entry.of_candidates:
        return _tr("{}, {} of {}").format(words, entry.epoch, entry.epochs)
    return words


def _state_tip(row: Row) -> str:
    entry = row.entry
    if entry.trouble:
        return entry.trouble
    if row.here:
        return _tr("This window works on it.")
    anew = _tr("It was left before its end; it can begin anew, and comes to the same end.")
    return {
        State.DONE: _tr("It ended and its kept weights were judged."),
        State.PAUSED: _tr("Saved after {} of {} epochs; it can go on.").format(entry.epoch, entry.epochs)
        if not entry.of_candidates
        else anew,
        State.INTERRUPTED: _tr("Its process ended unasked; it can go on from its last checkpoint.")
        if not entry.of_candidates
        else anew,
        State.CANCELLED: _tr("It was cancelled."),
        State.BACKGROUND: _tr("It goes on without a window; it can be brought into this one."),
        State.ELSEWHERE: _tr("Another program works on it; opening it shows how far it is."),
    }.get(entry.state, "")


def columns() -> list[Column[Row]]:
    """What the table shows of each run."""

    def of_recipe(row: Row) -> str:
        return row.entry.recipe.data.source if row.entry.recipe is not None else ""

    return [
        Column(
            _tr("Run"),
            lambda row: title(row.entry),
            tip=_tr("The name of its folder, without the date"),
            cell_tip=lambda row: f"{row.entry.folder}\n{model(row.entry)}",
            strong=lambda row: row.shown,
        ),
        Column(
            _tr("Begun"),
            lambda row: date(row.entry),
            sort=lambda row: row.entry.begun.timestamp() if row.entry.begun is not None else None,
            width=116,
            tip=_tr("When it was first started"),
            cell_tip=lambda row: (
                _local(row.entry.begun, "yyyy-MM-dd HH:mm") if row.entry.begun is not None else ""
            ),
            colour=lambda row: "text2",
        ),
        Column(
            _tr("Method"),
            lambda row: row.method or method(row.entry),
            width=_METHOD_WIDTH,
            tip=_tr("How it was finetuned"),
            cell_tip=lambda row: row.method or method(row.entry),
        ),
        Column(
            _tr("Model"),
            lambda row: model(row.entry),
            width=104,
            tip=_tr("What it started from"),
            cell_tip=lambda row: row.entry.recipe.model.name if row.entry.recipe is not None else "",
        ),
        Column(
            _tr("Per class"),
            lambda row: shots(row.entry),
            sort=lambda row: (
                None if row.entry.recipe is None else row.entry.recipe.data.shots or float("inf")
            ),
            right=True,
            width=72,
            tip=_tr("Pictures per class to train on (few-shot), or all"),
            cell_tip=of_recipe,
        ),
        Column(
            _tr("Validation"),
            lambda row: figure(row.entry.validation),
            sort=lambda row: row.entry.validation,
            right=True,
            width=78,
            tip=_tr(
                "Accuracy in % on the pictures that chose the epoch; of a run that has not ended, the best so far"
            ),
            colour=lambda row: "text" if row.entry.judged else "text3",
        ),
        Column(
            _tr("Test"),
            lambda row: figure(row.entry.test),
            sort=lambda row: row.entry.test,
            right=True,
            width=68,
            tip=_tr("Accuracy in % on pictures that were never used to choose"),
            strong=lambda row: row.entry.test is not None,
        ),
        Column(
            _tr("Shift mean"),
            lambda row: figure(row.entry.shift_mean),
            sort=lambda row: row.entry.shift_mean,
            right=True,
            width=86,
            tip=_tr("Mean accuracy in % over the shifted sets, pictures of the same classes from elsewhere"),
        ),
        Column(
            _tr("State"),
            state,
            width=164,
            tip=_tr("Where the run stands"),
            cell_tip=_state_tip,
            mark=lambda row: ("play", "accent_text") if row.here else _MARKS[row.entry.state],
            colour=lambda row: "bad" if row.entry.state in (State.FAILED, State.DAMAGED) else "text2",
        ),
    ]


class RunsTable(Table):
    """Every run; several can be chosen."""

    wanted = Signal(str)
    """'open', 'delete' or 'reuse', by key."""

    def __init__(self) -> None:
        model: Rows[Row] = Rows(columns(), key=lambda row: row.entry.folder)
        super().__init__(model, _tr("Runs"), several=True)

    def show_entries(self, rows: list[Row]) -> None:
        """Show these runs; chosen ones stay chosen."""
        before = {row.entry.folder for row in self.chosen()}
        self.rows.show_rows(rows)
        if {row.entry.folder for row in self.chosen()} != before:
            self.choose(lambda row: row.entry.folder in before)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        # the run's tooltip names the model too, and the method's says the pictures per class
        narrow = self.width() < _NARROW
        self.setColumnHidden(_MODEL, narrow)
        self.setColumnHidden(_SHOTS, narrow)
        self.setColumnWidth(_METHOD, _METHOD_LEAST if narrow else _METHOD_WIDTH)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.wanted.emit("open")
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.wanted.emit("delete")
        elif event.keyCombination() == _REUSE:
            self.wanted.emit("reuse")
        else:
            super().keyPressEvent(event)

    def entries(self) -> list[Entry]:
        """The chosen runs."""
        return [row.entry for row in self.chosen()]
