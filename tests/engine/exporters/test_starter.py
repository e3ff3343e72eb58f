"""A run of the starter in every format, read by the real readers, against weights blended by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

from engine import paths
from engine.control import Control
from engine.exporters import exporters
from engine.jobs.export import export, render
from engine.requests import ExportAnswer, ExportRequest
from tests.engine.exporters import places

ALPHA = 0.5
FORMATS = ("classifier", "head", "onnx", "open_clip", "torch-export", "transformers")


@pytest.fixture(scope="module")
def answer(starter_run: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportAnswer:
    """All formats at alpha 0.5, in one request."""
    out = tmp_path_factory.mktemp("exports") / "all of it"
    request = ExportRequest(
        run=str(starter_run),
        formats=FORMATS,
        out=str(out),
        alpha=ALPHA,
    )
    return export(request, places.silent, Control())


@pytest.fixture(scope="module")
def folders(answer: ExportAnswer) -> dict[str, Path]:
    return {each.format: Path(each.path) for each in answer.exports}


@pytest.fixture(scope="module")
def pictures(drawn: Path) -> list[Path]:
    return [path for name in places.CLASSES for path in sorted((drawn / name).iterdir())[:4]]


@pytest.fixture(scope="module")
def by_hand(starter_run: Path, pictures: list[Path]) -> dict[str, Any]:
    """Logits and embeddings from the two weights files, by open_clip alone."""
    starter = paths.resources_folder() / "starter"
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{starter}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{starter}")
    before = model.state_dict()
    after = load_file(starter_run / "checkpoints/best/model.safetensors")
    assert any(not torch.equal(before[name], after[name].reshape(before[name].shape)) for name in before)
    model.load_state_dict(
        {n: (1 - ALPHA) * before[n] + ALPHA * after[n].reshape(before[n].shape) for n in before}
    )
    model.eval()
    with torch.no_grad():
        rows = []
        for name in places.CLASSES:
            words = name.replace("_", " ")
            texts = tokenizer([f"a drawing of a {words}.", f"a {words}."])
            rows.append(F.normalize(model.encode_text(texts, normalize=True).mean(dim=0), dim=0))
        images = torch.stack([transform(Image.open(path).convert("RGB")) for path in pictures])
        embeddings = model.encode_image(images, normalize=True)
        logits = model.logit_scale.exp() * embeddings @ torch.stack(rows).T
    return {"logits": logits.numpy(), "embeddings": embeddings.numpy(), "rows": torch.stack(rows).numpy()}


def test_every_format_is_verified(answer: ExportAnswer, folders: dict[str, Path]) -> None:
    assert tuple(exporters()) == FORMATS == tuple(folders)
    ways = {
        "classifier": ["pixels", "files"],
        "head": ["pixels"],
        "onnx": ["pixels"],
        "open_clip": ["pixels", "files"],
        "torch-export": ["pixels"],
        "transformers": ["pixels", "files"],
    }
    for each in answer.exports:
        folder = folders[each.format]
        verified = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
        assert verified["passed"] is True
        assert verified["weak"] is False
        assert verified["predicted_classes"] >= 3
        assert verified["pictures"] == each.pictures == 32
        assert [check["way"] for check in verified["checks"]] == ways[each.format]
        for check in verified["checks"]:
            assert check["largest_cosine_difference"] <= 1e-5
            assert check["same_class"] == check["margin_exceeds"] > 25
            assert check["pictures"] + check["elsewhere"] == 32
        assert each.bytes == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert f"open_clip: {folders['open_clip']}" in render(answer)


def test_each_has_a_card_the_recipe_and_its_classes(folders: dict[str, Path], starter_run: Path) -> None:
    result = json.loads((starter_run / "result.json").read_text(encoding="utf-8"))
    for name, folder in folders.items():
        about = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        assert about["classes"] == list(places.CLASSES)
        assert (about["alpha"], about["method"], about["format"]) == (ALPHA, "flyp", name)
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert card.startswith("---\nlicense: apache-2.0\n")
        test = result["sets"]["test"]
        low, high = test["interval"]
        assert f"| test | {test['n']} |" in card
        assert f"{100 * low:.1f} % to {100 * high:.1f} %" in card
        assert "**These figures are of alpha 1, not of this export's 0.5**" in card
        assert (folder / "recipe.toml").read_bytes() == (starter_run / "recipe.toml").read_bytes()


def test_open_clip_and_flyp_agree_with_the_weights(
    folders: dict[str, Path], by_hand: dict[str, Any], pictures: list[Path]
) -> None:
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folders['open_clip']}")
    images = torch.stack([transform(Image.open(path).convert("RGB")) for path in pictures])
    with torch.no_grad():
        embeddings = model.eval().encode_image(images, normalize=True).numpy()
    assert np.abs((embeddings - by_hand["embeddings"]) @ by_hand["rows"].T).max() < 1e-5


def test_the_code_on_the_cards_runs(
    folders: dict[str, Path], by_hand: dict[str, Any], pictures: list[Path], tmp_path: Path
) -> None:
    """Line for line, in a folder with picture.png; of square pictures of the model's size."""
    number = 5
    want = places.CLASSES[by_hand["logits"][number].argmax()]
    Image.open(pictures[number]).convert("RGB").resize((64, 64), Image.Resampling.BICUBIC).save(
        tmp_path / "picture.png"
    )
    for name in ("onnx", "torch-export", "open_clip", "transformers"):
        card = (folders[name] / "README.md").read_text(encoding="utf-8")
        code = card.split("```python\n")[1].split("```")[0]
        for file in ("model.onnx", "model.pt2", "export.json"):
            code = code.replace(f'"{file}"', f'"{folders[name] / file}"')
        code = code.replace("FOLDER", str(folders[name])).replace(
            '"picture.png"', f'"{tmp_path / "picture.png"}"'
        )
        said: list[Any] = []
        exec(compile(code, name, "exec"), {"print": lambda *words, said=said: said.extend(words)})
        assert said[0] == want, name


def test_onnx_runtime_and_torch_agree_with_the_weights(
    folders: dict[str, Path], by_hand: dict[str, Any], pictures: list[Path]
) -> None:
    import onnxruntime

    images = np.stack(
        [
            np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.Resampling.BICUBIC))
            for path in pictures
        ]
    )
    session = onnxruntime.InferenceSession(str(folders["onnx"] / "model.onnx"))
    (given,) = session.get_inputs()
    assert (given.type, given.shape) == ("tensor(uint8)", ["batch", 64, 64, 3])
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == list(places.CLASSES)
    assert metadata["opset"] == "18"
    program = torch.export.load(str(folders["torch-export"] / "model.pt2")).module()
    for batch in (images, images[:1], images[:3]):
        probabilities, logits, embeddings = session.run(None, {"pictures": batch})
        other, _, _ = program(torch.from_numpy(batch))
        assert np.abs((embeddings - by_hand["embeddings"][: len(batch)]) @ by_hand["rows"].T).max() < 1e-5
        assert np.abs(logits - by_hand["logits"][: len(batch)]).max() < 1e-3
        assert np.abs(probabilities - torch.from_numpy(logits).softmax(dim=1).numpy()).max() < 1e-6
        assert np.abs(probabilities - other.detach().numpy()).max() < 1e-5
    assert (logits.argmax(axis=1) == by_hand["logits"][:3].argmax(axis=1)).all()


def test_the_classifier_folder_needs_nothing_of_ours(
    folders: dict[str, Path], by_hand: dict[str, Any], pictures: list[Path], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(folders["classifier"] / "predict.py"), *map(str, pictures)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    probabilities = torch.from_numpy(by_hand["logits"]).softmax(dim=1).numpy()
    lines = done.stdout.splitlines()
    assert len(lines) == len(pictures)
    for line, path, row in zip(lines, pictures, probabilities, strict=True):
        named, first, *_ = line.split("\t")
        assert named == str(path)
        assert first == f"{places.CLASSES[row.argmax()]} {row.max():.1%}"
    source = (folders["classifier"] / "predict.py").read_text(encoding="utf-8")
    assert "torch" not in source
    assert "flyp" not in source


def test_the_head_is_the_text_towers(folders: dict[str, Path], by_hand: dict[str, Any]) -> None:
    head = load_file(folders["head"] / "head.safetensors")
    assert np.abs(head["weight"].numpy() - by_hand["rows"]).max() < 1e-5
    assert (folders["head"] / "image_encoder.safetensors").is_file()
    tower = load_file(folders["head"] / "image_encoder.safetensors")
    assert all(name.startswith("visual.") for name in tower)


def test_transformers_with_its_default_backend(
    folders: dict[str, Path], by_hand: dict[str, Any], pictures: list[Path]
) -> None:
    """On torchvision pixels are off by a level of 255 here and there; the classes are the same."""
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained(folders["transformers"]).eval()
    processor = CLIPProcessor.from_pretrained(folders["transformers"])
    pixels = processor(images=[Image.open(p).convert("RGB") for p in pictures], return_tensors="pt")[
        "pixel_values"
    ]
    with torch.no_grad():
        embeddings = F.normalize(model.get_image_features(pixel_values=pixels).pooler_output, dim=-1).numpy()
    assert np.abs((embeddings - by_hand["embeddings"]) @ by_hand["rows"].T).max() < 5e-3
    captions = ["a drawing of a spotted fish at dusk.", "It's   A CAT's   tail!"]
    ours = open_clip.get_tokenizer(f"local-dir:{folders['open_clip']}")(captions)
    theirs = processor(text=captions, return_tensors="pt", padding="max_length")["input_ids"]
    used = ours != 0
    assert torch.equal(ours[used], theirs[used])
