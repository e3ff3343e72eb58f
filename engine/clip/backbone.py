"""The model that is finetuned: two towers, a temperature, a tokenizer.

Legend: B pictures, C channels, H W pixels, T captions, L tokens, D embedding width.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine import files, recipe
from engine.clip import build, preprocess, tokenizer, weights
from engine.clip.preprocess import Preprocess
from engine.clip.sources import CONFIG_FILE, Source, find, folder_source
from engine.clip.tokens import encode_text
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import Emit

WEIGHTS_FILE = "model.safetensors"
"""The weights of a folder that ``Backbone.write`` makes."""


@dataclass(frozen=True, slots=True)
class BaseWeights:
    """Which weights a model was loaded from, so that a run can be audited and repeated."""

    name: str
    """As in the recipe: an architecture, 'starter', 'hf-hub:…' or a folder."""
    weights: str | None
    """As in the recipe: a pretrained tag or a file."""
    path: str
    """The file that was read; '' for fresh weights."""
    sha256: str
    """Of that file's content, hex; '' for fresh weights."""


class Parameters(NamedTuple):
    """How many numbers each tower has; the temperature belongs to neither."""

    image: int
    text: int


class Backbone:
    """A CLIP model of open_clip with what is needed around it. Not itself a module.

    ``model`` is on the CPU, fp32 and in eval mode after loading. Encoding follows torch's grad
    mode and the model's train/eval mode.
    """

    def __init__(self, model: nn.Module, source: Source, base: BaseWeights) -> None:
        self.model = model
        self.base = base
        self.name = base.name
        self._config = build.cleaned(source.model_config)
        for scalar in ("logit_scale", "logit_bias"):
            value = getattr(model, scalar, None)
            if value is not None:
                value.data = value.data.reshape(())
        self.preprocess: Preprocess = preprocess.from_config(
            source.preprocess_config, self._visual.image_size, source.where
        )
        self._tokenizer = tokenizer.make(self._config, source.folder, source.where)

    # --- embeddings ---------------------------------------------------------------------------

    def encode_images(self, images_BCHW: Tensor) -> Tensor:
        """Normalised image_BD of preprocessed pictures, which must be on the model's device."""
        return F.normalize(self._typed.encode_image(images_BCHW), dim=-1)

    def encode_texts(self, tokens_TL: Tensor) -> Tensor:
        """Normalised text_TD of tokenised captions, which may be on the CPU."""
        return F.normalize(encode_text(self.model, tokens_TL), dim=-1)

    @property
    def logit_scale(self) -> nn.Parameter:
        """The logarithm of the scale; 0-d."""
        scale: nn.Parameter = self._typed.logit_scale
        return scale

    @property
    def logit_bias(self) -> nn.Parameter | None:
        """Added to the logits of models pretrained with the sigmoid loss; 0-d; None for others."""
        bias: nn.Parameter | None = getattr(self.model, "logit_bias", None)
        return bias

    @staticmethod
    def is_text(name: str) -> bool:
        """Is the parameter of this name the text tower's? Temperature and bias are neither tower's."""
        return not name.startswith(("visual.", "logit_"))

    def scale(self) -> Tensor:
        """What cosines are multiplied with, exp(logit_scale); 0-d, with gradient."""
        return self.logit_scale.exp()

    @property
    def loss_kind(self) -> Literal["softmax", "sigmoid"]:
        """Which contrastive loss the model was pretrained with."""
        return "softmax" if self.logit_bias is None else "sigmoid"

    # --- captions -----------------------------------------------------------------------------

    def tokenize(self, texts: list[str]) -> Tensor:
        """tokens_TL (int64, CPU), cut or padded to the context length."""
        return self._tokenizer.tokenize(texts)

    def token_counts(self, texts: list[str]) -> list[int]:
        """Tokens of each text with its start and end token, before any cutting."""
        return self._tokenizer.counts(texts)

    @property
    def context_length(self) -> int:
        """Most tokens that a caption may have, start and end included."""
        return self._tokenizer.context_length

    # --- facts --------------------------------------------------------------------------------

    @property
    def embed_dim(self) -> int:
        """Width D of the shared space."""
        return int(self._config["embed_dim"])

    @property
    def visual(self) -> nn.Module:
        """The image tower."""
        visual: nn.Module = self._typed.visual
        return visual

    @property
    def has_batchnorm(self) -> bool:
        """Whether the image tower keeps running statistics."""
        kinds = (nn.modules.batchnorm._BatchNorm,)
        return any(isinstance(module, kinds) for module in self.visual.modules())

    @property
    def image_kind(self) -> Literal["vit", "resnet", "timm-vit", "timm-conv"]:
        """What the image tower is made of; timm's towers with blocks over patches count as vit."""
        visual = self._visual
        if hasattr(visual, "trunk"):
            is_vit = hasattr(visual.trunk, "blocks") and hasattr(visual.trunk, "patch_embed")
            return "timm-vit" if is_vit else "timm-conv"
        return "vit" if hasattr(visual, "transformer") else "resnet"

    @property
    def parameters_count(self) -> Parameters:
        """Parameters of the image and of the text tower."""
        scalars = sum(p.numel() for p in (self.logit_scale, self.logit_bias) if p is not None)
        image = sum(p.numel() for p in self.visual.parameters())
        return Parameters(image, sum(p.numel() for p in self.model.parameters()) - image - scalars)

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.logit_scale.device

    @property
    def quick_gelu(self) -> bool:
        """Whether the towers compute with QuickGELU."""
        return bool(self._config.get("quick_gelu", False))

    # --- moving and keeping -------------------------------------------------------------------

    def to(self, device: torch.device | str) -> Self:
        """Move the model; returns itself."""
        self.model.to(device)
        return self

    def state_dict(self) -> dict[str, Tensor]:
        """The model's own tensors (not copies), under open_clip's names."""
        return self.model.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor], strict: bool = True) -> None:
        """Copy tensors in. With ``strict``, EngineError if a name or a shape differs."""
        if strict:
            state = weights.fit(dict(state), self.model, self.name)
        self.model.load_state_dict(state, strict=strict)

    def open_clip_config(self) -> dict[str, Any]:
        """The open_clip_config.json with which open_clip rebuilds exactly this model."""
        return {"model_cfg": build.cleaned(self._config), "preprocess_cfg": self.preprocess.open_clip()}

    def write_config(self, folder: Path) -> None:
        """Write all of an open_clip folder but its weights: configuration and, if any, tokenizer files."""
        files.write_text(folder / CONFIG_FILE, json.dumps(self.open_clip_config(), indent=2) + "\n")
        self._tokenizer.write(folder)

    def write(self, folder: Path, state: Mapping[str, Tensor] | None = None) -> None:
        """Write an open_clip folder: configuration, weights (``state`` in place of the own), tokenizer."""
        from safetensors.torch import save

        chosen = self.state_dict() if state is None else state
        plain = {name: value.detach().cpu().contiguous().clone() for name, value in chosen.items()}
        self.write_config(folder)
        files.write_bytes(folder / WEIGHTS_FILE, save(plain, metadata={"format": "pt"}))

    @property
    def _typed(self) -> Any:
        # open_clip ships no types; its modules' own attributes are looked at through Any
        return self.model

    @property
    def _visual(self) -> Any:
        return self._typed.visual


def load(
    model: recipe.Model,
    *,
    download: bool = False,
    control: Control | None = None,
    emit: Emit | None = None,
    expected_sha256: str | None = None,
) -> Backbone:
    """The pretrained model that a recipe names.

    With ``download``, what is missing is fetched from the hub, with Progress events; else an
    EngineError says how to get it. ``expected_sha256`` is that of the weights an earlier run
    began from: if they are gone or changed, the EngineError names them.
    """
    try:
        source = find(model, download=download, control=control, emit=emit)
    except EngineError as error:
        if expected_sha256 is None or error.exit_code != 2:
            raise
        raise EngineError(
            "clip.base_gone",
            str(error),
            name=model.name,
            weights=model.weights or "-",
            sha256=expected_sha256,
            reason=error.message.text,
        ) from error
    digest = weights.sha256(source.weights, control)
    if expected_sha256 is not None and digest != expected_sha256:
        raise EngineError(
            "clip.base_changed",
            name=model.name,
            weights=model.weights or "-",
            path=str(source.weights),
            sha256=expected_sha256,
            found=digest,
        )
    return _loaded(source, BaseWeights(model.name, model.weights, str(source.weights), digest), control)


def from_folder(folder: Path) -> Backbone:
    """The model of an open_clip folder (a checkpoint, the starter, an export)."""
    source = folder_source(folder)
    digest = weights.sha256(source.weights)
    return _loaded(source, BaseWeights(str(folder), None, str(source.weights), digest), None)


def skeleton(config: Mapping[str, Any], folder: Path | None = None) -> Backbone:
    """A Backbone with fresh weights from the content of an open_clip_config.json.

    ``folder`` is where a tokenizer's files lie, for models that bring their own.
    """
    source = Source(
        where="open_clip_config.json",
        model_config=build.check(config.get("model_cfg"), "open_clip_config.json"),
        preprocess_config=preprocess.settings(config.get("preprocess_cfg"), "open_clip_config.json"),
        weights=Path(),
        folder=folder,
    )
    return Backbone(build.build(source.model_config, source.where), source, BaseWeights("", None, "", ""))


def _loaded(source: Source, base: BaseWeights, control: Control | None) -> Backbone:
    state = weights.read(source.weights)
    if control is not None:
        control.check()
    source = source.corrected(state, base.sha256)
    model = build.build(source.model_config, source.where)
    model.load_state_dict(weights.fit(state, model, str(source.weights)))
    return Backbone(model, source, base)
