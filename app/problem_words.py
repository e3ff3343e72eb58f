"""Kinds of problems in plain words."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_WORDS: dict[str, tuple[str, str]] = {
    "unreadable": (
        str(QT_TRANSLATE_NOOP("problems", "cannot be opened")),
        str(QT_TRANSLATE_NOOP("problems", "the system does not give the file")),
    ),
    "truncated": (
        str(QT_TRANSLATE_NOOP("problems", "cut short")),
        str(QT_TRANSLATE_NOOP("problems", "the file ends before the picture does")),
    ),
    "empty file": (
        str(QT_TRANSLATE_NOOP("problems", "empty files")),
        str(QT_TRANSLATE_NOOP("problems", "there is nothing in them")),
    ),
    "not a picture": (
        str(QT_TRANSLATE_NOOP("problems", "not pictures")),
        str(QT_TRANSLATE_NOOP("problems", "the content is something else, whatever the name says")),
    ),
    "too large": (
        str(QT_TRANSLATE_NOOP("problems", "too large")),
        str(QT_TRANSLATE_NOOP("problems", "more pixels than can be decoded safely")),
    ),
    "two classes": (
        str(QT_TRANSLATE_NOOP("problems", "under two classes")),
        str(QT_TRANSLATE_NOOP("problems", "the same picture with two answers")),
    ),
    "across splits": (
        str(QT_TRANSLATE_NOOP("problems", "in two parts")),
        str(QT_TRANSLATE_NOOP("problems", "the same picture trains and judges")),
    ),
    "duplicate": (
        str(QT_TRANSLATE_NOOP("problems", "exact copies")),
        str(QT_TRANSLATE_NOOP("problems", "the same picture twice in a class")),
    ),
    "small": (
        str(QT_TRANSLATE_NOOP("problems", "smaller than 32 px")),
        str(QT_TRANSLATE_NOOP("problems", "little can be seen on them")),
    ),
    "empty class": (
        str(QT_TRANSLATE_NOOP("problems", "empty classes")),
        str(QT_TRANSLATE_NOOP("problems", "folders without pictures")),
    ),
    "few": (
        str(QT_TRANSLATE_NOOP("problems", "classes with few pictures")),
        str(QT_TRANSLATE_NOOP("problems", "fewer than asked for, or too few to hold any back")),
    ),
    "imbalance": (
        str(QT_TRANSLATE_NOOP("problems", "unequal classes")),
        str(QT_TRANSLATE_NOOP("problems", "the largest has over ten times the pictures of the smallest")),
    ),
    "name clash": (
        str(QT_TRANSLATE_NOOP("problems", "names that hardly differ")),
        str(QT_TRANSLATE_NOOP("problems", "only by case or by how a letter is written")),
    ),
    "link loop": (
        str(QT_TRANSLATE_NOOP("problems", "links in a circle")),
        str(QT_TRANSLATE_NOOP("problems", "they are not followed")),
    ),
    "unknown class": (
        str(QT_TRANSLATE_NOOP("problems", "unknown classes in shifted pictures")),
        str(QT_TRANSLATE_NOOP("problems", "the training pictures have no such class")),
    ),
    "loose": (
        str(QT_TRANSLATE_NOOP("problems", "pictures outside of class folders")),
        str(QT_TRANSLATE_NOOP("problems", "they belong to no class and are not used")),
    ),
    "bad row": (
        str(QT_TRANSLATE_NOOP("problems", "rows that say too little")),
        str(QT_TRANSLATE_NOOP("problems", "without a picture or without a class")),
    ),
    "left out": (
        str(QT_TRANSLATE_NOOP("problems", "left out by you")),
        str(QT_TRANSLATE_NOOP("problems", "they are not used")),
    ),
}
_ORDER = list(_WORDS)


def of(kind: str) -> str:
    """The kind as a heading."""
    words = _WORDS.get(kind)
    return QCoreApplication.translate("problems", words[0]) if words else kind


def about(kind: str) -> str:
    """What it means."""
    words = _WORDS.get(kind)
    return QCoreApplication.translate("problems", words[1]) if words else ""


def order(kind: str) -> int:
    """The most harmful first."""
    return _ORDER.index(kind) if kind in _WORDS else len(_ORDER)
