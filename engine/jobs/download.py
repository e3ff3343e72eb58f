"""Bring a model's weights onto this machine."""

from __future__ import annotations

from engine.clip import download as hub
from engine.control import Control
from engine.jobs import Emit
from engine.requests import DownloadAnswer, DownloadRequest
from engine.terminal import size


def download(request: DownloadRequest, emit: Emit, control: Control) -> DownloadAnswer:
    """Fetch what is missing, with progress in bytes; what is here already answers at once."""
    path = hub.download(request.name, request.weights, control, emit)
    return DownloadAnswer(
        name=request.name, weights=request.weights, path=str(path), bytes=path.stat().st_size
    )


def render(answer: DownloadAnswer) -> str:
    """The answer as text for a terminal."""
    title = answer.name if answer.weights is None else f"{answer.name}, {answer.weights}"
    return f"{title} is here: {answer.path} ({size(answer.bytes)})"
