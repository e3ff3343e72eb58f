"""What is wrong with the pictures, in a line with its remedy."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import decisions, problem_words, texts
from app.shell import Notice, Shell
from app.widgets.basics import Banner, Button, clear
from app.widgets.problems_dialog import ProblemsDialog


class PictureBanners(QVBoxLayout):
    """Made anew from facts and project."""

    def __init__(self, shell: Shell, parent: QWidget) -> None:
        """``parent`` is the window of the dialogs that are opened."""
        super().__init__()
        self._shell = shell
        self._parent = parent
        self.setSpacing(8)

    def render(self) -> None:
        """Show what is so now."""
        clear(self)
        facts, data = self._shell.facts, self._shell.project.data
        if data is None:
            return
        if facts.scan_error is not None:
            what, why = texts.message(facts.scan_error)
            again = Notice("bad", what, why, self.tr("Look again"), self._shell.look_again.emit)
            self.addWidget(Banner(again, closable=False))
            return
        if facts.inspected is not None and facts.inspected.plan_error is not None:
            what, why = texts.message(facts.inspected.plan_error)
            self.addWidget(Banner(Notice("bad", what, why), closable=False))
        problems = facts.problems()
        open_ones = facts.undecided(data)
        others = [
            found for found in problems if found[0] not in decisions.DECIDABLE and found[0] != "left out"
        ]
        if open_ones:
            kinds: dict[str, int] = {}
            for kind, _ in open_ones:
                kinds[kind] = kinds.get(kind, 0) + 1
            words = [
                f"{texts.number(count)} {problem_words.of(kind)}"
                for kind, count in sorted(kinds.items(), key=lambda k: problem_words.order(k[0]))
            ]
            count = len(open_ones)
            what = self.tr("1 problem") if count == 1 else self.tr("{} problems").format(texts.number(count))
            banner = Banner(
                Notice("warn", what, "  ·  ".join(words[:4]), self.tr("Look at them"), self._show_problems),
                closable=False,
            )
            leave = Button(
                self.tr("Leave out all {}").format(texts.number(count)),
                kind="quiet",
                small=True,
                tip=self.tr("Use none of these pictures; of exact copies one stays. Can be undone."),
                act=self.leave_out_all,
            )
            banner.layout().insertWidget(banner.layout().count() - 1, leave)  # type: ignore[union-attr]
            self.addWidget(banner)
        elif others:
            words = [problem_words.of(kind) for kind in dict.fromkeys(kind for kind, _ in others)]
            self.addWidget(
                Banner(
                    Notice(
                        "info",
                        self.tr("Worth knowing"),
                        "  ·  ".join(words),
                        self.tr("Look at them"),
                        self._show_problems,
                    ),
                    closable=False,
                )
            )

    def _show_problems(self) -> None:
        dialog = ProblemsDialog(self._parent, self._shell)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def leave_out_all(self) -> None:
        """Use none of the pictures with problems; of exact copies one stays."""
        data = self._shell.project.data
        if data is not None:
            found = self._shell.facts.undecided(data)
            self._shell.edit(self.tr("leave problem pictures out"), data=decisions.leaving_out(found, data))
