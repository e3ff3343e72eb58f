"""What cannot leave leaves nothing: no folder, no half of one."""

from __future__ import annotations

import errno
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from engine import cli, files, program
from engine.arguments import parser
from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.events import Event, Progress
from engine.exporters import find, finished, head_files, judged, reading
from engine.exporters.about import About
from engine.jobs.export import _check_place, export
from engine.jobs.exporters import exporters as list_exporters
from engine.jobs.exporters import render
from engine.jobs.sweep import sweep
from engine.methods import MatrixHead
from engine.requests import ExportersRequest, ExportRequest, RequestLine, SweepRequest, parse_request
from engine.run_directory import RunDirectory
from tests.engine.clip import tiny
from tests.engine.exporters import places


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("refused")
    return places.trained(pictures, str(tiny.make(place / "model", "vit")), place / "run", epochs=1)


def ask(run: Path, out: Path, *formats: str, **more: Any) -> Any:
    request = ExportRequest(run=str(run), formats=formats, out=str(out), **more)
    return export(request, places.silent, Control())


def refused(code: str, run: Path, out: Path, *formats: str, **more: Any) -> EngineError:
    """It is refused with that code, and nothing is at ``out`` or beside it that was not there."""
    before = sorted(out.parent.rglob("*"))
    with pytest.raises(EngineError) as raised:
        ask(run, out, *formats, **more)
    assert raised.value.message.code == code
    assert raised.value.exit_code == 2
    assert sorted(out.parent.rglob("*")) == before
    return raised.value


def test_wrong_words(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "open_clip" in str(refused("export.no_format", run, out, "openclip"))
    refused("export.no_formats", run, out)
    refused("export.twice", run, out, "head", "head")
    refused("export.wrong_option", run, out, "onnx", options={"onnx": {"precision": "fp8"}})
    refused("export.wrong_option", run, out, "onnx", options={"onnx": {"presicion": "fp16"}})
    refused("export.option_elsewhere", run, out, "head", options={"onnx": {"precision": "fp16"}})


def test_a_taken_place(run: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    refused("files.exists", run, taken, "head")
    refused("export.not_ours", run, taken, "head", replace=True)
    refused("files.not_a_folder", run, taken / "mine.txt", "head")
    assert (taken / "mine.txt").read_text() == "mine"


def test_a_run_without_weights_or_with_damaged_ones(run: Path, tmp_path: Path) -> None:
    refused("run.missing", tmp_path / "nothing", tmp_path / "out", "head")
    bare = tmp_path / "bare"
    shutil.copytree(run, bare)
    weights = bare / "checkpoints/best/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused("training.bad_weights", bare, tmp_path / "out", "head")
    state = tiny.make_model("short").state_dict()
    safetensors.torch.save_file({n: t.contiguous() for n, t in state.items()}, weights)
    refused("training.bad_weights", bare, tmp_path / "out", "head")
    shutil.rmtree(bare / "checkpoints")
    refused("run.no_checkpoint", bare, tmp_path / "out", "head")


def test_pictures_that_are_gone(pictures: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(pictures, moved)
    there = tmp_path / "there"
    run = places.trained(moved, str(tiny.make(there / "model", "vit")), there / "run", epochs=0)
    shutil.rmtree(moved)
    refused("export.picture_gone", run, there / "out", "head")


def test_a_full_disk_at_each_write(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = files._write, [0]

    def write(descriptor: int, data: bytes | memoryview) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(files, "_write", write)
    for number in range(3):
        left[0] = number
        refused("files.disk_full", run, tmp_path / "out", "open_clip")


class _Wrong:
    """The head exporter, but what it writes is off by a little."""

    def __init__(self, amount: float) -> None:
        self._amount, self._real = amount, find("head")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def write(self, subject: Any, about: About, options: Any, folder: Path, control: Control) -> None:
        self._real.write(subject, about, options, folder, control)
        head = subject.matrix
        noise = torch.randn(head.weight_CD.shape, generator=torch.Generator().manual_seed(0))
        wrong = MatrixHead(head.weight_CD + self._amount * noise, head.scale, head.bias)
        head_files.write(wrong, folder)


def test_an_export_that_says_something_else(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.exporters import exporters

    monkeypatch.setitem(exporters(), "head", _Wrong(1e-3))
    error = refused("export.mismatch", run, tmp_path / "out", "head")
    assert error.message.arguments["format"] == "head"
    # the picture embeddings are as they should be; what the head makes of them is not
    assert float(error.message.arguments["cosine"]) == 0
    assert float(error.message.arguments["logit"]) > 10 * float(error.message.arguments["logit_tolerance"])
    assert '"way": "pixels"' in error.detail


def test_an_export_that_cannot_be_read_back(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.exporters import exporters

    class Broken(_Wrong):
        def write(self, subject: Any, about: About, options: Any, folder: Path, control: Control) -> None:
            super().write(subject, about, options, folder, control)
            (folder / head_files.FILE).write_bytes(b"nothing")

    monkeypatch.setitem(exporters(), "head", Broken(0.0))
    error = refused("export.not_read_back", run, tmp_path / "out", "head")
    assert "head.safetensors" in error.message.text


def test_cancelled_while_it_is_read_back(run: Path, tmp_path: Path) -> None:
    control = Control()
    heard: list[str] = []

    def emit(event: Event) -> None:
        if isinstance(event, Progress):
            heard.append(event.phase.code)
            if event.phase.code == "phase.verifying":
                control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        export(ExportRequest(run=str(run), formats=("head",), out=str(tmp_path / "out")), emit, control)
    assert heard[-1] == "phase.verifying"
    assert list(tmp_path.iterdir()) == [tmp_path / "flyp-home"] or not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def _half_of_it(folder: Path) -> None:
    (folder / "half").write_text("half")
    raise LookupError("and no more")


def test_an_earlier_export_stays_until_the_new_one_is_whole(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    places.written(places.subject(run), "head", out)
    _check_place(out, replace=True)
    _check_place(tmp_path / "new", replace=False)
    before = sorted(out.iterdir())
    with pytest.raises(LookupError), files.new_folder(out, replace=True) as folder:
        _half_of_it(folder)
    assert sorted(out.iterdir()) == before
    with files.new_folder(out, replace=True) as folder:
        assert out.is_dir()
        (folder / "whole").write_text("whole")
    assert [path.name for path in out.iterdir()] == ["whole"]
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out"]
    with pytest.raises(EngineError), files.new_folder(out) as folder:
        pass
    empty = tmp_path / "empty"
    empty.mkdir()
    with files.new_folder(empty) as folder:
        (folder / "whole").write_text("whole")
    assert (empty / "whole").is_file()


def test_the_card_has_the_figures_of_its_blend(run: Path, tmp_path: Path) -> None:
    """From the run's sweep, which has judged that blend; and a chosen blend is the one that leaves."""
    swept = tmp_path / "swept"
    shutil.copytree(run, swept)
    sweep(SweepRequest(run=str(swept), alphas=(0.0, 0.3, 1.0)), places.silent, Control())
    found = judged.result(RunDirectory.open(swept), 0.3)
    assert found is not None
    curves = RunDirectory.open(swept).sweep()
    assert curves is not None
    test = curves["curves"]["test"]["accuracy"]
    assert found["alpha"] == 0.3
    assert [found["sets"]["test"]["zero_shot"]["accuracy"], found["sets"]["test"]["accuracy"]] == test[:2]
    assert found["sets"]["test"]["n"] == 12
    stored = RunDirectory.open(swept).result()
    assert judged.result(RunDirectory.open(swept), 1.0) == stored
    assert judged.result(RunDirectory.open(swept), 0.7) == stored
    RunDirectory.open(swept).choose_alpha(0.3)
    assert finished.load(str(swept), None, torch.device("cpu"), places.silent, Control()).alpha == 0.3


def test_the_list_says_what_a_run_cannot_have(pictures: Path, tmp_path: Path) -> None:
    every = list_exporters(ExportersRequest(), places.silent, Control())
    assert [each.unavailable for each in every.exporters] == [None] * 6
    run = places.trained(pictures, str(tiny.make(tmp_path / "model", "resnet")), tmp_path / "run", epochs=0)
    asked = list_exporters(ExportersRequest(run=str(run)), places.silent, Control())
    missing = {each.name: each.unavailable for each in asked.exporters if each.unavailable is not None}
    assert list(missing) == ["transformers"]
    assert "no vision transformer" in render(asked)
    assert "onnx.precision" in render(asked)


def test_the_wire_takes_these_requests() -> None:
    for text in (
        b'{"id":"1","request":{"type":"exporters"}}',
        b'{"id":"1","request":{"type":"export","run":"r","formats":["onnx"],"out":"o","alpha":0.5}}',
        b'{"id":"1","request":{"type":"predict","source":"r","paths":["a"],"unsure":0.7}}',
    ):
        assert isinstance(parse_request(text), RequestLine)


def test_the_fresh_process_starts_from_a_bundle_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert program.command(reading.COMMAND) == [sys.executable, "-P", "-m", "engine", "read-export"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/flyp/flyp")
    assert program.command(reading.COMMAND) == ["/opt/flyp/flyp", "read-export"]
    # it is for the program itself
    assert "read-export" not in parser().format_help()


def test_in_a_terminal(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", str(run), "--out", str(tmp_path / "out"), "--format"]
    assert cli.main([*words, "nonsense"]) == 2
    assert "There is no format called 'nonsense'" in capsys.readouterr().err
    assert cli.main([*words, "onnx", "--set", "onnx.precision"]) == 2
    assert "is not of the form format.option=value" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
