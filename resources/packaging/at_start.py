"""Runs first in both of the bundle's programs."""

import os

# The bundle's own libraries are for the bundle's own programs. What these start (a browser, a file
# manager) shall find the system's; each of ours sets the variable for itself.
for _name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
    _before = os.environ.pop(f"{_name}_ORIG", None)
    if _before is not None:
        os.environ[_name] = _before
    elif _name in os.environ:
        del os.environ[_name]
