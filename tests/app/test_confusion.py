"""Names at the confusion matrix: whole, lying, standing or numbered; cut only beyond that."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.widgets.confusion import Confusion
from app.widgets.confusion_heads import without_common
from tests.app.conftest import settle

SAMPLE = tuple(
    f"{thing}_{when}"
    for thing in ("checked_butterfly", "spotted_fish", "striped_balloon")
    for when in ("after_dark", "at_dusk", "in_winter")
)
LONG = tuple(f"satellite picture of {x} along the northern coast" for x in ("forest", "sea", "crop land"))
CARD = (402, 206)
"""Pixels it has on the Evaluate page of a window of 1280 × 800."""


@pytest.fixture
def shown(qtbot: QtBot):
    def show(classes: tuple[str, ...], size: tuple[int, int] = CARD) -> Confusion:
        made = Confusion(lambda folder: folder.replace("_", " "))
        qtbot.addWidget(made)
        made.resize(*size)
        made.show()
        counts = np.full((len(classes), len(classes)), 0) + 98 * np.eye(len(classes), dtype=np.int64)
        made.show_matrix("test", counts, classes)
        settle()
        return made

    return show


def said(made: Confusion) -> tuple[list[str], list[str]]:
    """What is painted beside the rows and above the columns."""
    count = len(made.matrix.order)
    return [made.down.words(i) for i in range(count)], [made.across.words(i) for i in range(count)]


def scrolls(made: Confusion) -> tuple[bool, bool]:
    return made.horizontalScrollBar().maximum() > 0, made.verticalScrollBar().maximum() > 0


def test_the_samples_names_are_whole_and_nothing_scrolls(shown):
    made = shown(SAMPLE)
    rows, columns = said(made)
    assert rows == [name.replace("_", " ") for name in SAMPLE]
    assert columns == [str(number) for number in range(1, 10)]
    assert scrolls(made) == (False, False)
    # the names are told and copied as ever
    assert made.matrix.headerData(0, Qt.Orientation.Horizontal) == "checked butterfly after dark"
    assert made.copied().splitlines()[0].split("\t")[1] == "checked butterfly after dark"


def test_short_names_lie_and_stand_where_columns_are_narrow(shown):
    made = shown(("cat", "dog"))
    assert said(made) == (["cat", "dog"], ["cat", "dog"])
    assert (made.across.upright, made.across.numbered) == (False, False)
    many = tuple(f"kind {letter}" for letter in "abcdefghij")
    made = shown(many)
    assert said(made) == (list(many), list(many))
    assert (made.across.upright, made.across.numbered) == (True, False)


def test_forty_classes_are_numbered_and_their_rows_readable(shown):
    breeds = (*(f"breed of dogs {number:02}" for number in range(39)), "a cat")
    made = shown(breeds)
    assert said(made) == (list(breeds), [str(number) for number in range(1, 41)])
    assert scrolls(made) == (True, True)
    # each number has its room
    assert made.columnWidth(39) >= made.fontMetrics().horizontalAdvance("40")


def test_of_long_names_that_is_shown_in_which_they_differ(shown):
    rows, columns = said(shown(LONG))
    assert rows == ["… forest …", "… sea …", "… crop land …"]
    assert columns in (rows, ["1", "2", "3"])
    # with room for all of it, all of it
    assert said(shown(LONG, (1200, 700)))[0] == list(LONG)
    # beyond any room it is cut
    endless = ("x" * 400, "y" * 400)
    assert all("…" in row and len(row) < 100 for row in said(shown(endless))[0])


def test_words_that_all_have_in_common_are_left_out_but_never_a_whole_name():
    assert without_common(["a red dog", "a blue dog"]) == ["… red …", "… blue …"]
    assert without_common(["dog", "dog house"]) == ["dog", "dog house"]
    assert without_common(["big dog", "big dog house"]) == ["… dog", "… dog house"]
    assert without_common(["same here", "same here"]) == ["… here", "… here"]
    assert without_common(["only one"]) == ["only one"]
    assert without_common(["", "x"]) == ["", "x"]


def test_shares_need_wider_cells_than_counts(shown):
    made = shown(SAMPLE, (620, 475))
    before = made.columnWidth(0)
    made.show_shares(True)
    settle()
    words = made.fontMetrics()
    assert made.columnWidth(0) >= words.horizontalAdvance("100\u202f%") * 12 // words.height()
    assert made.columnWidth(0) >= before
    assert scrolls(made) == (False, False)
