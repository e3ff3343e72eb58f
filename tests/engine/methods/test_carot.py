"""CaRot against its formula, written plainly: loss, gradients, teacher, steps."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F

from engine.methods.carot import distillation, orthogonality
from engine.training.step import training_mode
from tests.engine.methods import bench

RATE, DECAY, STEPS = 1e-3, 0.1, 6


def test_the_penalty_by_hand():
    # W (3 × 2) with columns of length 2 and 1 at a right angle: WᵀW − I = diag(3, 0)
    weight_DF = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.6, 0.8]], requires_grad=True)
    value = orthogonality(weight_DF, "squared")
    assert value.item() == pytest.approx(9)
    value.backward()
    # d/dW tr((WᵀW − I)²) = 4·W·(WᵀW − I)
    torch.testing.assert_close(weight_DF.grad, torch.tensor([[24.0, 0, 0], [0, 0, 0]]))
    assert orthogonality(weight_DF.detach(), "norm").item() == pytest.approx(3)


def test_distillation_is_kl_from_the_teacher_both_ways():
    generator = torch.Generator().manual_seed(3)
    own, teacher = torch.randn(5, 5, generator=generator), torch.randn(5, 5, generator=generator)
    expected = 0.0
    for s, t in ((own, teacher), (own.T, teacher.T)):
        p, q = t.softmax(dim=1), s.softmax(dim=1)
        expected += float((p * (p.log() - q.log())).sum() / 5)
    assert float(distillation(own, teacher)) == pytest.approx(expected, rel=1e-5)
    assert float(distillation(own, own)) == pytest.approx(0, abs=1e-6)
    # its gradient is that of the cross-entropy with the teacher's distribution
    leaf = own.clone().requires_grad_()
    distillation(leaf, teacher).backward()
    ours = leaf.grad.clone()
    leaf.grad = None
    ce = (
        -(teacher.softmax(1) * leaf.log_softmax(1)).sum()
        - (teacher.T.softmax(1) * leaf.T.log_softmax(1)).sum()
    )
    (ce / 5).backward()
    torch.testing.assert_close(ours, leaf.grad)


def plain_loss(backbone, teacher, batch, oc: float, sd: float) -> torch.Tensor:
    pixels, tokens = bench.pixels_of(backbone, batch), bench.paired_tokens(backbone, batch)
    model = backbone.model

    def logits(clip):
        images = F.normalize(clip.encode_image(pixels), dim=-1)
        return clip.logit_scale.exp() * images @ F.normalize(clip.encode_text(tokens), dim=-1).T

    own = logits(model)
    with torch.no_grad():
        its = logits(teacher)
    target = torch.arange(len(batch))
    loss = (F.cross_entropy(own, target) + F.cross_entropy(own.T, target)) / 2
    proj = model.visual.proj
    loss = loss + oc * ((proj.T @ proj - torch.eye(proj.shape[1])) ** 2).sum()
    kl = sum(
        F.kl_div(s.log_softmax(1), t.softmax(1), reduction="batchmean")
        for s, t in ((own, its), (own.T, its.T))
    )
    return loss + sd * kl


def test_steps_equal_a_plain_loop_with_a_copy_as_teacher(place):
    batch = bench.make_batch(9)
    # an update every second step, the momentum rising over the first 20 % of 15 steps
    learner = bench.learner_of(bench.backbone_of(place), "carot", updates=7)
    learner.begin(15)
    stepper = bench.stepper_of(learner, RATE, DECAY)
    backbone = bench.backbone_of(place)
    model, teacher = backbone.model.train(), copy.deepcopy(backbone.model).eval()
    optimizer = bench.plain_adamw(list(model.named_parameters()), RATE, DECAY)
    momenta = {0: 0.05, 2: 0.05 + 0.85 * 2 / 3, 4: 0.9}
    for step in range(STEPS):
        batch.epoch = step + 1
        ours = float(stepper.step(batch).loss)
        loss = plain_loss(backbone, teacher, batch, 0.2, 1.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in momenta:
            with torch.no_grad():
                for its, own in zip(teacher.parameters(), model.parameters(), strict=True):
                    its.copy_(momenta[step] * its + (1 - momenta[step]) * own)
        assert ours == pytest.approx(float(loss.detach()), rel=1e-5 if step == 0 else 2e-3), step
    moved = dict(teacher.named_parameters())
    torch.testing.assert_close(learner.teacher["visual.proj"], moved["visual.proj"], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(learner.teacher["visual.proj"], model.visual.proj, atol=1e-4)


@pytest.mark.parametrize("kind", ["vit", "mobile"])
def test_gradients_equal_those_of_the_plain_loss(place, kind):
    batch = bench.make_batch(9)
    learner = bench.learner_of(bench.backbone_of(place, kind), "carot")
    stepper = bench.stepper_of(learner)
    learner.begin(100)
    stepper.step(batch)
    backbone = bench.backbone_of(place, kind)
    backbone.load_state_dict(learner.backbone.state_dict())
    backbone.model.train()
    teacher = copy.deepcopy(backbone.model).eval()
    teacher.load_state_dict(learner.teacher, strict=False)
    if kind == "mobile":
        # its projection is a layer, not a parameter
        backbone.visual.proj = backbone.visual.head.proj.weight.T
    plain_loss(backbone, teacher, batch, 0.2, 1.5).backward()
    expected = {f"{n}": p.grad.clone() for n, p in backbone.model.named_parameters() if p.grad is not None}
    stepper.gradients(batch)
    bench.assert_same_gradients(bench.gradients(learner), expected)


def test_the_teacher_costs_no_gradients_leaves_modes_alone_and_stays_out_of_the_weights(place):
    learner = bench.learner_of(bench.backbone_of(place, "resnet"), "carot")
    training_mode(learner.module, freeze_batchnorm=True)
    modes = [module.training for module in learner.module.modules()]
    before = {n: t.clone() for n, t in learner.backbone.state_dict().items()}
    stepper = bench.stepper_of(learner)
    stepper.gradients(bench.make_batch())
    assert [module.training for module in learner.module.modules()] == modes
    assert len(set(modes)) == 2
    assert all(torch.equal(before[n], t) for n, t in learner.backbone.state_dict().items())
    assert not any(tensor.requires_grad for tensor in learner.teacher.values())
    assert set(learner.teacher) == {n for n, _ in learner.backbone.model.named_parameters()}
    assert learner.state_dict().keys() == learner.backbone.state_dict().keys()
    assert set(learner.training_state()) == set(learner.teacher) | {"steps"}
    with pytest.raises(ValueError, match="not those of the model"):
        learner.load_training_state({"steps": torch.tensor(1)})


def test_without_what_it_adds_it_is_flyp(place):
    batch = bench.make_batch()
    plain = bench.learner_of(bench.backbone_of(place), "flyp", collisions="soft")
    carot = bench.learner_of(
        bench.backbone_of(place), "carot", collisions="soft", orthogonality=0, distillation=0
    )
    one, other = bench.stepper_of(plain).gradients(batch), bench.stepper_of(carot).gradients(batch)
    assert torch.equal(one.loss, other.loss)
    assert one.floor == other.floor
    expected = bench.gradients(plain)
    assert all(torch.equal(g, expected[n]) for n, g in bench.gradients(carot).items())
    assert carot.training_state() == {}
