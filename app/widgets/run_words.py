"""How a run is told in words: what it trains, where it stands, how it ended."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale

from app import texts
from app.charts.series import Series
from app.facts import Facts
from app.run_session import RunSession, RunState
from engine.answers import DeviceEntry
from engine.events import (
    CheckpointSaved,
    EvaluationDone,
    Event,
    Paused,
    Progress,
    Reason,
    Resumed,
    RunFinished,
    Warned,
)
from engine.messages import Message
from engine.recipe import Recipe

translate = QCoreApplication.translate


def method_title(recipe: Recipe, facts: Facts) -> str:
    """The method as its page calls it."""
    entry = next((each for each in facts.methods if each.name == recipe.method.name), None)
    return entry.title if entry is not None else recipe.method.name.upper()


def model_name(recipe: Recipe) -> str:
    """The model without the folders it lies in."""
    return Path(recipe.model.name.rstrip("/\\").replace("\\", "/")).name


def shots_words(recipe: Recipe) -> str:
    """Which of the pictures are trained on."""
    shots = recipe.data.shots
    return (
        translate("run", "all pictures")
        if shots is None
        else translate("run", "{} per class").format(texts.number(shots))
    )


def short(recipe: Recipe, facts: Facts) -> str:
    """One line for the head of the panel."""
    return f"{method_title(recipe, facts)}, {model_name(recipe)}, {shots_words(recipe)}"


def outline(recipe: Recipe, facts: Facts) -> list[tuple[str, str]]:
    """What will be trained: (what, how) in a few lines."""
    training = recipe.training
    pictures = f"{Path(recipe.data.source).name}, {shots_words(recipe)}"
    if recipe.data.shots is None and facts.inspected is not None:
        pictures = translate("run", "{}, {} in {} classes").format(
            Path(recipe.data.source).name,
            texts.number(facts.inspected.pictures),
            texts.number(len(facts.inspected.planned_classes)),
        )
    templates = len(recipe.prompts.templates)
    prompts = (
        translate("run", "1 template")
        if templates == 1
        else translate("run", "{} templates").format(templates)
    )
    lines = [
        (translate("run", "Pictures"), pictures),
        (translate("run", "Model"), model_name(recipe)),
        (translate("run", "Prompts"), prompts),
        (translate("run", "Method"), method_title(recipe, facts)),
        (
            translate("run", "Length"),
            translate("run", "{} epochs, up to {} pictures a step").format(
                texts.number(training.epochs), texts.number(training.batch_size)
            )
            if _has_epochs(recipe, facts)
            else translate("run", "seconds, once the pictures have been looked at"),
        ),
    ]
    if recipe.data.shifts:
        names = ", ".join(shift.name for shift in recipe.data.shifts)
        lines.insert(1, (translate("run", "Shifted sets"), names))
    return lines


def _has_epochs(recipe: Recipe, facts: Facts) -> bool:
    """False for methods that learn from features of pictures looked at once."""
    found = next((entry for entry in facts.methods if entry.name == recipe.method.name), None)
    return found is None or found.settings is None or "epochs" in found.settings


def counted(count: int, of_candidates: bool) -> str:
    """How long a run is, in what its method counts."""
    if of_candidates:
        if not count:
            return translate("run", "nothing to train")
        words = translate("run", "1 candidate") if count == 1 else translate("run", "{} candidates")
    else:
        words = translate("run", "1 epoch") if count == 1 else translate("run", "{} epochs")
    return words.format(texts.number(count))


def phase_words(phase: Progress | None, left: float | None = None) -> str:
    """What is done before and between the steps, with counts, and the seconds left where they are known."""
    if phase is None:
        return ""
    words = texts.message(phase.phase)[0]
    if phase.total:
        if phase.unit == "bytes":
            done, total = texts.size(phase.done), texts.size(phase.total)
        else:
            done, total = texts.number(phase.done), texts.number(phase.total)
        words = translate("run", "{}, {} of {}").format(words, done, total)
    if left is not None and left >= 2:
        words = translate("run", "{}; about {} left").format(words, texts.duration(left))
    return words


def elapsed(series: Series, now: datetime | None) -> float | None:
    """Seconds that all attempts took, the latest up to ``now`` or to its end; None if that is not known.

    What a killed attempt took is not told by its events; it counts nothing.
    """
    start = begun(series)
    if start is None:
        return None
    if now is not None:
        return series.earlier + (now - start).total_seconds()
    if series.finished is not None and series.finished.seconds is not None:
        return series.earlier + series.finished.seconds
    return None


def log_line(event: Event, of_candidates: bool = False) -> str:
    """One thing that happened beside the numbers."""
    if isinstance(event, EvaluationDone):
        accuracy = texts.percent(event.sets["validation"].accuracy)
        if event.epoch == 0:
            return translate("run", "before training: validation {}").format(accuracy)
        words = translate("run", "candidate {}") if of_candidates else translate("run", "epoch {}")
        kept = translate("run", "{}: validation {}, kept as best")
        told = kept if event.best else translate("run", "{}: validation {}")
        return told.format(words.format(event.epoch), accuracy)
    if isinstance(event, Warned):
        return translate("run", "Warning: {}").format(texts.whole(event.message))
    if isinstance(event, CheckpointSaved):
        return translate("run", "saved at step {}").format(texts.number(event.step))
    if isinstance(event, Paused):
        return translate("run", "paused at step {}").format(texts.number(event.step))
    if isinstance(event, Resumed):
        return translate("run", "went on from step {}").format(texts.number(event.step))
    if isinstance(event, RunFinished):
        if event.error is not None:
            return texts.whole(event.error)
        if of_candidates and event.reason is Reason.PAUSED:
            return translate("run", "paused, to begin anew")
        return _ended(event.reason)
    return ""


def _ended(reason: Reason) -> str:
    return {
        Reason.FINISHED: translate("run", "finished"),
        Reason.STOPPED: translate("run", "stopped early and kept"),
        Reason.PATIENCE: translate("run", "ended early, as validation no longer improved"),
        Reason.PAUSED: translate("run", "saved, to be gone on with"),
        Reason.CANCELLED: translate("run", "cancelled"),
        Reason.FAILED: translate("run", "failed"),
    }[reason]


def state_title(state: RunState) -> str:
    """The panel's heading."""
    return {
        RunState.NONE: translate("run", "Ready"),
        RunState.READING: translate("run", "Reading the run"),
        RunState.STARTING: translate("run", "Starting"),
        RunState.RUNNING: translate("run", "Training"),
        RunState.PAUSING: translate("run", "Pausing"),
        RunState.STOPPING: translate("run", "Stopping"),
        RunState.CANCELLING: translate("run", "Cancelling"),
        RunState.PAUSED: translate("run", "Paused"),
        RunState.INTERRUPTED: translate("run", "Interrupted"),
        RunState.FINISHED: translate("run", "Finished"),
        RunState.FAILED: translate("run", "Failed"),
        RunState.CANCELLED: translate("run", "Cancelled"),
        RunState.ELSEWHERE: translate("run", "Training in another process"),
    }[state]


def result_words(series: Series) -> str:
    """How a finished run came out, in a sentence or two."""
    best, before = series.best, series.zero_shot
    reason = series.finished.reason if series.finished is not None else Reason.FINISHED
    why = {
        Reason.STOPPED: translate("run", "Stopped early. "),
        Reason.PATIENCE: translate("run", "Ended early, as validation no longer improved. "),
    }.get(reason, "")
    if best is None or "validation" not in best.sets:
        return why + translate("run", "It has no figures.")
    if series.trains_nothing:
        return translate("run", "This method trains nothing: the model was measured as it is.")
    if best.epoch == 0:
        return why + (
            translate(
                "run", "No candidate was better than before training, so the model before training is kept."
            )
            if series.of_candidates
            else translate(
                "run", "No epoch was better than before training, so the model before training is kept."
            )
        )
    accuracy = best.sets["validation"].accuracy
    words = (
        translate("run", "Candidate {} is kept: validation {}")
        if series.of_candidates
        else translate("run", "Epoch {} is kept: validation {}")
    ).format(best.epoch, texts.percent(accuracy))
    if before is not None and "validation" in before.sets:
        difference = accuracy - before.sets["validation"].accuracy
        words += translate("run", ", {} points from before").format(texts.points(difference))
    return why + words + "."


def device_of(series: Series, facts: Facts) -> DeviceEntry | None:
    """The device that the run's plan names, if it is one of this machine."""
    if facts.doctor is None or series.started is None:
        return None
    planned = series.started.plan
    for device in facts.doctor.devices:
        if device.device == planned.get("device") and device.name == planned.get("device_name", device.name):
            return device
    return None


def memory_words(series: Series, facts: Facts) -> str:
    """Peak memory, of the device's where it is known."""
    used = series.steps[-1].memory if series.steps else 0
    if not used:
        return "–"
    device = device_of(series, facts)
    total = device.memory if device is not None else None
    if device is not None and total is None and device.kind == "cpu" and facts.doctor is not None:
        total = facts.doctor.memory
    if not total:
        return texts.size(used)
    if used >= 1e9 and total >= 1e9:
        return translate("run", "{} of {}").format(QLocale().toString(used / 1e9, "f", 1), texts.size(total))
    return translate("run", "{} of {}").format(texts.size(used), texts.size(total))


def exponent(value: float) -> str:
    """0.000011 -> 1.1e-5."""
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(power)}"


def clock(seconds: float) -> str:
    """1 min 13 s, as a watch would tell it."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return translate("run", "{}\u202fh {}\u202fmin").format(hours, minutes)
    if minutes:
        return translate("run", "{}\u202fmin {}\u202fs").format(minutes, rest)
    return translate("run", "{}\u202fs").format(rest)


def begun(series: Series) -> datetime | None:
    """When the latest attempt began."""
    if series.started is None:
        return None
    try:
        return datetime.fromisoformat(series.started.time)
    except ValueError:
        return None


def error_of(session: RunSession) -> Message | None:
    """What ended the run that is shown, also of one read from disk."""
    if session.error is not None:
        return session.error
    if session.state is RunState.FAILED and session.series.finished is not None:
        return session.series.finished.error
    return None
