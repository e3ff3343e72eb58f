"""The arguments of the ``flyp`` command, and the request that each sub-command makes of them.

Request models are imported when a request is made: ``flyp --help`` answers at once.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import EngineError
from engine.messages import say

_Arguments = argparse.Namespace

_PRESETS = (
    "prompt templates: photo, drawing, texture, satellite, camera_trap, medical_slide, text_sentiment, "
    "imagenet (80) or imagenet-simple (7)"
)


class _Parser(argparse.ArgumentParser):
    """A parser whose help ends with the recipe's fields, looked up only when help is asked for."""

    recipe_fields = False

    def format_help(self) -> str:
        if self.recipe_fields:
            self.epilog = recipe_fields()
        return super().format_help()


def parser() -> argparse.ArgumentParser:
    """The parser of all sub-commands."""
    top = _Parser(
        prog="flyp", description="Finetune CLIP on your own pictures by contrast with class prompts."
    )
    top.add_argument("--version", action="version", version=f"flyp {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str, request: Callable[[_Arguments], Any]) -> _Parser:
        made = commands.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        made.set_defaults(request=request)
        if name != "serve":
            made.add_argument("--json", action="store_true", help="print one JSON object on stdout")
        assert isinstance(made, _Parser)
        return made

    command("doctor", "what this machine can do, and where things are kept", _doctor)
    command("models", "the models that can be started from", _models)
    methods = command("methods", "the ways of finetuning and their options", _methods)
    _add_model(methods, default=None, purpose="also say which methods cannot run on this model")

    inspect = command("inspect", "classes, counts, splits and every problem of a folder or table", _inspect)
    inspect.add_argument("source", metavar="FOLDER|CSV")
    _add_shots_and_shifts(inspect)

    init = command("init", "write a complete recipe with values chosen for these pictures", _init)
    init.add_argument("source", metavar="FOLDER|CSV")
    init.add_argument("-o", "--out", metavar="FILE", default="recipe.toml", help="default: recipe.toml")
    _add_shots_and_shifts(init)
    _add_model(init, default=None, purpose="left out, one is chosen for this machine")
    init.add_argument("--method", default="flyp", help="default: flyp")
    init.add_argument("--seed", type=_seed, default=0, help="of split and training; default: 0")
    init.add_argument("--preset", help=f"{_PRESETS}; left out, one is chosen")
    init.recipe_fields = True

    train = command("train", "train a recipe, or go on with a run", _train)
    train.add_argument("recipe", metavar="recipe.toml", nargs="?")
    train.add_argument(
        "--set",
        metavar="SECTION.FIELD=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="change fields of the recipe for this run",
    )
    train.add_argument("--out", metavar="RUN", help="folder of the run; a new or an empty one")
    train.add_argument("--resume", metavar="RUN", help="go on with a run that was paused or cut short")
    train.recipe_fields = True

    evaluate = command("evaluate", "judge a run, its blends, or the average of several", _evaluate)
    evaluate.add_argument("run", metavar="RUN", nargs="+")
    evaluate.add_argument("--data", metavar="FOLDER|CSV", help="other pictures of the same classes")
    evaluate.add_argument("--alpha", type=_share, metavar="A", help="blend: 0 pretrained … 1 finetuned")
    evaluate.add_argument(
        "--sweep", action="store_true", help="every blend from 0 to 1; the best is chosen on validation"
    )
    evaluate.add_argument(
        "--average",
        choices=["uniform", "stock"],
        help="of several runs that differ in their seeds: the mean of their weights, or Model Stock",
    )

    report = command("report", "a run's figures, charts and surest mistakes in one HTML file", _report)
    report.add_argument("run", metavar="RUN")
    report.add_argument("-o", "--out", metavar="FILE", required=True, help="an existing file is replaced")
    report.add_argument("--alpha", type=_share, metavar="A", help="blend; left out, the recipe's")

    compare = command("compare", "train several methods over seeds and rates, and say what follows", _compare)
    compare.add_argument("recipe", metavar="recipe.toml")
    compare.add_argument(
        "--methods",
        metavar="A,B",
        required=True,
        help="'flyp methods' lists them; options after a colon: flyp:collisions=soft",
    )
    compare.add_argument(
        "--out",
        metavar="FOLDER",
        required=True,
        help="new, or one to go on with; several processes may work on one folder at once, a run each",
    )
    compare.add_argument("--seeds", type=_whole(1, 1000), default=5, metavar="N", help="default: 5")
    compare.add_argument(
        "--shots", type=_list_of(_whole(1)), default=(), metavar="K,K", help="left out, the recipe's"
    )
    compare.add_argument(
        "--rates",
        type=_list_of(float),
        default=(),
        metavar="R,R",
        help="learning rates to choose from; left out: a third, once and three times the recipe's",
    )
    compare.add_argument(
        "--blend",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also judge blends and add each method's best by validation",
    )
    compare.add_argument(
        "--keep-weights", action="store_true", help="keep each run's last checkpoint too, not only the best"
    )
    compare.add_argument(
        "--set",
        metavar="SECTION.FIELD=VALUE",
        action="append",
        default=[],
        help="change a field of the recipe; may be given again",
    )

    exporters = command("exporters", "the forms in which a model can leave, and their options", _exporters)
    exporters.add_argument("run", metavar="RUN", nargs="?", help="also say which this run cannot have")

    export = command("export", "take a run's model elsewhere, verified", _export)
    export.add_argument("run", metavar="RUN")
    export.add_argument(
        "--format",
        metavar="F",
        action="append",
        default=[],
        help="'flyp exporters' lists them; may be given again",
    )
    export.add_argument("--out", metavar="FOLDER", required=True, help="a new or an empty one")
    export.add_argument("--alpha", type=_share, metavar="A", help="blend: 0 pretrained … 1 finetuned")
    export.add_argument(
        "--set",
        metavar="FORMAT.OPTION=VALUE",
        action="extend",
        nargs="+",
        default=[],
        help="options of a format, such as onnx.precision=fp16",
    )
    export.add_argument("--replace", action="store_true", help="put it in the place of an earlier export")

    predict = command("predict", "judge new pictures with a run or an export", _predict)
    predict.add_argument("source", metavar="RUN|EXPORT")
    predict.add_argument("paths", metavar="IMAGES", nargs="+", help="files, folders or patterns in quotes")
    predict.add_argument("--top", type=_whole(1), default=5, help="classes told of each picture; default: 5")
    predict.add_argument("--alpha", type=_share, metavar="A", help="blend of a run")
    predict.add_argument("--csv", metavar="FILE", help="a table of all predictions; never overwritten")
    predict.add_argument("--sort-into", metavar="FOLDER", help="copies of the pictures in class folders")
    predict.add_argument(
        "--unsure",
        type=_share,
        metavar="P",
        default=0.5,
        help="below it a picture is 'not sure'; default: 0.5",
    )
    predict.add_argument("--measure", action="store_true", help="of a run: also how often it errs above that")

    download = command("download", "bring a model's weights onto this machine", _download)
    download.add_argument("model", metavar="MODEL", help="an architecture or hf-hub:owner/name")
    download.add_argument("--weights", metavar="W", help="pretrained tag of an architecture")

    bench = command("bench", "speed against the plain way, in one run", _bench)
    bench.add_argument("what", choices=["step"])
    _add_model(bench, default="ViT-B-32", purpose="default: ViT-B-32")
    bench.add_argument("--batch-size", type=_whole(2), default=32, help="default: 32")
    bench.add_argument("--classes", type=_whole(2), default=10, help="default: 10")
    bench.add_argument("--steps", type=_whole(1), default=20, help="measured of each way; default: 20")
    bench.add_argument("--device", default="auto", help="default: auto")
    bench.add_argument("--threads", type=_whole(1), help="default: all cores")

    demo = command("demo", "the whole job on the bundled model and sample pictures", _demo)
    demo.add_argument("--out", metavar="RUN", help="folder of the run; a new or an empty one")
    demo.add_argument("--seed", type=_seed, default=0, help="default: 0")

    # for the program itself: it reads exports back in a process of its own, and is in no list
    commands.add_parser("read-export")
    command("serve", "the window's engine: requests on stdin, events on stdout, a JSON object a line", _serve)
    return top


def _add_model(to: argparse.ArgumentParser, default: str | None, purpose: str) -> None:
    to.add_argument("--model", metavar="M", default=default, help=purpose)
    to.add_argument("--weights", metavar="W", help="pretrained tag or file, for an architecture")


def _add_shots_and_shifts(to: argparse.ArgumentParser) -> None:
    to.add_argument("--shots", type=_whole(1), metavar="K", help="training pictures per class")
    to.add_argument(
        "--shift",
        metavar="NAME=FOLDER",
        action="append",
        default=[],
        help="pictures of the same classes from elsewhere; may be given again",
    )


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        if most is not None and value > most:
            raise argparse.ArgumentTypeError(f"{value} is more than {most}")
        return value

    whole.__name__ = "whole number"  # argparse names it in its error
    return whole


_seed = _whole(0, 2**32 - 1)


def _list_of(one: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    def values(text: str) -> tuple[Any, ...]:
        return tuple(one(part) for part in text.split(",") if part.strip())

    values.__name__ = f"list of {one.__name__}s"  # argparse names it in its error
    return values


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def recipe_fields() -> str:
    """Every field of a recipe with its meaning and default, for the help of train and init."""
    from engine.recipe import Recipe

    lines = [say("cli.recipe_fields").text + ":"]
    for section, part in Recipe.model_fields.items():
        for name, info in getattr(part.annotation, "model_fields", {}).items():
            if info.is_required():
                default = "required"
            else:
                value = info.get_default(call_default_factory=True)
                value = list(value) if isinstance(value, tuple) else value
                default = f"default: {'none' if value is None else json.dumps(value)}"
            lines.append(f"  {section}.{name}  ({default})")
            lines += textwrap.wrap(
                info.description or "", 96, initial_indent="      ", subsequent_indent="      "
            )
    return "\n".join(lines)


# --- arguments -> requests ------------------------------------------------------------------------


def _named(option: str, given: list[str]) -> dict[str, str]:
    """NAME=FOLDER options as a mapping."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (equals and name.strip() and folder.strip()):
            raise EngineError("cli.named", given=text, option=option)
        if name in found:
            raise EngineError("cli.named_twice", name=name, option=option)
        found[name.strip()] = folder
    return found


def _doctor(_: _Arguments) -> Any:
    from engine.requests import DoctorRequest

    return DoctorRequest()


def _models(_: _Arguments) -> Any:
    from engine.requests import ModelsRequest

    return ModelsRequest()


def _methods(given: _Arguments) -> Any:
    from engine.recipe import Model
    from engine.requests import MethodsRequest

    return MethodsRequest(model=given.model and Model(name=given.model, weights=given.weights))


def _inspect(given: _Arguments) -> Any:
    from engine.requests import InspectRequest

    return InspectRequest(source=given.source, shots=given.shots, shifts=_named("--shift", given.shift))


def _init(given: _Arguments) -> Any:
    from engine.requests import InitRequest

    return InitRequest(
        source=given.source,
        out=given.out,
        shots=given.shots,
        model=given.model,
        weights=given.weights,
        method=given.method,
        shifts=_named("--shift", given.shift),
        seed=given.seed,
        preset=given.preset,
    )


def _train(given: _Arguments) -> Any:
    from engine import recipe
    from engine.requests import TrainRequest

    if given.resume is not None:
        for option, value in (("a recipe", given.recipe), ("--set", given.set), ("--out", given.out)):
            if value:
                raise EngineError("cli.resume_alone", given=option)
        return TrainRequest(resume=given.resume)
    path, settings = given.recipe, list(given.set)
    if path is None and settings and "=" not in settings[-1]:
        # '--set a.b=c recipe.toml': the list took the recipe with it
        path = settings.pop()
    if path is None:
        raise EngineError("cli.recipe_or_resume")
    read = recipe.read(Path(path))
    # what --set names counts from where the person stands, not from the recipe's folder
    changed = recipe.with_absolute_paths(recipe.with_settings(read, settings), Path.cwd())
    return TrainRequest(recipe=changed.content(), out=given.out)


def _evaluate(given: _Arguments) -> Any:
    from engine.requests import AverageRequest, EvaluateRequest, SweepRequest

    others = [("--data", given.data), ("--alpha", given.alpha)]
    if given.average:
        for option, value in [*others, ("--sweep", given.sweep or None)]:
            if value is not None:
                raise EngineError("cli.average_alone", given=option)
        return AverageRequest(runs=tuple(given.run), kind=given.average)
    if len(given.run) > 1:
        raise EngineError("cli.one_run")
    (run,) = given.run
    if given.sweep:
        for option, value in others:
            if value is not None:
                raise EngineError("cli.sweep_alone", given=option)
        return SweepRequest(run=run)
    return EvaluateRequest(run=run, data=given.data, alpha=given.alpha)


def _report(given: _Arguments) -> Any:
    from engine.requests import ReportRequest

    return ReportRequest(run=given.run, out=given.out, alpha=given.alpha)


def _compare(given: _Arguments) -> Any:
    from engine import recipe
    from engine.requests import CompareRequest

    read = recipe.with_settings(recipe.read(Path(given.recipe)), given.set)
    changed = recipe.with_absolute_paths(read, Path.cwd())
    return CompareRequest(
        recipe=changed.content(),
        methods=tuple(part.strip() for part in given.methods.split(",") if part.strip()),
        out=given.out,
        seeds=given.seeds,
        shots=given.shots,
        rates=given.rates,
        blend=given.blend,
        keep_weights=given.keep_weights,
    )


def _exporters(given: _Arguments) -> Any:
    from engine.requests import ExportersRequest

    return ExportersRequest(run=given.run)


def _export(given: _Arguments) -> Any:
    from engine.requests import ExportRequest

    options: dict[str, dict[str, Any]] = {}
    for text in given.set:
        place, equals, value = text.partition("=")
        name, dot, option = place.strip().partition(".")
        if not (equals and dot and name and option):
            raise EngineError("export.option_form", given=text)
        options.setdefault(name, {})[option] = _value(value.strip())
    return ExportRequest(
        run=given.run,
        formats=given.format,
        out=given.out,
        alpha=given.alpha,
        options=options,
        replace=given.replace,
    )


def _value(text: str) -> Any:
    """true, false and numbers as such; anything else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _predict(given: _Arguments) -> Any:
    from engine.requests import PredictRequest

    return PredictRequest(
        source=given.source,
        paths=given.paths,
        top=given.top,
        alpha=given.alpha,
        csv=given.csv,
        sort_into=given.sort_into,
        unsure=given.unsure,
        measure=given.measure,
    )


def _download(given: _Arguments) -> Any:
    from engine.requests import DownloadRequest

    return DownloadRequest(name=given.model, weights=given.weights)


def _bench(given: _Arguments) -> Any:
    from engine.requests import BenchRequest

    return BenchRequest(
        what=given.what,
        model=given.model,
        weights=given.weights,
        batch_size=given.batch_size,
        classes=given.classes,
        steps=given.steps,
        device=given.device,
        threads=given.threads,
    )


def _demo(given: _Arguments) -> Any:
    from engine.requests import DemoRequest

    return DemoRequest(out=given.out, seed=given.seed)


def _serve(_: _Arguments) -> Any:
    raise AssertionError("serve is no job")
