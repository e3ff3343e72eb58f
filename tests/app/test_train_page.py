"""The Train page: what it says in each state, its buttons on a real run, remedies, earlier runs behind."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest

from app import project as projects
from app.charts.series import reduce, replay
from app.pages.train import TrainPage
from app.project import Project
from app.run_session import RunState
from app.steps import Step
from app.widgets.basics import Button
from app.widgets.run_compare import label_of
from app.widgets.run_failure import remedies
from engine import paths
from engine.events import Reason, RunFinished, Warned
from engine.messages import say
from engine.recipe import Data, Model, Recipe, Training
from engine.run_directory import RunDirectory
from tests.app.made_runs import write_run


@pytest.fixture
def page(qtbot, shell, session):
    made = TrainPage(shell, session)
    made.resize(1000, 620)
    qtbot.addWidget(made)
    made.show()
    made.entered()
    return made


def click(button):
    # what was just put into a layout shows itself with the next events
    QCoreApplication.processEvents()
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def use(shell, recipe):
    shell.open_project(projects.of_recipe(recipe))


def shown(page):
    return {
        name for name, each in vars(page.buttons).items() if isinstance(each, Button) and each.isVisible()
    }


@pytest.fixture
def recipe(small_pictures, small_shift, tiny_model):
    shifts = [{"name": "far", "source": str(small_shift)}]
    return Recipe(
        data=Data(source=str(small_pictures), validation=0.25, test=0.25, shifts=shifts),
        model=Model(name=str(tiny_model)),
        training=Training(epochs=400, batch_size=4, learning_rate=1e-4, device="cpu", threads=1),
    )  # fmt: skip


def open_failed(shell, session, page, folder, error, **training):
    """A run that failed with a message, as it is found on the disk."""
    write_run(folder, reason=None, **training)
    run = RunDirectory.open(folder)
    run.record(RunFinished(reason=Reason.FAILED, error=error, best_epoch=2))
    run.close()
    session.open(folder)
    use(shell, session.recipe)
    page.entered()


# --- before ---------------------------------------------------------------------------------------


def test_without_pictures_it_says_what_is_missing(page, shell):
    assert shown(page) == {"start"}
    assert not page.buttons.start.isEnabled()
    assert page.hint().text == "Choose pictures and a model first."
    shell.open_project(Project(data=Data(source="/x")))
    assert page.hint().text == "Choose a model first."


def test_ready_it_says_what_will_be_trained(page, shell, recipe):
    use(shell, recipe)
    assert page.stack.currentWidget() is page.ready
    values = [label.text() for label in page.ready.findChildren(type(page.ready.title))]
    assert "400 epochs, up to 4 pictures a step" in values
    assert "far" in values
    assert page.buttons.start.isEnabled()
    assert not page.can_go_on()


# --- a real run -----------------------------------------------------------------------------------


def test_pausing_going_on_and_stopping_by_the_buttons(page, shell, session, recipe, qtbot):
    use(shell, recipe)
    click(page.buttons.start)
    assert shown(page) == {"pause", "cancel", "stop"}
    assert page.panel.words.text() == "Starting the engine"
    assert page.stack.currentWidget() is page.charts
    qtbot.waitUntil(lambda: page.panel.words.text().startswith("Loading the model"), timeout=60_000)
    qtbot.waitUntil(lambda: session.series.epoch >= 2 and page.buttons.stop.isEnabled(), timeout=60_000)
    assert page.panel.of.text() == "of 400 epochs"
    assert page.panel.values["speed"].text().endswith("pictures/s")
    xs, _ = page.charts.accuracy.chart.drawn_points("before far")
    assert xs[-1] == session.series.total_steps
    click(page.buttons.pause)
    assert page.buttons.pause.text() == "Pausing"
    qtbot.waitUntil(lambda: session.state is RunState.PAUSED, timeout=30_000)
    assert shown(page) == {"resume", "keep", "anew"}
    assert "saved" in page.panel.words.text()
    before = session.series.step
    click(page.buttons.resume)
    qtbot.waitUntil(lambda: session.series.step > before and session.under_way, timeout=60_000)
    assert len({each.step for each in session.series.steps}) == len(session.series.steps)
    click(page.buttons.stop)
    qtbot.waitUntil(lambda: session.state is RunState.FINISHED, timeout=60_000)
    assert page.panel.words.text().startswith("Stopped early. ")
    assert shown(page) == {"evaluate"}
    assert page.can_go_on()
    with qtbot.waitSignal(shell.wanted) as wanted:
        click(page.buttons.evaluate)
    assert wanted.args == [Step.EVALUATE]
    # another recipe: the run is of an older one now
    shell.edit("seed", training={"seed": 3})
    assert shown(page) == {"evaluate", "again"}
    assert page.hint().tone == "warn"


def test_cancelling_asks_first(page, shell, session, recipe, qtbot):
    use(shell, recipe)
    click(page.buttons.start)
    qtbot.waitUntil(lambda: session.state is RunState.RUNNING, timeout=60_000)
    click(page.buttons.cancel)
    stay = next(b for b in page._asking.buttons() if b.text() == "Keep training")
    click(stay)
    assert session.state is RunState.RUNNING
    click(page.buttons.cancel)
    end = next(b for b in page._asking.buttons() if b.text() == "Cancel the training")
    click(end)
    qtbot.waitUntil(lambda: session.state is RunState.CANCELLED, timeout=30_000)
    assert page.buttons.again.isVisible()


def test_a_failed_start_names_the_cause_and_offers_to_try_again(
    page, shell, session, recipe, qtbot, tmp_path
):
    gone = recipe.model_copy(update={"data": Data(source=str(tmp_path / "nowhere"))})
    use(shell, gone)
    click(page.buttons.start)
    qtbot.waitUntil(lambda: session.state is RunState.FAILED, timeout=60_000)
    assert page.failure.isVisible()
    assert "nowhere" in page.failure.what.text()
    assert page.failure.buttons[0].text() == "Try again"
    assert "start" not in shown(page)


def test_the_wish_to_start_is_heard_by_a_page_that_was_never_shown(window, real_engine, recipe):
    use(window.shell, recipe)
    assert Step.TRAIN not in window.pages
    window.shell.start_wanted.emit()
    assert window.step is Step.TRAIN
    assert window.session.state is RunState.STARTING
    assert window.session.recipe == recipe


# --- runs from the disk ---------------------------------------------------------------------------


def test_a_run_that_was_killed_is_drawn_again_and_can_go_on(page, shell, session, tmp_path):
    session.open(write_run(tmp_path / "runs" / "killed", reason=None))
    use(shell, session.recipe)
    assert shown(page) == {"resume", "keep", "anew"}
    assert page.buttons.keep.text() == "Stop and keep epoch 2"
    xs, ys = page.charts.accuracy.chart.drawn_points("set validation")
    assert xs.tolist() == [0, 10, 20, 30]
    assert ys.tolist() == [0.5, 0.6, 0.85, 0.8]
    assert page.panel.best_head.text() == "Best, epoch 2"
    assert page.log.last.text() == "epoch 3: validation 80.0\u202f%"
    page.log.fold.click()
    assert page.log.text.toPlainText().splitlines()[2] == "epoch 2: validation 85.0\u202f%, kept as best"


def test_a_hidden_page_draws_nothing_until_it_is_shown(page, shell, session, tmp_path):
    page.hide()
    session.open(write_run(tmp_path / "runs" / "one"))
    assert not page.charts.accuracy.chart._drawn
    page.show()
    page.entered()
    assert page.charts.accuracy.chart.is_shown("set validation")


def test_earlier_runs_are_drawn_behind(page, shell, session, qtbot, tmp_path):
    name = "2026-11-24T0301-birds-flyp"
    write_run(paths.runs_folder() / name)
    session.open(write_run(paths.runs_folder() / "this one"))
    use(shell, session.recipe)
    popup = page.charts.accuracy.popup
    click(page.charts.accuracy.compare)
    qtbot.waitUntil(lambda: popup.list.count() == 1)
    assert label_of(name) in popup.list.item(0).text()
    popup.list.item(0).setCheckState(Qt.CheckState.Checked)
    for card in (page.charts.accuracy, page.charts.loss):
        qtbot.waitUntil(lambda card=card: card.chart.is_shown(f"run {name}"))
    assert page.charts.accuracy.chart.drawn_points(f"run {name}")[1].tolist() == [0.5, 0.6, 0.85, 0.8]
    popup.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert not page.charts.accuracy.chart.is_shown(f"run {name}")
    popup.close()


# --- remedies -------------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_is_tried_again_with_a_third_of_the_rate(
    page, shell, session, tmp_path, real_engine
):
    error = say("training.nan", step=12, learning_rate="3e-05", precision="fp32")
    open_failed(shell, session, page, tmp_path / "runs" / "nan", error, learning_rate=3e-5)
    assert page.failure.what.text().startswith("The loss is no longer a number at step 12")
    click(page.failure.buttons[0])
    assert shell.project.training.learning_rate == pytest.approx(1e-5)
    assert session.state is RunState.STARTING
    assert session.recipe.training.learning_rate == pytest.approx(1e-5)
    assert shell.undo.canUndo()


def test_technical_text_is_folded_and_can_be_copied(page, shell, session, tmp_path, qapp):
    error = say("core.fault", reason="KeyError: 'x'", log="/log")
    open_failed(shell, session, page, tmp_path / "runs" / "fault", error)
    assert not page.failure.detail.isVisible()
    page.failure.detail_button.click()
    assert page.failure.detail.isVisible()
    page.failure.copy.click()
    assert "KeyError: 'x'" in qapp.clipboard().text()
    assert [button.text() for button in page.failure.buttons] == ["Go on from the last save", "Try again"]


def test_too_little_memory_offers_smaller_parts_while_there_are_any(tmp_path):
    asked = Recipe(data=Data(source="/x"), training=Training(batch_size=64))
    error = say("training.out_of_memory", device="cuda:0")
    write_run(tmp_path / "run", batch_size=64)
    series = replay(RunDirectory.open(tmp_path / "run").events())
    series.started = series.started.model_copy(update={"plan": {"device": "cuda:0", "micro_batch": 64}})
    first = remedies(error, asked, series, can_resume=True)
    assert first[0].training == {"micro_batch": 32}
    assert first[0].words == "Try with parts of 32 pictures"
    reduce(series, Warned(message=say("training.smaller_micro_batch", before=2, after=1)))
    rest = remedies(error, asked, series, can_resume=True)
    assert [each.training for each in rest] == [None, {"device": "cpu"}]
    assert rest[0].step is Step.MODEL
