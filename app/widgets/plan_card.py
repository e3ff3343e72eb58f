"""What each picture is used for: few or all, how many are held back, seed, pictures from elsewhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from app import texts
from app.shell import Shell
from app.widgets.basics import Button, Card, ElidedLabel, Icon, Label, Segmented, clear, column, line, row
from engine.data.inspection import InspectAnswer
from engine.recipe import Data

_NARROW = 860
"""A card less wide shows bare numbers below what is held back."""


class _Share(QSpinBox):
    """A percentage that tells whole numbers."""

    def __init__(self, least: int, name: str, tip: str) -> None:
        super().__init__()
        self.setRange(least, 80)
        self.setSuffix("\u202f%")
        self.setFixedWidth(70)
        _inset(self)
        self.setKeyboardTracking(False)
        self.setAccessibleName(name)
        self.setToolTip(tip)


class Chip(QFrame):
    """A shift set: its name, its count, and a way to take it away."""

    def __init__(self, name: str, count: str, tip: str, remove: Button, trouble: bool = False) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setProperty("tone", "bad" if trouble else "")
        self.setToolTip(tip)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 1, 2, 1)
        layout.setSpacing(4)
        if trouble:
            layout.addWidget(Icon("warning", "bad", 14))
        title, figure = ElidedLabel(name, "strong"), Label(count, "support", "bad" if trouble else "")
        title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        # the name may be cut; a figure that is cut would be another figure
        figure.ensurePolished()
        figure.setMinimumWidth(figure.sizeHint().width())
        layout.addWidget(title)
        if count:
            layout.addWidget(figure)
        layout.addWidget(remove)
        self.setFixedHeight(28)


class PlanCard(Card):
    """Three parts beside each other; every change is an edit of the project's data."""

    shift_wanted = Signal()
    """The person wants to add a folder of shifted pictures."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(padding=15)
        self._shell = shell
        self._rendering = False
        across = QHBoxLayout()
        across.setSpacing(12)
        across.addWidget(self._training())
        across.addWidget(line(vertical=True))
        across.addWidget(self._held_back())
        across.addWidget(line(vertical=True))
        across.addWidget(self._shifted(), 1)
        self.body.addLayout(across)

    # --- building -----------------------------------------------------------------------------

    def _training(self) -> QWidget:
        self.use = Segmented(
            {"all": self.tr("All"), "few": self.tr("Few per class")},
            self.tr("Pictures to train on"),
            {
                "all": self.tr("Train on all pictures that are not held back"),
                "few": self.tr("Few-shot: train on a small number of pictures of each class"),
            },
        )
        self.shots = QSpinBox()
        self.shots.setRange(1, 9999)
        self.shots.setFixedWidth(64)
        _inset(self.shots)
        self.shots.setKeyboardTracking(False)
        self.shots.setAccessibleName(self.tr("Training pictures per class"))
        self.shots.setToolTip(
            self.tr(
                "Training pictures of each class (1, 2, 4, 8, 16, 32 … are usual); as many again are held back for choosing"
            )
        )
        self.used = Label("", "help", wrap=True)
        self.use.chosen.connect(self._use)
        self.shots.valueChanged.connect(
            lambda value: self._edit(self.tr("pictures per class"), "shots", shots=value)
        )
        return _part(self.tr("Training pictures"), self.tr("Use"), row(self.use, self.shots, None), self.used)

    def _held_back(self) -> QWidget:
        self.validation = _Share(
            1,
            self.tr("Held back to choose"),
            self.tr("Share of the pictures by which the best epoch is chosen (validation)"),
        )
        self.test = _Share(
            0,
            self.tr("Held back to test"),
            self.tr("Share of the pictures that judge the result and choose nothing"),
        )
        self.seed = QSpinBox()
        self.seed.setRange(0, 2_147_483_647)
        self.seed.setFixedWidth(72)
        _inset(self.seed)
        self.seed.setKeyboardTracking(False)
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.setToolTip(
            self.tr(
                "Which pictures are drawn into which part; the same number gives the same parts on any machine"
            )
        )
        self.validation.valueChanged.connect(
            lambda v: self._edit(self.tr("share for choosing"), "validation", validation=v / 100)
        )
        self.test.valueChanged.connect(
            lambda v: self._edit(self.tr("share for the test"), "test", test=v / 100)
        )
        self.seed.valueChanged.connect(lambda v: self._edit(self.tr("seed"), "seed", seed=v))
        self.validation_count = Label("", "help")
        self.test_count = Label("", "help")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.addWidget(_headed(self.tr("Held back")), 0, 0, 1, 3)
        for place, (words, field, count) in enumerate(
            (
                (self.tr("To choose"), self.validation, self.validation_count),
                (self.tr("To test"), self.test, self.test_count),
                (self.tr("Seed"), self.seed, Label()),
            )
        ):
            label = Label(words, "support")
            label.setBuddy(field)
            grid.addWidget(label, 1, place)
            grid.addWidget(field, 2, place)
            grid.addWidget(count, 3, place)
        grid.setColumnStretch(2, 1)
        # one line whose place is kept, so that the card does not jump as words come and go
        self.held_note = ElidedLabel("", "help")
        grid.addWidget(self.held_note, 4, 0, 1, 3)
        self.held_error = Label("", "help", "bad", wrap=True)
        self.held_error.hide()
        grid.addWidget(self.held_error, 5, 0, 1, 3)
        grid.setRowStretch(6, 1)
        holder = QWidget()
        holder.setLayout(grid)
        return holder

    def _shifted(self) -> QWidget:
        self.add_shift = Button(
            self.tr("Add…"),
            icon="plus",
            kind="quiet",
            small=True,
            name=self.tr("Add a folder of shifted pictures"),
            act=self.shift_wanted.emit,
            tip=self.tr(
                "The same classes under other circumstances: another camera, place, season, or drawn instead of photographed"
            ),
        )
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self._chips_holder = QWidget()
        self._chips_holder.setLayout(self._chips)
        self._chips.setContentsMargins(0, 0, 0, 0)
        self.shift_note = Label(
            self.tr("They show what survives in new places. They choose nothing."), "help", wrap=True
        )
        head = row(Label(self.tr("Shifted pictures"), "card"), None, self.add_shift)
        holder = QWidget()
        holder.setLayout(
            column(
                head,
                Label(self.tr("The same classes from elsewhere"), "support"),
                self._chips_holder,
                self.shift_note,
                None,
                spacing=5,
            )
        )
        return holder

    # --- showing ------------------------------------------------------------------------------

    def render_plan(self, data: Data) -> None:
        """Show the project's data and what it comes to."""
        self._rendering = True
        inspected = self._shell.facts.inspected
        own_parts = bool(inspected is not None and inspected.has_splits) or data.validation_source is not None
        few = data.shots is not None
        self.use.choose("few" if few else "all")
        self.shots.setEnabled(few)
        if data.shots is not None and self.shots.value() != data.shots:
            self.shots.setValue(data.shots)
        elif data.shots is None and not self.shots.hasFocus():
            self.shots.setValue(16)
        for field, value in ((self.validation, data.validation), (self.test, data.test)):
            if field.value() != round(100 * value):
                field.setValue(round(100 * value))
            field.setEnabled(not few and not own_parts)
        if self.seed.value() != data.seed:
            self.seed.setValue(data.seed)
        self._counts(data, inspected, own_parts)
        self._show_chips(data, inspected)
        self._rendering = False

    def _counts(self, data: Data, inspected: InspectAnswer | None, own_parts: bool) -> None:
        planned = (inspected.planned or {}) if inspected is not None else {}
        train = [count for count in planned.get("train", ()) if count]
        if train:
            least, most = min(train), max(train)
            each = (
                texts.number(least)
                if least == most
                else self.tr("{} to {}").format(texts.number(least), texts.number(most))
            )
            self.used.setText(self.tr("{} used, {} per class").format(texts.number(sum(train)), each))
        else:
            self.used.setText("")
        for label, part in ((self.validation_count, "validation"), (self.test_count, "test")):
            count = sum(planned.get(part, ()))
            words = self.tr("{} pictures").format(texts.number(count)) if planned else ""
            label.setToolTip(words)
            # beside each other whole words would need more room than a small window has
            label.setText(texts.number(count) if planned and self.width() < _NARROW else words)
        if own_parts:
            note = self.tr("The pictures come with their own parts.")
        elif data.shots is not None:
            note = self.tr("As many choose; the rest is test.")
        elif planned and not sum(planned.get("test", ())):
            note = self.tr("Without a test the result looks too good.")
        else:
            note = ""
        self.held_note.setText(note)
        self.held_error.hide()

    def _show_chips(self, data: Data, inspected: InspectAnswer | None) -> None:
        clear(self._chips)
        known = {shift.name: shift for shift in inspected.shifts} if inspected is not None else {}
        troubles = self._shell.facts.shift_troubles
        # what is wrong must not be among those that are only counted
        for shift in sorted(data.shifts, key=lambda shift: shift not in troubles)[:6]:
            found = known.get(shift.name)
            count = texts.number(found.pictures) if found is not None and found.pictures >= 0 else "…"
            tip = shift.source
            if found is not None and inspected is not None and found.classes < len(inspected.planned_classes):
                tip += "\n" + self.tr("{} of {} classes").format(
                    found.classes, len(inspected.planned_classes)
                )
            trouble = troubles.get(shift)
            if trouble is not None:
                count, tip = "", f"{shift.source}\n{texts.whole(trouble)}"
            remove = Button(
                self.tr("Remove") if trouble is not None and self.width() >= _NARROW else "",
                icon="close",
                kind="quiet",
                small=True,
                name=self.tr("Remove {}").format(shift.name),
                tip=self.tr("Do not judge on {}").format(shift.name),
                act=partial(self._remove, shift.name),
            )
            self._chips.addWidget(Chip(shift.name, count, tip, remove, trouble is not None))
        if len(data.shifts) > 6:
            self._chips.addWidget(Label(self.tr("and {} more").format(len(data.shifts) - 6), "support"))
        self._chips.addStretch(1)
        self._chips_holder.setVisible(bool(data.shifts))
        why = next((texts.message(trouble)[0] for trouble in troubles.values()), "")
        self.shift_note.setText(why or self.tr("They show what survives in new places. They choose nothing."))
        self.shift_note.setToolTip(why)
        self.shift_note.set_tone("bad" if why else "")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        # beside its heading the whole word would widen a small window; the tip and the name say it all
        self.add_shift.setText(self.tr("Add…") if self.width() < _NARROW else self.tr("Add a folder…"))
        if (self.width() < _NARROW) != (event.oldSize().width() < _NARROW) and self._shell.project.data:
            self.render_plan(self._shell.project.data)

    # --- editing ------------------------------------------------------------------------------

    def _use(self, key: str) -> None:
        self._edit(self.tr("few or all pictures"), None, shots=self.shots.value() if key == "few" else None)

    def _edit(self, text: str, merge: str | None, **fields: object) -> None:
        if self._rendering or self._shell.project.data is None:
            return
        error = self._shell.edit(text, merge=merge, data=fields)
        self.held_error.setText(error or "")
        self.held_error.setVisible(bool(error))

    def _remove(self, name: str) -> None:
        data = self._shell.project.data
        if data is not None:
            left = [shift.model_dump() for shift in data.shifts if shift.name != name]
            self._shell.edit(self.tr("remove shifted pictures"), data={"shifts": left})

    def add_shift_folder(self, path: Path) -> str | None:
        """Add a folder or table of shifted pictures under its own name; an error sentence if it cannot be."""
        data = self._shell.project.data
        if data is None:
            return self.tr("Choose pictures first.")
        if Path(data.source) == path:
            return self.tr("These are the pictures to train on; shifted ones have to be others.")
        taken = {shift.name for shift in data.shifts}
        name = stem = path.stem.removeprefix("shift_") or self.tr("elsewhere")
        number = 2
        while name in taken or name in {"train", "validation", "test", "unused"}:
            name = f"{stem} {number}"
            number += 1
        shifts = [shift.model_dump() for shift in data.shifts] + [{"name": name, "source": str(path)}]
        return self._shell.edit(self.tr("add shifted pictures"), data={"shifts": shifts})


def _headed(title: str) -> Label:
    """A heading as high as the one that has a button beside it, so that the parts begin on one line."""
    made = Label(title, "card")
    made.setMinimumHeight(24)
    return made


def _inset(field: QSpinBox) -> None:
    """Keep the words inside clear of the edge; the style sheet's padding does not reach them."""
    field.lineEdit().setTextMargins(6, 0, 0, 0)


def _part(title: str, label: str, control: QHBoxLayout, below: Label) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(5)
    layout.setAlignment(Qt.AlignmentFlag.AlignTop)
    layout.addWidget(_headed(title))
    layout.addWidget(Label(label, "support"))
    layout.addLayout(control)
    layout.addWidget(below)
    layout.addStretch(1)
    return holder
