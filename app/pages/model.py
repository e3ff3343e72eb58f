"""Step 2: the model to begin with, bringing it here, and how pictures are fitted to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu

from app import estimates, icons, model_rows, paths, pool, texts
from app.downloads import Download
from app.engine_thread import Ticket
from app.model_rows import Key, ModelRow
from app.pages.page import Hint, Page
from app.shell import Shell
from app.steps import Step
from app.widgets.basics import Button, Card, Icon, Label, Segmented, column, line, row
from app.widgets.chosen_model import ChosenModel
from app.widgets.fit_card import FitCard
from app.widgets.model_list import ModelList
from app.widgets.own_model import AskArchitecture, AskHubName, parse_own, write_own
from engine.answers import ModelsAnswer
from engine.requests import ModelsRequest

_HUB = "hf-hub:"


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
        self._own: list[Key] = parse_own(shell.settings.value("models/own"))
        self._own_facts: dict[str, estimates.Facts] = {}
        self._errands: dict[str, pool.Errand] = {}
        self._pending: Key | None = None
        """A model of the hub that is chosen as soon as it is here."""
        self._rows: dict[Key, ModelRow] = {}
        self._build()
        self.download.changed.connect(self._render)
        self.download.finished.connect(self._fetched)
        shell.project_changed.connect(lambda _: self._if_shown())
        shell.project_opened.connect(self._opened)
        shell.facts_changed.connect(lambda _: self._if_shown())

    def _build(self) -> None:
        self._advice_icon = Icon("star", "accent_text")
        self.advice = Label("", wrap=True)
        self.take = Button(self.tr("Choose it"), small=True, act=self._take_recommended)
        self.open_button = Button(
            self.tr("Open a file or folder…"),
            icon="folder",
            tip=self.tr("A model of your own: an open_clip folder, a weights file, or a name on the hub"),
        )
        self.open_button.setProperty("hasMenu", True)
        self._menu = QMenu(self.open_button)
        for words, act in (
            (self.tr("A folder in open_clip's form…"), self._ask_folder),
            (self.tr("A weights file (.safetensors, .pt)…"), self._ask_file),
            (self.tr("A name on the Hugging Face hub…"), self._ask_hub),
        ):
            action = QAction(words, self._menu)
            action.triggered.connect(act)
            self._menu.addAction(action)
        self.open_button.setMenu(self._menu)
        advice = row(self._advice_icon, self.advice, self.take, 8, self.open_button)
        advice.setStretch(1, 1)
        self.body.addLayout(advice)

        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a model"))
        self.search.setAccessibleName(self.tr("Find a model"))
        self.search.setToolTip(self.tr("Words of the name or of the weights, such as: ViT laion"))
        self.search.setClearButtonEnabled(True)
        self._search_action = self.search.addAction(
            icons.icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.setMaximumWidth(320)
        self.filter = Segmented(
            {"all": self.tr("All"), "here": self.tr("On this machine"), "fits": self.tr("Fits this device")},
            self.tr("Which models"),
        )
        self.filter.choose("all")
        self.count = Label("", "help")
        self.list = ModelList()
        self.none = Label(
            self.tr("No model has all these words. Try fewer, or another filter."), "support", wrap=True
        )
        self.none.setContentsMargins(16, 16, 16, 16)
        self.none.hide()
        left = Card(padding=0, spacing=0)
        head = row(self.search, self.filter, None, self.count, spacing=12)
        head.setContentsMargins(12, 10, 16, 10)
        head.setStretch(0, 1)
        left.body.addLayout(head)
        left.body.addWidget(line())
        left.body.addWidget(self.list, 1)
        left.body.addWidget(self.none)
        self.chosen = ChosenModel()
        self.chosen.setFixedWidth(280)
        upper = row(left, self.chosen, spacing=16)
        upper.setStretch(0, 1)
        self.body.addLayout(upper, 1)
        self.fit = FitCard(self.shell)
        self.body.addLayout(column(self.fit))

        self.search.textChanged.connect(self._searched)
        self.filter.chosen.connect(self._filtered)
        self.list.wanted.connect(self._choose)
        self.chosen.fetch.connect(self._fetch)
        self.chosen.stop.connect(self.download.stop)
        self.fit.wanted.connect(self._fit_wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        narrow = self.width() < 960
        self.chosen.setFixedWidth(232 if narrow else 280)
        self.count.setVisible(not narrow)

    # --- the page's life ------------------------------------------------------------------------

    def entered(self) -> None:
        self._render()
        if (key := self._key()) is not None:
            self.list.reveal(key)

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
        return self._own_row(key, memory)

    def _own_row(self, key: Key, memory: int | None) -> ModelRow:
        name, weights = key
        if weights is not None:
            like = next((entry for entry in self.shell.facts.models if entry.name == name), None)
            facts = None if like is None else estimates.of_entry(like)
        else:
            facts = self._own_facts.get(name)
            self._look_at(name)
        return model_rows.own_row(key, facts, memory, here=key != self._pending)

    def _look_at(self, name: str) -> None:
        """Read what a folder's files tell, beside the window."""
        if name in self._errands or name.startswith(_HUB):
            return

        def arrived(result: object) -> None:
            if isinstance(result, estimates.Facts):
                self._own_facts[name] = result
                self._if_shown()

        self._errands[name] = pool.run(lambda: estimates.of_folder(Path(name).expanduser()), arrived)

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
            for key in dict.fromkeys([*self._own, wanted, self._pending])
            if key is not None and key not in known
        ]
        rows = [*(self._own_row(key, memory) for key in own if facts.models or key == wanted), *rows]
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
        self.list.table.show_rows(list(self._rows.values()))
        self._say_count()
        self._advise(best)
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

    def _advise(self, best: Key | None) -> None:
        facts = self.shell.facts
        found = self._recommended()
        self.take.setVisible(best is not None and best != self._key() and best in self._rows)
        if found is None:
            self.advice.setText(self.tr("Looking at what this machine can do …"))
            return
        if found.why == "sample":
            self.advice.setText(
                self.tr("The sample pictures are drawings: the bundled starter is made for them.")
            )
            return
        title = self.tr("{}, {}").format(found.name, found.weights)
        planned = facts.inspected.planned if facts.inspected is not None else None
        count = sum(planned["train"]) if planned and "train" in planned else 0
        device = facts.device.name if facts.device is not None else ""
        why = (
            self.tr("without a graphics card it is the quickest of OpenAI's models")
            if found.why == "cpu"
            else self.tr("it is the paper's model and trains well on this device")
        )
        if count:
            text = self.tr("Recommended for {} training pictures on {}: {}; {}.")
            self.advice.setText(text.format(texts.number(count), device, title, why))
        else:
            self.advice.setText(self.tr("Recommended on {}: {}; {}.").format(device, title, why))
        self.take.setToolTip(self.tr("Choose {}").format(title))

    def _say_count(self) -> None:
        shown, whole = self.list.filtered.rowCount(), len(self._rows)
        self.count.setText(
            self.tr("{} models").format(whole) if shown == whole else self.tr("{} of {}").format(shown, whole)
        )
        self.none.setVisible(whole > 0 and shown == 0)

    # --- what the person does -------------------------------------------------------------------

    def _searched(self, text: str) -> None:
        self.list.filtered.search(text)
        self._say_count()

    def _filtered(self, key: str) -> None:
        self.list.filtered.only(key)  # type: ignore[arg-type]
        self._say_count()

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
            self._remember(key)
            self._choose(key)
        self._catalogue = self.shell.engine.ask(ModelsRequest())
        self._catalogue.answered.connect(lambda answer: self._listed(answer, key))

    def _listed(self, answer: ModelsAnswer, fetched: Key) -> None:
        self.shell.facts.models = answer.models
        self.shell.know("model")
        if fetched == self._key():
            # what waits for the model's weights looks again
            self.shell.project.tell(frozenset({"model"}))

    def _remember(self, key: Key) -> None:
        self._own = [key, *(other for other in self._own if other != key)][:20]
        self.shell.settings.setValue("models/own", write_own(self._own))

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
        self._remember(key)
        self._choose(key)
        self.list.reveal(key)
