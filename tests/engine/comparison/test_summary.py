"""What is chosen, by what, and what tables and charts make of it; and the grid."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest

from engine import recipe as recipes
from engine.comparison import charts, summary, tables
from engine.comparison.grid import Cell, Entry, cells, default_rates, entry, require_distinct
from engine.comparison.summary import CellFigures
from engine.errors import EngineError
from engine.evaluation import charts as drawing

FLYP, TUNE, ZERO = (
    Entry("flyp", "flyp"),
    Entry("fine-tune", "fine-tune", apart="takes the rate twice", clips=0.5),
    Entry("zero-shot", "zero-shot", (), False, False),
)
KINDS = {"test": "test", "validation": "validation", "art": "shift", "sketch": "shift"}
RECIPE = {
    "data": {"source": "pets", "shifts": ["art", "sketch"]},
    "prompts": {"templates": ["a {}."]},
    "model": {"name": "vit", "weights": None},
    "training": {"epochs": 2, "batch_size": 3},
}


def sets(accuracy: float) -> dict:
    return {
        name: {
            "kind": kind,
            "accuracy": accuracy + 0.01 * i,
            "macro_f1": accuracy,
            "worst_group_accuracy": 0.1,
        }
        for i, (name, kind) in enumerate(KINDS.items())
    }


def figures(
    one: Entry, seed: int, rate: float | None, loss: float, accuracy: float, shots: int = 4
) -> CellFigures:
    curve = {
        name: {"kind": kind, "accuracy": [0.2, accuracy + 0.05, accuracy]} for name, kind in KINDS.items()
    }
    blends = one.blends
    return CellFigures(
        cell=Cell(one, shots, seed, rate),
        best_epoch=1,
        validation_loss=loss,
        sets=sets(accuracy),
        alphas=(0.0, 0.5, 1.0) if blends else (),
        curves=curve if blends else None,
        best_alpha=0.5 if blends else None,
        blended=sets(accuracy + 0.05) if blends else None,
    )


@pytest.fixture(scope="module")
def content() -> dict:
    """Three seeds, two rates: validation loss prefers 0.1 for seed 0 and 0.2 else; test prefers the other."""
    made = []
    for shots in (4, 8):
        for seed in range(3):
            made.append(figures(ZERO, seed, None, 2.0, 0.3 + 0.01 * seed, shots))
            for rate in (0.1, 0.2):
                better = (rate == 0.1) == (seed == 0)
                made.append(figures(FLYP, seed, rate, 0.5 if better else 0.6, 0.7 if better else 0.8, shots))
                made.append(figures(TUNE, seed, rate, 0.5, 0.65 + 0.01 * seed, shots))
    return summary.content(made, [ZERO, FLYP, TUNE], [0.2, 0.1], RECIPE)


def test_the_rate_is_chosen_by_validation_loss_whatever_test_and_shifts_say(content):
    chosen = {(c["method"], c["shots"], c["seed"]): c["rate"] for c in content["cells"] if c["chosen"]}
    assert [chosen["flyp", 4, seed] for seed in range(3)] == [0.1, 0.2, 0.2]
    # test would have chosen the other rate each time
    row = next(r for r in content["chosen"] if (r["method"], r["shots"]) == ("flyp", 4))
    assert row["measures"]["test"] == {"mean": 0.7, "sd": 0.0, "n": 3}
    # of equals the lower rate; a method without a rate has its only cell
    assert [chosen["fine-tune", 4, seed] for seed in range(3)] == [0.1] * 3
    assert chosen["zero-shot", 4, 0] is None
    assert len([c for c in content["cells"] if c["chosen"]]) == 3 * 3 * 2
    assert content["search"]["budget"] == 2
    assert content["search"]["rates"] == [0.1, 0.2]
    assert content["search"]["without_rate"] == ["zero-shot"]


def test_differences_are_paired_and_of_validation_nothing_is_claimed(content):
    row = next(r for r in content["chosen"] if (r["method"], r["shots"]) == ("fine-tune", 8))
    difference = row["differences"]["flyp"]["test"]
    assert difference["mean"] == pytest.approx(0.66 - 0.7)
    assert difference["verdict"] == "lower"
    assert difference["interval"][0] >= -0.05
    assert difference["interval"][1] <= -0.03
    assert "validation" not in row["differences"]["flyp"]
    assert not any(name.startswith("validation") for name in row["differences"]["flyp"])
    assert row["differences"]["flyp"]["shifts: mean"]["mean"] == pytest.approx(-0.04)
    blended = next(r for r in content["chosen"] if (r["method"], r["shots"]) == ("flyp blended", 4))
    assert set(blended["differences"]) == {"flyp"}
    assert blended["differences"]["flyp"]["test"]["mean"] == pytest.approx(0.05)
    assert blended["alphas"] == {"0": 0.5, "1": 0.5, "2": 0.5}


def test_the_whole_grid_is_told_at_matched_rates(content):
    assert [one["rate"] for one in content["matched"]] == [0.1, 0.2]
    at = {row["method"]: row for row in content["matched"][0]["rows"] if row["shots"] == 4}
    assert set(at) == {"zero-shot", "flyp", "flyp blended", "fine-tune", "fine-tune blended"}
    assert at["flyp"]["measures"]["test"]["mean"] == pytest.approx((0.7 + 0.8 + 0.8) / 3, abs=1e-6)


def test_tables_hold_every_cell_and_say_what_they_do_not_show(content):
    rows = list(csv.DictReader(io.StringIO(tables.to_csv(content))))
    assert len(rows) == 2 * 3 * (1 + 2 * 2 * 2)
    flyp = [r for r in rows if r["method"] == "flyp" and r["shots"] == "4" and r["chosen"] == "yes"]
    assert [r["learning_rate"] for r in flyp] == ["0.1", "0.2", "0.2"]
    assert {r["alpha"] for r in rows if r["method"] == "flyp blended"} == {"0.5"}
    assert float(flyp[0]["shifts: mean"]) == pytest.approx(0.725)
    text = tables.to_markdown(content)
    assert "2 learning rates (0.1, 0.2), the same for every method that uses the recipe's" in text
    assert (
        "- Without use for the recipe's learning rate: zero-shot.\n- fine-tune takes the rate twice.\n"
        in text
    )
    assert "flyp takes" not in text
    assert "\n- Gradients clipped at a norm of 0.5: fine-tune; not clipped: flyp.\n" in text
    assert "no clear difference" in text
    assert "| flyp | 0.1 ×1, 0.2 ×2 | – | 70.0 ± 0.0 |" in text
    assert "### 8 shots, 3 seeds" in text
    assert "art: worst group" in text


def test_charts_are_whole_and_the_same_twice(content):
    drawn = charts.draw(content)
    assert set(drawn) == {
        "test-against-shifts",
        "accuracy-over-shots",
        "accuracy-over-rates",
        "accuracy-over-alpha",
    }
    assert charts.draw(content) == drawn
    for svg, png in drawn.values():
        root = ET.fromstring(svg)
        texts = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {"flyp", "fine-tune"} <= texts
        assert png.startswith(b"\x89PNG")
        assert "<dc:date>" not in svg


def test_a_far_off_zero_shot_is_said_in_words_and_leaves_the_room_to_the_others(content):
    drawn = charts.draw(content)
    for name in ("test-against-shifts", "accuracy-over-rates"):
        assert "zero-shot lies outside: 31.0 %" in drawn[name][0]
    near = [
        figures(one, seed, None if one is ZERO else 0.1, 0.5, 0.6 + 0.02 * seed)
        for one in (ZERO, FLYP)
        for seed in (0, 1)
    ]
    drawn = charts.draw(summary.content(near, [ZERO, FLYP], [0.1], RECIPE))
    assert set(drawn) == {"test-against-shifts", "accuracy-over-alpha"}
    assert "outside" not in drawn["test-against-shifts"][0]


def test_an_inline_chart_takes_the_colours_of_its_page():
    with drawing.drawing():
        figure, (axes,) = drawing.panels(1)
        axes.plot([0, 1], [0, 1], color=drawing.style(0).colour)
        text = drawing.inline(figure, "one", 'a "line" & more')
    root = ET.fromstring(text)
    assert root.attrib["aria-label"] == 'a "line" & more'
    assert drawing.SERIES[0].lower() not in text.lower()
    assert "var(--series-1)" in text
    assert drawing.INK.lower() not in text.lower()
    assert "http" not in text
    names = [node.attrib["id"] for node in root.iter() if "id" in node.attrib]
    assert names
    assert all(name.startswith("one-") for name in names)


def test_a_look_tells_twelve_methods_apart():
    assert len({drawing.style(n) for n in range(18)}) == 18


# --- the grid ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base():
    return recipes.parse(
        {
            "data": {"source": "/pets", "seed": 10},
            "method": {"name": "flyp", "options": {"collisions": "mask"}},
            "training": {"seed": 20, "learning_rate": 1e-4},
        },
        "test",
    )


def test_cells_differ_in_what_is_theirs_alone(base):
    grid = cells([FLYP, ZERO], [4, None], 2, [3e-4, 1e-4])
    assert len(grid) == 2 * 2 * (2 + 1)
    assert len({cell.name for cell in grid}) == len(grid)
    assert [cell.seed for cell in grid] == [0] * 6 + [1] * 6
    one = Cell(FLYP, 4, 1, 3e-4)
    assert one.name == "flyp-4-s1-0.0003"
    assert Cell(ZERO, None, 0, None).name == "zero-shot-all-s0"
    made = one.recipe(base)
    assert (made.data.seed, made.training.seed, made.data.shots) == (11, 21, 4)
    assert (made.training.learning_rate, made.method.options) == (3e-4, {})
    back = made.replace(data=base.data, training=base.training, method=base.method, blend=base.blend)
    assert back == base
    assert default_rates(base) == (3.3e-5, 1e-4, 3e-4)


def test_methods_are_named_with_their_options(base):
    assert entry("flyp", base).options == (("collisions", "mask"),)
    assert entry("fine-tune", base).options == ()
    soft = entry("flyp:collisions=soft:clamp_temperature=false", base)
    assert soft.options == (("clamp_temperature", False), ("collisions", "soft"))
    assert Cell(soft, 4, 0, 1e-4).name == "flyp-collisions=soft-clamp_temperature=false-4-s0-0.0001"
    for wrong in ("", "flyp:soft", ":a=b"):
        with pytest.raises(EngineError) as failed:
            entry(wrong, base)
        assert failed.value.message.code == "compare.method_form"
    require_distinct([FLYP, soft])
    with pytest.raises(EngineError) as failed:
        require_distinct([FLYP, TUNE, FLYP])
    assert failed.value.message.code == "compare.method_twice"
