"""Cycles are collected where Qt's objects live."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QObject

from app.garbage import Garbage


@pytest.fixture
def garbage(qapp: QCoreApplication) -> Iterator[Garbage]:
    gc.enable()
    made = Garbage()
    yield made
    made.deleteLater()


def _cycle() -> weakref.ref[QObject]:
    thing = QObject()
    thing.myself = thing  # type: ignore[attr-defined]
    return weakref.ref(thing)


def test_another_thread_collects_nothing_and_this_one_does(garbage: Garbage) -> None:
    assert not gc.isenabled()
    gc.collect()
    left = _cycle()
    kept: list[list[int]] = []
    worker = threading.Thread(target=lambda: kept.extend([number] for number in range(50_000)))
    worker.start()
    worker.join()
    assert left() is not None
    assert garbage.look() == 0
    assert left() is None


def test_older_generations_come_rarely_and_nothing_happens_without_need(garbage: Garbage) -> None:
    gc.collect()
    assert garbage.look() is None
    seen = []
    kept: list[list[int]] = []
    for _ in range(400):
        kept.extend([number] for number in range(1_000))
        seen.append(garbage.look())
    assert seen.count(0) > seen.count(1) > seen.count(2) > 0
