"""open_clip's towers as CLIPModel of transformers has them: configuration, tensors, tokenizer files.

Only what CLIPModel computes to the last rounding maps: a vision transformer with a class token and a
causal text transformer read at the end token, both with LayerNorm, and GELU or QuickGELU in both.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.clip import library
from engine.clip.backbone import Backbone
from engine.clip.quiet import quiet
from engine.clip.tokens import is_cuttable

_START, _END = "<|startoftext|>", "<|endoftext|>"
Config = dict[str, Any]


class NoMapping(Exception):
    """Why a model does not map, in words that go on after 'cannot compute this model:'."""


def config(backbone: Backbone) -> Config:
    """The content of a CLIPModel's config.json. Raises NoMapping with the reason if there is none."""
    model: Any = backbone.model
    if backbone.image_kind != "vit":
        raise NoMapping("its image tower is no vision transformer of open_clip's own")
    if backbone.logit_bias is not None:
        raise NoMapping("it has a logit bias (SigLIP)")
    text: Any = getattr(model, "text", model)
    if not (hasattr(text, "token_embedding") and hasattr(text, "transformer")):
        raise NoMapping("its text tower is not open_clip's own")
    if not is_cuttable(text):
        raise NoMapping("its text tower looks both ways, or is read elsewhere than at the end token")
    visual = model.visual
    _check_vision(visual)
    vision_layers, text_layers = visual.transformer.resblocks, text.transformer.resblocks
    activation = "quick_gelu" if backbone.quick_gelu else "gelu"
    for block in (*vision_layers, *text_layers):
        _check_block(block)
    projection = text.text_projection
    if projection is None:
        raise NoMapping("its text tower has no projection")
    if isinstance(projection, nn.Module) and (
        not isinstance(projection, nn.Linear) or projection.bias is not None
    ):
        raise NoMapping("its text projection has a bias")
    tokens, width = text.token_embedding.weight.shape
    end = getattr(text, "text_eos_id", None) or getattr(text, "eos_id", None) or tokens - 1
    height, patch = visual.image_size[0], visual.patch_size[0]
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": backbone.embed_dim,
        "logit_scale_init_value": 2.6592,
        "dtype": "float32",
        "text_config": {
            "model_type": "clip_text_model",
            "vocab_size": tokens,
            "hidden_size": width,
            "projection_dim": backbone.embed_dim,
            "max_position_embeddings": text.positional_embedding.shape[0],
            "bos_token_id": tokens - 2,
            "eos_token_id": int(end),
            "pad_token_id": int(end),
            **_layers(text_layers, activation),
        },
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_size": visual.conv1.weight.shape[0],
            "projection_dim": backbone.embed_dim,
            "image_size": height,
            "patch_size": patch,
            **_layers(vision_layers, activation),
        },
    }


def _layers(blocks: Any, activation: str) -> Config:
    first = blocks[0]
    return {
        "num_hidden_layers": len(blocks),
        "num_attention_heads": first.attn.num_heads,
        "intermediate_size": first.mlp.c_fc.weight.shape[0],
        "hidden_act": activation,
        "layer_norm_eps": first.ln_1.eps,
    }


def _check_vision(visual: Any) -> None:
    if visual.attn_pool is not None or visual.pool_type != "tok":
        raise NoMapping("its image tower pools other than by a class token")
    if not isinstance(visual.ln_pre, nn.LayerNorm):
        raise NoMapping("its image tower has no LayerNorm before its layers")
    if visual.proj is None or visual.final_ln_after_pool:
        raise NoMapping("its image tower ends in another way")
    if len({*visual.image_size}) > 1 or len({*visual.patch_size}) > 1:
        raise NoMapping("its pictures or patches are not square")


def _check_block(block: Any) -> None:
    if not isinstance(getattr(block, "attn", None), nn.MultiheadAttention):
        raise NoMapping("its attention is not the plain one")
    scaled = getattr(block, "ls_1", None)
    if scaled is not None and not isinstance(scaled, nn.Identity):
        raise NoMapping("its layers are scaled (LayerScale)")
    known = {"ln_1", "ln_2", "attn", "mlp", "ls_1", "ls_2"}
    odd = {name for name, child in block.named_children() if not isinstance(child, nn.Identity)} - known
    if odd or {name for name, _ in block.mlp.named_children()} - {"c_fc", "gelu", "c_proj"}:
        raise NoMapping("its layers have further parts")
    if not isinstance(block.ln_1, nn.LayerNorm):
        raise NoMapping("its norm is not LayerNorm")


def tensors(backbone: Backbone) -> dict[str, Tensor]:
    """The state of a CLIPModel that computes the same; contiguous copies on the CPU, in fp32."""
    state = {name.removeprefix("text."): tensor for name, tensor in backbone.state_dict().items()}
    found = dict(_scalars_and_ends(state))
    for mine, theirs in (
        ("visual.transformer", "vision_model.encoder"),
        ("transformer", "text_model.encoder"),
    ):
        number = 0
        while f"{mine}.resblocks.{number}.ln_1.weight" in state:
            block = f"{mine}.resblocks.{number}."
            layer = {
                name.removeprefix(block): tensor for name, tensor in state.items() if name.startswith(block)
            }
            found |= {f"{theirs}.layers.{number}.{name}": tensor for name, tensor in _layer(layer)}
            number += 1
    return {name: tensor.detach().cpu().float().contiguous().clone() for name, tensor in found.items()}


def _scalars_and_ends(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    yield "logit_scale", state["logit_scale"]
    yield "vision_model.embeddings.class_embedding", state["visual.class_embedding"]
    yield "vision_model.embeddings.patch_embedding.weight", state["visual.conv1.weight"]
    yield "vision_model.embeddings.position_embedding.weight", state["visual.positional_embedding"]
    for part in ("weight", "bias"):
        # the library's own spelling
        yield f"vision_model.pre_layrnorm.{part}", state[f"visual.ln_pre.{part}"]
        yield f"vision_model.post_layernorm.{part}", state[f"visual.ln_post.{part}"]
        yield f"text_model.final_layer_norm.{part}", state[f"ln_final.{part}"]
    yield "visual_projection.weight", state["visual.proj"].T
    yield "text_model.embeddings.token_embedding.weight", state["token_embedding.weight"]
    yield "text_model.embeddings.position_embedding.weight", state["positional_embedding"]
    if "text_projection" in state:
        yield "text_projection.weight", state["text_projection"].T
    else:
        yield "text_projection.weight", state["text_projection.weight"]


def _layer(block: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for part in ("weight", "bias"):
        fused = block[f"attn.in_proj_{part}"]
        for name, piece in zip(("q_proj", "k_proj", "v_proj"), fused.chunk(3), strict=True):
            yield f"self_attn.{name}.{part}", piece
        yield f"self_attn.out_proj.{part}", block[f"attn.out_proj.{part}"]
        yield f"mlp.fc1.{part}", block[f"mlp.c_fc.{part}"]
        yield f"mlp.fc2.{part}", block[f"mlp.c_proj.{part}"]
        yield f"layer_norm1.{part}", block[f"ln_1.{part}"]
        yield f"layer_norm2.{part}", block[f"ln_2.{part}"]


def has_simple_tokenizer(backbone: Backbone) -> bool:
    """Whether its captions are read by CLIP's own byte-pair tokenizer, lower-cased."""
    text = backbone.open_clip_config()["model_cfg"]["text_cfg"]
    cleaning = (text.get("tokenizer_kwargs") or {}).get("clean", "lower")
    return not text.get("hf_tokenizer_name") and cleaning == "lower"


def tokenizer_files(context_length: int) -> dict[str, str]:
    """Name -> content of the files from which CLIPTokenizer is made, of open_clip's own vocabulary."""
    with quiet():
        library.load()
        from open_clip.tokenizer import SimpleTokenizer, default_bpe

        known: dict[str, int] = SimpleTokenizer().encoder
        with gzip.open(default_bpe(), "rt", encoding="utf-8") as stream:
            lines = stream.read().split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    # the two last ones have other spellings there
    renamed = {"<start_of_text>": _START, "<end_of_text>": _END}
    encoder = {renamed.get(token, token): number for token, number in known.items()}
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": context_length,
        "bos_token": _START,
        "eos_token": _END,
        "pad_token": _END,
        "unk_token": _END,
        "do_lower_case": True,
    }
    return {
        "vocab.json": json.dumps(encoder, ensure_ascii=False),
        "merges.txt": "\n".join(["#version: 0.2", *merges]) + "\n",
        "tokenizer_config.json": json.dumps(settings, indent=1),
        "special_tokens_map.json": json.dumps(
            {"bos_token": _START, "eos_token": _END, "pad_token": _END, "unk_token": _END}, indent=1
        ),
    }


class PretrainedFolder:
    """A folder read by transformers, offline: CLIPModel and CLIPProcessor.

    N: pictures, C, H, W: channels, height, width, D: embedding.
    """

    def __init__(self, folder: Path) -> None:
        with quiet():
            from transformers import CLIPModel, CLIPProcessor

            self.model: Any = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            # its backend on Pillow resizes as this program does; the one on torchvision is off by a level
            # of 255 here and there
            self.processor: Any = CLIPProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        nn.Module.eval(self.model)

    def pixels(self, images: list[Any]) -> Tensor:
        """images_NCHW of PIL pictures, by the processor."""
        with quiet():
            made: Tensor = self.processor(images=images, return_tensors="pt")["pixel_values"]
        return made

    def embeddings(self, images_NCHW: Tensor) -> Tensor:
        """Normalised image_ND."""
        with torch.inference_mode():
            return nn.functional.normalize(
                _pooled(self.model.get_image_features(pixel_values=images_NCHW)), dim=-1
            )

    def class_embedding(self, captions: list[str]) -> Tensor:
        """The normalised mean of the captions' normalised embeddings; D."""
        with torch.inference_mode(), quiet():
            given = self.processor(text=captions, return_tensors="pt", padding="max_length", truncation=True)
            texts_TD = nn.functional.normalize(_pooled(self.model.get_text_features(**given)), dim=-1)
            return nn.functional.normalize(texts_TD.mean(dim=0), dim=0)

    @property
    def scale(self) -> float:
        """exp(logit_scale)."""
        return float(self.model.logit_scale.detach().exp())


def _pooled(found: Any) -> Tensor:
    # from version 5 on features come with what they were pooled from
    result: Tensor = found if isinstance(found, Tensor) else found.pooler_output
    return result
