"""Which methods there are, their options, and whether they can run on a model."""

from __future__ import annotations

from typing import Any

from engine import methods as found
from engine.clip import backbone as backbones
from engine.control import Control
from engine.jobs import Emit
from engine.requests import MethodEntry, MethodsAnswer, MethodsRequest


def methods(request: MethodsRequest, emit: Emit, control: Control) -> MethodsAnswer:
    """Every method, and with a model the reason why one cannot run on it."""
    backbone = None if request.model is None else backbones.load(request.model, control=control, emit=emit)
    return MethodsAnswer(
        methods=tuple(
            MethodEntry(
                name=method.name,
                title=method.title,
                summary=method.summary,
                when=method.when,
                paper=method.source,
                settings=None if method.settings is None else tuple(sorted(method.settings)),
                options=method.Options.model_json_schema(),
                unavailable=None if backbone is None else method.supports(backbone, method.Options()),
            )
            for method in found.methods().values()
        )
    )


def render(answer: MethodsAnswer) -> str:
    """Each method with its options, for the terminal."""
    lines = []
    for method in answer.methods:
        lines.append(f"{method.name}: {method.title} ({method.paper})")
        lines += [f"  {line}" for line in method.summary.splitlines()]
        lines.append(f"  When: {method.when}")
        if method.settings is not None:
            fields = ", ".join(f"training.{name}" for name in method.settings)
            lines.append(f"  Of the training settings only these have an effect: {fields}")
        if method.unavailable is not None:
            lines.append(f"  Not on this model: {method.unavailable}")
        for name, option in method.options.get("properties", {}).items():
            lines.append(f"  method.options.{name} ({_kinds(option)}, default {option.get('default')})")
            lines.append(f"      {option.get('description', '')}")
    return "\n".join(lines)


def _kinds(option: dict[str, Any]) -> str:
    """The values that an option may have, from its JSON Schema."""
    if "enum" in option:
        return " | ".join(str(value) for value in option["enum"])
    kinds = [each.get("type", "") for each in option.get("anyOf", [option])]
    return " | ".join("none" if kind == "null" else kind for kind in kinds)
