"""The walk of a newcomer through a terminal: look, write a recipe, train, judge, take the model elsewhere."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tests.end_to_end.program import flyp, flyp_here, tree
from tests.engine.conftest import paint_folder

FIGURES = {"n", "accuracy", "macro_f1", "worst_class_accuracy", "ece", "nll", "per_class"}


class Walk:
    """What the first steps left behind."""

    def __init__(self, home: Path, pictures: Path, shifted: Path, model: Path) -> None:
        self.home = home
        self.run = home / "my run"
        self.environment = {
            "FLYP_HOME": str(home / "flyp-home"),
            "FLYP_CACHE": str(home / "flyp-cache"),
            "HF_HOME": str(home / "hf-home"),
            "HF_HUB_OFFLINE": "1",
        }
        shots = ["--shots", "4"]
        shift = ["--shift", f"elsewhere={shifted}"]
        self.capfd: pytest.CaptureFixture[str] | None = None
        self.inspected = self.flyp("inspect", str(pictures), *shots, *shift)
        self.made = self.flyp(
            "init", str(pictures), "-o", "recipe.toml", *shots, *shift, "--model", str(model), "--seed", "3"
        )
        settings = ["training.epochs=2", "training.batch_size=3", "training.learning_rate=0.003"]
        settings += ["training.threads=1", "training.precision=fp32", "training.device=cpu"]
        self.trained = self.flyp("train", "recipe.toml", "--set", *settings, "--out", "my run")

    def flyp(self, *words: str) -> Any:
        """In a process of its own until there is a ``capfd``."""
        if self.capfd is None:
            done = flyp(self.home, *words, **self.environment)
        else:
            done = flyp_here(self.capfd, self.home, *words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def result(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.run / "result.json").read_text(encoding="utf-8"))
        return content

    def evaluated(self, *more: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.flyp("evaluate", "my run", *more, "--json").stdout)
        return answer


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, pictures: Path, shifted: Path, tiny_model: Path) -> Walk:
    return Walk(tmp_path_factory.mktemp("newcomer"), pictures, shifted, tiny_model)


@pytest.fixture
def here(walk: Walk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """The same, for commands in this process: starting one takes longer than what it does."""
    for name, value in walk.environment.items():
        monkeypatch.setenv(name, value)
    walk.capfd = capfd
    yield walk
    walk.capfd = None


def without_last(sets: dict[str, Any]) -> dict[str, Any]:
    """The sets of a result as ``flyp evaluate`` gives them: the last epoch is not judged again."""
    return {name: {key: value for key, value in s.items() if key != "last"} for name, s in sets.items()}


def test_inspect_counts_the_pictures(walk: Walk, pictures: Path) -> None:
    text = walk.inspected.stdout
    assert f"{pictures}: 60 pictures in 3 classes" in text
    # 4 for training, 4 for validation, the rest is test
    assert re.search(r"^red_thing +20 +4 +4 +12$", text, re.MULTILINE)
    assert re.search(r"^all +60 +12 +12 +36$", text, re.MULTILINE)
    assert "shift set elsewhere: 15 pictures, 3 of 3 classes" in text
    assert "No problems found." in text


def test_init_writes_a_complete_recipe_and_says_why(walk: Walk, pictures: Path, tiny_model: Path) -> None:
    text = (walk.home / "recipe.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    assert content["data"]["source"] == str(pictures)
    assert content["data"]["shots"] == 4
    assert content["model"]["name"] == str(tiny_model)
    assert content["training"]["seed"] == content["data"]["seed"] == 3
    assert content["training"]["epochs"] > 2
    assert "# Chosen: " in text
    assert "Next: flyp train recipe.toml" in walk.made.stdout
    assert "learning rate 0.0001" in walk.made.stdout


def test_train_leaves_a_run_with_the_result(walk: Walk) -> None:
    assert {path.name for path in walk.run.iterdir()} - {"run.log"} == {
        "recipe.toml",
        "run.lock",
        "plan.json",
        "split.csv",
        "initial.json",
        "events.jsonl",
        "result.json",
        "evaluation",
        "checkpoints",
    }
    asked = tomllib.loads((walk.run / "recipe.toml").read_text(encoding="utf-8"))
    assert (asked["training"]["epochs"], asked["training"]["batch_size"]) == (2, 3)
    result = walk.result()
    assert (result["method"], result["seed"], result["alpha"]) == ("flyp", 3, 1.0)
    assert result["steps"] == 8
    sizes = {name: s["n"] for name, s in result["sets"].items()}
    assert sizes == {"test": 36, "validation": 12, "elsewhere": 15}
    for name, after in result["sets"].items():
        for figures in (after, after["zero_shot"]):
            assert set(figures) >= FIGURES
            assert set(figures["per_class"]) == {"blue_thing", "green_thing", "red_thing"}
            right = sum(c["n"] * c["accuracy"] for c in figures["per_class"].values())
            assert right / figures["n"] == pytest.approx(figures["accuracy"])
            worst = min(c["accuracy"] for c in figures["per_class"].values())
            assert figures["worst_class_accuracy"] == worst
            assert 0 <= figures["ece"] <= 1
            assert 0 < figures["nll"] < 20
        assert after.get("used_for_choosing", False) is (name == "validation")
    test = result["sets"]["test"]
    assert result["best_epoch"] in (1, 2)
    assert test["nll"] != test["zero_shot"]["nll"]
    # what is printed is what is written
    line = next(line for line in walk.trained.stdout.splitlines() if line.startswith("test "))
    assert f"{100 * test['accuracy']:.1f} %" in line
    assert f"{100 * test['zero_shot']['accuracy']:.1f} %" in line
    assert "used for choosing" in walk.trained.stdout
    assert str(walk.run) in walk.trained.stdout


def test_evaluate_repeats_the_figures(walk: Walk) -> None:
    before = (walk.run / "result.json").read_bytes()
    test = walk.result()["sets"]["test"]
    text = walk.flyp("evaluate", "my run").stdout
    assert re.search(
        rf"^test +{100 * test['accuracy']:.1f} % \[.* {test['nll']:.2f} \[[0-9.]+–[0-9.]+\]$",
        text,
        re.MULTILINE,
    )
    assert (walk.run / "result.json").read_bytes() == before


def test_evaluate_as_json_has_the_same_figures(here: Walk) -> None:
    answer = here.evaluated()
    assert answer["result"]["sets"] == without_last(here.result()["sets"])
    assert answer["result"]["alpha"] == 1
    assert answer["path"] is None


def test_evaluate_on_the_shift_set_itself(walk: Walk, shifted: Path) -> None:
    known = walk.evaluated("--data", str(shifted))["result"]["sets"]
    assert known == {"elsewhere": without_last(walk.result()["sets"])["elsewhere"]}


def test_evaluate_on_other_pictures(here: Walk, tmp_path: Path) -> None:
    before = tree(here.run)
    other = paint_folder(tmp_path / "other", 3, seed=123_000)
    shutil.rmtree(other / "green_thing")
    found = here.evaluated("--data", str(other))["result"]["sets"]["other"]
    assert (found["n"], found["classes"], found["kind"]) == (6, 2, "shift")
    assert set(found["per_class"]) == {"blue_thing", "red_thing"}
    # nothing is taken for the class that is not there
    assert [row[1] for row in found["confusion"]] == [0, 0, 0]
    assert tree(here.run) == before


def test_alpha_zero_is_zero_shot(here: Walk) -> None:
    answer = here.evaluated("--alpha", "0")
    expected = here.result()["sets"]
    assert answer["result"]["alpha"] == 0
    assert set(answer["result"]["sets"]) == set(expected)
    for name, figures in answer["result"]["sets"].items():
        for key in FIGURES:
            assert figures[key] == figures["zero_shot"][key] == expected[name]["zero_shot"][key]


def test_what_there_is_to_choose_from(here: Walk) -> None:
    methods = here.flyp("methods").stdout
    assert "\nflyp: FLYP" in methods
    assert "method.options.collisions" in methods
    models = json.loads(here.flyp("models", "--json").stdout)["models"]
    by_name = {(m["name"], m["weights"]): m for m in models}
    assert by_name["ViT-B-32", "openai"]["input_size"] == [224, 224]
    assert by_name["ViT-B-32", "openai"]["downloaded"] is False
    assert ("starter", None) in by_name
    assert len(by_name) == len(models) > 100


def test_doctor(walk: Walk) -> None:
    doctor = json.loads(walk.flyp("doctor", "--json").stdout)
    assert doctor["devices"][-1]["device"] == "cpu"
    assert doctor["devices"][-1]["works"] is True
    assert doctor["hub_state"] == "offline by setting"
    assert doctor["cache"] == walk.environment["FLYP_CACHE"]


def test_open_clip_alone_comes_to_the_same_figures(walk: Walk) -> None:
    """The kept checkpoint, used as open_clip's readme does zero-shot, by hand."""
    import open_clip

    place = f"local-dir:{walk.run / 'checkpoints/best'}"
    model, _, preprocess = open_clip.create_model_and_transforms(place)
    tokenizer = open_clip.get_tokenizer(place)
    model.eval()
    templates = tomllib.loads((walk.run / "recipe.toml").read_text(encoding="utf-8"))["prompts"]["templates"]
    with (walk.run / "split.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["set"] == ""]
    (root,) = (row["path"] for row in rows if row["split"] == "root")
    classes = [row["class"] for row in rows if row["split"] == "class"]
    tests = [row for row in rows if row["split"] == "test"]
    assert len(tests) == 36
    right, loss = 0, 0.0
    with torch.no_grad():
        heads = []
        for name in classes:
            captions = [template.replace("{}", name.replace("_", " ")) for template in templates]
            heads.append(
                torch.nn.functional.normalize(model.encode_text(tokenizer(captions)), dim=-1).mean(0)
            )
        text_CD = torch.nn.functional.normalize(torch.stack(heads), dim=-1)
        for row in tests:
            with Image.open(Path(root) / row["path"]) as picture:
                image = preprocess(picture.convert("RGB"))
            embedding = torch.nn.functional.normalize(model.encode_image(image[None]), dim=-1)
            logits = (model.logit_scale.exp() * embedding @ text_CD.T)[0].double()
            label = classes.index(row["class"])
            right += int(logits.argmax()) == label
            loss += float(torch.logsumexp(logits, 0) - logits[label])
    test = walk.result()["sets"]["test"]
    assert right / len(tests) == test["accuracy"]
    assert math.isclose(loss / len(tests), test["nll"], rel_tol=0.02)
    assert not math.isclose(test["zero_shot"]["nll"], test["nll"], rel_tol=0.02), (
        "it would not tell them apart"
    )
