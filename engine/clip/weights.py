"""Reading weights files that a stranger could have made, and fitting them into a model.

safetensors is preferred; pickled files (.pt, .pth, .bin) are read by torch's restricted
unpickler only, and TorchScript archives, which carry code, are refused.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from engine.clip import library
from engine.clip.quiet import quiet
from engine.control import Control
from engine.errors import EngineError

StateDict = dict[str, Tensor]

_OPENAI_EXTRAS = ("input_resolution", "context_length", "vocab_size")
_CHUNK = 1 << 22


def sha256(path: Path, control: Control | None = None) -> str:
    """Hex SHA-256 of a file's content."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                if control is not None:
                    control.check()
                digest.update(chunk)
    except OSError as error:
        raise EngineError("files.unreadable", str(error), path=str(path), reason=str(error)) from error
    return digest.hexdigest()


def read(path: Path) -> StateDict:
    """The tensors of a weights file, on the CPU, under their plain names.

    Raises EngineError for a missing, damaged or unsafe file.
    """
    if not path.is_file():
        raise EngineError("clip.no_weights_file", path=str(path))
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickled(path)
    for wrapper in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict):
        raise EngineError("clip.not_weights", path=str(path), reason=f"it holds a {type(content).__name__}")
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise EngineError("clip.not_weights", path=str(path), reason="it holds no tensors")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return tensors


def _read_safetensors(path: Path) -> StateDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        loaded: StateDict = load_file(path, device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise EngineError("clip.damaged_weights", str(error), path=str(path), reason=str(error)) from error
    return loaded


def _read_pickled(path: Path) -> Any:
    if path.suffix in (".npz", ".npy", ".onnx", ".h5", ".msgpack"):
        raise EngineError("clip.not_weights", path=str(path), reason=f"{path.suffix} files are not read")
    if _is_torchscript(path):
        raise EngineError("clip.torchscript", path=str(path))
    try:
        with quiet():
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise EngineError("clip.unsafe_weights", str(error), path=str(path)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise EngineError("clip.damaged_weights", str(error), path=str(path), reason=reason) from error


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def is_openai(state: StateDict) -> bool:
    """Whether these are the tensors as OpenAI published them, which were trained with QuickGELU."""
    return all(name in state for name in _OPENAI_EXTRAS)


def fit(state: StateDict, model: nn.Module, where: str) -> StateDict:
    """The tensors under the names and in the scalar shapes that ``model`` has.

    Covers the old forms that open_clip reads too: text parts without ``text.``, scalars of one
    dimension, buffers that transformers no longer has. Raises EngineError saying what was
    expected and what came if names or shapes still differ.
    """
    wanted = model.state_dict()
    with quiet():
        library.load()
        from open_clip.convert import convert_state_dict

        state = dict(convert_state_dict(model, dict(state)))
    for name in _OPENAI_EXTRAS:
        if name not in wanted:
            state.pop(name, None)
    if "positional_embedding" in state and "positional_embedding" not in wanted:
        state = {_custom_text_name(name): value for name, value in state.items()}
    state = {name: value for name, value in state.items() if name in wanted or not _is_dropped(name)}
    for name in ("logit_scale", "logit_bias"):
        if name in state and name in wanted and state[name].numel() == 1:
            state[name] = state[name].reshape(wanted[name].shape)
    _check(state, wanted, where)
    return state


def _custom_text_name(name: str) -> str:
    moved = ("text_projection", "positional_embedding", "token_embedding.", "transformer.", "ln_final.")
    return f"text.{name}" if name.startswith(moved) else name


def _is_dropped(name: str) -> bool:
    # buffers that older versions of transformers and open_clip stored
    return name.endswith(("embeddings.position_ids", "attn_mask"))


def _check(state: StateDict, wanted: StateDict, where: str) -> None:
    missing = sorted(wanted.keys() - state.keys())
    unknown = sorted(state.keys() - wanted.keys())
    shapes = [
        f"{name} should be {_shape(wanted[name])} but is {_shape(state[name])}"
        for name in wanted
        if name in state and wanted[name].shape != state[name].shape
    ]
    found = shapes[:2]
    if missing:
        found.append(f"{len(missing)} tensors are missing, such as {missing[0]}")
    if unknown:
        found.append(f"{len(unknown)} tensors are not part of the model, such as {unknown[0]}")
    if found:
        detail = "\n".join([*shapes, *(f"missing {n}" for n in missing), *(f"unknown {n}" for n in unknown)])
        raise EngineError("clip.weights_mismatch", detail, path=where, reason="; ".join(found))


def _shape(tensor: Tensor) -> str:
    return "×".join(str(size) for size in tensor.shape) or "a scalar"
