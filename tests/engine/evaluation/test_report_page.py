"""The report: one file, nothing outside it, the figures of the run."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.control import Control
from engine.errors import EngineError
from engine.evaluation import outputs
from engine.jobs.report import report
from engine.jobs.sweep import sweep
from engine.requests import ReportRequest, SweepRequest
from engine.run_directory import RunDirectory


class Page(HTMLParser):
    """What a browser would fetch or run, what is shown, and whether every element is closed."""

    VOID = frozenset({"meta", "img", "br", "path", "use", "rect", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.images: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
                (self.images if (value or "").startswith("data:image/jpeg;base64,") else self.fetched).append(
                    value
                )
            if name == "id":
                self.ids.append(value)
            assert not name.startswith("on")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data


def quiet(event):
    pass


@pytest.fixture(scope="module")
def run(trained, tmp_path_factory) -> Path:
    """A swept run at which some pictures are mistaken. Not to be written to."""
    place = Path(shutil.copytree(trained(), tmp_path_factory.mktemp("report") / "run"))
    sweep(SweepRequest(run=str(place)), quiet, Control())
    return place


def parsed(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def test_the_report_is_one_file_that_refers_to_nothing_else(run, tmp_path):
    out = tmp_path / "report.html"
    answer = report(ReportRequest(run=str(run), out=str(out), alpha=0.3), quiet, Control())
    assert (Path(answer.path), answer.bytes) == (out, out.stat().st_size)
    page = parsed(out)
    # links within the page only: parts of the charts
    assert all(value.startswith("#") and value[1:] in page.ids for value in page.fetched)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    text = out.read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\((?!#)", text)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == 2


def test_its_figures_are_those_of_the_run(run, tmp_path):
    out = tmp_path / "report.html"
    report(ReportRequest(run=str(run), out=str(out), alpha=0.3), quiet, Control())
    page = parsed(out)
    opened = RunDirectory.open(run)
    sets = outputs.read_sets(opened.sets_file)
    test = outputs.read_stop(opened.stop_file(0.3), sets)[1]
    before = outputs.read_stop(opened.stop_file(0.0), sets)[1]
    assert test.kind == "test"
    assert f"On the {len(test)} test pictures {100 * outputs.accuracy(test):.1f} % are right" in page.text
    assert f"before training {100 * outputs.accuracy(before):.1f} % were" in page.text
    wrong = int((test.predicted_N != test.labels_N).sum())
    assert wrong > 0
    assert len(page.images) == min(wrong, 24)
    figures = outputs.figures(test, sets.classes)
    for name in sets.classes:
        assert f"{100 * figures['per_class'][name]['accuracy']:.1f}" in page.text
    best = opened.sweep()["best_alpha"]
    assert f"Alpha {best:g} is best on validation" in page.text
    assert "blend at alpha 0.3" in page.text


def test_what_was_not_judged_yet_is_judged_for_it(trained, tmp_path):
    place = Path(shutil.copytree(trained(), tmp_path / "run", ignore=shutil.ignore_patterns("evaluation")))
    report(ReportRequest(run=str(place), out=str(tmp_path / "a.html")), quiet, Control())
    assert sorted(p.name for p in (place / "evaluation").glob("*.npz")) == [
        "alpha-0.00.npz",
        "alpha-1.00.npz",
    ]
    # only the ends are known: no curve is drawn from them
    assert parsed(tmp_path / "a.html").tags.count("svg") == 1


def test_names_are_shown_and_never_run(trained, pictures, tmp_path):
    place = Path(shutil.copytree(trained(), tmp_path / "run"))
    recipe = place / "recipe.toml"
    recipe.write_text(recipe.read_text().replace('"a photo of a {}."', '"<script>alert(1)</script> {}"'))
    report(ReportRequest(run=str(place), out=str(tmp_path / "a.html")), quiet, Control())
    page = parsed(tmp_path / "a.html")
    assert "script" not in page.tags
    assert "<script>alert(1)</script> {}" in page.text


def test_a_folder_in_its_place_is_refused(run, tmp_path):
    with pytest.raises(EngineError) as failed:
        report(ReportRequest(run=str(run), out=str(tmp_path)), quiet, Control())
    assert failed.value.message.code == "report.is_folder"
