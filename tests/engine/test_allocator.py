"""Freed memory is kept for the next step where the C library can."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

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


def test_who_has_set_the_c_librarys_variables_keeps_them() -> None:
    told = "from engine.allocator import keep_freed_memory; print(keep_freed_memory())"
    assert printed(told, MALLOC_TRIM_THRESHOLD_="100000") == "False"


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
