"""Captions: several ways to say what is in a picture, from terse to full."""

from __future__ import annotations

from itertools import product

from numpy.random import Generator

from .palette import COLOURS
from .patterns import PATTERNS
from .picture import THINGS, Wish
from .scenes import SCENES
from .styles import STYLES

HELD_OUT_THINGS = ("butterfly", "fish", "balloon")
HELD_OUT_PATTERNS = ("striped", "spotted", "checked")
HELD_OUT = frozenset(product(HELD_OUT_THINGS, HELD_OUT_PATTERNS))
"""Pairs of thing and pattern that the starter never sees, neither drawn nor named: the sample's classes."""

SURFACES = {
    "plain": ("plain", "with no pattern"),
    "striped": ("striped", "with stripes"),
    "spotted": ("spotted", "with spots"),
    "checked": ("checked", "with checks"),
    "zigzag": ("zigzag", "with zigzags"),
    "starry": ("starry", "with stars"),
}
"""Each pattern as an adjective and as an addition."""

FRAMES = (
    "",
    "",
    "",
    "a drawing of ",
    "a picture of ",
    "an image of ",
    "a drawing of ",
    "a small picture of ",
    "this is ",
)


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def caption(wish: Wish, rng: Generator) -> tuple[str, tuple[str, ...]]:
    """One of the many captions that are true of a picture, and what it says apart from its wording.

    The thing is always named, its pattern mostly, the rest less often: colours, places and styles are learnt
    from few examples, shapes and patterns are not. Two captions of the same meaning are true of each
    other's picture.
    """
    words, after = wish.thing, ""
    meaning = [wish.thing]
    adjective, addition = SURFACES[wish.pattern]
    if rng.random() < (0.5 if wish.pattern == "plain" else 0.85):
        meaning.append(wish.pattern)
        if rng.random() < 0.75:
            words = f"{adjective} {words}"
        else:
            after = f" {addition}"
    if STYLES[wish.style][2] and rng.random() < 0.3:
        meaning.append(wish.colour)
        words = f"{wish.colour} {words}"
    if rng.random() < 0.15:
        meaning.append(wish.scene)
        places = SCENES[wish.scene][1]
        after += f" {places[int(rng.integers(len(places)))]}"
    text = _article(words) + after
    if rng.random() < 0.2:
        meaning.append(wish.style)
        names = STYLES[wish.style][1]
        text = f"{_article(names[int(rng.integers(len(names)))])} of {text}"
    else:
        text = FRAMES[int(rng.integers(len(FRAMES)))] + text
    return text + ("." if rng.random() < 0.5 else ""), tuple(meaning)


def vocabulary() -> list[str]:
    """Every word that a caption can contain, sorted."""
    texts = [*THINGS, *COLOURS, *PATTERNS, *FRAMES, "a", "an", "of"]
    texts += [form for forms in SURFACES.values() for form in forms]
    texts += [place for _, places in SCENES.values() for place in places]
    texts += [name for _, names, _ in STYLES.values() for name in names]
    return sorted({word for text in texts for word in text.split()})
