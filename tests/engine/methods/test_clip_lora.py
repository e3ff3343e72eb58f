"""CLIP-LoRA against low-rank layers written plainly into the model, and what it leaves alone."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.clip.attention import attention_weights
from engine.methods import find
from engine.methods.clip_lora import PREFIX
from tests.engine.methods import bench

RATE, STEPS = 1e-4, 5


def test_where_queries_keys_and_values_are_made(place):
    vit = attention_weights(bench.backbone_of(place))
    assert [(w.name, w.tower, w.parts) for w in vit] == [
        ("visual.transformer.resblocks.0.attn.in_proj_weight", "image", 3),
        ("visual.transformer.resblocks.1.attn.in_proj_weight", "image", 3),
        ("transformer.resblocks.0.attn.in_proj_weight", "text", 3),
        ("transformer.resblocks.1.attn.in_proj_weight", "text", 3),
    ]
    timm = attention_weights(bench.backbone_of(place, "mobile"))
    assert {w.name.removeprefix("visual.trunk.blocks.")[1:] for w in timm if w.tower == "image"} == {
        ".attn.qkv.weight"
    }
    assert {w.tower for w in timm} == {"image", "text"}
    # the attention pooling of a ResNet is no block
    assert {w.tower for w in attention_weights(bench.backbone_of(place, "resnet"))} == {"text"}
    method = find("clip-lora")
    reason = method.supports(bench.backbone_of(place, "resnet"), method.Options())
    assert "its image tower has no attention layers" in str(reason)


class Separate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = nn.Linear(4, 4), nn.Linear(4, 2), nn.Linear(4, 2)


def test_three_layers_are_three_matrices(place):
    backbone = bench.backbone_of(place)
    backbone.model.extra = Separate()
    found = [w for w in attention_weights(backbone) if w.name.startswith("extra")]
    assert [(w.name, w.parts) for w in found] == [(f"extra.{n}.weight", 1) for n in ("query", "key", "value")]


def factors_of(learner) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    state = learner.state_dict()
    names = sorted(n.removesuffix(".down") for n in state if n.startswith(PREFIX) and n.endswith(".down"))
    return {n.removeprefix(PREFIX): (state[f"{n}.down"], state[f"{n}.up"]) for n in names}


@pytest.mark.parametrize("kind", ["vit", "mobile", "siglip"])
def test_merged_weights_compute_what_the_separate_ones_do(place, kind):
    batch = bench.make_batch()
    learner = bench.learner_of(bench.backbone_of(place, kind), "clip-lora", dropout=0.0, rank=3, strength=2.0)
    base = {n: t.clone() for n, t in learner.backbone.state_dict().items()}
    bench.learn(learner, batch)
    learner.module.eval()
    with torch.no_grad():
        separate = learner.embed(batch, bench.pixels_of(learner.backbone, batch))["images"]
        merged = learner.backbone.encode_images(bench.pixels_of(learner.backbone, batch))
        torch.testing.assert_close(merged, separate, rtol=0, atol=1e-5)
        before = bench.backbone_of(place, kind).encode_images(bench.pixels_of(learner.backbone, batch))
        assert not torch.allclose(merged, before, atol=1e-3)
    for name, tensor in learner.backbone.state_dict().items():
        if name not in factors_of(learner):
            assert torch.equal(tensor, base[name]), name
            continue
        # queries, keys and values have factors of their own
        down, up = factors_of(learner)[name]
        rows = torch.cat([up[part] @ down[part] for part in range(3)])
        torch.testing.assert_close(tensor, base[name] + 2.0 / math.sqrt(3) * rows, rtol=0, atol=1e-6)


class LowRank(nn.Module):
    """A matrix with additions to its thirds, for torch's parametrisation."""

    def __init__(self, down: torch.Tensor, up: torch.Tensor) -> None:
        super().__init__()
        self.down, self.up = nn.Parameter(down.clone()), nn.Parameter(up.clone())

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        thirds = [
            third + (self.up[i] @ self.down[i]) / math.sqrt(2)
            for i, third in enumerate(weight.detach().chunk(3))
        ]
        return torch.cat(thirds)


def test_five_steps_equal_a_plain_loop(place):
    batch = bench.make_batch(9)
    learner = bench.learner_of(bench.backbone_of(place), "clip-lora", dropout=0.0, rate_multiple=10.0)
    start = {n: (a.clone(), b.clone()) for n, (a, b) in factors_of(learner).items()}
    stepper = bench.stepper_of(learner, RATE, decay=0.1)
    backbone = bench.backbone_of(place)
    model = backbone.model.train().requires_grad_(False)
    added = {}
    for name, (down, up) in start.items():
        module, _, parameter = name.rpartition(".")
        added[name] = LowRank(down, up)
        nn.utils.parametrize.register_parametrization(model.get_submodule(module), parameter, added[name])
    trained = [p for low_rank in added.values() for p in low_rank.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=10 * RATE, weight_decay=0.1)
    for epoch in range(1, STEPS + 1):
        batch.epoch = epoch
        ours = float(stepper.step(batch).loss)
        images = F.normalize(model.encode_image(bench.pixels_of(backbone, batch)), dim=-1)
        classes = F.normalize(model.encode_text(bench.drawn_tokens(backbone, batch)), dim=-1)
        loss = F.cross_entropy(model.logit_scale.exp() * images @ classes.T, batch.labels_B)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert ours == pytest.approx(float(loss.detach()), rel=1e-4), epoch
    for name, (down, up) in factors_of(learner).items():
        torch.testing.assert_close(up, added[name].up.data, rtol=1e-2, atol=2e-4)
        torch.testing.assert_close(down, added[name].down.data, rtol=1e-2, atol=2e-4)
        assert float(up.abs().max()) > RATE


def test_the_model_itself_has_no_gradients_and_no_state_in_the_optimizer(place):
    learner = bench.learner_of(bench.backbone_of(place), "clip-lora")
    stepper = bench.stepper_of(learner)
    stepper.step(bench.make_batch())
    assert all(p.grad is None for p in learner.backbone.model.parameters())
    groups = learner.parameter_groups(0.1, False)
    held = sum(p.numel() for group in groups for p in group["params"])
    # rank 2: for each of 4 matrices 3 · 2 · (32 + 32)
    assert held == 4 * 3 * 2 * 64
    assert {group["lr_scale"] for group in groups} == {20.0}


def test_it_begins_exactly_at_zero_shot(place):
    plain = bench.learner_of(bench.backbone_of(place), "zero-shot")
    learner = bench.learner_of(bench.backbone_of(place), "clip-lora")
    batch = bench.make_batch()
    learner.module.train()
    pixels = bench.pixels_of(learner.backbone, batch)
    merged = learner._merged(0, "image")
    base = learner.backbone.state_dict()
    assert merged
    assert all(torch.equal(tensor, base[name]) for name, tensor in merged.items())
    plain.backbone.model.train()
    assert torch.equal(learner.embed(batch, pixels)["images"], plain.backbone.encode_images(pixels))


def test_dropout_is_drawn_once_a_step_and_only_in_training(place):
    learner = bench.learner_of(bench.backbone_of(place), "clip-lora", dropout=0.5)
    bench.learn(learner, bench.make_batch())
    name = "visual.transformer.resblocks.0.attn.in_proj_weight"
    plain = learner.backbone.state_dict()[name].clone()
    learner.module.train()
    first, again = learner._merged(7, "image")[name], learner._merged(7, "image")[name]
    assert torch.equal(first, again)
    assert not torch.allclose(first, plain)
    learner.module.eval()
    assert torch.equal(learner._merged(7, "image")[name], plain)
    # the inputs that are dropped are those of whole columns, the others count twice
    base = bench.backbone_of(place).state_dict()[name]
    for third, dropped, whole in zip(base.chunk(3), first.chunk(3), plain.chunk(3), strict=True):
        added, full = dropped - third, whole - third
        gone = added.abs().amax(dim=0) < 1e-7
        assert 4 < int(gone.sum()) < 28
        torch.testing.assert_close(added[:, ~gone], 2 * full[:, ~gone], rtol=1e-3, atol=1e-6)
    learner.after_step()
    learner.module.train()
    assert not torch.equal(learner._merged(7, "image")[name], first)


def test_blending_scales_the_addition_and_its_factors(place):
    learner = bench.learner_of(bench.backbone_of(place), "clip-lora")
    before = bench.copied(learner.state_dict())
    bench.learn(learner, bench.make_batch())
    after = bench.copied(learner.state_dict())
    blended = learner.blend(before, after, 0.3)
    assert not torch.equal(
        blended["transformer.resblocks.0.attn.in_proj_weight"],
        before["transformer.resblocks.0.attn.in_proj_weight"],
    )
    learner.load_state_dict(blended)
    learner.module.eval()
    for name, merged in learner._merged(0, "text").items():
        torch.testing.assert_close(merged, blended[name], rtol=0, atol=1e-6)
    # what it was before is still known, whatever was loaded
    learner.load_state_dict(before)
    assert all(torch.equal(t, before[n]) for n, t in learner.state_dict().items())
