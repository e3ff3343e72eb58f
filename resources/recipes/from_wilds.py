"""iWildCam and FMoW as WILDS distributes them: metadata files become tables with parts and groups.

Groups are written for the pictures that judge: only there has the worst group's accuracy a meaning, while in
training a group would have to stay whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.recipes.tables import Row, read_csv, write

_PARTS = {"train": "train", "id_val": "validation", "id_test": "test"}


def iwildcam(data: Path) -> dict[str, Any]:
    """``iwildcam.csv`` (train, ID validation, ID test) and ``iwildcam-ood.csv``; groups are locations."""
    root = data / "iwildcam_v2.0"
    names = {row["y"]: row["name"] for row in read_csv(root / "categories.csv", "y", "name")}
    rows = list(read_csv(root / "metadata.csv", "split", "y", "filename", "location_remapped"))

    def table(parts: dict[str, str]) -> Iterator[Row]:
        for row in rows:
            part = parts.get(row["split"])
            if part is not None:
                group = "" if part == "train" else f"location {row['location_remapped']}"
                yield Row(f"iwildcam_v2.0/train/{row['filename']}", names[row["y"]], part, group)

    write(data / "iwildcam.csv", table(_PARTS))
    write(data / "iwildcam-ood.csv", table({"test": "test"}))
    return {}


def fmow(data: Path) -> dict[str, Any]:
    """``fmow.csv`` (before 2013) and ``fmow-ood.csv`` (from 2016 on); groups are regions of the world.

    A picture is named by its row in the metadata. The region "Other" belongs to no group, as in WILDS'
    own worst-region accuracy.
    """
    root = data / "fmow_v1.1"
    regions = {
        row["alpha-3"]: row["region"]
        for row in read_csv(root / "country_code_mapping.csv", "alpha-3", "region")
    }
    main: list[Row] = []
    later: list[Row] = []
    parts = {"train": "train", "val": "validation", "test": "test"}
    metadata = read_csv(root / "rgb_metadata.csv", "split", "category", "country_code", "timestamp")
    for number, row in enumerate(metadata):
        part = parts.get(row["split"])
        year = int(row["timestamp"][:4])
        if part is None:
            continue
        group = "" if part == "train" else regions.get(row["country_code"], "")
        picture = Row(f"fmow_v1.1/images/rgb_img_{number}.png", row["category"], part, group)
        if year < 2013:
            main.append(picture)
        elif year >= 2016 and part == "test":
            later.append(picture)
    write(data / "fmow.csv", main)
    write(data / "fmow-ood.csv", later)
    return {}
