"""A FLYP step against the textbook loop, in whole and in parts, and the ways out of it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from engine.clip import backbone as backbones
from engine.control import Control, Wish
from engine.data.batches import Batch
from engine.errors import Cancelled, OutOfMemory
from engine.evaluation.features import Normalizer
from engine.methods.flyp import FlypLearner, FlypOptions
from engine.recipe import Prompts
from engine.training import precision
from engine.training.optimizer import adamw
from engine.training.precision import Plan
from engine.training.setup import make_task
from engine.training.step import Stepper, training_mode
from tests.engine.clip import tiny

PROMPTS = Prompts(
    templates=tuple(f"{word} {{}}." for word in ("a photo of a", "the", "one very small", "my"))
)
CLASSES = ("cat", "golden_retriever", "truck")


def plan(micro_batch: int) -> Plan:
    return Plan(
        device="cpu",
        device_name="",
        threads=1,
        precision="fp32",
        channels_last=False,
        fused=False,
        micro_batch=micro_batch,
        torch=torch.__version__,
    )


def make_batch(size: int = 10, seed: int = 0, classes: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return Batch(
        torch.randint(0, 256, (size, 32, 32, 3), dtype=torch.uint8, generator=generator),
        torch.arange(size) % classes,
        list(range(size)),
        1,
        seed,
        [f"picture {index}" for index in range(size)],
    )


def learner_of(tmp_path, kind: str = "vit", **options) -> FlypLearner:
    folder = tmp_path / kind
    backbone = backbones.from_folder(folder if folder.exists() else tiny.make(folder, kind))
    task, _ = make_task(backbone, CLASSES, PROMPTS)
    learner = FlypLearner(backbone, task, FlypOptions(**{"collisions": "none", **options}))
    training_mode(learner.module, freeze_batchnorm=True)
    return learner


def stepper_of(learner: FlypLearner, micro_batch: int = 100, control: Control | None = None) -> Stepper:
    optimizer = adamw(learner.parameter_groups(0.1, False), 1e-3, fused=False)
    normalize = Normalizer(learner.backbone, torch.device("cpu"))
    return Stepper(learner, optimizer, normalize, plan(micro_batch), None, control or Control())


def gradients(learner: FlypLearner) -> dict[str, torch.Tensor]:
    return {n: p.grad.clone() for n, p in learner.module.named_parameters() if p.grad is not None}


def assert_same_gradients(ours: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Each tensor to within rounding; some (a key's bias) are zero but for rounding."""
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in expected.items():
        scale = max(float(gradient.abs().max()), 1e-4 * largest)
        torch.testing.assert_close(ours[name] / scale, gradient / scale, rtol=1e-3, atol=5e-4, msg=name)


def plain_gradients(learner: FlypLearner, batch: Batch) -> tuple[float, dict[str, torch.Tensor]]:
    """One full-length caption a picture through open_clip itself; the loss as in the paper."""
    model = learner.backbone.model
    model.zero_grad()
    p = learner.backbone.preprocess
    pixels = batch.images_BHWC.permute(0, 3, 1, 2).float() / 255
    pixels = (pixels - torch.tensor(p.mean).reshape(3, 1, 1)) / torch.tensor(p.std).reshape(3, 1, 1)
    templates = len(PROMPTS.templates)
    chosen = [divmod(caption, templates) for caption in learner._captions(batch)]
    texts = [PROMPTS.templates[t].format(CLASSES[c].replace("_", " ")) for c, t in chosen]
    tokens = learner.backbone.tokenize(texts)
    images = F.normalize(model.encode_image(pixels), dim=-1)
    captions = F.normalize(model.encode_text(tokens), dim=-1)
    logits = model.logit_scale.exp() * images @ captions.T
    target = torch.arange(len(batch))
    loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
    loss.backward()
    return float(loss.detach()), gradients(learner)


@pytest.mark.parametrize("kind", ["vit", "resnet", "custom-text", "eos", "mobile"])
def test_loss_and_gradients_equal_the_textbook_loop(tmp_path, kind):
    learner = learner_of(tmp_path, kind)
    batch = make_batch()
    expected_loss, expected = plain_gradients(learner, batch)
    result = stepper_of(learner).gradients(batch)
    ours = gradients(learner)
    assert float(result.loss) == pytest.approx(expected_loss, rel=1e-5)
    assert ours.keys() == expected.keys()
    assert_same_gradients(ours, expected)


@pytest.mark.parametrize("kind", ["vit", "resnet", "siglip"])
@pytest.mark.parametrize("collisions", ["none", "mask", "soft"])
def test_parts_give_the_gradients_of_the_whole(tmp_path, kind, collisions):
    learner = learner_of(tmp_path, kind, collisions=collisions)
    batch = make_batch(11)
    whole = stepper_of(learner).gradients(batch)
    expected = gradients(learner)
    parts = stepper_of(learner, micro_batch=4).gradients(batch)
    ours = gradients(learner)
    assert float(parts.loss) == pytest.approx(float(whole.loss), rel=1e-5)
    assert ours.keys() == expected.keys()
    assert_same_gradients(ours, expected)


def test_captions_vary_over_templates_and_epochs_and_repeat_for_the_same_key(tmp_path):
    learner = learner_of(tmp_path)
    first, again = learner._captions(make_batch(40)), learner._captions(make_batch(40))
    assert first == again
    assert len(set(first)) == 12
    assert [caption // 4 for caption in first] == make_batch(40).labels_B.tolist()
    later = make_batch(40)
    later.epoch = 2
    assert learner._captions(later) != first


def test_only_distinct_captions_pass_the_text_tower(tmp_path, monkeypatch):
    learner = learner_of(tmp_path)
    seen = []
    real = learner.backbone.encode_texts
    monkeypatch.setattr(
        learner.backbone, "encode_texts", lambda tokens: seen.append(len(tokens)) or real(tokens)
    )
    batch = make_batch(60)
    stepper_of(learner).gradients(batch)
    assert seen == [12]


def test_the_temperature_stays_in_its_bounds_unless_told_otherwise(tmp_path):
    for clamp, expected in ((True, 4.60517), (False, 7.0)):
        learner = learner_of(tmp_path, clamp_temperature=clamp)
        learner.backbone.logit_scale.data.fill_(7.0)
        learner.after_step()
        assert float(learner.backbone.logit_scale.detach()) == pytest.approx(expected, rel=1e-5)


def test_frozen_batchnorm_keeps_its_statistics_and_free_one_does_not(tmp_path):
    for freeze in (True, False):
        learner = learner_of(tmp_path, "resnet")
        training_mode(learner.module, freeze)
        before = {n: b.clone() for n, b in learner.module.named_buffers() if "running_mean" in n}
        stepper_of(learner).step(make_batch())
        after = dict(learner.module.named_buffers())
        assert all(torch.equal(before[n], after[n]) for n in before) is freeze


def test_out_of_memory_halves_the_parts_until_it_fits_and_changes_nothing_else(tmp_path, monkeypatch):
    learner = learner_of(tmp_path)
    batch = make_batch(10)
    stepper_of(learner).gradients(batch)
    expected = gradients(learner)
    real = learner.embed

    def small_device(part, images):
        if len(part) > 3:
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return real(part, images)

    monkeypatch.setattr(learner, "embed", small_device)
    stepper = stepper_of(learner)
    stepper.gradients(batch)
    assert stepper.micro_batch == 2
    for name, gradient in gradients(learner).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-3, atol=1e-5)


def test_out_of_memory_for_one_picture_is_told(tmp_path, monkeypatch):
    learner = learner_of(tmp_path)

    def no_memory(part, images):
        raise MemoryError

    monkeypatch.setattr(learner, "embed", no_memory)
    with pytest.raises(OutOfMemory, match="smaller model"):
        stepper_of(learner).gradients(make_batch(4))


def test_other_errors_are_not_taken_for_too_little_memory(tmp_path, monkeypatch):
    learner = learner_of(tmp_path)

    def broken(part, images):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(learner, "embed", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        stepper_of(learner).gradients(make_batch(4))


def test_cancelling_acts_between_parts(tmp_path, monkeypatch):
    learner = learner_of(tmp_path)
    control = Control()
    real = learner.embed
    parts = []

    def embed(part, images):
        parts.append(len(part))
        if len(parts) == 2:
            control.ask(Wish.CANCEL)
        return real(part, images)

    monkeypatch.setattr(learner, "embed", embed)
    with pytest.raises(Cancelled):
        stepper_of(learner, micro_batch=2, control=control).gradients(make_batch(10))
    assert parts == [2, 2]


def test_five_steps_equal_a_plain_loop(tmp_path):
    ours, plain = learner_of(tmp_path), learner_of(tmp_path)
    stepper = stepper_of(ours)
    decayed = [p for p in plain.module.parameters() if p.ndim > 1]
    spared = [p for p in plain.module.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": spared, "weight_decay": 0.0}], lr=1e-3
    )
    for number in range(5):
        batch = make_batch(8, seed=number)
        result = stepper.step(batch)
        expected, _ = plain_gradients(plain, batch)
        torch.nn.utils.clip_grad_norm_(plain.module.parameters(), 1.0)
        optimizer.step()
        # Adam turns the sign of a vanishing gradient into a whole step: losses, not parameters
        assert float(result.loss) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "safe"),
    [(3, 1, 2, False), (15, 1, (1, 2), False), (16, 1, 2, True), (3, 3, 2, True), (3, 1, 1, True)],
)
def test_channels_last_is_not_tried_where_the_cpu_library_breaks_it(channels, kernel, stride, safe):
    """A 1×1 convolution with a stride over few channels corrupts memory in its backward pass."""
    tower = torch.nn.Sequential(torch.nn.Conv2d(channels, 4, kernel, stride))
    assert precision.channels_last_is_safe(torch.device("cpu"), tower) is safe
    assert precision.channels_last_is_safe(torch.device("cuda"), tower)
