"""The transfer and few-shot benchmarks: Caltech101, Cars, Flowers, PCAM, Rendered SST2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from resources.recipes.tables import Row, Wrong, folders, need, pictures, read_mat, write


def caltech101(data: Path) -> dict[str, Any]:
    """The class folders but for the one of backgrounds, which is no class."""
    names = [folder.name for folder in folders(data / "caltech-101" / "101_ObjectCategories")]
    return {"data": {"classes": [name for name in names if name != "BACKGROUND_Google"]}}


def stanford_cars(data: Path) -> dict[str, Any]:
    """``stanford-cars.csv`` from the development kit's annotations."""
    root = data / "stanford_cars"
    names = [str(name) for name in read_mat(root / "devkit" / "cars_meta.mat")["class_names"]]
    rows = []
    for part, file in (
        ("train", "devkit/cars_train_annos.mat"),
        ("test", "cars_test_annos_withlabels.mat"),
    ):
        for annotation in read_mat(root / file)["annotations"]:
            label = names[int(annotation["class"]) - 1]
            rows.append(Row(f"stanford_cars/cars_{part}/{annotation['fname']}", label, part))
    write(data / "stanford-cars.csv", rows)
    return {}


def flowers102(data: Path) -> dict[str, Any]:
    """``flowers102.csv`` with the official parts; the names are those that torchvision knows."""
    from torchvision.datasets import Flowers102

    root = data / "flowers-102"
    labels = read_mat(root / "imagelabels.mat")["labels"].tolist()
    parts = read_mat(root / "setid.mat")
    rows = [
        Row(
            f"flowers-102/jpg/image_{number:05d}.jpg",
            str(Flowers102.classes[int(labels[number - 1]) - 1]),
            part,
        )
        for key, part in (("trnid", "train"), ("valid", "validation"), ("tstid", "test"))
        for number in sorted(int(n) for n in parts[key].tolist())
    ]
    write(data / "flowers102.csv", rows)
    return {}


def pcam(data: Path) -> dict[str, Any]:
    """Pictures from PCAM's HDF5 files, as PNG in folders; those that are there already are left alone."""
    for part, folder in (("train", "train"), ("valid", "val"), ("test", "test")):
        out = data / "pcam" / folder
        if out.is_dir() and any(out.iterdir()):
            continue
        try:
            import h5py
        except ImportError:
            raise Wrong("PCAM's files are HDF5: pip install h5py to read them.") from None
        stem = data / "pcam" / f"camelyonpatch_level_2_split_{part}"
        with (
            h5py.File(need(stem.with_name(stem.name + "_x.h5"))) as images,
            h5py.File(need(stem.with_name(stem.name + "_y.h5"))) as targets,
        ):
            for number, label in enumerate(targets["y"][:, 0, 0, 0].tolist()):
                place = out / ("tumor" if label else "normal") / f"{number:06d}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(images["x"][number]).save(place)
    return {}


def rendered_sst2(data: Path) -> dict[str, Any]:
    """Nothing to do but look: its folders are read as they are."""
    root = data / "rendered-sst2"
    for part in ("train", "valid", "test"):
        for label in ("negative", "positive"):
            if not pictures(need(root / part / label)):
                raise Wrong(f"There is no picture in {root / part / label}.")
    return {}
