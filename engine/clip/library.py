"""open_clip, loaded without what models here never use of it.

As it stands, loading it takes twice as long as loading torch, and nearly all of that is for two guests:
torchvision and timm load torch's compiler (``torch._dynamo``, and with it sympy and torch.distributed) to
ask it to leave a few functions alone, and the module for text towers of transformers loads that library.
No model is compiled here, and few have such a tower. So a stand-in answers for the compiler while open_clip
loads, and transformers comes when a tower needs it. Afterwards both are to be had; only what torchvision,
timm and open_clip have noted of them while they were loaded stays.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

from engine.imports import uncollected

_COMPILER = "torch._dynamo"
_LOCK = threading.Lock()
_LOADED = ("open_clip", "timm", "torchvision")
"""What asks the compiler for something while it is loaded."""


def load(*, text_towers: bool = False) -> Any:
    """The module ``open_clip``.

    With ``text_towers`` it can build those of transformers, if that is installed.
    """
    with _LOCK:
        if "open_clip" in sys.modules:
            import open_clip
        else:
            open_clip = _lean()
        if text_towers:
            from open_clip import hf_model, model

            if hf_model.transformers is None:
                # it looked for transformers once, as it was loaded
                importlib.reload(hf_model)
                model.HFTextEncoder = hf_model.HFTextEncoder
        return open_clip


def _lean() -> Any:
    """open_clip without both guests; as it stands, if one of the three in ``_LOADED`` wants more of them."""
    before = set(sys.modules)
    try:
        with uncollected(), _without_compiler(), _without_transformers():
            open_clip = importlib.import_module("open_clip")
        if open_clip.timm_model.timm is None:
            # it takes any trouble with timm for a timm that is not installed
            raise ImportError("timm")
        return open_clip
    except (ImportError, AttributeError, TypeError):
        # half-loaded modules would be taken for whole ones
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in _LOADED:
                del sys.modules[name]
        return importlib.import_module("open_clip")


@contextlib.contextmanager
def _without_compiler() -> Iterator[None]:
    """``torch.compiler.disable`` gives functions back as they are, and nothing is loaded for it."""
    import torch

    if _COMPILER in sys.modules:
        yield
        return
    stand_in: Any = types.ModuleType(_COMPILER)
    stand_in.utils = types.ModuleType(f"{_COMPILER}.utils")
    stand_in.disable = _as_it_is
    # torchvision asks before it compiles parts of its operators for detection
    stand_in.utils.is_compile_supported = lambda device_type: False
    modules = {_COMPILER: stand_in, f"{_COMPILER}.utils": stand_in.utils}
    sys.modules.update(modules)
    torch._dynamo = stand_in
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        # torch loads the real one when it is next asked for
        del torch._dynamo


def _as_it_is(function: Any = None, *_: Any, **__: Any) -> Any:
    return _as_it_is if function is None else function


class _Hidden(importlib.abc.MetaPathFinder):
    """Lets the thread that made it find no transformers."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        """Raise ModuleNotFoundError for transformers, and leave the rest to the other finders."""
        if fullname == "transformers" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is loaded when it is needed", name=fullname)


@contextlib.contextmanager
def _without_transformers() -> Iterator[None]:
    """open_clip loads as where transformers is not installed. Other threads may load it meanwhile."""
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)
