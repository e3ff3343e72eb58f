"""All problems of the pictures by kind, each to be left out or kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import decisions, problem_words, texts
from app.shell import Shell
from app.widgets.basics import Button, Label, line, row
from app.widgets.image_grid import Tile
from app.widgets.picture_viewer import PictureViewer

_MOST = 2000
"""Rows of one kind that are listed; the rest is decided with its kind."""
_FOUND = Qt.ItemDataRole.UserRole


class ProblemsDialog(QDialog):
    """A tree of kinds; what is decided can be undone like any other edit."""

    def __init__(self, parent: QWidget, shell: Shell) -> None:
        super().__init__(parent)
        self._shell = shell
        self.setWindowTitle(self.tr("Problems of the pictures"))
        self.resize(860, 560)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self.tr("Where"), self.tr("What"), self.tr("Decision")])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName(self.tr("Problems by kind"))
        header = self.tree.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        self.tree.setColumnWidth(0, 300)
        self.tree.setColumnWidth(2, 110)
        self.tree.itemSelectionChanged.connect(self._selected)
        self.tree.itemDoubleClicked.connect(self._open)
        self.leave = Button(
            self.tr("Leave out"),
            icon="eye-off",
            tip=self.tr("Do not use the chosen pictures"),
            act=lambda: self._decide(False),
        )
        self.keep = Button(
            self.tr("Keep"),
            icon="check",
            tip=self.tr("Use the chosen pictures all the same"),
            act=lambda: self._decide(True),
        )
        undo = Button(
            icon="undo",
            kind="quiet",
            name=self.tr("Undo"),
            tip=self.tr("Take the last decision back"),
            act=shell.undo.undo,
        )
        redo = Button(
            icon="redo",
            kind="quiet",
            name=self.tr("Redo"),
            tip=self.tr("Decide it again"),
            act=shell.undo.redo,
        )
        close = Button(self.tr("Close"), tip=self.tr("Back to the pictures (Esc)"), act=self.close)
        about = Label(
            self.tr(
                "Choose one or several, or a whole kind. Pictures that cannot be read are never trained on. "
                "Of exact copies one is used, and none if they lie under two classes, unless you keep them."
            ),
            "support",
            wrap=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addWidget(self.tree, 1)
        layout.addWidget(line())
        layout.addLayout(row(undo, redo, None, self.leave, self.keep, close))
        shell.undo.canUndoChanged.connect(undo.setEnabled)
        shell.undo.canRedoChanged.connect(redo.setEnabled)
        undo.setEnabled(shell.undo.canUndo())
        redo.setEnabled(shell.undo.canRedo())
        shell.project_changed.connect(self._project_changed)
        self._fill()

    def _fill(self) -> None:
        self.tree.clear()
        kinds: dict[str, list[decisions.Found]] = {}
        for found in self._shell.facts.problems():
            kinds.setdefault(found[0], []).append(found)
        for kind, problems in sorted(kinds.items(), key=lambda item: problem_words.order(item[0])):
            title = f"{problem_words.of(kind)} ({texts.number(len(problems))})"
            top = QTreeWidgetItem([title, problem_words.about(kind), ""])
            top.setData(0, _FOUND, problems)
            self.tree.addTopLevelItem(top)
            for found in problems[:_MOST]:
                problem = found[1]
                where = f"[{problem.source}] {problem.path}" if problem.source else problem.path
                row_item = QTreeWidgetItem([where, texts.whole(problem.message), ""])
                row_item.setData(0, _FOUND, [found])
                row_item.setToolTip(0, where)
                row_item.setToolTip(1, texts.whole(problem.message))
                top.addChild(row_item)
            if len(problems) > _MOST:
                rest = self.tr("and {} more, decided with their kind").format(
                    texts.number(len(problems) - _MOST)
                )
                top.addChild(QTreeWidgetItem([rest, "", ""]))
        if self.tree.topLevelItemCount() == 1 or len(self._shell.facts.problems()) <= 30:
            self.tree.expandAll()
        self._show_decisions()
        self._selected()

    def _show_decisions(self) -> None:
        data = self._shell.project.data
        if data is None:
            return
        out, kept = set(data.leave_out), set(data.keep)
        for top in (self.tree.topLevelItem(number) for number in range(self.tree.topLevelItemCount())):
            assert top is not None
            for child in (top.child(number) for number in range(top.childCount())):
                assert child is not None
                problems = child.data(0, _FOUND)
                if problems:
                    child.setText(2, self._decision(problems[0], out, kept))

    def _decision(self, found: decisions.Found, out: set[str], kept: set[str]) -> str:
        kind, problem = found
        if kind not in decisions.DECIDABLE or problem.source:
            return ""
        if all(path in out for path in decisions.unwanted(kind, problem)):
            return self.tr("left out")
        if all(path in kept for path in decisions.pictures(problem)):
            return self.tr("kept")
        return self.tr("never used") if kind in decisions.UNDECODABLE else self.tr("open")

    def _chosen(self) -> list[decisions.Found]:
        # a kind and its rows may be chosen together; by identity, as there may be thousands
        found: dict[tuple[str, int], decisions.Found] = {}
        for item in self.tree.selectedItems():
            for kind, problem in item.data(0, _FOUND) or []:
                found[kind, id(problem)] = kind, problem
        return [each for each in found.values() if each[0] in decisions.DECIDABLE and not each[1].source]

    def _selected(self) -> None:
        chosen = self._chosen()
        self.leave.setEnabled(bool(chosen))
        self.keep.setEnabled(any(kind not in decisions.UNDECODABLE for kind, _ in chosen))

    def _decide(self, keep: bool) -> None:
        data = self._shell.project.data
        chosen = self._chosen()
        if data is None or not chosen:
            return
        if keep:
            usable = [found for found in chosen if found[0] not in decisions.UNDECODABLE]
            self._shell.edit(self.tr("keep pictures"), data=decisions.keeping(usable, data))
        else:
            self._shell.edit(self.tr("leave pictures out"), data=decisions.leaving_out(chosen, data))

    def _project_changed(self, sections: frozenset[str]) -> None:
        if "data" in sections:
            self._show_decisions()

    def _open(self, item: QTreeWidgetItem) -> None:
        problems = item.data(0, _FOUND)
        inspected = self._shell.facts.inspected
        if not problems or item.childCount() or inspected is None or problems[0][1].source:
            return
        root = Path(inspected.root)
        kind, problem = problems[0]
        tiles = [
            Tile(str(root / path), path, texts.whole(problem.message)) for path in decisions.pictures(problem)
        ]
        if (root / problem.path).is_file():
            PictureViewer(self, tiles, 0, problem_words.of(kind)).show()
