"""Writing and reading a run's checkpoints.

A checkpoint is an open_clip folder (weights as safetensors and their config); what a method has
learnt beside the model's weights lies next to them in a file of its own, which open_clip does not
read. ``last`` also has the state that resuming needs; it is read back with ``weights_only=True``,
so that a folder from a stranger cannot run code.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from engine import files
from engine.errors import EngineError
from engine.methods import OWN
from engine.run_directory import CheckpointName, RunDirectory

WEIGHTS = "model.safetensors"
LEARNED = "learned.safetensors"
"""Tensors whose names begin with ``methods.OWN``, under these names; absent where there are none."""
STATE = "training_state.pt"


@dataclass
class Position:
    """How far a run has come; all plain numbers, so that it can be stored safely."""

    step: int = 0
    """Optimizer steps done."""
    epoch: int = 1
    """Epoch under way, from 1."""
    batch: int = 0
    """Batches of that epoch done."""
    best_epoch: int = 0
    best_loss: float = float("inf")
    """Head cross-entropy on validation of the best epoch, in nats."""
    since_best: int = 0
    """Epochs since then."""
    micro_batch: int = 0
    """Pictures at once, after what running out of memory taught."""
    history: list[float] = field(default_factory=list)
    """Validation loss of every epoch, zero-shot first."""


def _weights(state: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    plain = {name: tensor.detach().to("cpu").contiguous() for name, tensor in state.items()}
    # two names for one tensor are legal in torch and refused by safetensors
    seen: dict[int, str] = {}
    for name, tensor in plain.items():
        if tensor.numel() and tensor.data_ptr() in seen:
            plain[name] = tensor.clone()
        seen[tensor.data_ptr()] = name
    return safetensors.torch.save(plain, metadata)


def save(
    run: RunDirectory,
    name: CheckpointName,
    learner_state: dict[str, Tensor],
    write_config: Callable[[Path], None],
    position: Position,
    training_state: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint whole: the old one stays until the new one is on the disk.

    ``write_config`` writes what makes the folder one that open_clip loads.
    """
    metadata = {"format": "pt"}
    if name == "best":
        metadata |= {"epoch": str(position.best_epoch), "validation_loss": repr(position.best_loss)}
    with files.replacing_folder(run.checkpoint(name)) as folder:
        own = {name: tensor for name, tensor in learner_state.items() if name.startswith(OWN)}
        model = {name: tensor for name, tensor in learner_state.items() if name not in own}
        files.write_bytes(folder / WEIGHTS, _weights(model, metadata))
        if own:
            files.write_bytes(folder / LEARNED, _weights(own, {"format": "pt"}))
        write_config(folder)
        if training_state is not None:
            with files.replacing(folder / STATE) as stream:
                torch.save({**training_state, "position": asdict(position)}, stream)


def _load_error(path: Path, error: Exception) -> EngineError:
    return EngineError(
        "training.bad_weights",
        str(error),
        path=str(path),
        reason=(str(error).splitlines() or [type(error).__name__])[0],
    )


def load_weights(run: RunDirectory, name: CheckpointName) -> dict[str, Tensor]:
    """The weights of a checkpoint. Raises EngineError if there is none or it is damaged."""
    if not run.has_checkpoint(name):
        raise EngineError("run.no_checkpoint", path=str(run.path))
    folder = run.standing_checkpoint(name)
    state: dict[str, Tensor] = {}
    for path in (folder / WEIGHTS, folder / LEARNED):
        if path.name == LEARNED and not path.exists():
            continue
        try:
            state |= safetensors.torch.load_file(path)
        except (OSError, safetensors.SafetensorError) as error:
            raise _load_error(path, error) from None
    return state


def best_on_disk(run: RunDirectory) -> tuple[int, float] | None:
    """Epoch and validation loss that the best checkpoint was written for, or None if there is none."""
    if not run.has_checkpoint("best"):
        return None
    path = run.standing_checkpoint("best") / WEIGHTS
    try:
        with safetensors.safe_open(path, framework="pt") as content:
            metadata = content.metadata() or {}
            return int(metadata["epoch"]), float(metadata["validation_loss"])
    except (OSError, KeyError, ValueError, safetensors.SafetensorError) as error:
        raise _load_error(path, error) from None


def load_state(run: RunDirectory) -> tuple[Position, dict[str, Any]]:
    """How far the run had come, and the states of optimizer, scaler and learner."""
    if not run.has_checkpoint("last"):
        raise EngineError("run.no_checkpoint", path=str(run.path))
    path = run.standing_checkpoint("last") / STATE
    try:
        state = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
        kept = {
            "optimizer": state["optimizer"],
            "scaler": state["scaler"],
            "learner": state.get("learner", {}),
        }
        return Position(**state.pop("position")), kept
    except Exception as error:  # noqa: BLE001  a damaged file fails in many ways, all of them the same to a person
        raise _load_error(path, error) from None
