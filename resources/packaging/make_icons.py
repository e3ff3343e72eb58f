"""Draws the program's icon in the forms that desktops want, from ``resources/icons/app.svg``.

Run as ``python -m resources.packaging.make_icons``; what it writes is kept in the repository.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "icons" / "app.svg"
WINDOWS = (16, 20, 24, 32, 40, 48, 64, 128, 256)
MACOS = (16, 32, 64, 128, 256, 512)
MARGIN = 0.09
"""Free edge on macOS, whose icons do not fill their square."""


def drawn(pixels: int, margin: float = 0.0) -> Image.Image:
    """The icon on a transparent square of ``pixels``."""
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    edge = pixels * margin
    bounds = image.rect().toRectF().adjusted(edge, edge, -edge, -edge)
    QSvgRenderer(str(SOURCE)).render(painter, bounds)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGBA")


def main() -> None:
    """Write all of them."""
    application = QGuiApplication(["icons", "-platform", "offscreen"])
    windows = [drawn(pixels) for pixels in WINDOWS]
    windows[-1].save(HERE / "flyp-gui.ico", sizes=[each.size for each in windows], append_images=windows[:-1])
    macos = [drawn(pixels, MARGIN) for pixels in MACOS]
    macos[-1].save(HERE / "flyp-gui.icns", append_images=macos[:-1])
    drawn(256).save(HERE / "flyp-gui.png", optimize=True)
    del application


if __name__ == "__main__":
    sys.exit(main())
