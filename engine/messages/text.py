"""The form of a declared message."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """English template of a message: what and where, then the remedy."""

    message: str
    hint: str = ""
