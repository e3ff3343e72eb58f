"""Leaving out and keeping, as sets of paths."""

from __future__ import annotations

from app import decisions
from engine.data.inspection import FoundProblem
from engine.messages import say
from engine.recipe import Data

_SAID = say("core.cancelled")
COPY = ("duplicate", FoundProblem(source="", path="a/1.jpg", message=_SAID, others=("a/2.jpg",)))
BOTH = ("two classes", FoundProblem(source="", path="a/3.jpg", message=_SAID, others=("b/3.jpg",)))
BROKEN = ("truncated", FoundProblem(source="", path="b/4.jpg", message=_SAID))
ELSEWHERE = ("truncated", FoundProblem(source="art", path="b/4.jpg", message=_SAID))
UNEQUAL = ("imbalance", FoundProblem(source="", path="", message=_SAID))
ALL = [COPY, BOTH, BROKEN, ELSEWHERE, UNEQUAL]


def test_only_pictures_of_the_main_source_wait_for_a_decision():
    assert decisions.undecided(ALL, Data(source="x")) == [COPY, BOTH, BROKEN]


def test_leaving_out_keeps_one_of_equal_copies():
    data = Data(source="x")
    left = decisions.leaving_out([COPY, BOTH, BROKEN], data)
    assert left["leave_out"] == ("a/2.jpg", "a/3.jpg", "b/3.jpg", "b/4.jpg")
    assert decisions.undecided(ALL, data.model_copy(update=left)) == []


def test_keeping_takes_back_what_was_left_out():
    data = Data(source="x", leave_out=("a/3.jpg", "c/9.jpg"))
    kept = decisions.keeping([BOTH], data)
    assert kept == {"leave_out": ("c/9.jpg",), "keep": ("a/3.jpg", "b/3.jpg")}
    now = data.model_copy(update=kept)
    assert decisions.undecided(ALL, now) == [COPY, BROKEN]
    # and the other way round
    again = decisions.leaving_out([BOTH], now)
    assert again == {"leave_out": ("a/3.jpg", "b/3.jpg", "c/9.jpg"), "keep": ()}
