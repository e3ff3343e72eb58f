"""What a folder or table of pictures looks like from outside: classes, counts, parts.

No picture is opened here, so that the answer comes at once; ``checks.examine`` looks inside.
Whatever the file system's order, the same pictures give the same dataset.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from engine import paths
from engine.control import Control
from engine.data import manifest
from engine.data.manifest import SPLIT_NAMES
from engine.data.records import (
    Dataset,
    Found,
    ImageRecord,
    Problem,
    ProblemKind,
    Split,
    name_order,
    nfc,
    shown,
)
from engine.errors import EngineError
from engine.messages import say

PICTURE_SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".heic",
        ".heif",
        ".avif",
        ".ppm",
        ".pgm",
        ".pbm",
    }
)
"""Suffixes by which pictures outside class folders are recognised; inside, content decides."""

SIDECAR_SUFFIXES = frozenset(
    {
        ".txt",
        ".json",
        ".jsonl",
        ".xml",
        ".csv",
        ".tsv",
        ".md",
        ".rst",
        ".yaml",
        ".yml",
        ".toml",
        ".html",
        ".htm",
        ".log",
        ".ini",
        ".cfg",
        ".py",
        ".ipynb",
        ".sh",
        ".mat",
        ".npy",
        ".npz",
        ".xmp",
        ".aae",
        ".md5",
        ".sha256",
        ".pbtxt",
        ".lst",
        ".url",
    }
)
"""Suffixes of what lies beside pictures by custom; such files are passed over."""

_HIDDEN = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"})

_Identity = tuple[int, int] | str


def hidden(name: str) -> bool:
    """Files and folders that systems leave behind and no person means."""
    return name.startswith(".") or name.lower() in _HIDDEN


def located(source: str | Path) -> Path:
    """The absolute place of a source. Raises EngineError if nothing is there or it cannot be named."""
    try:
        path = Path(source).expanduser().resolve()
        if path.exists():
            paths.require_text(str(path))
            return path
    except (OSError, RuntimeError, ValueError) as error:
        # a link that loops, no home folder, a NUL in the name
        raise EngineError("data.source_missing", str(error), path=shown(str(source))) from error
    raise EngineError("data.source_missing", path=shown(str(source)))


def scan(source: str | Path, control: Control | None = None, least_classes: int = 2) -> Dataset:
    """Classes, counts, parts and structural problems of a folder or table.

    ``least_classes`` is 1 for sets that only judge. Raises EngineError where there is
    nothing to train on: no pictures, no classes, one class.
    """
    control = control or Control()
    path = located(source)
    if path.is_dir():
        return _Folder(path, control).dataset(least_classes)
    if path.suffix.lower() not in manifest.SUFFIXES:
        raise EngineError("data.source_not_a_table", path=shown(str(path)))
    table = manifest.read(path, control)
    return _assembled(path, path.parent, table.entries, table.problems, table.has_splits, least_classes)


def _assembled(
    source: Path,
    root: Path,
    entries: Iterable[Found],
    problems: list[Problem],
    has_splits: bool,
    least_classes: int,
) -> Dataset:
    entries = sorted(entries, key=lambda entry: (name_order(entry.path), entry.label, entry.split or ""))
    if not entries:
        raise EngineError("data.no_pictures", path=shown(str(source)))
    classes = sorted({entry.label for entry in entries}, key=name_order)
    if len(classes) < least_classes:
        raise EngineError("data.one_class", path=shown(str(source)), name=classes[0])
    number = {name: index for index, name in enumerate(classes)}
    records = tuple(
        ImageRecord(entry.path, number[entry.label], entry.split, entry.group) for entry in entries
    )
    problems = [*problems, *_clashes(classes)]
    problems.sort(key=lambda problem: (name_order(problem.path), problem.kind))
    return Dataset(str(root), tuple(classes), records, tuple(problems), has_splits)


def _clashes(classes: list[str]) -> list[Problem]:
    """Class names that a person would take for the same."""
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(nfc(nfc(name).casefold()), []).append(name)
    return [
        Problem(
            names[0], ProblemKind.NAME_CLASH, say("data.name_clash", names=", ".join(names)), tuple(names[1:])
        )
        for names in alike.values()
        if len(names) > 1
    ]


class _Folder:
    """One pass over a folder of class folders or of train/validation/test folders."""

    def __init__(self, root: Path, control: Control) -> None:
        self._root = root
        self._control = control
        self._entries: list[Found] = []
        self._problems: list[Problem] = []
        self._classes: set[str] = set()

    def dataset(self, least_classes: int) -> Dataset:
        try:
            folders, files = self._listing(str(self._root), "")
        except OSError as error:
            raise EngineError(
                "data.source_unreadable",
                str(error),
                path=shown(str(self._root)),
                reason=error.strerror or str(error),
            ) from error
        if not folders:
            raise self._no_folders(files)
        parts = self._parts(folders)
        chain = frozenset({_identity(str(self._root))})
        self._loose(files, "")
        if parts:
            for folder in folders:
                self._part(folder, parts[folder] if len(set(parts.values())) > 1 else None, chain)
        else:
            for folder in folders:
                self._class(self._root / folder, folder, None, chain)
        found = {entry.label for entry in self._entries}
        for name in sorted(self._classes - found, key=name_order):
            self._problem(name, ProblemKind.EMPTY_CLASS, "data.empty_class", name=name)
        if len(found) == 1 and len(folders) == 1 and least_classes > 1:
            self._refuse_wrapper(folders[0])
        has_splits = any(entry.split is not None for entry in self._entries)
        return _assembled(self._root, self._root, self._entries, self._problems, has_splits, least_classes)

    # --- the layout -------------------------------------------------------------------------

    def _no_folders(self, files: list[str]) -> EngineError:
        where = shown(str(self._root))
        pictures = [name for name in files if _suffix(name) in PICTURE_SUFFIXES]
        tables = [name for name in files if _suffix(name) in {".csv", ".tsv"}]
        if tables:
            return EngineError("data.table_beside", path=where, table=shown(tables[0]))
        if pictures:
            return EngineError("data.loose_pictures", path=where, count=len(pictures))
        return EngineError("data.no_class_folders" if files else "data.no_pictures", path=where)

    def _parts(self, folders: list[str]) -> dict[str, Split]:
        """Which folder is which part; empty if these are class folders."""
        parts = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
        inner = {name: self._quiet_folders(name) for name in parts}
        if len(parts) == len(folders):
            return parts if any(inner.values()) else {}
        if len(set(parts.values())) > 1 and Split.TRAIN in parts.values() and all(inner.values()):
            others = ", ".join(shown(name) for name in folders if name not in parts)
            raise EngineError("data.mixed_folders", path=shown(str(self._root)), names=others)
        return {}

    def _quiet_folders(self, name: str) -> list[str]:
        """The subfolders of a possible part; what is wrong with them is said when it is read."""
        try:
            with os.scandir(self._root / name) as entries:
                return [entry.name for entry in entries if not hidden(entry.name) and _is_folder(entry)]
        except OSError:
            return []

    def _refuse_wrapper(self, name: str) -> None:
        inner = self._quiet_folders(name)
        if len(inner) > 1:
            raise EngineError(
                "data.one_folder_deeper",
                path=shown(str(self._root)),
                name=shown(name),
                inner=shown(str(self._root / name)),
            )

    # --- reading ----------------------------------------------------------------------------

    def _part(self, folder: str, split: Split | None, chain: frozenset[_Identity]) -> None:
        path = str(self._root / folder)
        identity = _identity(path)
        if identity in chain:
            self._problem(folder, ProblemKind.LINK_LOOP, "data.link_loop")
            return
        folders, files = self._listed(path, folder)
        self._loose(files, folder)
        for name in folders:
            self._class(Path(path, name), f"{folder}/{name}", split, chain | {identity})

    def _class(self, path: Path, relative: str, split: Split | None, chain: frozenset[_Identity]) -> None:
        label = shown(path.name)
        self._classes.add(label)
        seen: set[_Identity] = set()
        waiting = [(str(path), relative, chain)]
        # links wait until all real folders are read, so that a picture keeps its real place
        linked: list[tuple[str, str, frozenset[_Identity]]] = []
        while waiting or linked:
            self._control.check()
            folder, where, above = waiting.pop() if waiting else linked.pop(0)
            identity = _identity(folder)
            if identity in above:
                self._problem(where, ProblemKind.LINK_LOOP, "data.link_loop")
                continue
            if identity in seen:
                self._problem(where, ProblemKind.LINK_LOOP, "data.link_again")
                continue
            seen.add(identity)
            folders, files = self._listed(folder, where)
            for name in folders:
                inner = os.path.join(folder, name)  # noqa: PTH118  (a million Path objects are slow)
                queue = linked if os.path.islink(inner) else waiting  # noqa: PTH114
                queue.append((inner, f"{where}/{name}", above | {identity}))
            self._entries.extend(
                Found(f"{where}/{name}", label, split)
                for name in files
                if _suffix(name) not in SIDECAR_SUFFIXES
            )

    def _listed(self, path: str, relative: str) -> tuple[list[str], list[str]]:
        try:
            return self._listing(path, relative)
        except OSError as error:
            reason = error.strerror or str(error)
            self._problem(relative, ProblemKind.UNREADABLE, "data.folder_unreadable", reason=reason)
            return [], []

    def _listing(self, path: str, relative: str) -> tuple[list[str], list[str]]:
        """Names of the folders and ordinary files in a folder, in our order; links are followed."""
        folders: list[str] = []
        files: list[str] = []
        with os.scandir(path) as entries:
            for entry in entries:
                if hidden(entry.name):
                    continue
                where = f"{relative}/{entry.name}" if relative else entry.name
                try:
                    if entry.is_dir():
                        folders.append(entry.name)
                    elif entry.is_file():
                        files.append(entry.name)
                    elif _suffix(entry.name) not in SIDECAR_SUFFIXES:
                        code = "data.link_nowhere" if entry.is_symlink() else "data.not_a_file"
                        self._problem(where, ProblemKind.UNREADABLE, code)
                except OSError as error:
                    if error.errno == errno.ELOOP:
                        self._problem(where, ProblemKind.LINK_LOOP, "data.link_loop")
                    else:
                        reason = error.strerror or str(error)
                        self._problem(where, ProblemKind.UNREADABLE, "data.unreadable", reason=reason)
        return sorted(folders, key=name_order), sorted(files, key=name_order)

    def _loose(self, files: list[str], relative: str) -> None:
        pictures = [name for name in files if _suffix(name) in PICTURE_SUFFIXES]
        if pictures:
            prefix = f"{relative}/" if relative else ""
            message = say("data.loose", count=len(pictures), path=shown(relative or self._root.name))
            others = tuple(prefix + name for name in pictures)
            self._problems.append(Problem(relative, ProblemKind.LOOSE, message, others))

    def _problem(self, path: str, kind: ProblemKind, code: str, **arguments: str) -> None:
        if code != "data.empty_class":
            arguments["path"] = shown(path)
        self._problems.append(Problem(path, kind, say(code, **arguments)))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  (a million Path objects are slow)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # a link that loops; the listing says so
        return False


def _identity(path: str) -> _Identity:
    """What a folder is, whichever way leads to it."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return path
    # some file systems number nothing
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)
