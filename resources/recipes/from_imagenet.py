"""ImageNet and its five shift sets: folders of WordNet ids, of numbers, and of ObjectNet's own names.

The numbers of ImageNet-V2 and of ObjectNet's mapping are places among the 1,000 ids in order, which are the
names of the training folders.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from resources.recipes.tables import Row, Wrong, folders, need, pictures, read_json, write

CLASSES = 1000
BORDER = 2
"""Pixels of the red frame that ObjectNet's authors ask to be cut off before a picture is judged."""


def imagenet(data: Path) -> dict[str, Any]:
    """Tables for V2 and ObjectNet; class names and templates of OpenAI, in the order of the ids."""
    import open_clip

    from engine.clip.imagenet import imagenet_templates

    ids = [folder.name for folder in folders(data / "imagenet" / "train")]
    if len(ids) != CLASSES:
        raise Wrong(f"{data / 'imagenet' / 'train'} has {len(ids)} class folders, not {CLASSES}.")
    for name in ("imagenet/val", "imagenet-r", "imagenet-a", "imagenet-sketch"):
        unknown = [folder.name for folder in folders(data / name) if folder.name not in ids]
        if unknown:
            raise Wrong(f"{data / name} has folders that are no class of ImageNet, such as {unknown[0]}.")
    write(data / "imagenet-v2.csv", _v2(data, ids))
    write(data / "objectnet.csv", _objectnet(data, ids))
    names = open_clip.IMAGENET_CLASSNAMES[: len(ids)]
    return {"prompts": {"class_names": dict(zip(ids, names, strict=True)), "templates": imagenet_templates()}}


def _v2(data: Path, ids: list[str]) -> Iterator[Row]:
    root = "imagenetv2-matched-frequency-format-val"
    for folder in folders(data / root):
        if not folder.name.isdigit() or int(folder.name) >= len(ids):
            raise Wrong(f"{folder} is not named by a class number from 0 to {len(ids) - 1}.")
        for picture in pictures(folder):
            yield Row(f"{root}/{folder.name}/{picture.name}", ids[int(folder.name)])


def _objectnet(data: Path, ids: list[str]) -> Iterator[Row]:
    """ObjectNet's classes that are exactly one of ImageNet's, with the frame cut off.

    A class that is several of ImageNet's (a chair) has no single right answer; those are left out.
    """
    root = data / "objectnet-1.0"
    label_of_folder = read_json(root / "mappings" / "folder_to_objectnet_label.json")
    labels_of = read_json(root / "mappings" / "objectnet_to_imagenet_1k.json")
    number_of_place = read_json(root / "mappings" / "pytorch_to_imagenet_2012_id.json")
    place_of_number = {int(number): int(place) for place, number in number_of_place.items()}
    text = need(root / "mappings" / "imagenet_to_label_2012_v2").read_text(encoding="utf-8")
    place_of_label = {
        line.strip(): place_of_number[number]
        for number, line in enumerate(text.splitlines())
        if number in place_of_number
    }
    for folder in folders(root / "images"):
        found = labels_of.get(label_of_folder.get(folder.name, ""), "").split("; ")
        if len(found) != 1 or found[0] not in place_of_label:
            continue
        for picture in pictures(folder):
            place = Path("objectnet-without-frame") / folder.name / picture.name
            _without_frame(picture, data / place)
            yield Row(place.as_posix(), ids[place_of_label[found[0]]])


def _without_frame(picture: Path, out: Path) -> None:
    if out.exists():
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(picture) as image:
        inner = (BORDER, BORDER, image.width - BORDER, image.height - BORDER)
        image.convert("RGB").crop(inner).save(out)
