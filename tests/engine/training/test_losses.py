"""The losses against plain loops that share no code with them."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from engine.training import losses


def batch(seed: int = 0, size: int = 7, width: int = 5, classes: int = 3):
    generator = torch.Generator().manual_seed(seed)
    images = F.normalize(torch.randn(size, width, generator=generator, dtype=torch.float64), dim=-1)
    texts = F.normalize(torch.randn(size, width, generator=generator, dtype=torch.float64), dim=-1)
    labels = torch.randint(0, classes, (size,), generator=generator)
    return images.float(), texts.float(), labels


def plain_softmax(images, texts, scale, labels, collisions):
    """Sum by sum, in Python floats."""
    size = len(images)
    cosine = [
        [float(sum(a * b for a, b in zip(i, t, strict=True))) for t in texts.tolist()]
        for i in images.tolist()
    ]
    total = 0.0
    for direction in ("images", "texts"):
        for row in range(size):
            logits = [
                scale * (cosine[row][column] if direction == "images" else cosine[column][row])
                for column in range(size)
            ]
            same = [bool(labels[column] == labels[row]) for column in range(size)]
            keep = [not (collisions == "mask" and same[c] and c != row) for c in range(size)]
            log_sum = math.log(sum(math.exp(x) for x, k in zip(logits, keep, strict=True) if k))
            targets = [c for c in range(size) if same[c]] if collisions == "soft" else [row]
            total += sum(log_sum - logits[c] for c in targets) / len(targets)
    return total / (2 * size)


@pytest.mark.parametrize("collisions", ["none", "mask", "soft"])
@pytest.mark.parametrize("seed", [0, 1])
def test_softmax_equals_plain_loop(collisions, seed):
    images, texts, labels = batch(seed)
    ours = losses.contrastive_loss(images, texts, 14.3, labels, collisions)
    assert float(ours) == pytest.approx(plain_softmax(images, texts, 14.3, labels, collisions), rel=1e-5)


def plain_sigmoid(images, texts, scale, bias, labels, collisions):
    size = len(images)
    total = 0.0
    for i in range(size):
        for t in range(size):
            same = bool(labels[i] == labels[t])
            if collisions == "mask" and same and i != t:
                continue
            sign = 1 if i == t or (collisions == "soft" and same) else -1
            logit = scale * float(images[i] @ texts[t]) + bias
            total += math.log1p(math.exp(-sign * logit))
    return total / size


@pytest.mark.parametrize("collisions", ["none", "mask", "soft"])
def test_sigmoid_equals_plain_loop(collisions):
    images, texts, labels = batch(3)
    ours = losses.sigmoid_loss(images, texts, 8.0, -2.0, labels, collisions)
    assert float(ours) == pytest.approx(plain_sigmoid(images, texts, 8.0, -2.0, labels, collisions), rel=1e-5)


@pytest.mark.parametrize("collisions", ["mask", "soft"])
def test_classes_are_needed_where_collisions_matter(collisions):
    images, texts, _ = batch()
    with pytest.raises(ValueError, match="class of each picture"):
        losses.contrastive_loss(images, texts, 1.0, None, collisions)


def test_with_one_caption_a_class_none_and_soft_are_the_same_loss_and_gradient():
    images, texts, labels = batch(5, size=9)
    texts = texts[labels]  # one caption for each class
    gradients = {}
    for collisions in ("none", "soft"):
        i, t = images.clone().requires_grad_(), texts.clone().requires_grad_()
        loss = losses.contrastive_loss(i, t, 10.0, labels, collisions)
        # the caption of a class is one tensor: its gradient is the sum over its rows
        loss.backward()
        by_class = torch.zeros(3, 5).index_add_(0, labels, t.grad)
        gradients[collisions] = (loss.detach(), i.grad, by_class)
    for none, soft in zip(gradients["none"], gradients["soft"], strict=True):
        torch.testing.assert_close(none, soft, rtol=1e-5, atol=1e-6)


def test_mask_differs_from_none_when_classes_collide_and_not_otherwise():
    images, texts, _ = batch(6, size=4)
    apart = torch.arange(4)
    together = torch.tensor([0, 0, 1, 1])
    none = float(losses.contrastive_loss(images, texts, 10.0))
    assert float(losses.contrastive_loss(images, texts, 10.0, apart, "mask")) == pytest.approx(none, rel=1e-6)
    assert float(losses.contrastive_loss(images, texts, 10.0, together, "mask")) < none - 1e-3


@pytest.mark.parametrize("collisions", ["none", "soft"])
def test_floor_is_reached_by_a_model_that_tells_the_classes_apart(collisions):
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    perfect = torch.eye(3)[labels]
    loss = losses.contrastive_loss(perfect, perfect, 1000.0, labels, collisions)
    expected = (3 * math.log(3) + 2 * math.log(2)) / 6
    assert losses.floor(labels, collisions) == pytest.approx(expected)
    assert float(loss) == pytest.approx(expected, abs=1e-4)


def test_floor_of_two_classes_is_ln_k():
    assert losses.floor(torch.tensor([0] * 8 + [1] * 8), "none") == pytest.approx(math.log(8))


def test_floor_of_mask_is_zero_and_reached():
    labels = torch.tensor([0, 0, 1])
    perfect = torch.eye(2)[labels]
    assert losses.floor(labels, "mask") == 0
    assert float(losses.contrastive_loss(perfect, perfect, 1000.0, labels, "mask")) == pytest.approx(
        0, abs=1e-6
    )


def test_floor_of_the_sigmoid_loss_is_its_minimum_over_the_shared_logit():
    labels = torch.tensor([0, 0, 0])
    logits = torch.linspace(-6, 6, 4001)
    # three pictures of one class share one logit in all nine pairs; three of them are true
    values = (3 * -F.logsigmoid(logits) + 6 * -F.logsigmoid(-logits)) / 3
    assert losses.floor(labels, "none", "sigmoid") == pytest.approx(float(values.min()), abs=1e-5)
    assert losses.floor(labels, "soft", "sigmoid") == 0
