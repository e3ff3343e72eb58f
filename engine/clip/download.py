"""Fetching weights from the hub into its cache: with progress, cancellable, and resumed when broken off.

The hub's own client throws away what it had when a transfer breaks off (version 2 does). Here the
bytes go into a file of our own beside the cache's blobs, which is continued with a Range request,
checked against the hub's SHA-256, and then put where the hub's client looks: what it downloads
and what we download is one cache. Every published tag has a place on the hub, so that no other
address is ever asked.

huggingface_hub reads HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE when it is imported: it is imported
inside functions, so that the process can set them first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine import files
from engine.clip import build, sources, tokenizer
from engine.clip.quiet import quiet
from engine.clip.transfer import STALL_SECONDS, Transfer, brief, connection_errors, receive, watched
from engine.control import Control
from engine.errors import EngineError
from engine.jobs import Emit

_T = TypeVar("_T")

_DEFAULT = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    # last: in some repositories this is the image tower alone
    "model.safetensors",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the hub a model's weights are."""

    title: str
    """For messages."""
    repository: str
    candidates: tuple[str, ...]
    """Names its weights file may have, best first."""
    with_config: bool
    """Whether the configuration has to come from there too."""


def place(name: str, tag: str | None) -> Place:
    """Where the weights of ``hf-hub:owner/name`` or of an architecture's tag are. EngineError if unknown."""
    if name.startswith(sources.HUB_PREFIX):
        repository = name.removeprefix(sources.HUB_PREFIX).strip("/")
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository):
            raise EngineError("clip.unknown_model", model=name, suggestion="")
        return Place(name, repository, _DEFAULT, True)
    published = sources.pretrained(name, tag) if tag else None
    if published is None:
        if sources.architecture(name) is None:
            raise EngineError("clip.unknown_model", model=name, suggestion="")
        known = ", ".join(sources.tags(name)) or "none are published for it"
        if tag is None:
            raise EngineError("clip.no_weights_named", model=name, tags=known)
        raise EngineError("clip.unknown_weights", model=name, weights=tag, tags=known)
    address: str = published[1].get("hf_hub") or ""
    repository, _, file = address.rpartition("/")
    if not repository:
        raise EngineError("clip.no_open_clip_files", model=f"{name}, {tag}", missing="place on the hub")
    stem = file.removesuffix(".bin").removesuffix(".pth")
    candidates = (f"{stem}.safetensors", file) if file else _DEFAULT
    return Place(f"{name}, {tag}", repository, candidates, False)


def cached(name: str, tag: str | None) -> Path | None:
    """The weights file if it is on this machine already. Asks no network."""
    return _cached(place(name, tag))


def endpoint() -> str:
    """The address of the hub, as HF_ENDPOINT says."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def download(name: str, tag: str | None, control: Control, emit: Emit) -> Path:
    """Fetch a model's weights (and, for ``hf-hub:``, its configuration); the weights file's path.

    Emits Progress in bytes a few times a second. Returns at once what is cached. Raises Cancelled
    within a fraction of a second of being asked (what came so far is kept for the next try), and
    EngineError if the hub cannot be reached, has no such model, or sends something else.
    """
    wanted = place(name, tag)
    if (file := _cached(wanted)) is None:
        file = watched(lambda transfer: _fetch(wanted, transfer), wanted.title, control, emit)
    _fetch_text_parts(wanted, name, tag, file)
    return file


def _cached(wanted: Place) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    def look(filename: str) -> Path | None:
        found = try_to_load_from_cache(wanted.repository, filename)
        return Path(found) if isinstance(found, str) and Path(found).is_file() else None

    for candidate in wanted.candidates:
        file = look(candidate)
        if file is not None and (not wanted.with_config or (file.parent / sources.CONFIG_FILE).is_file()):
            return file
    return None


def _fetch(wanted: Place, transfer: Transfer) -> Path:
    from huggingface_hub import constants, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
    from huggingface_hub.file_download import repo_folder_name

    # FileNotFoundError is what the hub's client makes of having no connection
    lost: tuple[type[Exception], ...] = (*connection_errors(), FileNotFoundError)
    try:
        file, size, etag = _best_file(wanted, transfer)
        folder = repo_folder_name(repo_id=wanted.repository, repo_type="model")
        blob = Path(constants.HF_HUB_CACHE) / folder / "blobs" / etag
        receive(hf_hub_url(wanted.repository, file), blob, size, etag, transfer)
        # its content lies in the cache now; this only links it to its name there
        return Path(hf_hub_download(wanted.repository, file))
    except GatedRepoError as error:
        raise EngineError(
            "clip.gated_repository", str(error), model=wanted.title, endpoint=endpoint()
        ) from error
    except RepositoryNotFoundError as error:
        raise EngineError(
            "clip.no_such_repository", str(error), model=wanted.title, endpoint=endpoint()
        ) from error
    except lost as error:
        raise EngineError(
            "clip.offline", repr(error), model=wanted.title, endpoint=endpoint(), reason=brief(error)
        ) from error
    except OSError as error:
        raise files.write_error(Path(constants.HF_HUB_CACHE), error) from error


def _best_file(wanted: Place, transfer: Transfer) -> tuple[str, int, str]:
    """The best candidate that the repository has, its size and its tag; the configuration is fetched too."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    for file in wanted.candidates:
        transfer.check()
        url = hf_hub_url(wanted.repository, file)
        facts = _unless_absent(partial(get_hf_file_metadata, url, timeout=STALL_SECONDS))
        if facts is not None:
            break
    else:
        missing = " or ".join(wanted.candidates)
        raise EngineError("clip.no_open_clip_files", model=wanted.title, missing=missing)
    if facts.etag is None or facts.size is None:
        reason = "the hub tells neither size nor hash"
        raise EngineError("clip.broken_download", model=wanted.title, reason=reason)
    fetch_config = partial(hf_hub_download, wanted.repository, sources.CONFIG_FILE)
    if wanted.with_config and _unless_absent(fetch_config) is None:
        raise EngineError("clip.no_open_clip_files", model=wanted.title, missing=sources.CONFIG_FILE)
    return file, facts.size, facts.etag


def _unless_absent(ask: Callable[[], _T]) -> _T | None:
    """What the hub answers; None if the repository is there but the file is not."""
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    try:
        return ask()
    except RepositoryNotFoundError:
        raise
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return None
        raise


def _fetch_text_parts(wanted: Place, name: str, tag: str | None, file: Path) -> None:
    """Bring tokenizer files and a text tower's configuration into the cache too, for offline work."""
    if wanted.with_config:
        config = sources.folder_source(file.parent, file).model_config
    else:
        published = sources.pretrained(name, tag or "")
        config = sources.architecture(published[0] if published else name) or {}
    if not build.need_transformers(config):
        return
    build.check(config, wanted.title)
    tokenizer.make(config, file.parent if wanted.with_config else None, wanted.title).counts(["a"])
    if hub_name := config["text_cfg"].get("hf_model_name"):
        with quiet():
            from transformers import AutoConfig

            try:
                AutoConfig.from_pretrained(hub_name)
            except (OSError, ValueError) as error:
                raise EngineError(
                    "clip.offline", str(error), model=hub_name, endpoint=endpoint(), reason=brief(error)
                ) from error
