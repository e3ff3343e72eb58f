"""What the bundle's space goes to: ``python resources/packaging/sizes.py dist/flyp-gui``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

ROWS = 25
_TWO_LEVELS = ("nvidia", "torch")
"""Large ones are shown by their own parts."""


def parts(folder: Path) -> Counter[str]:
    """Bytes of each part; links count nothing."""
    found: Counter[str] = Counter()
    for file in folder.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        names = file.relative_to(folder).parts
        if names[0] == "_internal":
            names = names[1:]
        if len(names) == 1:
            name = names[0] if "_internal" not in file.parts else "libraries of Python and the system"
        else:
            name = "/".join(names[: 2 if names[0] in _TWO_LEVELS and len(names) > 2 else 1])
        found[name] += file.stat().st_size
    return found


def table(found: Counter[str]) -> str:
    """The largest parts in MB, and all of it."""
    rows = [f"{size / 1e6:9.1f} MB  {name}" for name, size in found.most_common(ROWS)]
    rest = sum(found.values()) - sum(size for _, size in found.most_common(ROWS))
    if rest:
        rows.append(f"{rest / 1e6:9.1f} MB  {len(found) - ROWS} smaller parts")
    return "\n".join([*rows, f"{sum(found.values()) / 1e6:9.1f} MB  in all"])


if __name__ == "__main__":
    print(table(parts(Path(sys.argv[1]))))
