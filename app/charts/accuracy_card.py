"""Accuracy after each epoch: a line for every set, dashed before training, the best epoch dotted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint

from app import texts
from app.charts import marks
from app.charts.chart_card import ChartCard, Overlay, value_at
from app.charts.legend import Entry
from app.charts.live_chart import Curve
from app.charts.series import Series
from app.widgets.basics import Button
from app.widgets.run_compare import Compared, ComparePopup

_LEVELS = [(0.0, 0), (0.25, 25), (0.5, 50), (0.75, 75), (1.0, 100)]


class AccuracyCard(ChartCard):
    """Never leaves 0 to 100 %, so that runs look alike where they are alike."""

    def __init__(self) -> None:
        super().__init__(
            self.tr("Accuracy"),
            self.tr("after each epoch"),
            self.tr("Share of pictures that are given their right class"),
            header=self.tr("latest, %"),
            strip=True,
        )
        self.compare = Button(
            self.tr("Compare runs"), icon="plus", kind="quiet", small=True, act=self._open_compare,
            tip=self.tr("Draw the validation curves of earlier runs behind this one"),
        )  # fmt: skip
        self.popup = ComparePopup(self)
        self.tools.insertWidget(0, self.compare)
        self.chart.set_levels([(value, f"{number}\u202f%") for value, number in _LEVELS])

    def show_series(self, series: Series, last: int, known: bool) -> None:
        super().show_series(series, last, known)
        most = max((seen for _, seen, _ in _sampled(series)), default=0)
        about, tip = self.tr("after each epoch"), ""
        if series.of_candidates:
            about = (
                self.tr("of the model as it is") if series.trains_nothing else self.tr("of each candidate")
            )
        if most:
            about = self.tr("{}; shifted sets on {} pictures").format(about, texts.number(most))
            tip = self.tr(
                "While training at most {} pictures of a shifted set are looked at, always the same ones, to save "
                "time. Evaluate looks at all of them, so its figures differ a little."
            ).format(texts.number(most))
        if self.about_label.text() != about:
            self.about_label.setText(about)
        self.about_label.setToolTip(tip or about)

    def _open_compare(self) -> None:
        corner = self.compare.mapToGlobal(QPoint(self.compare.width(), self.compare.height() + 4))
        self.popup.open_at(corner)

    def entries(self, series: Series) -> list[Entry]:
        """Sets, then 'before training'. Other runs have their names at the edge and are ticked in their list."""
        made = [
            Entry(f"set {name}", name, f"series {index}", marks.mark_of(index), tip=self._tip(series, name))
            for index, name in enumerate(series.set_names)
        ]
        if series.zero_shot is not None:
            tip = self.tr("The model as it was before training (zero-shot), for every set")
            made.append(Entry("before", self.tr("before training"), "text3", dashed=True, width=1.4, tip=tip))
        return made

    def curves(self, series: Series, last: int) -> list[Curve]:
        """Other runs behind, then what was before, then the sets; validation on top."""
        made = [self._overlaid(each) for each in self.overlays]
        before = series.zero_shot
        ends = np.array([0.0, float(last)])
        names = list(enumerate(series.set_names))
        for index, name in names:
            if before is not None and name in before.sets:
                level = np.full(2, before.sets[name].accuracy)
                made.append(
                    Curve(
                        f"before {name}", ends, level, f"series {index}", width=1.2, dashed=True, opacity=0.85
                    )
                )
        for index, name in reversed(names):
            steps, figures = series.curve(name)
            accuracy = [each.accuracy for each in figures]
            made.append(
                Curve(
                    f"set {name}", np.array(steps, float), np.array(accuracy), f"series {index}", name,
                    marks.mark_of(index), value=f"{100 * accuracy[-1]:.1f}" if accuracy else "",
                )
            )  # fmt: skip
        return made

    def hidden(self) -> frozenset[str]:
        """'before training' is one entry for all its lines."""
        off = set(self.legend.hidden_keys())
        names = self.series.set_names
        if "before" in off:
            off |= {f"before {name}" for name in names}
        off |= {f"before {name}" for name in names if f"set {name}" in off}
        return frozenset(off)

    def values(self, step: float) -> dict[str, str]:
        """By legend key, after the last epoch up to a step."""
        found = {}
        for name in self.series.set_names:
            steps, figures = self.series.curve(name)
            value = value_at(steps, [each.accuracy for each in figures], step)
            if value is not None:
                found[f"set {name}"] = texts.percent(value)
        return found

    def table(self, series: Series) -> tuple[list[str], list[list[str]]]:
        names = series.set_names
        first = self.tr("Candidate") if series.of_candidates else self.tr("Epoch")
        headers = [first, self.tr("Step"), *(self.tr("{}, %").format(name) for name in names)]
        rows = []
        for epoch in sorted(series.evaluations):
            each = series.evaluations[epoch]
            cells = [f"{100 * each.sets[name].accuracy:.1f}" if name in each.sets else "–" for name in names]
            rows.append([str(epoch), texts.number(each.step), *cells])
        return headers, rows

    def _overlaid(self, overlay: Overlay) -> Curve:
        run: Compared = overlay.run
        value = f"{100 * run.accuracy[-1]:.1f}" if run.accuracy else ""
        xs, ys = np.array(run.steps, float), np.array(run.accuracy)
        return Curve(f"run {run.name}", xs, ys, "text3", run.label, width=1, opacity=0.7, value=value)

    def _tip(self, series: Series, name: str) -> str:
        sets = {each.name: each for each in series.started.sets} if series.started is not None else {}
        words = self.tr("{}: click to hide or show this line").format(name)
        if name == "validation":
            return self.tr("Pictures held out to choose the best epoch. Click to hide or show this line.")
        for sampled, seen, whole in _sampled(series):
            if sampled == name:
                words = self.tr(
                    "Shifted pictures, not used to choose. Measured on {} of {} here, on all in Evaluate. "
                    "Click to hide or show."
                )
                return words.format(texts.number(seen), texts.number(whole))
        if name in sets:
            count = texts.number(sets[name].pictures)
            return self.tr("Shifted pictures, {} in all, not used to choose. Click to hide or show.").format(
                count
            )
        return words


def _sampled(series: Series) -> list[tuple[str, int, int]]:
    """Sets of which a part is looked at while training: name, pictures looked at, pictures there are."""
    if series.started is None or not series.evaluations:
        return []
    seen = series.evaluations[max(series.evaluations)].sets
    sets = [each for each in series.started.sets if each.kind == "shift" and each.name in seen]
    return [
        (each.name, seen[each.name].pictures, each.pictures)
        for each in sets
        if seen[each.name].pictures < each.pictures
    ]
