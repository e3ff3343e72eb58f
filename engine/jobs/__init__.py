"""Jobs: what a terminal command or a request of the window does. One file a job.

A job is ``job(request, emit, control) -> answer``: it emits events while it works, looks at
``control`` in every long loop, raises EngineError when the input is at fault, and returns its
answer model. The command line and ``flyp serve`` call the same functions. This package's
``__init__`` imports nothing heavy; each job's module may import torch.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Event

Emit = Callable[[Event], None]
"""Where a job's events go. Never raises, never blocks for long."""
