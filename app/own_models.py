"""Models of the person's own: remembered, looked at beside the window, and what is known to be wrong with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from app import estimates, model_rows, pool, texts
from app.model_rows import Key, ModelRow
from app.shell import Shell
from app.widgets.own_model import parse_own, write_own
from engine.messages import Message

_HUB = "hf-hub:"
_MOST = 20


class OwnModels(QObject):
    """Folders, weights files and models of the hub that are not in the catalogue."""

    changed = Signal()
    """More is known of one of them."""

    def __init__(self, shell: Shell, parent: QObject) -> None:
        super().__init__(parent)
        self._shell = shell
        self.keys: list[Key] = parse_own(shell.settings.value("models/own"))
        """The newest first."""
        self._facts: dict[str, estimates.Facts] = {}
        self._unreadable: dict[str, str] = {}
        self._refused: dict[Key, Message] = {}
        """Models that the engine could not use when they were chosen last."""
        self._errands: dict[str, pool.Errand] = {}
        shell.facts_changed.connect(self._told)
        shell.project_changed.connect(self._changed)

    def remember(self, key: Key) -> None:
        """Keep it in the list, also the next time."""
        self.keys = [key, *(other for other in self.keys if other != key)][:_MOST]
        self._shell.settings.setValue("models/own", write_own(self.keys))

    def row(self, key: Key, memory: int | None, here: bool) -> ModelRow:
        """What is known of it; a folder that was not looked at yet is looked at."""
        name, weights = key
        if weights is not None:
            like = next((entry for entry in self._shell.facts.models if entry.name == name), None)
            facts = None if like is None else estimates.of_entry(like)
        else:
            facts = self._facts.get(name)
            self._look_at(name)
        return model_rows.own_row(key, facts, memory, here, self.trouble(key))

    def trouble(self, key: Key) -> str:
        """Why it cannot be used, as far as that is known; empty if nothing speaks against it."""
        refused = self._refused.get(key)
        if refused is not None:
            return texts.whole(refused)
        # of the chosen one the engine says itself what is wrong
        return self._unreadable.get(key[0], "") if key[1] is None and key != self._chosen() else ""

    def _chosen(self) -> Key | None:
        model = self._shell.project.model
        return None if model is None else (model.name, model.weights)

    def _changed(self, sections: frozenset[str]) -> None:
        if "model" in sections:
            self._told("model")

    def _told(self, what: str) -> None:
        """Of the chosen model the engine knows best; of another it is remembered what it said last."""
        key, trouble = self._chosen(), self._shell.facts.model_trouble
        if what != "model" or key is None:
            return
        if trouble is not None:
            self._refused[key] = trouble
        else:
            self._refused.pop(key, None)

    def _look_at(self, name: str) -> None:
        """Read what a folder's files tell, beside the window."""
        if name in self._errands or name.startswith(_HUB):
            return

        def arrived(result: object) -> None:
            if isinstance(result, estimates.Facts):
                self._facts[name] = result
            else:
                self._unreadable[name] = QCoreApplication.translate(
                    "models", "It has no open_clip_config.json that can be read."
                )
            self.changed.emit()

        self._errands[name] = pool.run(lambda: estimates.of_folder(Path(name).expanduser()), arrived, self)
