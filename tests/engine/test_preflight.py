"""The preflight: all problems at once, the plan that training makes, estimates, and nothing left behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.clip import backbone as backbones
from engine.control import Control, Wish
from engine.errors import Cancelled, OutOfMemory
from engine.events import Event, Progress, RunStarted, StepDone, Warned
from engine.jobs import preflight as module
from engine.jobs.preflight import preflight
from engine.jobs.train import train
from engine.requests import PreflightAnswer, PreflightRequest, TrainRequest
from engine.run_directory import RunDirectory
from engine.training import estimate as estimates
from engine.training.setup import Scene
from engine.training.step import Stepper
from tests.engine.clip import tiny
from tests.engine.conftest import RecipeMaker, paint_folder


def ask(content: dict[str, Any], emit: Callable[[Event], None] = lambda event: None) -> PreflightAnswer:
    answer = preflight(PreflightRequest(recipe=content), emit, Control())
    assert PreflightAnswer.model_validate_json(answer.model_dump_json()) == answer
    return answer


def codes(answer: PreflightAnswer) -> list[str]:
    return [problem.code for problem in answer.problems]


# --- problems -------------------------------------------------------------------------------------


def test_every_fault_of_a_recipe(make_recipe: RecipeMaker) -> None:
    answer = ask(make_recipe(data={"shot": 3}, training={"epochs": "many", "speed": 1}))
    assert codes(answer) == ["recipe.unknown_key", "recipe.wrong_value", "recipe.unknown_key"]
    assert (answer.pictures, answer.steps, answer.plan, answer.seconds) == (0, 0, None, None)


def test_faults_of_every_section_at_once(make_recipe: RecipeMaker) -> None:
    answer = ask(
        make_recipe(
            data={"source": "/nowhere"},
            model={"name": "ViT-B-32", "weights": "openai"},
            method={"options": {"colour": 1, "loss": "best"}},
            training={"device": "cuda:77"},
        )
    )
    assert codes(answer) == [
        "data.source_missing",
        "clip.not_downloaded",
        "training.wrong_option",
        "training.wrong_option",
        "training.no_device",
    ]
    assert (answer.plan, answer.seconds, answer.memory, answer.memory_total) == (None, None, None, None)


def test_captions_are_checked_where_pictures_cannot_be_split(
    make_recipe: RecipeMaker, tmp_path: Path
) -> None:
    folder = paint_folder(tmp_path / "one each", 1)
    content = make_recipe(
        data={"source": str(folder), "shots": None},
        prompts={"class_names": {"red_thing": "thing", "blue_thing": "Thing"}},
        method={"name": "magic"},
        training={"precision": "fp16"},
    )
    assert codes(ask(content)) == [
        "data.no_validation",
        "clip.equal_captions",
        "training.no_method",
        "training.precision_unavailable",
    ]


def test_a_method_that_the_model_cannot_carry(make_recipe: RecipeMaker) -> None:
    answer = ask(make_recipe(method={"options": {"loss": "sigmoid"}}))
    assert codes(answer) == ["training.unsupported_options"]
    assert answer.problems[0].hint == "Set method.options.loss to auto or softmax."
    assert answer.pictures == 12
    assert answer.steps == answer.epochs * answer.steps_per_epoch == 6


def test_damaged_weights(make_recipe: RecipeMaker, tmp_path: Path) -> None:
    folder = tiny.make(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"nonsense")
    assert codes(ask(make_recipe(model={"name": str(folder)}))) == ["clip.damaged_weights"]


def test_too_little_memory_is_a_problem(make_recipe: RecipeMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise OutOfMemory("training.out_of_memory", device="cpu")

    monkeypatch.setattr(Stepper, "step", full)
    answer = ask(make_recipe())
    assert codes(answer) == ["training.out_of_memory"]
    assert (answer.seconds, answer.plan) == (None, None)

    def raw(*arguments: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(Stepper, "step", raw)
    assert codes(ask(make_recipe())) == ["training.out_of_memory"]


def test_a_fault_of_ours_stays_one(make_recipe: RecipeMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Stepper, "step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        ask(make_recipe())


# --- what it becomes ------------------------------------------------------------------------------


def test_plan_steps_and_warnings_are_those_of_the_training(
    make_recipe: RecipeMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paint_folder(tmp_path / "squares", 9)
    (folder / "red_thing/empty.png").touch()
    content = make_recipe(
        data={"source": str(folder), "shots": 12, "leave_out": ["red_thing/none.png"]},
        prompts={"class_names": {"rde_thing": "cherry"}, "templates": ["a {}." + " and more" * 50]},
        training={"warmup": 500, "micro_batch": 4, "batch_size": 8},
    )
    answer = ask(content)
    said: list[Event] = []
    train(TrainRequest(recipe=content, out=str(tmp_path / "run")), said.append, Control())
    (started,) = (event for event in said if isinstance(event, RunStarted))
    assert answer.problems == ()
    assert answer.plan == started.plan
    assert answer.plan["micro_batch"] == 4
    assert (answer.epochs, answer.steps_per_epoch, answer.steps) == (
        started.epochs,
        started.steps_per_epoch,
        started.total_steps,
    )
    warned = {event.message.code for event in said if isinstance(event, Warned)}
    assert {warning.code for warning in answer.warnings} == warned
    assert warned >= {
        "data.picture_unknown",
        "data.fewer_shots",
        "clip.unknown_class_name",
        "clip.cut_captions",
        "training.left_out",
        "training.warmup_cut",
    }
    assert answer.pictures == 24
    assert len(answer.warnings) == len(set(map(str, answer.warnings)))


@pytest.mark.parametrize("kind", ["vit", "resnet", "siglip"])
@pytest.mark.parametrize("micro_batch", [None, 2])
def test_estimates_of_kinds_of_models(
    make_recipe: RecipeMaker, tmp_path: Path, kind: str, micro_batch: int | None
) -> None:
    content = make_recipe(
        model={"name": str(tiny.make(tmp_path / kind, kind))},
        training={"micro_batch": micro_batch, "freeze_batchnorm": False},
    )
    answer = ask(content)
    assert answer.problems == ()
    assert answer.seconds is not None
    assert 0 < answer.seconds < 60
    assert answer.memory is not None
    assert answer.memory_total is not None
    assert 50e6 < answer.memory < answer.memory_total


def test_without_epochs_only_the_evaluation_is_estimated(make_recipe: RecipeMaker) -> None:
    answer = ask(make_recipe(training={"epochs": 0}))
    assert answer.problems == ()
    assert (answer.steps, answer.epochs, answer.steps_per_epoch) == (0, 0, 2)
    assert answer.seconds is not None
    assert answer.seconds < ask(make_recipe(training={"epochs": 1000})).seconds  # type: ignore[operator]


def test_the_estimate_follows_the_number_of_steps(
    make_recipe: RecipeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "_step", lambda *arguments: estimates._Step(10.0, 1.0, 1 << 40))
    monkeypatch.setattr(estimates, "_evaluation", lambda *arguments: (0.1, 0.01))
    monkeypatch.setattr(estimates, "_head", lambda *arguments: 0.5)
    # 12 pictures to train on, 12 to validate, 36 to test, 15 from elsewhere
    answer = ask(make_recipe())
    judged = 12 + 36 + 15
    evaluations = 4 * (27 * 0.1 + 0.5) + 3 * (judged * 0.1 + 0.5)
    assert answer.seconds == pytest.approx(12 * 1.0 + 6 * 10.0 + judged * 0.01 + evaluations)
    assert answer.memory == 1 << 40
    monkeypatch.setattr("engine.data.pixel_cache.PixelCache.would_hold", lambda *arguments: False)
    uncached = ask(make_recipe()).seconds
    assert uncached == pytest.approx(answer.seconds + 2 * 12 * 1.0)


def test_a_step_takes_about_what_training_says(
    make_recipe: RecipeMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sleep that dwarfs all else stands for the work, so that other load does not matter."""
    import time

    real = Stepper.step

    def slow(self: Stepper, batch: Any) -> Any:
        time.sleep(0.03 * len(batch))
        return real(self, batch)

    monkeypatch.setattr(Stepper, "step", slow)
    timed: list[estimates._Step] = []
    step = estimates._step
    monkeypatch.setattr(estimates, "_step", lambda *arguments: timed.append(step(*arguments)) or timed[-1])
    answer = ask(make_recipe(data={"shots": 10}, training={"batch_size": 30}))
    assert answer.problems == ()
    assert timed[0].seconds == pytest.approx(0.9, rel=0.5)
    # a slow step is timed in part and scaled
    monkeypatch.setattr(estimates, "_PATIENCE", 0.1)
    ask(make_recipe(data={"shots": 10}, training={"batch_size": 30}))
    assert timed[1].seconds == pytest.approx(0.9, rel=0.5)


def test_memory_counts_activations_by_the_micro_batch(
    make_recipe: RecipeMaker, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what the process has at the moment varies
    monkeypatch.setattr("engine.training.precision.memory_used", lambda device: 0)
    needed: list[int] = []
    for micro_batch in (10, 20, None):
        content = make_recipe(data={"shots": 10}, training={"batch_size": 30, "micro_batch": micro_batch})
        memory = ask(content).memory
        assert memory is not None
        needed.append(memory)
    trained = 3 * sum(p.nbytes for p in backbones.from_folder(tiny_model).model.parameters())
    each = [(memory - trained) / count for memory, count in zip(needed, (10, 20, 30), strict=True)]
    assert each[0] > 50_000
    assert each[1:] == pytest.approx(each[:1] * 2, rel=0.3)


# --- nothing is left behind -----------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_nothing_is_written_and_nothing_stays(
    make_recipe: RecipeMaker,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLYP_CACHE", str(tmp_path / "index"))
    monkeypatch.chdir(tmp_path)
    kept: list[weakref.ref[Any]] = []
    weights: list[bool] = []
    real = module.estimate

    def spy(scene: Scene, *arguments: Any) -> Any:
        done = real(scene, *arguments)
        kept.extend([weakref.ref(scene.backbone.model), weakref.ref(scene)])
        now = scene.backbone.state_dict()
        weights.extend(torch.equal(now[name], tensor) for name, tensor in scene.before.items())
        assert all(parameter.grad is None for parameter in scene.learner.module.parameters())
        return done

    monkeypatch.setattr(module, "estimate", spy)
    before, threads = tree(tiny_model), torch.get_num_threads()
    content = make_recipe(training={"threads": threads + 1})
    assert ask(content).problems == ()
    assert weights
    assert all(weights)
    assert torch.get_num_threads() == threads
    assert tree(tiny_model) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"index"}
    gc.collect()
    assert [reference() for reference in kept] == [None, None]


def test_a_training_after_it_is_the_same(make_recipe: RecipeMaker, tmp_path: Path) -> None:
    results = []
    for name in ("alone", "after"):
        if name == "after":
            ask(make_recipe())
        train(TrainRequest(recipe=make_recipe(), out=str(tmp_path / name)), lambda event: None, Control())
        results.append(RunDirectory.open(tmp_path / name).result())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "code", ["data.scanning", "phase.loading_model", "phase.choosing_precision", "phase.timing"]
)
def test_cancelled_in_any_phase(make_recipe: RecipeMaker, code: str) -> None:
    control = Control()
    after: list[Event] = []

    def hear(event: Event) -> None:
        assert isinstance(event, Progress)
        if control.wish is Wish.CANCEL:
            after.append(event)
        if event.phase.code == code:
            control.ask(Wish.CANCEL)

    with pytest.raises(Cancelled):
        preflight(PreflightRequest(recipe=make_recipe()), hear, control)
    assert len(after) <= 1


def test_a_step_of_the_estimate_is_not_told_as_one_of_a_run(make_recipe: RecipeMaker) -> None:
    said: list[Event] = []
    ask(make_recipe(), said.append)
    assert not any(isinstance(event, StepDone | Warned) for event in said)
    assert [event.phase.code for event in said if isinstance(event, Progress)][-1] == "phase.timing"
