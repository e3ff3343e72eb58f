"""Are a run's pictures still those that it began with? Torch-free."""

from __future__ import annotations

from engine.control import Control
from engine.data import checks
from engine.data.records import Dataset, ImageRecord, Split, SplitDataset, absolute_path, shown
from engine.errors import EngineError
from engine.events import Progress
from engine.jobs import Emit
from engine.messages import say


def require(dataset: SplitDataset, control: Control, emit: Emit) -> None:
    """Compare every picture's content with the hash in the run's split.

    What an earlier look remembers is not read again. Raises EngineError naming the first
    picture that is gone or changed.
    """
    for one in (dataset.source, *(shift.dataset for shift in dataset.shifts)):
        used = [record for record in one.records if record.split is not Split.UNUSED]
        _require(one.replace(records=tuple(used)), used, control, emit)


def _require(one: Dataset, expected: list[ImageRecord], control: Control, emit: Emit) -> None:
    phase = say("phase.comparing_pictures")

    def progress(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            emit(Progress(phase=phase, done=done, total=total, unit="pictures"))

    seen = checks.examine(one, None, control, progress, numbers=False).records
    changed = []
    for before, now in zip(expected, seen, strict=True):
        place = shown(str(absolute_path(one, before)))
        if not now.digest:
            raise EngineError("training.picture_gone", path=place, reason=say("data.no_longer_there").text)
        if now.digest != before.digest:
            changed.append(place)
    if changed:
        raise EngineError("training.picture_changed", count=len(changed), path=changed[0])
