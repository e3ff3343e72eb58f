"""For all tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# as in engine.__main__: waiting threads sleep, so that tests do not slow each other down
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# tests run beside each other, and models here are small: threads would only stand in each other's way
os.environ.setdefault("OMP_NUM_THREADS", "1")

# the list of fonts is made once, not in each test's own cache
os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / "flyp-tests-matplotlib"))
