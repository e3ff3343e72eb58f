"""AdamW over named parameters, with the two habits of decay that the field has."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any, TypedDict, TypeVar

import torch
from torch.nn import Parameter

Kind = TypeVar("Kind", bound=torch.optim.Optimizer)


class ParameterGroup(TypedDict):
    """Parameters that share a decay and a multiple of the learning rate."""

    params: list[Parameter]
    weight_decay: float
    lr_scale: float
    """Times the scheduled learning rate; 1 for almost everything."""


def parameter_groups(
    named: Iterable[tuple[str, Parameter]],
    weight_decay: float,
    decay_all: bool = False,
    lr_scale: float = 1.0,
) -> list[ParameterGroup]:
    """Two groups, with and without decay, at ``lr_scale`` times the scheduled learning rate.

    open_clip spares every parameter of at most one dimension (biases, norms, the temperature);
    ``decay_all`` decays everything, as the reference code of FLYP does. Frozen parameters and
    second mentions of a shared one are left out.
    """
    decayed: list[Parameter] = []
    spared: list[Parameter] = []
    seen: set[int] = set()
    for _, parameter in named:
        if not parameter.requires_grad or id(parameter) in seen:
            continue
        seen.add(id(parameter))
        (decayed if decay_all or parameter.ndim > 1 else spared).append(parameter)
    groups = [
        ParameterGroup(params=decayed, weight_decay=weight_decay, lr_scale=lr_scale),
        ParameterGroup(params=spared, weight_decay=0.0, lr_scale=lr_scale),
    ]
    return [group for group in groups if group["params"]]


def adamw(groups: list[ParameterGroup], learning_rate: float, fused: bool = True) -> torch.optim.AdamW:
    """AdamW with default betas. Fused does one pass over memory a step instead of several."""
    plain: list[dict[str, Any]] = [dict(group) for group in groups]
    made: torch.optim.AdamW = uncompiled(torch.optim.AdamW)(plain, lr=learning_rate, fused=fused)
    return made


@cache
def uncompiled(kind: type[Kind]) -> type[Kind]:
    """The same optimizer without what tells torch's compiler to keep out of it.

    Those wrappers load the compiler, also where nothing is compiled: as long as loading torch takes.
    The functions in them are what computes, so no number changes.
    """
    names = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
    bare: dict[str, Any] = {name: inspect.unwrap(getattr(kind, name)) for name in names}
    # of its wrappers, one matters
    bare["step"] = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), bare)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set every group's rate to ``learning_rate`` times the group's own multiple."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group.get("lr_scale", 1.0)
