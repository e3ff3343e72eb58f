"""Forms made from JSON Schema: which control a property gets, what it refuses, how it goes back."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app.option_schema import options, parse, plain
from app.widgets.basics import Switch
from app.widgets.options_form import OptionsForm
from engine.recipe import Training


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark_blue"


class Made(BaseModel):
    """One property of every kind that a method may have."""

    rounds: int = Field(default=3, ge=1, le=9, description="How often.")
    share: float = Field(default=0.5, gt=0, le=1)
    colour: Colour = Colour.RED
    way: Literal["here", "there"] = "here"
    loud: bool = False
    limit: int | None = Field(default=None, ge=2)
    note: str = "x"
    big: int = Field(default=0, ge=0, lt=2**32)
    layers: list[int] = [1, 2]


def made(qtbot: QtBot, schema: dict) -> tuple[OptionsForm, list]:
    form = OptionsForm(schema)
    qtbot.addWidget(form)
    form.resize(700, 600)
    form.show_values({})
    form.show()
    told: list = []
    form.changed.connect(lambda name, value: told.append((name, value)))
    return form, told


def type_into(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_every_kind_has_its_control(qtbot: QtBot) -> None:
    form, _ = made(qtbot, Made.model_json_schema())
    kinds = {name: type(field.control) for name, field in form.fields.items()}
    assert kinds == {
        "rounds": QSpinBox,
        "share": QLineEdit,
        "colour": QComboBox,
        "way": QComboBox,
        "loud": Switch,
        "limit": QSpinBox,
        "note": QLineEdit,
        "big": QLineEdit,  # 2**32 is more than a spin box holds
        "layers": QLineEdit,
    }
    spin = form.fields["rounds"].control
    assert isinstance(spin, QSpinBox)
    assert (spin.minimum(), spin.maximum(), spin.value()) == (1, 9, 3)
    combo = form.fields["colour"].control
    assert isinstance(combo, QComboBox)
    assert [combo.itemText(i) for i in range(combo.count())] == ["red", "dark blue"]
    assert all(field.control.accessibleName() for field in form.fields.values())


def test_training_schema_is_covered_and_named() -> None:
    found = {option.name: option for option in options(Training.model_json_schema())}
    assert set(found) == set(Training.model_fields)
    assert all(option.help for option in found.values())
    assert found["patience"].nullable
    assert found["learning_rate"].low_open
    assert found["seed"].whole_range() == (0, 2**32 - 1)


def test_number_out_of_range_is_said_at_the_field_and_not_told(qtbot: QtBot) -> None:
    form, told = made(qtbot, Made.model_json_schema())
    field = form.fields["share"]
    assert isinstance(field.control, QLineEdit)
    for wrong in ("0", "1.5", "much"):
        type_into(qtbot, field.control, wrong)
        assert field.error, wrong
    assert told == []
    assert "at most 1" in field.option.wrong(1.5)
    type_into(qtbot, field.control, "2.5e-1")
    assert told == [("share", 0.25)]
    assert field.error == ""


def test_left_to_the_program(qtbot: QtBot) -> None:
    form, told = made(qtbot, Made.model_json_schema())
    field = form.fields["limit"]
    assert field.unset is not None
    assert field.unset.isChecked()
    assert not field.control.isEnabled()
    field.unset.click()
    assert told == [("limit", 2)]  # the smallest that suits
    form.show_values({"limit": 5})
    assert field.control.isEnabled()
    field.unset.click()
    assert told[-1] == ("limit", None)


def test_reset_goes_back_to_the_usual_value(qtbot: QtBot) -> None:
    form, told = made(qtbot, Made.model_json_schema())
    field = form.fields["rounds"]
    assert not field.reset.isVisible()
    form.show_values({"rounds": 7})
    assert field.reset.isVisible()
    field.reset.click()
    assert told == [("rounds", 3)]


def test_a_field_being_typed_in_is_left_alone(qtbot: QtBot) -> None:
    form, _ = made(qtbot, Made.model_json_schema())
    form.activateWindow()
    line = form.fields["share"].control
    assert isinstance(line, QLineEdit)
    qtbot.waitUntil(lambda: form.isActiveWindow())
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "0.7")
    form.show_values({"share": 0.9})
    assert line.text() == "0.7"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-5, "1e-5"), (3e-5, "3e-5"), (0.1, "0.1"), (32.0, "32"), (1.5e-6, "1.5e-6"), (0.005, "0.005")],
)
def test_numbers_are_written_as_people_do(value: float, text: str) -> None:
    assert plain(value) == text
    number = next(o for o in options(Made.model_json_schema()) if o.name == "share")
    assert parse(number, text) == pytest.approx(value)
