"""The catalogue of models that can be started from."""

from __future__ import annotations

from engine.clip import catalogue
from engine.control import Control
from engine.jobs import Emit
from engine.requests import ModelEntry, ModelsAnswer, ModelsRequest


def models(request: ModelsRequest, emit: Emit, control: Control) -> ModelsAnswer:
    """List the starter and every published model; asks no network."""
    return ModelsAnswer(
        models=tuple(
            ModelEntry(
                name=info.name,
                weights=info.weights,
                kind=info.kind,
                parameters=info.parameters,
                input_size=info.input_size,
                context_length=info.context_length,
                downloaded=info.downloaded,
                bytes=info.size,
                unavailable=info.unavailable,
                fit=info.fit,
            )
            for info in catalogue.list_models()
        )
    )


def render(answer: ModelsAnswer) -> str:
    """A table for a terminal, then what is needed for those that cannot be used yet."""
    rows = [("MODEL", "WEIGHTS", "PARAMETERS", "PIXELS", "")]
    remedies: dict[str, str] = {}
    for model in answer.models:
        parameters = "" if model.parameters is None else f"{model.parameters / 1e6:.0f} M"
        height, width = model.input_size
        pixels = str(height) if height == width else f"{height}×{width}"
        state = "downloaded" if model.downloaded else ""
        if model.unavailable is not None:
            state = "unavailable"
            remedies.setdefault(model.unavailable.hint, str(model.unavailable))
        rows.append((model.name, model.weights or "", parameters, pixels, state))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for name, weights, parameters, pixels, state in rows:
        left = f"{name:<{widths[0]}}  {weights:<{widths[1]}}"
        lines.append(f"{left}  {parameters:>{widths[2]}}  {pixels:>{widths[3]}}  {state}")
    lines += ["", *remedies.values()] if remedies else []
    return "\n".join(line.rstrip() for line in lines)
