"""A form made from a JSON Schema: one field a property, with its help, range, choices and a way back.

The form holds no values of its own: ``changed`` tells what the person set, ``show_values`` shows what
is so, ``set_error`` says at the field why a value could not be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import option_words as words
from app.option_schema import Option, options, parse, written
from app.widgets.basics import Button, Icon, Label, Switch, repolish, row

_UNKNOWN = object()


class _Wheel(QObject):
    """Keeps the wheel for scrolling: a value changes by it only in the field that has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class OptionField(QWidget):
    """One setting: its label, its control, whether it is left to the program, and its help or error."""

    changed = Signal(object)
    """The value that the person set."""

    def __init__(self, option: Option, extra_help: str = "", label: str = "") -> None:
        super().__init__()
        self.option = option
        self._value: Any = _UNKNOWN
        self._default = option.default
        self._help = extra_help or option.help
        self._shown_error = ""
        name = label or words.label(option.name)
        tip = " ".join(part for part in (option.help, option.range_words(), f"({option.name})") if part)
        self.label = Label(name, "label", wrap=True)
        self.label.setMinimumWidth(40)
        self.label.setToolTip(tip)
        self.reset = Button(
            icon="undo", kind="quiet", small=True, act=self._back, name=self.tr("{}: back to its usual value").format(name)
        )  # fmt: skip
        self._wheel = _Wheel(self)
        self.control = self._make()
        self.control.setAccessibleName(name)
        self.control.setToolTip(tip)
        self.control.installEventFilter(self._wheel)
        self.label.setBuddy(self.control)
        self.unset: QCheckBox | None = None
        if option.nullable:
            self.unset = QCheckBox(words.unset(option.name))
            self.unset.setAccessibleName(f"{name}: {words.unset(option.name)}")
            self.unset.setToolTip(tip)
            self.unset.clicked.connect(self._toggled)
        self._mark = Icon("warning", "bad", 14)
        self._below = Label(self._help, "help", wrap=True)
        self._lay_out()
        self._say("")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        if isinstance(self.control, Switch):
            head.addWidget(self.control)
        head.addWidget(self.label, 1)
        head.addWidget(self.reset)
        keep = self.reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keep)
        layout.addLayout(head)
        if not isinstance(self.control, Switch):
            layout.addWidget(self.control)
        if self.unset is not None:
            layout.addWidget(self.unset)
        below = row(self._mark, self._below, spacing=4)
        below.setAlignment(self._mark, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(below)
        layout.addStretch(1)

    # --- the control --------------------------------------------------------------------------

    def _make(self) -> QWidget:
        option = self.option
        if option.kind == "boolean":
            switch = Switch()
            switch.clicked.connect(lambda on: self._set(bool(on)))
            return switch
        if option.kind == "enum":
            combo = QComboBox()
            for value in option.choices:
                combo.addItem(words.choice(option.name, value), value)
            combo.setMinimumWidth(80)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.activated.connect(lambda index: self._set(combo.itemData(index)))
            return combo
        if option.countable:
            spin = QSpinBox()
            spin.setRange(*option.whole_range())
            spin.setGroupSeparatorShown(True)
            spin.setKeyboardTracking(False)
            spin.setMinimumWidth(72)
            # the style sheet's padding does not reach the words inside
            spin.lineEdit().setTextMargins(6, 0, 0, 0)
            spin.valueChanged.connect(self._set)
            return spin
        line = QLineEdit()
        line.setMinimumWidth(72)
        line.editingFinished.connect(self._written)
        return line

    def _written(self) -> None:
        assert isinstance(self.control, QLineEdit)
        # the field is left without a change, too
        if self.control.isModified():
            self.control.setModified(False)
            self._set(parse(self.option, self.control.text()))

    def _toggled(self, unset: bool) -> None:
        if unset:
            self._set(None)
            return
        self._set(self._start())

    def _start(self) -> Any:
        """What stands in the field when it is no longer left to the program."""
        if self.option.name in words.STARTS:
            return words.STARTS[self.option.name]
        low, high = self.option.whole_range()
        others = {"boolean": False, "string": "", "enum": (self.option.choices or ("",))[0]}
        return others.get(self.option.kind, min(max(1, low), high))

    def _set(self, value: Any) -> None:
        if wrong := self.option.wrong(value):
            self.set_error(wrong)
            return
        self.set_error("")
        self.changed.emit(value)

    def _back(self) -> None:
        self._set(self._default)

    # --- what is so ---------------------------------------------------------------------------

    def show_value(self, value: Any) -> None:
        """Show a value; a field that is being typed in is left alone."""
        self.reset.setVisible(value != self._default)
        usual = self.tr("none") if self._default is None else self._in_words(self._default)
        self.reset.setToolTip(self.tr("Back to its usual value: {}").format(usual))
        control = self.control
        if isinstance(control, QLineEdit) and control.hasFocus() and control.isModified():
            return
        same = value == self._value and type(value) is type(self._value)
        self._value = value
        if self.unset is not None:
            self.unset.setChecked(value is None)
            control.setEnabled(value is not None)
        if not (same and isinstance(control, QSpinBox)):
            # a value that is left out shows, greyed, what taking off the check would set
            with QSignalBlocker(control):
                self._put(self._start() if value is None else value)
        if not same:
            self.set_error("")

    def _put(self, value: Any) -> None:
        control = self.control
        if isinstance(control, Switch):
            control.setChecked(bool(value))
        elif isinstance(control, QComboBox):
            control.setCurrentIndex(control.findData(value))
        elif isinstance(control, QSpinBox):
            control.setValue(int(value))
        elif isinstance(control, QLineEdit):
            text = written(self.option, value)
            if control.text() != text:
                control.setText(text)

    def _in_words(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.tr("on") if value else self.tr("off")
        return (
            words.choice(self.option.name, value)
            if self.option.kind == "enum"
            else written(self.option, value)
        )

    def set_default(self, value: Any) -> None:
        """What 'reset' goes back to, where it is another than the schema's."""
        self._default = value

    def set_help(self, text: str) -> None:
        """Another help, as why this value was chosen; empty brings the schema's back."""
        self._help = text or self.option.help
        if not self._shown_error:
            self._say("")

    def set_error(self, error: str) -> None:
        """Say what is wrong in the place of the help; empty takes it away."""
        if error != self._shown_error:
            self._shown_error = error
            self._say(error)

    @property
    def error(self) -> str:
        return self._shown_error

    def _say(self, error: str) -> None:
        self._mark.setVisible(bool(error))
        self._below.setText(error or self._help)
        self._below.set_tone("bad" if error else "")
        self._below.setVisible(bool(error or self._help))
        self.control.setAccessibleDescription(error or self._help)
        if self.control.property("wrong") != bool(error):
            self.control.setProperty("wrong", bool(error))
            repolish(self.control)


class OptionsForm(QWidget):
    """Fields for the properties of a schema in as many columns as there is room for."""

    changed = Signal(str, object)
    """A property's name and the value that the person set."""

    def __init__(
        self,
        schema: dict[str, Any],
        only: Iterable[str] | None = None,
        leave: Iterable[str] = (),
        width: int = 220,
        labels: dict[str, str] | None = None,
    ) -> None:
        """``only`` names the properties to show in that order; ``leave`` those not to show.

        ``labels`` names properties that are called otherwise here than elsewhere.
        """
        super().__init__()
        found = {option.name: option for option in options(schema)}
        names = [
            name for name in (only if only is not None else found) if name in found and name not in set(leave)
        ]
        self.fields: dict[str, OptionField] = {}
        self._width = width
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(12)
        for name in names:
            field = OptionField(found[name], label=(labels or {}).get(name, ""))
            field.changed.connect(lambda value, name=name: self.changed.emit(name, value))
            self.fields[name] = field
        self._shown = set(self.fields)
        self._arrange(2)

    def show_only(self, names: Iterable[str] | None) -> None:
        """Show these fields and no others; None for all."""
        shown = set(self.fields) if names is None else set(names) & set(self.fields)
        if shown != self._shown:
            self._shown = shown
            self._columns = 0
            self.resizeEvent(None)

    @property
    def empty(self) -> bool:
        """Nothing is shown."""
        return not self._shown

    def show_values(self, values: dict[str, Any]) -> None:
        """Show what is so; what is left out has its default."""
        for name, field in self.fields.items():
            value = values.get(name, field.option.default)
            # how a recipe says that a method's option is switched off
            field.show_value(None if value == "none" and field.option.nullable else value)

    def set_error(self, name: str, error: str) -> None:
        """Say at a field what is wrong with it."""
        if name in self.fields:
            self.fields[name].set_error(error)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        # the columns of now must not keep the form from having fewer
        return QSize(self._width, super().minimumSizeHint().height())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        if event is not None:
            super().resizeEvent(event)
        self._arrange(max(1, min(4, len(self._shown), (self.width() + 24) // (self._width + 24))))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns or not self.fields:
            return
        for column in range(max(columns, self._columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
            self._grid.setColumnMinimumWidth(column, 0)
        self._columns = columns
        place = 0
        for name, field in self.fields.items():
            self._grid.removeWidget(field)
            field.setVisible(name in self._shown)
            if name in self._shown:
                self._grid.addWidget(field, place // columns, place % columns)
                place += 1
        self.updateGeometry()
