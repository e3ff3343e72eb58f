"""The whole program from outside: real processes, real files. Pictures and models are those of the engine."""

from __future__ import annotations

from tests.engine.conftest import make_recipe, own_folders, pictures, shifted, tiny_model

__all__ = ["make_recipe", "own_folders", "pictures", "shifted", "tiny_model"]
