"""Step 2: the model to begin with, bringing it here, and how pictures are fitted to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from app import estimates, model_rows, paths, texts
from app.downloads import Download
from app.engine_thread import Ticket
from app.model_rows import Key, ModelRow
from app.own_models import OwnModels
from app.pages.page import Hint, Page
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import column, row
from app.widgets.chosen_model import ChosenModel
from app.widgets.fit_card import FitCard
from app.widgets.model_card import ModelListCard
from app.widgets.model_head import ModelHead
from app.widgets.own_model import AskArchitecture, AskHubName
from engine.answers import ModelsAnswer
from engine.requests import ModelsRequest


class ModelPage(Page):
    """The list, the chosen model beside it, and the fitting below."""

    step = Step.MODEL
    title = str(QT_TRANSLATE_NOOP("pages", "Model"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "Choose what training begins with, and how it sees your pictures.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "A pretrained model knows pictures and words from millions of captions; training goes on from there. "
            "Larger ones know more and take longer. Each is downloaded once.",
        )
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.download = Download(shell, self)
        self._catalogue: Ticket | None = None
        self.own = OwnModels(shell, self)
        self._pending: Key | None = None
        """A model of the hub that is chosen as soon as it is here."""
        self._rows: dict[Key, ModelRow] = {}
        self._build()
        self.own.changed.connect(self._if_shown)
        self.download.changed.connect(self._render)
        self.download.finished.connect(self._fetched)
        shell.project_changed.connect(lambda _: self._if_shown())
        shell.project_opened.connect(self._opened)
        shell.facts_changed.connect(lambda _: self._if_shown())

    def _build(self) -> None:
        self.head_row = ModelHead()
        self.advice, self.take = self.head_row.advice, self.head_row.take
        self.head_row.taken.connect(self._take_recommended)
        self.head_row.folder_wanted.connect(self._ask_folder)
        self.head_row.file_wanted.connect(self._ask_file)
        self.head_row.hub_wanted.connect(self._ask_hub)
        self.body.addLayout(self.head_row)
        self.card = ModelListCard()
        self.search, self.filter, self.list = self.card.search, self.card.filter, self.card.list
        self.chosen = ChosenModel()
        self.chosen.setFixedWidth(280)
        upper = row(self.card, self.chosen, spacing=16)
        upper.setStretch(0, 1)
        self.body.addLayout(upper, 1)
        self.fit = FitCard(self.shell)
        self.body.addLayout(column(self.fit))

        self.list.wanted.connect(self._choose)
        self.chosen.fetch.connect(self._fetch)
        self.chosen.stop.connect(self.download.stop)
        self.chosen.laid_out.connect(self._give_room)
        self.fit.wanted.connect(self._fit_wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        narrow = self.width() < 960
        self.chosen.setFixedWidth(self.chosen.room(232 if narrow else 280))
        self.card.count.setVisible(not narrow)

    # --- the page's life ------------------------------------------------------------------------

    def entered(self) -> None:
        self._render()
        if (key := self._key()) is not None:
            self.list.reveal(key)

    def first_control(self) -> QWidget | None:
        return self.list

    def _opened(self) -> None:
        self._pending = None
        self._if_shown()

    def _if_shown(self) -> None:
        # a hidden page is drawn when it is entered
        if self.isVisible():
            self._render()
        self.state_changed.emit()

    def can_go_on(self) -> bool:
        shown = self._chosen_row()
        return (
            shown is not None and shown.here and not shown.missing and self.shell.facts.model_trouble is None
        )

    def hint(self) -> Hint | None:
        shown, facts = self._chosen_row(), self.shell.facts
        if shown is None:
            return Hint("info", self.tr("Choose a model to go on."))
        if shown.missing:
            return Hint("warn", self.tr("{} needs an extra that is not installed.").format(shown.title))
        if facts.model_trouble is not None and shown.here:
            return Hint("warn", texts.message(facts.model_trouble)[0])
        if not shown.here:
            if self.download.of(shown.key) and self.download.running:
                return Hint("info", self.tr("You can go on as soon as {} is downloaded.").format(shown.title))
            return Hint(
                "warn",
                self.tr("{} is not on this machine yet. Download it, or choose another.").format(shown.title),
            )
        if shown.fits is estimates.Fits.NOT:
            return Hint("warn", self.tr("{} is probably too large for this device.").format(shown.title))
        return None

    # --- what is so ---------------------------------------------------------------------------

    def _key(self) -> Key | None:
        model = self.shell.project.model
        return None if model is None else (model.name, model.weights)

    def _chosen_row(self) -> ModelRow | None:
        key = self._key() or self._pending
        if key is None:
            return None
        entry = self.shell.facts.entry(*key)
        memory = estimates.device_memory(self.shell.facts.doctor)
        if entry is not None:
            return model_rows.entry_row(entry, memory, key == self._recommended_key())
        return self.own.row(key, memory, here=key != self._pending)

    def _recommended(self) -> estimates.Recommended | None:
        data, device = self.shell.project.data, self.shell.facts.device
        sample = data is not None and Path(data.source).is_relative_to(paths.sample())
        return estimates.recommended(None if device is None else device.kind, sample)

    def _recommended_key(self) -> Key | None:
        found = self._recommended()
        return None if found is None else (found.name, found.weights)

    def _render(self) -> None:
        facts, project = self.shell.facts, self.shell.project
        memory = estimates.device_memory(facts.doctor)
        wanted, best = self._key(), self._recommended_key()
        rows = [
            model_rows.entry_row(entry, memory, (entry.name, entry.weights) == best) for entry in facts.models
        ]
        known = {each.key for each in rows}
        own = [
            key
            for key in dict.fromkeys([*self.own.keys, wanted, self._pending])
            if key is not None and key not in known
        ]
        rows = [
            *(
                self.own.row(key, memory, here=key != self._pending)
                for key in own
                if facts.models or key == wanted
            ),
            *rows,
        ]
        rows = model_rows.in_order(rows, best)
        running = self.download.key if self.download.running else None
        shown_key = wanted if self._pending is None else self._pending
        self._rows = {
            each.key: replace(
                each,
                chosen=each.key == shown_key,
                fetching=self.download.share if each.key == running else None,
            )
            for each in rows
        }
        self.card.show_rows(list(self._rows.values()))
        can_take = best is not None and best != wanted and best in self._rows
        self.head_row.advise(self._recommended(), facts, can_take)
        self._show_chosen(shown_key)
        shown = self._rows.get(shown_key) if shown_key is not None else None
        fit = project.model.fit if project.model is not None else "auto"
        for button in self.fit.buttons.values():
            button.setEnabled(project.model is not None)
        self.fit.show_fit(
            fit, shown.facts.fit if shown else "crop", shown.facts.input_size if shown else None
        )
        if self.isVisible():
            self.fit.look()
        self.state_changed.emit()

    def _show_chosen(self, key: Key | None) -> None:
        facts = self.shell.facts
        shown = self._rows.get(key) if key is not None else None
        entry = facts.entry(*key) if key is not None else None
        warning, offline = ("", ""), ""
        if shown is not None and shown.key[0] == "starter" and self._recommended_key() != shown.key:
            warning = (
                self.tr("It knows drawings only."),
                self.tr("It is there to try the program out. For photos choose another."),
            )
        if facts.doctor is not None and facts.doctor.hub_state != "reachable":
            offline = self.tr(
                "Not on this machine, and {} cannot be reached now. Connect to the internet to download it."
            )
            offline = offline.format(facts.doctor.hub)
        # that it is not here is said by the download
        trouble = facts.model_trouble if shown is not None and shown.here else None
        context = entry.context_length if entry is not None else None
        self.chosen.show_model(shown, context, self.download, trouble, warning, offline)

    # --- what the person does -------------------------------------------------------------------

    def _take_recommended(self) -> None:
        if (key := self._recommended_key()) is not None:
            self._choose(key)
            self.list.reveal(key)

    def _choose(self, key: Key) -> None:
        self._pending = None
        name, weights = key
        error = self.shell.edit(self.tr("choose the model"), model={"name": name, "weights": weights})
        if error is not None:
            self.shell.notify("bad", self.tr("This model cannot be chosen."), error, key="model")
        self._render()

    def _fit_wanted(self, fit: str) -> None:
        self.shell.edit(self.tr("fit pictures"), model={"fit": fit})

    def _fetch(self) -> None:
        if (shown := self._chosen_row()) is not None:
            self.download.start(shown.key)

    def _fetched(self, key: Key) -> None:
        if key == self._pending:
            self.own.remember(key)
            self._choose(key)
        self._catalogue = self.shell.engine.ask(ModelsRequest())
        self._catalogue.answered.connect(lambda answer: self._listed(answer, key))

    def _listed(self, answer: ModelsAnswer, fetched: Key) -> None:
        self.shell.facts.models = answer.models
        self.shell.know("model")
        if fetched == self._key():
            # what waits for the model's weights looks again
            self.shell.project.tell(frozenset({"model"}))

    def _ask_folder(self) -> None:
        given = QFileDialog.getExistingDirectory(self, self.tr("A folder with an open_clip_config.json"))
        if given:
            self.open_folder(Path(given))

    def open_folder(self, folder: Path) -> None:
        """Choose a model by its folder."""
        self._add((str(folder), None))

    def _ask_file(self) -> None:
        given, _ = QFileDialog.getOpenFileName(
            self, self.tr("A weights file"), "", self.tr("Weights (*.safetensors *.pt *.pth *.bin *.ckpt)")
        )
        if not given:
            return
        names = list(
            dict.fromkeys(entry.name for entry in self.shell.facts.models if entry.name != "starter")
        )
        dialog = AskArchitecture(self, Path(given), names)
        if dialog.exec():
            self._add((dialog.name, given))
        dialog.deleteLater()

    def _ask_hub(self) -> None:
        dialog = AskHubName(self)
        if dialog.exec():
            self.open_hub(dialog.name)
        dialog.deleteLater()

    def open_hub(self, name: str) -> None:
        """Download a model of the hub, and then choose it."""
        self._pending = (name, None)
        self.download.start(self._pending)
        self._render()
        self.list.reveal((name, None))

    def _add(self, key: Key) -> None:
        self.own.remember(key)
        self._choose(key)
        self.list.reveal(key)
