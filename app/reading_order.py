"""In which order the Tab key goes through the controls: as they are read, whatever was made first.

Qt goes in the order in which widgets were made. Pages are made when they are first shown, and rows
and cards come and go with what they show; so the order is looked up when the key is pressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

_WHOLE = (QAbstractScrollArea, QAbstractSpinBox, QComboBox, QLineEdit)
"""Their parts are not controls of their own; an open editor of a table keeps its own Tab key."""


def controls(widget: QWidget) -> Iterator[QWidget]:
    """The controls below a widget that can have the focus now, in reading order, itself among them."""
    if widget.isHidden() or not widget.isEnabled():
        return
    is_whole = isinstance(widget, _WHOLE) and not isinstance(widget, QScrollArea)
    inner = [] if is_whole else [each for part in _parts(widget) for each in controls(part)]
    can = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    if isinstance(widget, QScrollArea):
        # it is a stop by itself only where its content can be reached in no other way
        can = can and not inner and widget.verticalScrollBar().maximum() > 0
    if can:
        yield widget
    yield from inner


def laid_out_controls(layout: QLayout) -> Iterator[QWidget]:
    """The same below a layout."""
    for widget in _laid_out(layout):
        yield from controls(widget)


def following(widget: QWidget | None, among: list[QWidget], forward: bool) -> QWidget | None:
    """The control after or before a widget, round the end; a part of a control counts as the control."""
    if not among:
        return None
    while widget is not None and widget not in among:
        if inside := [each for each in among if widget.isAncestorOf(each)]:
            # what has gone stood here
            return inside[0 if forward else -1]
        widget = widget.parentWidget()
    if widget is None:
        return among[0 if forward else -1]
    return among[(among.index(widget) + (1 if forward else -1)) % len(among)]


def _parts(widget: QWidget) -> Iterator[QWidget]:
    if isinstance(widget, QScrollArea):
        if (content := widget.widget()) is not None:
            yield content
        return
    if isinstance(widget, QStackedWidget):
        if (shown := widget.currentWidget()) is not None:
            yield shown
        return
    layout = widget.layout()
    if layout is not None:
        yield from _laid_out(layout)
        return
    children = [each for each in widget.children() if isinstance(each, QWidget) and not each.isWindow()]
    yield from sorted(children, key=lambda each: (each.y(), each.x()))


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield widget
        elif (inner := item.layout()) is not None:
            yield from _laid_out(inner)
