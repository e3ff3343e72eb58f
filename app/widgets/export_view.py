"""The Export page's content for a run, from the formats down to what lies in the run itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.exporting import Exporting
from app.run_session import RunSession
from app.widgets.basics import Label, Ring, column, row
from app.widgets.export_formats import FormatCards
from app.widgets.export_options import ExportOptions
from app.widgets.export_results import ExportResults
from app.widgets.export_run import ExportRun
from app.widgets.export_settings import ExportSettings
from app.widgets.trouble import Trouble


class ExportView(QScrollArea):
    """Scrolls where the window is low."""

    def __init__(self, exporting: Exporting, session: RunSession, show: Callable[[Path], None]) -> None:
        super().__init__()
        self._exporting = exporting
        self._wait_words = Label("", "support")
        self.wait = QWidget()
        self.wait.setLayout(row(Ring(), self._wait_words, None))
        self.formats = FormatCards("open_clip")
        self.options = ExportOptions()
        self.formats.changed.connect(self._show_options)
        self.settings = ExportSettings(exporting, session)
        self.trouble = Trouble()
        self.results = ExportResults(self._title_of, show)
        self.run_card = ExportRun(session, show)
        inner = QWidget()
        inner.setLayout(
            column(
                self.wait, self.formats, self.options, self.settings, self.trouble, self.results, self.run_card,
                None, spacing=16,
            )
        )  # fmt: skip
        self.setObjectName("pageScroll")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inner)

    def show_formats(self) -> None:
        """What is known of the formats."""
        entries = self._exporting.entries
        self.wait.setVisible(self._exporting.looking)
        self._wait_words.setText(
            self.tr("Finding out which of these this run can leave in")
            if entries
            else self.tr("Waiting for the engine to tell the formats")
        )
        self.formats.show_entries(entries)
        self._show_options()

    def _show_options(self) -> None:
        ticked = [self._exporting.entry(name) for name in self.formats.formats]
        self.options.show_formats([entry for entry in ticked if entry is not None])

    def reveal(self, widget: QWidget) -> None:
        """Scroll to it, once it is laid out."""
        QTimer.singleShot(0, widget, lambda: self.ensureWidgetVisible(widget, 0, 16))

    def _title_of(self, name: str) -> str:
        entry = self._exporting.entry(name)
        return entry.title if entry is not None else name
