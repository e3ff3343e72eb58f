"""ProLIP and the projections it trains, against plain loops and plain products."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.clip.projection import find_projection
from engine.methods import Features, find
from engine.methods.prolip import strength
from tests.engine.methods import bench


@pytest.mark.parametrize("kind", ["vit", "resnet", "mobile", "siglip"])
def test_a_projections_parts_make_the_towers_embedding(place, kind):
    backbone = bench.backbone_of(place, kind)
    projection = find_projection(backbone)
    assert projection is not None
    assert (projection.bias_D is not None) == (kind == "resnet")
    pixels = bench.pixels_of(backbone, bench.make_batch())
    before = {n: t.clone() for n, t in backbone.state_dict().items()}
    with torch.no_grad():
        expected = backbone.model.encode_image(pixels)
        pooled_BF = projection.pooled(pixels)
        torch.testing.assert_close(projection(pooled_BF), expected, rtol=1e-4, atol=1e-5)
        assert pooled_BF.shape[1] == projection.weight_DF.shape[1] != expected.shape[1]
        assert projection.weight_DF.shape[0] == expected.shape[1] == 16
        assert all(torch.equal(before[n], t) for n, t in backbone.state_dict().items())
        # and what is pooled does not depend on the projection
        projection.set_weight(projection.weight_DF * 2 + 1)
        assert torch.equal(projection.pooled(pixels), pooled_BF)
        assert not torch.allclose(backbone.model.encode_image(pixels), expected)


def timm_tower(head: nn.Module, trunk: nn.Module) -> SimpleNamespace:
    visual = nn.Module()
    visual.trunk, visual.head = trunk, head
    return SimpleNamespace(visual=visual)


def test_a_timm_tower_without_a_head_projects_by_its_classifier():
    trunk = nn.Module()
    trunk.body, trunk.fc = nn.Linear(5, 4), nn.Linear(4, 3)
    trunk.get_classifier = lambda: trunk.fc
    projection = find_projection(timm_tower(nn.Sequential(), trunk))
    assert projection is not None
    assert projection.weight is trunk.fc.weight
    assert projection.bias_D is trunk.fc.bias


def test_towers_that_end_otherwise_have_no_projection(place):
    for name in ("mlp", "pool"):
        head = nn.Sequential()
        head.add_module(name, nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 3)))
        assert find_projection(timm_tower(head, nn.Module())) is None
    trunk = nn.Module()
    trunk.get_classifier = nn.Identity
    backbone = timm_tower(nn.Sequential(), trunk)
    assert find_projection(backbone) is None
    for method in (find("prolip"), find("carot")):
        assert "does not end in a linear projection" in str(method.supports(backbone, method.Options()))


def test_the_pull_follows_the_pictures_a_class():
    labels_N = torch.tensor([0] * 6 + [2] * 2)
    assert strength("1/K", labels_N) == pytest.approx(1 / 4)
    assert strength("1/K2", labels_N) == pytest.approx(1 / 16)
    assert strength("none", labels_N) == 0


@pytest.mark.parametrize("kind", ["vit", "resnet"])
@pytest.mark.parametrize("balanced", [False, True])
def test_each_candidate_equals_a_plain_loop(place, kind, balanced):
    learner = bench.learner_of(
        bench.backbone_of(place, kind), "prolip", steps=5, lowest_rate=1e-3, highest_rate=1e-2, rates=2
    )
    both = bench.features_of(learner, bench.make_batch(10))
    # unequal classes: 4 + 3 + 1
    chosen = torch.tensor([0, 3, 6, 9, 1, 4, 7, 2])
    training = Features(both.rows_NF[chosen], both.labels_N[chosen])
    backbone = bench.backbone_of(place, kind)
    projection = find_projection(backbone)
    assert projection is not None
    start_DF = projection.weight_DF.detach().clone()
    bias = None if projection.bias_D is None else projection.bias_D.detach()
    head = bench.learner_of(backbone, "zero-shot").head()
    counts = torch.tensor([4.0, 3.0, 1.0])
    share_N = (8 / (3 * counts))[training.labels_N] if balanced else torch.ones(8)
    for candidate, rate in zip(learner.fit(training, training, 0, balanced), (1e-3, 1e-2), strict=True):
        weight = start_DF.clone().requires_grad_()
        optimizer = torch.optim.Adam([weight], lr=rate, eps=1e-4)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
        for _ in range(5):
            features = training.rows_NF @ weight.T + (0 if bias is None else bias)
            logits = head.scale * F.normalize(features, dim=-1) @ head.weight_CD.T
            each = -logits.log_softmax(dim=1)[torch.arange(8), training.labels_N]
            loss = (share_N * each).mean() + 3 / 8 * torch.linalg.matrix_norm(weight - start_DF) ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        ours = find_projection(learner.backbone).weight_DF
        torch.testing.assert_close(ours, weight, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(ours, start_DF, atol=rate)
        images = F.normalize(training.rows_NF @ weight.T + (0 if bias is None else bias), dim=-1)
        expected = F.cross_entropy(head.scale * images @ head.weight_CD.T, training.labels_N)
        assert candidate.loss == pytest.approx(float(expected.detach()), rel=1e-4)
    assert candidate.number == learner.rounds() == 2


def test_only_the_projection_changes_and_a_strong_pull_keeps_it(place):
    batch = bench.make_batch()
    distances = {}
    for pull in ("none", "1/K2", "1/K"):
        learner = bench.learner_of(bench.backbone_of(place), "prolip", pull=pull, rates=1, steps=60)
        start = {n: t.clone() for n, t in learner.backbone.state_dict().items()}
        bench.learn(learner, batch)
        changed = [n for n, t in learner.backbone.state_dict().items() if not torch.equal(start[n], t)]
        assert changed == ["visual.proj"]
        distances[pull] = float((learner.backbone.visual.proj - start["visual.proj"]).detach().norm())
    assert 0 < distances["1/K"] < distances["1/K2"] < distances["none"]
    assert math.isfinite(distances["none"])
