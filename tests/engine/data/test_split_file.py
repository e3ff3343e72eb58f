"""split.csv gives back what was written, whatever the files are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.records import Dataset, ImageRecord, ShiftSet, Split, SplitDataset
from engine.data.split_file import from_csv, to_csv
from engine.errors import EngineError
from engine.files import write_text

NAMES = (
    "plain.jpg",
    "a,b;c.jpg",
    'with "quotes".jpg',
    "two\nlines\r\nthree.jpg",
    "日本 é e\u0301 🐈.jpg",
    "back\\slash\\n\\xff.jpg",
    "no text \udcff\udc80.jpg",
    " spaces ",
    "#comment",
)


def example() -> SplitDataset:
    classes = ("zebra", 'a "b", c\n', "cat")
    records = tuple(
        ImageRecord(name, i % 3, list(Split)[i % 4], None if i % 2 else f"g,{name}", f"{i:064x}")
        for i, name in enumerate(NAMES)
    )
    source = Dataset("C:\\pets, all", classes, records)
    shift = tuple(ImageRecord(name, 2, Split.TEST) for name in NAMES)
    empty = ShiftSet("nothing", Dataset("/no", classes, ()), ())
    return SplitDataset(source, (ShiftSet("sketch, b", Dataset("/sk", classes, shift), (2,)), empty))


def test_round_trip_by_way_of_a_file(tmp_path: Path) -> None:
    write_text(tmp_path / "split.csv", to_csv(example()))
    assert from_csv((tmp_path / "split.csv").read_text("utf-8"), "split.csv") == example()


def test_each_row_is_a_line() -> None:
    text = to_csv(example())
    assert len(text.splitlines()) == 1 + 3 + 3 + 2 * len(NAMES)
    assert text.splitlines()[0] == "set,path,class,split,group,sha256"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set,path", "path,set"),
        (",plain.jpg,zebra,", ",plain.jpg,horse,"),
        (",train,", ",dev,"),
        (",plain.jpg", "plain.jpg"),
        (",class,,", ",klass,,"),
    ],
)
def test_damage_is_told_with_its_row(old: str, new: str) -> None:
    text = to_csv(example())
    assert old in text
    with pytest.raises(EngineError, match=r"run/split\.csv cannot be read at row \d+"):
        from_csv(text.replace(old, new, 1), "run/split.csv")
    with pytest.raises(EngineError):
        from_csv("", "run/split.csv")
