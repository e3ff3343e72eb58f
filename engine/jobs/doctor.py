"""What this machine can do: each device is tried with a real kernel, and its result is checked."""

from __future__ import annotations

import http.client
import os
import platform
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from engine import __version__, paths
from engine.control import Control
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say
from engine.requests import DeviceEntry, DoctorAnswer, DoctorRequest
from engine.terminal import size

_LIBRARIES = (
    "torch",
    "torchvision",
    "open_clip_torch",
    "timm",
    "huggingface_hub",
    "safetensors",
    "numpy",
    "pillow",
    "pydantic",
)
_EXTRAS = {"hf": "transformers", "heic": "pi_heif"}
if TYPE_CHECKING:
    import torch

Kind = Literal["cpu", "cuda", "rocm", "mps", "xpu"]
HubState = Literal["reachable", "unreachable", "offline by setting"]

_HUB_SECONDS = 4.0
"""How long the hub may take to answer before it counts as out of reach."""


def doctor(request: DoctorRequest, emit: Emit, control: Control) -> DoctorAnswer:
    """Look at devices, memory, disk, folders, libraries and the hub."""
    emit(Progress(phase=say("doctor.looking")))
    devices = _devices(control)
    control.check()
    hub, state, problem = _hub(control)
    memory = psutil.virtual_memory()
    cache = paths.cache_folder()
    return DoctorAnswer(
        version=__version__,
        python=platform.python_version(),
        system=platform.platform(),
        versions={name: _version(name) for name in _LIBRARIES},
        extras={extra: util.find_spec(module) is not None for extra, module in _EXTRAS.items()},
        devices=devices,
        cores=_cores(),
        memory=int(memory.total),
        memory_free=int(memory.available),
        cache=str(cache),
        cache_free=_free(cache),
        data=str(paths.data_folder()),
        models=_models_folder(),
        starter=(paths.resources_folder() / "starter" / "open_clip_config.json").is_file(),
        hub=hub,
        hub_state=state,
        hub_problem=problem,
    )


def render(answer: DoctorAnswer) -> str:
    """The answer as text for a terminal."""
    lines = [f"flyp {answer.version}, Python {answer.python}, {answer.system}", "", "Devices"]
    for device in answer.devices:
        memory = "" if device.memory is None else f", {size(device.memory)}"
        free = "" if device.memory_free is None else f" ({size(device.memory_free)} free)"
        bf16 = ", bf16 in hardware" if device.bf16 else ""
        state = "works" if device.works else "FAILS"
        lines.append(f"  {device.device:<8} {state} {device.name}{memory}{free}{bf16}")
        if device.problem:
            lines.append(f"           {device.problem}")
    cache_free = "" if answer.cache_free is None else f" ({size(answer.cache_free)} free)"
    hub = answer.hub_state + (f": {answer.hub_problem}" if answer.hub_problem else "")
    lines += [
        "",
        f"Cores      {answer.cores}",
        f"Memory     {size(answer.memory)} ({size(answer.memory_free)} free)",
        f"Cache      {answer.cache}{cache_free}",
        f"Runs       {Path(answer.data) / 'runs'}",
        f"Models     {answer.models}",
        f"Starter    {'there' if answer.starter else 'missing: install the program again'}",
        f"Hub        {answer.hub}, {hub}",
        "",
        "Libraries  "
        + ", ".join(f"{name} {version or 'missing'}" for name, version in answer.versions.items()),
        "Extras     "
        + ", ".join(
            f"{name} {'installed' if there else f'not installed (pip install flyp-gui[{name}])'}"
            for name, there in answer.extras.items()
        ),
    ]
    return "\n".join(lines)


def _devices(control: Control) -> tuple[DeviceEntry, ...]:
    import torch

    entries = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            control.check()
            entries.append(_tried(f"cuda:{index}", "rocm" if torch.version.hip else "cuda"))
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        entries += [_tried(f"xpu:{index}", "xpu") for index in range(torch.xpu.device_count())]
    if torch.backends.mps.is_available():
        entries.append(_tried("mps", "mps"))
    control.check()
    return (*entries, _tried("cpu", "cpu"))


def _tried(name: str, kind: Kind) -> DeviceEntry:
    """A device after its trial; one that fails is an entry with its problem, not an error."""
    import torch

    from engine.training import precision

    device = torch.device(name)
    shown, memory, free, bf16, problem = name, None, None, False, ""
    try:
        shown = torch.xpu.get_device_name(device) if kind == "xpu" else precision.device_name(device)
        if kind == "cpu":
            memory, free = psutil.virtual_memory().total, psutil.virtual_memory().available
        elif device.type == "cuda":
            free, memory = torch.cuda.mem_get_info(device)
        bf16 = precision.can_do(device, "bf16")
        problem = _kernel_problem(device)
    except (RuntimeError, AssertionError, OSError) as error:
        # a broken driver shows itself as any of these
        problem = str(error).strip().partition("\n")[0] or type(error).__name__
    return DeviceEntry(
        device=name,
        kind=kind,
        name=shown,
        works=not problem,
        problem=problem,
        memory=memory,
        memory_free=free,
        bf16=bf16,
    )


def _kernel_problem(device: torch.device) -> str:
    """Multiply small matrices of whole numbers, whose product is exact; what was wrong, or ''."""
    import torch

    # made without a random generator, so that a training beside it draws the same numbers
    left = (torch.arange(64 * 48, dtype=torch.float32) % 7 - 3).reshape(64, 48)
    right = (torch.arange(48 * 32, dtype=torch.float32) % 5 - 2).reshape(48, 32)
    expected = (left[:, :, None] * right[None, :, :]).sum(dim=1)
    found = (left.to(device) @ right.to(device)).cpu()
    return "" if torch.equal(found, expected) else str(say("doctor.wrong_sum"))


def _cores() -> int:
    """Cores this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free(folder: Path) -> int | None:
    """Bytes free where ``folder`` is or would be made."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        # a bundle may carry the module without its metadata
        return str(getattr(sys.modules.get(name), "__version__", ""))


def _models_folder() -> str:
    from huggingface_hub import constants

    return str(constants.HF_HUB_CACHE)


def _hub(control: Control) -> tuple[str, HubState, str]:
    """The hub's address, whether it answers, and why not."""
    from huggingface_hub import constants

    endpoint = str(constants.ENDPOINT)
    if constants.is_offline_mode():
        return endpoint, "offline by setting", ""
    found: list[tuple[HubState, str]] = []
    # in a thread, as looking up a name has no timeout of its own
    asking = threading.Thread(target=lambda: found.append(_asked(endpoint)), name="hub", daemon=True)
    asking.start()
    began = time.monotonic()
    while asking.is_alive() and time.monotonic() - began < _HUB_SECONDS:
        asking.join(0.1)
        control.check()
    state, problem = found[0] if found else ("unreachable", f"no answer within {_HUB_SECONDS:.0f} seconds")
    return endpoint, state, problem


def _asked(endpoint: str) -> tuple[HubState, str]:
    ask = urllib.request.Request(endpoint, method="HEAD")
    try:
        with urllib.request.urlopen(ask, timeout=_HUB_SECONDS):
            return "reachable", ""
    except urllib.error.HTTPError:
        # it answered, if only to refuse
        return "reachable", ""
    except (OSError, ValueError, http.client.HTTPException) as failure:
        return "unreachable", str(getattr(failure, "reason", failure)) or type(failure).__name__
