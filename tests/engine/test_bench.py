"""The measurement of a step: both ways compute the same, and everything it tells can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.control import Control
from engine.jobs.bench import bench, render
from engine.requests import BenchRequest


def test_both_ways_begin_with_the_same_loss(tiny_model: Path) -> None:
    events = []
    request = BenchRequest(model=str(tiny_model), batch_size=6, classes=3, steps=2, device="cpu", threads=1)
    answer = bench(request, events.append, Control())
    assert answer.ours_loss == pytest.approx(answer.plain_loss, rel=2e-2)
    assert answer.plain_ms > 0
    assert answer.ratio == pytest.approx(answer.plain_ms / answer.ours_ms, rel=0.9)
    assert [event.done for event in events if event.phase.code == "phase.measuring"] == [1, 2]
    assert "ratio" in render(answer)
