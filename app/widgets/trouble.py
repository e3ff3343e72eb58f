"""A place in a page where what went wrong is told, with its remedy; nothing while all is well."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app import texts
from app.shell import Notice
from app.widgets.banner import Banner
from app.widgets.basics import clear, column
from engine.messages import Message


class Trouble(QWidget):
    """One message at a time."""

    told = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._inside = column(spacing=0)
        self.setLayout(self._inside)
        self.banner: Banner | None = None
        self.hide()

    def tell(self, what: str, message: Message, button: str, act: Callable[[], None]) -> None:
        """Say what did not happen, why and what helps; the button does it."""
        self.forget()

        def remedy() -> None:
            self.forget()
            act()

        self.banner = Banner(Notice("bad", what, texts.whole(message), button, remedy))
        self.banner.closed.connect(self.forget)
        self._inside.addWidget(self.banner)
        self.show()
        self.told.emit()

    def forget(self) -> None:
        """All is well again."""
        clear(self._inside)
        self.banner = None
        self.hide()
