"""The benchmarks' recipes: each is made ready and gone through on a tiny stand-in with the same layout."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import recipe as recipes
from engine.control import Control
from engine.data import load
from engine.data.records import Split
from engine.jobs.preflight import preflight
from engine.jobs.train import train
from engine.requests import PreflightRequest, TrainRequest
from engine.run_directory import RunDirectory
from resources.recipes import from_imagenet, prepare
from resources.recipes.tables import Wrong, read_csv

SMALL = {"epochs": 1, "batch_size": 16, "device": "cpu", "precision": "fp32", "threads": 1, "warmup": 0.0}
_count = 0


def picture(path: Path, frame: bool = False) -> None:
    """A small picture unlike any other."""
    global _count
    _count += 1
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(_count).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    if frame:
        pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:] = (
            (255, 0, 0),
            (255, 0, 0),
            (255, 0, 0),
            (255, 0, 0),
        )
    Image.fromarray(pixels).save(path)


def table(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def imagenet(data: Path) -> None:
    ids = ["n01440764", "n01443537", "n01484850", "n01491361"]
    for number, name in enumerate(ids):
        for i in range(8):
            picture(data / f"imagenet/train/{name}/{name}_{i}.JPEG")
        for i in range(2):
            picture(data / f"imagenet/val/{name}/ILSVRC2012_val_{i}.JPEG")
            picture(data / f"imagenetv2-matched-frequency-format-val/{number}/{i}.jpeg")
            picture(data / f"imagenet-sketch/{name}/sketch_{i}.JPEG")
    for name in ids[:2]:
        picture(data / f"imagenet-r/{name}/art_0.jpg")
    for name in ids[1:3]:
        picture(data / f"imagenet-a/{name}/0.jpg")
    root = data / "objectnet-1.0"
    for folder in ("fish_tank", "chair", "spoon"):
        picture(root / f"images/{folder}/1.png", frame=True)
    maps = {
        "folder_to_objectnet_label.json": {"fish_tank": "Fish tank", "chair": "Chair", "spoon": "Spoon"},
        "objectnet_to_imagenet_1k.json": {"Fish tank": "great white shark", "Chair": "tench; goldfish"},
        # ImageNet's own numbers are in another order than the ids
        "pytorch_to_imagenet_2012_id.json": {"0": 3, "1": 2, "2": 1, "3": 0},
    }
    (root / "mappings").mkdir()
    for name, content in maps.items():
        (root / "mappings" / name).write_text(json.dumps(content))
    labels = ["tiger shark", "great white shark", "goldfish", "tench"]
    (root / "mappings/imagenet_to_label_2012_v2").write_text("\n".join(labels) + "\n")


def iwildcam(data: Path) -> None:
    root = data / "iwildcam_v2.0"
    names = ["empty", "panthera pardus", "tapirus terrestris"]
    table(root / "categories.csv", [{"y": y, "name": name} for y, name in enumerate(names)])
    rows = []
    for y in range(3):
        for split, count in (
            ("train", 6),
            ("id_val", 2),
            ("id_test", 2),
            ("val", 1),
            ("test", 2 if y < 2 else 0),
        ):
            for i in range(count):
                file = f"{split}-{y}-{i}.jpg"
                picture(root / "train" / file)
                row = {"split": split, "y": y, "filename": file, "location_remapped": 100 + i, "seq_id": "s"}
                rows.append(row)
    table(root / "metadata.csv", rows)


def fmow(data: Path) -> None:
    root = data / "fmow_v1.1"
    codes = [
        {"name": "A", "alpha-3": "FRA", "region": "Europe"},
        {"name": "B", "alpha-3": "KEN", "region": "Africa"},
    ]
    table(root / "country_code_mapping.csv", codes)
    rows = []
    for category in ("airport", "zoo"):
        for country in ("FRA", "KEN", "ATA"):
            for split, year in (
                ("train", 2004),
                ("val", 2010),
                ("test", 2012),
                ("test", 2016),
                ("seq", 2005),
            ):
                for _ in range(3 if split == "train" else 1):
                    row = {"split": split, "category": category, "country_code": country}
                    rows.append(row | {"timestamp": f"{year}-05-01T10:00:00Z"})
        rows.append(
            {"split": "train", "category": category, "country_code": "FRA", "timestamp": "2014-01-01T0Z"}
        )
    table(root / "rgb_metadata.csv", rows)
    for number in range(len(rows)):
        picture(root / f"images/rgb_img_{number}.png")


def pcam(data: Path) -> None:
    for part in ("train", "val", "test"):
        for label in ("normal", "tumor"):
            for i in range(6):
                picture(data / f"pcam/{part}/{label}/{i:06d}.png")


def caltech101(data: Path) -> None:
    for name in ("accordion", "BACKGROUND_Google", "Faces_easy"):
        for i in range(9):
            picture(data / f"caltech-101/101_ObjectCategories/{name}/image_{i:04d}.jpg")


def stanford_cars(data: Path) -> None:
    from scipy.io import savemat

    root = data / "stanford_cars"
    (root / "devkit").mkdir(parents=True)
    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], dtype=object)
    savemat(root / "devkit/cars_meta.mat", {"class_names": names})
    for part, file, count in (
        ("train", "devkit/cars_train_annos.mat", 8),
        ("test", "cars_test_annos_withlabels.mat", 4),
    ):
        kinds = [("bbox_x1", "i4"), ("class", "i4"), ("fname", "O")]
        rows = np.array([(1, i % 2 + 1, f"{i + 1:05d}.jpg") for i in range(count)], dtype=kinds)
        savemat(root / file, {"annotations": rows})
        for i in range(count):
            picture(root / f"cars_{part}/{i + 1:05d}.jpg")


def flowers102(data: Path) -> None:
    from scipy.io import savemat

    root = data / "flowers-102"
    root.mkdir(parents=True)
    for number in range(1, 13):
        picture(root / f"jpg/image_{number:05d}.jpg")
    savemat(root / "imagelabels.mat", {"labels": np.array([1, 77] * 6)})
    savemat(
        root / "setid.mat", {"trnid": np.arange(1, 7), "valid": np.arange(7, 9), "tstid": np.arange(9, 13)}
    )


def rendered_sst2(data: Path) -> None:
    for part in ("train", "valid", "test"):
        for label in ("negative", "positive"):
            for i in range(4):
                picture(data / f"rendered-sst2/{part}/{label}/{i}.png")


STAND_INS = {
    "imagenet": (imagenet, 4, {"test": 8, "v2": 8, "r": 2, "a": 2, "sketch": 8, "objectnet": 1}),
    "iwildcam": (iwildcam, 3, {"validation": 6, "test": 6, "ood": 4}),
    "fmow": (fmow, 2, {"train": 18, "validation": 6, "test": 6, "ood": 6}),
    "pcam": (pcam, 2, {"validation": 12, "test": 12}),
    "caltech101": (caltech101, 2, {}),
    "stanford-cars": (stanford_cars, 2, {"test": 4}),
    "flowers102": (flowers102, 2, {"train": 6, "validation": 2, "test": 4}),
    "rendered-sst2": (rendered_sst2, 2, {"validation": 8, "test": 8}),
}
"""Name -> how the stand-in is made, its classes, and pictures of some of its sets."""


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Makes a benchmark's stand-in and its recipe, once."""
    made: dict[str, Path] = {}

    def recipe(name: str) -> Path:
        if name not in made:
            data = tmp_path_factory.mktemp(name)
            STAND_INS[name][0](data)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(from_imagenet, "CLASSES", 4)
                made[name] = prepare.prepared(name, data)
        return made[name]

    return recipe


def small(path: Path, model: Path) -> recipes.Recipe:
    """The recipe with another model, and steps that fit the stand-in."""
    return recipes.read(path).replace(model={"name": str(model), "weights": None}, training=SMALL)


def test_every_recipe_has_a_stand_in_and_can_be_read():
    files = {path.stem for path in prepare.FOLDER.glob("*.toml")}
    assert files == set(STAND_INS) == set(prepare.BENCHMARKS)
    for name in files:
        recipe = recipes.read(prepare.FOLDER / f"{name}.toml")
        assert (recipe.model.name, recipe.model.weights) == ("ViT-B-16", "openai")
        assert recipe.method.name == "flyp"
        # what the authors' code does, and its recipes say
        assert recipe.method.options == {
            "collisions": "none",
            "clamp_temperature": False,
            "largest_gradient": "none",
        }
        assert recipe.training.precision == "fp32"
        assert recipe.training.decay_all or recipe.training.weight_decay == 0
        assert f"`{name}`" in (prepare.FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(STAND_INS))
def test_a_benchmark_is_arranged_as_its_recipe_says(name, ready):
    _, classes, expected = STAND_INS[name]
    recipe = recipes.read(ready(name))
    warned = []
    dataset = load.prepare(recipe.data, Control(), warned.append)
    sizes = {part.value: len(dataset.source.of(part)) for part in Split}
    sizes |= {shift.name: len(shift.dataset.records) for shift in dataset.shifts}
    assert {set_name: sizes[set_name] for set_name in expected} == expected
    assert len(dataset.source.classes) == classes
    assert sizes["train"] > 0
    assert sizes["validation"] > 0
    assert dataset.left_out == ()


@pytest.mark.parametrize("name", ["imagenet", "pcam"])
def test_a_benchmark_could_be_trained(name, ready, tiny_model):
    answer = preflight(
        PreflightRequest(recipe=small(ready(name), tiny_model).content()), lambda event: None, Control()
    )
    assert answer.problems == ()
    assert answer.steps > 0


def test_wilds_benchmarks_have_their_groups_and_macro_f1(ready, tiny_model, tmp_path):
    for name, groups in (("iwildcam", {"location 100", "location 101"}), ("fmow", {"Europe", "Africa"})):
        recipe = small(ready(name), tiny_model).replace(training={"epochs": 0})
        train(TrainRequest(recipe=recipe.content(), out=str(tmp_path / name)), lambda event: None, Control())
        sets = RunDirectory.open(tmp_path / name).result()["sets"]
        for part in ("test", "ood"):
            assert sets[part]["worst_group"] in groups
            assert 0 <= sets[part]["macro_f1"] <= 1
        dataset = load.prepare(recipe.data, Control(), lambda event: None)
        assert {record.group for record in dataset.source.of(Split.TRAIN)} == {None}
        assert {record.group for record in dataset.source.of(Split.TEST)} - {None} == groups
    # the third class has no picture from elsewhere: logits are restricted to the others
    iwildcam_run = RunDirectory.open(tmp_path / "iwildcam").result()
    assert (iwildcam_run["sets"]["ood"]["classes"], len(iwildcam_run["classes"])) == (2, 3)


def test_imagenet_names_numbers_and_frames(ready):
    path = ready("imagenet")
    recipe = recipes.read(path)
    assert recipe.prompts.class_names["n01443537"] == "goldfish"
    assert len(recipe.prompts.templates) == 80
    dataset = load.prepare(recipe.data, Control(), lambda event: None)
    shifts = {shift.name: shift for shift in dataset.shifts}
    classes = dataset.source.classes
    assert [classes[c] for c in shifts["r"].present] == ["n01440764", "n01443537"]
    assert [classes[c] for c in shifts["a"].present] == ["n01443537", "n01484850"]
    by_path = {record.path: classes[record.class_index] for record in shifts["v2"].dataset.records}
    assert by_path["imagenetv2-matched-frequency-format-val/3/0.jpeg"] == "n01491361"
    # a fish tank is a great white shark in this mapping; a chair is two classes and a spoon none
    (record,) = shifts["objectnet"].dataset.records
    assert classes[record.class_index] == "n01484850"
    with Image.open(path.parent / record.path) as image:
        assert image.size == (36, 36)
        assert (255, 0, 0) not in {image.getpixel((0, i)) for i in range(36)}


def test_fmow_counts_rows_and_years_as_wilds_does(ready):
    path = ready("fmow")
    rows = list(read_csv(path.parent / "fmow.csv", "image", "split", "group"))
    numbers = {int(Path(row["image"]).stem.removeprefix("rgb_img_")) for row in rows}
    metadata = list(read_csv(path.parent / "fmow_v1.1/rgb_metadata.csv", "split", "timestamp"))
    assert all(metadata[n]["split"] != "seq" and int(metadata[n]["timestamp"][:4]) < 2013 for n in numbers)
    assert {row["group"] for row in rows if row["split"] == "train"} == {""}
    assert {row["group"] for row in rows if row["split"] == "test"} == {"", "Africa", "Europe"}


def test_pcam_comes_out_of_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    pixels = np.random.default_rng(0).integers(0, 255, (4, 96, 96, 3), dtype=np.uint8)
    (tmp_path / "pcam").mkdir()
    for part in ("train", "valid", "test"):
        stem = f"camelyonpatch_level_2_split_{part}"
        with h5py.File(tmp_path / f"pcam/{stem}_x.h5", "w") as file:
            file["x"] = pixels
        with h5py.File(tmp_path / f"pcam/{stem}_y.h5", "w") as file:
            file["y"] = np.array([0, 1, 1, 0]).reshape(4, 1, 1, 1)
    prepare.prepared("pcam", tmp_path)
    assert sorted(p.name for p in (tmp_path / "pcam/val/tumor").iterdir()) == ["000001.png", "000002.png"]
    with Image.open(tmp_path / "pcam/val/tumor/000002.png") as image:
        assert np.array_equal(np.asarray(image), pixels[2])


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(Wrong, match=r"categories\.csv"):
        prepare.prepared("iwildcam", tmp_path)
    table(tmp_path / "iwildcam_v2.0/categories.csv", [{"id": 1, "name": "x"}])
    with pytest.raises(Wrong, match="no column y"):
        prepare.prepared("iwildcam", tmp_path)
    command = [sys.executable, "-m", "resources.recipes.prepare", "rendered-sst2", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=prepare.FOLDER.parents[1])
    assert done.returncode == 2
    assert done.stderr.startswith(f"There is no {tmp_path / 'rendered-sst2/train/negative'}.")
    assert "Traceback" not in done.stderr
