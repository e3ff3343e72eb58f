"""How each plant is built from parts."""

from __future__ import annotations

from math import cos, pi, sin

from numpy.random import Generator

from .shapes import Part, ellipse, joined, mirrored, polygon, smooth


def mushroom(rng: Generator) -> list[Part]:
    """A toadstool."""
    wide = rng.uniform(0.7, 0.92)
    cap = smooth(
        [(-wide, 0.08), (-wide * 0.75, -0.5), (0, -0.84), (wide * 0.75, -0.5), (wide, 0.08), (0, 0.18)]
    )
    stem = smooth([(-0.22, 0.0), (0.22, 0.0), (0.24, 0.5), (0.34, 0.88), (-0.34, 0.88), (-0.24, 0.5)])
    return [Part(stem, "light"), Part(cap, "body", patterned=True)]


def flower(rng: Generator) -> list[Part]:
    """A flower with round petals on a stem."""
    n = int(rng.integers(5, 9))
    petals = []
    turn = rng.uniform(0, 1)
    for i in range(n):
        a = 2 * pi * (i + turn) / n
        petals.append(ellipse(0.34 * cos(a), -0.36 + 0.34 * sin(a), 0.3, 0.68 * 1.5 / n + 0.02, a * 180 / pi))
    leaf = smooth([(0.02, 0.6), (0.24, 0.3), (0.56, 0.28), (0.36, 0.54)])
    return [
        Part(smooth([(0, -0.2), (0.05, 0.3), (0, 0.98)], closed=False), "leaf", line=0.09),
        Part(leaf, "leaf"),
        Part(mirrored(leaf), "leaf"),
        Part(joined(*petals), "body", patterned=True),
        Part(ellipse(0, -0.36, 0.19), "accent"),
    ]


def leaf(rng: Generator) -> list[Part]:
    """A single leaf with its veins."""
    wide = rng.uniform(0.42, 0.62)
    blade = smooth(
        [
            (0, -0.96),
            (wide * 0.7, -0.5),
            (wide, 0.05),
            (wide * 0.5, 0.52),
            (0, 0.66),
            (-wide * 0.5, 0.52),
            (-wide, 0.05),
            (-wide * 0.7, -0.5),
        ]
    )
    veins = [
        Part(polygon([(0, y), (s * wide * 0.6, y - 0.22)], closed=False), "dark", line=0.025)
        for y in (-0.3, 0.05, 0.36)
        for s in (-1, 1)
    ]
    return [
        Part(blade, "body", patterned=True),
        Part(smooth([(0, -0.8), (0.02, 0.3), (0.08, 0.98)], closed=False), "dark", line=0.05),
        *veins,
    ]


def tree(rng: Generator) -> list[Part]:
    """A round tree."""
    wide = rng.uniform(0.62, 0.8)
    crown = joined(
        ellipse(0, -0.36, wide, 0.56), ellipse(-0.36, -0.1, 0.42, 0.36), ellipse(0.38, -0.12, 0.4, 0.36)
    )
    trunk = smooth([(-0.11, 0.0), (0.11, 0.0), (0.14, 0.6), (0.26, 0.96), (-0.26, 0.96), (-0.14, 0.6)])
    return [Part(trunk, "wood"), Part(crown, "body", patterned=True)]


def apple(rng: Generator) -> list[Part]:
    """An apple with stalk and leaf."""
    wide = rng.uniform(0.74, 0.86)
    body = smooth(
        [
            (0, -0.42),
            (0.36, -0.58),
            (wide, -0.2),
            (wide * 0.8, 0.5),
            (0.3, 0.86),
            (0, 0.78),
            (-0.3, 0.86),
            (-wide * 0.8, 0.5),
            (-wide, -0.2),
            (-0.36, -0.58),
        ]
    )
    return [
        Part(body, "body", patterned=True),
        Part(smooth([(0, -0.4), (0.02, -0.7), (0.12, -0.92)], closed=False), "wood", line=0.09),
        Part(smooth([(0.06, -0.62), (0.3, -0.9), (0.6, -0.84), (0.36, -0.6)]), "leaf"),
    ]
