"""``flyp serve`` with real jobs: a window's whole conversation with its engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.events import (
    Answer,
    Failed,
    Hello,
    Paused,
    Progress,
    RunFinished,
    RunStarted,
    StepDone,
    Structure,
)
from engine.run_directory import RunDirectory
from tests.end_to_end.program import flyp, write_recipe
from tests.engine.clip.hub import serving
from tests.engine.conftest import RecipeMaker, paint_folder
from tests.engine.test_service import Engine

SOON = 5.0
"""Seconds within which a wish must be fulfilled; it takes a fraction of one where nothing else runs."""
WEIGHTS = "open_clip_model.safetensors"
Start = Callable[..., Engine]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Start]:
    """Starts engines, and ends what a failing test leaves behind."""
    import sys

    engines: list[Engine] = []

    def start(**environment: str) -> Engine:
        home = tmp_path / f"home {len(engines)}"
        home.mkdir()
        command = [sys.executable, "-m", "engine", "serve"]
        engine = Engine(command, home, OMP_NUM_THREADS="1", **environment)
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        if engine.process.poll() is None:
            engine.process.kill()
        engine.process.wait()
        for stream in (engine.process.stdin, engine.process.stdout):
            if stream is not None:
                stream.close()


def assert_each_ended_once(engine: Engine, *asked: str) -> None:
    """Hello first and once; one Answer or Failed for each request, as its last line; nothing else."""
    kinds = [type(said.event) for said in engine.lines]
    assert kinds[0] is Hello
    assert kinds.count(Hello) == 1
    assert {said.id for said in engine.lines[1:]} <= set(asked)
    for identity in asked:
        assert len(engine.endings(identity)) == 1, identity
        last = [said.event for said in engine.lines if said.id == identity][-1]
        assert isinstance(last, Answer | Failed), identity
    assert "Traceback" not in engine.stderr()
    assert not (engine.home / "logs").exists()


def of(engine: Engine, identity: str, kind: type) -> list[Any]:
    return [said.event for said in engine.lines if said.id == identity and isinstance(said.event, kind)]


@pytest.fixture
def recipe(make_recipe: RecipeMaker) -> dict[str, Any]:
    """Half a hundred steps of a tenth of a second each, so that there is time to speak in between."""
    return make_recipe(training={"epochs": 25, "batch_size": 6})


LAST = Path("checkpoints/last/model.safetensors")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the run alone came to, once it was made."""
    return {}


@pytest.fixture
def alone(recipe: dict[str, Any], tmp_path: Path, kept: dict[str, bytes]) -> dict[str, bytes]:
    """The same training by ``flyp train``, with nothing beside it: its last weights and its result."""
    if not kept:
        write_recipe(tmp_path / "alone.toml", recipe)
        done = flyp(tmp_path, "train", "alone.toml", "--out", "alone")
        assert done.returncode == 0, done.stderr
        kept["weights"] = (tmp_path / "alone" / LAST).read_bytes()
        kept["result"] = (tmp_path / "alone/result.json").read_bytes()
    return kept


def test_a_download_a_preview_and_a_training_together(
    started: Start, recipe: dict[str, Any], alone: dict[str, bytes], tiny_model: Path, tmp_path: Path
) -> None:
    content = {
        "open_clip_config.json": (tiny_model / "open_clip_config.json").read_bytes(),
        WEIGHTS: (tiny_model / "model.safetensors").read_bytes(),
    }
    with serving({"someone/tiny": content}) as hub:
        hub.pause = 0.25
        hf = tmp_path / "hf"
        engine = started(HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="0", HF_HOME=str(hf))
        run = tmp_path / "together"
        engine.ask("look", type="preview", recipe=recipe)
        engine.ask("train", type="train", recipe=recipe, out=str(run))
        engine.until("train", RunStarted)
        engine.ask("fetch", type="download", name="hf-hub:someone/tiny")
        engine.ask("again", type="preview", recipe=recipe)
        engine.ask(
            "count", type="tokens", model={"name": str(tiny_model)}, captions=["a cat", "two big cats"]
        )
        engine.ask("look at", type="inspect", source=recipe["data"]["source"])
        engine.until("train", StepDone)
        while engine.until("fetch", Progress).done == 0:
            pass
        assert not engine.endings("fetch")
        engine.until("train", StepDone)
        engine.ask("cancel", type="cancel", target="fetch")
        began = time.monotonic()
        if not engine.endings("fetch"):
            engine.ending("fetch")
        assert time.monotonic() - began < SOON
        trained = engine.ending("train")
        if not engine.endings("again"):
            engine.ending("again")
        # what had come of the cancelled download is not fetched again
        hub.pause = 0
        engine.ask("fetch again", type="download", name="hf-hub:someone/tiny")
        fetched = engine.ending("fetch again")
        assert engine.close() == 0
        ranges = hub.file_gets(WEIGHTS)
    asked = ["look", "train", "fetch", "again", "count", "look at", "cancel", "fetch again"]
    assert_each_ended_once(engine, *asked)

    (failed,) = engine.endings("fetch")
    assert failed.cancelled
    assert engine.endings("cancel")[0].result == {"target": "fetch", "waiting": False}
    assert Path(fetched.result["path"]).read_bytes() == content[WEIGHTS]
    assert len(ranges) == 2
    assert int(ranges[1].removeprefix("bytes=").partition("-")[0]) > 0
    assert list(hf.rglob("*.part")) == []

    # the training went on while the others were done, and came to the same end as alone
    order = [(said.id, type(said.event)) for said in engine.lines]
    first, last = order.index(("train", StepDone)), order.index(("train", RunFinished))
    for identity, kind in (("fetch", Failed), ("count", Answer), ("look at", Answer)):
        assert order.index((identity, kind)) < last, identity
    assert first < order.index(("fetch", Failed))
    assert order.index(("again", Answer)) > last
    assert trained.result == {
        "run": str(run),
        "reason": "finished",
        "result": str(run / "result.json"),
        "anew": False,
    }
    assert (run / LAST).read_bytes() == alone["weights"]
    assert (run / "result.json").read_bytes() == alone["result"]
    heard = [said.event for said in engine.lines if said.id == "train"]
    assert sum(isinstance(event, RunFinished) for event in heard) == 1

    previews = [engine.endings(identity)[0].result for identity in ("look", "again")]
    assert previews[0] == previews[1]
    assert previews[0]["pictures"] == 24  # 4 for training and 4 for validation of each class
    assert engine.endings("count")[0].result == {"counts": [4, 5], "limit": 77, "unfamiliar": []}
    assert engine.endings("look at")[0].result["pictures"] == 60


def test_what_a_window_asks_before_training(started: Start, make_recipe: RecipeMaker, tmp_path: Path) -> None:
    content = make_recipe()
    data = content["data"]
    engine = started()
    look = {"type": "inspect", "source": data["source"], "data": data}
    engine.ask("look", **look)
    engine.ending("look")
    engine.ask("again", **look, reuse=True, shots=2)
    engine.until("again", Structure)
    engine.ending("again")
    engine.ask("red", type="pictures", data={**data, "shots": 2}, folder="red_thing", part="train")
    engine.ending("red")
    engine.ask("all", type="pictures", data=data, folder=None)
    engine.ending("all")
    engine.ask("presets", type="presets")
    engine.ending("presets")
    engine.ask("words", type="tokens", model={"name": "starter"}, captions=["a drawing of a zebra"])
    engine.ending("words")
    engine.ask("wrong", type="preflight", recipe=make_recipe(model={"name": "no"}, method={"name": "no"}))
    engine.ending("wrong")
    # the newest takes the place of the others
    for identity in ("first", "second", "third"):
        engine.ask(identity, type="preflight", recipe=content)
    engine.ending("third")
    run = tmp_path / "run"
    engine.ask("train", type="train", recipe=content, out=str(run))
    begun = engine.until("train", RunStarted)
    engine.ending("train")
    assert engine.close() == 0
    asked = ["look", "again", "red", "all", "presets", "words", "wrong", "first", "second", "third", "train"]
    assert_each_ended_once(engine, *asked)
    answers = {identity: engine.endings(identity)[0] for identity in asked}

    assert not any(event.done for event in of(engine, "again", Progress)), "it looked again"
    assert answers["again"].result["planned"]["train"] == [2, 2, 2]
    red = answers["red"].result
    assert len(red["paths"]) == 2
    assert all((Path(red["root"]) / path).is_file() for path in red["paths"])
    assert len(answers["all"].result["folders"]) == 60
    assert "photo" in {preset["name"] for preset in answers["presets"].result["presets"]}
    assert answers["words"].result["unfamiliar"] == ["zebra"]
    codes = [problem["code"] for problem in answers["wrong"].result["problems"]]
    assert codes == ["clip.unknown_model", "training.no_method"]
    assert [answers[identity].message.code for identity in ("first", "second")] == ["service.superseded"] * 2
    ready = answers["third"].result
    assert ready["problems"] == []
    assert ready["plan"] == begun.plan
    assert (ready["steps"], ready["steps_per_epoch"]) == (begun.total_steps, begun.steps_per_epoch)
    assert ready["seconds"] > 0


def test_pause_stop_and_cancel_act_at_once(started: Start, make_recipe: RecipeMaker, tmp_path: Path) -> None:
    # one picture at a time makes a step last long; cancelling must not wait for its end
    many = paint_folder(tmp_path / "many", 80)
    content = make_recipe(
        data={"source": str(many), "shots": 64, "shifts": []},
        training={"epochs": 500, "batch_size": 64, "micro_batch": 1},
    )
    engine = started()
    asked = []
    for wish, reason in (("pause", "paused"), ("stop", "stopped"), ("cancel", "cancelled")):
        run = tmp_path / wish
        identity, asking = f"train to {wish}", f"please {wish}"
        asked += [identity, asking]
        engine.ask(identity, type="train", recipe=content, out=str(run))
        # the first of an epoch's three steps: no evaluation is near
        while engine.until(identity, StepDone).step % 3 != 1:
            pass
        began = time.monotonic()
        engine.ask(asking, type=wish, target=identity)
        assert engine.ending(asking).result == {"target": identity, "waiting": False}
        position = len(engine.lines)
        while not of(engine, identity, RunFinished):
            engine.next()
        # stopping also judges what was trained, which is work of its own
        assert time.monotonic() - began < SOON * (2 if wish == "stop" else 1)
        ended = engine.ending(identity)
        later = [said.event for said in engine.lines[position:] if said.id == identity]
        assert sum(isinstance(event, StepDone) for event in later) <= (0 if wish == "cancel" else 1)
        (finished,) = of(engine, identity, RunFinished)
        assert finished.reason == reason
        assert RunDirectory.open(run).ended() == finished
        steps = of(engine, identity, StepDone)
        if wish == "pause":
            assert of(engine, identity, Paused) == [Paused(step=steps[-1].step)]
            assert ended.result == {"run": str(run), "reason": "paused", "result": None, "anew": False}
            assert (run / LAST).exists()
        elif wish == "stop":
            result = json.loads((run / "result.json").read_text(encoding="utf-8"))
            assert result["steps"] == steps[-1].step
            assert ended.result["reason"] == "stopped"
        else:
            assert isinstance(ended, Failed)
            assert ended.cancelled
            assert not ended.fault
            assert not (run / "result.json").exists()
        assert not RunDirectory.open(run).in_use()
    assert engine.close() == 0
    assert_each_ended_once(engine, *asked)


def test_closing_stdin_saves_the_training_and_it_can_go_on(
    started: Start, recipe: dict[str, Any], alone: dict[str, bytes], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    engine = started()
    engine.ask("1", type="train", recipe=recipe, out=str(run))
    engine.until("1", StepDone)
    engine.ask("2", type="preview", recipe=recipe)
    assert engine.close() == 0
    assert_each_ended_once(engine, "1", "2")
    assert engine.endings("1")[0].result == {
        "run": str(run),
        "reason": "paused",
        "result": None,
        "anew": False,
    }
    assert engine.endings("2")[0].cancelled
    ended = RunDirectory.open(run).ended()
    assert ended is not None
    assert ended.reason == "paused"
    assert not (run / "result.json").exists()

    engine = started()
    engine.ask("1", type="train", resume=str(run))
    assert engine.ending("1").result["reason"] == "finished"
    (resumed,) = of(engine, "1", RunStarted)
    assert resumed.attempt == 2
    assert 0 < resumed.start_step < resumed.total_steps
    assert engine.close() == 0
    assert_each_ended_once(engine, "1")
    assert (run / LAST).read_bytes() == alone["weights"]
    assert (run / "result.json").read_bytes() == alone["result"]
