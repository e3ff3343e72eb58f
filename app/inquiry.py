"""Asks the engine whatever the project's state calls for, and puts the answers into the facts.

Pages only read facts and make edits; that pictures are looked at again when the source changes,
or that good values are chosen when pictures and model are known, happens here.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app import texts
from app.engine_thread import Ticket
from app.shell import Shell
from app.suggesting import request_for
from engine.answers import DoctorAnswer, InitAnswer, MethodsAnswer, ModelsAnswer, PresetsAnswer
from engine.data.inspection import InspectAnswer, InspectRequest
from engine.events import Event, Failed, ProblemSaid, Progress, Structure
from engine.recipe import Data, Model, ShiftSource
from engine.requests import DoctorRequest, MethodsRequest, ModelsRequest, PresetsRequest

_SETTLE_MS = 250
"""Edits that follow each other faster are answered once."""
_CHOSEN_FIELDS = ("learning_rate", "batch_size", "epochs")


class Inquiry(QObject):
    """One for the window."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell = shell
        self._inspection: Ticket | None = None
        self._values: Ticket | None = None
        self._methods: Ticket | None = None
        self._looked: tuple[object, ...] | None = None
        self._crashed = False
        self._asked_for: Data | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._look)
        self._choose = QTimer(self)
        self._choose.setSingleShot(True)
        self._choose.setInterval(_SETTLE_MS)
        self._choose.timeout.connect(self._choose_values)
        shell.project_changed.connect(self._changed)
        shell.project_opened.connect(self._opened)
        shell.look_again.connect(self.look_again)
        shell.stop_looking.connect(self.stop_looking)
        shell.engine.crashed.connect(self._engine_crashed)
        shell.engine.state_changed.connect(self._engine_changed)

    def begin(self) -> None:
        """What is asked once, as the window opens."""
        self.ask_doctor()
        self.ask_models()
        self.ask_presets()
        self.ask_methods()

    def ask_presets(self) -> None:
        """Sets of templates."""
        ticket = self._shell.engine.ask(PresetsRequest())
        ticket.answered.connect(self._presets)

    def ask_doctor(self) -> None:
        """Look at the machine again."""
        ticket = self._shell.engine.ask(DoctorRequest())
        ticket.answered.connect(self._doctor)

    def ask_models(self) -> None:
        """Read the catalogue again, as after a download."""
        ticket = self._shell.engine.ask(ModelsRequest())
        ticket.answered.connect(self._models)

    def ask_methods(self) -> None:
        """Which methods there are, and which cannot run on the chosen model."""
        if self._methods is not None and self._methods.open:
            self._methods.drop()
        self._methods = self._shell.engine.ask(MethodsRequest(model=self._model_here()))
        self._methods.answered.connect(self._methods_known)
        self._methods.failed.connect(self._model_failed)

    def look_again(self) -> None:
        """Look at the pictures anew, whatever is remembered."""
        self._looked = None
        self._shell.facts.shift_troubles = {}
        self._look()

    def stop_looking(self) -> None:
        """Stop the scan under way."""
        if self._inspection is not None and self._inspection.open:
            self._inspection.cancel()

    # --- an engine that was started again --------------------------------------------------------

    def _engine_crashed(self) -> None:
        self._crashed = True

    def _engine_changed(self) -> None:
        """Ask again what the crash has left unanswered; not before a new engine is there to answer."""
        if not (self._crashed and self._shell.engine.ready):
            return
        self._crashed = False
        facts = self._shell.facts
        if facts.doctor is None:
            self.ask_doctor()
        if not facts.models:
            self.ask_models()
        if not facts.presets:
            self.ask_presets()
        if not facts.methods or facts.model_trouble is not None:
            self.ask_methods()
        if self._shell.project.data is not None:
            if facts.inspected is None or facts.scan_error is not None:
                self.look_again()
            self._choose.start()

    # --- what changed -------------------------------------------------------------------------

    def _opened(self) -> None:
        self._looked = None
        for ticket in (self._inspection, self._values):
            if ticket is not None and ticket.open:
                ticket.drop()
        self._inspection = self._values = None
        self._shell.facts.scanning = None
        self._settle.stop()
        self._look()
        self.ask_methods()
        self._choose.start()

    def _changed(self, sections: frozenset[str]) -> None:
        if "data" in sections:
            self._settle.start()
        if sections & {"data", "model"}:
            if self._values is not None and self._values.open:
                # values for other pictures or another model; none may be asked for in their place
                self._values.drop()
            self._shell.facts.choosing = True
            self._choose.start()
        if "model" in sections:
            self._shell.facts.model_trouble = None
            self._shell.know("model")
            self.ask_methods()
        if sections & {"data", "prompts", "model"}:
            self._shell.facts.preview_fresh = False
        if sections:
            self._shell.facts.preflight_fresh = False

    # --- pictures -----------------------------------------------------------------------------

    def _look(self) -> None:
        facts, data = self._shell.facts, self._shell.project.data
        if self._inspection is not None and self._inspection.open:
            if data is not None and _sources(facts.readable(data)) == self._looked:
                # a long look under way serves the edited plan too: it is arranged anew when it is done
                return
            self._inspection.drop()
        self._inspection = None
        if data is None:
            facts.inspected, facts.scanning, facts.scan_error = None, None, None
            facts.structures, facts.told = {}, []
            facts.shift_troubles = {}
            self._shell.know("pictures")
            return
        facts.shift_troubles = {
            shift: why for shift, why in facts.shift_troubles.items() if shift in data.shifts
        }
        reuse = _sources(facts.readable(data)) == self._looked
        if not reuse:
            facts.inspected = None
            facts.structures, facts.told = {}, []
            # perhaps it can be read by now
            facts.shift_troubles = {}
        facts.scan_error = None
        self._asked_for = data
        self._ask_look(data, reuse)

    def _ask_look(self, data: Data, reuse: bool) -> None:
        """What is known not to be readable is left out, so that the rest can be shown."""
        readable = self._shell.facts.readable(data)
        self._looked = _sources(readable)
        request = InspectRequest(source=data.source, data=readable, reuse=reuse)
        self._inspection = self._shell.engine.ask(request)
        self._inspection.said.connect(self._scan_said)
        self._inspection.answered.connect(self._scanned)
        self._inspection.failed.connect(self._scan_failed)
        self._shell.know("pictures")

    def _scan_said(self, event: Event) -> None:
        facts = self._shell.facts
        if isinstance(event, Progress):
            facts.scanning = event
        elif isinstance(event, Structure):
            facts.structures[event.source] = event
        elif isinstance(event, ProblemSaid):
            facts.told.append(event)
            return  # there may be thousands: the next progress shows them
        self._shell.know("pictures")

    def _scanned(self, answer: InspectAnswer) -> None:
        facts = self._shell.facts
        facts.inspected, facts.scanning, facts.scan_error = answer, None, None
        facts.told = []
        self._shell.know("pictures")
        if self._shell.project.data != self._asked_for:
            self._look()

    def _scan_failed(self, failed: Failed) -> None:
        facts = self._shell.facts
        facts.scanning = None
        broken, asked = self._broken_shift(failed), self._asked_for
        if broken is not None and asked is not None:
            facts.shift_troubles[broken] = failed.message
            facts.structures, facts.told = {"": facts.structures[""]}, []
            self._ask_look(asked, reuse=False)
            return
        facts.scan_error = failed.message
        self._looked = None
        if not failed.cancelled and self._shell.engine.ready and self._shell.project.data != self._asked_for:
            # what failed was the plan of before the latest edit
            self._look()
        self._shell.know("pictures")

    def _broken_shift(self, failed: Failed) -> ShiftSource | None:
        """The shift set that could not be read: sources are read in order, each tells its classes first."""
        facts, asked = self._shell.facts, self._asked_for
        if failed.cancelled or asked is None or not failed.message.code.startswith("data."):
            return None
        if asked != self._shell.project.data:
            return None
        others = (("validation", asked.validation_source), ("test", asked.test_source))
        names = ["", *(name for name, place in others if place is not None)]
        if any(name not in facts.structures for name in names):
            return None
        left = (shift for shift in facts.readable(asked).shifts if shift.name not in facts.structures)
        return next(left, None)

    # --- values for these pictures and this model ----------------------------------------------

    def _choose_values(self) -> None:
        request = request_for(self._shell.project)
        if request is None or self._model_here() is None:
            self._shell.facts.choosing = False
            return
        self._shell.facts.choosing = True
        if self._values is not None and self._values.open:
            self._values.drop()
        self._values = self._shell.engine.ask(request)
        self._values.answered.connect(self._valued)
        self._values.failed.connect(self._not_valued)

    def _not_valued(self, failed: Failed) -> None:
        # what is wrong with pictures or model is told where it is looked at; the values stay as they are
        self._shell.facts.choosing = False
        self._shell.know("method")

    def _valued(self, answer: InitAnswer) -> None:
        self._shell.facts.choosing = False
        project = self._shell.project
        training = answer.recipe["training"]
        free = {
            field: training[field]
            for field in _CHOSEN_FIELDS
            if f"training.{field}" not in project.chosen and "training" not in project.chosen
        }
        self._shell.facts.reasons = {
            name: why for name, why in answer.reasons.items() if name.removeprefix("training.") in free
        }
        if free and any(getattr(project.training, field) != value for field, value in free.items()):
            self._shell.set_quietly(training=free)
        if "prompts" not in project.chosen and "prompts.templates" not in project.chosen:
            self._shell.set_quietly(prompts={"templates": answer.recipe["prompts"]["templates"]})
        self._shell.know("method")

    # --- answers ------------------------------------------------------------------------------

    def _model_here(self) -> Model | None:
        """The chosen model if its weights lie here; asking for others would download them."""
        model = self._shell.project.model
        if model is None:
            return None
        facts = self._shell.facts
        entry = facts.entry(model.name, model.weights)
        if entry is None:
            # what the catalogue does not list is a folder or file of the person's own; before it is
            # known, nothing is
            return model if facts.models else None
        return model if entry.downloaded else None

    def _doctor(self, answer: DoctorAnswer) -> None:
        self._shell.facts.doctor = answer
        self._shell.know("machine")

    def _models(self, answer: ModelsAnswer) -> None:
        self._shell.facts.models = answer.models
        self._shell.know("model")
        self.ask_methods()
        self._choose.start()

    def _presets(self, answer: PresetsAnswer) -> None:
        self._shell.facts.presets = tuple(texts.worded(each) for each in answer.presets)
        self._shell.know("prompts")

    def _methods_known(self, answer: MethodsAnswer) -> None:
        self._shell.facts.methods = tuple(texts.worded(each) for each in answer.methods)
        self._shell.facts.model_trouble = None
        self._shell.know("method")
        self._shell.know("model")

    def _model_failed(self, failed: Failed) -> None:
        if not failed.cancelled:
            self._shell.facts.model_trouble = failed.message
            self._shell.know("model")


def _sources(data: Data) -> tuple[object, ...]:
    """What decides which files are looked at."""
    return data.source, data.validation_source, data.test_source, data.shifts
