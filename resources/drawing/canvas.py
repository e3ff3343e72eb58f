"""Paints shapes on a transparent canvas with Qt and hands the pixels to numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QLinearGradient, QPainter, QPen

from .shapes import Shape


@dataclass(frozen=True, slots=True)
class Ink:
    """How shapes are put on the canvas; widths are shares of the picture's side."""

    outline: float = 0.0
    tone: float = 0.3
    """Lightness of the outline compared with the shape's own colour."""
    hollow: bool = False
    """Only the outlines, nothing filled."""
    shadow: float = 0.0
    """How far the shadow under each single shape falls."""


PLAIN = Ink()


def _brush(shape: Shape) -> QBrush:
    if shape.fade is None:
        return QBrush(shape.colour)
    area = shape.path.boundingRect()
    gradient = QLinearGradient(QPointF(area.left(), area.top()), QPointF(area.left(), area.bottom()))
    gradient.setColorAt(0, shape.colour)
    gradient.setColorAt(1, shape.fade)
    return QBrush(gradient)


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(
        QBrush(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )


def _dimmed(colour: QColor, share: float) -> QColor:
    return QColor.fromRgbF(colour.redF() * share, colour.greenF() * share, colour.blueF() * share)


def _cast(painter: QPainter, shape: Shape, reach: float) -> None:
    """A shadow of three faint copies, which look soft together."""
    for k in (1.0, 0.66, 0.33):
        moved = shape.path.translated(reach * 0.45 * k, reach * k)
        if shape.line:
            painter.strokePath(moved, _pen(QColor(20, 16, 40, 30), shape.line))
        else:
            painter.fillPath(moved, QColor(20, 16, 40, 30))


def _put(painter: QPainter, shape: Shape, ink: Ink) -> None:
    if shape.clip is not None:
        painter.setClipPath(shape.clip)
    if ink.shadow:
        _cast(painter, shape, ink.shadow * (0.35 if shape.clip is not None else 1.0))
    if shape.line:
        painter.strokePath(shape.path, _pen(shape.colour, shape.line))
    else:
        if not ink.hollow:
            painter.fillPath(shape.path, _brush(shape))
        # Marks of a pattern get half a line: they are paint on a surface, not things of their own.
        width = ink.outline * (0.5 if shape.clip is not None else 1.0)
        if width and (shape.clip is None or ink.hollow):
            painter.strokePath(shape.path, _pen(_dimmed(shape.colour, ink.tone), width))
    if shape.clip is not None:
        painter.setClipping(False)
        if ink.outline:
            # The rim of the surface was painted over by the marks: draw it once more on top.
            painter.strokePath(shape.clip, _pen(_dimmed(shape.colour, ink.tone * 0.8), ink.outline))


def layer(shapes: Sequence[Shape], side: int, ink: Ink = PLAIN) -> NDArray[np.floating[Any]]:
    """The shapes on a transparent square: rows x columns x RGBA, premultiplied, between 0 and 1."""
    image = QImage(side, side, QImage.Format.Format_RGBA8888_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side, side)
    for shape in shapes:
        _put(painter, shape, ink)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(side, side, 4)
    return pixels.astype(np.float32) / 255
