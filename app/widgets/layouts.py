"""Rows, columns and dividers in one hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

L = TypeVar("L", bound=QBoxLayout)


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


class Content(QWidget):
    """What a scroll area shows, as tall as its things are at the width it has.

    A plain widget also insists on the height that it would have at its narrowest, where texts wrap most:
    an empty space to scroll through.
    """

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        hint = super().minimumSizeHint()
        return QSize(hint.width(), 0) if self.hasHeightForWidth() else hint


def line(vertical: bool = False) -> QFrame:
    """A divider one pixel thick."""
    made = QFrame()
    made.setObjectName("line")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made
