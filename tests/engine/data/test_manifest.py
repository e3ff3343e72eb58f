"""Tables in every encoding and delimiter that spreadsheets write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data import checks
from engine.data.records import Dataset, ProblemKind, Split
from engine.data.scan import scan
from engine.errors import EngineError

Paint = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path, paint: Paint) -> Callable[..., Path]:
    for name in ("a", "b", "c"):
        paint(f"{name}.png")

    def write(text: str, encoding: str = "utf-8", name: str = "table.csv") -> Path:
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def rows(dataset: Dataset) -> list[tuple[str, str]]:
    return [(record.path, dataset.classes[record.class_index]) for record in dataset.records]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_delimiters_and_encodings(table: Callable[..., Path], delimiter: str, encoding: str) -> None:
    text = "Image,LABEL\na.png,Bär\nb.png,Größe\nc.png,Bär\n".replace(",", delimiter)
    dataset = scan(table(text, encoding))
    assert rows(dataset) == [("a.png", "Bär"), ("b.png", "Größe"), ("c.png", "Bär")]
    assert dataset.problems == ()


@pytest.mark.parametrize("header", ["filepath,title", "path,class", "id,Path,Class", "filename,category"])
def test_column_names(table: Callable[..., Path], header: str) -> None:
    lead = "7," if header.startswith("id") else ""
    dataset = scan(table(f"{header}\n{lead}a.png,x\n{lead}b.png,y\n"))
    assert rows(dataset) == [("a.png", "x"), ("b.png", "y")]


def test_quotes_newlines_and_the_other_delimiter_in_names(table: Callable[..., Path], paint: Paint) -> None:
    paint('odd, "very".png')
    text = 'image,label\r\n"odd, ""very"".png","a;b\nc"\r\nb.png,y\r\n'
    assert rows(scan(table(text))) == [("b.png", "y"), ('odd, "very".png', "a;b\nc")]


def test_excel_names_its_delimiter(table: Callable[..., Path]) -> None:
    assert rows(scan(table("sep=;\r\nimage;label\r\na.png;x\r\nb.png;y\r\n"))) == [
        ("a.png", "x"),
        ("b.png", "y"),
    ]


def test_splits_and_groups(table: Callable[..., Path]) -> None:
    dataset = scan(table("image,label,split,group\na.png,x,Training,g1\nb.png,y,valid,\nc.png,x,TEST,g2\n"))
    assert dataset.has_splits
    assert [(r.split, r.group) for r in dataset.records] == [
        (Split.TRAIN, "g1"),
        (Split.VALIDATION, None),
        (Split.TEST, "g2"),
    ]


def test_paths_absolute_windows_and_elsewhere(
    table: Callable[..., Path], tmp_path: Path, paint: Paint, tmp_path_factory: pytest.TempPathFactory
) -> None:
    paint("sub/d.png")
    away = tmp_path_factory.mktemp("away") / "e.png"
    away.write_bytes((tmp_path / "a.png").read_bytes())
    dataset = scan(table(f"image,label\n{tmp_path / 'a.png'},x\nsub\\d.png,y\n./b.png,y\n{away},y\n"))
    assert [record.path for record in dataset.records] == [away.as_posix(), "a.png", "b.png", "sub/d.png"]


def test_rows_that_lack_something_are_named(table: Callable[..., Path]) -> None:
    dataset = scan(table("image,label\na.png,x\n\nb.png, \n,y\nb.png,y\na.png,x\n"))
    assert rows(dataset) == [("a.png", "x"), ("b.png", "y")]
    said = {(p.kind, p.path): p.message.arguments["row"] for p in dataset.problems}
    assert said == {
        (ProblemKind.BAD_ROW, "b.png"): 4,
        (ProblemKind.BAD_ROW, "table.csv"): 5,
        (ProblemKind.DUPLICATE, "a.png"): 7,
    }


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("", "data.table_empty", ""),
        ("image,label\n", "data.table_empty", ""),
        ("a.png,x\nb.png,y\n", "data.table_columns", "a.png"),
        ("image,kind\na.png,x\n", "data.table_columns", "class"),
        ("image,label,split\na.png,x,train\nb.png,y,dev\n", "data.table_split", "row 3"),
        ("image,label,split\na.png,x,train\nb.png,y,\n", "data.table_split", "row 3"),
        ("image,label\nq.png,x\nr.png,y\n", "data.table_paths", "q.png"),
        ("image,label\na.png,x\nb.png,x\n", "data.one_class", "x"),
    ],
)
def test_errors(table: Callable[..., Path], text: str, code: str, named: str) -> None:
    with pytest.raises(EngineError) as caught:
        scan(table(text))
    assert caught.value.message.code == code
    assert named in str(caught.value)


def test_a_name_that_no_file_can_have_is_left_out(table: Callable[..., Path]) -> None:
    dataset = checks.examine(scan(table("image,label\na.png,x\nb\0.png,x\nb.png,y\nc.png,y\n")))
    (problem,) = (each for each in dataset.problems if each.kind is ProblemKind.UNREADABLE)
    assert problem.path == "b\0.png"
    assert "null" in str(problem.message)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(EngineError, match="neither a folder nor"):
        scan(tmp_path / "pipe.csv")


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_row(table: Callable[..., Path]) -> None:
    with pytest.raises(EngineError, match="row 3") as caught:
        scan(table('image,label\na.png,x\nb.png,"y\nc.png,z\n'))
    assert caught.value.message.code == "data.table_broken"
    # within a word it is a sign like any other
    assert rows(scan(table('image,label\na.png,5" disk\nb.png,y\n'))) == [
        ("a.png", '5" disk'),
        ("b.png", "y"),
    ]
