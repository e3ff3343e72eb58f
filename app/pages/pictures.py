"""① What the model learns from, and what is held back to judge it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import decisions, opening, problem_words, texts
from app.engine_thread import Ticket
from app.pages.page import Hint, Page
from app.shell import Notice, Shell
from app.steps import Step
from app.widgets.basics import (
    Banner,
    Button,
    Card,
    ElidedLabel,
    Icon,
    Label,
    Ring,
    Segmented,
    clear,
    line,
    row,
)
from app.widgets.class_list import ClassList
from app.widgets.drop_zone import DropZone
from app.widgets.image_grid import ImageGrid, Tile
from app.widgets.picture_viewer import PictureViewer
from app.widgets.plan_card import PlanCard
from app.widgets.problems_dialog import ProblemsDialog
from app.widgets.thumbnails import Thumbnails
from engine.requests import PicturesAnswer, PicturesRequest

_TILES = (72, 200)
"""Smallest and largest tile in pixels."""


class PicturesPage(Page):
    """Empty: a drop zone. Filled: classes, their pictures, problems, and what each is used for."""

    step = Step.PICTURES
    title = str(QT_TRANSLATE_NOOP("pages", "Pictures"))
    purpose = str(
        QT_TRANSLATE_NOOP("pages", "Choose what the model learns from, and what is held back to judge it.")
    )
    help_text = str(
        QT_TRANSLATE_NOOP(
            "pages",
            "Each folder is a class. Some pictures train, some choose the best epoch, and some are kept for the test, "
            "which chooses nothing and so tells the truth. Shifted pictures show what is left of it elsewhere.",
        )
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._listing: Ticket | None = None
        self._shown: tuple[str, object, object] | None = None
        self._paths: PicturesAnswer | None = None
        self.thumbnails = Thumbnails(self)
        self.empty = DropZone()
        self.empty.folder_wanted.connect(lambda: shell.asked.emit("folder"))
        self.empty.table_wanted.connect(lambda: shell.asked.emit("table"))
        self.empty.sample_wanted.connect(lambda: shell.asked.emit("sample"))
        self.empty.dropped.connect(shell.path_wanted)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._filled())
        self.body.addWidget(self.stack, 1)
        shell.project_changed.connect(self._project_changed)
        shell.project_opened.connect(self._project_opened)
        shell.facts_changed.connect(lambda what: self._render() if what == "pictures" else None)
        self._render()

    # --- building -----------------------------------------------------------------------------

    def _filled(self) -> QWidget:
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._facts_line())
        self._banners = QVBoxLayout()
        self._banners.setSpacing(8)
        layout.addLayout(self._banners)
        across = QHBoxLayout()
        across.setSpacing(16)
        across.addWidget(self._class_card())
        across.addWidget(self._grid_card(), 1)
        layout.addLayout(across, 1)
        self.plan = PlanCard(self.shell)
        self.plan.shift_wanted.connect(self._ask_shift)
        layout.addWidget(self.plan)
        return holder

    def _facts_line(self) -> QHBoxLayout:
        self.counts = Label("", "strong")
        self.origin = Label("", "support")
        self.ring = Ring()
        self.progress = Label("", "support")
        self.stop = Button(
            self.tr("Stop"),
            icon="stop",
            small=True,
            tip=self.tr("Stop looking at the pictures"),
            act=self.shell.stop_looking.emit,
        )
        self.again = Button(
            icon="refresh",
            kind="quiet",
            name=self.tr("Look again"),
            tip=self.tr("Look at the folder again, as files may have changed"),
            act=self.shell.look_again.emit,
        )
        change = Button(
            self.tr("Change folder…"),
            tip=self.tr("Choose other pictures; the project so far is kept"),
            act=lambda: self.shell.asked.emit("folder"),
        )
        table = Button(
            self.tr("Choose a CSV…"),
            tip=self.tr("Take pictures and classes from a CSV or TSV table"),
            act=lambda: self.shell.asked.emit("table"),
        )
        return row(
            Icon("folder", "text2"),
            self.counts,
            self.origin,
            self.ring,
            self.progress,
            self.stop,
            None,
            self.again,
            change,
            table,
        )

    def _class_card(self) -> Card:
        card = Card(padding=0, spacing=0)
        self.class_card = card
        card.setFixedWidth(304)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a class"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Find a class"))
        self.search.setToolTip(self.tr("Show only classes whose name contains this"))
        self.sort = Button(icon="sort", name=self.tr("Sort by name"), act=self._sort)
        head = row(self.search, self.sort)
        head.setContentsMargins(12, 10, 12, 10)
        card.body.addLayout(head)
        card.body.addWidget(line())
        self.included = Label("", "help")
        self.tick_all = Button(
            self.tr("Include all"), kind="link", tip=self.tr("Use every class again"), act=self._include_all
        )
        head = row(self.included, self.tick_all, None, Label(self.tr("Pictures"), "help"))
        head.setContentsMargins(14, 6, 14, 2)
        card.body.addLayout(head)
        self.classes = ClassList()
        self.classes.setAccessibleName(self.tr("Classes"))
        self.classes.setToolTip("")
        holder = QVBoxLayout()
        holder.setContentsMargins(4, 0, 4, 6)
        holder.addWidget(self.classes)
        card.body.addLayout(holder, 1)
        self.search.textChanged.connect(self.classes.search)
        self.classes.picked.connect(lambda _: self._list())
        self.classes.ticked.connect(self._include)
        return card

    def _grid_card(self) -> Card:
        card = Card(padding=0, spacing=0)
        self.class_name = ElidedLabel("", "card")
        self.class_name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.class_count = Label("", "support")
        self.part = Segmented(
            {
                "all": self.tr("All"),
                "train": self.tr("Training"),
                "validation": self.tr("Validation"),
                "test": self.tr("Test"),
            },
            self.tr("Pictures shown"),
        )
        self.part.choose("all")
        self.part.chosen.connect(lambda _: self._show_tiles())
        self.tile_size = QSlider(Qt.Orientation.Horizontal)
        self.tile_size.setRange(*_TILES)
        self.tile_size.setValue(104)
        self.tile_size.setMaximumWidth(84)
        self.tile_size.setMinimumWidth(40)
        self.tile_size.setAccessibleName(self.tr("Size of the pictures"))
        self.tile_size.setToolTip(self.tr("Size of the pictures"))
        head = row(
            self.class_name,
            self.class_count,
            None,
            self.part,
            None,
            Icon("grid-small", "text3"),
            self.tile_size,
            Icon("grid-large", "text3"),
        )
        head.setContentsMargins(14, 10, 14, 10)
        card.body.addLayout(head)
        card.body.addWidget(line())
        self.grid = ImageGrid(self.thumbnails)
        self.grid.setAccessibleName(self.tr("Pictures of the class"))
        self.grid.opened.connect(self._open)
        self.tile_size.valueChanged.connect(self.grid.set_tile)
        self.nothing = Label("", "support")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 8, 4, 0)
        holder.addWidget(self.grid, 1)
        holder.addWidget(self.nothing, 1)
        card.body.addLayout(holder, 1)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        super().resizeEvent(event)
        self._fit_class_card()

    def _fit_class_card(self) -> None:
        """Long names get more room, where there is some."""
        most = 264 if self.width() < 900 else 384
        wanted = round(self.classes.classes.longest) + 204
        self.class_card.setFixedWidth(max(min(304, most), min(wanted, most)))

    # --- page ---------------------------------------------------------------------------------

    def entered(self) -> None:
        self.empty.show_recent(opening.recent(self.shell, "folders"), self.shell.path_wanted.emit)
        self._render()

    def hint(self) -> Hint | None:
        facts, data = self.shell.facts, self.shell.project.data
        if data is None:
            return Hint("info", self.tr("Choose pictures to begin. Nothing leaves this computer."))
        if facts.scan_error is not None:
            return Hint("warn", texts.whole(facts.scan_error))
        if facts.inspected is None:
            return Hint("info", self.tr("The pictures are being looked at. You can go on meanwhile."))
        if facts.inspected.plan_error is not None:
            return Hint("warn", texts.whole(facts.inspected.plan_error))
        if decisions.undecided(facts.problems(), data):
            return Hint(
                "info",
                self.tr(
                    "You can go on: what cannot be read is left out, other pictures stay in until you leave them out."
                ),
            )
        return None

    def can_go_on(self) -> bool:
        facts = self.shell.facts
        if self.shell.project.data is None or facts.scan_error is not None:
            return False
        return facts.inspected is None or facts.inspected.plan_error is None

    # --- showing ------------------------------------------------------------------------------

    def _project_opened(self) -> None:
        if self._listing is not None and self._listing.open:
            # its answer would be shown as pictures of the new project
            self._listing.drop()
        self._shown, self._paths = None, None
        self.grid.show_tiles([])
        self._render()

    def _project_changed(self, sections: frozenset[str]) -> None:
        if "data" in sections:
            self._render()

    def _render(self) -> None:
        data, facts = self.shell.project.data, self.shell.facts
        self.stack.setCurrentIndex(0 if data is None else 1)
        if data is None:
            self.state_changed.emit()
            return
        structure, inspected = facts.structures.get(""), facts.inspected
        names = (
            inspected.classes if inspected is not None else structure.classes if structure is not None else ()
        )
        counts = (
            inspected.counts if inspected is not None else structure.counts if structure is not None else ()
        )
        self._show_counts(data.source, sum(counts), len(names))
        scanning = facts.scanning
        self.ring.setVisible(scanning is not None)
        self.stop.setVisible(scanning is not None)
        self.again.setVisible(scanning is None)
        self.progress.setVisible(scanning is not None)
        if scanning is not None and scanning.total:
            self.progress.setText(
                self.tr("looking at {} of {}").format(
                    texts.number(scanning.done), texts.number(scanning.total)
                )
            )
        elif scanning is not None:
            self.progress.setText(self.tr("reading the folders"))
        included = frozenset(data.classes or names)
        self.classes.classes.show(names, counts, included)
        self._fit_class_card()
        shown = sum(name in included for name in names)
        self.included.setText(
            self.tr("{} of {} included").format(texts.number(shown), texts.number(len(names)))
        )
        self.tick_all.setVisible(shown < len(names))
        if names and not self.classes.current:
            self.classes.choose("")
        self._sort_words()
        self._show_banners()
        self.plan.render_plan(data, inspected)
        self._list()
        self.state_changed.emit()

    def _show_counts(self, source: str, pictures: int, classes: int) -> None:
        path = Path(source)
        self.counts.setText(
            self.tr("{} pictures  ·  {} classes").format(texts.number(pictures), texts.number(classes))
        )
        self.origin.setText(
            self.tr("from {}").format("/".join(path.parts[-2:]) if len(path.parts) > 2 else source)
        )
        self.origin.setToolTip(source)

    def _show_banners(self) -> None:
        clear(self._banners)
        facts, data = self.shell.facts, self.shell.project.data
        assert data is not None
        if facts.scan_error is not None:
            what, why = texts.message(facts.scan_error)
            again = Notice("bad", what, why, self.tr("Look again"), self.shell.look_again.emit)
            self._banners.addWidget(Banner(again, closable=False))
            return
        if facts.inspected is not None and facts.inspected.plan_error is not None:
            what, why = texts.message(facts.inspected.plan_error)
            self._banners.addWidget(Banner(Notice("bad", what, why), closable=False))
        problems = facts.problems()
        open_ones = decisions.undecided(problems, data)
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
                act=self._leave_out_all,
            )
            banner.layout().insertWidget(banner.layout().count() - 1, leave)  # type: ignore[union-attr]
            self._banners.addWidget(banner)
        elif others:
            words = [problem_words.of(kind) for kind in dict.fromkeys(kind for kind, _ in others)]
            self._banners.addWidget(
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

    def _list(self) -> None:
        """Ask for the pictures of the class that is chosen, unless they are shown already."""
        data, name = self.shell.project.data, self.classes.current
        if data is None or not name:
            return
        wanted = (name, data, self.shell.facts.inspected)
        if self._shown is not None and self._shown[0] == name and self._shown[1:] == wanted[1:]:
            return
        if name not in self.shell.facts.structures and "" not in self.shell.facts.structures:
            return
        other_class = self._shown is None or self._shown[0] != name
        self._shown = wanted
        if other_class:
            self._paths = None
            self._show_tiles()
        if self._listing is not None and self._listing.open:
            self._listing.drop()
        self._listing = self.shell.engine.ask(PicturesRequest(data=data, folder=name))
        self._listing.answered.connect(lambda answer: self._listed(answer, stay=not other_class))
        self._listing.failed.connect(lambda _: self._not_listed())

    def _listed(self, answer: PicturesAnswer, stay: bool) -> None:
        self._paths = answer
        self._show_tiles(stay)

    def _not_listed(self) -> None:
        self._shown = None

    def _show_tiles(self, stay: bool = False) -> None:
        answer, name = self._paths, self.classes.current
        self.class_name.setText(name)
        if answer is None:
            self.class_count.setText("")
            self.grid.show_tiles([])
            self.nothing.hide()
            self.grid.show()
            return
        root, part = Path(answer.root), self.part.key
        marks = self._marks()
        tiles = [
            Tile(str(root / path), path, marks.get(path, ""), use == "left out")
            for path, use in zip(answer.paths, answer.parts, strict=True)
            if part in ("all", use)
        ]
        self.class_count.setText(self.tr("{} pictures").format(texts.number(len(tiles))))
        self.grid.show_tiles(tiles, stay)
        self.grid.setVisible(bool(tiles))
        self.nothing.setVisible(not tiles)
        self.nothing.setText(self.tr("No pictures of this class are used for that."))

    def _marks(self) -> dict[str, str]:
        """Path -> what is wrong with it, for pictures that the person has not decided about."""
        data = self.shell.project.data
        found: dict[str, str] = {}
        if data is not None:
            for kind, problem in decisions.undecided(self.shell.facts.problems(), data):
                for path in decisions.pictures(problem):
                    found[path] = problem_words.of(kind)
        return found

    # --- acting -------------------------------------------------------------------------------

    def _open(self, row_shown: int) -> None:
        tiles = self.grid.tiles.tiles
        if 0 <= row_shown < len(tiles):
            PictureViewer(self, tiles, row_shown, self.classes.current).show()

    def _show_problems(self) -> None:
        dialog = ProblemsDialog(self, self.shell)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _leave_out_all(self) -> None:
        data = self.shell.project.data
        if data is not None:
            found = decisions.undecided(self.shell.facts.problems(), data)
            self.shell.edit(self.tr("leave problem pictures out"), data=decisions.leaving_out(found, data))

    def _include(self, name: str, on: bool) -> None:
        data = self.shell.project.data
        names = self.classes.classes.names
        if data is None:
            return
        included = {*(data.classes or names)}
        included = included | {name} if on else included - {name}
        if len(included) < 2:
            self.shell.notify(
                "info",
                self.tr("At least two classes are needed."),
                self.tr("Include another one first."),
                key="classes",
            )
            return
        chosen = () if included >= set(names) else tuple(each for each in names if each in included)
        self.shell.edit(self.tr("classes to use"), data={"classes": chosen})

    def _include_all(self) -> None:
        self.shell.edit(self.tr("classes to use"), data={"classes": ()})

    def _sort(self) -> None:
        self.classes.sort_by_count(not self.classes.by_count)
        self._sort_words()

    def _sort_words(self) -> None:
        words = self.tr("Sort by name") if self.classes.by_count else self.tr("Sort by number of pictures")
        self.sort.setToolTip(words)
        self.sort.setAccessibleName(words)

    def _ask_shift(self) -> None:
        given = QFileDialog.getExistingDirectory(
            self, self.tr("A folder with the same classes from elsewhere")
        )
        if given and (error := self.plan.add_shift_folder(Path(given))):
            self.shell.notify("warn", self.tr("This cannot be added."), error, key="shift")

    def deleteLater(self) -> None:  # noqa: N802
        self.thumbnails.close()
        super().deleteLater()
