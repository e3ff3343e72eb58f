"""Fitting pictures: against open_clip's and torchvision's own transforms."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

from engine.data import fit as fitting
from engine.data.fit import Fit


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height))


@pytest.mark.parametrize("mode", ["crop", "squash", "letterbox"])
@pytest.mark.parametrize("size", [(320, 240), (240, 321), (97, 211), (224, 224), (31, 500), (60, 60)])
def test_evaluation_equals_open_clip(mode, size):
    open_clip = pytest.importorskip("open_clip")
    torch = pytest.importorskip("torch")
    image = picture(*size)
    transform = open_clip.image_transform(
        64,
        is_train=False,
        mean=(0, 0, 0),
        std=(1, 1, 1),
        resize_mode=fitting.RESIZE_OF_MODE[mode],
        interpolation="bicubic",
        fill_color=0,
    )
    theirs = (transform(image) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    ours = np.asarray(fitting.for_evaluation(image, Fit(64, 64, mode)))
    assert ours.shape == (64, 64, 3)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("mode", ["crop", "squash", "letterbox"])
def test_training_without_augmentation_is_evaluation(mode):
    image = picture(90, 50)
    fit = Fit(32, 32, mode)
    ours = fitting.for_training(image, fit, 1.0, False, random.Random(0))
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(fitting.for_evaluation(image, fit)))


@pytest.mark.parametrize("mode", ["crop", "squash", "letterbox"])
def test_training_draws_another_crop_for_another_key_and_the_same_for_the_same(mode):
    image = picture(90, 80)
    fit = Fit(32, 32, mode)
    crops = [np.asarray(fitting.for_training(image, fit, 0.5, False, random.Random(k))) for k in (1, 1, 2)]
    np.testing.assert_array_equal(crops[0], crops[1])
    assert (crops[0] != crops[2]).any()


def test_random_crop_keeps_area_and_ratio_and_varies():
    boxes = [fitting.random_crop(200, 180, 0.5, random.Random(k)) for k in range(300)]
    areas = [(r - left) * (b - t) / (200 * 180) for left, t, r, b in boxes]
    ratios = [(r - left) / (b - t) for left, t, r, b in boxes]
    assert 0.49 < min(areas) < 0.55
    assert 0.9 < max(areas) <= 1
    assert min(ratios) > 0.73
    assert max(ratios) < 1.36
    assert len(set(boxes)) > 290


def test_wide_frames_get_the_one_middle_crop_of_the_reference():
    """No crop of 90 % of a 16:9 picture has a ratio of at most 4:3; torchvision falls back to the middle."""
    boxes = {fitting.random_crop(1600, 900, 0.9, random.Random(k)) for k in range(50)}
    assert boxes == {(200, 0, 1400, 900)}


def test_a_crop_that_keeps_the_shape_does_vary_on_wide_frames():
    boxes = [fitting.shape_keeping_crop(1600, 900, 0.5, random.Random(k)) for k in range(50)]
    assert len(set(boxes)) > 45
    assert all(abs((r - left) / (b - t) - 16 / 9) < 0.01 for left, t, r, b in boxes)


def test_flip_mirrors_half_of_the_time():
    image = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8)[None, :, None], (64, 1, 3)))
    fit = Fit(64, 64)
    first = [
        int(np.asarray(fitting.for_training(image, fit, 1.0, True, random.Random(k)))[0, 0, 0])
        for k in range(200)
    ]
    assert set(first) == {0, 63}
    assert 70 < first.count(63) < 130


def test_reduction_keeps_at_least_twice_the_target():
    fit = Fit(50, 50)
    assert fitting.reduced(picture(199, 400), fit).size == (199, 400)
    assert fitting.reduced(picture(200, 400), fit).size == (100, 200)
    assert min(fitting.reduced(picture(1000, 731), fit).size) >= 100


@pytest.mark.parametrize(("width", "height"), [(20, 200_001), (200_000, 20), (1, 30_000)])
@pytest.mark.parametrize("target", [(224, 224), (224, 112)])
def test_an_extreme_strip_takes_little_memory_and_shows_its_middle(width, height, target, monkeypatch):
    sizes: list[int] = []
    resize = Image.Image.resize

    def counted(self, size, *rest):
        sizes.append(size[0] * size[1])
        return resize(self, size, *rest)

    monkeypatch.setattr(Image.Image, "resize", counted)
    image = Image.new("RGB", (width, height), "blue")
    middle = Image.new("RGB", (min(width, 100), min(height, 100)), "red")
    image.paste(middle, ((width - middle.width) // 2, (height - middle.height) // 2))
    found = fitting.for_evaluation(image, Fit(*target))
    assert max(sizes) <= 40 * target[0] * target[1] * 2
    assert found.size == (target[1], target[0])
    assert found.getpixel((target[1] // 2, target[0] // 2)) == (255, 0, 0)
    if min(width, height) > 1:
        assert found.getcolors() == [(target[0] * target[1], (255, 0, 0))]
