"""Where the project lies."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def packaging(root: Path) -> Path:
    """Icons, desktop entry and what the bundle is made by."""
    return root / "resources" / "packaging"
