"""Every kind of tower and of head leaves by the readers it has, or is refused in words.

Read in this process; that a fresh one is used in earnest is seen in test_starter.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.exporters import find
from engine.exporters.head_matrix import HeadOptions
from engine.exporters.reader import Outputs
from engine.exporters.subject import Subject
from engine.exporters.verification import Rows, compare
from tests.engine.clip import tiny
from tests.engine.exporters import places


def subject_of(
    pictures: Path,
    place: Path,
    kind: str = "vit",
    method: str = "flyp",
    alpha: float = 1.0,
    **training: float,
) -> Subject:
    model = tiny.make(place / f"{kind}-model", kind)
    run = places.trained(pictures, str(model), place / f"{kind}-{method}", method, **training)
    return places.subject(run, alpha)


def agrees(given: Subject, found: Outputs, tolerance: float = 1e-5) -> None:
    assert given.reference is not None
    rows = None if given.head_kind == "other" else (given.matrix.scale * given.matrix.weight_CD).numpy()
    check = compare("pixels", given.reference, found, Rows(rows), tolerance)
    assert check.passed, check
    assert np.ptp(given.reference.logits_NC) > 0.01


def reason_of(given: Subject, format_name: str) -> str:
    exporter = find(format_name)
    reason = exporter.supports(given, exporter.Options())
    assert reason is not None
    return reason.text


def test_quick_gelu_survives_transformers_at_every_alpha(pictures: Path, tmp_path: Path) -> None:
    given = subject_of(pictures, tmp_path, "quick-gelu", alpha=0.5)
    folder = tmp_path / "out"
    agrees(given, places.written(given, "transformers", folder))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["vision_config"]["hidden_act"] == config["text_config"]["hidden_act"] == "quick_gelu"
    # with the other activation it would compute something else: what this test would not notice otherwise
    config["vision_config"]["hidden_act"] = "gelu"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    about = given.about("transformers", {})
    assert given.pixels_NHWC is not None
    other = find("transformers").real(folder, about)(given.pixels_NHWC)
    assert given.reference is not None
    assert np.abs(other.embeddings_ND - given.reference.embeddings_ND).max() > 1e-4
    for alpha in (0.0, 1.0):
        blended = places.subject(given.finished.run.path, alpha)
        assert blended.finished.untouched is (alpha == 0)
        agrees(blended, places.written(blended, "transformers", tmp_path / f"out-{alpha}"))


@pytest.mark.parametrize(("kind", "reason"), [("siglip", "logit bias"), ("mobile", "no vision transformer")])
def test_other_kinds_keep_their_parts(kind: str, reason: str, pictures: Path, tmp_path: Path) -> None:
    given = subject_of(pictures, tmp_path, kind, alpha=0.5)
    agrees(given, places.written(given, "open_clip", tmp_path / "out"))
    if kind == "mobile":
        agrees(given, places.written(given, "torch-export", tmp_path / "program"))
    assert reason in reason_of(given, "transformers")
    about = given.about("open_clip", {})
    assert (about.bias is not None) is (kind == "siglip")


@pytest.fixture(scope="module")
def probe(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A linear probe, whose head is no text tower's."""
    return subject_of(pictures, tmp_path_factory.mktemp("probe"), method="linear-probe")


def test_a_learned_head_goes_beside_the_folder(probe: Subject, tmp_path: Path) -> None:
    assert probe.head_kind == "matrix"
    for name in ("open_clip", "transformers"):
        agrees(probe, places.written(probe, name, tmp_path / name))
        head = load_file(tmp_path / name / "head.safetensors")
        assert torch.equal(head["weight"], probe.matrix.weight_CD)
    # open_clip itself takes no notice of it: the tower is the one before training
    assert probe.finished.untouched


def test_the_head_of_an_untouched_tower_brings_no_tower(probe: Subject, tmp_path: Path) -> None:
    agrees(probe, places.written(probe, "head", tmp_path / "head"))
    assert not (tmp_path / "head" / "image_encoder.safetensors").exists()
    about = probe.about("head", {})
    assert about.base.sha256 == probe.finished.run.initial()["sha256"]
    assert about.base.sha256 in (tmp_path / "head" / "export.json").read_text(encoding="utf-8")


def test_a_resnet_in_fp16_with_float_pictures_and_encoders_apart(pictures: Path, tmp_path: Path) -> None:
    given = subject_of(pictures, tmp_path, "resnet")
    assert "no vision transformer" in reason_of(given, "transformers")
    exporter, folder = find("onnx"), tmp_path / "out"
    options = {"input": "float", "encoders": True, "precision": "fp16"}
    found = places.written(given, "onnx", folder, **options)
    agrees(given, found, tolerance=2e-3)
    assert given.pixels_NHWC is not None
    assert given.reference is not None
    apart = exporter.real(folder, given.about("onnx", options)).second(given.pixels_NHWC[:5])
    assert apart is not None
    assert np.abs(apart.logits_NC - given.reference.logits_NC[:5]).max() < 0.05
    for embeddings_ND in (found.embeddings_ND, apart.embeddings_ND):
        worst = np.abs(embeddings_ND - given.reference.embeddings_ND[: len(embeddings_ND)]).max()
        assert 1e-6 < worst < 2e-3
    tower = 4 * given.plain.parameters_count.image
    content = (folder / "model.onnx").read_bytes()
    assert 0.5 * tower < len(content) < 0.5 * tower + 40_000
    assert str(Path(__file__).parents[3]).encode() not in content


def test_low_rank_factors_are_merged(pictures: Path, tmp_path: Path) -> None:
    given = subject_of(pictures, tmp_path, method="clip-lora", alpha=0.5, learning_rate=3e-3)
    assert given.head_kind == "text"
    assert not given.finished.untouched
    agrees(given, places.written(given, "open_clip", tmp_path / "out"))
    names = load_file(tmp_path / "out" / "open_clip_model.safetensors").keys()
    assert not any(name.startswith("learned.") for name in names)


def test_a_memory_leaves_as_a_graph_only(pictures: Path, tmp_path: Path) -> None:
    given = subject_of(pictures, tmp_path, method="tip-adapter-f")
    assert given.head_kind == "other"
    agrees(given, places.written(given, "torch-export", tmp_path / "out"))
    for name in ("open_clip", "transformers"):
        assert "no place in a CLIP folder" in reason_of(given, name)
    assert "no matrix" in reason_of(given, "head")


def test_letterbox_is_refused_where_the_processor_knows_none(probe: Subject) -> None:
    fit = dataclasses.replace(probe.finished.fit, mode="letterbox")
    boxed = dataclasses.replace(probe, finished=dataclasses.replace(probe.finished, fit=fit))
    assert "letterbox" in reason_of(boxed, "transformers")
    assert find("head").supports(boxed, HeadOptions()) is None


def test_a_model_that_people_use(pictures: Path, tmp_path: Path) -> None:
    """An open_clip folder that ``FLYP_TEST_MODEL`` names, such as a CLIP for photographs."""
    model = os.environ.get("FLYP_TEST_MODEL")
    if model is None:
        pytest.skip("FLYP_TEST_MODEL names no model")
    run = places.trained(pictures, model, tmp_path / "run", epochs=1)
    for alpha in (0.0, 0.5, 1.0):
        given = places.subject(run, alpha)
        agrees(given, places.written(given, "open_clip", tmp_path / f"out-{alpha}"))
        agrees(given, places.written(given, "onnx", tmp_path / f"graph-{alpha}"))
