"""Which pictures make a batch, and how they get there: decoded in threads, ahead of the model.

B: batch, C: channels, H, W: height and width.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.control import Control
from engine.data import keys
from engine.data.fit import Fit
from engine.data.pictures import PictureError
from engine.data.pixel_cache import PixelCache, PixelsHWC
from engine.data.records import ImageRecord, shown
from engine.errors import EngineError


@dataclass(frozen=True)
class Pictures:
    """The pictures of one set: where they lie and their classes."""

    root: Path
    records: Sequence[ImageRecord]

    def __len__(self) -> int:
        return len(self.records)

    def path(self, index: int) -> Path:
        """Absolute path of a picture; records of a second source may carry absolute ones."""
        return self.root / self.records[index].path

    def identity(self, index: int) -> str:
        """What stays the same as long as the picture's content does."""
        digest = self.records[index].digest
        if digest:
            return digest
        path = self.path(index)
        found = path.stat()
        return f"{path} {found.st_mtime_ns} {found.st_size}"

    def labels(self) -> list[int]:
        return [record.class_index for record in self.records]


@dataclass
class Batch:
    """Pictures for one step (or a part of it)."""

    images_BHWC: Tensor
    """uint8, on the CPU."""
    labels_B: Tensor
    """Class of each picture, int64, on the CPU, so that looking at it waits for no device."""
    indices: list[int]
    """Place of each picture in its set."""
    epoch: int
    seed: int
    names: list[str]
    """What keys each picture's random choices: its path, and which time it comes in the epoch."""

    def __len__(self) -> int:
        return len(self.indices)

    def part(self, start: int, stop: int) -> Batch:
        """The pictures from ``start`` up to ``stop``."""
        return Batch(
            self.images_BHWC[start:stop],
            self.labels_B[start:stop],
            self.indices[start:stop],
            self.epoch,
            self.seed,
            self.names[start:stop],
        )


def epoch_order(pictures: Pictures, seed: int, epoch: int, balanced: bool = False) -> list[int]:
    """The pictures of an epoch in their order.

    ``balanced``: as many draws as there are pictures, every class equally often (to within one);
    small classes are gone through again and again, large ones only in part, another part each epoch.
    """
    records = pictures.records
    if not balanced:
        return sorted(range(len(records)), key=lambda i: keys.key(seed, epoch, records[i].path, "order"))
    of_class: dict[int, list[int]] = {}
    for index, record in enumerate(records):
        of_class.setdefault(record.class_index, []).append(index)
    drawn: list[tuple[int, int]] = []
    # which classes get the odd draw changes from epoch to epoch
    classes = sorted(of_class, key=lambda c: keys.key(seed, epoch, c, "class order"))
    for rank, cls in enumerate(classes):
        members = of_class[cls]
        wanted = len(records) // len(classes) + (rank < len(records) % len(classes))
        for turn in range(-(-wanted // len(members))):
            shuffled = sorted(members, key=lambda i: keys.key(seed, epoch, turn, records[i].path, "draw"))
            drawn += [(turn, i) for i in shuffled[: wanted - turn * len(members)]]
    drawn.sort(key=lambda item: keys.key(seed, epoch, item[0], records[item[1]].path, "order"))
    return [index for _, index in drawn]


def batch_bounds(pictures: int, batch_size: int) -> list[tuple[int, int]]:
    """Cuts ``pictures`` into as few batches of at most ``batch_size`` as possible, nearly equal in size.

    Nearly equal, because a contrastive loss over a leftover of two pictures teaches little
    and weighs as much as a full batch.
    """
    count = -(-pictures // batch_size)
    return [(pictures * i // count, pictures * (i + 1) // count) for i in range(count)]


class Loader:
    """Decodes in threads, a few batches ahead. Use as a context manager."""

    def __init__(self, cache: PixelCache, threads: int, ahead: int = 2) -> None:
        self._cache = cache
        self._pool = ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="decode")
        self._ahead = ahead

    @property
    def fit(self) -> Fit:
        """How pictures are made square."""
        return self._cache.fit

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop what is not yet begun and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self,
        pictures: Pictures,
        indices: list[int],
        turns: list[int],
        augment: tuple[float, bool] | None,
        seed: int,
        epoch: int,
    ) -> list[Future[PixelsHWC]]:
        if augment is None:
            return [self._pool.submit(self._cache.evaluation, pictures.path(i)) for i in indices]
        smallest, flip = augment
        return [
            self._pool.submit(
                self._cache.training,
                pictures.path(i),
                smallest,
                flip,
                keys.generator(seed, epoch, pictures.records[i].path, "crop", turn),
            )
            for turn, i in zip(turns, indices, strict=True)
        ]

    def batches(
        self,
        pictures: Pictures,
        groups: Sequence[list[int]],
        control: Control,
        augment: tuple[float, bool] | None = None,
        seed: int = 0,
        epoch: int = 0,
        turns: Sequence[list[int]] | None = None,
    ) -> Iterator[Batch]:
        """One batch for each group of indices. ``augment`` = (smallest crop, flip), or None to evaluate.

        ``turns`` says which time each picture comes in the epoch, so that one that is drawn several
        times is cropped and captioned anew each time.

        Raises Cancelled when asked to, and EngineError naming a picture that cannot be decoded.
        """
        waiting: deque[tuple[list[int], list[int], list[Future[PixelsHWC]]]] = deque()
        first = [[0] * len(group) for group in groups]
        todo = iter(zip(groups, turns or first, strict=True))
        while True:
            while len(waiting) <= self._ahead and (following := next(todo, None)) is not None:
                waiting.append((*following, self._submit(pictures, *following, augment, seed, epoch)))
            if not waiting:
                return
            indices, times, futures = waiting.popleft()
            pixels = []
            for future in futures:
                control.check()
                try:
                    pixels.append(future.result())
                except PictureError as error:
                    place = shown(str(pictures.path(indices[len(pixels)])))
                    reason = error.message.text
                    raise EngineError("training.picture_gone", path=place, reason=reason) from None
            records = [pictures.records[i] for i in indices]
            yield Batch(
                torch.from_numpy(np.stack(pixels)),
                torch.tensor([record.class_index for record in records], dtype=torch.int64),
                indices,
                epoch,
                seed,
                [
                    r.path if turn == 0 else f"{r.path}\x1f{turn}"
                    for r, turn in zip(records, times, strict=True)
                ],
            )


def turns_of(indices: list[int]) -> list[int]:
    """How often each index came before in the list."""
    seen: dict[int, int] = {}
    turns = []
    for index in indices:
        turns.append(seen.get(index, 0))
        seen[index] = turns[-1] + 1
    return turns
