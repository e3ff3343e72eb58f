"""In which forms a model can leave, and whether a run can leave in them."""

from __future__ import annotations

import torch

from engine import exporters as found
from engine.control import Control
from engine.exporters import finished
from engine.exporters.subject import Subject, make
from engine.jobs import Emit
from engine.requests import ExporterEntry, ExportersAnswer, ExportersRequest


def exporters(request: ExportersRequest, emit: Emit, control: Control) -> ExportersAnswer:
    """Every format, and with a run the reason why it cannot leave in one."""
    subject: Subject | None = None
    if request.run is not None:
        subject = make(finished.load(request.run, None, torch.device("cpu"), emit, control), control)
    return ExportersAnswer(
        exporters=tuple(
            ExporterEntry(
                name=exporter.name,
                title=exporter.title,
                summary=exporter.summary,
                readers=exporter.readers,
                options=exporter.Options.model_json_schema(),
                unavailable=None if subject is None else exporter.supports(subject, exporter.Options()),
            )
            for exporter in found.exporters().values()
        )
    )


def render(answer: ExportersAnswer) -> str:
    """Each format with its options, for the terminal."""
    lines = []
    for exporter in answer.exporters:
        lines.append(f"{exporter.name}: {exporter.title} (read by {', '.join(exporter.readers)})")
        lines.append(f"  {exporter.summary}")
        if exporter.unavailable is not None:
            lines.append(f"  Not for this run: {exporter.unavailable}")
        for name, option in exporter.options.get("properties", {}).items():
            kinds = option.get("enum") or option.get("type", "")
            shown = " | ".join(str(kind) for kind in kinds) if isinstance(kinds, list) else kinds
            lines.append(f"  --set {exporter.name}.{name}=… ({shown}, default {option.get('default')})")
            lines.append(f"      {option.get('description', '')}")
    return "\n".join(lines)
