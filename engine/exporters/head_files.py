"""``head.safetensors``: a head that is a matrix, beside a model that computes embeddings.

    logits = scale · embeddings · weightᵀ + bias,   embeddings normalised

C: classes, D: embedding.
"""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from engine import files
from engine.errors import EngineError
from engine.methods import MatrixHead

FILE = "head.safetensors"


def write(head: MatrixHead, folder: Path) -> None:
    """Tensors ``weight`` (C × D), ``bias`` (C) and ``scale`` (a scalar)."""
    bias = torch.as_tensor(head.bias, dtype=torch.float32)
    tensors = {
        "weight": head.weight_CD.float().contiguous().clone(),
        "bias": bias.expand(len(head.weight_CD)).contiguous().clone(),
        "scale": torch.tensor(head.scale, dtype=torch.float32),
    }
    files.write_bytes(folder / FILE, safetensors.torch.save(tensors, {"format": "pt"}))


def read(folder: Path, classes: int) -> MatrixHead:
    """Raises EngineError if the file is damaged or of another number of classes."""
    path = folder / FILE
    try:
        found = safetensors.torch.load_file(path)
        weight_CD, bias_C = found["weight"], found["bias"]
        if weight_CD.ndim != 2 or len(weight_CD) != classes or bias_C.shape != (classes,):
            raise ValueError(f"it is of {tuple(weight_CD.shape)}, for {classes} classes")
        return MatrixHead(weight_CD.float(), float(found["scale"]), bias_C.float())
    except (OSError, KeyError, ValueError, RuntimeError, safetensors.SafetensorError) as error:
        raise EngineError("export.damaged", str(error), path=str(path), reason=str(error)) from error
