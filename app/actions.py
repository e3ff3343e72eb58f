"""The menus: everything the window can do, with its shortcut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox

from app import steps
from app.opening import title
from app.run_session import RunState
from app.steps import Step
from app.theme import theme
from engine import __version__, paths

if TYPE_CHECKING:
    from app.main_window import MainWindow

Keys = QKeySequence.StandardKey | str | None


translate = QCoreApplication.translate


class Actions:
    """Makes the menu bar and keeps its entries on or off."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        bar = window.menuBar()
        self._file(bar.addMenu(translate("Actions", "&File")))
        self._edit(bar.addMenu(translate("Actions", "&Edit")))
        self._view(bar.addMenu(translate("Actions", "&View")))
        self._run(bar.addMenu(translate("Actions", "&Run")))
        self._help(bar.addMenu(translate("Actions", "&Help")))

    def _add(
        self, menu: QMenu, text: str, act: Callable[[], object], keys: Keys = None, tip: str = ""
    ) -> QAction:
        action = QAction(text, self._window)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.setToolTip(tip or text)
        action.setStatusTip(tip)
        action.triggered.connect(lambda _=False: act())
        menu.addAction(action)
        return action

    def _file(self, menu: QMenu) -> None:
        opening = self._window.opening
        standard = QKeySequence.StandardKey
        self._add(menu, translate("Actions", "&New project"), opening.new, standard.New)
        self._add(menu, translate("Actions", "&Open project…"), opening.ask_project, standard.Open)
        self.recent = menu.addMenu(translate("Actions", "Recent &projects"))
        self.recent.aboutToShow.connect(self._fill_recent)
        self._add(menu, translate("Actions", "Save project &as…"), opening.save_as, standard.SaveAs)
        menu.addSeparator()
        self._add(
            menu, translate("Actions", "Choose a &folder of pictures…"), opening.ask_folder, "Ctrl+Shift+O"
        )
        self._add(menu, translate("Actions", "Choose a &table (CSV or TSV)…"), opening.ask_table)
        self._add(menu, translate("Actions", "Open the &sample pictures"), opening.open_sample)
        self._add(menu, translate("Actions", "Open a &run…"), opening.ask_run)
        menu.addSeparator()
        self._add(menu, translate("Actions", "&Quit"), self._window.close, standard.Quit)

    def _edit(self, menu: QMenu) -> None:
        stack = self._window.shell.undo
        undo = stack.createUndoAction(self._window, translate("Actions", "Undo"))
        undo.setShortcuts(QKeySequence.StandardKey.Undo)
        redo = stack.createRedoAction(self._window, translate("Actions", "Redo"))
        redo.setShortcuts(QKeySequence.StandardKey.Redo)
        menu.addAction(undo)
        menu.addAction(redo)

    def _view(self, menu: QMenu) -> None:
        for step in Step:
            keys = "Ctrl+0" if step is Step.RUNS else f"Ctrl+{step.value}"
            self._add(menu, steps.name(step), partial(self._window.show_step, step), keys)
        menu.addSeparator()
        group = QActionGroup(menu)
        for mode, text in (
            ("system", translate("Actions", "Colours of the system")),
            ("light", translate("Actions", "Light")),
            ("dark", translate("Actions", "Dark")),
        ):
            action = self._add(menu, text, partial(self._use, mode))
            action.setCheckable(True)
            action.setChecked(theme().mode == mode)
            group.addAction(action)

    def _use(self, mode: str) -> None:
        theme().use(mode)  # type: ignore[arg-type]
        self._window.shell.settings.setValue("theme", mode)

    def _run(self, menu: QMenu) -> None:
        session, shell = self._window.session, self._window.shell
        self.start = self._add(
            menu, translate("Actions", "&Start training"), shell.start_wanted.emit, "Ctrl+Return"
        )
        self.pause = self._add(menu, translate("Actions", "&Pause"), session.pause, "Ctrl+P")
        self.resume = self._add(menu, translate("Actions", "&Go on"), session.resume, "Ctrl+G")
        self.stop = self._add(menu, translate("Actions", "S&top and keep the best"), session.stop)
        menu.addSeparator()
        self._add(menu, translate("Actions", "All r&uns"), lambda: self._window.show_step(Step.RUNS))

    def _help(self, menu: QMenu) -> None:
        self._add(
            menu,
            translate("Actions", "&About this page"),
            lambda: self._window.page(self._window.step).explain(),
            "F1",
        )
        self._add(
            menu,
            translate("Actions", "Open the folder of &logs"),
            lambda: self._open(paths.log_folder()),
            tip=translate("Actions", "What to send along when something went wrong"),
        )
        self._add(
            menu, translate("Actions", "Open the folder of &runs"), lambda: self._open(paths.runs_folder())
        )
        self._add(menu, translate("Actions", "About &flyp"), self._about)

    def refresh(self) -> None:
        """On or off by what the run allows."""
        session = self._window.session
        # before the first step there is nothing to save: a pause would end the run without a trace
        running = session.state is RunState.RUNNING
        self.start.setEnabled(not session.under_way and self._window.shell.project.recipe() is not None)
        self.pause.setEnabled(running)
        self.stop.setEnabled(running)
        self.resume.setEnabled(session.can_resume)

    def _fill_recent(self) -> None:
        self.recent.clear()
        opening = self._window.opening
        for path in opening.recent("projects"):
            self._add(self.recent, title(Path(path)), partial(opening.open_path, Path(path)), tip=path)
        if self.recent.isEmpty():
            self.recent.addAction(translate("Actions", "none yet")).setEnabled(False)

    def _open(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _about(self) -> None:
        QMessageBox.about(
            self._window,
            translate("Actions", "About flyp"),
            translate(
                "Actions",
                "flyp {}\n\nTeaches a CLIP model your own pictures by continuing its own contrastive loss "
                "between pictures and class prompts (Goyal et al., “Finetune like you pretrain”, CVPR 2023).\n\n"
                "Licence: Apache-2.0",
            ).format(__version__),
        )
