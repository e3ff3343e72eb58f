"""The libraries' chatter stays away, also with several threads at once."""

from __future__ import annotations

import sys
import threading
import warnings

import pytest

from engine.clip.quiet import quiet


def test_prints_and_warnings_are_kept_away(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet(), quiet():
        print("chatter")
        warnings.warn("chatter", stacklevel=1)
    print("ours")
    captured = capsys.readouterr()
    assert captured.out == "ours\n"
    assert captured.err == "chatter\n"
    with pytest.warns(UserWarning, match="ours"):
        warnings.warn("ours", stacklevel=1)


def test_threads_that_overlap_restore_everything() -> None:
    before = (sys.stdout, list(warnings.filters))
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        assert entered.wait(10)
    # the other thread is inside still
    assert sys.stdout is sys.stderr
    leave.set()
    thread.join()
    assert (sys.stdout, list(warnings.filters)) == before
