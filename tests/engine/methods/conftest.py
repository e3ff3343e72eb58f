"""For the tests of methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tiny models lie, made once. Not to be written to by tests."""
    return tmp_path_factory.mktemp("tiny models")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads only stand in each other's way with matrices this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
