"""New pictures judged by a run and by its exports: figures, tables, sorted copies, bad files."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.control import Control
from engine.errors import EngineError
from engine.jobs.predict import predict, render
from engine.prediction.outcome import folder_names
from engine.requests import PredictAnswer, PredictRequest
from tests.engine.clip import tiny
from tests.engine.exporters import places
from tests.engine.painting import paint, paint_folder


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("predicted")
    model = tiny.make(place / "model", "vit")
    return places.trained(pictures, str(model), place / "run", epochs=20, learning_rate=2e-3)


@pytest.fixture(scope="module")
def export(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as an ONNX graph in a classifier folder."""
    folder = tmp_path_factory.mktemp("exported") / "classifier"
    places.written(places.subject(run), "classifier", folder)
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """New pictures, some of which are none."""
    folder = paint_folder(tmp_path / "fresh", 4, seed=123)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"x")
    return folder


def ask(source: Path, *paths: object, **more: Any) -> PredictAnswer:
    request = PredictRequest(source=str(source), paths=tuple(map(str, paths)), **more)
    return predict(request, places.silent, Control())


def refused(code: str, source: Path, *paths: object, **more: Any) -> EngineError:
    with pytest.raises(EngineError) as raised:
        ask(source, *paths, **more)
    assert raised.value.message.code == code
    return raised.value


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_run_and_its_export_say_the_same(run: Path, export: Path, fresh: Path) -> None:
    by_run = ask(run, fresh, measure=True, top=2)
    by_export = ask(export, fresh, top=2)
    assert [Path(each.path).name for each in by_run.pictures].count("000.png") == 3
    assert len(by_run.pictures) == 13
    assert by_run.unreadable == by_export.unreadable == 1
    right = 0
    for one, other in zip(by_run.pictures, by_export.pictures, strict=True):
        assert one.path == other.path
        assert (one.problem is None) is (Path(one.path).suffix == ".png")
        if one.problem is None:
            assert len(one.guesses) == len(other.guesses) == 2
            assert one.guesses[0].class_name == other.guesses[0].class_name
            assert one.guesses[0].probability == pytest.approx(other.guesses[0].probability, abs=1e-4)
            right += one.guesses[0].class_name == Path(one.path).parent.name
    assert right >= 10
    assert by_run.measured_on == by_export.measured_on == "test"
    assert (by_run.answered, by_run.wrong) == (by_export.answered, by_export.wrong)
    assert by_run.answered is not None
    assert by_run.measured == by_export.measured
    own = next(each for each in by_run.measured if each.threshold == by_run.unsure)
    assert (own.answered, own.wrong) == (by_run.answered, by_run.wrong)
    assert "Measured on test" in render(by_run)


def test_the_table(run: Path, fresh: Path, tmp_path: Path) -> None:
    table = tmp_path / "new" / "table.csv"
    answer = ask(run, fresh, csv=str(table), top=9, unsure=0.9)
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [each.path for each in answer.pictures]
    for row, each in zip(rows, answer.pictures, strict=True):
        if each.problem is not None:
            assert (row["class"], row["class_1"]) == ("", "")
            assert "broken.jpg" in row["problem"]
            continue
        assert row["class_1"] == each.guesses[0].class_name
        assert row["class"] == (row["class_1"] if float(row["probability_1"]) >= 0.9 else "not sure")
        assert sum(float(row[f"probability_{k}"]) for k in (1, 2, 3)) == pytest.approx(1, abs=1e-5)
    before = table.read_bytes()
    refused("files.exists", run, fresh, csv=str(table))
    assert table.read_bytes() == before


def test_sorted_copies(export: Path, fresh: Path, tmp_path: Path) -> None:
    into, originals = tmp_path / "sorted", digests(fresh)
    answer = ask(export, fresh, sort_into=str(into), unsure=0.6)
    assert digests(fresh) == originals
    first = digests(into)
    assert len(first) == 12
    by_content = {digest: Path(name).parent.name for name, digest in first.items()}
    for each in answer.pictures:
        if each.problem is None:
            digest = hashlib.sha256(Path(each.path).read_bytes()).hexdigest()
            assert by_content[digest] == (each.guesses[0].class_name if each.sure else "not sure")
            assert each.copied_to is not None
            assert Path(each.copied_to).is_file()
    # the same again: nothing is overwritten, names step aside
    ask(export, fresh, sort_into=str(into), unsure=0.6)
    again = digests(into)
    assert len(again) == 24
    assert {name: again[name] for name in first} == first


def test_all_are_sure_at_nought_and_few_at_one(export: Path, fresh: Path) -> None:
    assert ask(export, fresh, unsure=0).not_sure == 0
    assert ask(export, fresh, unsure=1).not_sure == 12


def test_files_folders_and_patterns(export: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(fresh)
    answer = ask(export, "red_thing/000.png", "*/00[01].png", "red_thing")
    assert [each.path for each in answer.pictures] == [
        str(Path(name))
        for name in (
            "red_thing/000.png",
            "blue_thing/000.png",
            "blue_thing/001.png",
            "green_thing/000.png",
            "green_thing/001.png",
            "red_thing/001.png",
            "red_thing/002.png",
            "red_thing/003.png",
        )
    ]
    refused("predict.missing", export, "red_thing/000.png", "nothing.png")
    refused("predict.no_pictures", export, "*.webp")
    (fresh / "empty").mkdir()
    refused("predict.no_pictures", export, "empty")
    refused("predict.none_read", export, "broken.jpg", "notes.txt")


def test_what_is_no_source(run: Path, export: Path, fresh: Path, tmp_path: Path) -> None:
    refused("export.not_one", fresh, fresh)
    refused("predict.alpha_of_export", export, fresh, alpha=0.5)
    refused("predict.sorted_inside", export, fresh, sort_into=str(fresh / "sorted"))
    assert not (fresh / "sorted").exists()
    broken = tmp_path / "broken"
    shutil.copytree(export, broken)
    (broken / "model.onnx").write_bytes(b"\x08\x07 no graph")
    refused("export.damaged", broken, fresh)
    about = broken / "export.json"
    about.write_text(
        about.read_text(encoding="utf-8").replace('"schema": 1', '"schema": 9'), encoding="utf-8"
    )
    refused("export.newer", broken, fresh)
    about.write_text("{", encoding="utf-8")
    refused("export.damaged", broken, fresh)


def test_no_code_of_a_strangers_export_is_run(export: Path, fresh: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    shutil.copytree(export, strange)
    (strange / "predict.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w').close()", encoding="utf-8")
    ask(strange, fresh)
    assert not (tmp_path / "run").exists()
    about = strange / "export.json"
    about.write_text(
        about.read_text(encoding="utf-8").replace('"classifier"', '"torch-export"'), encoding="utf-8"
    )
    (strange / "model.pt2").write_bytes(b"anything")
    refused("export.holds_code", strange, fresh)


def test_folder_names_that_every_system_takes() -> None:
    named = folder_names(["a/b", "A_B", "con", "not sure", "trailing. ", "ok"])
    assert named["a/b"] == "a_b"
    assert named["A_B"] == "A_B (2)"
    assert named["con"] == "_con"
    assert named["trailing. "] == "trailing"
    assert named["ok"] == "ok"
    assert named["not sure"] == "not sure"
    assert named[""] == "not sure (2)"


def test_many_pictures_in_batches_and_in_a_terminal(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(70):
        paint(tmp_path / "many" / f"{index:03}.png", (220, 50, 40), 9000 + index)
    one_by_one = ask(export, *(tmp_path / "many" / f"{index:03}.png" for index in (0, 33, 69)))
    assert cli.main(["predict", str(export), str(tmp_path / "many"), "--top", "1", "--json"]) == 0
    answer = PredictAnswer.model_validate_json(capsys.readouterr().out)
    assert [Path(each.path).name for each in answer.pictures] == [f"{index:03}.png" for index in range(70)]
    for index, alone in zip((0, 33, 69), one_by_one.pictures, strict=True):
        assert answer.pictures[index].guesses[0].class_name == alone.guesses[0].class_name
        probability = answer.pictures[index].guesses[0].probability
        assert probability == pytest.approx(alone.guesses[0].probability, abs=1e-5)
