"""Runs that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.exporters import places


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four classes of sample pictures."""
    return places.drawings(tmp_path_factory.mktemp("drawn") / "pictures")


@pytest.fixture(scope="session")
def starter_run(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FLYP on the starter."""
    return places.trained(drawn, "starter", tmp_path_factory.mktemp("runs") / "starter-flyp")
