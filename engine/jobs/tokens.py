"""How many tokens captions take, and which words the starter does not know. Needs no weights."""

from __future__ import annotations

from functools import cache, lru_cache

from engine import paths
from engine.clip import sources, tokenizer
from engine.clip.tokenizer import Tokenizer
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import Emit
from engine.recipe import Model
from engine.requests import TokensAnswer, TokensRequest


def tokens(request: TokensRequest, emit: Emit, control: Control) -> TokensAnswer:
    """Count the tokens of each caption, start and end included, before any cutting."""
    made = _tokenizer(request.model)
    counts: list[int] = []
    # a dict keeps the order
    unfamiliar: dict[str, None] = {}
    familiar = _starter_words() if request.model.name == sources.STARTER else None
    captions = list(request.captions)
    for start in range(0, len(captions), 1000):
        control.check()
        part = captions[start : start + 1000]
        counts += made.counts(part)
        if familiar is not None:
            unfamiliar.update((word, None) for word in made.words(part) if word not in familiar)
    return TokensAnswer(counts=tuple(counts), limit=made.context_length, unfamiliar=tuple(unfamiliar))


@cache
def _starter_words() -> frozenset[str]:
    """Every word of the captions that the starter was trained with; ``make_starter`` wrote them down."""
    path = paths.resources_folder() / sources.STARTER / "vocabulary.txt"
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except OSError as error:
        raise EngineError("clip.starter_missing", str(error), path=str(path)) from None


@lru_cache(maxsize=4)
def _tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of a model, kept: a person who types captions asks again and again."""
    config = sources.architecture(model.name) if model.name != sources.STARTER else None
    if config is not None:
        # published weights need not be here for that
        return tokenizer.make(config, None, model.name)
    source = sources.find(model, download=False, control=None, emit=None)
    return tokenizer.make(source.model_config, source.folder, source.where)
