"""What a recipe becomes on this machine: device, threads, arithmetic, memory format.

The choice is made once, by rule where the device's vendor is clear and by a trial step where
only the clock can tell, written into the run as its plan, and used again on resumption.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import psutil
import torch
from pydantic import BaseModel, ConfigDict
from torch import nn

from engine.errors import EngineError
from engine.recipe import Training

Precision = Literal["fp32", "bf16", "fp16"]
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
GAIN = 1.1
"""bf16 or another memory format must be this much faster than plain fp32 to be chosen."""
VECTOR_LANES = 16
"""fp32 numbers in the widest vector of an x86 CPU."""


class Plan(BaseModel):
    """How a run is computed on its machine. Kept in the run and used again when it is resumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    device: str
    """cpu, cuda:0, mps."""
    device_name: str
    """In words, as the maker calls it."""
    threads: int
    precision: Precision
    channels_last: bool
    """Memory format of pictures and convolutions."""
    fused: bool
    """AdamW in one pass over memory."""
    micro_batch: int
    """Pictures that pass the model at once."""
    torch: str
    """Version of torch that the run was computed with."""
    trial_ms: dict[str, float] = {}
    """Milliseconds of the trial step for each way that was tried."""


def devices() -> list[str]:
    """Names of the devices that there are, best first."""
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def choose_device(asked: str) -> torch.device:
    """The device asked for, or the best there is for 'auto'. Raises EngineError if it is not there."""
    known = devices()
    if asked == "auto":
        return torch.device(known[0])
    name = "cuda:0" if asked == "cuda" else asked
    if name not in known:
        reason = "torch sees no such device"
        raise EngineError(
            "training.no_device", device=asked, reason=reason, known=", ".join(["auto", *known])
        )
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """The device in words."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU"
    return _cpu_name()


@cache
def _cpu_name() -> str:
    """The processor as its maker calls it, where the system tells."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpu_has_bf16() -> bool:
    """Does this CPU compute bf16 products in hardware?"""
    has = [
        getattr(torch.cpu, f"_is_{name}_supported", lambda: False)() for name in ("avx512_bf16", "amx_tile")
    ]
    return any(has)


def can_do(device: torch.device, precision: Precision) -> bool:
    """Can the device train in this precision in hardware?"""
    if precision == "fp32":
        return True
    if device.type == "cuda":
        if precision == "bf16":
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
        return True
    if device.type == "cpu":
        return precision == "bf16" and cpu_has_bf16()
    return False


def memory_used(device: torch.device) -> int:
    """Peak memory in bytes: the device's own, or the process's on the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.current_allocated_memory())
    return int(psutil.Process().memory_info().rss)


@contextlib.contextmanager
def arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """Autocast to the precision; nothing for fp32."""
    if precision == "fp32":
        yield
        return
    with torch.autocast(device.type, dtype=_DTYPES[precision]):
        yield


def channels_last_is_safe(device: torch.device, module: nn.Module) -> bool:
    """Can this image tower be computed with channels last on this device?

    On x86 CPUs oneDNN writes past its workspace in the backward pass of a 1×1 convolution with a
    stride over fewer input channels than a vector has lanes (uxlfoundation/oneDNN issue 6035):
    the process dies or the gradients are wrong. MobileCLIP's first layers are of that shape.
    """
    if device.type != "cpu":
        return True
    return not any(
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and max(layer.stride) > 1
        and layer.in_channels // layer.groups < VECTOR_LANES
        for layer in module.modules()
    )


def ways(device: torch.device, settings: Training, channels_last: bool) -> list[tuple[Precision, bool]]:
    """The (precision, channels_last) pairs worth a trial on this device, plain fp32 first.

    ``channels_last`` says whether that memory format is worth a trial for the image tower. On CUDA
    the precision follows from the hardware: bf16 where there is, else fp16.
    """
    formats = [False, True] if channels_last else [False]
    if settings.precision != "auto":
        if not can_do(device, settings.precision) and device.type != "cpu":
            raise EngineError(
                "training.precision_unavailable", device=str(device), precision=settings.precision
            )
        if settings.precision == "fp16" and device.type == "cpu":
            raise EngineError("training.precision_unavailable", device="The CPU", precision="fp16")
        return [(settings.precision, last) for last in formats]
    if device.type == "cuda":
        best: Precision = "bf16" if can_do(device, "bf16") else "fp16"
        return [(best, channels_last)]
    precisions: list[Precision] = ["fp32"]
    if can_do(device, "bf16"):
        precisions.append("bf16")
    return [(precision, last) for precision in precisions for last in formats]


def fastest(
    candidates: list[tuple[Precision, bool]], trial: Callable[[Precision, bool], None], device: torch.device
) -> tuple[tuple[Precision, bool], dict[str, float]]:
    """Run ``trial`` in every way and take the quickest; the first one unless another gains by ``GAIN``.

    Each way is run once to warm up and then timed, quick ones several times in turn.
    """
    if len(candidates) == 1:
        return candidates[0], {}
    best = dict.fromkeys(candidates, float("inf"))
    for way in candidates:
        trial(*way)
    for _ in range(3):
        began = time.perf_counter()
        for way in candidates:
            start = time.perf_counter()
            trial(*way)
            synchronize(device)
            best[way] = min(best[way], time.perf_counter() - start)
        if time.perf_counter() - began > 2:
            break
    chosen = candidates[0]
    for way in candidates[1:]:
        if best[chosen] / best[way] >= GAIN:
            chosen = way
    times = {f"{p}{' channels-last' if c else ''}": round(best[(p, c)] * 1000, 2) for p, c in candidates}
    return chosen, times


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all it was given; only for clocks."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
