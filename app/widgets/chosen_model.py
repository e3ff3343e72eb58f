"""The chosen model: its facts, what is wrong with it, and bringing it onto this machine."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from app import texts
from app.downloads import Download, Fetching
from app.estimates import Fits
from app.model_rows import ModelRow, fits_words, memory_help, memory_words, parameters, side
from app.widgets.basics import Badge, Button, Card, Content, Icon, Label, Tone, column, line, row
from engine.messages import Message

_FITS_TONE: dict[Fits, Tone] = {Fits.WELL: "good", Fits.TIGHT: "warn", Fits.NOT: "bad", Fits.UNKNOWN: ""}


class ChosenModel(Card):
    """Beside the list."""

    fetch = Signal()
    """Download it, or go on."""
    stop = Signal()
    laid_out = Signal()
    """What is in it needs another width, perhaps."""

    def __init__(self) -> None:
        super().__init__(self.tr("Chosen model"), padding=0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName(self.tr("Chosen model"))
        self._inside = Content()
        self._inside.installEventFilter(self)
        body = QVBoxLayout(self._inside)
        body.setContentsMargins(16, 12, 12, 16)
        body.setSpacing(8)
        self._area.setWidget(self._inside)
        self.body.addWidget(self._area)
        self.name = Label("", "card", wrap=True)
        self.second = Label("", "help", wrap=True)
        self.badge = Badge()
        self.badge.hide()
        body.addWidget(self.name)
        body.addWidget(self.second)
        body.addLayout(row(self.badge, None))
        self.warning = self._told("warning", "warn")
        body.addWidget(self.warning[0])
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(8)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(0, 1)
        self._values: dict[str, Label] = {}
        self._titles: dict[str, Label] = {}
        for key, title in (
            ("parameters", self.tr("Parameters")),
            ("side", self.tr("Picture side")),
            ("context", self.tr("Longest caption")),
            ("disk", self.tr("Weights file")),
            ("memory", self.tr("Memory to train")),
            ("fits", self.tr("On this device")),
        ):
            title_label, value = Label(title, "support"), Label("", "strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            place = self.grid.rowCount()
            self.grid.addWidget(title_label, place, 0)
            self.grid.addWidget(value, place, 1)
            self._titles[key], self._values[key] = title_label, value
        for key in ("memory", "fits"):
            self._titles[key].setToolTip(memory_help())
            self._values[key].setToolTip(memory_help())
        self._titles["context"].setToolTip(
            self.tr("In tokens, pieces of words; longer captions are cut off.")
        )
        self.state = Label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Download"))
        self.trouble = self._told("warning", "bad")
        self.fetch_button = Button(
            self.tr("Download"),
            icon="download",
            act=self.fetch.emit,
            tip=self.tr("Bring its weights onto this machine, once"),
        )
        self.stop_button = Button(
            self.tr("Stop"),
            icon="stop",
            act=self.stop.emit,
            tip=self.tr("Stop the download; what is here is kept, and it goes on from there"),
        )
        body.addWidget(self.state)
        body.addWidget(self.bar)
        body.addLayout(row(self.fetch_button, self.stop_button, None))
        body.addWidget(self.trouble[0])
        # what can be done comes before what is known: the card may be low
        self._line = line()
        body.addWidget(self._line)
        body.addLayout(self.grid)
        body.addStretch(1)
        self.empty = Label(
            self.tr("None yet. Choose one from the list with a click or Enter."), "support", wrap=True
        )
        body.insertWidget(0, self.empty)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() == QEvent.Type.LayoutRequest:
            self.laid_out.emit()
        return super().eventFilter(watched, event)

    def room(self, least: int) -> int:
        """The width at which nothing in it is cut off, also beside a scroll bar."""
        bar = self._area.verticalScrollBar().sizeHint().width()
        return max(least, self._inside.minimumSizeHint().width() + bar + 4)

    def _told(self, mark: str, tone: Tone) -> tuple[QWidget, Label, Label]:
        """A mark, what is wrong, and the remedy."""
        text = Label("", "body", tone, wrap=True, select=True)
        remedy = Label("", "help", wrap=True, select=True)
        across = row(column(Icon(mark, tone), None), column(text, remedy, spacing=2))
        across.setStretch(1, 1)
        holder = QWidget()
        holder.setLayout(across)
        holder.hide()
        return holder, text, remedy

    def _tell(self, told: tuple[QWidget, Label, Label], text: str, remedy: str) -> None:
        told[1].setText(text)
        told[2].setText(remedy)
        told[2].setVisible(bool(remedy))
        told[0].setVisible(bool(text))

    def show_model(
        self,
        shown: ModelRow | None,
        context: int | None,
        download: Download,
        trouble: Message | None,
        warning: tuple[str, str],
        offline: str,
    ) -> None:
        """Everything there is to say of the chosen model; ``offline`` says why nothing can be fetched now."""
        there = shown is not None
        self.empty.setVisible(not there)
        for each in (self.name, self.second, self.badge, self._line, self.state, *self._values.values(), *self._titles.values()):  # fmt: skip
            each.setVisible(there)
        self._tell(self.warning, *warning)
        if shown is None:
            for hidden in (self.bar, self.fetch_button, self.stop_button, self.trouble[0]):
                hidden.hide()
            return
        self.name.setText(shown.title)
        self.second.setText(shown.second)
        self.second.setToolTip(shown.second)
        self.badge.say(shown.badge, shown.tone)
        values = {
            "parameters": parameters(shown.facts),
            "side": side(shown.facts),
            "context": self.tr("{} tokens").format(texts.number(context)) if context else "",
            "disk": texts.size(shown.facts.octets) if shown.facts.octets else "",
            "memory": memory_words(shown),
            "fits": fits_words(shown.fits),
        }
        for key, text in values.items():
            self._values[key].setText(text)
            known = bool(text) and text != "–"
            self._values[key].setVisible(known)
            self._titles[key].setVisible(known)
        self._values["fits"].set_tone(_FITS_TONE[shown.fits])
        self._show_state(shown, download, trouble, offline)

    def _show_state(self, shown: ModelRow, download: Download, trouble: Message | None, offline: str) -> None:
        about_it = download.of(shown.key)
        running = about_it and download.running
        self.bar.setVisible(about_it and bool(download.total))
        self.bar.setValue(round(1000 * download.share))
        self.stop_button.setVisible(running)
        self.stop_button.setEnabled(download.state is Fetching.RUNNING)
        self.fetch_button.setVisible(not shown.here and not running and not shown.missing)
        self.fetch_button.setEnabled(not download.running)
        self.fetch_button.setText(self._fetch_words(shown, about_it, download))
        if download.running and not about_it:
            self.fetch_button.setToolTip(self.tr("Another model is being downloaded; stop that one first"))
        else:
            self.fetch_button.setToolTip(self.tr("Bring its weights onto this machine, once"))
        tone: Tone = ""
        if running:
            text = self._progress_words(download)
        elif about_it and download.state is Fetching.STOPPED:
            text = self.tr("Stopped. What is here is kept.")
            if download.total:
                here, whole = texts.size(download.done), texts.size(download.total)
                text = self.tr("Stopped at {} of {}. It goes on from there.").format(here, whole)
        elif about_it and download.state is Fetching.FAILED:
            text = ""
        elif shown.here:
            text, tone = (self.tr("On this machine."), "good") if trouble is None else ("", "")
        elif shown.missing:
            text = ""
        else:
            text = offline or self.tr("Not on this machine yet.")
        self.state.setText(text)
        self.state.set_tone(tone)
        self.state.setVisible(bool(text))
        message = download.error if about_it and download.error is not None else trouble
        if message is not None:
            self._tell(self.trouble, *texts.message(message))
        else:
            self._tell(self.trouble, shown.missing, "")

    def _fetch_words(self, shown: ModelRow, about_it: bool, download: Download) -> str:
        if about_it and download.state is Fetching.STOPPED:
            return self.tr("Go on")
        if about_it and download.state is Fetching.FAILED:
            return self.tr("Try again")
        if shown.facts.octets:
            return self.tr("Download {}").format(texts.size(shown.facts.octets))
        return self.tr("Download")

    def _progress_words(self, download: Download) -> str:
        if download.state is Fetching.STOPPING:
            return self.tr("Stopping …")
        if not download.total:
            words = texts.message(download.phase)[0] if download.phase is not None else ""
            return words or self.tr("Asking the hub …")
        text = self.tr("{} of {}").format(texts.size(download.done), texts.size(download.total))
        if download.seconds_left is not None:
            text += "  ·  " + self.tr("about {} left").format(texts.duration(download.seconds_left))
        return text
