"""The pictures page with a real engine: dropping a folder, problems, the plan, undo."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QThreadPool, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.pages.pictures import PicturesPage
from app.shell import Shell
from app.steps import Mark, Step
from app.widgets import picture_viewer
from app.widgets.basics import Button
from app.widgets.image_grid import Tile
from app.widgets.picture_viewer import PictureViewer
from app.widgets.plan_card import Chip
from app.widgets.problems_dialog import ProblemsDialog
from app.widgets.thumbnails import SIDE, Thumbnails, thumbnail
from engine.data.inspection import PicturesAnswer
from engine.events import Structure
from tests.app.conftest import settle

LONG = 30_000


@pytest.fixture
def page(real_window: MainWindow) -> PicturesPage:
    made = real_window.page(Step.PICTURES)
    assert isinstance(made, PicturesPage)
    return made


@pytest.fixture
def thumbnails(qtbot: QtBot) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.deleteLater()


@pytest.fixture
def bad_pictures(tmp_path: Path, small_pictures: Path) -> Path:
    """The small pictures with one of each problem."""
    root = tmp_path / "bad"
    shutil.copytree(small_pictures, root)
    first, second, third = sorted(path for path in root.iterdir() if path.is_dir())
    files = sorted(first.iterdir())
    files[0].write_bytes(b"")
    files[1].write_text("no picture", encoding="utf-8")
    files[2].write_bytes(files[2].read_bytes()[:60])
    Image.new("RGB", (20, 20), "red").save(second / "tiny.png")
    shutil.copy(files[4], first / "copy.png")
    shutil.copy(files[5], third / "the same.png")
    (root / "nothing").mkdir()
    return root


def opened(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    window.opening.open_path(folder)
    qtbot.waitUntil(lambda: window.shell.facts.inspected is not None, timeout=LONG)


def drop(page: PicturesPage, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    page.empty.dropEvent(
        QDropEvent(
            QPointF(9, 9),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_a_dropped_folder_shows_classes_counts_and_pictures(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path
) -> None:
    assert page.stack.currentIndex() == 0
    assert not page.can_go_on()
    drop(page, small_pictures)
    qtbot.waitUntil(lambda: real_window.shell.facts.inspected is not None, timeout=LONG)
    assert page.stack.currentIndex() == 1
    assert page.counts.text() == "36 pictures  ·  3 classes"
    assert page.can_go_on()
    qtbot.waitUntil(lambda: len(page.grid.tiles.tiles) == 12, timeout=LONG)
    assert {Path(tile.path).parent.name for tile in page.grid.tiles.tiles} == {page.classes.current}
    qtbot.waitUntil(
        lambda: all(page.thumbnails.get(tile.path) is not None for tile in page.grid.tiles.tiles),
        timeout=LONG,
    )


def test_parts_of_a_class_can_be_looked_at_apart(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path
) -> None:
    opened(qtbot, real_window, small_pictures)
    qtbot.mouseClick(page.plan.use.buttons["few"], Qt.MouseButton.LeftButton)
    page.plan.shots.setValue(3)
    assert real_window.shell.project.data is not None
    assert real_window.shell.project.data.shots == 3
    shown: Counter[str] = Counter()
    for part in ("train", "validation", "test"):
        qtbot.mouseClick(page.part.buttons[part], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(
            lambda part=part: (
                bool(page.grid.tiles.tiles)
                and page.grid_card.answer is not None
                and page.grid_card.answer.parts.count("train") == 3
            ),
            timeout=LONG,
        )
        shown[part] = len(page.grid.tiles.tiles)
    assert shown == {"train": 3, "validation": 3, "test": 6}
    qtbot.waitUntil(lambda: page.plan.used.text() == "9 used, 3 per class", timeout=LONG)
    assert not page.plan.validation.isEnabled()


def test_every_problem_is_told_left_out_and_taken_back(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, bad_pictures: Path
) -> None:
    shell = real_window.shell
    opened(qtbot, real_window, bad_pictures)
    kinds = Counter(kind for kind, _ in shell.facts.problems())
    assert kinds == {
        "empty file": 1,
        "not a picture": 1,
        "truncated": 1,
        "small": 1,
        "duplicate": 1,
        "two classes": 1,
        "empty class": 1,
    }
    real_window.refresh()
    assert real_window.rail.items[Step.PICTURES].state.words == "6 problems to look at"
    assert page.can_go_on()
    page.banners.leave_out_all()
    assert shell.project.data is not None
    # of the two equal copies in one class one stays
    assert len(shell.project.data.leave_out) == 7
    real_window.refresh()
    assert "problem" not in real_window.rail.items[Step.PICTURES].state.words
    shell.undo.undo()
    assert shell.project.data.leave_out == ()


def test_the_list_of_problems_decides_by_kind(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, bad_pictures: Path
) -> None:
    shell = real_window.shell
    opened(qtbot, real_window, bad_pictures)
    dialog = ProblemsDialog(page, shell)
    tops = {
        dialog.tree.topLevelItem(i).text(0): dialog.tree.topLevelItem(i)
        for i in range(dialog.tree.topLevelItemCount())
    }
    assert "smaller than 32 px (1)" in tops
    assert not dialog.leave.isEnabled()
    tops["smaller than 32 px (1)"].setSelected(True)
    qtbot.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    assert shell.project.data is not None
    assert [Path(path).name for path in shell.project.data.keep] == ["tiny.png"]
    assert tops["smaller than 32 px (1)"].child(0).text(2) == "kept"
    dialog.tree.clearSelection()
    # what cannot be decoded cannot be kept
    tops["cut short (1)"].setSelected(True)
    assert dialog.leave.isEnabled()
    assert not dialog.keep.isEnabled()
    dialog.close()
    dialog.deleteLater()


def test_classes_are_taken_out_and_two_must_stay(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path
) -> None:
    shell = real_window.shell
    opened(qtbot, real_window, small_pictures)
    tick = QPoint(20, 17)
    qtbot.mouseClick(page.classes.viewport(), Qt.MouseButton.LeftButton, pos=tick)
    assert shell.project.data is not None
    assert shell.project.data.classes == ("green_thing", "red_thing")
    qtbot.mouseClick(page.classes.viewport(), Qt.MouseButton.LeftButton, pos=tick + QPoint(0, 35))
    assert shell.project.data.classes == ("green_thing", "red_thing")
    shell.undo.undo()
    assert shell.project.data.classes == ()


def test_shifted_pictures_are_added_under_a_name_of_their_own(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path, small_shift: Path
) -> None:
    shell = real_window.shell
    opened(qtbot, real_window, small_pictures)
    assert page.plan.add_shift_folder(small_pictures) is not None
    assert page.plan.add_shift_folder(small_shift) is None
    assert page.plan.add_shift_folder(small_shift) is None
    assert shell.project.data is not None
    assert [shift.name for shift in shell.project.data.shifts] == ["elsewhere", "elsewhere 2"]
    qtbot.waitUntil(
        lambda: shell.facts.inspected is not None and len(shell.facts.inspected.shifts) == 2, timeout=LONG
    )
    assert shell.facts.inspected is not None
    assert [shift.pictures for shift in shell.facts.inspected.shifts] == [12, 12]


def test_a_folder_that_is_none_is_said_and_changes_nothing(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    real_window.opening.open_path(tmp_path / "empty")
    qtbot.waitUntil(lambda: real_window.shell.facts.scan_error is not None, timeout=LONG)
    assert not page.can_go_on()
    assert page.hint() is not None
    real_window.opening.open_path(tmp_path / "missing")
    assert any("missing" in banner.notice.what for banner in real_window._banners.values())


def test_the_viewer_goes_through_the_pictures(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path
) -> None:
    opened(qtbot, real_window, small_pictures)
    qtbot.waitUntil(lambda: len(page.grid.tiles.tiles) == 12, timeout=LONG)
    page.grid.opened.emit(0)
    (viewer,) = page.findChildren(PictureViewer)
    qtbot.waitUntil(lambda: viewer.canvas.image is not None, timeout=LONG)
    assert "1 of 12" in viewer.facts.text()
    assert not viewer.before.isEnabled()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "2 of 12" in viewer.facts.text(), timeout=LONG)
    viewer.close()


def test_what_is_wrong_with_a_picture_is_not_said_of_the_next(
    qtbot: QtBot, small_pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted(small_pictures.rglob("*.png"))[:2]
    go = threading.Event()

    def decoded(path: str) -> tuple[QImage | None, str]:
        if path == str(first):
            go.wait(20)
            raise MemoryError("too large")
        return QImage(8, 8, QImage.Format.Format_RGB888), "8 × 8"

    monkeypatch.setattr(picture_viewer, "decoded", decoded)
    above = QWidget()
    qtbot.addWidget(above)
    viewer = PictureViewer(above, [Tile(str(first), "one"), Tile(str(second), "two")], 0, "red")
    viewer.show()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: viewer.canvas.image is not None)
    go.set()
    QThreadPool.globalInstance().waitForDone(5_000)
    settle()
    assert viewer.canvas.image is not None
    assert "8 × 8" in viewer.facts.text()
    # its own trouble is said
    qtbot.keyClick(viewer, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: "too large" in viewer.facts.text())
    assert viewer.canvas.image is None


def test_thumbnails_are_upright_squares_and_come_from_the_disk_again(tmp_path: Path) -> None:
    place = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (400, 300), "blue")
    picture.paste((255, 0, 0), (0, 0, 400, 150))
    exif = Image.Exif()
    # shown turned by a quarter: what is above lies at the right
    exif[0x0112] = 6
    picture.save(place, exif=exif)
    for _ in range(2):
        image = thumbnail(str(place))
        assert image is not None
        assert (image.width(), image.height()) == (SIDE, SIDE)
        left, right = image.pixelColor(20, SIDE // 2), image.pixelColor(SIDE - 20, SIDE // 2)
        assert (left.blue() > 200, right.red() > 200) == (True, True)
    kept = list((tmp_path / "flyp-cache" / "thumbnails").rglob("*.jpg"))
    assert len(kept) == 1


def test_thumbnails_of_what_left_the_screen_are_not_made(
    qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    thumbnails._maker._count = 0  # nobody works: wishes pile up
    for number in range(50):
        assert thumbnails.get(str(tmp_path / f"{number}.png")) is None
    thumbnails.only({str(tmp_path / "3.png")})
    assert list(thumbnails._maker.wished) == [str(tmp_path / "3.png")]


def test_what_is_no_picture_gets_no_thumbnail(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    place = tmp_path / "words.png"
    place.write_text("words", encoding="utf-8")
    assert thumbnails.get(str(place)) is None
    qtbot.waitUntil(lambda: thumbnails.failed(str(place)), timeout=LONG)


def test_the_empty_page_offers_recent_folders(qtbot: QtBot, window: MainWindow, small_pictures: Path) -> None:
    shell: Shell = window.shell
    window.opening.open_path(small_pictures)
    window.opening.new()
    page = window.page(Step.PICTURES)
    assert isinstance(page, PicturesPage)
    names = [button.text() for button in page.empty.findChildren(type(page.empty.choose))]
    assert "/".join(small_pictures.parts[-2:]) in names
    assert shell.project.data is None


def test_a_shift_set_that_cannot_be_read_is_told_at_its_chip_and_the_rest_stays(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path, tmp_path: Path
) -> None:
    shell = real_window.shell
    opened(qtbot, real_window, small_pictures)
    qtbot.waitUntil(lambda: len(page.grid.tiles.tiles) == 12, timeout=LONG)
    (tmp_path / "nothing").mkdir()
    assert page.plan.add_shift_folder(tmp_path / "nothing") is None
    qtbot.waitUntil(lambda: bool(shell.facts.shift_troubles), timeout=LONG)
    qtbot.waitUntil(lambda: shell.facts.inspected is not None, timeout=LONG)
    assert shell.facts.scan_error is None
    assert page.counts.text() == "36 pictures  ·  3 classes"
    page.classes.choose("green_thing")
    qtbot.waitUntil(lambda: len(page.grid.tiles.tiles) == 12, timeout=LONG)
    (chip,) = page.plan.findChildren(Chip)
    assert "No pictures were found" in chip.toolTip()
    assert "No pictures were found" in page.plan.shift_note.text()
    assert not page.can_go_on()
    real_window.refresh()
    assert real_window.rail.items[Step.PICTURES].state.mark is Mark.ATTENTION
    (remove,) = chip.findChildren(Button)
    qtbot.mouseClick(remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shell.facts.shift_troubles and shell.facts.scanning is None, timeout=LONG)
    assert page.can_go_on()
    assert shell.project.data is not None
    assert shell.project.data.shifts == ()


def test_few_per_class_does_not_move_the_card(
    qtbot: QtBot, real_window: MainWindow, page: PicturesPage, small_pictures: Path
) -> None:
    opened(qtbot, real_window, small_pictures)
    settle()
    before = page.plan.height()
    page.plan.use.buttons["few"].click()
    qtbot.waitUntil(lambda: "choose" in page.plan.held_note.text(), timeout=LONG)
    settle()
    assert page.plan.height() == before


def test_nothing_is_counted_before_the_engine_told_of_it(window: MainWindow, small_pictures: Path) -> None:
    page = window.page(Step.PICTURES)
    assert isinstance(page, PicturesPage)
    window.opening.open_path(small_pictures)
    settle()
    assert page.counts.text() == "looking …"
    assert not window.next.isEnabled()
    assert page.grid.verticalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    engine = window.shell.engine
    window.inquiry.look_again()
    engine.say("inspect", Structure(source="", classes=("a", "b"), counts=(3, 4), splits={}, pictures=7))  # type: ignore[attr-defined]
    window.refresh()
    assert page.counts.text() == "7 pictures  ·  2 classes"
    assert window.next.isEnabled()


def test_the_class_keeps_its_name_in_a_narrow_window(window: MainWindow, small_pictures: Path) -> None:
    page = window.page(Step.PICTURES)
    assert isinstance(page, PicturesPage)
    window.resize(1024, 680)
    window.opening.open_path(small_pictures)
    settle()
    answer = PicturesAnswer(root="/p", paths=("a",) * 1170, parts=("train",) * 1170)
    page.grid_card._name = "elephant"
    page.grid_card._listed(answer, stay=False)
    settle()
    title = page.grid_card.class_name
    assert title.width() >= title.fontMetrics().horizontalAdvance("elephant")
    assert "1,170 pictures" in page.grid_card.class_count.toolTip()
