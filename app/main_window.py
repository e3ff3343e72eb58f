"""The window's frame: menus, step rail, pages, footer, status bar. Puts together, decides little."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from app import icons, notifications, reading_order, run_list, run_places, steps
from app.actions import Actions
from app.closing import Closing
from app.inquiry import Inquiry
from app.opening import Opening
from app.pages.page import Hint, Page
from app.registry import make_page
from app.run_session import RunSession, RunState
from app.shell import Notice, Shell
from app.status_bar import StatusBar
from app.steps import Mark, RunFacts, Step
from app.widgets.basics import Banner, Button, Icon, Label
from app.widgets.page_stack import PageStack
from app.widgets.rail import Rail

if TYPE_CHECKING:
    from app.warming import Warming

_WIZARD = [step for step in Step if step is not Step.RUNS]
_PREPARES = (Step.PROMPTS, Step.METHOD, Step.TRAIN)
"""What they wait for is on other pages."""
_LEAST = QSize(1024, 680)
"""Smaller only where an enlarged screen has no room for it."""


class MainWindow(QMainWindow):
    """One window, one project, at most one run under way."""

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__()
        self.shell = shell
        self.session = session
        self.pages: dict[Step, Page] = {}
        self.warming: Warming | None = None
        self.step = Step.PICTURES
        self.runs_count = 0
        self._banners: dict[str, Banner] = {}
        self.setWindowIcon(icons.app_icon())
        # a frame is drawn around the window; on a small screen the status bar would lie below its edge
        self._room = self.screen().availableSize() - QSize(8, 40)
        is_enlarged = self.screen().devicePixelRatio() > 1
        self.setMinimumSize(_LEAST.boundedTo(self._room) if is_enlarged else _LEAST)
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        self.inquiry = Inquiry(shell)
        self.opening = Opening(self, shell, session)
        self.closing = Closing(self, session)
        self.actions_ = Actions(self)
        self.rail = Rail()
        self.stack = PageStack()
        self._build()
        self.status = StatusBar(shell, session)
        self.setStatusBar(self.status)
        shell.noticed.connect(self.show_notice)
        shell.unnoticed.connect(self.close_notice)
        shell.wanted.connect(self.show_step)
        shell.start_wanted.connect(self._start_wanted)
        shell.project_changed.connect(lambda _: self.refresh())
        shell.project_opened.connect(self.refresh)
        shell.runs_counted.connect(self._runs_counted)
        shell.facts_changed.connect(lambda _: self._refresh_soon.start())
        shell.engine.crashed.connect(self._engine_crashed)
        session.state_changed.connect(self._run_state_changed)
        session.changed.connect(self._refresh_soon.start)
        session.ended.connect(self._run_ended)
        self.rail.wanted.connect(self.show_step)
        self.runs_count = run_list.count(run_places.elsewhere(shell.settings))
        self._restore_geometry()
        self.show_step(Step.PICTURES)

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> None:
        # many facts may change in one batch; the frame is drawn once for them
        self._refresh_soon = QTimer(self)
        self._refresh_soon.setSingleShot(True)
        self._refresh_soon.setInterval(30)
        self._refresh_soon.timeout.connect(self.refresh)
        self._banner_box = QVBoxLayout()
        self._banner_box.setContentsMargins(24, 12, 24, 0)
        self._banner_box.setSpacing(8)
        self._banner_holder = QWidget()
        self._banner_holder.setLayout(self._banner_box)
        self._banner_holder.hide()
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self._banner_holder)
        right.addWidget(self.stack.scrolled(), 1)
        self._footer_frame = self._footer()
        right.addWidget(self._footer_frame)
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        across.addLayout(right, 1)
        middle = QWidget()
        middle.setLayout(across)
        self.setCentralWidget(middle)

    def _footer(self) -> QFrame:
        footer = QFrame()
        footer.setObjectName("footer")
        footer.setFixedHeight(56)
        layout = QHBoxLayout(footer)
        layout.setContentsMargins(24, 0, 24, 0)
        layout.setSpacing(8)
        self.hint_icon = Icon("info", "text3")
        self.hint = Label("", "support", wrap=True)
        self.back = Button(self.tr("Back"), tip=self.tr("To the step before (Alt+Left)"), act=self.go_back)
        self.next = Button(
            self.tr("Next"), kind="primary", tip=self.tr("To the next step (Alt+Right)"), act=self.go_on
        )
        self.back.setShortcut("Alt+Left")
        self.next.setShortcut("Alt+Right")
        for button in (self.back, self.next):
            button.setMinimumWidth(80)
        self.next.setMinimumWidth(112)
        self.next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.next.set_icon("chevron-right")
        layout.addWidget(self.hint_icon)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.back)
        layout.addWidget(self.next)
        return footer

    # --- pages --------------------------------------------------------------------------------

    def page(self, step: Step) -> Page:
        """The page of a step, made when it is first asked for."""
        if step not in self.pages:
            made = make_page(step, self.shell, self.session)
            made.state_changed.connect(self._refresh_soon.start)
            self.pages[step] = made
            self.stack.addWidget(made)
        return self.pages[step]

    def show_step(self, step: Step) -> None:
        """Show a page and tell it and the one before."""
        before = self.stack.currentWidget()
        page = self.page(step)
        if isinstance(before, Page) and before is not page:
            before.left()
        self.step = step
        self.stack.setCurrentWidget(page)
        page.entered()
        if before is not page:
            # without this the focus would go to whatever was made first
            first = page.first_control() or next(reading_order.controls(self._footer_frame), self.rail)
            first.setFocus(Qt.FocusReason.OtherFocusReason)
        self.refresh()

    def _start_wanted(self) -> None:
        """A training is watched where it is started; a page made just now has not heard the wish."""
        is_new = Step.TRAIN not in self.pages
        self.show_step(Step.TRAIN)
        if is_new:
            self.shell.start_wanted.emit()

    def go_on(self) -> None:
        if self.step in _WIZARD[:-1]:
            self.show_step(_WIZARD[_WIZARD.index(self.step) + 1])

    def go_back(self) -> None:
        if self.step in _WIZARD[1:]:
            self.show_step(_WIZARD[_WIZARD.index(self.step) - 1])

    # --- the frame ----------------------------------------------------------------------------

    def run_facts(self) -> RunFacts:
        """The run as the rail shows it."""
        state, session = self.session.state, self.session
        recipe = self.shell.project.recipe()
        old = session.recipe is not None and recipe is not None and recipe != session.recipe
        return RunFacts(
            running=session.under_way or state is RunState.ELSEWHERE,
            words=session.words(),
            finished=state is RunState.FINISHED,
            failed=state is RunState.FAILED,
            paused=state in (RunState.PAUSED, RunState.INTERRUPTED),
            old=old,
            share=session.share(),
            count=self.runs_count,
        )

    def refresh(self) -> None:
        """Rail, footer and title say what is so now."""
        facts = self.run_facts()
        found = steps.states(self.shell.project, self.shell.facts, facts)
        self.rail.show_states(found, self.step, facts.share, self.runs_count)
        page = self.page(self.step)
        following = _WIZARD[_WIZARD.index(self.step) + 1] if self.step in _WIZARD[:-1] else None
        waits = following is not None and found[following].mark is Mark.WAITS
        hint = page.hint()
        if waits and following in _PREPARES and page.can_go_on() and (hint is None or hint.tone == "info"):
            # nothing is missing here, but elsewhere
            hint = Hint("info", self.tr("{} {}.").format(steps.name(following), found[following].words))
        self.hint.setText(hint.text if hint is not None else "")
        self.hint_icon.setVisible(hint is not None)
        if hint is not None:
            warn = hint.tone == "warn"
            self.hint_icon.show_icon("warning" if warn else "info", "warn" if warn else "text3")
        self.back.setVisible(self.step in _WIZARD[1:])
        self.next.setVisible(self.step in _WIZARD[:-1])
        self.next.setEnabled(page.can_go_on() and not waits)
        name = self.shell.project.name
        self.setWindowTitle(f"{name} – flyp" if name else "flyp")
        self.actions_.refresh()

    def show_notice(self, notice: Notice) -> None:
        """A banner above the page, in the place of an earlier one under the same key."""
        self.close_notice(notice.key)
        banner = Banner(notice)
        banner.closed.connect(lambda: self.close_notice(notice.key))
        if banner.button is not None:
            banner.button.clicked.connect(lambda: self.close_notice(notice.key))
        self._banners[notice.key] = banner
        self._banner_box.addWidget(banner)
        self._banner_holder.show()
        # more than three would take the page's room
        for key in list(self._banners)[:-3]:
            self.close_notice(key)

    def close_notice(self, key: str) -> None:
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._banner_box.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self._banner_holder.setVisible(bool(self._banners))

    def _run_state_changed(self) -> None:
        project, session = self.shell.project, self.session
        if session.state is RunState.STARTING and session.recipe == project.recipe():
            # to train with what was suggested is to choose it
            self.shell.edit(self.tr("choose the method"), method={"name": project.method.name})
        self.refresh()

    def _runs_counted(self, count: int) -> None:
        self.runs_count = count
        self._refresh_soon.start()

    def _engine_crashed(self, trouble: str) -> None:
        self.shell.notify(
            "warn",
            self.tr("The engine had to be started again."),
            self.tr("Nothing of yours is lost. ({})").format(trouble),
            key="engine",
        )

    def _run_ended(self) -> None:
        self.runs_count = run_list.count(run_places.elsewhere(self.shell.settings))
        self.refresh()
        if not self.isActiveWindow():
            notifications.run_ended(self, self.session)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self.rail.set_narrow(self.width() < _LEAST.width())

    # --- keys ---------------------------------------------------------------------------------

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, N802  Qt's names
        among = [
            control
            for part in (self.rail, self._banner_holder, self.stack, self._footer_frame, self.status)
            for control in reading_order.controls(part)
        ]
        wanted = reading_order.following(self.focusWidget(), among, next)
        if wanted is None:
            return False
        reason = Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason
        wanted.setFocus(reason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter presses the button that has the focus, as Space does; not every system has it so."""
        focused = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QAbstractButton):
            if not event.isAutoRepeat() and focused.isEnabled():
                focused.click()
            return
        super().keyPressEvent(event)

    # --- drops, geometry, closing ---------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's names
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.opening.open_path(paths[0])

    def _restore_geometry(self) -> None:
        saved = self.shell.settings.value("geometry")
        if isinstance(saved, QByteArray):
            self.restoreGeometry(saved)
            return
        self.resize(self.size().boundedTo(self._room).expandedTo(self.minimumSize()))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if not self.closing.may_close():
            event.ignore()
            return
        self.shell.settings.setValue("geometry", self.saveGeometry())
        if self.warming is not None:
            self.warming.stop()
        # a field that is still open becomes part of the project, perhaps as the first change of its draft
        for page in self.pages.values():
            page.left()
        self.opening.leave()
        # the person is done; that the processes end may take seconds and needs no window
        self.hide()
        self.session.close(5_000)
        self.shell.engine.close(5_000)
        event.accept()
