"""Measures the starter on the sample: by name alone, and after a short FLYP finetune.

    python -m resources.measure_starter

The finetune is a plain loop over 16 pictures a class, apart from the program's own trainer, so that the
figures in the model card do not depend on it. Nothing is chosen on the pictures that are measured.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.training.losses import Collisions, contrastive_loss
from engine.training.optimizer import adamw, parameter_groups, set_learning_rate
from engine.training.schedule import warmup_cosine

TEMPLATES = (
    "a {}.",
    "a drawing of a {}.",
    "a picture of a {}.",
    "an image of a {}.",
    "a small picture of a {}.",
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """One set of pictures, ready for the model."""

    pixels: Tensor
    labels: Tensor
    names: list[str]


class Starter:
    """The model with its tokenizer and preprocessing, as open_clip loads them."""

    def __init__(self, folder: Path) -> None:
        self.model, _, self.preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
        self.tokenize = open_clip.get_tokenizer(f"local-dir:{folder}")

    def load(self, folder: Path) -> Pictures:
        """Every picture below a folder of class folders."""
        classes = sorted(p.name for p in folder.iterdir() if p.is_dir())
        paths = [(c, p) for c, name in enumerate(classes) for p in sorted((folder / name).iterdir())]
        pixels = [self.preprocess(Image.open(path).convert("RGB")) for _, path in paths]
        names = [name.replace("_", " ") for name in classes]
        return Pictures(torch.stack(pixels), torch.tensor([c for c, _ in paths]), names)

    def captions(self, names: list[str]) -> Tensor:
        """Tokens of every name in every template: names x templates x words."""
        return torch.stack([self.tokenize([t.format(name) for t in TEMPLATES]) for name in names])


@torch.inference_mode()
def guesses(model: open_clip.CLIP, pictures: Pictures, captions: Tensor) -> Tensor:
    """The most likely class of each picture, by the mean embedding of the class's captions."""
    model.eval()
    texts = F.normalize(
        model.encode_text(captions.flatten(0, 1), normalize=True).view(*captions.shape[:2], -1).mean(1),
        dim=-1,
    )
    images = torch.cat(
        [model.encode_image(part, normalize=True) for part in torch.split(pictures.pixels, 256)]
    )
    return (images @ texts.T).argmax(1)


def finetune(
    model: open_clip.CLIP,
    pictures: Pictures,
    captions: Tensor,
    chosen: Tensor,
    arguments: argparse.Namespace,
    seed: int,
) -> open_clip.CLIP:
    """FLYP: the contrastive loss between pictures and captions of their classes, both towers trained."""
    model = copy.deepcopy(model).train()
    rng = np.random.default_rng(seed)
    optimizer = adamw(parameter_groups(model.named_parameters(), weight_decay=0.1), arguments.rate)
    collisions: Collisions = arguments.collisions
    order: list[int] = []
    for step in range(arguments.steps):
        set_learning_rate(
            optimizer, warmup_cosine(step, arguments.steps, arguments.steps // 10, arguments.rate)
        )
        if len(order) < arguments.batch:
            order = rng.permutation(chosen.numpy()).tolist()
        rows, order = order[: arguments.batch], order[arguments.batch :]
        labels = pictures.labels[rows]
        pixels = pictures.pixels[rows]
        mirror = torch.from_numpy(rng.random(len(rows)) < 0.5)[:, None, None, None]
        images = model.encode_image(torch.where(mirror, pixels.flip(-1), pixels), normalize=True)
        words = captions[labels, torch.from_numpy(rng.integers(0, captions.shape[1], len(rows)))]
        texts = model.encode_text(words, normalize=True)
        loss = contrastive_loss(images, texts, model.logit_scale.exp(), labels, collisions)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


def main() -> None:
    """Prints accuracies in percent, before and after."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--starter", type=Path, default=here / "starter")
    parser.add_argument("--sample", type=Path, default=here / "sample")
    parser.add_argument("--shots", type=int, default=16, help="training pictures a class")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--collisions", choices=("none", "mask", "soft"), default="soft")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    starter = Starter(arguments.starter)
    pictures = starter.load(arguments.sample / "pictures")
    shifts = {p.name: starter.load(p) for p in sorted(arguments.sample.glob("shift_*"))}
    captions = starter.captions(pictures.names)

    first = guesses(starter.model, pictures, captions)
    print(f"zero-shot, all {len(first)} pictures: {100 * (first == pictures.labels).float().mean():.1f}")
    for c, name in enumerate(pictures.names):
        here_c = pictures.labels == c
        wrong = torch.bincount(first[here_c], minlength=len(pictures.names))
        print(f"  {name:20} {100 * wrong[c] / here_c.sum():5.1f}   named as {wrong.tolist()}")
    before = {
        k: (guesses(starter.model, s, captions) == s.labels).float().mean().item() * 100
        for k, s in shifts.items()
    }
    print("zero-shot, shift sets:", {k: round(v, 1) for k, v in before.items()})

    for seed in range(arguments.seeds):
        torch.manual_seed(seed)
        rng = np.random.default_rng([seed, 77])
        chosen = torch.cat(
            [
                torch.from_numpy(
                    rng.permutation(torch.nonzero(pictures.labels == c)[:, 0].numpy())[: arguments.shots]
                )
                for c in range(len(pictures.names))
            ]
        )
        kept = torch.ones(len(pictures.labels), dtype=torch.bool)
        kept[chosen] = False
        tuned = finetune(starter.model, pictures, captions, chosen, arguments, seed)
        right = guesses(tuned, pictures, captions) == pictures.labels
        test_before = 100 * (first == pictures.labels)[kept].float().mean().item()
        test_after = 100 * right[kept].float().mean().item()
        after = {
            k: (guesses(tuned, s, captions) == s.labels).float().mean().item() * 100
            for k, s in shifts.items()
        }
        parts = "  ".join(f"{k} {before[k]:.1f} -> {v:.1f}" for k, v in after.items())
        print(
            f"seed {seed}: test ({int(kept.sum())}) {test_before:.1f} -> {test_after:.1f}  {parts}",
            flush=True,
        )


if __name__ == "__main__":
    main()
