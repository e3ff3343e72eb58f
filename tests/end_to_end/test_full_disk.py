"""A disk that is really full: a small one in memory, mounted for the time of a test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.run_directory import RunDirectory
from tests.end_to_end.program import flyp, flyp_here, tree, write_recipe
from tests.engine.conftest import RecipeMaker

MIB = 1 << 20


def mount(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def disk() -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many MiB; called again, that disk gets another size."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs Linux and root")
    # not below pytest's folders, which it moves and deletes
    place = Path(tempfile.mkdtemp(prefix="flyp-full-disk-"))

    def of_size(mebibytes: int) -> Path:
        words = ["-o", f"size={mebibytes}m"]
        if place.is_mount():
            words[1] = f"remount,{words[1]}"
            done = mount(*words, str(place))
        else:
            done = mount("-t", "tmpfs", *words, "tmpfs", str(place))
        if done.returncode != 0:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        return place

    yield of_size
    done = None
    if place.is_mount():
        done = subprocess.run(["umount", str(place)], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            # it must not stay whatever still holds it
            subprocess.run(["umount", "--lazy", str(place)], timeout=60, check=True)
    place.rmdir()
    assert done is None or done.returncode == 0, f"a file on it was left open: {done.stderr}"


def test_a_disk_too_small_for_the_first_checkpoint(
    disk: Callable[[int], Path], make_recipe: RecipeMaker, tmp_path: Path
) -> None:
    place = disk(12)
    (place / "mine").mkdir()
    (place / "mine/thing.txt").write_text("mine")
    other = tmp_path / "other"
    other.mkdir()
    write_recipe(other / "recipe.toml", make_recipe(training={"epochs": 2}))
    before, before_other = tree(place), tree(other)
    free = os.statvfs(place).f_bavail
    done = flyp(other, "train", "recipe.toml", "--out", str(place / "run"), "--json")
    assert done.returncode == 2, done.stderr
    assert '"files.disk_full"' in done.stdout
    assert "Traceback" not in done.stderr
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("flyp: "))
    assert f"The disk is full: {place / 'run'}" in said
    assert "Free some space" in said
    assert tree(place) == before
    assert tree(other) == before_other
    assert os.statvfs(place).f_bavail == free
    assert not (tmp_path / "flyp-home/logs").exists()


def test_a_disk_that_fills_up_in_the_midst_of_training(
    disk: Callable[[int], Path],
    make_recipe: RecipeMaker,
    tiny_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    weights = (tiny_model / "model.safetensors").stat().st_size / MIB
    # room for "best" and "last" (weights and twice as much of AdamW's), not for a second "last" beside them
    place = disk(int(6.5 * weights))
    recipe = write_recipe(tmp_path / "recipe.toml", make_recipe(training={"epochs": 2}))
    done = flyp(tmp_path, "train", str(recipe), "--out", str(place / "run"))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("flyp: "))
    assert f"The disk is full: {place / 'run'}" in said
    left = [path.name for path in place.rglob("*") if path.name.endswith((".tmp", ".new", ".old"))]
    assert left == []
    assert not (place / "run/result.json").exists()
    run = RunDirectory.open(place / "run")
    list(run.events())
    assert all(
        bool(t.isfinite().all()) for t in load_file(place / "run/checkpoints/best/model.safetensors").values()
    )
    # with more space it goes on, to the end it would have come to
    disk(int(20 * weights))
    done = flyp_here(capfd, tmp_path, "train", "--resume", str(place / "run"))
    assert done.returncode == 0, done.stderr
    done = flyp_here(capfd, tmp_path, "train", str(recipe), "--out", "whole")
    assert done.returncode == 0, done.stderr
    for file in ("checkpoints/last/model.safetensors", "result.json"):
        assert (place / "run" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
