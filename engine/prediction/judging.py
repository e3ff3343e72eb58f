"""Pictures through a predictor in batches: decoded in threads, ahead of the model.

B: pictures, C: classes, H, W: height and width.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.control import Control
from engine.data.fit import for_evaluation
from engine.data.pictures import PictureError, open_rgb
from engine.exporters.reader import Floats, Pixels, softmax
from engine.messages import Message
from engine.prediction.predictor import Predictor

BATCH = 32
Judged = tuple[Path, Floats | None, Message | None]
"""A picture, its probabilities (C), or why it cannot be read."""


def judge(
    predictor: Predictor,
    pictures: Sequence[Path],
    control: Control,
    progress: Callable[[int], None],
) -> Iterator[Judged]:
    """Each picture in order; ``progress`` is told how many are done. Raises Cancelled when asked to."""
    stopped = threading.Event()

    def prepared(path: Path) -> Pixels | Message:
        if stopped.is_set():
            raise RuntimeError("nobody waits for it any more")
        try:
            return np.asarray(for_evaluation(open_rgb(path), predictor.fit))
        except PictureError as error:
            return error.message

    with ThreadPoolExecutor(max_workers=max(1, predictor.threads), thread_name_prefix="decode") as pool:
        try:
            starts = list(range(0, len(pictures), BATCH))
            # one batch is decoded while the one before goes through the model
            waiting = [[pool.submit(prepared, path) for path in pictures[:BATCH]]]
            for start in starts:
                control.check()
                following = pictures[start + BATCH : start + 2 * BATCH]
                waiting.append([pool.submit(prepared, path) for path in following])
                part = pictures[start : start + BATCH]
                yield from _judged(predictor, part, [future.result() for future in waiting.pop(0)])
                progress(start + len(part))
        finally:
            stopped.set()


def _judged(
    predictor: Predictor, paths: Sequence[Path], prepared: Sequence[Pixels | Message]
) -> Iterator[Judged]:
    images = [each for each in prepared if not isinstance(each, Message)]
    rows_BC = iter(softmax(predictor.reader(np.stack(images)).logits_NC) if images else ())
    for path, each in zip(paths, prepared, strict=True):
        if isinstance(each, Message):
            yield path, None, each
        else:
            yield path, next(rows_BC), None
