"""Class names, templates and captions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.arguments import parser
from engine.clip import imagenet
from engine.errors import EngineError
from engine.prompts import captions, class_names, templates
from engine.recipe import Prompts


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("golden_retriever", "golden retriever"),
        ("001.Black_footed_Albatross", "Black footed Albatross"),
        ("001.ak47", "ak47"),
        ("007_spoon", "spoon"),
        ("n01440764", "n01440764"),
        ("n02085620-Chihuahua", "Chihuahua"),
        ("n02113799-standard_poodle", "standard poodle"),
        ("AnnualCrop", "annual crop"),
        ("HerbaceousVegetation", "herbaceous vegetation"),
        ("SeaLake", "sea lake"),
        ("MRIScan", "MRI scan"),
        ("iPhone", "iPhone"),
        ("McLaren", "McLaren"),
        ("MRI", "MRI"),
        ("t-shirt", "t-shirt"),
        ("x-ray", "x-ray"),
        ("f-16", "f-16"),
        ("golden-retriever", "golden retriever"),
        ("black-footed_albatross", "black-footed albatross"),
        ("2012_Audi_A5", "2012 Audi A5"),
        ("3.5mm_jack", "3.5mm jack"),
        ("  cat  ", "cat"),
        ("cat__and___dog", "cat and dog"),
        ("7", "7"),
        ("___", "___"),
        ("Süßwasserfisch", "Süßwasserfisch"),
        ("猫", "猫"),
    ],
)
def test_readable_names(folder: str, name: str) -> None:
    assert class_names.readable(folder) == name


def test_own_names_win_and_may_not_be_empty() -> None:
    assert class_names.for_model(["a_b", "c_d"], {"a_b": " ant "}) == ["ant", "c d"]
    with pytest.raises(EngineError, match="a_b"):
        class_names.for_model(["a_b"], {"a_b": "  "})


def test_captions_are_classes_by_templates() -> None:
    prompts = Prompts(templates=("a {}.", "the {}!"), class_names={"n01": "tench"})
    assert captions.captions(["n01", "gold_fish"], prompts) == [
        ["a tench.", "the tench!"],
        ["a gold fish.", "the gold fish!"],
    ]


def test_a_name_with_braces_is_taken_literally() -> None:
    prompts = Prompts(templates=("a {}.",), class_names={"x": "{}"})
    assert captions.captions(["x"], prompts) == [["a {}."]]


@pytest.mark.parametrize("pair", [("gold_fish", "gold-fish"), ("Crane", "crane"), ("a  b", "a_b")])
def test_equal_captions_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(EngineError) as caught:
        captions.captions(pair, Prompts())
    assert pair[0] in str(caught.value)
    assert pair[1] in str(caught.value)
    assert "class_names" in caught.value.message.hint


def test_check_warns_of_cut_captions_and_unknown_keys() -> None:
    prompts = Prompts(templates=("{}",), class_names={"dgo": "hound"})
    found = captions.check(["dog", "cat and mouse"], prompts, lambda texts: [len(t) for t in texts], 10)
    assert [message.code for message in found] == ["clip.unknown_class_name", "clip.cut_captions"]
    assert "'dog'" in found[0].hint
    assert found[1].arguments["count"] == 1
    assert "cat and mouse" in found[1].text
    assert captions.check(["dog"], Prompts()) == []


def test_presets_are_complete() -> None:
    found = {preset.name: preset for preset in templates.presets()}
    assert set(found) == {
        "camera_trap",
        "drawing",
        "medical_slide",
        "photo",
        "satellite",
        "text_sentiment",
        "texture",
    }
    for preset in found.values():
        assert 5 <= len(preset.templates) <= 9
        assert len(set(preset.templates)) == len(preset.templates)
        assert preset.title
        assert preset.description.endswith(".")
    assert templates.preset("photo").templates[0] == "a photo of a {}."


def test_unknown_and_damaged_presets_say_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="camera_trap"):
        templates.preset("camera")
    for content, reason in [
        ("title = 'x'", "templates is missing"),
        ("title = ", "one.toml"),
        ("title='x'\ndescription='y'\ntemplates=['no place']", "exactly once"),
    ]:
        (tmp_path / "one.toml").write_text(content, encoding="utf-8")
        with pytest.raises(EngineError, match=reason):
            templates.presets(tmp_path)


def test_prompts_are_torch_free() -> None:
    code = (
        "import sys, engine.prompts.captions, engine.prompts.templates;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'open_clip')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_templates_for_imagenet_can_be_chosen_and_are_listed() -> None:
    further = imagenet.presets()
    assert len(templates.preset("imagenet", further).templates) == 80
    assert len(templates.preset("imagenet-simple", further).templates) == 7
    with pytest.raises(EngineError, match="imagenet-simple"):
        templates.preset("camera", further)


def test_the_help_of_init_names_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["init", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for preset in (*templates.presets(), *imagenet.presets()):
        assert preset.name in said
