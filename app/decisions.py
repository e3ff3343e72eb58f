"""Problems of pictures about which a person decides: leave out or keep. Knows no Qt."""

from __future__ import annotations

from engine.data.inspection import FoundProblem
from engine.recipe import Data

UNDECODABLE = frozenset({"unreadable", "truncated", "empty file", "not a picture", "too large"})
"""Always left out of training, whatever is decided."""
COPIES = frozenset({"duplicate", "two classes", "across splits"})
DECIDABLE = UNDECODABLE | COPIES | {"small"}
"""Kinds of which each problem is about certain pictures."""

Found = tuple[str, FoundProblem]
"""(kind, problem) as the facts give them."""


def pictures(problem: FoundProblem) -> tuple[str, ...]:
    """Every picture that a problem is about."""
    return problem.path, *problem.others


def unwanted(kind: str, problem: FoundProblem) -> tuple[str, ...]:
    """The pictures to leave out so that the problem is gone: of equal copies in a class one stays."""
    return problem.others if kind == "duplicate" and problem.others else pictures(problem)


def is_decided(found: Found, data: Data) -> bool:
    """Has the person said what to do, or is there nothing to say?"""
    return _is_decided(found, set(data.leave_out), set(data.keep))


def _is_decided(found: Found, out: set[str], keep: set[str]) -> bool:
    kind, problem = found
    if kind not in DECIDABLE or problem.source:
        return True
    return all(path in out for path in unwanted(kind, problem)) or all(
        path in keep or path in out for path in pictures(problem)
    )


def undecided(problems: list[Found], data: Data) -> list[Found]:
    """Problems that wait for the person."""
    # made once: there may be thousands of both, and the rail asks whenever anything changes
    out, keep = set(data.leave_out), set(data.keep)
    return [found for found in problems if not _is_decided(found, out, keep)]


def leaving_out(problems: list[Found], data: Data) -> dict[str, tuple[str, ...]]:
    """Changes to ``data`` that leave the pictures of these problems out."""
    gone = {path for kind, problem in problems for path in unwanted(kind, problem)}
    return {
        "leave_out": tuple(sorted(set(data.leave_out) | gone)),
        "keep": tuple(path for path in data.keep if path not in gone),
    }


def keeping(problems: list[Found], data: Data) -> dict[str, tuple[str, ...]]:
    """Changes to ``data`` that use the pictures of these problems all the same."""
    kept = {path for _, problem in problems for path in pictures(problem)}
    return {
        "leave_out": tuple(path for path in data.leave_out if path not in kept),
        "keep": tuple(sorted(set(data.keep) | kept)),
    }
