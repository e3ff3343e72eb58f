"""Whole comparisons on the squares: repeatable, resumable, refused where they do not fit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import recipe as recipes
from engine.comparison import cells as cell_work
from engine.comparison import charts
from engine.comparison.folder import ComparisonFolder
from engine.comparison.grid import Cell, Entry
from engine.control import Control, Wish
from engine.errors import Cancelled, EngineError
from engine.evaluation import outputs
from engine.events import Progress, Warned
from engine.jobs.compare import compare, render
from engine.requests import CompareRequest
from engine.run_directory import RunDirectory
from engine.training.setup import Shared
from tests.engine.evaluation.conftest import content as recipe_for

METHODS = ("zero-shot", "linear-probe", "flyp")


def quiet(event):
    pass


@pytest.fixture(scope="module")
def recipe(pictures, shifted, tiny_model) -> dict:
    made = recipe_for(pictures, shifted, tiny_model)
    made["training"]["epochs"] = 2
    return made


@pytest.fixture
def request_for(recipe, tmp_path, monkeypatch):
    # charts are looked at in the finished comparison; here they would only take time
    monkeypatch.setattr(charts, "draw", lambda content: {})

    def make(out: Path | None = None, **changes) -> CompareRequest:
        given = {"methods": ("flyp",), "seeds": 1, "rates": (2e-3,), "blend": False} | changes
        changed = {**recipe, "training": {**recipe["training"], **given.pop("training", {})}}
        return CompareRequest(recipe=changed, out=str(out or tmp_path / "out"), **given)

    return make


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    """A comparison of three methods, two seeds and two rates, with what was told. Not to be written to."""
    out = tmp_path_factory.mktemp("finished") / "out"
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLYP_CACHE", str(out.parent / "cache"))
        request = CompareRequest(recipe=recipe, methods=METHODS, seeds=2, rates=(5e-4, 2e-3), out=str(out))
        answer = compare(request, told.append, Control())
    return out, request, answer, told


def test_a_comparison_has_every_cell_table_and_chart(finished):
    out, _, answer, told = finished
    names = {cell["name"] for cell in answer.content["cells"]}
    assert names == {path.name for path in (out / "runs").iterdir() if path.is_dir()}
    assert len(names) == 2 * (1 + 1 + 2)
    assert {Path(path).relative_to(out).as_posix() for path in answer.files} == {
        "comparison.json",
        "comparison.csv",
        "comparison.md",
        *(
            f"charts/{name}.{suffix}"
            for name in ("test-against-shifts", "accuracy-over-rates", "accuracy-over-alpha")
            for suffix in ("svg", "png")
        ),
    }
    assert all(Path(path).stat().st_size > 100 for path in answer.files)
    assert json.loads((out / "comparison.json").read_text()) == answer.content
    methods = [row["method"] for row in answer.content["chosen"]]
    assert methods == [
        "zero-shot",
        "linear-probe",
        "linear-probe blended",
        "flyp",
        "flyp blended",
    ]
    assert answer.content["search"]["budget"] == 2
    assert answer.content["search"]["without_rate"] == ["zero-shot", "linear-probe"]
    text = render(answer)
    assert "- linear-probe chooses the strength of its head on validation, out of 13." in text
    # by its own default; the linear probe has no steps
    assert answer.content["search"]["clipped"] == {"flyp": 1.0}
    assert "- Gradients clipped at a norm of 1: flyp." in text
    assert "Differences from flyp blended" in text
    progress = [e for e in told if isinstance(e, Progress) and e.phase.code == "phase.compare"]
    assert [e.done for e in progress] == sorted(e.done for e in progress)
    assert progress[-1].total == 8
    assert progress[0].seconds_left is None
    assert progress[-1].seconds_left > 0
    # what is true of every run is told once
    codes = [e.message.code for e in told if isinstance(e, Warned)]
    assert len(codes) == len(set(codes))


def test_each_cell_is_a_run_and_its_figures_follow_from_its_outputs(finished):
    out, _, answer, _ = finished
    for cell in answer.content["cells"]:
        run = RunDirectory.open(out / "runs" / cell["name"])
        recipe = run.recipe()
        assert (recipe.data.seed, recipe.training.seed) == (cell["seed"], cell["seed"])
        assert recipe.method.name == cell["method"]
        if cell["rate"] is not None:
            assert recipe.training.learning_rate == cell["rate"]
        result = run.result()
        assert result["best_epoch"] == cell["best_epoch"]
        for name, figures in result["sets"].items():
            assert cell["measures"][name] == pytest.approx(figures["accuracy"], abs=1e-6)
        assert cell["measures"]["shifts: mean"] == cell["measures"]["elsewhere"]
        validation = result["sets"]["validation"]["nll"]
        assert cell["validation_loss"] == pytest.approx(validation, abs=1e-5)
        assert not run.has_checkpoint("last")
        assert run.has_checkpoint("best")
        if "blended" in cell:
            sets = outputs.read_sets(run.sets_file)
            stop = outputs.read_stop(run.stop_file(cell["best_alpha"]), sets)
            for one in stop:
                assert cell["blended"][one.name] == pytest.approx(outputs.accuracy(one), abs=1e-6)


def test_the_same_again_changes_nothing_and_trains_nothing(finished, monkeypatch):
    out, request, answer, _ = finished
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.suffix != ".lock"}
    monkeypatch.setattr(cell_work, "train", lambda *_: pytest.fail("trained again"))
    assert compare(request, quiet, Control()) == answer
    assert {path: path.read_bytes() for path in before} == before


def test_a_fixed_seed_gives_the_same_bytes_twice_and_no_places(finished, recipe, tmp_path):
    out, request, _, _ = finished
    # in another folder, and with its cells in another order
    methods = ("flyp", "linear-probe", "zero-shot")
    other = CompareRequest(
        recipe=recipe, methods=methods, seeds=2, rates=(2e-3, 5e-4), out=str(tmp_path / "again")
    )
    compare(other, quiet, Control())
    same = compare(
        CompareRequest(**{**request.model_dump(), "out": str(tmp_path / "again")}), quiet, Control()
    )
    assert Path(same.comparison).read_bytes() == (out / "comparison.json").read_bytes()
    assert (tmp_path / "again/comparison.csv").read_bytes() == (out / "comparison.csv").read_bytes()
    assert "/" not in (out / "comparison.json").read_text().replace("and/or", "")
    for chart in (out / "charts").iterdir():
        assert chart.read_bytes() == (tmp_path / "again/charts" / chart.name).read_bytes()


def test_it_goes_on_after_it_was_killed(request_for, tmp_path, recipe):
    request = request_for(training={"epochs": 8})
    code = (
        "import sys; from engine.control import Control; from engine.jobs.compare import compare;"
        "from engine.requests import CompareRequest; from engine.jobs import train\n"
        "train.LEAN_SAVES = 0.001\n"
        "compare(CompareRequest.model_validate_json(sys.argv[1]), lambda event: None, Control())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, request.model_dump_json()], env={**os.environ})
    run = tmp_path / "out/runs/flyp-4-s0-0.002"
    end = time.monotonic() + 120
    while not (run / "checkpoints/last/training_state.pt").exists() and time.monotonic() < end:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert not (run / "result.json").exists()
    assert not (tmp_path / "out/comparison.json").exists()
    answer = compare(request, quiet, Control())
    assert RunDirectory.open(run).attempts() == 2
    whole = compare(
        request_for(tmp_path / "whole", training={"epochs": 8}),
        quiet,
        Control(),
    )
    assert answer.content == whole.content


def test_cancelling_keeps_what_was_done(request_for, tmp_path):
    control = Control()
    request = request_for(methods=("zero-shot", "flyp"))

    def listen(event):
        if isinstance(event, Progress) and event.done == 1:
            control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        compare(request, listen, control)
    assert (tmp_path / "out/runs/zero-shot-4-s0/result.json").exists()
    assert not (tmp_path / "out/comparison.json").exists()
    done = [cell["name"] for cell in compare(request, quiet, Control()).content["cells"]]
    assert done == ["zero-shot-4-s0", "flyp-4-s0-0.002"]


def test_more_seeds_and_methods_may_join_but_another_recipe_may_not(request_for, tmp_path, monkeypatch):
    compare(request_for(), quiet, Control())
    trained = []
    real = cell_work.train
    monkeypatch.setattr(
        cell_work, "train", lambda request, *rest: trained.append(request.out) or real(request, *rest)
    )
    answer = compare(request_for(methods=("flyp", "zero-shot"), seeds=2), quiet, Control())
    assert [Path(out).name for out in trained] == ["zero-shot-4-s0", "flyp-4-s1-0.002", "zero-shot-4-s1"]
    assert len(answer.content["cells"]) == 4
    with pytest.raises(EngineError) as failed:
        compare(request_for(training={"epochs": 3}), quiet, Control())
    assert failed.value.message.code == "compare.other_recipe"
    assert failed.value.message.arguments["fields"] == "training.epochs"
    changed = tmp_path / "out/runs/flyp-4-s0-0.002/recipe.toml"
    whole = changed.read_text()
    # the second as of a version that did not know the option, and whose default was another
    for here, instead in (("batch_size = 12", "batch_size = 13"), ("largest_gradient = 1.0\n", "")):
        assert here in whole
        changed.write_text(whole.replace(here, instead))
        with pytest.raises(EngineError) as failed:
            compare(request_for(), quiet, Control())
        assert failed.value.message.code == "compare.other_cell"
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("keep")
    with pytest.raises(EngineError) as failed:
        compare(request_for(tmp_path / "full"), quiet, Control())
    assert failed.value.message.code == "compare.not_ours"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    # a run of the very same recipe is no comparison
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(tmp_path / "out/recipe.toml", run)
    (run / "split.csv").write_text("")
    with pytest.raises(EngineError) as failed:
        compare(request_for(run), quiet, Control())
    assert failed.value.message.code == "compare.not_ours"
    assert sorted(path.name for path in run.iterdir()) == ["recipe.toml", "split.csv"]


def test_what_cannot_be_is_said_before_anything_is_trained(request_for, tmp_path):
    for changes, code in (
        ({"methods": ("flyp", "nonesuch")}, "training.no_method"),
        ({"methods": ("flyp:collisions=hard",)}, "training.wrong_option"),
        ({"methods": ("flyp", "flyp")}, "compare.method_twice"),
        ({"methods": ("flyp", "flyp:collisions=mask")}, "compare.method_twice"),
        ({"rates": (0.0,)}, "compare.rate"),
    ):
        with pytest.raises(EngineError) as failed:
            compare(request_for(**changes), quiet, Control())
        assert failed.value.message.code == code
        assert failed.value.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["flyp", "carot"])
def test_options_that_the_model_cannot_carry_are_refused_before_anything_is_trained(
    request_for, recipe, tmp_path, name
):
    own = {**recipe, "method": {"name": name, "options": {"loss": "sigmoid"}}}
    asked = request_for(methods=("zero-shot", f"{name}:loss=sigmoid"))
    # also where the options stand in the recipe
    for request in (asked, asked.model_copy(update={"recipe": own, "methods": ("zero-shot", name)})):
        with pytest.raises(EngineError) as failed:
            compare(request, quiet, Control())
        assert failed.value.exit_code == 2
        said = failed.value.message
        assert said.code == "compare.unsupported_options"
        assert f"{request.methods[1]} cannot run on {recipe['model']['name']}" in said.text
        assert "no logit bias" in said.text
        assert said.hint == "Set method.options.loss to auto or softmax. Or leave the method out."
    assert not (tmp_path / "out").exists()


def test_a_rate_that_diverges_is_judged_by_what_was_kept(request_for, tmp_path):
    answer = compare(request_for(rates=(2e-3, 1.0), training={"clip_gradient": None}), quiet, Control())
    by_rate = {cell["rate"]: cell for cell in answer.content["cells"]}
    assert by_rate[2e-3]["chosen"]
    assert not by_rate[1.0]["chosen"]
    assert by_rate[1.0]["validation_loss"] > by_rate[2e-3]["validation_loss"]


def test_a_loss_that_is_no_number_does_not_end_the_comparison(request_for, tmp_path, monkeypatch):
    from engine.methods.flyp import FlypLearner

    real = FlypLearner.loss

    def broken(self, embeddings, labels):
        loss = real(self, embeddings, labels)
        return type(loss)(loss.value * float("nan"), loss.floor)

    monkeypatch.setattr(FlypLearner, "loss", broken)
    answer = compare(request_for(methods=("flyp", "zero-shot")), quiet, Control())
    cells = {cell["method"]: cell for cell in answer.content["cells"]}
    assert cells["flyp"]["best_epoch"] == 0
    assert cells["flyp"]["measures"] == cells["zero-shot"]["measures"]
    # and it is not tried again
    monkeypatch.setattr(cell_work, "train", lambda *_: pytest.fail("trained again"))
    assert compare(request_for(methods=("flyp", "zero-shot")), quiet, Control()) == answer


def test_a_cell_that_another_process_holds_is_passed_over(request_for, tmp_path, recipe):
    request = request_for(methods=("zero-shot", "flyp"))
    compare(request, quiet, Control())
    held = RunDirectory.open(tmp_path / "out/runs/zero-shot-4-s0")
    shutil.rmtree(tmp_path / "out/runs/flyp-4-s0-0.002")
    held.hold()
    order = []

    def listen(event):
        if isinstance(event, Progress):
            order.append((event.phase.code, event.phase.arguments.get("name", "")))
            if event.phase.code == "phase.compare_waiting":
                held.close()

    assert len(compare(request, listen, Control()).content["cells"]) == 2
    steps = [name for code, name in dict.fromkeys(order) if code.startswith("phase.compare")]
    assert steps == ["zero-shot-4-s0", "flyp-4-s0-0.002", ""]


def test_a_cell_is_one_processes_from_training_to_judging(request_for, tmp_path):
    request = request_for(methods=("zero-shot",))
    compare(request, quiet, Control())
    base = recipes.parse(request.recipe, "test")
    folder = ComparisonFolder(tmp_path / "out")
    cell = Cell(Entry("zero-shot", "zero-shot", (), False, False), 4, 0, None)
    worker = cell_work.Worker(folder, base, False, False, Shared(trial=False, lean=True))
    assert worker.done(cell)
    shutil.rmtree(folder.run(cell) / "evaluation")
    with folder.taken(cell) as ours:
        assert ours
        assert worker.work(cell, quiet, Control()) is False
    assert not worker.done(cell)
    assert worker.work(cell, quiet, Control()) is True
    assert worker.done(cell)


def test_what_a_crash_left_of_a_folder_is_cleared_and_anything_else_is_not(request_for, tmp_path):
    request = request_for(methods=("zero-shot",))
    place = tmp_path / "out/runs/zero-shot-4-s0"
    place.mkdir(parents=True)
    (place / "run.lock").touch()
    (place / ".recipe.toml.1a2b3c4d.tmp").write_text("half")
    compare(request, quiet, Control())
    assert (place / "result.json").exists()
    other = tmp_path / "out/runs/flyp-4-s0-0.002"
    other.mkdir()
    (other / "mine.txt").write_text("keep")
    with pytest.raises(EngineError) as failed:
        compare(request_for(), quiet, Control())
    assert failed.value.message.code == "files.exists"
    assert (other / "mine.txt").read_text() == "keep"


def test_a_run_killed_before_its_first_checkpoint_is_begun_anew(request_for, tmp_path):
    request = request_for()
    compare(request, quiet, Control())
    run = tmp_path / "out/runs/flyp-4-s0-0.002"
    for path in (run / "checkpoints", run / "evaluation"):
        shutil.rmtree(path)
    for name in ("events.jsonl", "result.json"):
        (run / name).unlink()
    compare(request, quiet, Control())
    assert RunDirectory.open(run).attempts() == 1
    assert (run / "result.json").exists()


def test_the_folder_names_no_cell_twice(tmp_path):
    folder = ComparisonFolder(tmp_path)
    one = Cell(Entry("flyp:collisions=soft", "flyp"), 4, 0, 1e-4)
    assert folder.run(one) == tmp_path / "runs/flyp-collisions=soft-4-s0-0.0001"
