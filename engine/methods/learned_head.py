"""What methods with a learned linear head have in common: W·f + b on normalised embeddings f.

It begins as the zero-shot head, W = s·T and b = 0 (with a SigLIP's logit bias as b), so that
before any step it computes zero-shot. s = exp(logit_scale) is then a part of W.

C: classes, D: embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.clip.backbone import Backbone
from engine.methods import OWN, MatrixHead, State, Task, text_head

WEIGHT, BIAS = f"{OWN}weight", f"{OWN}bias"
"""Names of the head's tensors in a learner's state: C × D and C."""


class LearnedHead(nn.Module):
    """Weight and bias, trainable, in fp32 on the backbone's device."""

    def __init__(self, backbone: Backbone, task: Task) -> None:
        super().__init__()
        weight_CD, bias_C = _tensors(text_head(backbone, task))
        self.weight, self.bias = nn.Parameter(weight_CD), nn.Parameter(bias_C)

    def set_to(self, head: MatrixHead) -> None:
        """Compute what ``head`` computes. The parameters stay the same objects: an optimizer may know them."""
        weight_CD, bias_C = _tensors(head)
        with torch.no_grad():
            self.weight.copy_(weight_CD)
            self.bias.copy_(bias_C)

    def forward(self, images_BD: Tensor) -> Tensor:
        """Logits, B × C."""
        return nn.functional.linear(images_BD.float(), self.weight, self.bias)

    def own_state(self) -> State:
        """Under the names of a learner's state; not copies."""
        return {WEIGHT: self.weight.data, BIAS: self.bias.data}

    def load_own(self, state: State) -> State:
        """Take the head's tensors; what is left is returned."""
        with torch.no_grad():
            self.weight.copy_(state[WEIGHT])
            self.bias.copy_(state[BIAS])
        return {name: tensor for name, tensor in state.items() if name not in (WEIGHT, BIAS)}

    def head(self) -> MatrixHead:
        """As it stands now."""
        return MatrixHead(self.weight.detach().clone(), 1.0, self.bias.detach().clone())


def _tensors(head: MatrixHead) -> tuple[Tensor, Tensor]:
    """Weight (C × D) with the scale in it, and bias (C), as copies in fp32."""
    weight_CD = (head.scale * head.weight_CD.float()).detach().clone()
    bias = torch.as_tensor(head.bias, dtype=torch.float32, device=weight_CD.device)
    return weight_CD, bias.expand(len(weight_CD)).detach().clone()
