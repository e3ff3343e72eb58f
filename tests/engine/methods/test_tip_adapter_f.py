"""Tip-Adapter-F against plain loops: the memory's logits, the keys' training, the choice of α and β."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from engine.methods import Features
from engine.methods.tip_adapter_f import MemoryHead, choose, recalled, spaced
from tests.engine.methods import bench


def random_rows(count: int, seed: int) -> torch.Tensor:
    return F.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_the_logits_by_a_loop_over_pictures_and_keys(place):
    text = bench.learner_of(bench.backbone_of(place), "zero-shot").head()
    images, keys, labels = random_rows(4, 0), random_rows(6, 1), torch.tensor([0, 1, 2, 0, 1, 0])
    ours = MemoryHead(text, keys, labels, alpha=1.3, beta=4.0).on_cpu()(images)
    for b in range(4):
        expected = [float(text.scale * images[b] @ text.weight_CD[c]) for c in range(3)]
        for n in range(6):
            near = float(torch.exp(-4.0 * (1 - images[b] @ keys[n])))
            expected[int(labels[n])] += 1.3 * near
        assert ours[b].tolist() == pytest.approx(expected, rel=1e-5)


def test_keys_are_trained_as_in_a_plain_loop(place):
    learner = bench.learner_of(
        bench.backbone_of(place), "tip-adapter-f", epochs=5, first_alpha=2.0, first_beta=3.0
    )
    training = bench.features_of(learner, bench.make_batch(8))
    text = learner.head().text
    keys = training.rows_NF.clone().requires_grad_()
    values = torch.eye(3)[training.labels_N]
    optimizer = torch.optim.AdamW([keys], lr=1e-3, eps=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    for _ in learner.fit(training, training, seed=0, balanced=False):
        cache = torch.exp(-(3.0 - 3.0 * training.rows_NF @ keys.T)) @ values
        loss = F.cross_entropy(text(training.rows_NF) + 2.0 * cache, training.labels_N)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        torch.testing.assert_close(learner.head().keys_ND, keys.detach(), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(keys, training.rows_NF, atol=1e-4)


def test_alpha_and_beta_have_the_lowest_loss_of_the_grid(place):
    learner = bench.learner_of(bench.backbone_of(place), "tip-adapter-f", epochs=1, grid=4)
    training = bench.features_of(learner, bench.make_batch(9))
    validation = bench.features_of(learner, bench.make_batch(12, seed=5))
    for _ in learner.fit(training, validation, seed=0, balanced=False):
        head = learner.head()
    grid = [0.1 * 100 ** (step / 3) for step in range(4)]
    assert spaced(10.0, 4) == pytest.approx(grid)
    losses = {}
    for alpha, beta in itertools.product(grid, grid):
        cache = torch.exp(-beta * (1 - validation.rows_NF @ head.keys_ND.T)) @ torch.eye(3)[training.labels_N]
        logits = head.text(validation.rows_NF) + alpha * cache
        losses[alpha, beta] = float(F.cross_entropy(logits, validation.labels_N))
    best = min(losses, key=losses.__getitem__)
    assert (head.alpha, head.beta) == pytest.approx(best)
    assert max(losses.values()) > losses[best]
    # of equals the first: a memory that knows nothing changes nothing
    same = choose(
        torch.zeros(2, 2), torch.ones(2, 2), torch.tensor([0, 1]), torch.tensor([0, 1]), [1.0, 2.0], [3.0]
    )
    assert same == (1.0, 3.0)


def test_the_order_of_training_follows_the_seed_and_balanced_weighs_classes(place, monkeypatch):
    monkeypatch.setattr("engine.methods.tip_adapter_f.BATCH", 3)
    batch = bench.make_batch(10)

    def keys(seed: int, balanced: bool) -> torch.Tensor:
        learner = bench.learner_of(bench.backbone_of(place), "tip-adapter-f", epochs=1)
        features = bench.features_of(learner, batch)
        for _ in learner.fit(features, features, seed=seed, balanced=balanced):
            pass
        return learner.head().keys_ND

    assert torch.equal(keys(0, False), keys(0, False))
    assert not torch.equal(keys(0, False), keys(1, False))
    assert not torch.equal(keys(0, False), keys(0, True))


def test_the_memory_begins_empty_and_blending_scales_its_part(place):
    learner = bench.learner_of(bench.backbone_of(place), "tip-adapter-f", epochs=2)
    before = bench.copied(learner.state_dict())
    assert before["learned.keys"].shape == (0, 16)
    batch = bench.make_batch(8)
    text = bench.logits_of(learner, batch)
    bench.learn(learner, batch)
    after = bench.copied(learner.state_dict())
    assert after["learned.keys"].shape == (8, 16)
    assert after["learned.alpha"].ndim == after["learned.beta"].ndim == 0
    memory = bench.logits_of(learner, batch) - text
    learner.load_state_dict(learner.blend(before, after, 0.25))
    torch.testing.assert_close(bench.logits_of(learner, batch) - text, 0.25 * memory, rtol=1e-4, atol=1e-4)


def test_large_sets_are_judged_in_parts(place, monkeypatch):
    text = bench.learner_of(bench.backbone_of(place), "zero-shot").head()
    head = MemoryHead(text, random_rows(6, 1), torch.tensor([0, 1, 2, 0, 1, 0]), 1.0, 2.0)
    whole = head(random_rows(7, 2))
    monkeypatch.setattr("engine.methods.tip_adapter_f._ROWS", 3)
    torch.testing.assert_close(head(random_rows(7, 2)), whole)
    assert recalled(torch.zeros(2, 0), 1.0, torch.zeros(0, dtype=torch.int64), 3).tolist() == [[0, 0, 0]] * 2
    assert Features(random_rows(1, 0), torch.tensor([0])).rows_NF.shape == (1, 16)
