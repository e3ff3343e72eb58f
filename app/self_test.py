"""``flyp-gui --self-test``: the installed program shows that it works, on the sample and in a scratch place.

The window is opened without a screen and used by itself: pictures, a short training with the starter, every
export that this installation can write, each verified, and new pictures through the run and through an
export. Nothing of the person's own is touched, and nothing stays.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from app import paths as window_paths
from engine import __version__, files
from engine.errors import EngineError
from engine.program import frozen

if TYPE_CHECKING:
    from pydantic import BaseModel

    from app.main_window import MainWindow
    from app.playing import Act
    from app.shell import Notice
    from engine.exports import ExportAnswer, PredictAnswer

_EPOCHS = 3
"""Enough for every part of a training to have had its turn."""
_LOG_LINES = 40
_LEAST_RIGHT = 0.5
"""Of the new pictures; chance is one in nine."""


def run(arguments: list[str], report: Path | None) -> int:
    """Do it all; 0 if everything works. The summary goes to stdout, and into the file ``report``."""
    began = time.monotonic()
    out = None if report is None else report.absolute()
    # a name as people have them: with a space, and letters beyond ASCII
    with TemporaryDirectory(prefix="flyp self-test ä ", ignore_cleanup_errors=True) as folder:
        _settle_in(Path(folder))
        lines, wrong = _played(arguments, Path(folder))
        if wrong:
            lines += _logged(Path(folder))
    seconds = f"{time.monotonic() - began:.0f} s"
    head = f"FLYP {__version__}: the self-test "
    head += f"failed after {seconds}: {wrong}" if wrong else f"passed in {seconds}."
    text = "\n".join([head, *(f"  {line}" for line in lines), ""])
    print(text, end="", flush=True)
    if out is not None:
        try:
            files.write_text(out, text)
        except EngineError as error:
            print(f"flyp-gui: {error}", file=sys.stderr)
            return 1
    return 1 if wrong else 0


def _settle_in(folder: Path) -> None:
    """Everything that is kept goes into ``folder``, also of the processes that are started; no network."""
    os.environ |= {
        "QT_QPA_PLATFORM": "offscreen",
        "FLYP_HOME": str(folder / "home"),
        "FLYP_CACHE": str(folder / "cache"),
        "HF_HOME": str(folder / "hub"),
        "HF_HUB_OFFLINE": "1",
    }


def _logged(folder: Path) -> list[str]:
    """The logs' last lines: they go with the folder."""
    found = []
    for log in sorted(folder.rglob("*.log")):
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()
        found += ["", f"{log.name}:", *text[-_LOG_LINES:]]
    return found


def _played(arguments: list[str], folder: Path) -> tuple[list[str], str]:
    """What was found, line by line, and what went wrong."""
    from app.application import Application
    from app.stalls import age

    application = Application(arguments, scratch=True)
    window = application.open_window()
    test = SelfTest(window, folder)
    window.show()
    window.grab()
    kind = f"bundle in {window_paths.ROOT.parent}" if frozen() else f"from {window_paths.ROOT}"
    test.lines.append(f"{kind}, Python {platform.python_version()}, {platform.platform()}")
    test.lines.append(f"window: drawn {age():.1f} s after the start")
    test.begin()
    application.run()
    return test.lines, test.wrong


class SelfTest:
    """The acts, and what they found."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        from app.playing import Player

        self.window = window
        self.lines: list[str] = []
        self.wrong = "it was ended before it was done"
        self._trouble = ""
        self._folder = folder
        self._exported: ExportAnswer | None = None
        self._judged: list[PredictAnswer] = []
        window.shell.engine.crashed.connect(lambda how: self._went_wrong(f"the engine ended: {how}"))
        window.shell.noticed.connect(self._noticed)
        self._player = Player(window, self.acts(), self._done, wrong=lambda: self._trouble)

    def begin(self) -> None:
        """Start."""
        self._player.begin()

    def _went_wrong(self, why: str) -> None:
        self._trouble = self._trouble or why

    def _noticed(self, notice: Notice) -> None:
        if notice.tone == "bad":
            self._went_wrong(f"{notice.what} {notice.why}".strip())

    def _done(self, wrong: str) -> None:
        from app.playing import leave

        self.wrong = wrong
        # what still trains would ask what is to become of it
        self.window.session.close(0)
        leave(1 if wrong else 0)

    # --- the acts -----------------------------------------------------------------------------

    def acts(self) -> Iterator[Act]:
        from app.playing import Click, Until
        from app.steps import Step

        window = self.window
        shell = window.shell
        yield Until("the engine", lambda: shell.engine.ready)
        yield from self.machine()
        yield Until("the models", lambda: bool(shell.facts.models))
        pictures: Any = window.page(Step.PICTURES)
        yield Click(pictures.empty.sample)
        yield Until("the pictures", lambda: shell.facts.inspected is not None)
        inspected = shell.facts.inspected
        assert inspected is not None
        self.lines.append(f"pictures: {inspected.pictures} of {len(inspected.classes)} classes")
        shell.edit("a short training", training={"epochs": _EPOCHS})
        for _ in range(4):
            yield Click(window.next)
        yield from self.training()
        yield Click(window.rail.items[Step.EXPORT])
        yield from self.exports()
        yield from self.predictions()

    def machine(self) -> Iterator[Act]:
        """Whether the engine can compute at all."""
        from app.playing import Do, Until
        from engine.requests import DoctorAnswer, DoctorRequest

        told: list[DoctorAnswer] = []
        yield Do(lambda: self._ask(DoctorRequest(), told.append))
        yield Until("the engine's look at the machine", lambda: bool(told))
        works = [f"{each.kind} ({each.name})" for each in told[0].devices if each.works]
        self.lines.append(f"devices that compute: {', '.join(works)}; torch {told[0].versions['torch']}")

    def training(self) -> Iterator[Act]:
        from app.playing import Click, Until
        from app.run_session import RunState
        from app.steps import Step
        from engine.run_directory import RunDirectory

        session = self.window.session
        train: Any = self.window.page(Step.TRAIN)
        yield Click(train.buttons.start)
        yield Until("the training's start", lambda: session.state is not RunState.NONE)
        yield Until("the end of the training", lambda: not session.under_way, long=True)
        if session.state is not RunState.FINISHED or session.folder is None:
            self._went_wrong(f"the training ended as {session.state.value}: {session.error} {session.detail}")
            yield Until("a finished run", lambda: False)
        assert session.folder is not None
        test = RunDirectory(session.folder).result()["sets"]["test"]
        before, after = test["zero_shot"]["accuracy"], test["accuracy"]
        steps = session.series.step
        self.lines.append(
            f"training: {steps} steps of FLYP with the starter, {before:.1%} of {test['n']} test pictures right "
            f"before, {after:.1%} after"
        )

    def exports(self) -> Iterator[Act]:
        from app import texts
        from app.playing import Click, Until
        from app.steps import Step

        page: Any = self.window.page(Step.EXPORT)
        exporting = page.exporting
        exporting.done.connect(self._keep)
        exporting.failed.connect(lambda message: self._went_wrong(f"nothing was exported: {message.text}"))
        yield Until("what this run can leave in", lambda: exporting.checked or exporting.trouble is not None)
        missing = []
        for name, card in page.formats.cards.items():
            why = card.entry.unavailable
            if why is None:
                if not card.tick.isChecked():
                    yield Click(card.tick)
            else:
                self.lines.append(f"no export as {name}: {texts.whole(why)}")
                missing += [name] if why.code == "export.needs_package" else []
        if missing and frozen():
            self._went_wrong(f"the bundle lacks what {', '.join(missing)} need")
        yield Click(page.settings.export_button)
        yield Until("the verified exports", lambda: self._exported is not None, long=True)
        assert self._exported is not None
        for each in self._exported.exports:
            worst = max(check.largest_cosine_difference for check in each.checks)
            self.lines.append(
                f"export as {each.format}: verified on {each.pictures} pictures, cosines within {worst:.0e}"
            )

    def _keep(self, answer: ExportAnswer) -> None:
        self._exported = answer

    def predictions(self) -> Iterator[Act]:
        from app.playing import Click, Do, Until
        from app.steps import Step
        from engine.exports import PredictRequest

        page: Any = self.window.page(Step.EXPORT)
        classes = sorted(each for each in (window_paths.sample() / "pictures").iterdir() if each.is_dir())
        given = tuple(str(sorted(each.glob("*.jpg"))[0]) for each in classes)
        yield Click(page.use_button)
        predicting = page._use.predicting
        predicting.judged.connect(lambda: self._judged.append(predicting.answer))
        predicting.failed.connect(lambda why: self._went_wrong(f"pictures were not judged: {why}"))
        yield Do(lambda: page._use.take(given))
        yield Until("the new pictures", lambda: bool(self._judged))
        assert self._exported is not None
        for each in self._exported.exports:
            if each.format in ("open_clip", "classifier"):
                count = len(self._judged)
                request = PredictRequest(source=each.path, paths=given)
                yield Do(lambda asked=request: self._ask(asked, self._judged.append))  # type: ignore[misc]
                yield Until(f"pictures through {each.format}", lambda n=count: len(self._judged) > n)  # type: ignore[misc]
        guesses = [tuple(p.guesses[0].class_name for p in answer.pictures) for answer in self._judged]
        right = sum(guess == Path(path).parent.name for guess, path in zip(guesses[0], given, strict=True))
        self.lines.append(
            f"prediction: {right} of {len(given)} right, the same by the run and {len(guesses) - 1} of its exports"
        )
        if len(set(guesses)) != 1:
            self._went_wrong("run and exports say different classes")
        elif right < _LEAST_RIGHT * len(given):
            self._went_wrong(f"only {right} of {len(given)} pictures were given their class")
        yield Until("right predictions", lambda: not self._trouble)

    def _ask(self, request: BaseModel, keep: Callable[[Any], None]) -> None:
        ticket = self.window.shell.engine.ask(request)
        ticket.answered.connect(keep)
        ticket.failed.connect(lambda failed: self._went_wrong(f"{ticket.kind}: {failed.message.text}"))
