"""Randomness that depends on what it is for and on nothing else.

Every random choice is drawn from a generator keyed by (seed, epoch, picture, purpose), so that
it is the same after a resumption, in any order of work, and on any number of processes.
"""

from __future__ import annotations

import hashlib
import random


def key(*parts: int | str) -> int:
    """A 64-bit number that depends on all parts, the same on any machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest())


def generator(*parts: int | str) -> random.Random:
    """A generator for one choice (or a few that belong together)."""
    return random.Random(key(*parts))
