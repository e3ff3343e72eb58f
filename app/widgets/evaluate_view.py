"""The figures, blends, classes and pictures of one run, at one blend at a time: the inside of Evaluate."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea

from app import blends, correcting, pool, relabelling, results, run_care
from app.blends import Stop
from app.results import Result, SetResult
from app.run_session import RunSession
from app.shell import Shell
from app.sweeping import Sweeping
from app.widgets.blend_card import BlendCard, set_curves
from app.widgets.classes_card import ClassesCard
from app.widgets.evaluate_layout import EvaluateLayout
from app.widgets.mistakes_card import MistakesCard, Picked, Shown
from app.widgets.sets_card import SetsCard
from engine.errors import EngineError
from engine.evaluation import outputs
from engine.prompts.class_names import readable
from engine.run_directory import RunDirectory

_SETTLE_MS = 250
"""After the last move, until what takes longer is counted."""


class EvaluateView(QScrollArea):
    """Every number in it is of the run that was taken, at ``alpha``."""

    changed = Signal()
    """Another blend is shown, or there is more to say of it."""

    def __init__(self, shell: Shell, session: RunSession) -> None:
        super().__init__()
        self.shell = shell
        self.session = session
        self.result: Result | None = None
        """As the engine wrote it, at the run's own blend."""
        self.alpha = 1.0
        """The blend that every number is of."""
        self.shown = ""
        """Name of the set whose classes and pictures are shown."""
        self.picked: Picked | None = None
        self._others: dict[Path, list[SetResult]] = {}
        """Run -> other pictures judged since the program started."""
        self._ranges: dict[tuple[float, str], dict[str, list[float]]] = {}
        """(blend, set) -> intervals that take longer to count."""
        self._moved = False
        """The person has gone to a blend of this run."""
        self._results: dict[float, tuple[Stop, Stop | None, Result]] = {}
        """Blend -> what was made of it and of before, and what came out."""
        self._counting: pool.Errand | None = None
        self.sweeping = Sweeping(shell, self)
        self._build()
        self.sweeping.ready.connect(self._stop_ready)
        self.sweeping.changed.connect(self._work_changed)
        session.alpha_changed.connect(self._show_blend)
        shell.project_changed.connect(lambda _: self._labels_changed())
        shell.project_opened.connect(self._labels_changed)

    def _build(self) -> None:
        self.sets_card = SetsCard()
        self.sets_card.set_wanted.connect(self.show_set)
        self.blend = BlendCard(self.sweeping)
        self.blend.picked.connect(self.show_alpha)
        self.blend.used.connect(self.use_alpha)
        self.blend.again.connect(self.sweep)
        self.classes = ClassesCard(self.readable)
        self.classes.cell_chosen.connect(self._cell_chosen)
        self.classes.class_chosen.connect(self._class_chosen)
        self.mistakes = MistakesCard(self.readable)
        self.mistakes.set_wanted.connect(self.show_set)
        self.mistakes.all_wanted.connect(self.show_all_mistakes)
        self.mistakes.relabel_wanted.connect(self._relabel)
        self.inside = EvaluateLayout(self.sets_card, self.blend, self.classes, self.mistakes)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(self.inside)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self._count_ranges)

    # --- which run ----------------------------------------------------------------------------

    def take(self, result: Result) -> None:
        """Show the figures of the run that is open, at its own blend."""
        self.result = result
        self.alpha = result.alpha
        self._moved = False
        self.show_now()

    def forget(self) -> None:
        """Show no run."""
        if self._counting is not None:
            self._counting.drop()
            self._counting = None
        self._settled.stop()
        self.sweeping.forget()
        self.result = None
        self.shown, self.picked = "", None
        self._ranges, self._results = {}, {}
        self.mistakes.say("")

    def sweep(self) -> None:
        """Compute the blends of the run, or go on with it."""
        folder = self.session.folder
        if self.result is None or folder is None:
            return
        if RunDirectory(folder).has_checkpoint("best"):
            self.sweeping.begin(folder)
        else:
            self.sweeping.trouble = self.tr("The weights of this run are not there any more.")
            self.blend.show_work()

    def add_others(self, folder: Path, found: Result) -> None:
        """Other pictures, judged on a run: more rows, for as long as the program runs."""
        shown = folder == self.session.folder
        taken = {each.name for each in self.result.sets} if shown and self.result is not None else set()
        new = [_renamed(each, taken) for each in found.sets]
        names = {each.name for each in new}
        kept = [each for each in self._others.get(folder, []) if each.name not in names]
        self._others[folder] = [*kept, *new]
        if shown and new:
            self.shown, self.picked = new[0].name, None
            self.classes.clear_choice()
        self.show_now()

    # --- the figures at a blend ---------------------------------------------------------------

    def show_alpha(self, alpha: float) -> None:
        """Every number for this blend, which is computed."""
        self.alpha, self._moved = alpha, True
        self.show_now()

    def _stop(self) -> Stop | None:
        """What is shown, if it is computed."""
        return next((s for a, s in self.sweeping.stops.items() if blends.same(a, self.alpha)), None)

    def _at(self) -> Result:
        """The run's figures at the blend that is shown."""
        assert self.result is not None
        stop, before = self._stop(), self.sweeping.stops.get(0.0)
        if stop is None:
            return self.result
        known = self._results.get(stop.alpha)
        if known is None or known[:2] != (stop, before):
            known = (stop, before, blends.result_at(stop, before, self.result))
            self._results[stop.alpha] = known
        return known[2]

    def show_now(self) -> None:
        """Fill the page."""
        folder = self.session.folder
        if self.result is None or folder is None:
            return
        now = self._at()
        found = [*now.sets, *self._others.get(folder, [])]
        names = [each.name for each in found if each.kind != "mean"]
        if self.shown not in names:
            self.shown = names[0] if names else ""
        self.sets_card.show_sets(found, self.shown, now.has_test)
        self.mistakes.show_names(names, self.shown)
        best = RunDirectory(folder).standing_checkpoint("best")
        self.classes.kept.show_result(self.result, best, self.session.series.of_candidates)
        self._show_blend()
        self._show_set(found)
        self._settled.start()

    def _show_blend(self) -> None:
        if self.result is None:
            return
        best = None
        if self.sweeping.complete and self.sweeping.reason is None:
            best = blends.best(self.sweeping.stops.values())
        curves = set_curves(self.result, self.sweeping.stops)
        self.blend.show_blend(curves, self.alpha, best, self.session.alpha)
        self.changed.emit()

    def show_set(self, name: str) -> None:
        """The classes and pictures of another set."""
        if name != self.shown:
            self.shown, self.picked = name, None
            self.classes.clear_choice()
            self.show_now()

    def _show_set(self, found: list[SetResult]) -> None:
        each = next((one for one in found if one.kind != "mean" and one.name == self.shown), None)
        if each is None or self.result is None:
            return
        each = self._with_ranges(each)
        stop = self._stop()
        own = stop is not None and each.name in stop.outputs
        counts_CC = stop.matrix(each.name) if stop is not None and own else results.matrix(each)
        self.classes.show_set(each, counts_CC, self.result.classes)
        self._show_pictures()

    def _with_ranges(self, each: SetResult) -> SetResult:
        known = self._ranges.get((self.alpha, each.name))
        if known is None or each.kind == "other" or each.after_figures.get("intervals"):
            return each
        return SetResult(**{**each.__dict__, "after_figures": {**each.after_figures, "intervals": known}})

    def _show_pictures(self) -> None:
        stop = self._stop()
        if self.result is None:
            return
        if stop is None or self.shown not in stop.outputs:
            own = self.shown in {each.name for each in self.result.sets}
            self.mistakes.say(
                self.tr("The pictures come here as soon as this blend is computed.")
                if own
                else self.tr("Of other pictures only the figures are kept.")
            )
            return
        data = self.shell.project.data
        ours = self.session.recipe is not None and relabelling.is_same_source(self.session.recipe.data, data)
        self.mistakes.show_pictures(
            Shown(
                stop,
                self.sweeping.stops.get(0.0),
                self.shown,
                self.result.classes,
                self.picked,
                data.labels if data is not None and ours else {},
            )
        )

    def _count_ranges(self) -> None:
        """The ranges of the further figures, in a worker."""
        stop, name, alpha = self._stop(), self.shown, self.alpha
        if stop is None or name not in stop.outputs or (alpha, name) in self._ranges or self.result is None:
            return
        of, classes = stop.outputs[name], len(self.result.classes)
        if self._counting is not None:
            self._counting.drop()
        self._counting = pool.run(lambda: (alpha, name, outputs.intervals(of, classes)), self._ranges_counted)

    def _ranges_counted(self, found: tuple[float, str, dict[str, list[float]]] | Exception) -> None:
        self._counting = None
        if isinstance(found, Exception):
            raise found
        alpha, name, intervals = found
        self._ranges[alpha, name] = intervals
        if (alpha, name) == (self.alpha, self.shown) and self.result is not None:
            each = next((one for one in self._at().sets if one.name == name), None)
            if each is not None:
                self.classes.show_details(self._with_ranges(each))

    # --- blends that become ready -------------------------------------------------------------

    def _stop_ready(self, stop: Stop) -> None:
        if self.result is None:
            return
        if not self._moved and blends.same(stop.alpha, self.session.alpha):
            # the blend that was chosen to go on with is shown first
            self.alpha = stop.alpha
        if blends.same(stop.alpha, self.alpha) or blends.same(stop.alpha, 0.0):
            self.show_now()
        else:
            self._show_blend()

    def _work_changed(self) -> None:
        if self.sweeping.under_way and not self.sweeping.complete:
            self.blend.show_work()
        else:
            self._show_blend()

    def use_alpha(self, alpha: float) -> None:
        """Go on with this blend, such as to Export."""
        try:
            self.session.choose_alpha(alpha)
        except EngineError as error:
            what = self.tr("The choice of the blend could not be saved.")
            self.shell.notify("bad", what, run_care.why(error), key="evaluate.alpha")

    # --- cells, classes, corrections ----------------------------------------------------------

    def _cell_chosen(self, cell: tuple[int, int] | None) -> None:
        self.picked = None if cell is None else Picked(*cell)
        self._show_pictures()

    def _class_chosen(self, folder: str) -> None:
        if self.result is not None and folder in self.result.classes:
            self.classes.matrix.clear_cell()
            self.picked = Picked(self.result.classes.index(folder))
            self._show_pictures()

    def show_all_mistakes(self) -> None:
        """Of all classes again."""
        self.picked = None
        self.classes.clear_choice()
        self._show_pictures()

    def _relabel(self, places: list[int]) -> None:
        stop, run = self._stop(), self.session.recipe
        if stop is not None and self.result is not None and run is not None:
            of = stop.outputs[self.shown]
            correcting.correct(self, self.shell, run.data, of, self.result.classes, places, self.readable)

    def _labels_changed(self) -> None:
        if self.mistakes.shown is not None:
            self._show_pictures()

    def readable(self, folder: str) -> str:
        """A class as the model is told it."""
        own = self.session.recipe.prompts.class_names if self.session.recipe is not None else {}
        return own.get(folder) or readable(folder)


def _renamed(each: SetResult, taken: set[str]) -> SetResult:
    """Under a name that no set of the run has."""
    name, number = each.name, 2
    while name in taken:
        name = f"{each.name} ({number})"
        number += 1
    return SetResult(**{**each.__dict__, "name": name})
