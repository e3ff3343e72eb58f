"""Where the window's own files lie. The engine's folders come from ``engine.paths``."""

from __future__ import annotations

import sys
from pathlib import Path

from engine import paths

ROOT = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parent.parent))


def icon(name: str) -> Path:
    """An icon's SVG file."""
    return ROOT / "resources" / "icons" / f"{name}.svg"


def icon_cache() -> Path:
    """Icons in the colours of the style sheet."""
    return paths.cache_folder() / "icons"


def thumbnail_cache() -> Path:
    """Small versions of pictures that were looked at."""
    return paths.cache_folder() / "thumbnails"


def drafts() -> Path:
    """Projects that were not given a file of their own."""
    return paths.data_folder() / "drafts"


def sample() -> Path:
    """The bundled sample pictures."""
    return ROOT / "resources" / "sample"


def translations() -> Path:
    """Compiled translations, one file a language."""
    return ROOT / "resources" / "translations"
