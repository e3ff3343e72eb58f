"""The pages, one above the other; where the window is too small for one, it is scrolled."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget


class PageStack(QStackedWidget):
    """As large as the page that is shown needs; the others may need more."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else QSize(0, 0)

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        # what a page would like to have is not what it needs; it is to be scrolled only where it must
        return self.minimumSizeHint().height()

    def scrolled(self) -> QScrollArea:
        """An area around it; on a small or much enlarged screen nothing is cut off."""
        area = QScrollArea()
        area.setObjectName("pageScroll")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self)
        # another page may need more or less
        self.currentChanged.connect(lambda _: self.updateGeometry())
        return area
