"""Text to tokens: open_clip's own tokenizer, or one of transformers where the model was trained with it."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.clip import library
from engine.clip.build import has_transformers
from engine.clip.quiet import quiet
from engine.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

_DEFAULT_LENGTH = 77
_OPTIONS: dict[str, type] = {"clean": str, "reduction_mask": str, "additional_special_tokens": list}
"""The ``tokenizer_kwargs`` of a configuration that open_clip's own tokenizer is given."""
_HUB_OPTIONS: dict[str, type] = {"clean": str, "strip_sep_token": bool, "language": str}
"""Those that one of transformers is given; what it would take beyond them could run a stranger's code."""
_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model")


_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+")
"""A word as a person counts them: hyphens part two, an apostrophe does not."""


class Tokenizer:
    """One model's tokenizer; built on first use, since it takes a moment."""

    def __init__(self, text_config: dict[str, Any], folder: Path | None, where: str) -> None:
        self._config = text_config
        self._folder = folder
        self._where = where
        self.context_length: int = text_config.get("context_length") or _DEFAULT_LENGTH
        self._hub_name: str = text_config.get("hf_tokenizer_name") or ""
        for name, value, kind in (
            ("context_length", self.context_length, int),
            ("hf_tokenizer_name", self._hub_name, str),
            ("tokenizer_mode", text_config.get("tokenizer_mode") or "", str),
        ):
            if not isinstance(value, kind):
                reason = f"text_cfg.{name} should be of the type {kind.__name__}"
                raise EngineError("clip.bad_config", where=where, reason=reason)
        self._options = _options(text_config, _HUB_OPTIONS if self._hub_name else _OPTIONS, where)

    def tokenize(self, texts: list[str]) -> Tensor:
        """tokens_TL, int64, cut or padded to the context length."""
        with quiet():
            tokens_TL: Tensor = self._made(texts, context_length=self.context_length)
        return tokens_TL.long()

    def counts(self, texts: list[str]) -> list[int]:
        """Tokens of each text with start and end, uncut."""
        made = self._made
        if not self._hub_name:
            return [len(made.encode(text)) + 2 for text in texts]
        if not texts:
            return []
        with quiet():
            encoded = made.tokenizer([made.clean_fn(text) for text in texts], truncation=False, padding=False)
        return [len(tokens) for tokens in encoded["input_ids"]]

    def words(self, texts: list[str]) -> list[str]:
        """Words and numbers of the texts in order, cleaned and lower-cased as the model's tokenizer does."""
        with quiet():
            cleaned: str = self._made.clean_fn(" ".join(texts))
        return _WORD.findall(cleaned)

    def write(self, folder: Path) -> None:
        """Write the files that open_clip needs beside the configuration, if the tokenizer has any."""
        if self._hub_name:
            with quiet():
                self._made.save_pretrained(str(folder))

    @cached_property
    def _made(self) -> Any:
        with quiet():
            library.load()
            from open_clip.tokenizer import HFTokenizer

            if not self._hub_name:
                try:
                    return _simple(self.context_length, tuple(sorted(self._options.items())))
                except (AssertionError, ValueError) as error:
                    raise EngineError(
                        "clip.bad_config", str(error), where=self._where, reason=str(error)
                    ) from error
            if not has_transformers():
                raise EngineError("clip.needs_transformers", model=self._where, part="tokenizer")
            local = self._folder is not None and any((self._folder / name).is_file() for name in _FILES)
            try:
                return HFTokenizer(
                    str(self._folder) if local else self._hub_name,
                    context_length=self.context_length,
                    tokenizer_mode=self._config.get("tokenizer_mode"),
                    trust_remote_code=False,
                    **self._options,
                )
            except Exception as error:
                # damaged files make the library tokenizers raise plain Exception
                reason = str(error).partition("\n")[0] or type(error).__name__
                raise EngineError(
                    "clip.no_tokenizer",
                    str(error),
                    model=self._where,
                    tokenizer=self._hub_name,
                    reason=reason,
                ) from error


def _options(text_config: dict[str, Any], known: dict[str, type], where: str) -> dict[str, Any]:
    """The ``tokenizer_kwargs`` of a configuration; EngineError for one not known to be harmless."""
    given = text_config.get("tokenizer_kwargs") or {}
    if not isinstance(given, dict):
        raise EngineError(
            "clip.bad_config", where=where, reason="text_cfg.tokenizer_kwargs should be an object"
        )
    for name, value in given.items():
        if name not in known:
            reason = f"text_cfg.tokenizer_kwargs holds '{name}', which is not taken from a file"
            raise EngineError("clip.bad_config", where=where, reason=reason)
        if not isinstance(value, known[name]) or (
            isinstance(value, list) and not all(isinstance(item, str) for item in value)
        ):
            reason = f"text_cfg.tokenizer_kwargs.{name} has a value of the wrong type"
            raise EngineError("clip.bad_config", where=where, reason=reason)
    # lists as tuples, so that tokenizers can be found again by their options
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


@cache
def _simple(context_length: int, options: tuple[tuple[str, Any], ...]) -> Any:
    """open_clip's tokenizer; it has no state, and building its tables takes half a second."""
    library.load()
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer(context_length=context_length, **dict(options))


def make(config: dict[str, Any], folder: Path | None, where: str) -> Tokenizer:
    """The tokenizer of a ``model_cfg``; ``folder`` may hold its files."""
    return Tokenizer(config["text_cfg"], folder, where)
