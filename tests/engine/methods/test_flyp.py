"""FLYP's clipped gradient and its text tower at a rate of its own, against a plain loop."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from engine.errors import EngineError
from tests.engine.methods import bench

RATE, DECAY, STEPS = 1e-3, 0.1, 5
SCALARS = {"logit_scale", "logit_bias"}


def towers(backbone) -> tuple[list, list]:
    """Parameters of pictures and scalars, and of texts, told apart by the gradient of a caption."""
    model = backbone.model
    model.zero_grad()
    model.encode_text(backbone.tokenize(["a cat"])).sum().backward()
    texts = {name for name, each in model.named_parameters() if each.grad is not None}
    model.zero_grad(set_to_none=True)
    named = list(model.named_parameters())
    assert not texts & SCALARS
    assert texts
    return [n for n in named if n[0] not in texts], [n for n in named if n[0] in texts]


@pytest.mark.parametrize("kind", ["vit", "resnet", "mobile", "siglip"])
def test_which_parameters_are_the_text_towers(place, kind):
    backbone = bench.backbone_of(place, kind)
    others, texts = towers(backbone)
    assert all(backbone.is_text(name) for name, _ in texts)
    assert not any(backbone.is_text(name) for name, _ in others)


def shrink(named, largest: float) -> float:
    """Scale all gradients so that their common norm is at most ``largest``; the norm as it was."""
    norm = sum(float(each.grad.square().sum()) for _, each in named) ** 0.5
    for _, each in named:
        each.grad *= min(1.0, largest / norm)
    return norm


@pytest.mark.parametrize("largest", [None, 0.05])
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_five_steps_equal_a_plain_loop(place, share, largest):
    options = {"collisions": "none", "text_rate": share, "largest_gradient": largest}
    learner = bench.learner_of(bench.backbone_of(place), "flyp", **options)
    stepper = bench.stepper_of(learner, RATE, DECAY)
    plain = bench.backbone_of(place)
    model = plain.model.train()
    others, texts = towers(plain)
    optimizers = [bench.plain_adamw(others, RATE, DECAY), bench.plain_adamw(texts, share * RATE, DECAY)]
    ours, expected = [], []
    for epoch in range(1, STEPS + 1):
        batch = bench.make_batch(9, epoch=epoch)
        ours.append(float(stepper.step(batch).loss))
        images_BD = F.normalize(model.encode_image(bench.pixels_of(plain, batch)), dim=-1)
        texts_BD = F.normalize(model.encode_text(bench.paired_tokens(plain, batch)), dim=-1)
        logits_BB = model.logit_scale.exp() * images_BD @ texts_BD.T
        target = torch.arange(9)
        loss = (F.cross_entropy(logits_BB, target) + F.cross_entropy(logits_BB.T, target)) / 2
        for each in optimizers:
            each.zero_grad()
        loss.backward()
        if largest is not None:
            # what is kept as it was takes no room in the norm
            assert shrink([*others, *texts] if share else others, largest) > largest
        for each in optimizers:
            each.step()
        expected.append(float(loss.detach()))
    assert ours == pytest.approx(expected, rel=2e-3, abs=1e-5)
    before, after = bench.backbone_of(place).state_dict(), learner.backbone.state_dict()
    still = {name for name, _ in texts if torch.equal(before[name], after[name])}
    assert still == ({name for name, _ in texts} if share == 0 else set())
    assert not any(torch.equal(before[name], after[name]) for name, each in others if each.ndim > 1)


def test_the_same_rate_for_both_towers_is_as_it_was(place):
    learner = bench.learner_of(bench.backbone_of(place), "flyp")
    assert [group["lr_scale"] for group in learner.parameter_groups(DECAY, False)] == [1.0, 1.0]


@pytest.mark.parametrize(("name", "largest"), [("flyp", 1.0), ("flyp-ce", 1.0), ("carot", None)])
def test_gradients_are_clipped_unless_it_is_as_published(place, name, largest):
    assert bench.learner_of(bench.backbone_of(place), name).clip_gradient == largest
    other = bench.learner_of(bench.backbone_of(place), name, largest_gradient=0.25)
    assert other.clip_gradient == 0.25
    assert bench.learner_of(bench.backbone_of(place), name, largest_gradient="none").clip_gradient is None


@pytest.mark.parametrize("share", [-0.1, 1.5, "fast"])
def test_a_share_that_is_none_is_refused(place, share):
    with pytest.raises(EngineError, match="text_rate"):
        bench.learner_of(bench.backbone_of(place), "flyp", text_rate=share)
