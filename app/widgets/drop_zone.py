"""The empty page of pictures: drop something, choose something, or take the sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.widgets.basics import Button, Icon, Label, clear, column, repolish, row


class DropZone(QFrame):
    """A large target with the other ways beside it."""

    dropped = Signal(str)
    """A path to be opened."""
    folder_wanted = Signal()
    table_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dropZone")
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Drop a folder of pictures here"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 32, 32, 32)
        self.choose = Button(
            self.tr("Choose a folder…"),
            icon="folder",
            kind="primary",
            act=self.folder_wanted.emit,
            tip=self.tr("A folder that has a folder of pictures for each class"),
        )
        self.table = Button(
            self.tr("Choose a CSV…"),
            icon="table",
            act=self.table_wanted.emit,
            tip=self.tr("A table with the columns image and label, and perhaps split and group"),
        )
        self.sample = Button(
            self.tr("Open the sample pictures"),
            icon="image",
            act=self.sample_wanted.emit,
            tip=self.tr(
                "1,170 drawings in nine classes, with a small model that knows drawings; nothing is downloaded"
            ),
        )
        what = Label(self.tr("Drop a folder of pictures here"), "title")
        how = Label(
            self.tr(
                "One folder for each class, named after it. Or folders train, val and test with such folders in them. Or a CSV."
            ),
            "support",
            wrap=True,
        )
        what.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        how.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        layout.addLayout(
            column(
                None,
                row(None, Icon("folder-plus", "text3", 40), None),
                8,
                what,
                how,
                12,
                row(None, self.choose, self.table, self.sample, None),
                24,
                self._recent,
                None,
            )
        )

    def show_recent(self, places: list[str], act: Callable[[str], None]) -> None:
        """Folders of last time, to be opened with one click."""
        clear(self._recent)
        if not places:
            return
        head = Label(self.tr("Recent folders"), "header")
        head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._recent.addWidget(head)
        for place in places[:5]:
            path = Path(place)
            shown = "/".join(path.parts[-2:])
            button = Button(shown, kind="link", tip=place, act=partial(act, place))
            self._recent.addLayout(row(None, button, None))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's names
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        self._over(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        self._over(False)
        for url in event.mimeData().urls():
            if url.isLocalFile():
                event.acceptProposedAction()
                self.dropped.emit(url.toLocalFile())
                return

    def _over(self, over: bool) -> None:
        self.setProperty("over", over)
        repolish(self)
