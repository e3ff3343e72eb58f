"""From a recipe's model to a configuration and a weights file on this machine."""

from __future__ import annotations

import copy
import difflib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import paths, recipe
from engine.clip import build, library, preprocess
from engine.clip.quiet import quiet
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import Emit

if TYPE_CHECKING:
    from engine.clip.weights import StateDict

CONFIG_FILE = "open_clip_config.json"
HUB_PREFIX = "hf-hub:"
STARTER = "starter"
_SUFFIX = "-quickgelu"
_PREFERRED = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from: its configuration and its weights file."""

    where: str
    """Its name in messages."""
    model_config: dict[str, Any]
    preprocess_config: dict[str, Any]
    weights: Path
    folder: Path | None = None
    """A folder that may hold a tokenizer's files."""
    bare: bool = False
    """Only an architecture and a file were named: what the weights were trained with is not said."""

    def corrected(self, state: StateDict, digest: str) -> Source:
        """With the activation and picture settings that the weights were trained with, where known.

        Weights of an architecture named without them (OpenAI's with plain ViT-B-32) would load
        and compute something else. They are known by their hash, by a configuration beside the
        file, or by the marks OpenAI left in its files.
        """
        if not self.bare:
            return self
        from engine.clip.weights import is_openai

        beside = self.weights.parent / CONFIG_FILE
        if known := _published(digest):
            return replace(
                self,
                model_config={**self.model_config, "quick_gelu": bool(known.get("quick_gelu", False))},
                preprocess_config=known,
            )
        if beside.is_file():
            stated = _read_config(beside)
            same = {"quick_gelu": bool(stated["model_cfg"].get("quick_gelu", False))}
            return replace(
                self,
                model_config={**self.model_config, **same},
                preprocess_config=preprocess.settings(stated.get("preprocess_cfg"), str(beside)),
            )
        if is_openai(state):
            return replace(self, model_config={**self.model_config, "quick_gelu": True})
        return self


def find(model: recipe.Model, *, download: bool, control: Control | None, emit: Emit | None) -> Source:
    """The source of the model a recipe names. Raises EngineError if it is not here and not fetched."""
    if model.name == STARTER:
        _refuse_weights(model)
        folder = paths.resources_folder() / "starter"
        if not (folder / CONFIG_FILE).is_file():
            raise EngineError("clip.starter_missing", path=str(folder))
        return replace(folder_source(folder), where=STARTER)
    if model.name.startswith(HUB_PREFIX):
        _refuse_weights(model)
        file = _fetched(model.name, None, download, control, emit)
        return replace(folder_source(file.parent, file), where=model.name)
    config = architecture(model.name)
    if config is not None:
        return _architecture_source(model, config, download, control, emit)
    folder = Path(model.name).expanduser()
    if folder.is_dir():
        _refuse_weights(model)
        return folder_source(folder)
    raise EngineError("clip.unknown_model", model=model.name, suggestion=_suggestion(model.name))


def folder_source(folder: Path, file: Path | None = None) -> Source:
    """The source in an open_clip folder; ``file`` is its weights file if that is known already."""
    config_path = folder / CONFIG_FILE
    if not config_path.is_file():
        raise EngineError("clip.not_a_model_folder", path=str(folder), reason=f"it has no {CONFIG_FILE}")
    content = _read_config(config_path)
    chosen = file or _weights_in(folder)
    return Source(
        where=str(folder),
        model_config=build.check(content["model_cfg"], str(config_path)),
        preprocess_config=preprocess.settings(content.get("preprocess_cfg"), str(config_path)),
        weights=chosen,
        folder=folder,
    )


def architecture(name: str) -> dict[str, Any] | None:
    """open_clip's ``model_cfg`` of an architecture; None if there is none of that name."""
    with quiet():
        open_clip = library.load()
        config: dict[str, Any] | None = (
            None if ":" in name or "\\" in name else open_clip.get_model_config(name.replace("/", "-"))
        )
        if config is None and name.endswith(_SUFFIX):
            # any architecture may be asked for with the activation in its name
            config = open_clip.get_model_config(name.removesuffix(_SUFFIX))
    return config


def pretrained(name: str, tag: str) -> tuple[str, dict[str, Any]] | None:
    """The plain architecture of a published set of weights and what open_clip knows of them."""
    with quiet():
        library.load()
        from open_clip.pretrained import get_pretrained_cfg

        plain = name.replace("/", "-").removesuffix(_SUFFIX)
        found: dict[str, Any] = get_pretrained_cfg(plain, tag)
    return (plain, copy.deepcopy(found)) if found else None


def tags(name: str) -> list[str]:
    """The pretrained tags of an architecture."""
    with quiet():
        return list(
            library.load().list_pretrained_tags_by_model(name.replace("/", "-").removesuffix(_SUFFIX))
        )


def corrected_config(name: str, tag_config: dict[str, Any]) -> dict[str, Any]:
    """The ``model_cfg`` of published weights, with the activation they were trained with.

    Where open_clip's entry says nothing of QuickGELU, the plain architecture's own value holds.
    """
    config = architecture(name)
    if config is None:
        raise EngineError("clip.unknown_model", model=name, suggestion=_suggestion(name))
    if "quick_gelu" in tag_config:
        config["quick_gelu"] = bool(tag_config["quick_gelu"])
    return config


def _architecture_source(
    model: recipe.Model, config: dict[str, Any], download: bool, control: Control | None, emit: Emit | None
) -> Source:
    if model.weights is None:
        raise EngineError("clip.no_weights_named", model=model.name, tags=_listed(model.name))
    where = f"{model.name}, {model.weights}"
    if published := pretrained(model.name, model.weights):
        plain, tag_config = published
        checked = build.check(corrected_config(plain, tag_config), where)
        file = _fetched(model.name, model.weights, download, control, emit)
        return Source(where, checked, tag_config, file)
    file = Path(model.weights).expanduser()
    if not file.is_file():
        raise EngineError(
            "clip.unknown_weights", model=model.name, weights=model.weights, tags=_listed(model.name)
        )
    if model.name.endswith(_SUFFIX):
        config["quick_gelu"] = True
        return Source(where, build.check(config, model.name), {}, file)
    return Source(where, build.check(config, model.name), {}, file, bare=True)


def _fetched(name: str, tag: str | None, download: bool, control: Control | None, emit: Emit | None) -> Path:
    from engine.clip import download as hub

    if (file := hub.cached(name, tag)) is not None:
        return file
    if not download:
        raise EngineError("clip.not_downloaded", model=name if tag is None else f"{name}, {tag}")
    return hub.download(name, tag, control or Control(), emit or (lambda event: None))


def _weights_in(folder: Path) -> Path:
    for name in _PREFERRED:
        if (folder / name).is_file():
            return folder / name
    others = sorted(folder.glob("*.safetensors"))
    if len(others) == 1:
        return others[0]
    reason = "it has no weights file" if not others else "it has several weights files, none by a usual name"
    raise EngineError("clip.not_a_model_folder", path=str(folder), reason=reason)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError("clip.bad_config", str(error), where=str(path), reason=str(error)) from error
    if not isinstance(content, dict):
        raise EngineError("clip.bad_config", where=str(path), reason="it is not a JSON object")
    if "model_cfg" not in content:
        # older exports are the bare model_cfg
        content = {"model_cfg": content}
    build.check(content["model_cfg"], str(path))
    return content


def _published(digest: str) -> dict[str, Any] | None:
    """What open_clip knows of a weights file with this SHA-256; the hash stands in the file's address."""
    with quiet():
        open_clip = library.load()
        from open_clip.pretrained import get_pretrained_cfg

        for name, tag in open_clip.list_pretrained():
            known: dict[str, Any] = get_pretrained_cfg(name, tag)
            url = known.get("url") or ""
            stem = url.rpartition("/")[2].rpartition(".")[0]
            if ("openaipublic" in url and digest in url.split("/")) or (
                "mlfoundations" in url and digest.startswith(stem.rpartition("-")[2])
            ):
                return copy.deepcopy(known)
    return None


def _refuse_weights(model: recipe.Model) -> None:
    if model.weights is not None:
        raise EngineError("clip.weights_not_taken", model=model.name, weights=model.weights)


def _listed(name: str) -> str:
    return ", ".join(tags(name)) or "none are published for it"


def _suggestion(name: str) -> str:
    with quiet():
        close = difflib.get_close_matches(name, [STARTER, *library.load().list_models()], 1)
    return f"; did you mean '{close[0]}'" if close else ""
