"""At which blend, into which folder, and the export itself with its progress."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QProgressBar, QWidget

from app import blends, pool, texts
from app.exporting import Exporting
from app.run_session import RunSession
from app.widgets.basics import Button, Card, Label, Ring, column, row
from app.widgets.export_folder import ExportFolder
from engine.answers import SweepAnswer


class ExportSettings(Card):
    """Shows what ``Exporting`` does; the page decides when Export is on."""

    export_wanted = Signal(bool)
    """True: in the place of an earlier export."""
    alpha_changed = Signal()

    def __init__(self, exporting: Exporting, session: RunSession) -> None:
        super().__init__()
        tr = self.tr
        self._exporting = exporting
        self._session = session
        self._run: Path | None = None
        self._reading: pool.Errand | None = None
        self._chosen = 1.0
        self._best: float | None = None
        self.blend = QDoubleSpinBox()
        self.blend.setRange(0, 1)
        self.blend.setSingleStep(0.1)
        self.blend.setDecimals(2)
        self.blend.setFixedWidth(96)
        self.blend.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.blend.setAccessibleName(tr("Blend that leaves"))
        self.blend.setToolTip(
            tr("Weights between before (0) and after training (1); the share is alpha (WiSE-FT)")
        )
        self.blend.valueChanged.connect(self._turned)
        label = Label(tr("Blend"), "label")
        label.setBuddy(self.blend)
        self.blend_words = Label("", "help", wrap=True)
        self.blend_words.setFixedWidth(152)
        self.best_button = Button(
            "", kind="link", small=True, act=self._take_best,
            tip=tr("Take the blend with the highest accuracy on validation"),
        )  # fmt: skip
        self.folder = ExportFolder()
        self.folder.replace_wanted.connect(lambda: self.export_wanted.emit(True))
        left = column(label, self.blend, self.blend_words, row(self.best_button, None), None, spacing=4)
        fields = row(left, self.folder, spacing=24)
        fields.setStretch(1, 1)
        fields.setAlignment(self.folder, Qt.AlignmentFlag.AlignTop)
        self.export_button = Button(
            tr("Export"), icon="download", kind="primary", act=lambda: self.export_wanted.emit(False),
            tip=tr(
                "Writes what is ticked, reads it back and compares it with the run; if anything fails, nothing is left"
            ),
        )  # fmt: skip
        self.phase = Label("", "support")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(240)
        self.bar.setAccessibleName(tr("Progress of the export"))
        self.stop_button = Button(
            tr("Stop"), icon="stop", small=True, act=exporting.stop, tip=tr("Stop; nothing is left of it")
        )
        self.folder.line.addWidget(self.export_button)
        self.work = QWidget()
        self.work.setLayout(row(Ring(), self.phase, self.bar, self.stop_button, None))
        self.body.addLayout(fields)
        self.body.addWidget(self.work)
        exporting.changed.connect(self.show_work)
        self.show_work()

    @property
    def alpha(self) -> float:
        """The blend that leaves."""
        return round(self.blend.value(), 2)

    def show_run(self, run: Path) -> None:
        """Begin at the blend that was chosen for the session's run."""
        self.show_blend(self._session.alpha, None, has_blend=True)
        self.read_sweep(run)

    def read_sweep(self, run: Path) -> None:
        """Look up which blend is best on validation; Evaluate may have found it meanwhile."""
        self._run = run
        if self._reading is not None:
            self._reading.drop()
        self._reading = pool.run(lambda: (run, blends.swept(run)), self._swept)

    def _swept(self, found: tuple[Path, SweepAnswer | None] | Exception) -> None:
        if isinstance(found, Exception) or found[1] is None or found[0] != self._run:
            # without a sweep there is no best to tell of
            return
        sweep = found[1]
        best = sweep.best_alpha if sweep.reason is None else None
        # what the person has set meanwhile stays
        self.show_blend(self.alpha, best, has_blend=sweep.reason is None)
        self.alpha_changed.emit()

    def show_blend(self, alpha: float, best: float | None, has_blend: bool) -> None:
        """A blend, and the best on validation where it is known; some methods have none between 0 and 1."""
        self._chosen, self._best = self._session.alpha, best
        self.blend.blockSignals(True)
        self.blend.setDecimals(2 if has_blend else 0)
        self.blend.setSingleStep(0.1 if has_blend else 1)
        self.blend.setValue(alpha)
        self.blend.blockSignals(False)
        self._say_blend()

    def _turned(self) -> None:
        self._say_blend()
        self.alpha_changed.emit()

    def _take_best(self) -> None:
        if self._best is not None:
            self.blend.setValue(self._best)

    def _say_blend(self) -> None:
        is_best = self._best is not None and blends.same(self.alpha, self._best)
        if is_best:
            words = self.tr("best on validation")
        elif blends.same(self.alpha, self._chosen):
            words = self.tr("chosen for this run")
        elif self.alpha == 0:
            words = self.tr("the model as it was before")
        elif self.alpha == 1:
            words = self.tr("all of what was learnt")
        else:
            words = self.tr("between before and after")
        self.blend_words.setText(words)
        self.best_button.setVisible(self._best is not None and not is_best)
        self.best_button.setText(self.tr("Best on validation: {:g}").format(self._best or 0))
        self.best_button.setAccessibleName(self.best_button.text())

    def show_work(self) -> None:
        """How far the export is."""
        busy, phase = self._exporting.busy, self._exporting.phase
        self.blend.setEnabled(not busy)
        self.folder.setEnabled(not busy)
        self.work.setVisible(busy)
        self.phase.setText(texts.message(phase.phase)[0] if phase else self.tr("Waiting for the engine"))
        self.bar.setRange(0, phase.total if phase is not None else 0)
        self.bar.setValue(phase.done if phase is not None else 0)
