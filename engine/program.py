"""How the program starts itself again as a child: from Python, or as the bundle's ``flyp``.

Whatever needs a process of its own starts by this: the window's engine, a run left in the background,
the fresh process that reads exports back. In a bundle there is no Python to be called.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import engine


def frozen() -> bool:
    """This is the bundle."""
    return bool(getattr(sys, "frozen", False))


def command(*arguments: str) -> list[str]:
    """The command line of ``flyp`` with these arguments; to be run in ``environment()``."""
    if frozen():
        # window and engine lie in one folder
        name = "flyp.exe" if sys.platform == "win32" else "flyp"
        return [str(Path(sys.executable).with_name(name)), *arguments]
    # -P: a file in the folder that the person stands in must not be taken for a module of ours
    return [sys.executable, "-P", "-m", "engine", *arguments]


def environment() -> dict[str, str]:
    """The variables of this process, and Python finds the same ``engine`` wherever the child stands."""
    root = Path(engine.__file__).resolve().parent.parent
    if frozen() or root.name in ("site-packages", "dist-packages"):
        return dict(os.environ)
    beside = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{beside}" if beside else str(root)}
