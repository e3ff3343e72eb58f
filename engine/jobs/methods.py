"""Which methods there are, their options, and whether they can run on a model."""

from __future__ import annotations

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
                paper=method.source,
                options=method.Options.model_json_schema(),
                unavailable=None if backbone is None else method.supports(backbone),
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
        if method.unavailable is not None:
            lines.append(f"  Not on this model: {method.unavailable}")
        for name, option in method.options.get("properties", {}).items():
            kinds = option.get("enum") or option.get("type", "")
            shown = " | ".join(str(kind) for kind in kinds) if isinstance(kinds, list) else kinds
            lines.append(f"  method.options.{name} ({shown}, default {option.get('default')})")
            lines.append(f"      {option.get('description', '')}")
    return "\n".join(lines)
