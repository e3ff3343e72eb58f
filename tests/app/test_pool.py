"""Work in the pool: its result comes once, in the GUI thread, and nothing of Qt's is destroyed elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QObject, QThreadPool
from pytestqt.qtbot import QtBot

from app import pool
from tests.app.conftest import ROOT, settle

STRESS = """
import faulthandler, gc, sys
faulthandler.enable()
from PySide6.QtCore import QCoreApplication, QThreadPool
from app import pool

gc.disable()
app = QCoreApplication([])
# threads take turns as often as they can
sys.setswitchinterval(1e-6)
told = 0

def count(_):
    global told
    told += 1

for _ in range(200):
    for _ in range(20):
        pool.run(lambda: None, count)
    app.processEvents()
QThreadPool.globalInstance().waitForDone()
app.processEvents()
assert told == 4_000, told
"""

ENDING = """
import faulthandler, random, sys, time
faulthandler.enable()
from PySide6.QtCore import QCoreApplication, QThreadPool, QTimer
from app import pool

sys.setswitchinterval(1e-6)
for _ in range(60):
    app = QCoreApplication([])
    QThreadPool.globalInstance().setMaxThreadCount(4)
    told = []
    pool.run(lambda: None, told.append)
    until = time.monotonic() + 20
    while not told:
        assert time.monotonic() < until, "nothing is told"
        app.processEvents()
    for _ in range(40):
        pool.run(lambda: None, lambda _: None)
    QTimer.singleShot(random.choice([0, 1, 2]), app.quit)
    app.exec()
    # it waits for the pool; the next one has a desk of its own
    app.shutdown()
    del app
"""


def _all_told() -> None:
    QThreadPool.globalInstance().waitForDone(10_000)
    settle()


@pytest.mark.parametrize("program", [STRESS, ENDING], ids=["much of it", "programs that end"])
def test_work_in_the_pool_harms_no_memory(program: str) -> None:
    # in a process of its own: what goes wrong here ends the process
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")


class _Seen:
    """Notes in which thread it is destroyed."""

    def __init__(self, places: list[int]) -> None:
        self._places = places

    def __del__(self) -> None:
        self._places.append(threading.get_ident())


@pytest.mark.parametrize("fails", [False, True])
def test_what_the_work_refers_to_is_destroyed_in_the_gui_thread(qtbot: QtBot, fails: bool) -> None:
    errands: list[int] = []
    used: list[int] = []
    made: list[int] = []

    def piece() -> None:
        mine = _Seen(used)

        def act() -> object:
            assert mine is not None
            if fails:
                raise ValueError(_Seen(made))
            return _Seen(made)

        errand = pool.run(act, lambda _: None)
        weakref.finalize(errand, lambda: errands.append(threading.get_ident()))

    for _ in range(300):
        piece()
        # some are told while others still run
        settle()
    _all_told()
    here = [threading.get_ident()] * 300
    assert errands == here
    assert used == here
    assert made == here


def test_result_and_exception_come_once_in_the_gui_thread(qtbot: QtBot) -> None:
    came: list[tuple[object, int]] = []
    where: list[int] = []

    def act() -> str:
        where.append(threading.get_ident())
        return "made"

    error = OSError("no")

    def fail() -> None:
        raise error

    pool.run(act, lambda result: came.append((result, threading.get_ident())))
    _all_told()
    pool.run(fail, lambda result: came.append((result, threading.get_ident())))
    _all_told()
    assert came == [("made", threading.get_ident()), (error, threading.get_ident())]
    assert where[0] != threading.get_ident()


def test_a_dropped_one_and_one_whose_owner_is_gone_are_not_told(qtbot: QtBot) -> None:
    go = threading.Event()
    came: list[object] = []
    owner = QObject()
    dropped = pool.run(lambda: go.wait(10), came.append)
    orphan = pool.run(lambda: go.wait(10), came.append, owner)
    dropped.drop()
    owner.deleteLater()
    settle()
    assert not orphan.open
    go.set()
    _all_told()
    assert came == []


def test_the_window_goes_on_while_the_work_takes_its_time(qtbot: QtBot) -> None:
    go = threading.Event()
    came: list[object] = []
    begun = time.monotonic()
    pool.run(lambda: go.wait(30), came.append)
    settle()
    assert came == []
    go.set()
    qtbot.waitUntil(lambda: came == [True])
    assert time.monotonic() - begun < 30
