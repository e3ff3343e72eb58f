"""Averages of runs: against plain computations, on pictures that no run has seen."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine.control import Control
from engine.data import split_file
from engine.errors import EngineError
from engine.evaluation import average as averages
from engine.evaluation import evaluate, metrics
from engine.evaluation.reopened import reopened
from engine.jobs.average import average, render
from engine.requests import AverageRequest
from engine.run_directory import RunDirectory


def quiet(event):
    pass


def states(count: int) -> tuple[dict, list[dict]]:
    """Pretrained and finetuned states: layers in which runs agree, do not agree, and one left alone."""
    random = torch.Generator().manual_seed(3)
    shapes = {"agree": (4, 5), "apart": (6,), "alone": (3,)}
    before = {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}
    common = torch.randn(4, 5, generator=random)
    made = []
    for _ in range(count):
        one = {
            "agree": before["agree"] + common + 0.5 * torch.randn(4, 5, generator=random),
            "apart": before["apart"] + torch.randn(6, generator=random),
            "alone": before["alone"].clone(),
            "steps": torch.tensor(7),
        }
        made.append(one)
    return before | {"steps": torch.tensor(0)}, made


@pytest.mark.parametrize("count", [2, 3, 5])
def test_model_stock_is_its_formula_layer_by_layer(count):
    before, runs = states(count)
    found = averages.stock(before, runs)
    for name in ("agree", "apart", "alone"):
        start = before[name].flatten().tolist()
        moved = [[w - s for w, s in zip(run[name].flatten().tolist(), start, strict=True)] for run in runs]
        cosines = []
        for i in range(count):
            for j in range(i):
                dot = sum(a * b for a, b in zip(moved[i], moved[j], strict=True))
                norms = math.sqrt(sum(a * a for a in moved[i]) * sum(b * b for b in moved[j]))
                cosines.append(dot / norms if norms else 0.0)
        cosine = max(0.0, sum(cosines) / len(cosines))
        t = count * cosine / (1 + (count - 1) * cosine)
        plain = [s + t * sum(move[k] for move in moved) / count for k, s in enumerate(start)]
        assert found[name].flatten().tolist() == pytest.approx(plain, abs=1e-5)
        if name == "agree":
            assert 0.6 < t < 1
    assert found["steps"] == 7
    assert torch.equal(found["alone"], before["alone"])


def test_model_stock_at_its_ends():
    step = torch.tensor([1.0, 2.0])
    assert averages.ratio([step, step, step]) == pytest.approx(1.0)
    assert averages.ratio([step, torch.tensor([2.0, -1.0])]) == 0.0
    assert averages.ratio([step, -step]) == 0.0
    assert averages.ratio([step, torch.zeros(2)]) == 0.0
    with pytest.raises(ValueError, match="at least two"):
        averages.stock({"a": step}, [{"a": step}])
    with pytest.raises(ValueError, match="differ in 1 tensors"):
        averages.uniform([{"a": step}, {"a": torch.zeros(3)}])


def test_the_uniform_average_is_the_mean():
    _, runs = states(3)
    found = averages.uniform(runs)
    assert found["apart"] == pytest.approx(sum(run["apart"] for run in runs) / 3, abs=1e-6)
    assert found["steps"].dtype == torch.int64


@pytest.mark.parametrize("kind", ["uniform", "stock"])
def test_runs_are_judged_together_as_a_plain_average_is(trained, kind):
    places = [trained("flyp", seed) for seed in (0, 1)]
    request = AverageRequest(runs=tuple(map(str, places)), kind=kind)
    answer = average(request, quiet, Control())
    weights = [load_file(place / "checkpoints/best/model.safetensors") for place in places]
    with reopened(RunDirectory.open(places[0]), quiet, Control()) as again:
        mixed = averages.uniform(weights) if kind == "uniform" else averages.stock(again.before, weights)
        again.backbone.model.load_state_dict(mixed)
        head = again.learner.head()
        for each in again.sets:
            if each.kind == "validation":
                continue
            logits = evaluate.logits_of(
                again.backbone, head, each.pictures, again.loader, again.normalize, Control()
            )
            labels = torch.tensor(each.pictures.labels()).numpy()
            found = answer.result["sets"][each.name]
            assert found["accuracy"] == metrics.accuracy(logits, labels)
            assert found["nll"] == pytest.approx(metrics.cross_entropy(logits, labels), rel=1e-6)
    for place, column in zip(places, (0, 1), strict=True):
        alone = RunDirectory.open(place).result()["sets"]["elsewhere"]
        assert answer.result["sets"]["elsewhere"]["runs"][column]["accuracy"] == alone["accuracy"]
    assert "validation" not in answer.result["sets"]
    assert kind in render(answer)


def test_a_picture_that_any_run_has_learnt_from_is_not_judged(trained, tmp_path):
    one = trained("flyp", 0)
    other = Path(shutil.copytree(trained("flyp", 1), tmp_path / "other"))
    dataset = split_file.from_csv(RunDirectory.open(one).split(), "split.csv").source
    tests = [record.path for record in dataset.records if record.split == "test"]
    text = (other / "split.csv").read_text()
    for path in tests[:3]:
        before = next(line for line in text.splitlines() if line.startswith(f",{path},"))
        text = text.replace(before, before.replace(",test,", ",train,"))
    (other / "split.csv").write_text(text)
    answer = average(AverageRequest(runs=(str(one), str(other))), quiet, Control())
    assert answer.result["sets"]["test"]["n"] == len(tests) - 3
    (other / "split.csv").write_text(text.replace(",test,", ",train,"))
    with pytest.raises(EngineError) as failed:
        average(AverageRequest(runs=(str(one), str(other))), quiet, Control())
    assert failed.value.message.code == "average.no_picture"


def test_runs_that_do_not_go_together_are_refused(trained, tmp_path):
    one = str(trained("flyp", 0))

    def refused(*runs: str) -> EngineError:
        with pytest.raises(EngineError) as failed:
            average(AverageRequest(runs=runs), quiet, Control())
        assert failed.value.exit_code == 2
        return failed.value

    assert refused(one).message.code == "average.one_run"
    assert refused(one, one).message.code == "average.same_run"
    method = refused(one, str(trained("fine-tune", 0)))
    assert (method.message.code, method.message.arguments["what"]) == ("average.differ", "methods")
    memories = [str(trained("tip-adapter-f", seed)) for seed in (0, 1)]
    assert refused(*memories).message.code == "average.method"
    other = Path(shutil.copytree(trained("flyp", 1), tmp_path / "other"))
    recipe = other / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("a photo of a {}.", "a drawing of a {}."))
    assert refused(one, str(other)).message.arguments["what"] == "prompts"
