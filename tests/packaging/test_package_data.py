"""What the code reads is in the wheel and in the bundle, also a file that is added one day."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePosixPath

MAKERS = ("drawing", "packaging")
"""Folders of scripts that made the rest, and of the bundle's own parts: nobody reads them at run time."""


def test_every_resource_is_packaged_or_known_as_not_read(root: Path) -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    globs = declared["package-data"]["resources"]
    resources = root / "resources"
    packaged = {file for pattern in globs for file in resources.glob(pattern) if file.is_file()}
    for pattern in globs:
        assert list(resources.glob(pattern)), f"{pattern} matches nothing"
    for file in resources.rglob("*"):
        name = PurePosixPath(file.relative_to(resources).as_posix())
        is_made = name.parts[0] in MAKERS or "__pycache__" in name.parts
        if not file.is_file() or is_made or name.name == "README.md" or len(name.parts) == 1:
            continue
        # Python's files are packaged as modules
        assert file in packaged or file.suffix == ".py", f"resources/{name} is in no glob of package-data"


def test_data_files_of_the_engine_and_the_window_are_packaged(root: Path) -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    for package in ("engine", "app"):
        globs = declared["package-data"].get(package, [])
        packaged = {file for pattern in globs for file in (root / package).glob(pattern)}
        found = {
            file
            for file in (root / package).rglob("*")
            if file.is_file() and file.suffix not in (".py", ".pyc", ".ts")
        }
        assert found == packaged


def test_top_level_names_of_the_wheel_are_the_three(root: Path) -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["tool"]["setuptools"]["packages"]["find"]["include"] == ["app*", "engine*", "resources*"]
    assert declared["project"]["scripts"] == {"flyp": "engine.__main__:main"}
    assert declared["project"]["gui-scripts"] == {"flyp-gui": "app.main:main"}
