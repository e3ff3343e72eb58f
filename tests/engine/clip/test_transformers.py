"""Tokenizers and text towers of transformers, the optional extra; skipped where it is not installed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import warnings
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from engine.clip import backbone, build, tokenizer
from engine.clip.quiet import quiet
from engine.clip.tokens import encode_text
from engine.errors import EngineError
from tests.engine.clip import tiny
from tests.engine.clip.hub import serving
from tests.engine.clip.machine import Machine

_HERE = importlib.util.find_spec("transformers") is not None
_TEXTS = ["a photo of a dog", "cat", "a a a a a a a a a a a a a a a a a a a a"]


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    """A folder with a tokenizer of a few words, as transformers saves it."""
    if not _HERE:
        pytest.skip("the extra 'hf' is not installed")
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizers: Any = importlib.import_module("tokenizers")
        models, processors = tokenizers.models, tokenizers.processors
        transformers: Any = importlib.import_module("transformers")

        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "photo", "of", "dog", "cat"]
        made = tokenizers.Tokenizer(
            models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
        )
        made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        fast = transformers.PreTrainedTokenizerFast(
            tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
        )
        fast.save_pretrained(str(tmp_path / "model"))
    return tmp_path / "model"


def _write(folder: Path, config: build.ModelConfig) -> Path:
    state = build.build(config, "x").state_dict()
    save_file({n: v.contiguous().clone() for n, v in state.items()}, folder / "model.safetensors")
    content = {"model_cfg": config, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_tokenizer_travels_with_the_folder(tokenizer_folder: Path, tmp_path: Path) -> None:
    text = {**tiny.KINDS["vit"]["text_cfg"], "context_length": 16, "vocab_size": 16, "pool_type": "last"}
    text |= {"no_causal_mask": True, "hf_tokenizer_name": "nowhere/at-all"}
    text |= {"tokenizer_kwargs": {"strip_sep_token": True}}
    loaded = backbone.from_folder(_write(tokenizer_folder, {**tiny.KINDS["vit"], "text_cfg": text}))
    assert loaded.token_counts(_TEXTS) == [7, 3, 22]
    tokens_TL = loaded.tokenize(_TEXTS)
    assert tokens_TL.shape == (3, 16)
    loaded.write(tmp_path / "written")
    with quiet():
        theirs = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'written'}")(_TEXTS)
    assert torch.equal(theirs, tokens_TL)


def test_text_tower_gets_every_token(tokenizer_folder: Path, tmp_path: Path) -> None:
    with quiet():
        transformers: Any = importlib.import_module("transformers")
        small = transformers.RobertaConfig(
            vocab_size=16,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
            pad_token_id=0,
        )
        small.save_pretrained(str(tmp_path / "roberta"))
    text = {
        "hf_model_name": str(tmp_path / "roberta"),
        "hf_tokenizer_name": "nowhere/at-all",
        "hf_proj_type": "mlp",
        "hf_pooler_type": "mean_pooler",
        "context_length": 16,
    }
    loaded = backbone.from_folder(_write(tokenizer_folder, {**tiny.KINDS["vit"], "text_cfg": text}))
    tokens_TL = loaded.tokenize(_TEXTS)
    with torch.no_grad():
        own_TD = loaded.model.encode_text(tokens_TL)  # type: ignore[operator]
        torch.testing.assert_close(encode_text(loaded.model, tokens_TL), own_TD)
    assert loaded.context_length == 16


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "has_transformers", lambda: False)
    config = {
        **tiny.KINDS["vit"],
        "text_cfg": {**tiny.KINDS["vit"]["text_cfg"], "hf_tokenizer_name": "bert-base-uncased"},
    }
    with pytest.raises(EngineError) as caught:
        backbone.skeleton({"model_cfg": config})
    assert caught.value.message.code == "clip.needs_transformers"
    assert "pip install" in caught.value.message.hint


def test_tokenizer_is_fetched_along_and_works_offline(tokenizer_folder: Path, tmp_path: Path) -> None:
    names = ("tokenizer.json", "tokenizer_config.json")
    words = {name: (tokenizer_folder / name).read_bytes() for name in names}
    for name in names:
        (tokenizer_folder / name).unlink()
    text = {**tiny.KINDS["vit"]["text_cfg"], "vocab_size": 16, "hf_tokenizer_name": "someone/words"}
    _write(tokenizer_folder, {**tiny.KINDS["vit"], "text_cfg": text})
    model = {
        "open_clip_config.json": (tokenizer_folder / "open_clip_config.json").read_bytes(),
        "open_clip_model.safetensors": (tokenizer_folder / "model.safetensors").read_bytes(),
    }
    with serving({"someone/model": model, "someone/words": words}) as hub:
        machine = Machine(tmp_path / "hf", hub.url)
        (fetched,) = machine.run(("hf-hub:someone/model", None, {}))
        assert "path" in fetched, fetched
    (counted,) = machine.run(("hf-hub:someone/model", None, {"count": "a dog"}), HF_HUB_OFFLINE="1")
    assert counted.get("counts") == [4], counted


_EVIL = "from pathlib import Path\nPath({mark!r}).touch()\nclass X: pass\n"


@pytest.mark.parametrize("kwargs", [{"trust_remote_code": True}, {}])
def test_a_folder_with_code_of_its_own_does_not_run_it_for_the_tokenizer(
    tokenizer_folder: Path, tmp_path: Path, kwargs: dict[str, Any]
) -> None:
    mark = tmp_path / "ran"
    (tokenizer_folder / "evil.py").write_text(_EVIL.format(mark=str(mark)), encoding="utf-8")
    file = tokenizer_folder / "tokenizer_config.json"
    said = {**json.loads(file.read_text(encoding="utf-8")), "tokenizer_class": "X"}
    said |= {"auto_map": {"AutoTokenizer": ["evil.X", None]}}
    file.write_text(json.dumps(said), encoding="utf-8")
    text = {"context_length": 16, "hf_tokenizer_name": "nowhere/at-all", "tokenizer_kwargs": kwargs}
    with pytest.raises(EngineError) as caught:
        tokenizer.make({"text_cfg": text}, tokenizer_folder, "x").counts(_TEXTS)
    assert caught.value.message.code == ("clip.bad_config" if kwargs else "clip.no_tokenizer")
    assert not mark.exists()


def test_a_text_tower_with_code_of_its_own_neither_runs_it_nor_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not _HERE:
        pytest.skip("the extra 'hf' is not installed")
    mark, asked = tmp_path / "ran", tmp_path / "asked"
    folder = tmp_path / "tower"
    folder.mkdir()
    (folder / "evil.py").write_text(_EVIL.format(mark=str(mark)), encoding="utf-8")
    said = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.X", "AutoModel": "evil.X"}}
    (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")

    def answer(*_: object) -> str:
        asked.touch()
        return "y"

    monkeypatch.setattr("builtins.input", answer)
    text = {"hf_model_name": str(folder), "hf_tokenizer_name": "nowhere/at-all", "hf_proj_type": "mlp"}
    with pytest.raises(EngineError) as caught:
        build.build({**tiny.KINDS["vit"], "text_cfg": text}, "x")
    assert caught.value.message.code == "clip.bad_config"
    assert not asked.exists()
    assert not mark.exists()
