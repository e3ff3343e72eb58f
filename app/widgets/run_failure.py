"""Why a run failed, what helps, and the button that does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit

from app import texts
from app.charts.series import Series
from app.run_session import RunSession, RunState
from app.steps import Step
from app.widgets import run_words
from app.widgets.basics import Button, Card, Icon, Kind, Label, clear, column, row
from engine.messages import Message
from engine.recipe import Recipe

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Remedy:
    """One thing that may help: a change of the recipe, going on, or a page where to choose anew."""

    words: str
    tip: str
    training: dict[str, Any] | None = None
    """Fields of the recipe's training to change before it is started again; {} starts it as it is."""
    resume: bool = False
    step: Step | None = None


def parts_in_use(recipe: Recipe, series: Series) -> int:
    """Pictures that went through the model at once when it ended."""
    asked = recipe.training.micro_batch or recipe.training.batch_size
    planned = series.started.plan.get("micro_batch") if series.started is not None else None
    found = [asked, planned if isinstance(planned, int) else asked]
    for warning in series.warnings:
        after = warning.arguments.get("after")
        if warning.code == "training.smaller_micro_batch" and isinstance(after, int):
            found.append(after)
    return min(found)


def remedies(error: Message | None, recipe: Recipe, series: Series, can_resume: bool) -> list[Remedy]:
    """What can be done at one click, the likeliest first."""
    code = error.code if error is not None else ""
    plan = series.started.plan if series.started is not None else {}
    again = Remedy(
        translate("remedies", "Try again"),
        translate("remedies", "Start the same recipe in a new run"),
        training={},
    )
    go_on = Remedy(
        translate("remedies", "Go on from the last save"),
        translate("remedies", "Nothing before it is done twice"),
        resume=True,
    )
    if code == "training.out_of_memory":
        made = []
        parts = parts_in_use(recipe, series)
        if parts > 1:
            words = (
                translate("remedies", "Try with parts of {} pictures").format(parts // 2)
                if parts > 3
                else translate("remedies", "Try with one picture at a time")
            )
            half = parts // 2 if parts > 3 else 1
            made.append(
                Remedy(
                    words,
                    translate("remedies", "Fewer at once need less memory; the gradients stay the same"),
                    training={"micro_batch": half},
                )
            )
        made.append(
            Remedy(
                translate("remedies", "Choose a smaller model"),
                translate("remedies", "Go to the models; each says what it needs"),
                step=Step.MODEL,
            )
        )
        if plan.get("device", recipe.training.device) not in ("cpu", "auto"):
            made.append(
                Remedy(
                    translate("remedies", "Try on the CPU"),
                    translate("remedies", "Slower, with the machine's own memory"),
                    training={"device": "cpu"},
                )
            )
        return made
    if code == "training.nan":
        rate = float(f"{recipe.training.learning_rate / 3:.1e}")
        made = [
            Remedy(
                translate("remedies", "Try with learning rate {}").format(run_words.exponent(rate)),
                translate("remedies", "A third of before: smaller steps keep the loss in bounds"),
                training={"learning_rate": rate},
            )
        ]
        if plan.get("precision", recipe.training.precision) in ("bf16", "fp16"):
            made.append(
                Remedy(
                    translate("remedies", "Try in full precision"),
                    translate("remedies", "Slower, but numbers do not overflow (fp32)"),
                    training={"precision": "fp32"},
                )
            )
        return made
    if code.startswith("data.") and not can_resume:
        return [
            again,
            Remedy(
                translate("remedies", "Look at the pictures"),
                translate("remedies", "Go to the pictures and their problems"),
                step=Step.PICTURES,
            ),
        ]
    if code.startswith(("clip.", "model.")) and not can_resume:
        return [
            again,
            Remedy(
                translate("remedies", "Choose another model"),
                translate("remedies", "Go to the models"),
                step=Step.MODEL,
            ),
        ]
    if code.startswith(
        ("training.wrong_option", "training.unsupported", "training.no_", "training.precision")
    ):
        return [
            Remedy(
                translate("remedies", "Change the method"),
                translate("remedies", "Go to the method and its settings"),
                step=Step.METHOD,
            ),
            again,
        ]
    return [go_on, again] if can_resume else [again]


class FailureCard(Card):
    """Shown above the charts; ``chosen`` tells which remedy was taken."""

    chosen = Signal(object)

    def __init__(self, session: RunSession) -> None:
        super().__init__(spacing=8)
        self._session = session
        self._known: tuple[object, ...] = ()
        self.what = Label("", "strong", wrap=True, select=True)
        self.why = Label("", "support", wrap=True, select=True)
        self.buttons: list[Button] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self.detail_button = Button(
            self.tr("Details"), icon="chevron-right", kind="quiet", small=True, act=self._fold,
            tip=self.tr("The technical text, for a report"),
        )  # fmt: skip
        self.detail_button.setCheckable(True)
        self.copy = Button(
            self.tr("Copy"), icon="copy", kind="quiet", small=True, act=self._copy,
            tip=self.tr("Copy the message and the technical text"),
        )  # fmt: skip
        self.detail = QPlainTextEdit()
        self.detail.setReadOnly(True)
        self.detail.setFixedHeight(120)
        self.detail.setAccessibleName(self.tr("Technical text"))
        self.detail.hide()
        words = column(self.what, self.why, spacing=2)
        self.body.setContentsMargins(15, 11, 11, 11)
        icon = column(2, Icon("error", "bad"), None, spacing=0)
        # beside the words, which can be broken; beside the remedies they would widen a small window
        side = column(row(self.detail_button, self.copy), None)
        above = row(icon, words, side)
        above.setStretch(1, 1)
        self.body.addLayout(above)
        self.body.addLayout(row(24, self._row, None))
        self.body.addWidget(self.detail)

    def refresh(self, recipe: Recipe | None) -> bool:
        """Show what is wrong with the run, if anything is; True if it is shown."""
        session = self._session
        error = run_words.error_of(session)
        # a saved run with an error is one that could not be gone on with just now
        saved = (RunState.INTERRUPTED, RunState.PAUSED, RunState.CANCELLED)
        shown = session.state is RunState.FAILED or (session.state in saved and error is not None)
        now = (shown, error, session.detail, recipe, session.can_resume if shown else None, session.folder)
        if now == self._known:
            return shown
        self._known = now
        self.setVisible(shown)
        if not shown:
            return False
        anew = self.tr("It has to be started anew.")
        if error is None:
            what, why = self.tr("The run ended before it was first saved."), anew
        elif error.code == "app.engine_gone":
            # its hint is for requests; a training is not started again by itself
            what = self.tr("The training's process ended unexpectedly.")
            why = self.tr("What was learnt up to the last save is safe.") if session.can_resume else anew
        else:
            what, why = texts.message(error)
        self.what.setText(what)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.setAccessibleName(f"{what} {why}")
        technical = session.detail or (error.code if error is not None else "")
        self.detail.setPlainText(technical)
        self.detail_button.setVisible(bool(technical))
        clear(self._row)
        failed = session.recipe or recipe
        found = remedies(error, failed, session.series, session.can_resume) if failed is not None else []
        if recipe is None:
            found = [each for each in found if each.training is None]
        self.buttons = []
        for number, remedy in enumerate(found):
            kind: Kind = "primary" if number == 0 else ""
            button = Button(
                remedy.words, kind=kind, small=True, tip=remedy.tip, act=partial(self.chosen.emit, remedy)
            )
            self.buttons.append(button)
            self._row.addWidget(button)
        return True

    def _fold(self) -> None:
        shown = self.detail_button.isChecked()
        self.detail.setVisible(shown)
        self.detail_button.set_icon("chevron-down" if shown else "chevron-right")

    def _copy(self) -> None:
        parts = [self.what.text(), self.why.text(), self.detail.toPlainText()]
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))
