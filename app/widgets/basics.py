"""Labels, buttons, cards, badges, banners and other small things in one hand.

Each takes its looks from the style sheet by property, and its icon's colour from the theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import icons
from app.shell import Notice
from app.theme import theme

Role = Literal["headline", "title", "card", "strong", "label", "support", "help", "header", "body"]
Tone = Literal["", "accent", "good", "warn", "bad"]


def repolish(widget: QWidget) -> None:
    """Let the style sheet look at the widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def clear(layout: QLayout) -> None:
    """Remove and delete all that lies in a layout."""
    while layout.count():
        item = layout.takeAt(0)
        assert item is not None
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
        elif inner := item.layout():
            clear(inner)


def row(*things: QWidget | QLayout | int | None, spacing: int = 8) -> QHBoxLayout:
    """Things beside each other; None is a stretch, a number a gap in pixels."""
    return _filled(QHBoxLayout(), things, spacing)


def column(*things: QWidget | QLayout | int | None, spacing: int = 8) -> QVBoxLayout:
    """Things below each other; None is a stretch, a number a gap in pixels."""
    return _filled(QVBoxLayout(), things, spacing)


L = TypeVar("L", bound=QBoxLayout)


def _filled(layout: L, things: Iterable[QWidget | QLayout | int | None], spacing: int) -> L:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for thing in things:
        if thing is None:
            layout.addStretch(1)
        elif isinstance(thing, int):
            layout.addSpacing(thing)
        elif isinstance(thing, QWidget):
            layout.addWidget(thing)
        else:
            layout.addLayout(thing)
    return layout


class Label(QLabel):
    """Text in one of the type sizes."""

    def __init__(
        self, text: str = "", role: Role = "body", tone: Tone = "", wrap: bool = False, select: bool = False
    ) -> None:
        super().__init__(text)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if wrap:
            self.setWordWrap(True)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if select:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def set_tone(self, tone: Tone) -> None:
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)


class ElidedLabel(Label):
    """One line that ends in … where there is no room; the whole text is its tooltip."""

    def __init__(
        self,
        text: str = "",
        role: Role = "body",
        tone: Tone = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, role, tone)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(24)

    def setText(self, text: str) -> None:  # noqa: N802  Qt's name
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        box = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, box.width())
        painter.drawText(box, self.alignment() | Qt.AlignmentFlag.AlignVCenter, text)


class Icon(QWidget):
    """A line icon in a colour of the theme."""

    def __init__(self, name: str, colour: str = "text2", size: int = 16) -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        self.setFixedSize(size, size)

    def show_icon(self, name: str, colour: str) -> None:
        self._name, self._colour = name, colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.paint(painter, self._name, self._colour, QRectF(self.rect()))


Kind = Literal["", "primary", "quiet", "danger", "link"]


class Button(QPushButton):
    """A button; its icon follows the theme, ``busy`` swaps the icon for a turning ring."""

    def __init__(
        self,
        text: str = "",
        icon: str = "",
        kind: Kind = "",
        small: bool = False,
        tip: str = "",
        act: Callable[[], object] | None = None,
        name: str = "",
    ) -> None:
        """``name`` is the accessible name of a button without words; ``tip`` teaches."""
        super().__init__(text)
        self._icon = icon
        self._kind = kind
        self._turn: QTimer | None = None
        self._angle = 0
        self.setProperty("kind", kind)
        self.setProperty("small", small)
        self.setProperty("iconOnly", bool(icon and not text))
        self.setIconSize(QSize(16, 16))
        self.setToolTip(tip)
        self.setAccessibleName(name or text.replace("&", "") or tip)
        self.setAccessibleDescription(tip)
        self.setCursor(Qt.CursorShape.PointingHandCursor if kind == "link" else Qt.CursorShape.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if act is not None:
            self.clicked.connect(lambda: act())
        theme().changed.connect(self._draw)
        self._draw()

    def set_icon(self, icon: str) -> None:
        self._icon = icon
        self._draw()

    def set_busy(self, busy: bool) -> None:
        """Off and with a turning ring while what it started is under way."""
        self.setEnabled(not busy)
        if busy and self._turn is None:
            self._turn = QTimer(self)
            self._turn.timeout.connect(self._turned)
            self._turn.start(80)
        elif not busy and self._turn is not None:
            self._turn.stop()
            self._turn.deleteLater()
            self._turn = None
            self._draw()

    def _turned(self) -> None:
        self._angle = (self._angle + 30) % 360
        ratio = self.devicePixelRatioF()
        picture = icons.pixmap("refresh", "disabled", 16, ratio).copy()
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_ring(painter, QRectF(2, 2, 12, 12), self._angle, theme().colour("disabled"))
        painter.end()
        shown = QIcon(picture)
        shown.addPixmap(picture, QIcon.Mode.Disabled)
        self.setIcon(shown)

    def _draw(self) -> None:
        if self._icon:
            colour = {"primary": "on_accent", "danger": "bad", "link": "accent_text"}.get(self._kind, "text2")
            self.setIcon(icons.icon(self._icon, colour))
        else:
            self.setIcon(QIcon())


def paint_ring(painter: QPainter, box: QRectF, angle: float, colour: QColor, width: float = 2.0) -> None:
    """Three quarters of a circle: work under way."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(box, round(-angle * 16), 270 * 16)


class Ring(QWidget):
    """Turns while work is under way; hidden it does nothing."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        self.setFixedSize(size, size)
        self._angle = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)

    def showEvent(self, event: QEvent) -> None:  # noqa: N802
        self._timer.start(80)

    def hideEvent(self, event: QEvent) -> None:  # noqa: N802
        self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + 30) % 360
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        inner = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        paint_ring(painter, inner, self._angle, theme().colour("accent_text"))


class Card(QFrame):
    """A surface with a hairline. ``body`` is its layout; a title makes a head of 48 px above a line."""

    def __init__(self, title: str = "", about: str = "", padding: int = 16, spacing: int = 8) -> None:
        super().__init__()
        self.setObjectName("card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.head = QHBoxLayout()
        self.about = Label(about, "support")
        if title:
            self.title = Label(title, "card")
            holder = QWidget()
            holder.setFixedHeight(48)
            self.head.setContentsMargins(16, 0, 12, 0)
            self.head.setSpacing(8)
            self.head.addWidget(self.title)
            self.head.addWidget(self.about, 1)
            holder.setLayout(self.head)
            outer.addWidget(holder)
            outer.addWidget(line())
        else:
            self.about.setParent(self)
            self.about.hide()
        self.body = QVBoxLayout()
        self.body.setContentsMargins(padding, padding, padding, padding)
        self.body.setSpacing(spacing)
        outer.addLayout(self.body, 1)

    def set_chosen(self, chosen: bool) -> None:
        self.setProperty("chosen", chosen)
        repolish(self)


def line(vertical: bool = False) -> QFrame:
    """A divider one pixel thick."""
    made = QFrame()
    made.setObjectName("line")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


class Badge(QLabel):
    """A short fragment in lower case on a tinted ground."""

    def __init__(self, text: str = "", tone: Tone = "") -> None:
        super().__init__(text)
        self.setProperty("badge", True)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def say(self, text: str, tone: Tone = "") -> None:
        self.setText(text)
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            repolish(self)
        self.setVisible(bool(text))


_MARKS = {"info": "info", "good": "check", "warn": "warning", "bad": "warning"}
_COLOURS = {"info": "accent_text", "good": "good", "warn": "warn", "bad": "bad"}


class Banner(QFrame):
    """What happened, why, the remedy as a button, and a way to close it."""

    closed = Signal()

    def __init__(self, notice: Notice, closable: bool = True) -> None:
        super().__init__()
        self.notice = notice
        self.setObjectName("banner")
        self.setProperty("tone", notice.tone)
        self.setMinimumHeight(40)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(Icon(_MARKS[notice.tone], _COLOURS[notice.tone]), 0, Qt.AlignmentFlag.AlignVCenter)
        what = Label(notice.what, "strong")
        layout.addWidget(what)
        why = Label(notice.why, wrap=True, select=True)
        layout.addWidget(why, 1)
        self.setAccessibleName(f"{notice.what} {notice.why}")
        self.button: Button | None = None
        if notice.button and notice.act is not None:
            self.button = Button(notice.button, small=True, act=notice.act, tip=notice.button)
            layout.addWidget(self.button)
        if closable:
            layout.addWidget(
                Button(
                    icon="close",
                    kind="quiet",
                    small=True,
                    act=self.closed.emit,
                    name=self.tr("Close"),
                    tip=self.tr("Close this message"),
                )
            )


class Segmented(QFrame):
    """A few choices beside each other, one of them chosen."""

    chosen = Signal(str)
    """Key of the choice that the person made."""

    def __init__(self, choices: dict[str, str], name: str, tips: dict[str, str] | None = None) -> None:
        """``choices`` is key -> words; ``name`` is what is chosen, for screen readers."""
        super().__init__()
        self.setObjectName("segmented")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for key, words in choices.items():
            button = QPushButton(words)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            button.setAccessibleName(f"{name}: {words}")
            tip = (tips or {}).get(key, f"{name}: {words}")
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            layout.addWidget(button)
            self.buttons[key] = button
        self.setFixedHeight(28)

    def choose(self, key: str) -> None:
        """Show a choice as made; tells nobody."""
        self.buttons[key].setChecked(True)

    @property
    def key(self) -> str:
        return next((key for key, button in self.buttons.items() if button.isChecked()), "")


class Switch(QCheckBox):
    """On or off, at once in effect."""

    def sizeHint(self) -> QSize:  # noqa: N802
        metrics = self.fontMetrics()
        words = metrics.horizontalAdvance(self.text()) + 8 if self.text() else 0
        return QSize(30 + words, max(20, metrics.height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def hitButton(self, pos: object) -> bool:  # noqa: N802
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - 16) / 2
        box = QRectF(1, top, 28, 16)
        on = self.isChecked()
        ground = theme().colour("accent" if on else "control")
        if not self.isEnabled():
            ground = theme().colour("track")
        painter.setPen(QPen(theme().colour("accent_text"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("on_accent"))
        painter.drawEllipse(QRectF(15 if on else 3, top + 2, 12, 12))
        painter.setPen(theme().colour("text" if self.isEnabled() else "disabled"))
        painter.drawText(
            self.rect().adjusted(38, 0, 0, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            self.text(),
        )


class Field(QWidget):
    """A control with its label above and its help below; an error takes the place of the help."""

    def __init__(self, label: str, control: QWidget, help_text: str = "", tip: str = "") -> None:
        super().__init__()
        self.control = control
        self._help = help_text
        self._mark = Icon("warning", "bad", 14)
        self._below = Label(help_text, "help", wrap=True)
        self.label = Label(label, "label")
        self.label.setBuddy(control)
        control.setAccessibleName(label)
        control.setAccessibleDescription(help_text or tip)
        if tip or help_text:
            control.setToolTip(tip or help_text)
        below = row(self._mark, self._below, spacing=4)
        layout = column(self.label, control, below, spacing=4)
        self.setLayout(layout)
        self._mark.hide()
        self._below.setVisible(bool(help_text))

    def set_error(self, error: str) -> None:
        """Show what is wrong, or the help again for an empty text."""
        self._mark.setVisible(bool(error))
        self._below.setText(error or self._help)
        self._below.set_tone("bad" if error else "")
        self._below.setVisible(bool(error or self._help))
        self.control.setProperty("wrong", bool(error))
        repolish(self.control)

    def set_help(self, text: str) -> None:
        self._help = text
        if not self._mark.isVisible():
            self._below.setText(text)
            self._below.setVisible(bool(text))


def group(buttons: Iterable[QAbstractButton], parent: QWidget) -> QButtonGroup:
    """Make buttons exclude each other."""
    made = QButtonGroup(parent)
    for button in buttons:
        made.addButton(button)
    return made
