"""A model of the size that people use, with weights that mean nothing, through the same path on the CPU."""

from __future__ import annotations

import gc
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import events
from engine.control import Control
from engine.jobs.train import train
from engine.requests import TrainRequest
from tests.engine.conftest import COLOURS, RecipeMaker, paint


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    """A folder for gigabytes, gone after the test."""
    folder = tmp_path / "large"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)
    gc.collect()


def test_two_steps_of_vit_b_32(
    make_recipe: RecipeMaker, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    from engine.training import trainer

    monkeypatch.setattr(trainer, "SPEAK_EVERY", 0.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = open_clip.create_model("ViT-B-32", pretrained=None, precision="fp32").state_dict()
    assert sum(tensor.numel() for tensor in state.values()) > 150_000_000
    weights = large / "random.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, weights)
    del state
    for number, (name, colour) in enumerate(list(COLOURS.items())[:2]):
        for index in range(4):
            paint(large / "pictures" / name / f"{index}.png", colour, 10 * number + index)
    content = make_recipe(
        data={"source": str(large / "pictures"), "shots": 2, "shifts": []},
        model={"name": "ViT-B-32", "weights": str(weights)},
        training={"epochs": 1, "batch_size": 2, "learning_rate": 1e-4, "warmup": 0},
    )
    heard: list[events.Event] = []
    answer = train(TrainRequest(recipe=content, out=str(large / "run")), heard.append, Control())
    assert answer.reason == "finished"
    steps = [event for event in heard if isinstance(event, events.StepDone)]
    assert [step.step for step in steps] == [1, 2]
    assert all(math.isfinite(step.loss) and step.loss > 0 for step in steps)
    result = json.loads((large / "run/result.json").read_text(encoding="utf-8"))
    assert result["steps"] == 2
    assert {name: figures["n"] for name, figures in result["sets"].items()} == {"test": 2, "validation": 2}
    assert all(math.isfinite(figures["nll"]) for figures in result["sets"].values())
    before, after = load_file(weights), load_file(large / "run/checkpoints/last/model.safetensors")
    assert before.keys() == after.keys()
    # both towers and the temperature have moved
    for name in (
        "visual.conv1.weight",
        "token_embedding.weight",
        "visual.proj",
        "text_projection",
        "logit_scale",
    ):
        assert not torch.equal(before[name], after[name]), name
