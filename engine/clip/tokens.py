"""Captions through the text tower, without computing what cannot matter.

Legend: T captions, L tokens of a caption (the context length), D embedding width.

Most CLIP text towers attend only backwards and take the embedding at the end token. What lies
behind the longest caption's end token (padding up to 77) then changes neither values nor
gradients, and is cut away. Towers that look both ways, or pool elsewhere (the last position, a
class token at the end, a mean), get every position. Which kind a tower is, is read from the
module itself: the values of its mask and the name of its pooling.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

_CUTTABLE: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
"""What was found out about a tower; looking at a mask on a GPU would wait for it at each step."""


def encode_text(model: nn.Module, tokens_TL: Tensor, cut: bool = True) -> Tensor:
    """Embeddings (text_TD, not normalised) of tokenised captions, on the model's device.

    ``tokens_TL`` may lie on the CPU while the model is elsewhere: finding the longest caption
    then costs no waiting for the device. With ``cut`` off, or where cutting would not be exact,
    the model's own ``encode_text`` does all.
    """
    tower = getattr(model, "text", model)
    device = next(model.parameters()).device
    if not (cut and is_cuttable(tower)):
        encoded = model.encode_text(_moved(tokens_TL, device))  # type: ignore[operator]  # open_clip is untyped
        return _only_tensor(encoded)
    length = used_length(tower, tokens_TL)
    return _encode_cut(tower, _moved(tokens_TL[:, :length], device))


def _moved(tokens_TL: Tensor, device: torch.device) -> Tensor:
    if device.type == "cuda" and tokens_TL.device.type == "cpu":
        # from ordinary memory the copy would wait for all that the device has still to do
        return tokens_TL.pin_memory().to(device, non_blocking=True)
    return tokens_TL.to(device)


def is_cuttable(tower: nn.Module) -> bool:
    """Whether positions behind the end token can change nothing in this text tower."""
    known = _CUTTABLE.get(tower)
    if known is None:
        known = _CUTTABLE[tower] = _pooling(tower) in ("argmax", "eos") and _is_causal(tower)
    return known


def used_length(tower: nn.Module, tokens_TL: Tensor) -> int:
    """Positions up to and with the last one that is pooled in any caption; at least 1."""
    if tokens_TL.shape[0] == 0:
        return 1
    return int(_pooled_positions(tower, tokens_TL).max().item()) + 1


def _pooling(tower: nn.Module) -> str | None:
    # open_clip's CLIP carries its text tower's parts itself, the pooling under another name
    name = getattr(tower, "text_pool_type", None) or getattr(tower, "pool_type", None)
    return name if isinstance(name, str) else None


def _is_causal(tower: nn.Module) -> bool:
    """Only if nothing but a causal mask stands between tokens and pooling, as ``_encode_cut`` does it."""
    parts = (
        "token_embedding",
        "positional_embedding",
        "transformer",
        "ln_final",
        "text_projection",
        "attn_mask",
    )
    if not all(hasattr(tower, part) for part in parts):
        return False
    if getattr(tower, "cls_emb", None) is not None or getattr(tower, "use_pad_mask", False):
        return False
    mask_LL = tower.attn_mask
    if not isinstance(mask_LL, Tensor) or mask_LL.ndim != 2:
        return False
    ahead_LL = torch.ones_like(mask_LL, dtype=torch.bool).triu(1)
    return bool(torch.isneginf(mask_LL[ahead_LL]).all())


def _pooled_positions(tower: nn.Module, tokens_TL: Tensor) -> Tensor:
    """The position of each caption's end token, as open_clip finds it."""
    if _pooling(tower) == "argmax":
        return tokens_TL.argmax(dim=-1)
    end_token: Any = getattr(tower, "text_eos_id", None)
    if end_token is None:
        end_token = tower.eos_id
    # a caption without an end token is pooled at its first position, there as here
    return torch.eq(tokens_TL, int(end_token)).int().argmax(dim=-1)


def _encode_cut(tower: Any, tokens_TL: Tensor) -> Tensor:
    """What open_clip's text towers do, with mask and positions cut to the tokens' length."""
    length = tokens_TL.shape[1]
    dtype = tower.transformer.get_cast_dtype()
    x_TLW = tower.token_embedding(tokens_TL).to(dtype) + tower.positional_embedding[:length].to(dtype)
    x_TLW = tower.ln_final(tower.transformer(x_TLW, attn_mask=tower.attn_mask[:length, :length]))
    rows_T = torch.arange(x_TLW.shape[0], device=x_TLW.device)
    pooled_TW: Tensor = x_TLW[rows_T, _pooled_positions(tower, tokens_TL)]
    projection = tower.text_projection
    if projection is None:
        return pooled_TW
    projected_TD: Tensor = (
        projection(pooled_TW) if isinstance(projection, nn.Module) else pooled_TW @ projection
    )
    return projected_TD


def _only_tensor(encoded: Any) -> Tensor:
    # a tower built to give its tokens too answers with a pair
    result: Tensor = encoded[0] if isinstance(encoded, tuple) else encoded
    return result
