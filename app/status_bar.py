"""Below everything: what the engine does, on which device, how far it is, and how to stop it."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from app import texts
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.theme import theme
from app.widgets.basics import Button, Label


class _Dot(QWidget):
    """A small disc whose colour repeats what the words beside it say."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(16, 16)
        self.colour = "text3"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().colour(self.colour))
        painter.setBrush(theme().colour(self.colour))
        painter.drawEllipse(QRectF(4.5, 4.5, 7, 7))


class StatusBar(QStatusBar):
    """Follows the engine and the run."""

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__()
        self._shell = shell
        self._session = session
        self.setSizeGripEnabled(False)
        self.setContentsMargins(12, 0, 12, 0)
        self._dot = _Dot()
        self.words = Label()
        self._bar = QProgressBar()
        self._bar.setFixedWidth(120)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._progress = Label()
        self.stop = Button(
            self.tr("Stop"),
            icon="stop",
            kind="quiet",
            small=True,
            tip=self.tr("Stop what the engine does now"),
            act=self._stop,
        )
        self.addWidget(self._dot)
        self.addWidget(self.words)
        for widget in (self._bar, self._progress, self.stop):
            self.addPermanentWidget(widget)
        shell.engine.state_changed.connect(self.refresh)
        shell.facts_changed.connect(lambda _: self.refresh())
        session.changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is so now."""
        session, engine, facts = self._session, self._shell.engine, self._shell.facts
        scanning = facts.scanning
        if session.under_way:
            colour, state = "accent_text", self.tr("Engine training")
        elif not engine.running:
            colour, state = "bad", self.tr("Engine stopped")
        elif not engine.ready:
            colour, state = "warn", self.tr("Engine starting")
        elif engine.busy:
            colour, state = "accent_text", self.tr("Engine working")
        else:
            colour, state = "good", self.tr("Engine ready")
        self._dot.colour = colour
        self._dot.update()
        parts = [state]
        if device := facts.device:
            parts.append(device.name)
            free = device.memory_free
            if free is not None and device.memory is not None:
                parts.append(self.tr("{} of {} free").format(texts.size(free), texts.size(device.memory)))
        self.words.setText("  ·  ".join(parts))
        done, total, words = self._under_way()
        self._bar.setVisible(total > 0 or bool(words))
        self._bar.setRange(0, 1000 if total else 0)
        self._bar.setValue(round(1000 * done / total) if total else 0)
        self._progress.setText(words)
        self._progress.setVisible(bool(words))
        self.stop.setVisible(session.state in (RunState.STARTING, RunState.RUNNING) or scanning is not None)

    def _under_way(self) -> tuple[float, float, str]:
        """(done, total, words) of the run, else of the scan."""
        session, scanning = self._session, self._shell.facts.scanning
        if session.under_way:
            words = session.words()
            left = session.seconds_left()
            if left is not None:
                words += "  ·  " + self.tr("about {} left").format(texts.duration(left))
            return session.share(), 1 if session.series.total_steps else 0, words
        if session.state is RunState.READING:
            return 0, 0, session.words()
        if scanning is not None:
            words = texts.message(scanning.phase)[0]
            if scanning.total:
                words = self.tr("looking at pictures {}/{}").format(
                    texts.number(scanning.done), texts.number(scanning.total)
                )
                if scanning.seconds_left is not None and scanning.seconds_left > 2:
                    words += "  ·  " + self.tr("about {} left").format(texts.duration(scanning.seconds_left))
            return scanning.done, scanning.total, words
        return 0, 0, ""

    def _stop(self) -> None:
        """The run is stopped and kept; else the scan is cancelled."""
        session = self._session
        if session.state is RunState.STARTING:
            session.cancel()
        elif session.state is RunState.RUNNING:
            session.stop()
        else:
            # while a run is saved or ended as was wished already, what can be stopped is the scan
            self._shell.stop_looking.emit()
