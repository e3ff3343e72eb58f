"""Trains the starter model from nothing on drawn pictures with captions.

    python -m resources.make_starter --out resources/starter

The starter is a small CLIP in open_clip's folder format. Its pictures are drawn by `resources.drawing`;
its loss, learning rate and optimizer are those of the program's own trainer.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from numpy.random import Generator
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from engine.training.losses import contrastive_loss
from engine.training.optimizer import adamw, parameter_groups, set_learning_rate
from engine.training.schedule import warmup_cosine

from .drawing.captions import caption, vocabulary
from .drawing.catalogue import draw_many, training_wishes
from .drawing.picture import THINGS, Wish

SIDE = 64
CANVAS = 72
MODEL: dict[str, Any] = {
    "embed_dim": 128,
    "vision_cfg": {"image_size": SIDE, "layers": 6, "width": 128, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 96, "heads": 4, "layers": 2},
}
MEAN = STD = (0.5, 0.5, 0.5)
HIGHEST_SCALE = 100.0


def batch_pictures(pictures: NDArray[np.uint8], rows: NDArray[np.int64], rng: Generator) -> Tensor:
    """A normalised batch, with a random crop for all and a mirror image for half of the pictures."""
    pixels = torch.from_numpy(pictures[rows]).permute(0, 3, 1, 2).float().div_(255)
    size = int(rng.integers(SIDE, CANVAS + 1))
    if size != CANVAS:
        pixels = F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
    y, x = rng.integers(0, size - SIDE + 1, 2)
    pixels = pixels[..., y : y + SIDE, x : x + SIDE]
    mirror = torch.from_numpy(rng.random(len(rows)) < 0.5)[:, None, None, None]
    return torch.where(mirror, pixels.flip(-1), pixels).sub_(0.5).div_(0.5)


class Captions:
    """Draws a fresh caption for a picture at every visit, tokenised once for each wording."""

    def __init__(self, wishes: list[Wish], context_length: int) -> None:
        self._wishes = wishes
        self._tokenize = open_clip.SimpleTokenizer(context_length=context_length)
        self._known: dict[str, tuple[int, Tensor]] = {}

    def __call__(self, rows: NDArray[np.int64], rng: Generator) -> tuple[Tensor, Tensor]:
        """Tokens of one caption for each picture, and a label that equal captions share."""
        tokens, labels = [], []
        for row in rows:
            text = caption(self._wishes[row], rng)
            if text not in self._known:
                self._known[text] = (len(self._known), self._tokenize([text])[0])
            label, words = self._known[text]
            labels.append(label)
            tokens.append(words)
        return torch.stack(tokens), torch.tensor(labels)


@torch.inference_mode()
def thing_accuracy(model: open_clip.CLIP, pictures: NDArray[np.uint8], wishes: list[Wish]) -> float:
    """How often the starter names the thing in pictures kept from training; a sign of life, not a result."""
    model.eval()
    words = open_clip.SimpleTokenizer(context_length=model.context_length)(
        [f"a drawing of a {t}" for t in THINGS]
    )
    pixels = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float().div(255)
    pixels = F.interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True).sub(0.5).div(0.5)
    guess = (model.encode_image(pixels, normalize=True) @ model.encode_text(words, normalize=True).T).argmax(
        1
    )
    truth = torch.tensor([list(THINGS).index(w.thing) for w in wishes])
    model.train()
    return float((guess == truth).float().mean())


def train(pictures: NDArray[np.uint8], wishes: list[Wish], arguments: argparse.Namespace) -> open_clip.CLIP:
    """Contrastive pretraining; the last 1000 pictures are kept out of it."""
    torch.manual_seed(arguments.seed)
    # Half of the patches are left out during most of the training (Li et al. 2022, arXiv 2212.00794),
    # which halves its time; the last steps see whole pictures.
    model = open_clip.CLIP(
        **MODEL | {"vision_cfg": {**MODEL["vision_cfg"], "patch_dropout": arguments.dropped}}
    )
    whole_from = round(arguments.steps * 0.93)
    rng = np.random.default_rng([arguments.seed, 3])
    optimizer = adamw(parameter_groups(model.named_parameters(), weight_decay=0.05), arguments.rate)
    captions = Captions(wishes, model.context_length)
    count, started = len(pictures) - 1000, time.monotonic()
    order = rng.permutation(count)
    position, shown = 0, 0.0
    model.train()
    for step in range(arguments.steps):
        set_learning_rate(
            optimizer, warmup_cosine(step, arguments.steps, arguments.steps // 15, arguments.rate)
        )
        if position + arguments.batch > count:
            order, position = rng.permutation(count), 0
        rows = order[position : position + arguments.batch]
        position += arguments.batch
        if step == whole_from:
            model.visual.patch_dropout.prob = 0.0
        tokens, labels = captions(rows, rng)
        pixels = batch_pictures(pictures, rows, rng)
        images = model.encode_image(pixels, normalize=True)
        texts = model.encode_text(tokens, normalize=True)
        loss = contrastive_loss(images, texts, model.logit_scale.exp(), labels, "soft")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, float(np.log(HIGHEST_SCALE)))
        shown += loss.item()
        if step % 100 == 99:
            pace = (step + 1) * arguments.batch / (time.monotonic() - started)
            line = f"step {step + 1}/{arguments.steps}  loss {shown / 100:.3f}  {pace:.0f} pictures/s"
            shown = 0.0
            if step % 200 == 199:
                line += f"  things {thing_accuracy(model, pictures[count:], wishes[count:]):.3f}"
                write(model, arguments.out)
            print(line, flush=True)
    return model


def write(model: open_clip.CLIP, folder: Path) -> None:
    """The model in open_clip's folder format, in half precision, with the words of its captions."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        k: v.detach().half().contiguous() for k, v in model.state_dict().items() if v.is_floating_point()
    }
    save_file(weights, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    config = {
        "model_cfg": MODEL,
        "preprocess_cfg": {
            "size": SIDE,
            "mode": "RGB",
            "mean": MEAN,
            "std": STD,
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")


def main() -> None:
    """Draws (or reads) the pictures, trains, writes the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the starter to")
    parser.add_argument("--count", type=int, default=44000, help="number of pictures to draw")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--dropped", type=float, default=0.5, help="share of patches left out while training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2, help="processes to draw with")
    parser.add_argument("--cache", type=Path, help="file to keep the drawn pictures in between two runs")
    arguments = parser.parse_args()

    wishes = training_wishes(arguments.count, arguments.seed)
    if arguments.cache and arguments.cache.exists():
        pictures = np.load(arguments.cache, mmap_mode="r")[: arguments.count]
    else:
        pictures = draw_many(wishes, arguments.seed, CANVAS, arguments.processes)
        if arguments.cache:
            np.save(arguments.cache, pictures)
    write(train(pictures, wishes, arguments), arguments.out)


if __name__ == "__main__":
    main()
