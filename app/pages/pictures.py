"""① What the model learns from, and what is held back to judge it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app import opening, texts
from app.pages.page import Hint, Page
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button, Icon, Label, Ring, row
from app.widgets.class_card import ClassCard
from app.widgets.drop_zone import DropZone
from app.widgets.grid_card import GridCard
from app.widgets.picture_banners import PictureBanners
from app.widgets.plan_card import PlanCard
from app.widgets.thumbnails import Thumbnails


class PicturesPage(Page):
    """Empty: a drop zone. Filled: classes, their pictures, problems, and what each is used for."""

    step = Step.PICTURES
    title = str(QT_TRANSLATE_NOOP("pages", "Pictures"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "Choose what the model learns from, and what is held back to judge it.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "Each folder is a class. Some pictures train, some choose the best epoch, and some are kept for the test, "
            "which chooses nothing and so tells the truth. Shifted pictures show what is left of it elsewhere.",
        )
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.thumbnails = Thumbnails(self)
        self.empty = DropZone()
        self.empty.folder_wanted.connect(lambda: shell.asked.emit("folder"))
        self.empty.table_wanted.connect(lambda: shell.asked.emit("table"))
        self.empty.sample_wanted.connect(lambda: shell.asked.emit("sample"))
        self.empty.dropped.connect(shell.path_wanted)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._filled())
        self.body.addWidget(self.stack, 1)
        shell.project_changed.connect(self._project_changed)
        shell.project_opened.connect(self._project_opened)
        shell.facts_changed.connect(lambda what: self._render() if what == "pictures" else None)
        self._render()

    # --- building -----------------------------------------------------------------------------

    def _filled(self) -> QWidget:
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._facts_line())
        self.banners = PictureBanners(self.shell, self)
        layout.addLayout(self.banners)
        across = QHBoxLayout()
        across.setSpacing(16)
        self.class_card, self.grid_card = ClassCard(), GridCard(self.shell, self.thumbnails)
        self.classes, self.grid, self.part = self.class_card.classes, self.grid_card.grid, self.grid_card.part
        self.class_card.all_wanted.connect(self._include_all)
        self.classes.ticked.connect(self._include)
        self.classes.picked.connect(self.grid_card.show_class)
        across.addWidget(self.class_card)
        across.addWidget(self.grid_card, 1)
        layout.addLayout(across, 1)
        self.plan = PlanCard(self.shell)
        self.plan.shift_wanted.connect(self._ask_shift)
        layout.addWidget(self.plan)
        return holder

    def _facts_line(self) -> QHBoxLayout:
        self.counts = Label("", "strong")
        self.origin = Label("", "support")
        self.ring = Ring()
        self.progress = Label("", "support")
        self.stop = Button(
            self.tr("Stop"),
            icon="stop",
            small=True,
            tip=self.tr("Stop looking at the pictures"),
            act=self.shell.stop_looking.emit,
        )
        self.again = Button(
            icon="refresh",
            kind="quiet",
            name=self.tr("Look again"),
            tip=self.tr("Look at the folder again, as files may have changed"),
            act=self.shell.look_again.emit,
        )
        change = Button(
            self.tr("Change folder…"),
            tip=self.tr("Choose other pictures; the project so far is kept"),
            act=lambda: self.shell.asked.emit("folder"),
        )
        table = Button(
            self.tr("Choose a CSV…"),
            tip=self.tr("Take pictures and classes from a CSV or TSV table"),
            act=lambda: self.shell.asked.emit("table"),
        )
        return row(
            Icon("folder", "text2"),
            self.counts,
            self.origin,
            self.ring,
            self.progress,
            self.stop,
            None,
            self.again,
            change,
            table,
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._fit_class_card()

    def _fit_class_card(self) -> None:
        self.class_card.fit(264 if self.width() < 900 else 384)

    # --- page ---------------------------------------------------------------------------------

    def entered(self) -> None:
        self.empty.show_recent(opening.recent(self.shell, "folders"), self.shell.path_wanted.emit)
        self._render()

    def first_control(self) -> QWidget | None:
        return self.empty.choose if self.shell.project.data is None else self.classes

    def hint(self) -> Hint | None:
        facts, data = self.shell.facts, self.shell.project.data
        if data is None:
            return Hint("info", self.tr("Choose pictures to begin. Nothing leaves this computer."))
        if facts.scan_error is not None:
            return Hint("warn", texts.whole(facts.scan_error))
        if not self._known():
            return Hint("info", self.tr("The pictures are being looked at."))
        for shift, why in facts.shift_troubles.items():
            words = self.tr("'{}' cannot be read. {} Remove it below to go on, or mend it and look again.")
            return Hint("warn", words.format(shift.name, texts.message(why)[0]))
        if facts.inspected is None:
            return Hint("info", self.tr("The pictures are being looked at. You can go on meanwhile."))
        if facts.inspected.plan_error is not None:
            return Hint("warn", texts.whole(facts.inspected.plan_error))
        if facts.undecided(data):
            return Hint(
                "info",
                self.tr(
                    "You can go on: what cannot be read is left out, other pictures stay in until you leave them out."
                ),
            )
        return None

    def can_go_on(self) -> bool:
        facts = self.shell.facts
        if self.shell.project.data is None or facts.scan_error is not None:
            return False
        if facts.shift_troubles or not self._known():
            return False
        return facts.inspected is None or facts.inspected.plan_error is None

    def _known(self) -> bool:
        """Which classes there are."""
        return self.shell.facts.inspected is not None or "" in self.shell.facts.structures

    # --- showing ------------------------------------------------------------------------------

    def _project_opened(self) -> None:
        self.grid_card.forget()
        self._render()

    def _project_changed(self, sections: frozenset[str]) -> None:
        if "data" in sections:
            self._render()

    def _render(self) -> None:
        data, facts = self.shell.project.data, self.shell.facts
        was_in_empty = self.empty.isAncestorOf(self.focusWidget() or self)
        self.stack.setCurrentIndex(0 if data is None else 1)
        if data is not None and was_in_empty:
            self.classes.setFocus()
        if data is None:
            self.state_changed.emit()
            return
        structure, inspected = facts.structures.get(""), facts.inspected
        names = (
            inspected.classes if inspected is not None else structure.classes if structure is not None else ()
        )
        counts = (
            inspected.counts if inspected is not None else structure.counts if structure is not None else ()
        )
        self._show_counts(data.source, sum(counts), len(names))
        scanning = facts.scanning
        self.ring.setVisible(scanning is not None)
        self.stop.setVisible(scanning is not None)
        self.again.setVisible(scanning is None)
        self.progress.setVisible(scanning is not None)
        if scanning is not None and scanning.total:
            self.progress.setText(
                self.tr("looking at {} of {}").format(
                    texts.number(scanning.done), texts.number(scanning.total)
                )
            )
        elif scanning is not None:
            self.progress.setText(self.tr("reading the folders"))
        included = frozenset(data.classes or names)
        self.class_card.show_classes(names, counts, included)
        self._fit_class_card()
        self.banners.render()
        self.plan.render_plan(data)
        self.grid_card.show_class(self.classes.current)
        self.state_changed.emit()

    def _show_counts(self, source: str, pictures: int, classes: int) -> None:
        path = Path(source)
        words = self.tr("{} pictures  ·  {} classes").format(texts.number(pictures), texts.number(classes))
        if not self._known():
            # a number would be wrong: nothing was counted yet
            words = (
                self.tr("nothing read") if self.shell.facts.scan_error is not None else self.tr("looking …")
            )
        self.counts.setText(words)
        self.origin.setText(
            self.tr("from {}").format("/".join(path.parts[-2:]) if len(path.parts) > 2 else source)
        )
        self.origin.setToolTip(source)

    # --- acting -------------------------------------------------------------------------------

    def _include(self, name: str, on: bool) -> None:
        data = self.shell.project.data
        names = self.classes.classes.names
        if data is None:
            return
        included = {*(data.classes or names)}
        included = included | {name} if on else included - {name}
        if len(included) < 2:
            self.shell.notify(
                "info",
                self.tr("At least two classes are needed."),
                self.tr("Include another one first."),
                key="classes",
            )
            return
        chosen = () if included >= set(names) else tuple(each for each in names if each in included)
        self.shell.edit(self.tr("classes to use"), data={"classes": chosen})

    def _include_all(self) -> None:
        self.shell.edit(self.tr("classes to use"), data={"classes": ()})

    def _ask_shift(self) -> None:
        given = QFileDialog.getExistingDirectory(
            self, self.tr("A folder with the same classes from elsewhere")
        )
        if given and (error := self.plan.add_shift_folder(Path(given))):
            self.shell.notify("warn", self.tr("This cannot be added."), error, key="shift")
