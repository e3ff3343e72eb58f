"""Building open_clip's modules from a configuration, with no weights and no network.

Torch is imported only when something is built: fetching a model does without.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from engine.clip import library
from engine.clip.quiet import quiet
from engine.errors import EngineError

if TYPE_CHECKING:
    from torch import nn

ModelConfig = dict[str, Any]
"""An open_clip ``model_cfg``: embed_dim, vision_cfg, text_cfg and a few switches."""


def cleaned(config: ModelConfig) -> ModelConfig:
    """The configuration without what would load other weights, answer in pairs or keep 1-d scalars.

    A new dict; it describes the very same computation.
    """
    config = copy.deepcopy(config)
    vision, text = config["vision_cfg"], config["text_cfg"]
    # towers with tokens beside the embedding are CoCa's; scalars are 0-d here (open_clip reshapes on loading)
    for part in (vision, text):
        part.pop("output_tokens", None)
    config.pop("nonscalar_logit_scale", None)
    config.pop("output_dict", None)
    config.pop("cast_dtype", None)
    if vision.get("timm_model_name"):
        vision["timm_model_pretrained"] = False
    if text.get("hf_model_name"):
        text["hf_model_pretrained"] = False
    return config


def is_custom_text(config: ModelConfig) -> bool:
    """Whether the text tower is a module of its own in the model."""
    return bool(config.get("custom_text") or config["text_cfg"].get("hf_model_name"))


def has_transformers() -> bool:
    """Whether the optional extra ``hf`` is installed."""
    return importlib.util.find_spec("transformers") is not None


def need_transformers(config: ModelConfig) -> str:
    """What of the model comes from transformers: 'text tower', 'tokenizer' or ''."""
    text = config["text_cfg"]
    if text.get("hf_model_name"):
        return "text tower"
    return "tokenizer" if text.get("hf_tokenizer_name") else ""


def check(config: Any, where: str) -> ModelConfig:
    """The configuration if it is one of a CLIP; else EngineError. ``where`` names its origin."""
    if not isinstance(config, dict) or any(
        not isinstance(config.get(key), kind)
        for key, kind in (("embed_dim", int), ("vision_cfg", dict), ("text_cfg", dict))
    ):
        raise EngineError(
            "clip.bad_config", where=where, reason="embed_dim, vision_cfg and text_cfg are expected in it"
        )
    if "multimodal_cfg" in config:
        raise EngineError("clip.multimodal", model=where)
    part = need_transformers(config)
    if part and not has_transformers():
        raise EngineError("clip.needs_transformers", model=where, part=part)
    return config


def _refuse_remote_code(config: ModelConfig) -> None:
    """Let transformers refuse a text tower that brings its own code, instead of asking on stdin.

    open_clip passes it no ``trust_remote_code``; without time to answer, the answer is no.
    """
    if config["text_cfg"].get("hf_model_name"):
        with quiet():
            asking: Any = importlib.import_module("transformers.dynamic_module_utils")
        asking.TIME_OUT_REMOTE_CODE = 0


def build(config: ModelConfig, where: str, device: str = "cpu") -> nn.Module:
    """A CLIP or CustomTextCLIP with fresh weights, fp32, in eval mode. ``device`` may be 'meta'.

    The global random generators are left as they were. Raises EngineError for a configuration
    that open_clip (or timm, or transformers) cannot build.
    """
    config = cleaned(check(config, where))
    custom_text = is_custom_text(config)
    config.pop("custom_text", None)
    import torch

    _refuse_remote_code(config)
    with quiet():
        # not as if it were a model: what it makes while it is loaded stays
        open_clip = library.load(text_towers=bool(config["text_cfg"].get("hf_model_name")))
    with quiet(), torch.random.fork_rng(devices=[]), torch.device(device):
        kind = open_clip.CustomTextCLIP if custom_text else open_clip.CLIP
        try:
            model: nn.Module = kind(**config)
        except (
            TypeError,
            ValueError,
            RuntimeError,
            LookupError,
            ArithmeticError,
            AssertionError,
            AttributeError,
            OSError,
        ) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise EngineError("clip.bad_config", str(error), where=where, reason=reason) from error
    return model.eval()
