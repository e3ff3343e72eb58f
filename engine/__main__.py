"""``python -m engine`` and the ``flyp`` command."""

from __future__ import annotations

import os
import sys

# Threads of torch's arithmetic that wait for each other shall sleep, not spin: where another program
# wants the cores too, a step that spins takes many times as long. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from engine.allocator import keep_freed_memory

# before anything starts a thread
keep_freed_memory()

from engine.cli import main  # noqa: E402  see above

__all__ = ["main"]

if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        # a helper that Python starts for itself (macOS, Windows) comes by here, as there is no other Python
        from multiprocessing import freeze_support

        freeze_support()
    sys.exit(main())
