"""Tiny open_clip folders for tests: real architectures with fresh weights, made in a moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from engine.clip import build

_TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
_VIT = {"image_size": 32, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
_TIMM_VIT = {
    "image_size": 32,
    "timm_model_name": "test_vit",
    "timm_pool": "",
    "timm_proj": "linear",
}

KINDS: dict[str, dict[str, Any]] = {
    "vit": {"embed_dim": 16, "vision_cfg": _VIT, "text_cfg": _TEXT},
    "quick-gelu": {"embed_dim": 16, "quick_gelu": True, "vision_cfg": _VIT, "text_cfg": _TEXT},
    "short": {"embed_dim": 16, "vision_cfg": _VIT, "text_cfg": {**_TEXT, "context_length": 16}},
    "resnet": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64},
        "text_cfg": _TEXT,
    },
    "custom-text": {"embed_dim": 16, "custom_text": True, "vision_cfg": _VIT, "text_cfg": _TEXT},
    "siglip": {
        "embed_dim": 16,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": _VIT,
        "text_cfg": {
            **_TEXT,
            "context_length": 64,
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-6},
        },
    },
    "mobile": {
        "embed_dim": 16,
        "custom_text": True,
        "vision_cfg": _TIMM_VIT,
        "text_cfg": {**_TEXT, "no_causal_mask": True},
    },
    "eos": {"embed_dim": 16, "vision_cfg": _VIT, "text_cfg": {**_TEXT, "pool_type": "eos", "eos_id": 49407}},
    "embed-cls": {
        "embed_dim": 16,
        "custom_text": True,
        "vision_cfg": _VIT,
        "text_cfg": {**_TEXT, "embed_cls": True, "pad_id": 0},
    },
    "one-dimensional": {
        "embed_dim": 16,
        "nonscalar_logit_scale": True,
        "vision_cfg": _VIT,
        "text_cfg": _TEXT,
    },
}
"""A model_cfg for each kind that ``make`` knows."""

PREPROCESS: dict[str, Any] = {
    "mean": [0.5, 0.4, 0.3],
    "std": [0.3, 0.25, 0.2],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def make(folder: Path, kind: str = "vit", seed: int = 0) -> Path:
    """Write an open_clip folder of the given kind (see KINDS); the same seed gives the same weights.

    32 × 32 pixels, widths of 32, embeddings of 16. Returns ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = make_model(kind, seed).state_dict()
    save_file(
        {name: tensor.contiguous().clone() for name, tensor in state.items()}, folder / "model.safetensors"
    )
    config = {"model_cfg": KINDS[kind], "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def make_model(kind: str = "vit", seed: int = 0) -> torch.nn.Module:
    """The open_clip module of a kind with weights that depend on ``seed`` alone.

    BatchNorm gets statistics, and zero-initialised vectors get values, so that nothing hides.
    """
    model = build.build(KINDS[kind], kind)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.state_dict().items()):
            if name in ("logit_scale", "logit_bias") or not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(1 + 0.2 * noise.abs())
            elif tensor.ndim <= 1 and name.endswith("weight"):
                tensor.copy_(1 + 0.1 * noise)
            elif tensor.ndim <= 1:
                tensor.copy_(0.1 * noise)
            else:
                # keep the spread of usual initialisation: 1 / sqrt(fan in)
                tensor.copy_(noise * tensor[0].numel() ** -0.5)
    return model
