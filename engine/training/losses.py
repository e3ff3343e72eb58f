"""Contrastive losses between pictures and their captions, as pure functions.

B: pictures in the batch (and their captions, one each), D: embedding.

For normalised embeddings I, T and s = exp(logit_scale), CLIP's loss (Radford et al. 2021,
arXiv 2103.00020, fig. 3), which FLYP continues (arXiv 2212.00638, eq. 2), is

    (CE(s·I·Tᵀ, arange) + CE(s·T·Iᵀ, arange)) / 2

Two pictures of one class in a batch collide: the caption of one is true of the other too.

    none   they count as negatives, as in the paper's released code
    mask   they leave the denominator (the paper's ablation)
    soft   the target is spread evenly over all pairs of the class (UniCL, arXiv 2204.03610)

SigLIP-type models were pretrained with a pairwise sigmoid loss (arXiv 2303.15343, eq. 1):
the mean over pictures of the sum over captions of -log sigmoid(z·(s·I·Tᵀ + b)), z = ±1.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Collisions = Literal["none", "mask", "soft"]


def same_class(labels_B: Tensor) -> Tensor:
    """Boolean BB: do two pictures of the batch have the same class?"""
    return labels_B[:, None] == labels_B[None, :]


def contrastive_loss(
    images_BD: Tensor,
    texts_BD: Tensor,
    scale: Tensor | float,
    labels_B: Tensor | None = None,
    collisions: Collisions = "none",
) -> Tensor:
    """CLIP's symmetric softmax loss, a scalar in nats, computed in fp32.

    ``images_BD`` and ``texts_BD`` are normalised; row i of both belong together.
    ``labels_B`` (class of each picture) is needed unless ``collisions`` is none.
    """
    logits_BB = scale * images_BD.float() @ texts_BD.float().T
    if collisions == "none":
        target = torch.arange(len(logits_BB), device=logits_BB.device)
        return (F.cross_entropy(logits_BB, target) + F.cross_entropy(logits_BB.T, target)) / 2
    if labels_B is None:
        raise ValueError(f"collisions='{collisions}' needs the class of each picture")
    same_BB = same_class(labels_B)
    if collisions == "mask":
        others_BB = same_BB & ~torch.eye(len(same_BB), dtype=torch.bool, device=same_BB.device)
        logits_BB = logits_BB.masked_fill(others_BB, float("-inf"))
        target = torch.arange(len(logits_BB), device=logits_BB.device)
        return (F.cross_entropy(logits_BB, target) + F.cross_entropy(logits_BB.T, target)) / 2
    target_BB = same_BB.float() / same_BB.sum(dim=1, keepdim=True)
    # "same class" is symmetric, so the rows of the target are also its columns
    return (F.cross_entropy(logits_BB, target_BB) + F.cross_entropy(logits_BB.T, target_BB)) / 2


def sigmoid_loss(
    images_BD: Tensor,
    texts_BD: Tensor,
    scale: Tensor | float,
    bias: Tensor | float,
    labels_B: Tensor | None = None,
    collisions: Collisions = "none",
) -> Tensor:
    """SigLIP's pairwise loss, a scalar in nats a picture, computed in fp32.

    Shapes as in ``contrastive_loss``. With mask, colliding pairs do not count; with soft,
    they count as true pairs.
    """
    logits_BB = scale * images_BD.float() @ texts_BD.float().T + bias
    size = len(logits_BB)
    diagonal_BB = torch.eye(size, dtype=torch.bool, device=logits_BB.device)
    if collisions == "none":
        true_BB = diagonal_BB
    elif labels_B is None:
        raise ValueError(f"collisions='{collisions}' needs the class of each picture")
    else:
        true_BB = same_class(labels_B)
    sign_BB = torch.where(true_BB, 1.0, -1.0)
    if collisions == "mask":
        sign_BB = torch.where(diagonal_BB, 1.0, sign_BB)
        loss_BB = -F.logsigmoid(sign_BB * logits_BB)
        counted_BB = diagonal_BB | ~true_BB
        return (loss_BB * counted_BB).sum() / size
    return -F.logsigmoid(sign_BB * logits_BB).sum() / size


def floor(labels_B: Tensor, collisions: Collisions, kind: Literal["softmax", "sigmoid"] = "softmax") -> float:
    """The loss of a model that tells the classes apart perfectly and knows nothing else.

    Only collisions make it differ from 0: with n pictures of a class in the batch, such a
    model can do no better than to spread its belief over the n captions. ``labels_B`` lies
    on the CPU, so that reading it does not wait for the device.
    """
    if collisions == "mask" or (kind == "sigmoid" and collisions == "soft"):
        return 0.0
    _, counts_C = torch.unique(labels_B, return_counts=True)
    size = len(labels_B)
    total = 0.0
    for n in counts_C.tolist():
        if kind == "softmax":
            total += n * math.log(n)
        elif n > 1:
            # n·n pairs share one logit, n of them true: the best is the entropy of 1/n
            p = 1 / n
            total += n * n * -(p * math.log(p) + (1 - p) * math.log(1 - p))
    return total / size
