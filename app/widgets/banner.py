"""What happened, above a page."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from app.shell import Notice
from app.widgets.buttons import Button
from app.widgets.labels import Icon, Label

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
