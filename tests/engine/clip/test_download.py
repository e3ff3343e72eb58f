"""Downloads from a hub that is really asked over HTTP, in processes of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.clip import tiny
from tests.engine.clip.hub import Hub, serving
from tests.engine.clip.machine import Job, Machine

_NAME = "hf-hub:someone/tiny"
_WEIGHTS = "open_clip_model.safetensors"
_FETCH: Job = (_NAME, None, {})
_LOAD: Job = (_NAME, None, {"load": True})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tiny.make(tmp_path_factory.mktemp("tiny"))
    return {
        "open_clip_config.json": (folder / "open_clip_config.json").read_bytes(),
        _WEIGHTS: (folder / "model.safetensors").read_bytes(),
        "README.md": b"# tiny",
    }


@pytest.fixture
def hub(files: dict[str, bytes]) -> Iterator[Hub]:
    with serving({"someone/tiny": dict(files)}) as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, hub: Hub) -> Machine:
    return Machine(tmp_path / "hf", hub.url)


def _fetch(machine: Machine, **variables: str) -> dict[str, Any]:
    (answer,) = machine.run(_FETCH, **variables)
    return answer


def test_download_with_progress_then_offline(machine: Machine, hub: Hub, files: dict[str, bytes]) -> None:
    hub.pause = 0.03
    answer = _fetch(machine)
    assert not answer["torch"]
    size = len(files[_WEIGHTS])
    assert Path(answer["path"]).read_bytes() == files[_WEIGHTS]
    done = [entry[0] for entry in answer["progress"]]
    assert len(done) >= 3
    assert done == sorted(done)
    assert answer["progress"][-1] == [size, size, "bytes", f"Downloading {_NAME}"]
    assert machine.leftovers() == []

    asked = len(hub.gets)
    again, loaded = machine.run(_FETCH, _LOAD, HF_HUB_OFFLINE="1")
    assert again["path"] == answer["path"]
    assert loaded["sha256"] == hashlib.sha256(files[_WEIGHTS]).hexdigest()
    assert len(hub.gets) == asked


def test_connection_that_is_cut_is_taken_up_again(
    machine: Machine, hub: Hub, files: dict[str, bytes]
) -> None:
    hub.cut_after, hub.cuts_left = 1_000_000, 2
    answer = _fetch(machine)
    assert Path(answer["path"]).read_bytes() == files[_WEIGHTS]
    ranges = hub.file_gets(_WEIGHTS)
    assert ranges[0] == ""
    assert len(ranges) == 3
    assert all(wanted.startswith("bytes=") for wanted in ranges[1:])


def test_broken_off_then_resumed_by_another_process(
    machine: Machine, hub: Hub, files: dict[str, bytes]
) -> None:
    hub.pause = 0.05
    process = machine.start(_FETCH)
    blobs = machine.home / "hub" / "models--someone--tiny" / "blobs"
    while not any(part.stat().st_size > 500_000 for part in blobs.glob("*.part")):
        assert process.poll() is None
    process.kill()
    process.communicate()
    (left,) = machine.leftovers()
    kept = left.stat().st_size
    hub.pause = 0.0
    answer = _fetch(machine)
    assert Path(answer["path"]).read_bytes() == files[_WEIGHTS]
    assert hub.file_gets(_WEIGHTS) == ["", f"bytes={kept}-"]
    assert machine.leftovers() == []


def test_server_that_does_not_continue_sends_the_whole(
    machine: Machine, hub: Hub, files: dict[str, bytes]
) -> None:
    hub.ranges, hub.cut_after, hub.cuts_left = False, 1_000_000, 1
    answer = _fetch(machine)
    assert Path(answer["path"]).read_bytes() == files[_WEIGHTS]


@pytest.mark.parametrize("stall", [False, True])
def test_cancel_within_a_second_and_keep_what_came(machine: Machine, hub: Hub, stall: bool) -> None:
    hub.pause, hub.stall_after = 0.05, 300_000 if stall else 0
    (answer,) = machine.run((_NAME, None, {"cancel_after": 0.3}))
    assert answer["code"] == "core.cancelled"
    assert answer["seconds_to_cancel"] < 1
    (left,) = machine.leftovers()
    assert left.stat().st_size > 0


@pytest.mark.parametrize("offline", [False, True])
def test_offline_with_nothing_cached(machine: Machine, offline: bool) -> None:
    machine.url = "http://127.0.0.1:9"  # nobody listens there
    answer = _fetch(machine, HF_HUB_OFFLINE="1" if offline else "0")
    assert answer["code"] == "clip.offline"
    assert answer["exit_code"] == 2
    assert "starter" in answer["hint"]
    assert _NAME in answer["text"]


def test_loading_without_download_says_how_to_get_it(machine: Machine, hub: Hub) -> None:
    (answer,) = machine.run(_LOAD)
    assert answer["code"] == "clip.not_downloaded"
    assert hub.gets == []


def test_missing_repository_and_missing_files(machine: Machine, hub: Hub, files: dict[str, bytes]) -> None:
    hub.repositories["someone/plain"] = {"README.md": b"# no model"}
    hub.repositories["someone/weights-only"] = {_WEIGHTS: files[_WEIGHTS]}
    names = ("hf-hub:someone/nothing", "hf-hub:someone/plain", "hf-hub:someone/weights-only")
    nothing, plain, weights_only = machine.run(*((name, None, {}) for name in names))
    assert (nothing["code"], nothing["exit_code"]) == ("clip.no_such_repository", 2)
    assert plain["code"] == "clip.no_open_clip_files"
    assert weights_only["code"] == "clip.no_open_clip_files"
    assert "open_clip_config.json" in weights_only["text"]


def test_wrong_content_is_noticed_and_removed(machine: Machine, hub: Hub, files: dict[str, bytes]) -> None:
    hub.repositories["someone/tiny"]["open_clip_config.json"] = b"{}"
    _fetch(machine)
    hub.repositories["someone/other"] = {**files, _WEIGHTS: files[_WEIGHTS] + b"x"}
    hub.wrong_bytes = True
    (answer,) = machine.run(("hf-hub:someone/other", None, {}))
    assert answer["code"] == "clip.wrong_download"
    assert hashlib.sha256(files[_WEIGHTS] + b"x").hexdigest() in answer["text"]
    assert machine.leftovers() == []


def test_published_weights_that_do_not_fit(machine: Machine, hub: Hub, files: dict[str, bytes]) -> None:
    # the hub hands out another model under the name of a published one
    hub.repositories["timm/vit_base_patch32_clip_224.openai"] = {_WEIGHTS: files[_WEIGHTS]}
    fetched, loaded = machine.run(
        ("ViT-B-32-quickgelu", "openai", {}), ("ViT-B-32", "openai", {"load": True})
    )
    assert fetched["path"].endswith(_WEIGHTS)
    assert loaded["code"] == "clip.weights_mismatch"
    assert "should be" in loaded["text"]


def test_damaged_file_in_the_cache_and_base_weights_gone(machine: Machine, files: dict[str, bytes]) -> None:
    path = Path(_fetch(machine)["path"])
    digest = hashlib.sha256(files[_WEIGHTS]).hexdigest()
    path.resolve().write_bytes(files[_WEIGHTS][:-1000])
    base: Job = (_NAME, None, {"base": digest})
    damaged, changed = machine.run(_LOAD, base)
    assert damaged["code"] == "clip.damaged_weights"
    assert str(path) in damaged["text"]
    assert changed["code"] == "clip.base_changed"
    assert digest in changed["text"]
    path.unlink()
    (gone,) = machine.run(base)
    assert gone["code"] == "clip.base_gone"
    assert digest in gone["text"]
    assert _NAME in gone["text"]
