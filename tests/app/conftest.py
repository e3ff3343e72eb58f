"""The window in tests: offscreen, with folders and settings of its own, and nothing left behind.

Qt's own warnings fail a test. torch is never imported into this process: real engines are processes
of their own, and tests that need one are skipped where torch is not installed.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# before the first QApplication; a person may still look with QT_QPA_PLATFORM=xcb
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QSettings, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.application import Application
from app.engine_thread import Engine
from app.main_window import MainWindow
from app.run_session import RunSession
from app.shell import Shell
from app.theme import theme, use_fonts
from tests.app import made_runs
from tests.app.scripted import ScriptedEngine
from tests.engine.painting import paint_folder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_OFFSCREEN = (r"This plugin does not support ",)
"""What the offscreen platform says of itself."""
_TOLD: set[int] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Qt warns of in a test of the window fails it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*_OFFSCREEN))


@pytest.fixture(scope="session", autouse=True)
def looks(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Names, style, font, language and colours as ``Application`` sets them."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    qapp.setApplicationName("flyp")
    qapp.setOrganizationName("flyp")
    qapp.setQuitOnLastWindowClosed(False)
    qapp.setStyle("Fusion")
    use_fonts(qapp)
    with pytest.MonkeyPatch.context() as patch:
        # the style sheet's icons lie in the cache
        patch.setenv("FLYP_CACHE", str(tmp_path_factory.mktemp("cache")))
        theme().use("light")
    # what is there by now stays: looking through it after each test would take longer than the tests
    gc.collect()
    gc.freeze()
    # as in the program: what lies in cycles may be Qt's, and is taken away in this thread after each test
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and the program's folders lie in the test's own place, also for processes it starts."""
    monkeypatch.setenv("FLYP_HOME", str(tmp_path / "flyp-home"))
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "flyp-cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for kind in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(tmp_path / "settings"))


# --- nothing stays ------------------------------------------------------------------------------


def settle() -> None:
    """Let posted events happen, deletions too."""
    for _ in range(3):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _wrapped(kind: type) -> list:
    found = [each for each in gc.get_objects() if isinstance(each, kind)]
    return [each for each in found if shiboken6.isValid(each)]


def _widgets() -> set[QWidget]:
    # a tooltip goes by itself, a moment later
    return {each for each in QApplication.topLevelWidgets() if each.metaObject().className() != "QTipLabel"}


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.fixture(autouse=True)
def nothing_left(own_folders: None, qapp: QApplication) -> Iterator[None]:
    """Fails a test after which a window, a thread, a process or a running timer is still there."""
    settle()
    widgets, children = _widgets(), _children()
    timers = {id(timer) for timer in _wrapped(QTimer) if timer.isActive()}
    yield
    if theme().mode != "light":
        theme().use("light")
    settle()
    QThreadPool.globalInstance().waitForDone(5_000)
    settle()
    gc.collect()
    settle()
    left: list[str] = []
    for widget in _widgets() - widgets:
        left.append(f"window {widget.metaObject().className()} '{widget.objectName()}'")
        widget.close()
        widget.deleteLater()
    for thread in _wrapped(QThread):
        # one that is about to end is given a moment; one that does not is told of once
        if thread is QThread.currentThread() or id(thread) in _TOLD:
            continue
        if thread.isRunning() and not thread.wait(2_000):
            _TOLD.add(id(thread))
            left.append(f"thread {type(thread).__name__}")
    for worker in threading.enumerate():
        if worker.name == "thumbnails":
            worker.join(5)
            if worker.is_alive():
                left.append("a thread of thumbnails")
    for timer in _wrapped(QTimer):
        if timer.isActive() and id(timer) not in timers:
            owner = timer.parent()
            left.append(f"timer of {type(owner).__name__}, {timer.interval()} ms")
            timer.stop()
    for child in _ended_soon(_children() - children):
        left.append(f"process {child.pid}: {_command(child)}")
        child.kill()
    settle()
    assert not left, f"left behind: {'; '.join(left)}"


def _ended_soon(children: set[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there after a moment."""
    until = time.monotonic() + 5
    alive = [child for child in children if _alive(child)]
    while alive and time.monotonic() < until:
        time.sleep(0.05)
        alive = [child for child in alive if _alive(child)]
    return alive


def _alive(child: psutil.Process) -> bool:
    try:
        return child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _command(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except psutil.Error:
        return "?"


# --- shells and windows -------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, own_folders: None) -> QSettings:
    """The test's own."""
    return QSettings(str(tmp_path / "settings" / "test.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def shell(qtbot: QtBot, settings: QSettings) -> Iterator[Shell]:
    """With an engine that says what the test lets it say: ``shell.engine`` is a ScriptedEngine."""
    engine = ScriptedEngine()
    made = Shell(engine, settings)
    engine.setParent(made)
    yield made
    engine.close()
    made.deleteLater()
    settle()


@pytest.fixture
def session(shell: Shell) -> Iterator[RunSession]:
    """Beside ``shell``, for pages that show a run. Its runs have real engines."""
    made = RunSession(shell)
    yield made
    made.close(0)


@pytest.fixture
def real_engine() -> None:
    """Asked for by all that starts a real engine."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")


@pytest.fixture
def real_shell(qtbot: QtBot, real_engine: None, settings: QSettings) -> Iterator[Shell]:
    """With a real engine in a process of its own."""
    engine = Engine()
    made = Shell(engine, settings)
    engine.setParent(made)
    engine.start()
    yield made
    engine.close(15_000)
    made.deleteLater()
    settle()


def end(window: MainWindow) -> None:
    """Close a window without being asked; what trains is cut short."""
    window.session.close(0)
    window.close()
    window.deleteLater()
    settle()


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings) -> Iterator[MainWindow]:
    """Shown, with a scripted engine that was asked what the window asks at its start."""
    engine = ScriptedEngine()
    shell = Shell(engine, settings)
    engine.setParent(shell)
    made = MainWindow(shell, RunSession(shell))
    shell.setParent(made)
    made.inquiry.begin()
    made.show()
    settle()
    yield made
    end(made)


@pytest.fixture
def real_window(qtbot: QtBot, real_engine: None) -> Iterator[MainWindow]:
    """Shown, as the program makes it."""
    made = Application(sys.argv[:1], "light", scratch=True).open_window()
    made.show()
    yield made
    end(made)


# --- pictures and models --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def small_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 12 small pictures. Not to be written to."""
    return paint_folder(tmp_path_factory.mktemp("pictures") / "squares", 12)


@pytest.fixture(scope="session")
def small_shift(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same classes from elsewhere, 4 pictures each."""
    return paint_folder(tmp_path_factory.mktemp("shifted") / "elsewhere", 4, seed=77_000)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An open_clip folder with a small ViT, made in a process that may import torch."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    folder = tmp_path_factory.mktemp("model") / "vit"
    program = (
        f"from pathlib import Path; from tests.engine.clip import tiny; tiny.make(Path({str(folder)!r}))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def small_run(small_pictures: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two epochs, trained by the engine's own command. Not to be written to: copy it."""
    place = tmp_path_factory.mktemp("small run")
    recipe = made_runs.small_recipe(small_pictures, tiny_model, place / "recipe.toml", 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLYP_CACHE", str(place / "cache"))
        patch.setenv("FLYP_HOME", str(place / "home"))
        assert made_runs.train(recipe, place / "run").wait(120) == 0
    return place / "run"
