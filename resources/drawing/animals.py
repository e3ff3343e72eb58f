"""How each animal is built from parts."""

from __future__ import annotations

from numpy.random import Generator

from .shapes import Part, ellipse, joined, mirrored, polygon, scaled, smooth


def _eye(x: float, y: float, size: float) -> list[Part]:
    return [
        Part(ellipse(x, y, size), "light"),
        Part(ellipse(x - size * 0.15, y, size * 0.55), "dark"),
    ]


def butterfly(rng: Generator) -> list[Part]:
    """Four wings, a slim body and feelers, seen from above."""
    spread = rng.uniform(0.78, 1.05)
    droop = rng.uniform(-0.1, 0.1)
    tip = rng.uniform(-0.12, 0.1)
    upper = smooth(
        [(0.04, 0.02), (0.2, -0.5), (0.62, -0.86 + droop), (0.95, -0.7 + tip), (0.86, -0.25), (0.45, 0.06)]
    )
    tail = rng.uniform(0.65, 0.95)
    lower = smooth([(0.04, 0.0), (0.5, 0.06), (0.78, 0.34), (0.56, tail * 0.85), (0.3, tail), (0.12, 0.5)])
    upper, lower = scaled(upper, spread, 1), scaled(lower, spread, 1)
    feeler = smooth([(0.03, -0.38), (0.12, -0.62), (0.3, -0.74)], closed=False)
    return [
        Part(lower, "body", patterned=True),
        Part(mirrored(lower), "body", patterned=True),
        Part(upper, "body", patterned=True),
        Part(mirrored(upper), "body", patterned=True),
        Part(feeler, "dark", line=0.045),
        Part(mirrored(feeler), "dark", line=0.045),
        Part(ellipse(0, 0.12, 0.075, 0.5), "dark"),
        Part(ellipse(0, -0.38, 0.1), "dark"),
    ]


def fish(rng: Generator) -> list[Part]:
    """A fish from the side."""
    tall = rng.uniform(0.36, 0.58)
    body = smooth(
        [
            (-0.82, 0.02),
            (-0.45, -tall * 0.85),
            (0.05, -tall),
            (0.5, -0.18),
            (0.6, 0.0),
            (0.5, 0.2),
            (0.05, tall),
            (-0.45, tall * 0.85),
        ]
    )
    reach = rng.uniform(0.32, 0.52)
    tail = smooth(
        [(0.46, 0.0), (0.78, -reach), (1.0, -reach * 1.05), (0.84, 0.0), (1.0, reach * 1.05), (0.78, reach)]
    )
    back = smooth([(-0.3, -tall * 0.8), (-0.05, -tall - 0.26), (0.36, -tall - 0.1), (0.3, -tall * 0.5)])
    belly = smooth([(-0.1, tall * 0.8), (0.12, tall + 0.22), (0.32, tall + 0.12), (0.26, tall * 0.6)])
    fin = smooth([(-0.2, 0.06), (0.1, 0.02), (0.16, 0.22), (-0.05, 0.24)])
    return [
        Part(tail, "second"),
        Part(back, "second"),
        Part(belly, "second"),
        Part(body, "body", patterned=True),
        Part(fin, "second"),
        Part(smooth([(-0.42, -0.24), (-0.34, 0.0), (-0.42, 0.26)], closed=False), "dark", line=0.03),
        *_eye(-0.58, -0.1, 0.1),
    ]


def bird(rng: Generator) -> list[Part]:
    """A small songbird from the side."""
    lift = rng.uniform(-0.25, 0.15)
    body = smooth(
        [
            (-0.78, -0.36),
            (-0.5, -0.62),
            (-0.2, -0.42),
            (0.25, -0.22),
            (0.62, 0.06),
            (0.2, 0.42),
            (-0.3, 0.4),
            (-0.62, 0.05),
        ]
    )
    tail = polygon([(0.45, -0.08), (0.98, lift), (0.92, lift + 0.26), (0.42, 0.24)])
    wing = smooth([(-0.28, -0.12), (0.2, -0.12), (0.58, 0.16), (0.12, 0.28), (-0.2, 0.14)])
    legs = [
        Part(polygon([(x, 0.36), (x + 0.04, 0.78), (x - 0.1, 0.82)], closed=False), "dark", line=0.05)
        for x in (-0.1, 0.12)
    ]
    return [
        *legs,
        Part(tail, "second"),
        Part(body, "body", patterned=True),
        Part(wing, "second"),
        Part(polygon([(-0.72, -0.46), (-1.0, -0.32), (-0.7, -0.26)]), "accent"),
        Part(ellipse(-0.54, -0.38, 0.06), "dark"),
    ]


def snail(rng: Generator) -> list[Part]:
    """A snail with a big round shell."""
    size = rng.uniform(0.48, 0.6)
    foot = smooth(
        [
            (-0.98, 0.2),
            (-0.82, 0.02),
            (-0.62, 0.2),
            (-0.4, 0.46),
            (0.5, 0.48),
            (1.0, 0.72),
            (-0.5, 0.74),
            (-0.86, 0.56),
        ]
    )
    spiral = smooth(
        [(0.4, 0.3), (0.5, -0.15), (0.12, -0.36), (-0.16, -0.05), (0.06, 0.16), (0.24, 0.0), (0.12, -0.1)],
        closed=False,
    )
    return [
        Part(polygon([(-0.84, 0.1), (-0.96, -0.26)], closed=False), "dark", line=0.05),
        Part(polygon([(-0.74, 0.1), (-0.72, -0.28)], closed=False), "dark", line=0.05),
        Part(foot, "second"),
        Part(ellipse(0.14, 0.02, size + 0.05, size), "body", patterned=True),
        Part(spiral, "dark", line=0.05),
    ]


def turtle(rng: Generator) -> list[Part]:
    """A turtle from the side, under a domed shell."""
    neck = rng.uniform(-0.2, 0.1)
    shell = smooth(
        [(-0.66, 0.3), (-0.55, -0.2), (-0.1, -0.52), (0.4, -0.38), (0.74, 0.1), (0.8, 0.32), (0.1, 0.36)]
    )
    head = smooth(
        [(-0.5, 0.14), (-0.72, neck), (-0.96, neck - 0.04), (-0.96, neck + 0.2), (-0.72, 0.36), (-0.5, 0.36)]
    )
    legs = [
        Part(smooth([(x, 0.2), (x + 0.24, 0.2), (x + 0.26, 0.62), (x - 0.06, 0.64)]), "second")
        for x in (-0.5, 0.34)
    ]
    return [
        *legs,
        Part(head, "second"),
        Part(polygon([(0.72, 0.2), (1.0, 0.4), (0.7, 0.38)]), "second"),
        Part(shell, "body", patterned=True),
        Part(ellipse(-0.82, neck + 0.04, 0.05), "dark"),
    ]


def whale(rng: Generator) -> list[Part]:
    """A whale with its spout."""
    tail = rng.uniform(-0.6, -0.35)
    body = smooth(
        [
            (-0.92, 0.1),
            (-0.72, -0.36),
            (-0.2, -0.46),
            (0.35, -0.12),
            (0.7, tail + 0.3),
            (0.82, tail + 0.3),
            (0.62, 0.22),
            (0.2, 0.52),
            (-0.55, 0.5),
        ]
    )
    fluke = smooth(
        [(0.74, tail + 0.36), (0.48, tail), (0.72, tail + 0.06), (0.98, tail - 0.1), (0.92, tail + 0.2)]
    )
    spout = joined(ellipse(-0.5, -0.72, 0.08, 0.18, -30), ellipse(-0.28, -0.72, 0.08, 0.18, 30))
    return [
        Part(spout, "light"),
        Part(fluke, "body"),
        Part(body, "body", patterned=True),
        Part(smooth([(-0.3, 0.3), (0.06, 0.3), (0.02, 0.68), (-0.16, 0.6)]), "second"),
        Part(smooth([(-0.92, 0.18), (-0.7, 0.26), (-0.48, 0.2)], closed=False), "dark", line=0.035),
        Part(ellipse(-0.56, 0.02, 0.055), "dark"),
    ]


def cat(rng: Generator) -> list[Part]:
    """A sitting cat seen from the front."""
    sway = rng.uniform(0.1, 0.5)
    head = joined(
        ellipse(0, -0.42, 0.42, 0.36),
        polygon([(-0.4, -0.46), (-0.38, -0.98), (-0.06, -0.7)]),
        polygon([(0.4, -0.46), (0.38, -0.98), (0.06, -0.7)]),
    )
    tail = smooth([(0.34, 0.76), (0.82, 0.7), (0.86, 0.7 - sway), (0.7, 0.55 - sway)], closed=False)
    whiskers = [
        Part(polygon([(0.12 * s, -0.3), (0.56 * s, -0.3 + d)], closed=False), "dark", line=0.02)
        for s in (-1, 1)
        for d in (-0.06, 0.06)
    ]
    return [
        Part(tail, "second", line=0.15),
        Part(
            smooth([(-0.26, -0.2), (0.26, -0.2), (0.5, 0.5), (0.42, 0.86), (-0.42, 0.86), (-0.5, 0.5)]),
            "body",
            patterned=True,
        ),
        Part(head, "body"),
        *whiskers,
        Part(ellipse(-0.16, -0.46, 0.055, 0.075), "dark"),
        Part(ellipse(0.16, -0.46, 0.055, 0.075), "dark"),
        Part(polygon([(-0.06, -0.34), (0.06, -0.34), (0, -0.26)]), "accent"),
    ]


def owl(rng: Generator) -> list[Part]:
    """An owl looking straight out."""
    wide = rng.uniform(0.52, 0.66)
    body = smooth(
        [
            (-wide * 0.9, -0.86),
            (0, -0.72),
            (wide * 0.9, -0.86),
            (wide, 0.1),
            (wide * 0.6, 0.78),
            (-wide * 0.6, 0.78),
            (-wide, 0.1),
        ]
    )
    wing = smooth([(wide * 0.9, -0.2), (wide * 1.16, 0.2), (wide * 0.7, 0.66), (wide * 0.72, 0.1)])
    eyes: list[Part] = []
    for x in (-0.24, 0.24):
        eyes += [Part(ellipse(x, -0.42, 0.22), "light"), Part(ellipse(x, -0.42, 0.11), "dark")]
    return [
        Part(ellipse(-0.2, 0.8, 0.13, 0.07), "accent"),
        Part(ellipse(0.2, 0.8, 0.13, 0.07), "accent"),
        Part(body, "body", patterned=True),
        Part(wing, "second"),
        Part(mirrored(wing), "second"),
        *eyes,
        Part(polygon([(-0.08, -0.34), (0.08, -0.34), (0, -0.14)]), "accent"),
    ]
