"""Freed memory is kept for the next step where the C library can."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from engine import allocator

FAULTS = """
import resource
{before}
import torch
torch.set_num_threads(1)

def fresh_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(16 * 2**20)  # 64 MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

# the pool has grown to what is needed after a few
print([fresh_pages() for _ in range(4)][-1])
"""
KEEP = "from engine.allocator import keep_freed_memory; assert keep_freed_memory()"


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")} | more


def printed(code: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(**more), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_freed_blocks_are_used_again_without_asking_the_system() -> None:
    kept = int(printed(FAULTS.format(before=KEEP)))
    # unchanged, each of the five blocks is a thing of its own with pages that are new
    plain = int(printed(FAULTS.format(before="")))
    assert kept < plain / 5


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_what_is_kept_can_be_given_back() -> None:
    code = f"""
{KEEP}
import torch
from engine.allocator import give_back

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

before = resident()
blocks = [torch.ones(4 * 2**20) for _ in range(16)]  # 256 MB
small = torch.ones(100)  # lies above them
del blocks
kept = resident() - before
give_back()
print(kept, resident() - before)
"""
    kept, after = map(float, printed(code).split())
    assert kept > 240
    assert after < 60


def test_where_a_library_takes_only_smaller_blocks_it_gets_those_or_nothing(monkeypatch) -> None:
    """As glibc before 2.35: with the other settings alone every block would be asked for anew."""
    taken: list[tuple[int, int]] = []

    def library(largest: int):
        def mallopt(parameter: int, value: int) -> int:
            if parameter == allocator._MMAP_THRESHOLD and value > largest:
                return 0
            taken.append((parameter, value))
            return 1

        return lambda name: mallopt

    for name in list(os.environ):
        if name.startswith("MALLOC_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(allocator, "_function", library(32 * 2**20))
    assert allocator.keep_freed_memory()
    assert taken[0] == (-3, 32 * 2**20)
    assert sorted(parameter for parameter, _ in taken) == [-8, -3, -1]
    taken.clear()
    monkeypatch.setattr(allocator, "_function", library(1000))
    assert not allocator.keep_freed_memory()
    assert taken == []
    monkeypatch.setattr(allocator, "_function", lambda name: None)
    assert not allocator.keep_freed_memory()
    allocator.give_back()


@pytest.mark.parametrize(
    "variable",
    [{"MALLOC_TRIM_THRESHOLD_": "100000"}, {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=131072"}],
)
def test_who_has_set_the_c_librarys_variables_keeps_them(variable: dict[str, str]) -> None:
    told = "from engine.allocator import keep_freed_memory; print(keep_freed_memory())"
    assert printed(told, **variable) == "False"


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_nothing_is_changed(system: str) -> None:
    told = f"import sys; sys.platform = {system!r}; " + KEEP.replace("assert", "assert not")
    printed(told)


def test_the_program_starts_so() -> None:
    """The command sets it before anything else, so that no thread has a pool of its own."""
    code = (
        "import ctypes, threading; found = []\n"
        "import engine.allocator as allocator\n"
        "allocator.keep_freed_memory = lambda: found.append(threading.active_count())\n"
        "import engine.__main__\n"
        "print(found)"
    )
    assert printed(code) == "[1]"
