"""What the engine has told about the project: never saved, always made again. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from app import decisions
from engine.answers import (
    DeviceEntry,
    DoctorAnswer,
    MethodEntry,
    ModelEntry,
    PreflightAnswer,
    PresetEntry,
    PreviewAnswer,
)
from engine.data.inspection import FoundProblem, InspectAnswer
from engine.events import ProblemSaid, Progress, Structure
from engine.messages import Message
from engine.recipe import Data, ShiftSource


@dataclass
class Facts:
    """One place for it, so that pages and the step rail agree."""

    # pictures
    scanning: Progress | None = None
    """What the scan under way is doing; None when none is."""
    structures: dict[str, Structure] = field(default_factory=dict)
    """Source -> its classes and counts, there before any picture was opened."""
    told: list[ProblemSaid] = field(default_factory=list)
    """Problems of the scan under way, as they are found."""
    inspected: InspectAnswer | None = None
    """The last complete scan of these pictures."""
    scan_error: Message | None = None
    """Why the pictures could not be looked at."""
    shift_troubles: dict[ShiftSource, Message] = field(default_factory=dict)
    """Shift sets that cannot be read, and why; the rest is looked at without them."""
    # model
    models: tuple[ModelEntry, ...] = ()
    model_trouble: Message | None = None
    """Why the chosen model cannot be used."""
    # prompts
    presets: tuple[PresetEntry, ...] = ()
    prompt_troubles: tuple[str, ...] = ()
    """What is wrong with names and templates, in words; the first is shown in the rail."""
    preview: PreviewAnswer | None = None
    preview_fresh: bool = False
    """The preview is of the present names, templates, pictures and model."""
    # method
    methods: tuple[MethodEntry, ...] = ()
    preflight: PreflightAnswer | None = None
    preflight_fresh: bool = False
    choosing: bool = False
    """Values for these pictures and this model are being chosen."""
    reasons: dict[str, str] = field(default_factory=dict)
    """section.field -> why its value was chosen for these pictures and this model."""
    # machine
    doctor: DoctorAnswer | None = None
    _undecided: tuple[InspectAnswer, Data, list[decisions.Found]] | None = None

    @property
    def device(self) -> DeviceEntry | None:
        """The device that 'auto' takes."""
        if self.doctor is None:
            return None
        working = [device for device in self.doctor.devices if device.works]
        return working[0] if working else None

    def entry(self, name: str, weights: str | None) -> ModelEntry | None:
        """The catalogue's entry of a model, if it is in the catalogue."""
        return next((m for m in self.models if (m.name, m.weights) == (name, weights)), None)

    def readable(self, data: Data) -> Data:
        """The pictures without the shift sets that cannot be read."""
        if not any(shift in self.shift_troubles for shift in data.shifts):
            return data
        left = tuple(shift for shift in data.shifts if shift not in self.shift_troubles)
        return data.model_copy(update={"shifts": left})

    def problems(self) -> list[tuple[str, FoundProblem]]:
        """(kind, problem) of the last complete scan, main source and shift sets."""
        if self.inspected is None:
            return []
        return [(kind, problem) for kind, found in self.inspected.problems.items() for problem in found]

    def undecided(self, data: Data) -> list[decisions.Found]:
        """Problems that wait for the person; the same list again while nothing changed, not to be altered."""
        if self.inspected is None:
            return []
        known = self._undecided
        # rail, hint, banner and grid ask at every change, and there may be tens of thousands
        if (
            known is None
            or known[0] is not self.inspected
            or (known[1].leave_out, known[1].keep) != (data.leave_out, data.keep)
        ):
            known = self._undecided = (self.inspected, data, decisions.undecided(self.problems(), data))
        return known[2]
