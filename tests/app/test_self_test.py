"""``--self-test``: what it says of a program that works in part. ``make bundle`` runs all of it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import self_test
from app.main_window import MainWindow
from app.playing import Player
from app.self_test import SelfTest
from app.steps import Step
from engine import paths
from engine.exports import (
    ExportAnswer,
    ExportCheck,
    Exported,
    ExporterEntry,
    ExportersAnswer,
    ExportersRequest,
    ExportRequest,
    PredictAnswer,
    PredictedPicture,
    PredictRequest,
)
from engine.messages import say
from engine.requests import Guess
from tests.app import made_runs
from tests.app.conftest import ROOT

FORMATS = ("open_clip", "classifier", "onnx")


def formats(asked: ExportersRequest) -> ExportersAnswer:
    missing = say("export.needs_package", package="onnx", extra="onnx")
    return ExportersAnswer(
        exporters=tuple(
            ExporterEntry(
                name=name, title=name, summary="", readers=("flyp",), options={},
                unavailable=missing if name == "onnx" and asked.run is not None else None,
            )
            for name in FORMATS
        )
    )  # fmt: skip


def exported(asked: ExportRequest) -> ExportAnswer:
    check = ExportCheck(
        way="pixels", largest_cosine_difference=3e-7, largest_logit_difference=1e-5, margin_exceeds=60,
        elsewhere=0,
    )  # fmt: skip
    made = [
        Exported(
            format=name, path=f"{asked.out}/{name}", bytes=1, pictures=64, weak=False, predicted_classes=9,
            checks=(check,), code="",
        )
        for name in asked.formats
    ]  # fmt: skip
    return ExportAnswer(run=asked.run, alpha=1.0, exports=tuple(made))


def predicted(right: int, unlike: str = "") -> Callable[[PredictRequest], PredictAnswer]:
    """The first ``right`` pictures are given their class; a source that ends on ``unlike`` errs in one."""

    def answer(asked: PredictRequest) -> PredictAnswer:
        pictures = []
        for place, path in enumerate(asked.paths):
            errs = place >= right or (unlike and place == 0 and asked.source.endswith(unlike))
            name = "another" if errs else Path(path).parent.name
            guesses = (Guess(class_name=name, probability=0.9),)
            pictures.append(PredictedPicture(path=path, guesses=guesses, sure=True))
        classes = ("another", *(Path(path).parent.name for path in asked.paths))
        return PredictAnswer(
            source=asked.source, alpha=1.0, classes=classes, pictures=tuple(pictures), unsure=0.5,
            not_sure=0, unreadable=0,
        )  # fmt: skip

    return answer


@pytest.fixture
def test(window: MainWindow, tmp_path: Path) -> SelfTest:
    """Of a window with a run that is done."""
    run = made_runs.write_run(paths.runs_folder() / "done", judged=made_runs.result())
    window.session.open(run)
    engine = window.shell.engine
    engine.answer("exporters", formats)
    engine.answer("export", exported)
    window.show_step(Step.EXPORT)
    return SelfTest(window, tmp_path)


def played(test: SelfTest, qtbot: QtBot) -> str:
    told: list[str] = []
    acts = chain(test.exports(), test.predictions())
    Player(test.window, acts, told.append, wrong=lambda: test._trouble).begin()
    try:
        qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    finally:
        page = test.window.page(test.window.step)
        if page._use is not None:
            page._use.close()
    return told[0]


def test_what_works_is_told_line_by_line(test: SelfTest, window: MainWindow, qtbot: QtBot) -> None:
    window.shell.engine.answer("predict", predicted(8))
    assert played(test, qtbot) == ""
    (export,) = window.shell.engine.asked_for("export")
    assert set(export.formats) == {"open_clip", "classifier"}
    missing, first, second, last = test.lines
    assert missing.startswith("no export as onnx: ")
    assert [first, second] == [
        f"export as {name}: verified on 64 pictures, cosines within 3e-07"
        for name in ("open_clip", "classifier")
    ]
    assert last == "prediction: 8 of 9 right, the same by the run and 2 of its exports"
    sources = [Path(asked.source).name for asked in window.shell.engine.asked_for("predict")]
    assert sources == ["done", "open_clip", "classifier"]


def test_an_export_that_says_something_else_fails_it(test: SelfTest, window, qtbot: QtBot) -> None:
    window.shell.engine.answer("predict", predicted(9, unlike="classifier"))
    assert played(test, qtbot) == "run and exports say different classes"


def test_a_model_that_is_mostly_wrong_fails_it(test: SelfTest, window, qtbot: QtBot) -> None:
    window.shell.engine.answer("predict", predicted(4))
    assert played(test, qtbot) == "only 4 of 9 pictures were given their class"


def test_in_a_bundle_a_missing_package_fails_it(
    test: SelfTest, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "frozen", lambda: True)
    test.window.shell.engine.silence("export")
    assert played(test, qtbot) == "the bundle lacks what onnx need"


def test_an_engine_that_cannot_train_fails_it_and_nothing_stays(tmp_path: Path) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    broken = tmp_path / "broken" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(
        "raise ImportError('libtorch is not what it was')\n", encoding="utf-8"
    )
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    variables = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{broken.parent}",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
        # where Qt and the engine would put what is the person's own
        **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA"), str(home)),
        "FLYP_HOME": str(home),
        "FLYP_CACHE": str(home),
    }
    command = [sys.executable, "-P", "-m", "app", "--self-test", "--report", str(tmp_path / "report.txt")]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "self-test failed after" in done.stdout
    assert "libtorch is not what it was" in done.stdout
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == done.stdout
    # neither what it made nor anything in the person's own places
    assert not list(scratch.iterdir())
    assert not home.exists() or not [each for each in home.rglob("*") if "flyp" in each.name.lower()]
