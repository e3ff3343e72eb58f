"""The image tower and the head as one module that can be traced: pictures in, probabilities out.

B: pictures, C: classes, D: embedding, H, W: height and width, T: captions, L: tokens.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.clip.backbone import Backbone
from engine.clip.tokens import encode_text
from engine.exporters.subject import Subject
from engine.methods import Head

Input = Literal["uint8", "float"]


class _Head(nn.Module):
    """A head whose tensors are buffers, so that a trace keeps them by name."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self._head = head
        for name, tensor in _tensors(head):
            self.register_buffer(name, tensor.clone())

    def forward(self, images_BD: Tensor) -> Tensor:
        here = _rebuilt(self._head, dict(self.named_buffers(recurse=False)))
        # a head that takes its rows in parts has a count of parts, which a free batch has not
        whole: Any = getattr(here, "whole", here)
        logits_BC: Tensor = whole(images_BD)
        return logits_BC


def _tensors(part: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a dataclass, and of dataclasses in it, by names without dots."""
    if not dataclasses.is_dataclass(part):
        raise TypeError(f"a head is a dataclass, so that it can be traced; {type(part).__name__} is none")
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, Tensor):
            yield f"{prefix}{field.name}", value
        elif dataclasses.is_dataclass(value):
            yield from _tensors(value, f"{prefix}{field.name}__")


def _rebuilt(part: Any, buffers: dict[str, Tensor], prefix: str = "") -> Any:
    """The same dataclass with buffers in the place of its tensors."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(part):
        value, name = getattr(part, field.name), f"{prefix}{field.name}"
        if name in buffers:
            changes[field.name] = buffers[name]
        elif dataclasses.is_dataclass(value):
            changes[field.name] = _rebuilt(value, buffers, f"{name}__")
    return dataclasses.replace(part, **changes)


class ImageEncoder(nn.Module):
    """Pictures to normalised embeddings.

    uint8: B × H × W × 3, 0 to 255, as pictures are read; float: B × 3 × H × W, already normalised.
    """

    scale_C11: Tensor
    shift_C11: Tensor

    def __init__(self, backbone: Backbone, given: Input = "uint8") -> None:
        super().__init__()
        # a copy: the tower of the run stays what it is
        self.visual = copy.deepcopy(backbone.visual).eval().requires_grad_(False)
        self._given = given
        p = backbone.preprocess
        std = torch.tensor(p.std)
        self.register_buffer("scale_C11", (1 / (255 * std)).reshape(3, 1, 1))
        self.register_buffer("shift_C11", (torch.tensor(p.mean) / std).reshape(3, 1, 1))
        self.size = p.size

    def forward(self, pictures: Tensor) -> Tensor:
        images_BCHW = pictures
        if self._given == "uint8":
            images_BCHW = pictures.permute(0, 3, 1, 2).float() * self.scale_C11 - self.shift_C11
        return F.normalize(self.visual(images_BCHW), dim=-1)

    def example(self) -> Tensor:
        """Two pictures of the right form."""
        height, width = self.size
        if self._given == "uint8":
            return torch.zeros(2, height, width, 3, dtype=torch.uint8)
        return torch.zeros(2, 3, height, width)


class Classifier(nn.Module):
    """Pictures to class probabilities, logits and embeddings."""

    def __init__(self, subject: Subject, given: Input = "uint8") -> None:
        super().__init__()
        self.encoder = ImageEncoder(subject.plain, given)
        self.head = _Head(subject.head)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embeddings_BD = self.encoder(pictures)
        logits_BC = self.head(embeddings_BD)
        return logits_BC.softmax(dim=-1), logits_BC, embeddings_BD


class TextEncoder(nn.Module):
    """Tokens (B × L, int64) to normalised embeddings."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.model = copy.deepcopy(backbone.model).eval().requires_grad_(False)
        # the other tower takes no part
        self.model.visual = nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        return F.normalize(encode_text(self.model, tokens, cut=False), dim=-1)
