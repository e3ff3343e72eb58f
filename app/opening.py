"""Projects, folders, tables and runs: asking for them, opening whatever was given, remembering them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app import drafts, paths, pool, run_care, run_places, texts
from app import project as projects
from app.project import Project
from app.run_session import RunSession, RunState
from app.shell import Shell
from app.steps import Step
from engine.errors import EngineError
from engine.paths import require_text, runs_folder
from engine.prompts.templates import preset
from engine.run_directory import RunDirectory

if TYPE_CHECKING:
    from app.main_window import MainWindow

_TABLES = {".csv", ".tsv"}
_MOST_RECENT = 8


class Opening(QObject):
    """What the File menu, drops and the command line lead to."""

    def __init__(self, window: MainWindow, shell: Shell, session: RunSession) -> None:
        super().__init__(window)
        self._window = window
        self._shell = shell
        self._session = session
        self._current = shell.project
        shell.project_opened.connect(self._project_opened)
        # not only at the close: a window that is killed is to find its run again
        session.state_changed.connect(self.remember)
        shell.run_wanted.connect(lambda folder: self.open_path(Path(folder)))
        shell.resume_wanted.connect(lambda folder: self.open_path(Path(folder), resume=True))
        session.fetching.free.connect(self._fetched)
        session.fetching.failed.connect(self._not_fetched)
        shell.path_wanted.connect(lambda path: self.open_path(Path(path)))
        ways = {
            "folder": self.ask_folder,
            "table": self.ask_table,
            "sample": self.open_sample,
            "run": self.ask_run,
        }
        shell.asked.connect(lambda what: ways[what]())

    # --- whatever it is -----------------------------------------------------------------------

    def open_path(self, path: Path, resume: bool = False) -> bool:
        """A run, a project, a table or a folder of pictures; says what is wrong with anything else.

        True if it is open, or a run that is being read. ``resume``: a run is gone on with when it is read.
        """
        try:
            if (path / "events.jsonl").is_file() and (path / "recipe.toml").is_file():
                return self._open_run(path, resume)
            if path.suffix.lower() == ".toml":
                return self._open_project(path)
            if path.is_dir() or (path.is_file() and path.suffix.lower() in _TABLES):
                self.open_pictures(path)
                return True
            why = self.tr(
                "Give a folder of pictures, a CSV or TSV table, a project (.toml) or a run's folder."
            )
            if not path.exists():
                why = self.tr("There is nothing at that place.")
        except EngineError as error:
            self._refuse(error)
            return False
        except OSError as error:
            why = str(error)
        what = self.tr("'{}' cannot be opened.").format(path.name)
        self._shell.notify("bad", what, why, key="open")
        return False

    def open_pictures(self, path: Path) -> None:
        """Pictures for the project; one that has other pictures already makes room for a new one.

        Raises EngineError for a path whose bytes are no text.
        """
        source = require_text(str(path.absolute()))
        if self._shell.project.data is not None and self._shell.project.data.source != source:
            self._begin_anew()
        self._shell.edit(self.tr("choose pictures"), data={"source": source})
        self._note("folders", source)
        self._shell.go(Step.PICTURES)

    def open_sample(self) -> None:
        """The bundled pictures with the bundled model, ready to be trained."""
        sample = paths.sample()
        self._begin_anew()
        shifts = [
            {"name": folder.name.removeprefix("shift_"), "source": str(folder)}
            for folder in sorted(sample.glob("shift_*"))
        ]
        self._shell.edit(
            self.tr("open the sample"),
            by_hand=False,
            data={"source": str(sample / "pictures"), "shots": 16, "shifts": shifts},
            model={"name": "starter", "weights": None},
            prompts={"templates": preset("drawing").templates},
        )
        self._shell.go(Step.PICTURES)

    def _begin_anew(self) -> None:
        """An empty project; a run that is only shown, and belongs to the one before, goes from the pages."""
        if not self._session.under_way:
            self._session.forget()
        self._shell.open_project(Project())

    def _open_run(self, folder: Path, resume: bool = False) -> bool:
        if self._session.under_way:
            if self._session.folder == folder:
                self._shell.go(Step.TRAIN)
                return True
            what = self.tr("Another run is under way.")
            self._shell.notify("warn", what, self.tr("Pause or end it first."), key="open")
            return False
        before = self._window.step
        self._session.load(folder, lambda trouble: self._run_read(trouble, before, resume))
        self._shell.go(Step.TRAIN)
        return True

    def _run_read(self, trouble: Exception | None, before: Step, resume: bool) -> None:
        session = self._session
        if trouble is not None:
            self._refuse(trouble)
            if self._window.step is Step.TRAIN:
                self._shell.go(before)
            return
        assert session.folder is not None
        assert session.recipe is not None
        run_places.note(self._shell.settings, session.folder)
        self._shell.open_project(projects.of_recipe(session.recipe))
        if resume and session.can_resume:
            session.resume()

    def _fetched(self, folder: Path) -> None:
        """A run left in the background is free: go on with it here."""
        session = self._session
        if session.under_way:
            # another training was begun while this one was saved
            what, why = self.tr("The run is paused."), self.tr("Another training is under way.")
            self._shell.notify("info", what, why, key="fetch")
        elif session.folder is None or session.folder.absolute() != folder.absolute():
            self._open_run(folder, resume=True)
        else:
            # it is shown already, perhaps beside a project that is not its own: only its latest events are new
            session.load(folder, self._shown_again)
            self._shell.go(Step.TRAIN)

    def _shown_again(self, trouble: Exception | None) -> None:
        if trouble is not None:
            self._refuse(trouble)
        elif self._session.can_resume:
            self._session.resume()

    def _not_fetched(self, why: str) -> None:
        self._shell.notify("warn", self.tr("The run could not be brought here."), why, key="fetch")

    def _open_project(self, path: Path) -> bool:
        if RunDirectory(path.parent).events_file.is_file():
            return self._open_run(path.parent)
        project = projects.read(path)
        if not self._session.under_way:
            self._session.forget()
        self._shell.open_project(project)
        self._note("projects", str(path.absolute()))
        self._shell.go(Step.PICTURES)
        return True

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            what, why = texts.message(error.message)
        else:
            what, why = self.tr("It cannot be opened."), run_care.why(error)
        self._shell.notify("bad", what, why, key="open")

    # --- asking -------------------------------------------------------------------------------

    def ask_folder(self) -> None:
        given = QFileDialog.getExistingDirectory(
            self._window, self.tr("A folder with a folder for each class")
        )
        if given:
            self.open_path(Path(given))

    def ask_table(self) -> None:
        given, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("A table of pictures and their classes"),
            "",
            self.tr("Tables (*.csv *.tsv)"),
        )
        if given:
            self.open_path(Path(given))

    def ask_run(self) -> None:
        given = QFileDialog.getExistingDirectory(
            self._window, self.tr("The folder of a run"), str(runs_folder())
        )
        if given:
            self.open_path(Path(given))

    def ask_project(self) -> None:
        given, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("A project or recipe"), "", self.tr("Projects (*.toml)")
        )
        if given:
            self.open_path(Path(given))

    # --- projects -----------------------------------------------------------------------------

    def _project_opened(self) -> None:
        """The one before can be found again, a draft too, whose name nobody knows."""
        before, self._current = self._current, self._shell.project
        if before.file is not None and before.file != self._current.file:
            drafts.forget_untouched(before)
            if not before.is_empty():
                self._note("projects", str(before.file))
        self.tidy()

    def new(self) -> None:
        """An empty project; the one before lies in its file."""
        self._begin_anew()
        self._shell.go(Step.PICTURES)

    def save_as(self) -> None:
        """Give the project a file of its own, to which it is saved from now on."""
        given, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save the project as"), "", self.tr("Projects (*.toml)")
        )
        if not given:
            return
        # added to the name, not in the place of its end: 'birds 1.2' is not 'birds 1'
        place = Path(given if given.lower().endswith(".toml") else f"{given}.toml")
        if place != Path(given) and place.exists() and not self._may_replace(place):
            return
        self.save_to(place)

    def _may_replace(self, place: Path) -> bool:
        """The dialog has asked about the name as it was typed; this is about the file that it becomes."""
        answer = QMessageBox.question(
            self._window,
            self.tr("Save the project as"),
            self.tr("'{}' is there already. Replace it?").format(place.name),
        )
        return answer == QMessageBox.StandardButton.Yes

    def save_to(self, path: Path) -> None:
        """Save the project there from now on; the draft it was goes, as it lies in the new file."""
        project = self._shell.project
        draft = project.file if not project.named else None
        before = project.file, project.named, project.seen
        # what lies there is replaced: the dialog has asked
        project.file, project.named, project.seen = path, True, None
        project.save()
        if project.unsaved:
            project.file, project.named, project.seen = before
            why = texts.whole(project.unsaved)
            self._shell.notify("bad", self.tr("The project could not be saved."), why, key="save")
            return
        if draft is not None and draft != path:
            draft.unlink(missing_ok=True)
        self._note("projects", str(path))
        self._window.refresh()

    def restore(self) -> None:
        """The project of last time, as it was left."""
        last, run = (self._shell.settings.value(name) for name in ("project", "run"))
        has_project = isinstance(last, str) and last != "" and Path(last).is_file()
        try:
            if has_project:
                self._shell.open_project(projects.read(Path(last)))
        except EngineError as error:
            self._refuse(error)
        if isinstance(run, str) and run and (Path(run) / "events.jsonl").is_file():
            self._session.load(Path(run), lambda trouble: self._restored(trouble, has_project))
        self.tidy()

    def _restored(self, trouble: Exception | None, has_project: bool) -> None:
        session = self._session
        if trouble is not None:
            self._refuse(trouble)
            return
        if not has_project and session.recipe is not None and self._shell.project.is_untouched():
            # it was opened from the run and not changed
            self._shell.open_project(projects.of_recipe(session.recipe))
        waits = session.state in (RunState.PAUSED, RunState.INTERRUPTED)
        goes_on = session.state is RunState.ELSEWHERE and session.left_behind
        if (waits or goes_on) and self._window.step is Step.PICTURES:
            # what is unfinished, or goes on in the background, is what the person left last
            self._shell.go(Step.TRAIN)

    def tidy(self) -> None:
        """Let the oldest drafts go."""
        file = self._shell.project.file
        needed = [Path(path) for path in recent(self._shell, "projects")]
        if file is not None:
            needed.append(file)
        pool.run(lambda: drafts.tidy(needed), lambda _: None)

    def leave(self) -> None:
        """The window closes: keep what is to be found again, and no draft that nobody has touched."""
        drafts.forget_untouched(self._shell.project)
        self.remember()

    def remember(self) -> None:
        """Keep for the next start which project and which run were open."""
        file = self._shell.project.file
        self._shell.settings.setValue("project", "" if file is None else str(file))
        run = self._session.reading or self._session.folder
        self._shell.settings.setValue("run", "" if run is None else str(run))

    # --- recent things ------------------------------------------------------------------------

    def recent(self, what: str) -> list[str]:
        """'projects' or 'folders', the latest first; those that are gone are left out."""
        return recent(self._shell, what)

    def _note(self, what: str, path: str) -> None:
        known = [path, *(other for other in recent(self._shell, what) if other != path)]
        self._shell.settings.setValue(f"recent/{what}", known[:_MOST_RECENT])


def title(project_file: Path) -> str:
    """A project as the menu calls it: a draft by its pictures and the time it was begun."""
    stem = project_file.stem
    if project_file.parent != paths.drafts():
        return stem
    try:
        return f"{projects.read(project_file).name or stem} ({stem[:10]} {stem[11:13]}:{stem[13:15]})"
    except EngineError:
        return stem


def recent(shell: Shell, what: str) -> list[str]:
    """'projects' or 'folders', the latest first; those that are gone are left out."""
    saved = shell.settings.value(f"recent/{what}")
    known = [saved] if isinstance(saved, str) else list(saved) if isinstance(saved, list) else []
    return [path for path in known if path and Path(path).exists()]
