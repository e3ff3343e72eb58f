"""evaluate --sweep and --average, report, compare: from words to requests, and to exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine import recipe as recipes
from engine.arguments import parser
from engine.cli import main
from engine.evaluation.report import alpha_table
from engine.recipe import ALPHAS
from engine.requests import AverageRequest, CompareRequest, EvaluateRequest, ReportRequest, SweepRequest


def asked(*words: str):
    given = parser().parse_args(words)
    return given.request(given)


def test_evaluate_judges_sweeps_or_averages():
    assert asked("evaluate", "run", "--alpha", "0.3") == EvaluateRequest(run="run", alpha=0.3)
    assert asked("evaluate", "run", "--sweep") == SweepRequest(run="run", alphas=ALPHAS)
    averaged = asked("evaluate", "one", "two", "--average", "stock")
    assert averaged == AverageRequest(runs=("one", "two"), kind="stock")
    assert asked("report", "run", "-o", "a.html") == ReportRequest(run="run", out="a.html")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "one", "two"], "--average"),
        (["evaluate", "one", "--sweep", "--alpha", "0.5"], "--alpha cannot be given with --sweep"),
        (
            ["evaluate", "one", "two", "--average", "stock", "--sweep"],
            "--sweep cannot be given with --average",
        ),
        (["evaluate", "one", "--average", "mean"], "invalid choice"),
        (["evaluate", "nowhere", "--sweep"], "is not a run folder"),
        (["report", "nowhere", "-o", "a.html"], "is not a run folder"),
        (["evaluate", "nowhere", "--average", "stock"], "at least two runs"),
        (["compare", "nowhere.toml", "--methods", "flyp", "--out", "x"], "no recipe at nowhere.toml"),
        (["compare", "nowhere.toml", "--methods", "flyp", "--rates", "fast", "--out", "x"], "--rates"),
        (["compare", "nowhere.toml", "--methods", "flyp", "--seeds", "0", "--out", "x"], "--seeds"),
    ],
)
def test_what_cannot_be_is_exit_2(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == [] or [p.name for p in tmp_path.iterdir()] == ["flyp-cache"]


def test_compare_takes_a_recipe_and_changes_to_it(tmp_path):
    recipe = recipes.parse({"data": {"source": "pets"}, "training": {"epochs": 9}}, "test")
    recipes.write(recipe, tmp_path / "recipe.toml")
    words = ["compare", str(tmp_path / "recipe.toml"), "--methods", "flyp, fine-tune", "--out", "there"]
    request = asked(
        *words, "--shots", "4,16", "--rates", "3e-5,1e-4", "--no-blend", "--set", "training.epochs=2"
    )
    assert isinstance(request, CompareRequest)
    assert (request.methods, request.shots, request.rates) == (("flyp", "fine-tune"), (4, 16), (3e-5, 1e-4))
    assert (request.seeds, request.blend, request.keep_weights, request.out) == (5, False, False, "there")
    assert request.recipe["training"]["epochs"] == 2
    assert request.recipe["data"]["source"] == str(tmp_path / "pets")
    assert asked(*words).blend is True


def test_a_sweep_is_printed_as_a_table_or_as_json(trained, tmp_path, capsys):
    place = Path(shutil.copytree(trained(), tmp_path / "run"))
    assert main(["evaluate", str(place), "--sweep"]) == 0
    text = capsys.readouterr().out
    assert main(["evaluate", str(place), "--sweep", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["alphas"] == list(ALPHAS)
    assert text == alpha_table(answer) + "\n"


def test_a_table_has_a_column_for_the_mean_of_several_shift_sets():
    curve = {"accuracy": [0.5, 0.7], "loss": [1, 1]}
    sweep = {
        "alphas": [0.0, 1.0],
        "best_alpha": 1.0,
        "reason": None,
        "curves": {
            "validation": {"kind": "validation", **curve},
            "art": {"kind": "shift", "accuracy": [0.2, 0.4], "loss": [1, 1]},
            "sketch": {"kind": "shift", "accuracy": [0.1, 0.6], "loss": [1, 1]},
            "test": {"kind": "test", **curve},
        },
    }
    lines = alpha_table(sweep).splitlines()
    assert lines[0].split("  ")[-1].strip() == "mean of shifts"
    assert [cell.strip() for cell in lines[3].split("  ") if cell.strip()] == [
        "1.00",
        "70.0 %",
        "40.0 %",
        "60.0 %",
        "70.0 %",
        "50.0 %",
        "← best on validation",
    ]
