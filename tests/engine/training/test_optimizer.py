"""AdamW's groups and its step against the formula written out, and against torch's own."""

from __future__ import annotations

import torch
from torch import nn

from engine.training.optimizer import adamw, parameter_groups, set_learning_rate, uncompiled


def model() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    net.scale = nn.Parameter(torch.tensor(2.0))
    net.frozen = nn.Parameter(torch.ones(2, 2), requires_grad=False)
    return net


def test_vectors_and_scalars_are_spared_by_default():
    net = model()
    decayed, spared = parameter_groups(net.named_parameters(), 0.2)
    assert [p.ndim for p in decayed["params"]] == [2]
    assert sorted(p.ndim for p in spared["params"]) == [0, 1, 1, 1]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.2, 0.0)


def test_decay_all_takes_everything_that_is_trained_once():
    net = model()
    (group,) = parameter_groups([*net.named_parameters(), *net.named_parameters()], 0.2, decay_all=True)
    assert len(group["params"]) == 5
    assert group["weight_decay"] == 0.2


def test_five_steps_equal_the_formula():
    """Loshchilov & Hutter 2019, algorithm 2, in plain tensor arithmetic."""
    for fused in (False, True):
        torch.manual_seed(1)
        weight = nn.Parameter(torch.randn(3, 2, dtype=torch.float64))
        plain = weight.detach().clone()
        optimizer = adamw(parameter_groups([("w", weight)], 0.1), 1e-2, fused=fused)
        m, v = torch.zeros_like(plain), torch.zeros_like(plain)
        for step in range(1, 6):
            gradient = torch.randn(3, 2, dtype=torch.float64)
            rate = 1e-2 / step
            set_learning_rate(optimizer, rate)
            weight.grad = gradient.clone()
            optimizer.step()
            m = 0.9 * m + 0.1 * gradient
            v = 0.999 * v + 0.001 * gradient**2
            plain = plain * (1 - rate * 0.1)
            plain = plain - rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        torch.testing.assert_close(weight.detach(), plain, rtol=1e-10, atol=1e-12)


def test_what_the_compiler_is_not_told_changes_no_number():
    """Steps, state, and going on from a state: bit for bit those of torch's own class."""
    for kind in (torch.optim.Adam, torch.optim.AdamW):
        found = []
        for used in (kind, uncompiled(kind)):
            torch.manual_seed(1)
            weight = nn.Parameter(torch.randn(3, 2))
            optimizer = used([weight], lr=1e-2)
            for step in range(4):
                optimizer.zero_grad()
                weight.square().sum().backward()
                optimizer.step()
                if step == 1:
                    state = optimizer.state_dict()
                    optimizer = used([weight], lr=1.0)
                    optimizer.load_state_dict(state)
            assert not weight.grad_fn
            found.append((weight.detach().clone(), optimizer.state_dict()))
        (theirs, their_state), (ours, our_state) = found
        assert torch.equal(ours, theirs)
        assert our_state["param_groups"] == their_state["param_groups"]
        assert our_state["state"].keys() == their_state["state"].keys() == {0}
        for name, value in their_state["state"][0].items():
            assert torch.equal(our_state["state"][0][name], value)
        assert issubclass(uncompiled(kind), kind)
        assert uncompiled(kind) is uncompiled(kind)
