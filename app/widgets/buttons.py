"""Buttons, choices beside each other and switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from app import icons
from app.theme import theme
from app.widgets.rings import paint_ring

Kind = Literal["", "primary", "quiet", "danger", "link"]
_SIDE = 16
_GAP = 4
"""Between icon and words, beside the 4 pixels that the style leaves."""


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
        self._gap = _GAP if icon and text else 0
        self.setIconSize(QSize(_SIDE + self._gap, _SIDE))
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
        self._gap = _GAP if icon and self.text() else 0
        self.setIconSize(QSize(_SIDE + self._gap, _SIDE))
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
        picture = QPixmap(round(self.iconSize().width() * ratio), round(_SIDE * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        box = QRectF(2 + self._before(), 2, 12, 12)
        paint_ring(painter, box, self._angle, theme().colour("disabled"))
        painter.end()
        shown = QIcon(picture)
        shown.addPixmap(picture, QIcon.Mode.Disabled)
        self.setIcon(shown)

    def _before(self) -> int:
        """The gap, where the icon stands behind the words."""
        return self._gap if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else 0

    def _draw(self) -> None:
        if self._icon:
            colour = {"primary": "on_accent", "danger": "bad", "link": "accent_text"}.get(self._kind, "text2")
            before = self._before()
            self.setIcon(icons.icon(self._icon, colour, _SIDE, before, self._gap - before))
        else:
            self.setIcon(QIcon())


class _Segment(QPushButton):
    """As wide as its words are when it is chosen, so that nothing moves and nothing is cut."""

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        return QSize(QFontMetrics(strong).horizontalAdvance(self.text()) + 18, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()


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
            button = _Segment(words)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            # the chosen one is bold: room for that, so that none is cut and nothing moves
            bold = QFont(button.font())
            bold.setWeight(QFont.Weight.DemiBold)
            button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(words) + 20)
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


def group(buttons: Iterable[QAbstractButton], parent: QWidget) -> QButtonGroup:
    """Make buttons exclude each other."""
    made = QButtonGroup(parent)
    for button in buttons:
        made.addButton(button)
    return made
