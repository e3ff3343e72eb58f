"""Whatever a person gives wrongly: exit code 2, one clear message, and nothing left behind or overwritten."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.end_to_end.program import LONG, environment, flyp, flyp_here, tree, write_recipe
from tests.engine.clip import tiny
from tests.engine.conftest import RecipeMaker, paint, paint_folder

OURS = ("flyp-home", "flyp-cache", "hf-home")
"""Folders in which the program keeps what it likes; but never a log, which would be of a fault of ours."""


@dataclass
class Bench:
    """A folder to work in, and the command."""

    home: Path
    capfd: pytest.CaptureFixture[str]

    def refused(self, *words: str) -> str:
        """The one message with which a command is refused; it must change nothing."""
        before = tree(self.home, *OURS)
        done = flyp_here(self.capfd, self.home, *words)
        assert_refused(done)
        assert tree(self.home, *OURS) == before
        assert not list(self.home.rglob("fault-*.log"))
        return message(done)

    def train(self, content: dict[str, Any], *more: str) -> str:
        """The message with which training a recipe is refused."""
        path = write_recipe(self.home / "recipe.toml", content)
        return self.refused("train", str(path), "--out", "run", *more)

    def train_text(self, text: str) -> str:
        (self.home / "recipe.toml").write_text(text, encoding="utf-8")
        return self.refused("train", "recipe.toml", "--out", "run")


def assert_refused(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert sum(line.startswith("flyp: ") for line in done.stderr.splitlines()) == 1, done.stderr


def message(done: subprocess.CompletedProcess[str]) -> str:
    """What is said at the end; everything before it is progress."""
    return f"\n{done.stderr}".partition("\nflyp: ")[2].strip()


@pytest.fixture
def bench(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capfd)


# --- pictures -------------------------------------------------------------------------------------


def spoil(folder: Path) -> dict[str, int]:
    """Put every kind of bad picture beside the good ones; how many of each kind are to be left out."""
    good = folder / "red_thing/000.png"
    (folder / "red_thing/cut.png").write_bytes(good.read_bytes()[:900])
    (folder / "red_thing/empty.jpg").write_bytes(b"")
    (folder / "red_thing/text.png").write_text("this is no picture")
    shutil.copy(good, folder / "red_thing/copy.png")
    shutil.copy(folder / "blue_thing/001.png", folder / "green_thing/also blue.png")
    Image.new("1", (30_000, 30_000)).save(folder / "blue_thing/huge.png")
    paint(folder / "blue_thing/small.png", (40, 60, 220), seed=5, size=40)
    Image.open(folder / "blue_thing/small.png").resize((16, 16)).save(folder / "blue_thing/small.png")
    (folder / "empty_class").mkdir()
    (folder / "red_thing/nowhere.png").symlink_to(folder / "gone.png")
    (folder / "green_thing/loop").symlink_to(folder)
    shutil.copy(good, folder / "loose.png")
    return {
        "truncated": 1,
        "empty file": 1,
        "not a picture": 1,
        "duplicate": 1,
        "two classes": 2,
        "too large": 1,
    }


def test_bad_pictures_are_left_out_and_told(bench: Bench, make_recipe: RecipeMaker) -> None:
    folder = paint_folder(bench.home / "pictures", 12)
    kinds = spoil(folder)
    before = tree(folder)
    # odd but good pictures are used
    modes = {"cmyk.jpg": "CMYK", "grey.png": "L", "alpha.png": "LA", "palette.gif": "P"}
    for number, (name, mode) in enumerate(modes.items()):
        paint(folder / "odd.png", (220, 50, 40), seed=900 + number)
        Image.open(folder / "odd.png").convert("RGB").convert(mode).save(folder / "green_thing" / name)
    (folder / "odd.png").unlink()
    deep = np.random.default_rng(0).integers(0, 65535, (40, 40), dtype=np.uint16)
    Image.fromarray(deep).save(folder / "green_thing/deep.png")
    content = make_recipe(data={"source": str(folder), "shots": 3, "shifts": []}, training={"epochs": 1})
    path = write_recipe(bench.home / "recipe.toml", content)
    done = flyp_here(bench.capfd, bench.home, "train", str(path), "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    # a link that leads nowhere is found among the unreadable ones or by itself
    (said,) = (line for line in done.stderr.splitlines() if "pictures are left out" in line)
    for kind, count in kinds.items():
        assert f"{count} {kind}" in said, said
    assert "flyp inspect" in said
    split = (bench.home / "run/split.csv").read_text(encoding="utf-8")
    bad = ("cut.png", "empty.jpg", "text.png", "also blue", "001.png,blue", "huge.png", "nowhere", "loose")
    for name in bad:
        assert name not in split, name
    assert split.count("000.png,red_thing") + split.count("copy.png,red_thing") == 1
    for name in (*modes, "deep.png", "small.png"):
        assert name in split, name
    assert "empty_class" not in split
    for name, digest in before.items():
        assert tree(folder)[name] == digest


def test_inspect_finds_the_same_and_stops_at_nothing(bench: Bench) -> None:
    folder = paint_folder(bench.home / "pictures", 12)
    kinds = spoil(folder)
    before = tree(bench.home, *OURS)
    done = flyp_here(bench.capfd, bench.home, "inspect", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer["problems"]) >= {*kinds, "empty class", "link loop", "loose", "small"}
    for kind, places in answer["problems"].items():
        for place in places:
            assert place["message"]["hint"], kind
    assert answer["left_out"] >= sum(kinds.values())
    assert tree(bench.home, *OURS) == before


def sources(home: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name -> (what is given as pictures, what the message must say)."""
    paint_folder(home / "one", 3)
    shutil.rmtree(home / "one/red_thing")
    shutil.rmtree(home / "one/green_thing")
    (home / "empty").mkdir()
    (home / "a file.bin").write_bytes(b"\x00\x01")
    paint_folder(home / "good", 4)
    (home / "columns.csv").write_text("picture;kind\ngood/red_thing/000.png;red\n")
    (home / "lost.csv").write_text("image,label\nlost/1.png,red\nlost/2.png,blue\n")
    (home / "word.csv").write_text("image,label,split\ngood/red_thing/000.png,red,sometimes\n")
    (home / "head only.csv").write_text("image,label\n")
    (home / "open.csv").write_text('image,label\n"good/red_thing/000.png,red\n' + "x" * 200_000)
    (home / "loose").mkdir()
    shutil.copy(home / "good/red_thing/000.png", home / "loose")
    for part in ("val", "test"):
        shutil.copytree(home / "good", home / "parts" / part)
    layouts = "one subfolder a class"
    return {
        "one class": ("one", ("one", "blue_thing", "Add a folder")),
        "empty folder": ("empty", ("empty", layouts)),
        "missing folder": ("nowhere", ("nowhere", "Check the spelling")),
        "missing parent": ("nowhere/at all", ("nowhere/at all", "Check the spelling")),
        "no folder": ("a file.bin", ("a file.bin", layouts)),
        "a file as folder": ("a file.bin/below", ("a file.bin/below", "Check the spelling")),
        "no such column": ("columns.csv", ("columns.csv", "picture, kind", "image (or filepath")),
        "missing files": ("lost.csv", ("lost.csv", "2 pictures", "lost/1.png", "absolute paths")),
        "unknown split": ("word.csv", ("word.csv", "'sometimes'", "row 2", "train, validation")),
        "no rows": ("head only.csv", ("head only.csv", "no rows")),
        "open quotation mark": ("open.csv", ("open.csv", "row", "quotation marks")),
        "no class folders": ("loose", ("loose", "one folder a class")),
        "no training part": ("parts", ("parts", "no training part", "Add a train folder")),
    }


def test_pictures_that_cannot_be_trained_on(bench: Bench, make_recipe: RecipeMaker) -> None:
    for name, (place, says) in sources(bench.home).items():
        source = str(bench.home / place)
        for said in (
            bench.train(make_recipe(data={"source": source, "shifts": []})),
            bench.refused("init", source, "-o", "new.toml", "--model", "starter"),
        ):
            for words in says:
                assert words in said, f"{name}: {said}"
        if name != "no training part":  # what is there can be looked at all the same
            assert says[0] in bench.refused("inspect", source), name
    good = str(bench.home / "good")
    for place in ("one", "empty", "nowhere", "columns.csv", "good"):
        shift = {"name": "shift", "source": str(bench.home / place)}
        if place != "one":  # a shift set may have fewer classes
            assert place in bench.train(make_recipe(data={"source": good, "shifts": [shift]}))


def test_more_shots_than_pictures_are_told(bench: Bench, make_recipe: RecipeMaker, pictures: Path) -> None:
    """As many as there are are used: a hint, not a refusal; but one must be left to hold back."""
    content = make_recipe(data={"shots": 500, "shifts": []}, training={"epochs": 0})
    path = write_recipe(bench.home / "recipe.toml", content)
    done = flyp_here(bench.capfd, bench.home, "train", str(path), "--out", "many")
    assert done.returncode == 0, done.stderr
    assert "3 classes have too few usable pictures for 500 shots, the first of them blue_thing" in done.stderr
    split = (bench.home / "many/split.csv").read_text(encoding="utf-8")
    assert split.count(",train,") == 3 * 19
    assert split.count(",validation,") == 3
    done = flyp_here(bench.capfd, bench.home, "inspect", str(pictures), "--shots", "500")
    assert "too few for 500 shots" in done.stdout
    one_each = paint_folder(bench.home / "one each", 1)
    said = bench.train(make_recipe(data={"source": str(one_each), "shots": 500, "shifts": []}))
    assert "blue_thing" in said
    assert "left to train on" in said
    assert "Add pictures" in said


# --- recipes --------------------------------------------------------------------------------------


def test_recipes(bench: Bench, make_recipe: RecipeMaker, pictures: Path, tiny_model: Path) -> None:
    data = f'[data]\nsource = "{pictures}"\n'
    for text, says in {
        "[data]\nshots = 3\n": ("recipe.toml", "'data.source' is missing", "Folder of class folders"),
        "": ("recipe.toml", "'data' is missing"),
        f"{data}shot = 3\n": ("recipe.toml", "no field 'data.shot'", "did you mean 'shots'"),
        f"{data}[trainin]\nepochs = 3\n": ("recipe.toml", "no field 'trainin'", "did you mean 'training'"),
        f'{data}[training]\nepochs = "many"\n': ("'training.epochs'", "integer", "'many'", "Passes over"),
        f"{data}[training]\nepochs = -1\n": ("'training.epochs'", "greater than or equal to 0", "-1"),
        f"{data}[blend]\nalpha = 1.5\n": ("'blend.alpha'", "less than or equal to 1", "1.5"),
        f'{data}[prompts]\ntemplates = ["a photo"]\n': (
            "'prompts.templates'",
            "{} exactly once",
            "'a photo'",
        ),
        f'{data}[prompts]\ntemplates = ["{{}} and {{}}"]\n': ("'prompts.templates'", "'{} and {}'"),
        f"{data}[prompts]\ntemplates = []\n": ("'prompts.templates'", "at least 1"),
        f"schema = 99\n{data}": ("recipe.toml", "99", "Update the program"),
        "[data\n": ("recipe.toml", "line 1", "flyp init"),
    }.items():
        said = bench.train_text(text)
        for words in says:
            assert words in said, f"{text!r}: {said}"
    said = bench.refused("train", "no recipe.toml", "--out", "run")
    assert "no recipe at no recipe.toml" in said
    assert "flyp init" in said
    # two classes that the model could not tell apart
    said = bench.train(make_recipe(prompts={"class_names": {"red_thing": "blue thing"}}))
    for words in ("blue_thing", "red_thing", "'a photo of a blue thing.'", "prompts.class_names"):
        assert words in said


def test_a_name_for_a_class_that_is_not_there_is_told(bench: Bench, make_recipe: RecipeMaker) -> None:
    content = make_recipe(prompts={"class_names": {"rde_thing": "cherry"}}, training={"epochs": 0})
    path = write_recipe(bench.home / "recipe.toml", content)
    done = flyp_here(bench.capfd, bench.home, "train", str(path), "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "'rde_thing'" in done.stderr
    assert "did you mean 'red_thing'" in done.stderr


def test_several_faults_of_a_recipe_are_told_at_once(bench: Bench, pictures: Path) -> None:
    said = bench.train_text(f'[data]\nsource = "{pictures}"\nshot = 3\n[training]\nepochs = "x"\nspeed = 1\n')
    for words in ("'data.shot'", "'training.epochs'", "'training.speed'"):
        assert said.count(words) == 1


def test_names_that_nothing_has(bench: Bench, make_recipe: RecipeMaker) -> None:
    for sections, says in (
        ({"method": {"name": "magic"}}, ("'magic'", "Choose one of: flyp")),
        ({"method": {"options": {"colisions": "mask"}}}, ("'colisions'", "collisions")),
        ({"model": {"name": "ViT-B-31"}}, ("'ViT-B-31'", "did you mean 'ViT-B-32'")),
        ({"model": {"name": "ViT-B-32"}}, ("'ViT-B-32'", "model.weights", "openai")),
        ({"model": {"name": "ViT-B-32", "weights": "opnai"}}, ("'opnai'", "openai")),
        ({"model": {"name": "starter", "weights": "openai"}}, ("'starter'", "Remove model.weights")),
        ({"model": {"name": "hf-hub:no/such/place"}}, ("hf-hub:no/such/place", "flyp models")),
        ({"training": {"device": "cuda:7"}}, ("'cuda:7'", "training.device", "cpu")),
        ({"training": {"device": "toaster"}}, ("'toaster'", "training.device", "cpu")),
        ({"training": {"precision": "fp16"}}, ("fp16", "training.precision")),
        ({"data": {"classes": ["red_thing", "pink_thing"]}}, ("pink_thing", "spelling")),
        ({"data": {"classes": ["red_thing"]}}, ("red_thing", "at least two")),
    ):
        said = bench.train(make_recipe(**sections))
        for words in says:
            assert words in said, f"{sections}: {said}"


def test_settings_on_the_command_line(bench: Bench, make_recipe: RecipeMaker) -> None:
    for setting, says in {
        "training.epochs": ("training.epochs", "section.field=value"),
        "epochs=3": ("epochs=3", "section.field=value"),
        "=": ("section.field=value",),
        "training.epoch=3": ("'training.epoch'", "did you mean 'epochs'"),
        "training.epochs=many": ("'training.epochs'", "'many'"),
        "nowhere.at.all=3": ("nowhere",),
        "data=3": ("data",),
    }.items():
        said = bench.train(make_recipe(), "--set", setting)
        for words in says:
            assert words in said, f"{setting}: {said}"


def test_wrong_words_on_the_command_line_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = flyp(tmp_path, "train", "nowhere.toml", "--set", "training.epochs=3", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "recipe.missing"
    assert message(done).count("nowhere.toml") == 1
    assert "nowhere.toml" in done.stderr
    assert tree(tmp_path) == {}


# --- places that are taken ------------------------------------------------------------------------


def test_nothing_is_overwritten(
    bench: Bench, make_recipe: RecipeMaker, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thing.txt").write_text("mine")
    said = bench.refused("init", str(pictures), "-o", "mine.toml", "--model", "starter")
    assert "mine.toml already exists" in said
    assert "another name" in said
    said = bench.refused("init", str(pictures), "-o", "mine.toml/below.toml", "--model", "starter")
    assert "mine.toml" in said
    assert "a file is in its place" in said
    said = bench.refused("init", str(pictures), "-o", "full", "--model", "starter")
    assert "full already exists" in said
    path = write_recipe(tmp_path / "recipe.toml", make_recipe())
    for out, says in {
        "full": ("full already exists", "another name"),
        "mine.toml": ("mine.toml is needed as a folder", "another place"),
        "mine.toml/below": ("mine.toml", "is needed as a folder"),
        "mine.toml/far/below": ("mine.toml", "is needed as a folder"),
    }.items():
        said = bench.refused("train", str(path), "--out", out)
        for words in says:
            assert words in said, f"{out}: {said}"


def test_names_that_are_too_long(bench: Bench, make_recipe: RecipeMaker, pictures: Path) -> None:
    path, name = write_recipe(bench.home / "recipe.toml", make_recipe()), "n" * 300
    assert "could not be written" in bench.refused("init", str(pictures), "--model", "starter", "-o", name)
    assert "could not be written" in bench.refused("train", str(path), "--out", name)
    assert "Give the folder that 'flyp train' printed" in bench.refused("evaluate", name)


def test_what_is_no_run(bench: Bench, pictures: Path) -> None:
    (bench.home / "file").write_text("mine")
    for place in (str(pictures), "nowhere", "file", "file/below"):
        for words in (["evaluate", place], ["train", "--resume", place]):
            said = bench.refused(*words)
            assert place in said, said
            assert "flyp train" in said, said


# --- models that are not what they seem -----------------------------------------------------------


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.target),)


def test_weights_that_would_run_code_are_not_opened(
    bench: Bench, make_recipe: RecipeMaker, tiny_model: Path
) -> None:
    target = bench.home / "was run"
    harmless = load_file(tiny_model / "model.safetensors")
    torch.save({"state_dict": harmless, "more": Runs(target)}, bench.home / "new form.pt")
    torch.save(
        {"state_dict": harmless, "more": Runs(target)},
        bench.home / "old form.pth",
        _use_new_zipfile_serialization=False,
    )
    (bench.home / "plain.bin").write_bytes(pickle.dumps(Runs(target)))
    for name in ("new form.pt", "old form.pth", "plain.bin"):
        weights = {"name": "ViT-B-32", "weights": str(bench.home / name)}
        said = bench.train(make_recipe(model=weights))
        assert name in said
        assert "could run code" in said, said
        assert ".safetensors" in said
        assert not target.exists()
    # the trap works: whoever unpickles it makes the folder
    pickle.loads((bench.home / "plain.bin").read_bytes())
    assert target.exists()


def test_an_open_clip_folder_whose_weights_would_run_code(
    bench: Bench, make_recipe: RecipeMaker, tiny_model: Path
) -> None:
    model, target = bench.home / "model", bench.home / "was run"
    shutil.copytree(tiny_model, model)
    (model / "model.safetensors").unlink()
    torch.save({"more": Runs(target)}, model / "open_clip_pytorch_model.bin")
    said = bench.train(make_recipe(model={"name": str(model)}))
    assert "open_clip_pytorch_model.bin" in said
    assert "could run code" in said
    assert not target.exists()


def test_damaged_and_foreign_weights(bench: Bench, make_recipe: RecipeMaker, tiny_model: Path) -> None:
    def folder(name: str) -> Path:
        shutil.copytree(tiny_model, bench.home / name)
        return bench.home / name

    whole = (tiny_model / "model.safetensors").read_bytes()
    cut = folder("cut")
    (cut / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    nonsense = folder("nonsense")
    (nonsense / "model.safetensors").write_bytes(b"nonsense" * 100)
    none = folder("none")
    (none / "model.safetensors").unlink()
    other = folder("other")
    tiny.make(bench.home / "resnet", "resnet")
    shutil.copy(bench.home / "resnet/model.safetensors", other / "model.safetensors")
    config = folder("config")
    (config / "open_clip_config.json").write_text("{")
    stream = io.BytesIO()
    torch.save(load_file(tiny_model / "model.safetensors"), stream)
    (bench.home / "cut.pt").write_bytes(stream.getvalue()[:100_000])
    (bench.home / "empty.pt").write_bytes(b"")
    for model, says in (
        ({"name": str(cut)}, ("cut/model.safetensors", "damaged", "fetch it again")),
        ({"name": str(nonsense)}, ("nonsense/model.safetensors", "damaged")),
        ({"name": str(none)}, (str(none), "no weights file")),
        ({"name": str(other)}, ("other", "do not fit", "missing", "model.name")),
        ({"name": str(config)}, ("config/open_clip_config.json",)),
        ({"name": "ViT-B-32", "weights": str(bench.home / "cut.pt")}, ("cut.pt", "damaged")),
        ({"name": "ViT-B-32", "weights": str(bench.home / "empty.pt")}, ("empty.pt",)),
        (
            {"name": "RN50", "weights": str(tiny_model / "model.safetensors")},
            ("model.safetensors", "do not fit", "model.name"),
        ),
        ({"name": str(bench.home / "gone")}, ("gone", "flyp models")),
        ({"name": "ViT-B-32", "weights": str(bench.home / "gone.pt")}, ("gone.pt", "no such file")),
        ({"name": "ViT-B-32", "weights": str(tiny_model)}, (str(tiny_model),)),
        ({"name": "coca_ViT-B-32", "weights": "laion2b_s13b_b90k"}, ("coca_ViT-B-32", "flyp models")),
    ):
        said = bench.train(make_recipe(model=model))
        for words in says:
            assert words in said, f"{model}: {said}"


SEVERAL = """
import json, sys
from engine import cli
for words in json.loads(sys.argv[1]):
    print(cli.main(words), file=sys.stderr, flush=True)
"""
"""Several commands in one process, each followed by its exit code in a line of stderr."""


def test_offline_and_not_downloaded(tmp_path: Path, make_recipe: RecipeMaker) -> None:
    # in a process of their own: whether the hub may be asked is settled when it starts
    hub = "hf-hub:someone/tiny"
    write_recipe(tmp_path / "published.toml", make_recipe(model={"name": "ViT-B-32", "weights": "openai"}))
    before = tree(tmp_path, *OURS)
    asked = [
        ["train", "published.toml", "--out", "run"],
        ["download", "ViT-B-32", "--weights", "openai"],
        ["download", hub],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(asked)],
        cwd=tmp_path,
        env=environment(HF_HUB_OFFLINE="1"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    said = re.split(r"^(\d+)$\n", done.stderr, flags=re.MULTILINE)
    assert said[1::2] == ["2", "2", "2"], done.stderr
    for text, model in zip(said[::2], ("ViT-B-32, openai", "ViT-B-32, openai", hub), strict=False):
        one = subprocess.CompletedProcess(asked, 2, "", text)
        assert_refused(one)
        for words in (f"'{model}' is not downloaded", "unset HF_HUB_OFFLINE", "'starter'"):
            assert words in message(one), text
    assert tree(tmp_path, *OURS) == before


def test_a_download_without_weights_names_them(bench: Bench) -> None:
    said = bench.refused("download", "ViT-B-32")
    assert "'ViT-B-32'" in said
    assert "openai" in said


@pytest.fixture
def run(bench: Bench, make_recipe: RecipeMaker) -> Path:
    path = write_recipe(bench.home / "recipe.toml", make_recipe(training={"epochs": 1}, data={"shifts": []}))
    done = flyp_here(bench.capfd, bench.home, "train", str(path), "--out", "run")
    assert done.returncode == 0, done.stderr
    return bench.home / "run"


def test_other_pictures_that_a_run_cannot_be_judged_on(bench: Bench, run: Path) -> None:
    (bench.home / "empty").mkdir()
    (bench.home / "file").write_text("mine")
    (paint_folder(bench.home / "strange", 1) / "red_thing").rename(bench.home / "strange/cat")
    shutil.rmtree(bench.home / "strange/green_thing")
    shutil.rmtree(bench.home / "strange/blue_thing")
    for place, says in {
        "nowhere": ("nowhere", "Check the spelling"),
        "empty": ("empty", "one subfolder a class"),
        "file": ("file", "one subfolder a class"),
        "strange": ("strange", "its classes are: cat", "blue_thing, green_thing, red_thing"),
    }.items():
        said = bench.refused("evaluate", "run", "--data", place)
        for words in says:
            assert words in said, f"{place}: {said}"
    assert "already finished" in bench.refused("train", "--resume", "run")
    assert "run already exists" in bench.refused("train", "recipe.toml", "--out", "run")


def test_the_checkpoint_of_another_model_in_a_run(bench: Bench, run: Path) -> None:
    shutil.copy(
        tiny.make(bench.home / "resnet", "resnet") / "model.safetensors",
        run / "checkpoints/best/model.safetensors",
    )
    said = bench.refused("evaluate", "run")
    assert "run/checkpoints/best" in said
    assert "another model" in said
    (run / "checkpoints/best/model.safetensors").write_bytes(b"damaged")
    assert "run/checkpoints/best/model.safetensors" in bench.refused("evaluate", "run")
    (run / "events.jsonl").unlink()
    (run / "events.jsonl").mkdir()
    assert "events.jsonl is not readable" in bench.refused("train", "--resume", "run")
