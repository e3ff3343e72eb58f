"""How each made thing is built from parts."""

from __future__ import annotations

from numpy.random import Generator

from .shapes import Part, box, ellipse, joined, mirrored, polygon, smooth, star


def balloon(rng: Generator) -> list[Part]:
    """A hot-air balloon with its basket."""
    wide = rng.uniform(0.6, 0.76)
    envelope = smooth(
        [
            (0, -0.96),
            (wide * 0.66, -0.82),
            (wide, -0.36),
            (wide * 0.74, 0.04),
            (0.18, 0.42),
            (-0.18, 0.42),
            (-wide * 0.74, 0.04),
            (-wide, -0.36),
            (-wide * 0.66, -0.82),
        ]
    )
    ropes = [
        Part(polygon([(0.15 * s, 0.42), (0.13 * s, 0.72)], closed=False), "dark", line=0.025) for s in (-1, 1)
    ]
    return [
        *ropes,
        Part(envelope, "body", patterned=True),
        Part(box(-0.19, 0.37, 0.38, 0.09, 0.03), "second"),
        Part(box(-0.17, 0.7, 0.34, 0.26, 0.06), "accent"),
    ]


def house(rng: Generator) -> list[Part]:
    """A cottage with a roof, a door and a window."""
    roof = rng.uniform(-0.96, -0.75)
    return [
        Part(box(0.3, roof + 0.08, 0.18, 0.5), "wood"),
        Part(box(-0.66, -0.24, 1.32, 1.08), "body", patterned=True),
        Part(polygon([(-0.86, -0.2), (0, roof), (0.86, -0.2)]), "second"),
        Part(box(-0.16, 0.28, 0.34, 0.56, 0.06), "wood"),
        Part(box(0.3, 0.06, 0.26, 0.28, 0.03), "light"),
        Part(box(-0.54, 0.06, 0.26, 0.28, 0.03), "light"),
    ]


def tent(rng: Generator) -> list[Part]:
    """A tent with an open flap."""
    top = rng.uniform(-0.8, -0.6)
    return [
        Part(polygon([(-0.95, 0.72), (0, top), (0.95, 0.72)]), "body", patterned=True),
        Part(polygon([(-0.28, 0.72), (0, -0.06), (0.28, 0.72)]), "dark"),
        Part(polygon([(0.28, 0.72), (0, -0.06), (0.44, 0.5)]), "second"),
        Part(polygon([(0, top), (0, top - 0.26), (0.26, top - 0.16), (0, top - 0.08)]), "accent"),
    ]


def boat(rng: Generator) -> list[Part]:
    """A sailing boat."""
    tall = rng.uniform(-0.98, -0.8)
    return [
        Part(polygon([(0, tall), (0, 0.44)], closed=False), "wood", line=0.07),
        Part(smooth([(0.07, tall + 0.06), (0.4, -0.3), (0.66, 0.26), (0.07, 0.3)]), "body", patterned=True),
        Part(polygon([(-0.07, tall + 0.25), (-0.07, 0.3), (-0.56, 0.28)]), "light"),
        Part(smooth([(-0.9, 0.4), (0, 0.44), (0.92, 0.38), (0.6, 0.8), (-0.58, 0.8)]), "second"),
    ]


def car(rng: Generator) -> list[Part]:
    """A small round car."""
    roof = rng.uniform(-0.55, -0.4)
    body = smooth(
        [
            (-0.96, 0.3),
            (-0.86, -0.02),
            (-0.52, -0.1),
            (-0.3, roof),
            (0.3, roof),
            (0.56, -0.08),
            (0.9, 0.02),
            (0.98, 0.32),
            (0.6, 0.42),
            (-0.6, 0.42),
        ]
    )
    parts = [
        Part(body, "body", patterned=True),
        Part(polygon([(-0.34, -0.08), (-0.2, roof + 0.1), (-0.03, roof + 0.1), (-0.03, -0.08)]), "light"),
        Part(polygon([(0.4, -0.08), (0.24, roof + 0.1), (0.05, roof + 0.1), (0.05, -0.08)]), "light"),
    ]
    for x in (-0.52, 0.54):
        parts += [Part(ellipse(x, 0.42, 0.24), "dark"), Part(ellipse(x, 0.42, 0.11), "light")]
    return parts


def rocket(rng: Generator) -> list[Part]:
    """A rocket on its flame."""
    flame = rng.uniform(0.8, 1.0)
    fin = smooth([(0.28, 0.16), (0.62, 0.42), (0.6, 0.76), (0.26, 0.56)])
    return [
        Part(
            smooth([(-0.18, 0.56), (0.18, 0.56), (0.12, flame - 0.1), (0, flame), (-0.12, flame - 0.1)]),
            "accent",
        ),
        Part(fin, "second"),
        Part(mirrored(fin), "second"),
        Part(
            smooth(
                [
                    (0, -0.98),
                    (0.26, -0.56),
                    (0.34, 0.0),
                    (0.26, 0.58),
                    (-0.26, 0.58),
                    (-0.34, 0.0),
                    (-0.26, -0.56),
                ]
            ),
            "body",
            patterned=True,
        ),
        Part(ellipse(0, -0.34, 0.14), "light"),
    ]


def kite(rng: Generator) -> list[Part]:
    """A diamond kite with a tail of bows."""
    low = rng.uniform(0.28, 0.45)
    bows = [
        Part(
            joined(
                polygon([(x, y), (x - 0.13, y - 0.08), (x - 0.13, y + 0.08)]),
                polygon([(x, y), (x + 0.13, y - 0.08), (x + 0.13, y + 0.08)]),
            ),
            "accent",
        )
        for x, y in ((0.1, 0.6), (-0.04, 0.82))
    ]
    return [
        Part(smooth([(0, low), (0.14, 0.58), (-0.06, 0.8), (0.08, 1.0)], closed=False), "dark", line=0.03),
        *bows,
        Part(polygon([(0, -0.96), (0.6, -0.3), (0, low), (-0.6, -0.3)]), "body", patterned=True),
        Part(polygon([(0, -0.96), (0, low)], closed=False), "dark", line=0.03),
        Part(polygon([(-0.6, -0.3), (0.6, -0.3)], closed=False), "dark", line=0.03),
    ]


def umbrella(rng: Generator) -> list[Part]:
    """An open umbrella."""
    wide = rng.uniform(0.82, 0.96)
    canopy = smooth(
        [
            (-wide, 0.06),
            (-wide * 0.7, -0.56),
            (0, -0.82),
            (wide * 0.7, -0.56),
            (wide, 0.06),
            (wide * 0.66, -0.06),
            (wide * 0.33, 0.06),
            (0, -0.06),
            (-wide * 0.33, 0.06),
            (-wide * 0.66, -0.06),
        ]
    )
    handle = smooth([(0, -0.9), (0, 0.4), (0.02, 0.8), (0.18, 0.92), (0.32, 0.76)], closed=False)
    return [Part(handle, "wood", line=0.075), Part(canopy, "body", patterned=True)]


def cup(rng: Generator) -> list[Part]:
    """A cup with a handle."""
    low = rng.uniform(0.34, 0.52)
    return [
        Part(ellipse(0.62, 0.02, 0.27, 0.3), "body", line=0.12),
        Part(
            smooth(
                [(-0.64, -0.5), (0, -0.5), (0.64, -0.5), (0.6, 0.2), (low, 0.72), (-low, 0.72), (-0.6, 0.2)]
            ),
            "body",
            patterned=True,
        ),
        Part(ellipse(0, -0.5, 0.64, 0.15), "second"),
    ]


def teapot(rng: Generator) -> list[Part]:
    """A round teapot."""
    wide = rng.uniform(0.54, 0.64)
    spout = smooth([(-0.44, 0.2), (-0.72, 0.06), (-0.84, -0.34), (-0.98, -0.36), (-0.9, 0.16), (-0.5, 0.5)])
    return [
        Part(spout, "second"),
        Part(
            smooth([(0.46, -0.22), (0.9, -0.3), (0.94, 0.2), (0.5, 0.4)], closed=False), "second", line=0.11
        ),
        Part(ellipse(0, 0.16, wide, 0.54), "body", patterned=True),
        Part(ellipse(0, -0.36, 0.34, 0.12), "second"),
        Part(ellipse(0, -0.52, 0.09), "accent"),
        Part(box(-0.3, 0.64, 0.6, 0.1, 0.04), "second"),
    ]


def vase(rng: Generator) -> list[Part]:
    """A vase with a slim neck."""
    belly = rng.uniform(0.48, 0.66)
    return [
        Part(
            smooth(
                [
                    (-0.3, -0.9),
                    (0.3, -0.9),
                    (0.2, -0.5),
                    (belly, 0.1),
                    (0.3, 0.84),
                    (-0.3, 0.84),
                    (-belly, 0.1),
                    (-0.2, -0.5),
                ]
            ),
            "body",
            patterned=True,
        ),
        Part(ellipse(0, -0.9, 0.3, 0.07), "second"),
    ]


def hat(rng: Generator) -> list[Part]:
    """A brimmed hat with a ribbon."""
    tall = rng.uniform(-0.8, -0.55)
    return [
        Part(ellipse(0, 0.36, 0.96, 0.24), "second"),
        Part(
            smooth(
                [
                    (-0.54, 0.36),
                    (-0.5, -0.2),
                    (-0.4, tall),
                    (0, tall + 0.06),
                    (0.4, tall),
                    (0.5, -0.2),
                    (0.54, 0.36),
                    (0, 0.44),
                ]
            ),
            "body",
            patterned=True,
        ),
        Part(
            smooth([(-0.55, 0.2), (0, 0.28), (0.55, 0.2), (0.56, 0.38), (0, 0.46), (-0.56, 0.38)]), "accent"
        ),
    ]


def star_thing(rng: Generator) -> list[Part]:
    """A five-pointed star."""
    return [Part(star(0, 0.04, 0.96, 5, rng.uniform(0.42, 0.54)), "body", patterned=True)]


def heart(rng: Generator) -> list[Part]:
    """A heart."""
    wide = rng.uniform(0.8, 0.94)
    return [
        Part(
            smooth(
                [
                    (0, -0.42),
                    (0.3, -0.74),
                    (wide * 0.9, -0.6),
                    (wide, -0.1),
                    (0.42, 0.5),
                    (0, 0.88),
                    (-0.42, 0.5),
                    (-wide, -0.1),
                    (-wide * 0.9, -0.6),
                    (-0.3, -0.74),
                ]
            ),
            "body",
            patterned=True,
        )
    ]


def mitten(rng: Generator) -> list[Part]:
    """A knitted mitten."""
    thumb = rng.uniform(-0.2, 0.0)
    hand = smooth([(-0.46, 0.5), (-0.5, -0.3), (-0.3, -0.86), (0.1, -0.94), (0.4, -0.6), (0.42, 0.5)])
    side = smooth([(0.3, 0.2), (0.5, thumb - 0.12), (0.78, thumb - 0.26), (0.86, thumb), (0.4, 0.5)])
    return [
        Part(joined(hand, side), "body", patterned=True),
        Part(box(-0.5, 0.46, 0.96, 0.42, 0.1), "second"),
    ]
