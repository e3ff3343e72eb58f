"""For all tests."""

from __future__ import annotations

import os

# as in engine.__main__: waiting threads sleep, so that tests do not slow each other down
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
