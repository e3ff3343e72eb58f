"""What becomes of predictions: a table, and copies of the pictures in class folders. Torch-free."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from engine import files
from engine.control import Control
from engine.data.records import shown
from engine.errors import EngineError
from engine.exports import PredictedPicture
from engine.messages import say
from engine.prediction import inputs

_CHUNK = 1 << 20
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICES = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def table(pictures: Sequence[PredictedPicture], top: int) -> str:
    """CSV: path, class (or 'not sure'), then the classes and their probabilities, then what is wrong."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ranks = range(1, top + 1)
    writer.writerow(
        ["path", "class", *(name for k in ranks for name in (f"class_{k}", f"probability_{k}")), "problem"]
    )
    for each in pictures:
        cells: list[str] = []
        for k in range(top):
            guess = each.guesses[k] if k < len(each.guesses) else None
            cells += ["", ""] if guess is None else [guess.class_name, f"{guess.probability:.6f}"]
        problem = "" if each.problem is None else each.problem.text
        writer.writerow([shown(each.path), verdict(each), *cells, problem])
    return out.getvalue()


def verdict(picture: PredictedPicture) -> str:
    """The class, 'not sure', or nothing for a picture that cannot be read."""
    if not picture.guesses:
        return ""
    return picture.guesses[0].class_name if picture.sure else say("predict.not_sure").text


def folder_names(classes: Sequence[str]) -> dict[str, str]:
    """Class -> a folder's name that every system takes, and '' -> that of pictures not sure.

    No two are the same, also where letter case does not count.
    """
    taken: set[str] = set()
    named: dict[str, str] = {}
    for key, name in [*((name, name) for name in classes), ("", say("predict.not_sure").text)]:
        plain = _FORBIDDEN.sub("_", name).strip().rstrip(".") or "_"
        if _DEVICES.match(plain):
            plain = f"_{plain}"
        chosen, number = plain, 2
        while chosen.casefold() in taken:
            chosen, number = f"{plain} ({number})", number + 1
        taken.add(chosen.casefold())
        named[key] = chosen
    return named


def check_sorting(into: Path, given: Sequence[str]) -> None:
    """Copies must not become pictures that the next look finds. Raises EngineError where they would."""
    if into.exists() and not into.is_dir():
        raise EngineError("files.not_a_folder", path=str(into))
    place = into.resolve()
    for folder in inputs.folders(given):
        if place == folder or folder in place.parents:
            raise EngineError("predict.sorted_inside", path=str(into))


def copy(picture: PredictedPicture, into: Path, names: dict[str, str], control: Control) -> Path:
    """Copy a picture into its class's folder, under a new name where its own is taken. Returns the copy.

    Raises EngineError if that cannot be written, Cancelled when asked to.
    """
    key = picture.guesses[0].class_name if picture.sure else ""
    folder = files.make_folder(into / names[key])
    source = Path(picture.path)
    target, number = folder / source.name, 2
    while target.exists() or target.is_symlink():
        target, number = folder / f"{source.stem}-{number}{source.suffix}", number + 1
    with files.replacing(target) as out, source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            control.check()
            out.write(chunk)
    return target
