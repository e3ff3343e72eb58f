"""Cut captions give the same embeddings, losses and gradients as full-length ones, in every text tower."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.clip import build
from engine.clip.tokens import encode_text, is_cuttable, used_length
from tests.engine.clip import tiny

_VOCABULARY = 512
_START, _END = 510, 511
_BASE = tiny.KINDS["vit"]
_CUSTOM = tiny.KINDS["custom-text"]


def _with(base: dict[str, Any], **text: Any) -> dict[str, Any]:
    return {**base, "text_cfg": {**base["text_cfg"], **text}}


# name: (configuration, whether its captions may be cut)
TOWERS: dict[str, tuple[dict[str, Any], bool]] = {
    "plain CLIP": (_BASE, True),
    "quick_gelu": (tiny.KINDS["quick-gelu"], True),
    "short context": (tiny.KINDS["short"], True),
    "eos pooling": (_with(_BASE, pool_type="eos", eos_id=_END), True),
    "eos pooling, no end token ever": (_with(_BASE, pool_type="eos", eos_id=7), True),
    "plain CLIP, pooled last (CLIPA)": (_with(_BASE, pool_type="last", no_causal_mask=True), False),
    "plain CLIP, causal, pooled last": (_with(_BASE, pool_type="last"), False),
    "plain CLIP, causal, pooled first": (_with(_BASE, pool_type="first"), False),
    "plain CLIP, both ways": (_with(_BASE, no_causal_mask=True), False),
    "own text tower (PE, EVA, ViTamin, MobileCLIP-B)": (_CUSTOM, True),
    "own text tower, eos pooling": (_with(_CUSTOM, pool_type="eos", eos_id=_END), True),
    "own text tower, biased projection": (_with(_CUSTOM, proj_bias=True), True),
    "own text tower, no projection": ({**_with(_CUSTOM, proj_type="none"), "embed_dim": 32}, True),
    "own text tower, layer scale, own norm": (
        _with(_CUSTOM, ls_init_value=0.5, norm_kwargs={"eps": 1e-3}, act_kwargs={"approximate": "tanh"}),
        True,
    ),
    "own text tower, custom blocks": (
        _with(_CUSTOM, block_type="custom", qk_norm=True, scale_heads=True, scale_attn=True, scale_fc=True),
        True,
    ),
    "own text tower, answers with its tokens too": (_with(_CUSTOM, output_tokens=True), True),
    "SigLIP": (tiny.KINDS["siglip"], False),
    "MobileCLIP-S, timm tower": (tiny.KINDS["mobile"], False),
    "class token (CoCa)": (tiny.KINDS["embed-cls"], False),
    "class token, both ways": (_with(_CUSTOM, embed_cls=True, no_causal_mask=True), False),
}


@pytest.fixture(params=sorted(TOWERS), scope="module")
def tower(request: pytest.FixtureRequest) -> tuple[nn.Module, bool]:
    config, cuttable = TOWERS[request.param]
    # a small vocabulary is quick; double precision leaves no doubt what is exact
    model = build.build(_with(config, vocab_size=_VOCABULARY), request.param).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            # fresh weights are too small and too even to show a difference
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator, dtype=torch.double))
    return model, cuttable


def _tokens(length: int, ends: tuple[int, ...]) -> Tensor:
    """Captions whose end tokens stand at ``ends``."""
    tokens_TL = torch.zeros(len(ends), length, dtype=torch.long)
    generator = torch.Generator().manual_seed(2)
    for row, end in enumerate(ends):
        tokens_TL[row, 1:end] = torch.randint(20, 500, (end - 1,), generator=generator)
        tokens_TL[row, 0], tokens_TL[row, end] = _START, _END
    return tokens_TL


def _loss_and_gradients(
    model: nn.Module, tokens_TL: Tensor, cut: bool | None
) -> tuple[Tensor, dict[str, Tensor]]:
    untyped: Any = model
    # None: open_clip's own encoder, full length
    text_TD = untyped.encode_text(tokens_TL) if cut is None else encode_text(model, tokens_TL, cut)
    text_TD = text_TD[0] if isinstance(text_TD, tuple) else text_TD
    generator = torch.Generator().manual_seed(3)
    image_TD = F.normalize(torch.randn(text_TD.shape, generator=generator, dtype=torch.double), dim=-1)
    logits_TT = 10 * F.normalize(text_TD, dim=-1) @ image_TD.T
    loss = F.cross_entropy(logits_TT, torch.arange(len(tokens_TL)))
    named = {name: value for name, value in model.named_parameters() if not name.startswith("visual.")}
    gradients = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return loss.detach(), {n: g for n, g in zip(named, gradients, strict=True) if g is not None}


@pytest.mark.parametrize("ends", [(3, 9, 6, 5), (15, 4, 4, 4), (1, 1)])
def test_cutting_changes_neither_losses_nor_gradients(
    tower: tuple[nn.Module, bool], ends: tuple[int, ...]
) -> None:
    model, _ = tower
    length: Any = model.context_length
    tokens_TL = _tokens(length, ends)
    wanted_loss, wanted = _loss_and_gradients(model, tokens_TL, None)
    for cut in (True, False):
        loss, gradients = _loss_and_gradients(model, tokens_TL, cut)
        torch.testing.assert_close(loss, wanted_loss, rtol=1e-12, atol=1e-12)
        assert gradients.keys() == wanted.keys()
        for name, gradient in gradients.items():
            torch.testing.assert_close(gradient, wanted[name], rtol=1e-9, atol=1e-12, msg=name)


def test_what_may_be_cut_is_read_from_the_module(tower: tuple[nn.Module, bool]) -> None:
    model, cuttable = tower
    text: Any = getattr(model, "text", model)
    assert is_cuttable(text) is cuttable
    if not cuttable:
        return
    seen: list[int] = []
    transformer: nn.Module = text.transformer
    transformer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    tokens_TL = _tokens(text.context_length, (3, 9))
    length = used_length(text, tokens_TL)
    encode_text(model, tokens_TL)
    encode_text(model, tokens_TL, cut=False)
    assert seen == [length, text.context_length]
    assert length <= 10


def test_towers_with_other_masks_are_not_cut() -> None:
    text: Any = build.build(_CUSTOM, "custom").text
    assert is_cuttable(text)
    ahead = copy.deepcopy(text)
    ahead.attn_mask[0, 1] = 0.0  # one position may look ahead
    assert not is_cuttable(ahead)
    padded = copy.deepcopy(text)
    padded.use_pad_mask = True
    assert not is_cuttable(padded)
    assert not is_cuttable(nn.Linear(2, 2))


def test_transformers_tower_gets_full_length() -> None:
    """A stand-in with the surface of open_clip's HFTextEncoder, which needs an extra package."""

    class Tower(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = nn.Embedding(50000, 8)
            self.pooler = nn.Identity()
            self.proj = nn.Linear(8, 4)
            self.context_length = 77

        def forward(self, tokens_TL: Tensor) -> Tensor:
            assert tokens_TL.shape[1] == 77
            projected_TD: Tensor = self.proj(self.transformer(tokens_TL).mean(dim=1))
            return projected_TD

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.text = Tower()

        def encode_text(self, tokens_TL: Tensor) -> Tensor:
            encoded_TD: Tensor = self.text(tokens_TL)
            return encoded_TD

    assert encode_text(Model(), _tokens(77, (3, 9))).shape == (2, 4)


def test_no_captions_at_all() -> None:
    model = tiny.make_model("vit")
    assert encode_text(model, torch.zeros(0, 77, dtype=torch.long)).shape == (0, 16)
