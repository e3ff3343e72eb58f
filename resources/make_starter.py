"""Trains the starter model from nothing on drawn pictures with captions.

    python -m resources.make_starter --out resources/starter

The starter is a small CLIP in open_clip's folder format. Its pictures are drawn by `resources.drawing`;
its loss, learning rate and optimizer are those of the program's own trainer.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import fields
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
        self._tokens: dict[str, Tensor] = {}
        self._meanings: dict[tuple[str, ...], int] = {}

    def __call__(self, rows: NDArray[np.int64], rng: Generator) -> tuple[Tensor, Tensor]:
        """Tokens of one caption for each picture, and a label shared by captions that mean the same."""
        tokens, labels = [], []
        for row in rows:
            text, meaning = caption(self._wishes[row], rng)
            if text not in self._tokens:
                self._tokens[text] = self._tokenize([text])[0]
            tokens.append(self._tokens[text])
            labels.append(self._meanings.setdefault(meaning, len(self._meanings)))
        return torch.stack(tokens), torch.tensor(labels)


@torch.no_grad()
def initialise(tower: open_clip.transformer.VisionTransformer) -> None:
    """Random weights with the structure that trained image towers have, so that little data goes further.

    Queries resemble keys, values nearly undo what they read (Trockman & Kolter 2023, arXiv 2305.09828), and
    positions are waves instead of noise.
    """
    width = tower.conv1.out_channels
    for block in tower.transformer.resblocks:
        query, key, value = block.attn.in_proj_weight.chunk(3)
        size = width // block.attn.num_heads
        for head in range(block.attn.num_heads):
            part = slice(head * size, (head + 1) * size)
            wished = 0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width)
            left, strength, right = torch.linalg.svd(wished)
            root = strength[:size].sqrt()[:, None]
            query[part] = root * left.T[:size]
            key[part] = root * right[:size]
        wished = 0.4 * torch.randn(width, width) / width**0.5 - 0.4 * torch.eye(width)
        left, strength, right = torch.linalg.svd(wished)
        value.copy_(strength.sqrt()[:, None] * right)
        block.attn.out_proj.weight.copy_(left * strength.sqrt())
    side = round((len(tower.positional_embedding) - 1) ** 0.5)
    waves = 10.0 ** -torch.linspace(0, 2, width // 4)
    angle = torch.arange(side)[:, None] * waves
    one = torch.cat([angle.sin(), angle.cos()], 1)
    rows, columns = one[:, None].expand(side, side, -1), one[None].expand(side, side, -1)
    tower.positional_embedding[1:] = 0.25 * torch.cat([rows, columns], -1).flatten(0, 1)


def whole_pictures(pictures: NDArray[np.uint8]) -> Tensor:
    """A normalised batch of whole pictures."""
    pixels = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float().div_(255)
    return F.interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True).sub_(0.5).div_(0.5)


class Lessons(torch.nn.Module):
    """Names thing, pattern, colour, scene and style of a picture by themselves.

    From random weights the contrastive loss alone stays on a plateau for most of the time there is:
    neither tower has anything yet for the other to agree with. These heads are thrown away after training.
    """

    def __init__(self, width: int, wishes: list[Wish]) -> None:
        super().__init__()
        sizes, columns = [], []
        for field in fields(Wish):
            values = [getattr(wish, field.name) for wish in wishes]
            known = sorted(set(values))
            sizes.append(len(known))
            columns.append([known.index(value) for value in values])
        self._truth = torch.tensor(columns)
        self._sizes = sizes
        self.layer = torch.nn.Linear(width, sum(sizes))

    def forward(self, images: Tensor, rows: NDArray[np.int64]) -> Tensor:
        """The sum of the cross-entropies over all questions about the pictures."""
        answers, truth = self._answers(images, rows)
        losses = [F.cross_entropy(a, t) for a, t in zip(answers, truth, strict=True)]
        return torch.stack(losses).sum()

    def right(self, images: Tensor, rows: NDArray[np.int64]) -> dict[str, float]:
        """The share of right answers to each question."""
        answers, truth = self._answers(images, rows)
        shares = [float((a.argmax(1) == t).float().mean()) for a, t in zip(answers, truth, strict=True)]
        return dict(zip((field.name for field in fields(Wish)), shares, strict=True))

    def _answers(self, images: Tensor, rows: NDArray[np.int64]) -> tuple[tuple[Tensor, ...], Tensor]:
        logits = self.layer(F.layer_norm(images, images.shape[-1:])).split(self._sizes, dim=1)
        return logits, self._truth[:, torch.from_numpy(rows)]


class Training:
    """Three lessons one after another; the last 1000 pictures are kept out of all of them.

    1. The image tower alone learns to name what is in a picture, with half of the patches left out
       (Li et al. 2022, arXiv 2212.00794), which halves the time.
    2. The text tower learns to agree with the pictures' embeddings, which stay as they are
       (Zhai et al. 2022, arXiv 2111.07991), so that thousands of captions pass in a minute.
    3. Both learn together by CLIP's own loss on whole pictures.
    """

    def __init__(
        self, pictures: NDArray[np.uint8], wishes: list[Wish], arguments: argparse.Namespace
    ) -> None:
        torch.manual_seed(arguments.seed)
        vision = {**MODEL["vision_cfg"], "patch_dropout": arguments.dropped}
        self.model = open_clip.CLIP(**MODEL | {"vision_cfg": vision})
        initialise(self.model.visual)
        self._pictures, self._wishes, self._arguments = pictures, wishes, arguments
        self._count = len(pictures) - 1000
        self._rng = np.random.default_rng([arguments.seed, 3])
        self._captions = Captions(wishes, self.model.context_length)
        self._lessons = Lessons(MODEL["embed_dim"], wishes)

    def run(self) -> open_clip.CLIP:
        """All three; says how it goes after every 100 steps."""
        arguments = self._arguments
        visual = self.model.visual
        self._steps(
            "image tower",
            arguments.steps,
            arguments.rate,
            [*visual.named_parameters(), *self._lessons.named_parameters()],
            self._lesson,
        )
        visual.patch_dropout.prob = 0.0
        text = [(n, p) for n, p in self.model.named_parameters() if not n.startswith("visual.")]
        self._embedded = self._embeddings()
        self._steps("text tower", arguments.text_steps, arguments.rate, text, self._agreement)
        everything = [*self.model.named_parameters(), *self._lessons.named_parameters()]
        self._steps("both", arguments.joint_steps, arguments.rate / 3, everything, self._both)
        return self.model

    def _steps(
        self,
        name: str,
        steps: int,
        rate: float,
        named: list[tuple[str, torch.nn.Parameter]],
        loss_of: Callable[[NDArray[np.int64]], Tensor],
    ) -> None:
        optimizer = adamw(parameter_groups(named, weight_decay=0.05), rate)
        batch, started, shown = self._arguments.batch, time.monotonic(), 0.0
        order, position = self._rng.permutation(self._count), 0
        self.model.train()
        for step in range(steps):
            set_learning_rate(optimizer, warmup_cosine(step, steps, steps // 20, rate))
            if position + batch > self._count:
                order, position = self._rng.permutation(self._count), 0
            loss = loss_of(order[position : position + batch])
            position += batch
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
            optimizer.step()
            with torch.no_grad():
                self.model.logit_scale.clamp_(0, float(np.log(HIGHEST_SCALE)))
            shown += float(loss.detach())
            if step % 100 == 99 or step == steps - 1:
                pace = (step + 1) * batch / (time.monotonic() - started)
                line = f"{name}, step {step + 1}/{steps}  loss {shown / (step % 100 + 1):.3f}"
                print(f"{line}  {pace:.0f} pictures/s  {self._sign_of_life()}", flush=True)
                shown = 0.0
        write(self.model, self._arguments.out)

    def _lesson(self, rows: NDArray[np.int64]) -> Tensor:
        images = self.model.encode_image(batch_pictures(self._pictures, rows, self._rng))
        return self._lessons(images, rows)

    def _agreement(self, rows: NDArray[np.int64]) -> Tensor:
        return self._contrast(self._embedded[torch.from_numpy(rows)], rows)

    def _both(self, rows: NDArray[np.int64]) -> Tensor:
        images = self.model.encode_image(batch_pictures(self._pictures, rows, self._rng))
        return self._contrast(images, rows) + self._lessons(images, rows)

    def _contrast(self, images: Tensor, rows: NDArray[np.int64]) -> Tensor:
        tokens, labels = self._captions(rows, self._rng)
        texts = self.model.encode_text(tokens, normalize=True)
        scale = self.model.logit_scale.exp()
        return contrastive_loss(F.normalize(images, dim=-1), texts, scale, labels, "soft")

    @torch.inference_mode()
    def _embeddings(self) -> Tensor:
        """What the image tower makes of every picture, seen whole."""
        self.model.eval()
        parts = [
            self.model.encode_image(whole_pictures(self._pictures[start : start + 256]))
            for start in range(0, self._count, 256)
        ]
        return torch.cat(parts).clone()

    @torch.inference_mode()
    def _sign_of_life(self) -> str:
        """How often each question is answered rightly on the pictures kept from training; no result."""
        self.model.eval()
        rows = np.arange(self._count, len(self._pictures))
        images = self.model.encode_image(whole_pictures(self._pictures[self._count :]))
        shares = self._lessons.right(images, rows)
        words = [f"a drawing of a {thing}" for thing in THINGS]
        tokens = open_clip.SimpleTokenizer(context_length=self.model.context_length)(words)
        guess = (F.normalize(images, dim=-1) @ self.model.encode_text(tokens, normalize=True).T).argmax(1)
        truth = torch.tensor([list(THINGS).index(self._wishes[row].thing) for row in rows])
        named = float((guess == truth).float().mean())
        self.model.train()
        return "  ".join(f"{name} {share:.2f}" for name, share in shares.items()) + f"  by words {named:.2f}"


def write(model: open_clip.CLIP, folder: Path) -> None:
    """The model in open_clip's folder format, in half precision, with the words of its captions."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        k: v.detach().half().contiguous() for k, v in model.state_dict().items() if v.is_floating_point()
    }
    save_file(weights, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    # safetensors writes for the owner alone; the file is shipped, so everybody may read it.
    (folder / "open_clip_model.safetensors").chmod(0o644)
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
    parser.add_argument("--steps", type=int, default=2600, help="of the image tower alone")
    parser.add_argument("--text-steps", type=int, default=1000, help="of the text tower alone")
    parser.add_argument("--joint-steps", type=int, default=400, help="of both together")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
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
    write(Training(pictures, wishes, arguments).run(), arguments.out)


if __name__ == "__main__":
    main()
