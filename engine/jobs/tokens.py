"""How many tokens captions take; needs a model's configuration, not its weights."""

from __future__ import annotations

from functools import lru_cache

from engine.clip import sources, tokenizer
from engine.clip.tokenizer import Tokenizer
from engine.control import Control
from engine.jobs import Emit
from engine.recipe import Model
from engine.requests import TokensAnswer, TokensRequest


def tokens(request: TokensRequest, emit: Emit, control: Control) -> TokensAnswer:
    """Count the tokens of each caption, start and end included, before any cutting."""
    made = _tokenizer(request.model)
    counts: list[int] = []
    captions = list(request.captions)
    for start in range(0, len(captions), 1000):
        control.check()
        counts += made.counts(captions[start : start + 1000])
    return TokensAnswer(counts=tuple(counts), limit=made.context_length)


@lru_cache(maxsize=4)
def _tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of a model, kept: a person who types captions asks again and again."""
    config = sources.architecture(model.name) if model.name != sources.STARTER else None
    if config is not None:
        # published weights need not be here for that
        return tokenizer.make(config, None, model.name)
    source = sources.find(model, download=False, control=None, emit=None)
    return tokenizer.make(source.model_config, source.folder, source.where)
