"""The rail of steps: mark, name and state in words, current one with a bar at its left."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from app import icons, steps
from app.steps import Mark, State, Step
from app.theme import theme
from app.widgets.basics import line

WIDTH = 208
NARROW = 64
"""Marks alone, where the pages need the room."""
_ROW = 48


class RailItem(QAbstractButton):
    """One step. Painted by hand: its mark has more forms than a style sheet knows."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step
        self.state = State(Mark.TODO, "")
        self.current = False
        self.share = 0.0
        self._ring = False
        self.setFixedHeight(_ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_state(self, state: State, current: bool, share: float = 0.0) -> None:
        self.state, self.current, self.share = state, current, share
        name = steps.name(self.step)
        self.setAccessibleName(f"{name}: {state.words}" if state.words else name)
        self.setToolTip(self.tr("Go to {}. Now: {}").format(name, state.words) if state.words else name)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's names
        keys = (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        # the ring is for whoever goes by keys; a click shows by itself where it went
        self._ring = event.reason() in keys
        super().focusInEvent(event)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(WIDTH - 16, _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        self._ground(painter, box)
        circle = QRectF(14, (_ROW - 20) / 2, 20, 20)
        if self.step is Step.RUNS:
            icons.paint(painter, "list", "text2", circle.adjusted(2, 2, -2, -2))
        else:
            self._mark(painter, circle)
        if self.width() > NARROW:
            self._words(painter)

    def _ground(self, painter: QPainter, box: QRectF) -> None:
        colours = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        if self.current:
            painter.setPen(QPen(colours.colour("press" if colours.is_dark else "hair"), 1))
            painter.setBrush(colours.colour("press" if colours.is_dark else "surface"))
            painter.drawRoundedRect(box, 6, 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent"))
            painter.drawRoundedRect(QRectF(0, 12, 3, _ROW - 24), 1.5, 1.5)
        elif self.underMouse():
            painter.setBrush(colours.colour("press" if not colours.is_dark else "hover"))
            painter.drawRoundedRect(box, 6, 6)
        if self._ring and self.hasFocus():
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)

    def _mark(self, painter: QPainter, circle: QRectF) -> None:
        colours, mark = theme(), self.state.mark
        ring = circle.adjusted(0.75, 0.75, -0.75, -0.75)
        inner = circle.adjusted(3, 3, -3, -3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if mark in (Mark.DONE, Mark.ATTENTION, Mark.OLD):
            colour = {Mark.DONE: "good", Mark.ATTENTION: "warn", Mark.OLD: "text3"}[mark]
            painter.setPen(QPen(colours.colour(colour), 1.5))
            painter.drawEllipse(ring)
            if mark is Mark.ATTENTION:
                self._sign(painter, circle, "!", colours.name_of(colour))
            else:
                icons.paint(painter, "check" if mark is Mark.DONE else "refresh", colour, inner)
            return
        if mark is Mark.RUNNING:
            painter.setPen(QPen(colours.colour("track" if not colours.is_dark else "border"), 2))
            painter.drawEllipse(ring)
            painter.setPen(QPen(colours.colour("accent_text"), 2))
            painter.drawArc(ring, 90 * 16, -round(360 * 16 * max(0.06, self.share)))
            self._sign(painter, circle, str(self.step.value), colours.name_of("text2"))
            return
        if self.current and mark is Mark.TODO:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("accent"))
            painter.drawEllipse(circle)
            self._sign(painter, circle, str(self.step.value), colours.name_of("on_accent"))
            return
        pale = mark is Mark.WAITS
        painter.setPen(QPen(colours.colour("border" if pale else "control"), 1.4))
        painter.drawEllipse(ring)
        self._sign(painter, circle, str(self.step.value), colours.name_of("text3" if pale else "text2"))

    def _sign(self, painter: QPainter, box: QRectF, text: str, colour: str) -> None:
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _words(self, painter: QPainter) -> None:
        colours = theme()
        font = QFont(self.font())
        font.setPixelSize(13)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        pale = self.state.mark is Mark.WAITS and not self.current
        painter.setPen(colours.colour("text2" if pale else "text"))
        left, room = 44, self.width() - 44 - 8
        name = steps.name(self.step)
        if self.step is Step.RUNS:
            painter.drawText(
                QRectF(left, 0, room, _ROW), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name
            )
            font.setPixelSize(12)
            font.setWeight(QFont.Weight.Normal)
            painter.setFont(font)
            painter.setPen(colours.colour("text3"))
            painter.drawText(
                QRectF(left, 0, room - 4, _ROW),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                self.state.words,
            )
            return
        painter.drawText(QRectF(left, 6, room, 18), Qt.AlignmentFlag.AlignVCenter, name)
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(colours.colour("warn" if self.state.mark is Mark.ATTENTION else "text3"))
        words = painter.fontMetrics().elidedText(self.state.words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 24, room, 17), Qt.AlignmentFlag.AlignVCenter, words)


class Rail(QWidget):
    """All steps and, below a line, the runs."""

    wanted = Signal(object)
    """The ``Step`` that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(WIDTH)
        self.setAccessibleName(self.tr("Steps"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 12, 8, 8)
        layout.setSpacing(4)
        self.items: dict[Step, RailItem] = {}
        for step in Step:
            if step is Step.RUNS:
                divider = line()
                holder = QVBoxLayout()
                holder.setContentsMargins(8, 4, 8, 4)
                holder.addWidget(divider)
                layout.addLayout(holder)
            item = RailItem(step)
            item.clicked.connect(lambda _=False, step=step: self.wanted.emit(step))
            self.items[step] = item
            layout.addWidget(item)
        layout.addStretch(1)

    def set_narrow(self, narrow: bool) -> None:
        """Show the marks alone; names and states are then in the tooltips."""
        self.setFixedWidth(NARROW if narrow else WIDTH)

    def show_states(self, states: dict[Step, State], current: Step, share: float, runs: int) -> None:
        for step, item in self.items.items():
            state = states.get(step, State(Mark.TODO, str(runs) if runs else ""))
            item.show_state(state, step is current, share if step is Step.TRAIN else 0.0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("sunken"))
        painter.setPen(theme().colour("hair"))
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
