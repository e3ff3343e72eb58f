"""Text to tokens: open_clip's own tokenizer, or one of transformers where the model was trained with it."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.clip.build import has_transformers
from engine.clip.quiet import quiet
from engine.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

_DEFAULT_LENGTH = 77
_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model")


class Tokenizer:
    """One model's tokenizer; built on first use, since it takes a moment."""

    def __init__(self, text_config: dict[str, Any], folder: Path | None, where: str) -> None:
        self._config = text_config
        self._folder = folder
        self._where = where
        self.context_length = int(text_config.get("context_length") or _DEFAULT_LENGTH)
        self._hub_name: str = text_config.get("hf_tokenizer_name") or ""

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

    def write(self, folder: Path) -> None:
        """Write the files that open_clip needs beside the configuration, if the tokenizer has any."""
        if self._hub_name:
            with quiet():
                self._made.save_pretrained(str(folder))

    @cached_property
    def _made(self) -> Any:
        options = dict(self._config.get("tokenizer_kwargs") or {})
        with quiet():
            from open_clip.tokenizer import HFTokenizer

            if not self._hub_name:
                return _simple(self.context_length, tuple(sorted(options.items())))
            if not has_transformers():
                raise EngineError("clip.needs_transformers", model=self._where, part="tokenizer")
            local = self._folder is not None and any((self._folder / name).is_file() for name in _FILES)
            try:
                return HFTokenizer(
                    str(self._folder) if local else self._hub_name,
                    context_length=self.context_length,
                    tokenizer_mode=self._config.get("tokenizer_mode"),
                    **options,
                )
            except (OSError, ValueError, ImportError) as error:
                reason = str(error).partition("\n")[0]
                raise EngineError(
                    "clip.no_tokenizer",
                    str(error),
                    model=self._where,
                    tokenizer=self._hub_name,
                    reason=reason,
                ) from error


@cache
def _simple(context_length: int, options: tuple[tuple[str, Any], ...]) -> Any:
    """open_clip's tokenizer; it has no state, and building its tables takes half a second."""
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer(context_length=context_length, **dict(options))


def make(config: dict[str, Any], folder: Path | None, where: str) -> Tokenizer:
    """The tokenizer of a ``model_cfg``; ``folder`` may hold its files."""
    return Tokenizer(config["text_cfg"], folder, where)
