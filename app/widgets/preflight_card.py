"""What training would meet: everything wrong at once, warnings, time, memory and the plan in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from app import texts
from app.widgets.basics import Badge, Button, Card, Content, Icon, Label, Ring, Tone, clear, column, line, row
from engine.answers import PreflightAnswer
from engine.events import Progress
from engine.messages import Message

_PRECISION = {"fp32": "32", "bf16": "16", "fp16": "16"}


class PreflightCard(Card):
    """At the right of the Method page."""

    wanted = Signal()
    """Check now."""
    recipe_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Check"), padding=0)
        self.badge = Badge()
        self.badge.hide()
        self.button = Button(
            self.tr("Check now"),
            icon="refresh",
            small=True,
            act=self.wanted.emit,
            tip=self.tr("Go the way of training up to its first step: pictures, model, memory and time"),
        )
        self.about.hide()
        self.head.addStretch(1)
        self.head.addWidget(self.badge)
        self.head.addWidget(self.button)
        self.ring = Ring()
        self.phase = Label("", "support", wrap=True)
        self._working = QWidget()
        working = row(self.ring, self.phase)
        working.setContentsMargins(16, 10, 16, 10)
        working.setStretch(1, 1)
        self._working.setLayout(working)
        self._working.hide()
        self.body.addWidget(self._working)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setAccessibleName(self.tr("What the check found"))
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.inside = Content()
        self._body = QVBoxLayout(self.inside)
        self._body.setContentsMargins(16, 12, 16, 12)
        self._body.setSpacing(8)
        area.setWidget(self.inside)
        self.body.addWidget(area, 1)
        self._build_figures()
        self.body.addWidget(line())
        self.recipe = Button(
            self.tr("Recipe…"), icon="list", small=True, act=self.recipe_wanted.emit,
            tip=self.tr("See and copy all that decides the run, and the command that trains it"),
        )  # fmt: skip
        self.copy = Button(
            self.tr("Copy command"), icon="copy", small=True, act=self.copy_wanted.emit,
        )  # fmt: skip
        foot = row(self.recipe, self.copy, None)
        foot.setContentsMargins(16, 10, 16, 10)
        self.body.addLayout(foot)

    def _build_figures(self) -> None:
        self.told = QVBoxLayout()
        self.told.setSpacing(10)
        self._body.addLayout(self.told)
        self.good = QWidget()
        good = row(Icon("check", "good"), Label(self.tr("Nothing stands in the way."), "strong", wrap=True))
        good.setStretch(1, 1)
        self.good.setLayout(good)
        self._body.addWidget(self.good)
        self.figures = QWidget()
        inner = QVBoxLayout(self.figures)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.setSpacing(4)
        self.time = Label("", "headline")
        self.time.setToolTip(
            self.tr("From one timed step and one timed look at the pictures; stopping early makes it less.")
        )
        self.passes = Label("", "support", wrap=True)
        self.memory_words = Label("", wrap=True)
        self.memory = QProgressBar()
        self.memory.setTextVisible(False)
        self.memory.setRange(0, 1000)
        self.memory.setAccessibleName(self.tr("Memory that training takes of the device"))
        for each in (self.time, self.passes, 8, self.memory_words, self.memory, 8):
            if isinstance(each, int):
                inner.addSpacing(each)
            else:
                inner.addWidget(each)
        inner.addWidget(line())
        inner.addSpacing(4)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.plan: dict[str, Label] = {}
        self._titles: dict[str, Label] = {}
        for key, title, tip in (
            ("device", self.tr("Device"), self.tr("Where it is computed.")),
            ("precision", self.tr("Arithmetic"), self.tr("How exactly numbers are kept in training: 32 bits, or 16 (bf16, fp16), which is quicker where the device does it in hardware. Judging is always in 32 bits.")),
            ("parts", self.tr("Pictures at once"), self.tr("A step in parts gives the same gradients and needs less memory.")),
            ("threads", self.tr("Threads"), self.tr("Processor cores that compute and read pictures.")),
            ("pictures", self.tr("Pictures"), self.tr("Pictures that are trained on.")),
        ):  # fmt: skip
            name, value = Label(title, "support"), Label("", wrap=True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            for label in (name, value):
                label.setToolTip(tip)
            place = self._grid.rowCount()
            self._grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, place, 1)
            self.plan[key], self._titles[key] = value, name
        inner.addLayout(self._grid)
        self._body.addWidget(self.figures)
        self.empty = Label("", "support", wrap=True)
        self._body.addWidget(self.empty)
        self._body.addStretch(1)

    # --- what is so ---------------------------------------------------------------------------

    def show_progress(self, said: Progress | None, working: bool) -> None:
        """What the check is doing; a ring turns while it works."""
        self._working.setVisible(working)
        self.button.set_busy(working)
        if not working:
            return
        words = self.tr("Beginning …")
        if said is not None:
            words = texts.message(said.phase)[0]
            if said.total:
                words += f"  {texts.number(said.done)}\u202f/\u202f{texts.number(said.total)}"
        if self.phase.text() != words:
            self.phase.setText(words)

    def show_answer(
        self, answer: PreflightAnswer | None, fresh: bool, failure: Message | None, why_not: str
    ) -> None:
        """The last answer, grey when something has changed since; ``why_not`` says why none can be had."""
        clear(self.told)
        current = fresh and failure is None and not why_not
        self.inside.setEnabled(current or answer is None or failure is not None or bool(why_not))
        shown = answer if failure is None and not why_not else None
        self.button.setEnabled(not why_not and not self._working.isVisible())
        self._say_badge(shown, fresh)
        self.empty.setText(why_not or self.tr("The check finds out what training will meet and take."))
        self.empty.setVisible(shown is None and failure is None)
        if failure is not None:
            self.told.addWidget(_told(failure, "bad"))
        self.good.setVisible(shown is not None and not shown.problems)
        self.figures.setVisible(shown is not None and shown.seconds is not None)
        if shown is None:
            return
        for problem in shown.problems:
            self.told.addWidget(_told(problem, "bad"))
        for warning in shown.warnings:
            self.told.addWidget(_told(warning, "warn"))
        if shown.seconds is not None:
            self._show_figures(shown)

    def _say_badge(self, shown: PreflightAnswer | None, fresh: bool) -> None:
        if shown is None:
            self.badge.say("")
        elif not fresh:
            self.badge.say(self.tr("out of date"), "warn")
        elif shown.problems:
            count = len(shown.problems)
            self.badge.say(
                self.tr("1 problem") if count == 1 else self.tr("{} problems").format(count), "bad"
            )
        else:
            self.badge.say(self.tr("up to date"), "good")

    def _show_figures(self, shown: PreflightAnswer) -> None:
        self.time.setText(self.tr("about {}").format(texts.duration(shown.seconds or 0)))
        if shown.epochs:
            text = self.tr("for {} epochs of {} steps, {} in all")
            numbers = (texts.number(n) for n in (shown.epochs, shown.steps_per_epoch, shown.steps))
            self.passes.setText(text.format(*numbers))
        else:
            self.passes.setText(self.tr("to look at every picture once"))
        whole = shown.memory_total
        known = shown.memory is not None and bool(whole)
        self.memory.setVisible(known)
        self.memory_words.setVisible(known)
        if known and shown.memory is not None and whole:
            share = shown.memory / whole
            words = self.tr("Memory: about {} of {}").format(texts.size(shown.memory), texts.size(whole))
            if share > 0.9:
                words += self.tr(", which is tight. Fewer pictures at once need less.")
            self.memory_words.setText(words)
            self.memory_words.set_tone("warn" if share > 0.9 else "")
            self.memory.setValue(min(1000, round(1000 * share)))
        for key, text in self._plan_words(shown, shown.plan or {}).items():
            self.plan[key].setText(text)
            self.plan[key].setVisible(bool(text))
            self._titles[key].setVisible(bool(text))

    def _plan_words(self, shown: PreflightAnswer, plan: dict[str, Any]) -> dict[str, str]:
        precision, parts = str(plan.get("precision", "")), int(plan.get("micro_batch", 0))
        steps = max(1, shown.steps_per_epoch)
        batch = -(-shown.pictures // steps)
        bits = _PRECISION.get(precision)
        at_once = self.tr("{} (a whole step)").format(texts.number(min(parts, batch) or batch))
        if not shown.epochs:
            # there are no steps: the pictures are only looked at
            at_once = texts.number(min(parts, batch) or batch)
        elif 0 < parts < batch:
            at_once = self.tr("{} of the {} of a step").format(texts.number(parts), texts.number(batch))
        return {
            "device": str(plan.get("device_name") or plan.get("device", "")),
            "precision": self.tr("{} bits ({})").format(bits, precision) if bits else precision,
            "parts": at_once,
            "threads": texts.number(int(plan["threads"])) if "threads" in plan else "",
            "pictures": texts.number(shown.pictures),
        }


def _told(message: Message, tone: Tone) -> QWidget:
    """One problem or warning: a mark, what is so, and the remedy."""
    text, remedy = texts.message(message)
    what = Label(text, "body", "", wrap=True, select=True)
    below = Label(remedy, "help", wrap=True, select=True)
    below.setVisible(bool(remedy))
    across = row(
        column(Icon("warning" if tone == "warn" else "error", tone), None), column(what, below, spacing=2)
    )
    across.setStretch(1, 1)
    made = QWidget()
    made.setLayout(across)
    made.setAccessibleName(f"{text} {remedy}".strip())
    return made
