"""Start: arguments, the QApplication, the window; everything slow comes after the first paint."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from engine import paths
from engine.errors import EngineError
from engine.terminal import have_standard_streams


def main(arguments: list[str] | None = None) -> int:
    """``flyp-gui [FOLDER|TABLE|RUN|PROJECT]``; the exit code."""
    # a program that is only a window has none on Windows
    is_told = sys.stdout is not None
    have_standard_streams()
    given = _parser().parse_args(arguments)
    try:
        paths.data_folder(), paths.cache_folder()
    except EngineError as error:
        print(f"flyp-gui: {error}", file=sys.stderr)
        return error.exit_code
    if given.self_test:
        from app.self_test import run

        unheard = None if is_told else paths.log_folder() / "self-test.txt"
        return run(sys.argv[:1], given.report or unheard)
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        if not (given.demo or given.stall_report):
            print(
                "flyp-gui: There is no display. Start it on a desktop, or use 'flyp' in the terminal.",
                file=sys.stderr,
            )
            return 2
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.application import Application

    # what walks by itself leaves the person's own settings alone
    application = Application(sys.argv[:1], given.theme, scratch=given.demo or given.stall_report)
    window = application.open_window()
    if given.demo:
        from app.demo import Demo

        demo = Demo(window, fast=given.fast, screenshots=given.screenshots)
        demo.begin()
    elif given.path is not None and not given.stall_report:
        window.opening.open_path(given.path.absolute())
    elif not given.stall_report:
        window.opening.restore()
    if given.stall_report:
        from app.stalls import Report

        Report(window, None if given.path is None else str(given.path))
    window.show()
    return application.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flyp-gui", description="Teach a CLIP model your own pictures.")
    parser.add_argument(
        "path", nargs="?", type=Path, help="folder of pictures, CSV/TSV table, run or project"
    )
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours; default: as last time")
    parser.add_argument("--demo", action="store_true", help="walk through the wizard on the sample by itself")
    parser.add_argument("--fast", action="store_true", help="with --demo: as fast as it goes")
    parser.add_argument(
        "--screenshots", type=Path, metavar="FOLDER", help="with --demo: save each page, light and dark"
    )
    parser.add_argument(
        "--stall-report", action="store_true", help="measure how long the window did not answer"
    )
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="without a screen: train on the sample, export, predict; exit code 0 if all of it works",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="with --self-test: write the summary there too"
    )
    return parser
