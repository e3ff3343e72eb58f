"""Take a run's model elsewhere: write each format, read all back in a fresh process, then show the folder.

Until everything is written and verified, nothing stands at the place that was asked for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engine import exporters as known
from engine import files
from engine.control import Control
from engine.errors import EngineError
from engine.events import Progress
from engine.exporters import Exporter, Options, about, card, finished, judged, reading, verification
from engine.exporters.about import About
from engine.exporters.reader import Outputs
from engine.exporters.subject import Subject, look, make
from engine.exporters.verification import Check, Rows, Verification
from engine.jobs import Emit
from engine.messages import say
from engine.methods import MatrixHead
from engine.requests import ExportAnswer, ExportCheck, Exported, ExportRequest
from engine.terminal import size

Wanted = list[tuple[Exporter, Options]]


def export(request: ExportRequest, emit: Emit, control: Control) -> ExportAnswer:
    """Every format that was asked for, or an error and nothing."""
    wanted = _wanted(request)
    out = Path(request.out).expanduser().absolute()
    _check_place(out, request.replace)
    emit(Progress(phase=say("phase.checking_run")))
    subject = make(finished.load(request.run, request.alpha, torch.device("cpu"), emit, control), control)
    for exporter, options in wanted:
        reason = exporter.supports(subject, options)
        if reason is not None:
            raise EngineError("export.unsupported", format=exporter.name, reason=str(reason))
    look(subject, control, emit)
    with files.new_folder(out, replace=request.replace) as folder:
        places = [folder if len(wanted) == 1 else folder / exporter.name for exporter, _ in wanted]
        abouts = []
        for (exporter, options), place in zip(wanted, places, strict=True):
            control.check()
            emit(Progress(phase=say("phase.writing_export", format=exporter.name)))
            abouts.append(_written(subject, exporter, options, place, control))
        emit(Progress(phase=say("phase.verifying")))
        found = reading.read_back(places, subject.paths(), control)
        result = judged.result(subject.finished.run, subject.finished.alpha)
        exports = []
        for (exporter, options), place, told, read in zip(wanted, places, abouts, found, strict=True):
            verified = _verified(subject, exporter, options, read)
            verified.write(place)
            card.write(subject, exporter, told, verified, result, place)
            exports.append(_exported(exporter, told, verified, place, out, folder))
    run = subject.finished.run
    return ExportAnswer(run=str(run.path), alpha=subject.finished.alpha, exports=tuple(exports))


def _wanted(request: ExportRequest) -> Wanted:
    if not request.formats:
        raise EngineError("export.no_formats")
    for name in request.formats:
        if request.formats.count(name) > 1:
            raise EngineError("export.twice", format=name)
    for name in request.options:
        if name not in request.formats:
            raise EngineError("export.option_elsewhere", format=name)
    chosen = [known.find(name) for name in request.formats]
    return [
        (exporter, known.options_of(exporter, request.options.get(exporter.name, {}))) for exporter in chosen
    ]


def _check_place(out: Path, replace: bool) -> None:
    """Refuse a place that is taken before any work; ``replace`` allows for an earlier export only."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not replace:
        raise EngineError("files.exists", path=str(out))
    inside = list(out.iterdir())
    several = all(each.is_dir() and about.is_export(each) for each in inside)
    if not about.is_export(out) and not several:
        raise EngineError("export.not_ours", path=str(out))


def _written(subject: Subject, exporter: Exporter, options: Options, place: Path, control: Control) -> About:
    told = subject.about(exporter.name, options.model_dump())
    files.make_folder(place)
    about.write(told, place)
    try:
        exporter.write(subject, told, options, place, control)
    except (EngineError, OSError):
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EngineError("export.failed", str(error), format=exporter.name, reason=reason) from error
    return told


def _verified(subject: Subject, exporter: Exporter, options: Options, read: reading.Read) -> Verification:
    head = subject.head
    rows = Rows((head.scale * head.weight_CD).numpy() if isinstance(head, MatrixHead) else None)
    run = subject.reference
    assert run is not None
    tolerance = verification.TOLERANCES[getattr(options, "precision", "fp32")]
    checks: list[Check] = [verification.compare("pixels", run, read.same, rows, tolerance)]
    if read.second is not None:
        checks.append(verification.compare("encoders", run, read.second, rows, tolerance))
    if read.own is not None:
        chosen = np.array(read.own.rows, dtype=np.int64)
        part = Outputs(run.logits_NC[chosen], run.embeddings_ND[chosen])
        checks.append(
            verification.compare("files", part, read.own.outputs, rows, tolerance, read.own.elsewhere)
        )
    return verification.judged(exporter.name, subject.picture_set, run, rows, checks)


def _exported(
    exporter: Exporter, told: About, verified: Verification, place: Path, out: Path, folder: Path
) -> Exported:
    return Exported(
        format=exporter.name,
        path=str(out / place.relative_to(folder)),
        bytes=sum(each.stat().st_size for each in place.rglob("*") if each.is_file()),
        pictures=verified.pictures,
        weak=verified.weak,
        predicted_classes=verified.predicted_classes,
        checks=tuple(
            ExportCheck(
                way=check.way,
                largest_cosine_difference=check.largest_cosine_difference,
                largest_logit_difference=check.largest_logit_difference,
                margin_exceeds=check.margin_exceeds,
                elsewhere=check.elsewhere,
            )
            for check in verified.checks
        ),
        code=exporter.code(told),
    )


def render(answer: ExportAnswer) -> str:
    """Where each export is and how well it agrees, for the terminal."""
    lines = []
    for each in answer.exports:
        lines.append(f"{each.format}: {each.path} ({size(each.bytes)}), alpha {answer.alpha:g}")
        for check in each.checks:
            lines.append(
                f"  verified on {each.pictures} pictures ({check.way}): same classes, cosines within "
                f"{check.largest_cosine_difference:.1e}, logits within {check.largest_logit_difference:.1e}"
            )
        if each.weak:
            lines.append(
                f"  A weak check: only {each.predicted_classes} classes are predicted on these pictures."
            )
    return "\n".join(lines)
