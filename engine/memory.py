"""Is it the memory that did not suffice?"""

from __future__ import annotations

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """torch raises a class of its own on CUDA and a plain RuntimeError elsewhere."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
