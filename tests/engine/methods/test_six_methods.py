"""Zero-shot, linear probe, fine-tune, L2-SP, LP-FT and FLYP-CE against their definitions, written plainly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from engine.control import Control
from engine.methods.linear_probe import class_weights, fit_logistic
from engine.training.feature_trainer import fit_best
from tests.engine.methods import bench

RATE, DECAY, STEPS = 1e-3, 0.1, 5


def test_zero_shot_is_the_template_head(place):
    backbone = bench.backbone_of(place)
    batch = bench.make_batch()
    expected = bench.zero_shot_logits(backbone, batch)
    learner = bench.learner_of(backbone, "zero-shot")
    torch.testing.assert_close(bench.logits_of(learner, batch), expected, rtol=1e-5, atol=1e-5)
    assert learner.rounds() == 0
    assert list(learner.fit(None, None, 0, False)) == []


# --- linear probe ---------------------------------------------------------------------------------


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("strength", [0.3, 100.0])
def test_the_linear_probe_is_scikit_learns_logistic_regression(balanced, strength):
    generator = torch.Generator().manual_seed(1)
    labels_N = torch.tensor([0] * 20 + [1] * 9 + [2] * 5)
    rows_ND = F.normalize(torch.randn(34, 12, generator=generator) + F.one_hot(labels_N, 12), dim=-1)
    ours_CE = fit_logistic(
        rows_ND, labels_N, class_weights(labels_N, 3, balanced), strength, torch.zeros(3, 13)
    )
    theirs = LogisticRegression(
        C=strength, tol=1e-10, max_iter=20_000, class_weight="balanced" if balanced else None
    )
    theirs.fit(rows_ND.double().numpy(), labels_N.numpy())
    # biases are free up to a number that is the same for all classes
    bias_C = ours_CE[:, -1] - ours_CE[:, -1].mean()
    np.testing.assert_allclose(ours_CE[:, :-1].numpy(), theirs.coef_, atol=2e-4 * strength**0.5)
    np.testing.assert_allclose(
        bias_C.numpy(), theirs.intercept_ - theirs.intercept_.mean(), atol=2e-4 * strength**0.5
    )
    probabilities = (rows_ND.double() @ ours_CE[:, :-1].T + ours_CE[:, -1]).softmax(dim=1)
    np.testing.assert_allclose(
        probabilities.numpy(), theirs.predict_proba(rows_ND.double().numpy()), atol=1e-4
    )


def test_the_linear_probe_goes_from_strong_to_weak_regularisation(place):
    learner = bench.learner_of(
        bench.backbone_of(place), "linear-probe", weakest=0.1, strongest=1000.0, strengths=3
    )
    features = bench.features_of(learner, bench.make_batch(12))
    losses = []
    for number, candidate in enumerate(learner.fit(features, features, 0, False)):
        losses.append(candidate.loss)
        head = learner.head()
        theirs = LogisticRegression(C=(0.1, 10.0, 1000.0)[number], tol=1e-10, max_iter=20_000)
        theirs.fit(features.rows_NF.double().numpy(), features.labels_N.numpy())
        np.testing.assert_allclose(
            head(features.rows_NF).softmax(dim=1).numpy(),
            theirs.predict_proba(features.rows_NF.double().numpy()),
            atol=1e-3,
        )
    assert losses == sorted(losses, reverse=True)


# --- methods of the image tower and a head -----------------------------------------------------------


def plain_finetuning(backbone, batch, weight_CD, bias_C, pull: float) -> list[float]:
    """Cross-entropy of a linear head on normalised embeddings, clipped at 1; the losses of each step."""
    visual = backbone.visual.train()
    weight_CD, bias_C = weight_CD.clone().requires_grad_(), bias_C.clone().requires_grad_()
    start = [p.detach().clone() for p in visual.parameters()]
    named = [*visual.named_parameters(), ("weight", weight_CD), ("bias", bias_C)]
    optimizer = bench.plain_adamw(named, RATE, DECAY)
    losses = []
    for _ in range(STEPS):
        images_BD = F.normalize(visual(bench.pixels_of(backbone, batch)), dim=-1)
        loss = F.cross_entropy(images_BD @ weight_CD.T + bias_C, batch.labels_B)
        loss = loss + pull * sum(
            ((p - p0) ** 2).sum() for p, p0 in zip(visual.parameters(), start, strict=True)
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def zero_shot_weight(backbone) -> torch.Tensor:
    rows = []
    with torch.no_grad():
        for name in bench.CLASSES:
            texts = [template.format(name.replace("_", " ")) for template in bench.PROMPTS.templates]
            each = F.normalize(backbone.model.encode_text(backbone.tokenize(texts)), dim=-1)
            rows.append(F.normalize(each.mean(dim=0), dim=0))
        return backbone.model.logit_scale.exp() * torch.stack(rows)


@pytest.mark.parametrize(("name", "options"), [("fine-tune", {}), ("l2-sp", {"pull": 0.5})])
def test_five_steps_of_finetuning_equal_a_plain_loop(place, name, options):
    batch = bench.make_batch(9)
    learner = bench.learner_of(bench.backbone_of(place), name, **options)
    stepper = bench.stepper_of(learner, RATE, DECAY)
    ours = [float(stepper.step(batch).loss) for _ in range(STEPS)]
    plain = bench.backbone_of(place)
    expected = plain_finetuning(
        plain, batch, zero_shot_weight(plain), torch.zeros(3), options.get("pull", 0.0)
    )
    assert ours == pytest.approx(expected, rel=2e-3, abs=1e-5)
    assert ours[0] == pytest.approx(expected[0], rel=1e-5)
    assert min(ours) < ours[0]
    texts = learner.backbone.state_dict()
    assert all(torch.equal(texts[n], t) for n, t in plain.state_dict().items() if not n.startswith("visual"))


def test_the_pull_of_l2_sp_is_on_the_image_tower_alone(place):
    learner = bench.learner_of(bench.backbone_of(place), "l2-sp", pull=0.25)
    batch = bench.make_batch()
    with torch.no_grad():
        rows = {"images": learner.backbone.encode_images(bench.pixels_of(learner.backbone, batch))}
        before = learner.loss(rows, batch.labels_B).value.item()
        learner.backbone.visual.proj.add_(0.1)
        learner.backbone.model.text_projection.add_(0.1)
    after = learner.loss(rows, batch.labels_B).value
    assert after.item() - before == pytest.approx(
        0.25 * 0.01 * learner.backbone.visual.proj.numel(), rel=1e-3
    )
    after.backward()
    expected = 0.25 * 2 * 0.1
    torch.testing.assert_close(
        learner.backbone.visual.proj.grad, torch.full_like(learner.backbone.visual.proj, expected)
    )


def test_lp_ft_finetunes_tower_and_head_from_the_probes_head(place):
    batch = bench.make_batch(9)
    probe, learner = bench.stages_of(bench.backbone_of(place), "lp-ft", strongest=100.0, strengths=3)
    # as a run does it: the optimizer is made before the probe is fitted
    stepper = bench.stepper_of(learner, RATE, DECAY)
    features = bench.features_of(probe, batch)
    fit_best(probe, features, features, 0, False, Control())
    learner.start_from(probe)
    head = probe.head()
    torch.testing.assert_close(bench.logits_of(learner, batch), head(features.rows_NF))
    learner.module.train()
    ours = [float(stepper.step(batch).loss) for _ in range(STEPS)]
    plain = bench.backbone_of(place)
    expected = plain_finetuning(plain, batch, head.weight_CD, head.bias, 0.0)
    assert ours == pytest.approx(expected, rel=2e-3, abs=1e-5)
    assert not torch.equal(learner.head().weight_CD, head.weight_CD)
    assert not torch.equal(learner.head().bias, head.bias)


# --- FLYP with cross-entropy -------------------------------------------------------------------------


def test_five_steps_of_flyp_ce_equal_a_plain_loop(place):
    batch = bench.make_batch(9)
    learner = bench.learner_of(bench.backbone_of(place), "flyp-ce")
    stepper = bench.stepper_of(learner, RATE, DECAY)
    ours = []
    for epoch in range(1, STEPS + 1):
        batch.epoch = epoch
        ours.append(float(stepper.step(batch).loss))
    backbone = bench.backbone_of(place)
    model = backbone.model.train()
    optimizer = bench.plain_adamw(list(model.named_parameters()), RATE, DECAY)
    expected = []
    for epoch in range(1, STEPS + 1):
        batch.epoch = epoch
        images_BD = F.normalize(model.encode_image(bench.pixels_of(backbone, batch)), dim=-1)
        classes_CD = F.normalize(model.encode_text(bench.drawn_tokens(backbone, batch)), dim=-1)
        loss = F.cross_entropy(model.logit_scale.exp() * images_BD @ classes_CD.T, batch.labels_B)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        expected.append(float(loss.detach()))
    assert ours == pytest.approx(expected, rel=2e-3, abs=1e-5)
    assert ours[0] == pytest.approx(expected[0], rel=1e-5)
    assert learner.backbone.logit_scale.item() == pytest.approx(model.logit_scale.item(), rel=1e-4)
