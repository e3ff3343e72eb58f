"""Stops in memory: the figures of all logits, the best by validation alone, what lies in a run's folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app import blends, relabelling, results
from app.blends import Stop
from engine.errors import EngineError
from engine.evaluation import metrics, outputs
from engine.recipe import Data
from engine.run_directory import RunDirectory
from tests.app import made_outputs, made_runs

CLASSES = made_runs.CLASSES


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Its weights are older than what is judged."""
    folder = made_runs.write_run(tmp_path / "run", judged=made_runs.result())
    weights = folder / "checkpoints" / "best" / "model.safetensors"
    os.utime(weights, (1_000_000_000, 1_000_000_000))
    return folder


def stop(alpha: float, root: Path = Path("/p")) -> Stop:
    return blends.judged(alpha, made_outputs.fish_sets(alpha, root), CLASSES)


def test_a_stop_has_the_figures_of_all_logits():
    """Against metrics.summary on the logits that the outputs were made of."""
    random = np.random.default_rng(0)
    labels = [place % 2 for place in range(40)]
    logits = random.normal(size=(40, 2)) * 2
    logits[np.arange(40), labels] += 1.0 + 4.0 * (1 - (0.3 - 0.7) ** 2) * 0.7
    wanted = metrics.summary(logits, np.array(labels), CLASSES)
    found = stop(0.3)
    assert found.figures["validation"]["accuracy"] == wanted["accuracy"]
    assert found.matrix("validation").tolist() == wanted["confusion"]
    assert found.figures["validation"]["nll"] == pytest.approx(wanted["nll"], abs=1e-6)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = [n for n in range(40) if logits[n].argmax() != labels[n]]
    wrong.sort(key=lambda n: -probability[n].max())
    assert found.wrong["validation"].tolist() == wrong


def test_pictures_of_a_cell_and_of_a_class():
    found = stop(0.0).outputs["chalk"]
    matrix = outputs.confusion(found, 2)
    for truth in (0, 1):
        for said in (0, 1):
            places = blends.pictures_of(found, truth, said)
            assert len(places) == matrix[truth, said]
            assert (found.labels_N[places] == truth).all()
            assert (found.predicted_N[places] == said).all()
            assert (np.diff(found.confidence_N[places]) <= 0).all()
    assert len(blends.pictures_of(found, 1, None)) == matrix[1, 0]


def test_only_validation_chooses():
    stops = [stop(alpha) for alpha in outputs.ALPHAS]
    by_hand = max(
        stops, key=lambda s: (s.figures["validation"]["accuracy"], -s.figures["validation"]["nll"], s.alpha)
    )
    assert blends.best(stops) == by_hand.alpha
    # another set that is better elsewhere changes nothing
    for each in stops:
        each.figures["chalk"]["accuracy"] = 1.0 if each.alpha == 0.1 else 0.0
        each.figures["test"]["accuracy"] = 1.0 if each.alpha == 0.2 else 0.0
    assert blends.best(stops) == by_hand.alpha
    # ties: the lower loss, then the larger alpha
    for each in stops:
        each.figures["validation"].update(accuracy=0.5, nll=1.0)
    assert blends.best(stops) == 1.0
    stops[3].figures["validation"]["nll"] = 0.9
    assert blends.best(stops) == 0.3
    no_validation = [replace(s, outputs={"test": s.outputs["test"]}) for s in stops]
    assert blends.best(no_validation) is None


def test_a_result_at_a_blend_counts_from_before():
    run = results.understood(made_runs.result(), "")
    now, before = stop(0.6), stop(0.0)
    found = blends.result_at(now, before, run)
    test = found.main
    assert test is not None
    assert (test.name, test.alpha) == ("test", 0.6)
    assert test.after == now.figures["test"]["accuracy"]
    assert test.before == before.figures["test"]["accuracy"]
    assert test.interval == metrics.wilson(round(50 * test.after), 50)
    # the last epoch was judged at the run's own blend only, and so were the slow intervals
    assert test.last is None
    assert test.after_figures["intervals"] == {}
    own = blends.result_at(stop(1.0), None, run).main
    assert own is not None
    assert (own.last, own.before) == (0.78, 0.5)
    assert own.after_figures["intervals"] == {"ece": [0.03, 0.05], "macro_f1": [0.6, 0.8], "nll": [0.4, 0.6]}
    assert [each.name for each in found.sets] == ["test", "validation", "chalk", "pencil", ""]
    assert found.sets[-1].after == pytest.approx((found.sets[2].after + found.sets[3].after) / 2)


def test_what_lies_on_disk_is_read_at_once(run: Path, tmp_path: Path):
    made_outputs.all_stops(run, tmp_path, (0.0, 0.5, 1.0))
    RunDirectory(run).stop_file(0.5).write_bytes(b"torn")
    found = blends.stored(run)
    assert [each.alpha for each in found.stops] == [0.0, 1.0]
    assert found.answer is None
    assert found.stops[1].figures["test"] == stop(1.0, tmp_path).figures["test"]


def test_weights_newer_than_the_blends_are_not_of_them(run: Path, tmp_path: Path):
    made_outputs.all_stops(run, tmp_path, (1.0,))
    assert len(blends.stored(run).stops) == 1
    newer = RunDirectory(run).sets_file.stat().st_mtime + 5
    os.utime(run / "checkpoints" / "best" / "model.safetensors", (newer, newer))
    assert blends.stored(run).stops == ()
    assert blends.stored(tmp_path / "nowhere").sets is None


def test_a_stop_of_other_weights_brings_its_own_sets(run: Path, tmp_path: Path):
    told = made_outputs.all_stops(run, tmp_path, (1.0,))[0]
    old = blends.stored(run).sets
    assert old is not None
    other = replace(old, weights="before")
    sets, found = blends.arrived(run, Path(told.file), 1.0, other)
    assert (sets.weights, found.alpha) == (made_outputs.WEIGHTS, 1.0)
    same, _ = blends.arrived(run, Path(told.file), 1.0, old)
    assert same is old
    with pytest.raises(EngineError) as caught:
        blends.arrived(run, RunDirectory(run).stop_file(0.4), 0.4, old)
    assert caught.value.message.code == "run.damaged"


def test_the_blend_to_go_on_with_is_kept_in_the_run(run: Path):
    place = RunDirectory(run)
    assert place.chosen_alpha() is None
    place.choose_alpha(0.7)
    assert RunDirectory(run).chosen_alpha() == 0.7
    (run / "evaluation" / "chosen.json").write_text('{"alpha": 7}', encoding="utf-8")
    assert place.chosen_alpha() is None


def test_corrections_name_pictures_as_the_recipe_does(tmp_path: Path):
    validation, _, chalk, _ = made_outputs.fish_sets(1.0, tmp_path)
    assert relabelling.key_of(validation, 3) == "red_bird/3.png"
    assert relabelling.key_of(chalk, 2) == str(tmp_path / "chalk" / "golden_fish/2.png")
    run = Data(source="x", labels={"b.png": "bird"})
    project = run.model_copy(update={"labels": {"b.png": "bird", "a.png": "fish"}})
    made = relabelling.corrected(run, project, [("c.png", "bird"), ("b.png", "bird")], "fish")
    assert made == {"a.png": "fish", "b.png": "fish", "c.png": "fish"}
    # as it was in the run: without a correction if the run had none, else with the run's own
    project = project.model_copy(update={"labels": made})
    back = relabelling.corrected(run, project, [("c.png", "bird")], "bird")
    assert back == {"a.png": "fish", "b.png": "fish"}
    back = relabelling.corrected(run, project, [("b.png", "bird")], "bird")
    assert back["b.png"] == "bird"
