"""The buttons over the list of runs, and the same as a menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.widgets.basics import Button, row


class RunActions(QWidget):
    """Each tells what is wanted by its name."""

    wanted = Signal(str)
    """'open', 'go_on', 'fetch', 'reuse', 'compare', 'folder' or 'delete'."""

    def __init__(self) -> None:
        super().__init__()
        tr = self.tr
        self.open = self._button("open", tr("Open"), tr("Show its charts, figures and weights (Enter)"))
        self.go_on = self._button("go_on", tr("Go on"), tr("Go on with it from where it was saved"), "play")
        self.fetch = self._button(
            "fetch",
            tr("Bring it into the window"),
            tr("The process in the background saves it and ends; then it goes on here"),
            "play",
        )
        self.reuse = self._button(
            "reuse",
            tr("Use its recipe"),
            tr("A new project with the same pictures, names and settings (Ctrl+D)"),
        )
        self.compare = self._button(
            "compare", tr("Compare"), tr("Figures, recipes and curves of the chosen runs side by side")
        )
        self.folder = self._button("folder", "", tr("Show its folder"), "folder", tr("Show its folder"))
        self.delete = self._button("delete", "", tr("To the bin (Delete)"), "trash", tr("To the bin"))
        self.buttons = (
            self.open, self.go_on, self.fetch, self.reuse, self.compare, self.folder, self.delete,
        )  # fmt: skip
        self.setLayout(row(*self.buttons))

    def _button(self, what: str, words: str, tip: str, icon: str = "", name: str = "") -> Button:
        return Button(words, icon=icon, tip=tip, name=name, act=lambda: self.wanted.emit(what))

    def pop_up(self, at: QPoint) -> None:
        """The same as a menu, at a place on the screen."""
        menu = QMenu(self)
        for button in self.buttons:
            if button.isHidden():
                continue
            action = menu.addAction(button.text() or button.accessibleName())
            action.setEnabled(button.isEnabled())
            action.setToolTip(button.toolTip())
            action.triggered.connect(lambda _=False, button=button: button.click())
            if button in (self.compare, self.folder):
                menu.addSeparator()
        menu.exec(at)
        menu.deleteLater()
