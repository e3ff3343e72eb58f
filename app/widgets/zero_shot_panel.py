"""What names and templates alone achieve: the figure, a bar for each class, the pairs most often confused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QStackedWidget, QWidget

from app import texts
from app.widgets.basics import Badge, Button, Card, ElidedLabel, Icon, Label, Ring, column, line, row
from app.widgets.marked_badge import MarkedBadge
from app.widgets.share_lists import ROW, FigureList, PairRow, ShareRow
from engine.answers import PreviewAnswer
from engine.events import Progress
from engine.messages import say

_MARGINS = 48 + 1 + 12 + 12 + 20 + 4
"""Height of the card without the rows of its lists."""


@dataclass(frozen=True)
class Stop:
    """Why there are no figures, and what helps."""

    what: str
    why: str
    button: str = ""
    tone: Literal["info", "warn"] = "info"


_STATE = 230
"""Width of what says how far the figures are."""


class ZeroShotPanel(Card):
    """Shows a preview or why there is none; asks for nothing itself."""

    remedy_wanted = Signal()
    """The button beside the reason was pressed."""
    class_wanted = Signal(str)
    """A class's bar was clicked; its folder."""

    def __init__(self) -> None:
        super().__init__(self.tr("Accuracy before training"), padding=0, spacing=0)
        self.about.hide()
        about = ElidedLabel(self.tr("training and validation pictures, never test"), "support")
        about.setToolTip(
            self.tr(
                "The model reads your captions and says of each picture which fits best (zero-shot). "
                "Test pictures are kept for the end, so that choosing words cannot flatter the result."
            )
        )
        self.ring = Ring()
        self.phase = ElidedLabel("", "support")
        self.badge = MarkedBadge()
        self.head.addWidget(about, 1)
        self.phase.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # their place is kept, so that the words beside them stay where they are as work begins and ends
        state = QWidget()
        across = row(self.phase, self.ring, self.badge)
        # gives way to the words, where there are some
        across.insertStretch(0, 0)
        state.setLayout(across)
        state.setFixedWidth(_STATE)
        self.head.addWidget(state)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._reason())
        self.pages.addWidget(self._figures())
        self.body.addWidget(self.pages)
        self._answer: PreviewAnswer | None = None
        self._old = False
        self.show_progress(None, False)
        self.badge.hide()

    # --- building -----------------------------------------------------------------------------------

    def _reason(self) -> QWidget:
        self.what = Label("", "strong")
        self.what_icon = Icon("info", "text3")
        self.why = Label("", "support", wrap=True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(240)
        self.bar.setAccessibleName(self.tr("Progress of the preview"))
        self.remedy = Button("", act=self.remedy_wanted.emit)
        holder = QWidget()
        middle = Qt.AlignmentFlag.AlignHCenter
        layout = column(None, row(None, self.what_icon, self.what, None), self.why, spacing=8)
        layout.addWidget(self.bar, 0, middle)
        layout.addWidget(self.remedy, 0, middle)
        layout.addStretch(1)
        layout.setContentsMargins(24, 12, 24, 12)
        holder.setLayout(layout)
        return holder

    def _figures(self) -> QWidget:
        self.figure = Label("", "headline")
        self.right = Label("", "support")
        self.gain = Badge()
        self.remark = Label("", "help", wrap=True)
        left = column(self.figure, self.right, self.gain, 4, self.remark, None, spacing=6)
        self._left = QWidget()
        self._left.setLayout(left)
        self.classes = FigureList(
            self.tr("Right in each class"), self.tr("The worst class first; Enter chooses it above.")
        )
        self.pairs = FigureList(
            self.tr("Most often taken for another"),
            self.tr("The most frequent first; Enter chooses the class."),
        )
        self._pairs_none = Label("", "help", wrap=True)
        for each in (self.classes, self.pairs):
            each.picked.connect(self.class_wanted)
        worst = Label(self.tr("Right in each class"), "header")
        taken = Label(self.tr("Most often taken for another"), "header")
        worst.setContentsMargins(4, 0, 0, 0)
        taken.setContentsMargins(4, 0, 0, 0)
        middle = QWidget()
        middle.setLayout(column(worst, self.classes, spacing=4))
        right = QWidget()
        right.setLayout(column(taken, self.pairs, self._pairs_none, spacing=4))
        self._right = right
        layout = QHBoxLayout()
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(12)
        layout.addWidget(self._left)
        layout.addWidget(line(vertical=True))
        layout.addWidget(middle, 14)
        layout.addWidget(line(vertical=True))
        layout.addWidget(right, 10)
        holder = QWidget()
        holder.setLayout(layout)
        holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        return holder

    # --- showing --------------------------------------------------------------------------------------

    def show_stop(self, stop: Stop | None) -> None:
        """There is nothing to show, and why; None: what was shown before, or the work under way."""
        self.remedy.setVisible(stop is not None and bool(stop.button))
        if stop is not None:
            self.what.setText(stop.what)
            self.why.setText(stop.why)
            self.why.setVisible(bool(stop.why))
            self.what_icon.show_icon(
                "warning" if stop.tone == "warn" else "info", "warn" if stop.tone == "warn" else "text3"
            )
            self.what_icon.show()
            self.remedy.setText(stop.button)
            self.remedy.setAccessibleName(stop.button)
            self.remedy.setToolTip(stop.why or stop.what)
            self.bar.hide()
            self.badge.hide()
        self.pages.setCurrentIndex(0 if stop is not None or self._answer is None else 1)

    def show_progress(self, progress: Progress | None, under_way: bool) -> None:
        """What is being done, in words and counts; with no figures yet it is shown large."""
        words = progress_words(progress)
        self.ring.setVisible(under_way)
        self.phase.setVisible(under_way)
        self.phase.setText(words)
        if under_way and self.pages.currentIndex() == 0:
            self.what.setText(words)
            self.what_icon.hide()
            self.why.setText(
                self.tr(
                    "The first time every picture is looked at once. After that, other words are tried at once."
                )
            )
            self.why.show()
            self.phase.hide()
            self.bar.setVisible(True)
            known = progress is not None and progress.total > 0
            self.bar.setRange(0, progress.total if progress is not None and known else 0)
            self.bar.setValue(progress.done if progress is not None else 0)

    def show_answer(self, answer: PreviewAnswer | None, fresh: bool, gain: float | None) -> None:
        """Show the figures; pale and marked if they are not of the present names and templates."""
        self._answer, self._old = answer, not fresh
        if answer is None:
            self.badge.hide()
            return
        pictures = answer.pictures
        right = round(answer.accuracy * pictures)
        self.figure.setText(texts.percent(answer.accuracy))
        self.figure.setEnabled(fresh)
        self.right.setText(self.tr("{} of {} right").format(texts.number(right), texts.number(pictures)))
        self.right.setEnabled(fresh)
        words = ""
        tone: Literal["", "good", "warn"] = ""
        if gain is not None and fresh:
            words = self.tr("{} points since last edit").format(texts.points(gain))
            if round(1000 * gain) == 0:
                words = self.tr("the same since last edit")
            else:
                tone = "good" if gain > 0 else "warn"
        self.gain.say(words, tone)
        classes = sum(each.pictures > 0 for each in answer.per_class)
        remark = self.tr("Guessing gives {}. This is what the words alone achieve.").format(
            texts.percent(1 / max(1, len(answer.per_class)))
        )
        if answer.sampled:
            remark = self.tr("Measured on {} pictures, drawn evenly from {} classes. {}").format(
                texts.number(pictures), texts.number(classes), remark
            )
        self.remark.setText(remark)
        if fresh:
            self.badge.show_mark("check", self.tr("up to date"), "good")
        else:
            self.badge.show_mark("warning", self.tr("out of date"), "warn")
        self._show_rows()

    def set_strong(self, folder: str) -> None:
        """Let the chosen class stand out."""
        self.classes.set_strong(folder)
        self.pairs.set_strong(folder)

    def wanted_height(self, most: int) -> int:
        """So that its lists need no scroll bar, if that is not more than ``most``."""
        rows = max(len(self._answer.per_class), 7) if self._answer is not None else 7
        return min(most, _MARGINS + rows * ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._left.setFixedWidth(168 if self.width() < 900 else 184)
        if self._answer is not None:
            self._show_rows()

    def _show_rows(self) -> None:
        assert self._answer is not None
        self.classes.show_rows(share_rows(self._answer), self._old)
        pairs = pair_rows(self._answer)
        self.pairs.show_rows(pairs, self._old)
        self.pairs.setVisible(bool(pairs))
        self._pairs_none.setText("" if pairs else self.tr("None: every picture is right."))
        self._pairs_none.setVisible(not pairs)


def progress_words(progress: Progress | None) -> str:
    """Looking at the pictures: 120 of 400."""
    if progress is None:
        return texts.message(say("preview.model"))[0]
    phase = texts.message(progress.phase)[0]
    if progress.total:
        words = QCoreApplication.translate("prompts", "{}: {} of {}")
        return words.format(phase, texts.number(progress.done), texts.number(progress.total))
    return phase


def share_rows(answer: PreviewAnswer) -> list[ShareRow]:
    """The classes that have pictures, the worst first."""
    rows = [
        ShareRow(each.folder, each.name, round(each.accuracy * each.pictures), each.pictures, each.accuracy)
        for each in answer.per_class
        if each.accuracy is not None
    ]
    return sorted(rows, key=lambda row: row.accuracy)


def pair_rows(answer: PreviewAnswer) -> list[PairRow]:
    """The confusions under the names that the model is told."""
    classes = {each.folder: each for each in answer.per_class}
    return [
        PairRow(
            pair.truth,
            classes[pair.truth].name,
            classes[pair.taken_for].name,
            pair.pictures,
            classes[pair.truth].pictures,
        )
        for pair in answer.confused
    ]
