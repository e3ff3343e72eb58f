"""Beside the charts: where the run stands, its figures, and what can be done with it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import texts
from app.charts import marks
from app.charts.series import Series
from app.run_session import UNDER_WAY, RunSession, RunState
from app.shell import Shell
from app.widgets import run_words
from app.widgets.basics import Card, Content, ElidedLabel, Icon, Label, Ring, clear, line, row

_ICONS = {
    RunState.PAUSED: ("pause", "warn"),
    RunState.INTERRUPTED: ("warning", "warn"),
    RunState.FINISHED: ("check-circle", "good"),
    RunState.FAILED: ("error", "bad"),
    RunState.CANCELLED: ("close", "text2"),
}


class RunPanel(Card):
    """Numbers are set only when they are different, so an update costs next to nothing."""

    WIDTH = 280

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__(padding=0, spacing=0)
        self.shell = shell
        self.session = session
        self.setFixedWidth(self.WIDTH)
        self._shown_sets: tuple[str, ...] = ()
        self._elapsed: tuple[object, float | None] = (None, None)
        self._rows: dict[str, tuple[Label, Label]] = {}
        inner = Content()
        content = QVBoxLayout(inner)
        content.setContentsMargins(15, 15, 15, 8)
        content.setSpacing(4)
        self._build_head(content)
        self._build_best(content)
        self._build_facts(content)
        content.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        self.body.addWidget(scroll, 1)
        self.note = Label("", "help", wrap=True)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(15, 4, 15, 15)
        self.foot.setSpacing(8)
        self.foot.addWidget(self.note)
        self.body.addLayout(self.foot)

    def _build_head(self, content: QVBoxLayout) -> None:
        self._ring, self._icon = Ring(), Icon("check-circle", "good")
        self.title = Label("", "card")
        self.about = ElidedLabel("", "support")
        self.words = Label("", wrap=True)
        self.words.setAccessibleName(self.tr("What is being done"))
        # between the steps phases come and go; one line that stays keeps what is below it in its place
        self.doing = ElidedLabel()
        self.doing.setAccessibleName(self.tr("What is being done"))
        content.addLayout(row(self._ring, self._icon, self.title, None))
        content.addWidget(self.about)
        self.number = Label("", "headline")
        self.of = Label("", "support")
        together = QHBoxLayout()
        together.setSpacing(6)
        together.addWidget(self.number)
        together.addWidget(self.of, 1, Qt.AlignmentFlag.AlignBottom)
        self.of.setContentsMargins(0, 0, 0, 6)
        self._epochs = QWidget()
        self._epochs.setLayout(together)
        together.setContentsMargins(0, 8, 0, 0)
        content.addWidget(self._epochs)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        content.addSpacing(2)
        content.addWidget(self.bar)
        self.steps = Label("", "support")
        self.left_words = Label("", "strong")
        content.addSpacing(2)
        content.addLayout(row(self.steps, None, self.left_words))
        content.addSpacing(2)
        content.addWidget(self.doing)
        content.addWidget(self.words)

    def _build_best(self, content: QVBoxLayout) -> None:
        self._best = QWidget()
        layout = QVBoxLayout(self._best)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(line())
        layout.addSpacing(6)
        self.best_head = Label("", "header")
        from_before = Label(self.tr("from before"), "header")
        from_before.setToolTip(self.tr("Points of difference from the model before training (zero-shot)"))
        layout.addLayout(row(self.best_head, None, from_before))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(3, 48)
        layout.addLayout(self._grid)
        content.addWidget(self._best)

    def _build_facts(self, content: QVBoxLayout) -> None:
        self._facts = QFrame()
        layout = QVBoxLayout(self._facts)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(line())
        layout.addSpacing(2)
        self.values: dict[str, Label] = {}
        self._names: dict[str, Label] = {}
        for key, name, tip in (
            ("speed", self.tr("Speed"), self.tr("Pictures trained on in a second, lately")),
            ("memory", self.tr("Memory"), self.tr("The most that was used at once; on a CPU, the whole process")),
            ("rate", self.tr("Learning rate"), self.tr("How far a step goes: rises during the warm-up, then falls to zero")),
            (
                "temperature",
                self.tr("Temperature"),
                self.tr("How sharply the model tells similar captions apart (1 / exp of the logit scale); it learns this too. Usually near 0.01"),
            ),
            ("elapsed", self.tr("Elapsed"), self.tr("All attempts together, from the first line of each to its end; one whose process was killed is not counted")),
        ):  # fmt: skip
            label, value = Label(name, "support"), Label("", "label")
            value.setProperty("role", "body")
            value.setAccessibleName(name)
            for each in (label, value):
                each.setToolTip(tip)
            self.values[key], self._names[key] = value, label
            layout.addLayout(row(label, None, value))
        content.addWidget(self._facts)

    # --- showing ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Say what is so now."""
        session, series = self.session, self.session.series
        self._head()
        self._sets(series)
        self._figures(series)
        self._best.setVisible(series.best is not None)
        self._facts.setVisible(bool(series.steps) and session.state is not RunState.NONE)

    def _head(self) -> None:
        session, series = self.session, self.session.series
        state = session.state
        busy = session.under_way or state in (RunState.ELSEWHERE, RunState.READING)
        self._ring.setVisible(busy)
        name, colour = _ICONS.get(state, ("play", "text2"))
        self._icon.setVisible(not busy)
        self._icon.show_icon(name, colour)
        recipe = session.recipe if state is not RunState.NONE else self.shell.project.recipe()
        lacks = state is RunState.NONE and recipe is None
        _say(self.title, self.tr("Not ready yet") if lacks else run_words.state_title(state))
        _say(self.about, run_words.short(recipe, self.shell.facts) if recipe is not None else "")
        started = series.started
        shown = started is not None and state is not RunState.NONE
        counts = shown and not series.trains_nothing
        for widget in (self._epochs, self.steps, self.left_words):
            widget.setVisible(counts)
        self.bar.setVisible(counts or busy)
        if started is not None:
            # one that stops ends with the epochs it has
            learning = session.under_way and state is not RunState.STOPPING
            current = min(series.epoch + 1, started.epochs) if learning else series.epoch
            _say(self.number, texts.number(current))
            words = self.tr("of {} candidates") if series.of_candidates else self.tr("of {} epochs")
            _say(self.of, words.format(texts.number(started.epochs)))
            _say(
                self.steps,
                self.tr("step {} of {}").format(texts.number(series.step), texts.number(series.total_steps)),
            )
            left = session.seconds_left()
            _say(self.left_words, self.tr("about {} left").format(texts.duration(left)) if left else "")
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * session.share()))
        elif busy:
            phase = session.phase
            self.bar.setRange(0, phase.total if phase is not None else 0)
            self.bar.setValue(phase.done if phase is not None else 0)
        words = self._words()
        learns = state is RunState.RUNNING and bool(series.steps)
        if learns:
            _say(self.doing, run_words.phase_words(session.phase) or self.tr("Learning from the pictures"))
        _say(self.words, words)
        self.doing.setVisible(learns)
        self.words.setVisible(bool(words) and not learns)

    def _words(self) -> str:
        """What is done now, or how it ended."""
        session = self.session
        state = session.state
        if state in (RunState.STARTING, RunState.RUNNING):
            if session.phase is not None:
                return run_words.phase_words(session.phase, session.phase_left())
            return self.tr("Starting the engine") if state is RunState.STARTING else ""
        if state is RunState.STOPPING:
            words = run_words.phase_words(session.phase)
            end = self.tr("The window closes after that.") if session.quits_after else ""
            return " ".join(part for part in (self.tr("Judging what is kept."), words, end) if part)
        if state is RunState.NONE:
            return self._estimate()
        if session.series.of_candidates and (words := self._beginning_anew()):
            return words
        return {
            RunState.PAUSING: self.tr("Saving at the next step."),
            RunState.CANCELLING: self.tr("Ending at the next step."),
            RunState.PAUSED: self.tr("Everything is saved. It can go on at any time, also after a restart."),
            RunState.INTERRUPTED: self.tr("Its process ended in the middle. It can go on from where it was last saved."),
            RunState.FINISHED: run_words.result_words(session.series),
            RunState.CANCELLED: self.tr("Ended without a result. It can still go on from its last save.")
            if session.can_resume
            else self.tr("Ended without a result."),
            RunState.READING: self.tr("Its charts and figures come in a moment."),
            RunState.ELSEWHERE: self._elsewhere(),
        }.get(state, "")  # fmt: skip

    def _beginning_anew(self) -> str:
        """Of a method on features, which takes seconds and of which no pause keeps anything."""
        session = self.session
        return {
            RunState.PAUSING: self.tr("Pausing at the next candidate."),
            RunState.PAUSED: self.tr("It can go on at any time, also after a restart: it then begins anew, and comes to the same end."),
            RunState.INTERRUPTED: self.tr("Its process ended in the middle. It can begin anew, and comes to the same end."),
            RunState.CANCELLED: self.tr("Ended without a result. It can still begin anew.")
            if session.can_resume
            else "",
        }.get(session.state, "")  # fmt: skip

    def _elsewhere(self) -> str:
        session = self.session
        if session.fetching.folder is not None:
            return self.tr("Its process saves it and ends; then it goes on here.")
        if session.left_behind:
            return self.tr("It goes on in the background; what it writes is shown here.")
        return self.tr("Another process works on this run; what it writes is shown here.")

    def _estimate(self) -> str:
        """Time and memory as the check before training has measured them."""
        facts = self.shell.facts
        preflight = facts.preflight if facts.preflight_fresh else None
        if preflight is None or preflight.problems:
            return ""
        parts = []
        if preflight.seconds is not None:
            parts.append(self.tr("Takes about {}.").format(texts.duration(preflight.seconds)))
        if preflight.memory is not None:
            words = texts.size(preflight.memory)
            if preflight.memory_total is not None:
                words = self.tr("{} of {}").format(words, texts.size(preflight.memory_total))
            parts.append(self.tr("Needs {} of memory.").format(words))
        return " ".join(parts)

    def _sets(self, series: Series) -> None:
        best, before = series.best, series.zero_shot
        names = tuple(series.set_names)
        if names != self._shown_sets:
            self._shown_sets = names
            clear(self._grid)
            self._rows = {}
            for number, name in enumerate(names):
                value, difference = Label("", "strong"), Label("")
                value.setAccessibleName(name)
                for each in (value, difference):
                    each.setAlignment(Qt.AlignmentFlag.AlignRight)
                self._grid.addWidget(marks.Mark(f"series {number}", marks.mark_of(number)), number, 0)
                self._grid.addWidget(ElidedLabel(name), number, 1)
                self._grid.addWidget(value, number, 2)
                self._grid.addWidget(difference, number, 3)
                self._rows[name] = value, difference
        if best is None:
            return
        over = self.session.state not in UNDER_WAY
        if series.of_candidates:
            head = self.tr("Best, candidate {}") if over else self.tr("Best so far, candidate {}")
        else:
            head = self.tr("Best, epoch {}") if over else self.tr("Best so far, epoch {}")
        if series.trains_nothing:
            _say(self.best_head, self.tr("Before training"))
        elif best.epoch == 0:
            _say(
                self.best_head,
                self.tr("Best so far: before training") if not over else self.tr("Best: before training"),
            )
        else:
            _say(self.best_head, head.format(best.epoch))
        for name, (value, difference) in self._rows.items():
            figures = best.sets.get(name)
            _say(value, texts.percent(figures.accuracy) if figures is not None else "–")
            known = figures is not None and before is not None and name in before.sets and best.epoch > 0
            change = figures.accuracy - before.sets[name].accuracy if known and figures and before else 0.0
            _say(difference, texts.points(change) if known else "")
            # a loss is told by its sign first; the colour repeats it
            difference.set_tone("good" if change >= 0.0005 else "bad" if change <= -0.0005 else "")

    def _figures(self, series: Series) -> None:
        if not series.steps:
            return
        last = series.steps[-1]
        for key in ("rate", "temperature"):
            # a method that trains no network has neither
            for each in (self.values[key], self._names[key]):
                each.setVisible(not series.of_candidates)
        speed = QLocale().toString(last.pictures_per_second, "f", 0 if last.pictures_per_second >= 10 else 1)
        _say(self.values["speed"], self.tr("{}\u202fpictures/s").format(speed))
        _say(self.values["memory"], run_words.memory_words(series, self.shell.facts))
        _say(self.values["rate"], run_words.exponent(last.learning_rate) if last.learning_rate else "–")
        _say(self.values["temperature"], QLocale().toString(last.temperature, "f", 4))
        begun = run_words.begun(series)
        # one that is being gone on with still shows its attempt of before
        runs = self.session.has_begun or self.session.state is RunState.ELSEWHERE
        runs = runs and series.finished is None
        seconds = run_words.elapsed(series, datetime.now().astimezone() if runs else None)
        if seconds is None and self._elapsed[0] is series.started:
            # killed a moment ago
            seconds = self._elapsed[1]
        self._elapsed = (series.started, seconds)
        if begun is None:
            _say(self.values["elapsed"], "–")
        elif seconds is not None:
            _say(self._names["elapsed"], self.tr("Elapsed"))
            _say(self.values["elapsed"], run_words.clock(seconds))
        else:
            # of a killed run read from disk only its start is known
            _say(self._names["elapsed"], self.tr("Started"))
            local = begun.astimezone()
            month = QLocale().standaloneMonthName(local.month, QLocale.FormatType.ShortFormat)
            _say(self.values["elapsed"], f"{local.day} {month}, {local:%H:%M}")


def _say(label: Label, text: str) -> None:
    if label.text() != text:
        label.setText(text)
