"""Loading, encoding, writing and reloading models; what is said when weights do not fit."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine import recipe
from engine.clip import backbone, build, sources, tokenizer, weights
from engine.clip.backbone import Backbone
from engine.clip.head import class_embeddings
from engine.clip.imagenet import imagenet_templates
from engine.errors import EngineError
from tests.engine.clip import tiny

_TEXTS = ["a photo of a dog.", "x", "a much longer caption about two cats and a mouse, seen from above"]


def _images() -> Tensor:
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def _load(name: str, path: Path | str | None = None) -> Backbone:
    return backbone.load(recipe.Model(name=name, weights=None if path is None else str(path)))


@pytest.fixture
def tiny_architecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny model under an architecture's name, as open_clip's own are."""
    configs = {"Tiny": tiny.KINDS["vit"], "Tiny-quickgelu": tiny.KINDS["quick-gelu"]}
    own = sources.architecture
    monkeypatch.setattr(
        sources, "architecture", lambda name: json.loads(json.dumps(configs.get(name))) or own(name)
    )
    return "Tiny"


@pytest.mark.parametrize("kind", sorted(tiny.KINDS))
def test_written_folder_is_the_same_model_in_open_clip(tmp_path: Path, kind: str) -> None:
    loaded = backbone.from_folder(tiny.make(tmp_path / "given", kind))
    assert not loaded.model.training
    assert loaded.logit_scale.ndim == 0
    assert loaded.logit_bias is None or loaded.logit_bias.ndim == 0
    loaded.write(tmp_path / "written")
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'written'}")
    tokens_TL = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'written'}")(_TEXTS)
    assert torch.equal(tokens_TL, loaded.tokenize(_TEXTS))
    model.eval()
    with torch.no_grad():
        image_BD, text_TD = loaded.encode_images(_images()), loaded.encode_texts(tokens_TL)
        torch.testing.assert_close(image_BD, model.encode_image(_images(), normalize=True))
        torch.testing.assert_close(text_TD, model.encode_text(tokens_TL, normalize=True))
        torch.testing.assert_close(loaded.scale(), model.logit_scale.exp().reshape(()))
    assert list(transform.transforms[-1].mean) == list(loaded.preprocess.mean)
    assert transform.transforms[0].size == loaded.preprocess.size[0]
    again = backbone.from_folder(tmp_path / "written")
    assert torch.equal(again.encode_images(_images()), loaded.encode_images(_images()))
    assert again.open_clip_config() == loaded.open_clip_config()


def test_facts(tmp_path: Path) -> None:
    kinds = {
        "vit": ("vit", False, "softmax"),
        "resnet": ("resnet", True, "softmax"),
        "siglip": ("vit", False, "sigmoid"),
        "mobile": ("timm-vit", False, "softmax"),
    }
    for kind, facts in kinds.items():
        folder = tiny.make(tmp_path / kind, kind)
        loaded = backbone.from_folder(folder)
        assert (loaded.image_kind, loaded.has_batchnorm, loaded.loss_kind) == facts
        assert loaded.embed_dim == 16
        assert loaded.preprocess.size == (32, 32)
        total = sum(p.numel() for p in loaded.model.parameters())
        assert sum(loaded.parameters_count) == total - (2 if kind == "siglip" else 1)
        assert loaded.base.sha256 == weights.sha256(folder / "model.safetensors")
    assert build.build({**tiny.KINDS["vit"], "vision_cfg": _fastvit()}, "x", "meta").visual is not None


def _fastvit() -> dict[str, Any]:
    return {"timm_model_name": "fastvit_mci0", "timm_pool": "avg", "timm_proj": None, "image_size": 256}


def test_gradients_flow_where_they_are_wanted(tmp_path: Path) -> None:
    loaded = backbone.from_folder(tiny.make(tmp_path))
    tokens_TL = loaded.tokenize(_TEXTS)
    with torch.no_grad():
        assert not loaded.encode_texts(tokens_TL).requires_grad
    (loaded.scale() * (loaded.encode_images(_images()) * loaded.encode_texts(tokens_TL)).sum()).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in loaded.model.parameters())
    norms_B = loaded.encode_images(_images()).norm(dim=-1)
    torch.testing.assert_close(norms_B, torch.ones(3))


def test_token_counts_are_before_cutting(tmp_path: Path) -> None:
    loaded = backbone.from_folder(tiny.make(tmp_path, "short"))
    assert loaded.context_length == 16
    long = "cat " * 30
    assert loaded.token_counts(["cat", long]) == [3, 32]
    assert loaded.tokenize([long]).shape == (1, 16)
    assert loaded.token_counts([]) == []


def test_building_leaves_the_generator_and_stdout_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.make(tmp_path)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    backbone.from_folder(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert capsys.readouterr().out == ""


def test_skeleton_takes_a_state(tmp_path: Path) -> None:
    loaded = backbone.from_folder(tiny.make(tmp_path, "one-dimensional"))
    bare = backbone.skeleton(loaded.open_clip_config())
    bare.load_state_dict(load_file(tmp_path / "model.safetensors"))  # its scale has one dimension
    assert torch.equal(bare.encode_images(_images()), loaded.encode_images(_images()))
    with pytest.raises(EngineError, match=r"logit_scale") as caught:
        bare.load_state_dict({n: v for n, v in loaded.state_dict().items() if n != "logit_scale"})
    assert caught.value.message.code == "clip.weights_mismatch"


# --- QuickGELU ------------------------------------------------------------------------------------


def _activation(loaded: Backbone) -> list[str]:
    towers: Any = loaded.model
    return [type(t.resblocks[0].mlp.gelu).__name__ for t in (towers.visual.transformer, towers.transformer)]


def _openai_like(folder: Path, kind: str) -> Path:
    """A weights file with the marks of OpenAI's own."""
    state = load_file(tiny.make(folder, kind) / "model.safetensors")
    extras = {name: torch.tensor(32) for name in ("input_resolution", "context_length", "vocab_size")}
    (folder / "open_clip_config.json").unlink()
    save_file({**state, **extras}, folder / "openai.safetensors")
    return folder / "openai.safetensors"


def test_quick_gelu_is_corrected_and_survives_the_export(tmp_path: Path, tiny_architecture: str) -> None:
    right = backbone.from_folder(tiny.make(tmp_path / "right", "quick-gelu"))
    plain = _load(tiny_architecture, _openai_like(tmp_path / "openai", "quick-gelu"))
    assert _activation(plain) == ["QuickGELU", "QuickGELU"]
    assert plain.quick_gelu
    with torch.no_grad():
        wanted_BD = right.encode_images(_images())
        assert torch.equal(plain.encode_images(_images()), wanted_BD)
        plain.write(tmp_path / "written")
        model = open_clip.create_model(f"local-dir:{tmp_path / 'written'}").eval()
        torch.testing.assert_close(model.encode_image(_images(), normalize=True), wanted_BD)
        # it does matter: the plain architecture computes something else
        wrong = backbone.skeleton({"model_cfg": tiny.KINDS["vit"], "preprocess_cfg": tiny.PREPROCESS})
        wrong.load_state_dict(right.state_dict())
        assert (wrong.encode_images(_images()) - wanted_BD).abs().max() > 1e-3


def test_quick_gelu_is_known_from_what_lies_beside(tmp_path: Path, tiny_architecture: str) -> None:
    folder = tiny.make(tmp_path / "quick", "quick-gelu")
    loaded = _load(tiny_architecture, folder / "model.safetensors")
    assert loaded.quick_gelu
    assert loaded.preprocess.mean == tuple(tiny.PREPROCESS["mean"])
    shutil.copy(folder / "model.safetensors", tmp_path / "alone.safetensors")
    assert not _load(tiny_architecture, tmp_path / "alone.safetensors").quick_gelu
    assert _load(f"{tiny_architecture}-quickgelu", tmp_path / "alone.safetensors").quick_gelu


def test_quick_gelu_is_known_from_a_published_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"
    source = sources.Source("x", {**tiny.KINDS["vit"]}, {}, Path("nowhere/x.pt"), bare=True)
    known = source.corrected({}, digest)
    assert known.model_config["quick_gelu"] is True
    assert source.corrected({}, "0" * 64).model_config == source.model_config


@pytest.mark.parametrize(
    ("name", "tag", "quick"),
    [
        ("ViT-B-32", "openai", True),
        ("ViT-B-32-quickgelu", "openai", True),
        ("ViT-B/32", "openai", True),
        ("ViT-B-32-quickgelu", "laion2b_s34b_b79k", False),
        ("ViT-B-32", "laion2b_s34b_b79k", False),
        ("roberta-ViT-B-32", "laion2b_s12b_b32k", True),
        ("ViT-H-14-378-quickgelu", "dfn5b", True),
    ],
)
def test_published_weights_get_their_activation(name: str, tag: str, quick: bool) -> None:
    published = sources.pretrained(name, tag)
    assert published is not None
    assert bool(sources.corrected_config(*published).get("quick_gelu", False)) is quick


# --- files that do not fit ------------------------------------------------------------------------


class _Sneaky:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (Path, ("/should-not-be-made",))


def _truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:1000])
    return path


def _saved(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


def _archive(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/constants.pkl", b"")
        archive.writestr("model/data.pkl", b"")
    return path


def test_files_that_are_no_weights(tmp_path: Path, tiny_architecture: str) -> None:
    state = load_file(tiny.make(tmp_path / "good") / "model.safetensors")
    tiny.make(tmp_path / "resnet", "resnet")
    files = {
        "clip.no_weights_file": tmp_path / "none.safetensors",
        "clip.damaged_weights": _truncated(tiny.make(tmp_path / "cut") / "model.safetensors"),
        "clip.unsafe_weights": _saved({"a": _Sneaky()}, tmp_path / "sneaky.pt"),
        "clip.torchscript": _archive(tmp_path / "script.pt"),
        "clip.not_weights": _saved([1, 2], tmp_path / "list.pt"),
        "clip.weights_mismatch": tmp_path / "resnet" / "model.safetensors",
    }
    for code, path in files.items():
        with pytest.raises(EngineError) as caught:
            weights.fit(weights.read(path), tiny.make_model(), str(path))
        assert caught.value.message.code == code
        assert str(path) in str(caught.value)
        assert caught.value.message.hint
    with pytest.raises(EngineError) as caught:
        weights.read(_truncated(_saved(state, tmp_path / "cut.pt")))
    assert caught.value.message.code in ("clip.damaged_weights", "clip.unsafe_weights")
    text: nn.Module = tiny.make_model("short")
    with pytest.raises(EngineError, match="positional_embedding should be 16×32 but is 77×32"):
        weights.fit(state, text, "x")


def test_pickled_state_dicts_in_their_usual_forms(tmp_path: Path, tiny_architecture: str) -> None:
    wanted = backbone.from_folder(tiny.make(tmp_path / "good"))
    state = wanted.state_dict()
    forms = {
        "plain": state,
        "half": {name: value.half() for name, value in state.items()},
        "training": {"epoch": 3, "state_dict": {f"module.{n}": v for n, v in state.items()}},
    }
    for name, content in forms.items():
        loaded = _load(tiny_architecture, _saved(content, tmp_path / f"{name}.pt"))
        assert loaded.logit_scale.dtype == torch.float32
        torch.testing.assert_close(
            loaded.encode_images(_images()), wanted.encode_images(_images()), rtol=1e-2, atol=1e-2
        )


def test_old_form_without_text_prefix(tmp_path: Path) -> None:
    custom = tiny.make_model("custom-text")
    old = {name.removeprefix("text."): value for name, value in custom.state_dict().items()}
    assert weights.fit(old, custom, "x").keys() == custom.state_dict().keys()


def test_models_that_cannot_be_named(tmp_path: Path) -> None:
    folder = tiny.make(tmp_path / "model")
    (tmp_path / "empty").mkdir()
    bad = tiny.make(tmp_path / "bad")
    (bad / "open_clip_config.json").write_text('{"model_cfg": {"embed_dim": 16}}', encoding="utf-8")
    odd = tiny.make(tmp_path / "odd")
    config = {"model_cfg": {**tiny.KINDS["vit"], "no_such_switch": 1}}
    (odd / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    cases: list[tuple[str, str | None, str]] = [
        ("ViT-B-23", None, "clip.unknown_model"),
        ("ViT-B-32", None, "clip.no_weights_named"),
        ("ViT-B-32", "nothing", "clip.unknown_weights"),
        ("coca_ViT-B-32", "laion2b_s13b_b90k", "clip.multimodal"),
        (str(folder), "openai", "clip.weights_not_taken"),
        (str(tmp_path / "empty"), None, "clip.not_a_model_folder"),
        (str(bad), None, "clip.bad_config"),
        (str(odd), None, "clip.bad_config"),
        ("hf-hub:not a name", None, "clip.unknown_model"),
    ]
    for name, tag, code in cases:
        with pytest.raises(EngineError) as caught:
            backbone.load(recipe.Model(name=name, weights=tag))
        assert caught.value.message.code == code, name
        assert caught.value.exit_code == 2
    with pytest.raises(EngineError, match="did you mean 'ViT-B-32'"):
        _load("ViT-B-32x")


def test_vit_b_32_from_a_local_file(tmp_path: Path) -> None:
    path = tmp_path / "random.safetensors"
    empty = build.build(sources.architecture("ViT-B-32") or {}, "ViT-B-32", "meta").state_dict()
    generator = torch.Generator().manual_seed(0)
    save_file({n: (0.02 * torch.randn(v.shape, generator=generator)).half() for n, v in empty.items()}, path)
    loaded = _load("ViT-B-32", path)
    assert sum(loaded.parameters_count) == 151_277_312
    assert loaded.preprocess.size == (224, 224)
    assert loaded.context_length == 77
    with torch.no_grad():
        assert loaded.encode_images(torch.randn(1, 3, 224, 224)).isfinite().all()
        assert loaded.encode_texts(loaded.tokenize(["a photo of a dog."])).shape == (1, 512)


# --- the head -------------------------------------------------------------------------------------


def test_head_is_the_normalised_mean_of_normalised_captions(tmp_path: Path) -> None:
    loaded = backbone.from_folder(tiny.make(tmp_path))
    captions = [["a dog.", "the dog", "dog"], ["a cat"], ["one bird", "two birds"]]
    with torch.no_grad():
        head_CD = class_embeddings(loaded, captions, batch=2)
        for row_D, texts in zip(head_CD, captions, strict=True):
            mean_D = loaded.encode_texts(loaded.tokenize(texts)).mean(dim=0)
            torch.testing.assert_close(row_D, mean_D / mean_D.norm())
        classifier = open_clip.build_zero_shot_classifier(
            loaded.model,
            open_clip.get_tokenizer("ViT-B-32"),
            ["dog", "cat"],
            [lambda name: f"a {name}.", lambda name: f"the {name}"],
        )
        ours_CD = class_embeddings(loaded, [["a dog.", "the dog"], ["a cat.", "the cat"]])
        torch.testing.assert_close(ours_CD, classifier.T)
    assert class_embeddings(loaded, captions).requires_grad
    with pytest.raises(ValueError, match="no caption"):
        class_embeddings(loaded, [["a"], []])


def test_imagenet_templates() -> None:
    assert len(imagenet_templates()) == 80
    assert len(imagenet_templates(simple=True)) == 7
    assert all(template.count("{}") == 1 for template in imagenet_templates())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("model_cfg.embed_dim", "16"),
        ("model_cfg.vision_cfg.layers", "2"),
        ("model_cfg.vision_cfg.layers", []),
        ("model_cfg.vision_cfg.patch_size", 0),
        ("model_cfg.vision_cfg.image_size", ["a", "b"]),
        ("model_cfg.text_cfg.layers", 0),
        ("model_cfg.text_cfg.context_length", "77"),
        ("model_cfg.text_cfg.hf_tokenizer_name", 2.5),
        ("model_cfg.text_cfg.tokenizer_mode", ["clips"]),
        ("model_cfg.text_cfg.tokenizer_kwargs", "lower"),
        ("model_cfg.text_cfg.tokenizer_kwargs", {"bpe_path": "/dev/zero"}),
        ("model_cfg.text_cfg.tokenizer_kwargs", {"clean": 1}),
        ("model_cfg.text_cfg.tokenizer_kwargs", {"clean": "nowise"}),
        ("model_cfg.text_cfg.tokenizer_kwargs", {"additional_special_tokens": [1]}),
        ("preprocess_cfg", "none"),
        ("preprocess_cfg.mean", [0.5, 0.5]),
        ("preprocess_cfg.mean", [0.5, 0.5, float("nan")]),
        ("preprocess_cfg.std", [0.5, 0.5, 0]),
        ("preprocess_cfg.fill_color", float("inf")),
    ],
)
def test_a_configuration_with_wrong_values_is_input_at_fault(
    tmp_path: Path, place: str, value: object
) -> None:
    file = tiny.make(tmp_path / "model") / "open_clip_config.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    *above, name = place.split(".")
    part = content
    for step in above:
        part = part[step]
    part[name] = value
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(EngineError) as caught:
        backbone.load(recipe.Model(name=str(tmp_path / "model"))).token_counts(["a"])
    assert caught.value.message.code in ("clip.bad_config", "clip.bad_preprocess")


def test_special_tokens_of_a_configuration_are_given_to_the_tokenizer() -> None:
    text = {"tokenizer_kwargs": {"additional_special_tokens": ["<new>"], "clean": "whitespace"}}
    assert tokenizer.make({"text_cfg": text}, None, "x").counts(["<new>", "a cat"]) == [3, 4]
