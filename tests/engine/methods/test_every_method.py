"""What must hold for every method: it begins at zero-shot, learns, is kept, blended, resumed exactly."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from engine import events, recipe
from engine.control import Control, Wish
from engine.errors import EngineError
from engine.jobs.evaluate import evaluate
from engine.jobs.init import init
from engine.jobs.methods import methods as methods_job
from engine.jobs.methods import render
from engine.jobs.train import render as render_run
from engine.jobs.train import train
from engine.methods import OWN, FeatureLearner, StepLearner, find, methods, options_of
from engine.recipe import Training
from engine.requests import EvaluateRequest, InitRequest, MethodsRequest, TrainRequest
from engine.run_directory import RunDirectory
from engine.training import checkpoints, trainer
from engine.training.checkpoints import Position
from tests.engine.methods import bench

ALL = (*bench.FEATURE_METHODS, *bench.STEP_METHODS)
QUICK = {"linear-probe": {"strengths": 3}, "prolip": {"steps": 40}, "tip-adapter-f": {"epochs": 3, "grid": 5}}
"""Options with which the fits take a moment."""


def test_what_sets_a_method_apart_in_a_comparison_is_told(place):
    for name in ALL:
        told = find(name).Options().set_apart()
        stages = bench.stages_of(bench.backbone_of(place), name)
        searched = [s.rounds() for s in stages if isinstance(s, FeatureLearner) and s.rounds()]
        scales = {
            group.get("lr_scale", 1.0)
            for s in stages
            if isinstance(s, StepLearner)
            for group in s.parameter_groups(0.1, False)
        }
        assert ("on validation" in told) == bool(searched), name
        assert ("times the learning rate" in told) == bool(scales - {1.0}), name
        assert all(f"at {scale:g} times" in told for scale in scales - {1.0})
        assert "{" not in told
    assert "out of 3" in options_of(find("lp-ft"), {"strengths": 3}).set_apart()
    for name in ("flyp", "carot"):
        assert "0.2 times" in options_of(find(name), {"text_rate": 0.2}).set_apart()


def test_there_are_these_methods_and_each_says_what_a_picker_needs():
    assert sorted(ALL) == list(methods())
    answer = methods_job(MethodsRequest(), lambda event: None, Control())
    text = render(answer)
    for entry in answer.methods:
        assert entry.when.endswith(".")
        assert entry.summary.endswith(".")
        assert f"When: {entry.when}" in text
        assert set(entry.settings or ()) <= set(Training.model_fields)
        assert all(option["description"] for option in entry.options.get("properties", {}).values())
    assert {e.name for e in answer.methods if e.settings is not None} == set(bench.FEATURE_METHODS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "vit") for name in ALL), ("carot", "resnet"), ("fine-tune", "resnet"), ("prolip", "resnet")],
)
def test_it_begins_at_zero_shot_and_blends_between_there_and_what_it_learnt(place, name, kind):
    backbone = bench.backbone_of(place, kind)
    batch = bench.make_batch()
    expected = bench.zero_shot_logits(backbone, batch)
    learner = bench.learner_of(backbone, name, **QUICK.get(name, {}))
    before, zero_shot = bench.copied(learner.state_dict()), bench.logits_of(learner, batch)
    torch.testing.assert_close(zero_shot, expected, rtol=1e-4, atol=1e-4)
    bench.learn(learner, batch)
    after, learnt = bench.copied(learner.state_dict()), bench.logits_of(learner, batch)
    assert torch.equal(learnt, zero_shot) == (name == "zero-shot")

    middle = {}
    for alpha in (0.0, 1.0, 0.5):
        learner.load_state_dict(learner.blend(before, after, alpha))
        middle[alpha] = bench.logits_of(learner, batch)
    assert torch.equal(middle[0.0], zero_shot)
    assert torch.equal(middle[1.0], learnt)
    if name != "zero-shot":
        assert not torch.equal(middle[0.5], zero_shot)
        assert not torch.equal(middle[0.5], learnt)


@pytest.mark.parametrize("name", ALL)
def test_what_it_learnt_comes_back_from_a_checkpoint(place, make_recipe, tmp_path, name):
    batch = bench.make_batch()
    learner = bench.learner_of(bench.backbone_of(place), name, **QUICK.get(name, {}))
    model_names = set(learner.backbone.state_dict())
    bench.learn(learner, batch)
    run = RunDirectory.create(tmp_path / "run", recipe.parse(make_recipe(), "test"))
    checkpoints.save(run, "best", learner.state_dict(), learner.backbone.write_config, Position(best_epoch=1))
    run.close()
    folder = tmp_path / "run/checkpoints/best"
    assert set(load_file(folder / "model.safetensors")) == model_names
    own = name in ("clip-lora", "fine-tune", "l2-sp", "linear-probe", "lp-ft", "tip-adapter-f")
    assert (folder / "learned.safetensors").exists() == own
    fresh = bench.learner_of(bench.backbone_of(place), name)
    fresh.load_state_dict(checkpoints.load_weights(run, "best"))
    assert torch.equal(bench.logits_of(fresh, batch), bench.logits_of(learner, batch))
    for tensor_name, tensor in learner.state_dict().items():
        assert torch.equal(fresh.state_dict()[tensor_name], tensor), tensor_name
        assert tensor_name in model_names or tensor_name.startswith(OWN)


@pytest.mark.parametrize("name", [name for name in ALL if name != "zero-shot"])
def test_it_fits_eight_pictures(place, name):
    # zero-shot cannot: it does not learn
    batch = bench.make_batch(8)
    # ProLIP's pull to the start holds it back from that on a model that knows nothing
    options = {"pull": "none", "rates": 1, "lowest_rate": 1e-2} if name == "prolip" else {}
    learner = bench.learner_of(bench.backbone_of(place), name, **options)
    before = bench.logits_of(learner, batch).argmax(dim=1)
    assert (before != batch.labels_B).any()
    bench.learn(learner, batch, steps=40, rate=3e-3)
    assert torch.equal(bench.logits_of(learner, batch).argmax(dim=1), batch.labels_B)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "vit") for name in bench.STEP_METHODS),
        ("carot", "resnet"),
        ("carot", "siglip"),
        ("clip-lora", "mobile"),
    ],
)
def test_a_batch_in_parts_has_the_gradients_of_the_whole(place, name, kind):
    batch = bench.make_batch(11)
    learner = bench.learner_of(bench.backbone_of(place, kind), name)
    # away from the start, where factors and distillation have no gradient
    bench.stepper_of(learner).step(batch)
    whole = bench.stepper_of(learner).gradients(batch)
    expected = bench.gradients(learner)
    parts = bench.stepper_of(learner, micro=4).gradients(batch)
    assert float(parts.loss) == pytest.approx(float(whole.loss), rel=1e-5)
    bench.assert_same_gradients(bench.gradients(learner), expected)


def _listening(control, wanted):
    def emit(event):
        if isinstance(event, events.StepDone) and event.step == wanted:
            control.ask(Wish.PAUSE)

    return emit


@pytest.mark.parametrize("name", ["lp-ft", "carot", "clip-lora"])
def test_a_run_goes_on_as_if_never_interrupted(make_recipe, tmp_path, monkeypatch, name):
    monkeypatch.setattr(trainer, "SPEAK_EVERY", 0.0)
    content = make_recipe(method={"name": name}, data={"shots": 3}, training={"epochs": 2, "batch_size": 5})
    train(TrainRequest(recipe=content, out=str(tmp_path / "whole")), lambda event: None, Control())
    control = Control()
    # in the second epoch, where the teacher has moved
    request = TrainRequest(recipe=content, out=str(tmp_path / "cut"))
    paused = train(request, _listening(control, 3), control)
    assert paused.reason == "paused"
    assert not paused.anew
    assert render_run(paused).startswith("Paused and saved.")
    assert train(TrainRequest(resume=str(tmp_path / "cut")), lambda e: None, Control()).reason == "finished"
    for checkpoint in ("last", "best"):
        for file in ("model.safetensors", "learned.safetensors"):
            whole, cut = (tmp_path / run / "checkpoints" / checkpoint / file for run in ("whole", "cut"))
            assert whole.exists() == cut.exists() == (file[0] == "m" or name != "carot")
            if whole.exists():
                one, other = load_file(whole), load_file(cut)
                assert one.keys() == other.keys()
                assert all(torch.equal(one[n], other[n]) for n in one)
                assert not any("teacher" in n for n in one)
    assert (tmp_path / "whole/result.json").read_text() == (tmp_path / "cut/result.json").read_text()


def test_stopping_early_on_features_keeps_nothing_of_the_attempt_before(make_recipe, tmp_path):
    # the first rate moves nothing, so that zero-shot stays the best of a run that is stopped there
    options = {"steps": 40, "rates": 2, "lowest_rate": 1e-12}
    content = make_recipe(method={"name": "prolip", "options": options})
    run, control = RunDirectory(tmp_path / "run"), Control()

    def pause_at_the_end(event):
        if isinstance(event, events.CheckpointSaved) and event.name == "best" and event.epoch == 2:
            control.ask(Wish.PAUSE)

    request = TrainRequest(recipe=content, out=str(run.path))
    paused = train(request, pause_at_the_end, control)
    assert paused.reason == "paused"
    assert paused.anew
    assert "it will begin anew and come to the same end" in render_run(paused)
    assert "saved" not in render_run(paused)
    assert checkpoints.best_on_disk(run)[0] == 2
    control = Control()

    def stop_at_once(event):
        if isinstance(event, events.StepDone):
            control.ask(Wish.STOP)

    assert train(TrainRequest(resume=str(run.path)), stop_at_once, control).reason == "stopped"
    assert run.result()["best_epoch"] == checkpoints.best_on_disk(run)[0] == 0
    again = evaluate(EvaluateRequest(run=str(run.path)), lambda event: None, Control()).result
    validation = again["sets"]["validation"]
    assert validation["nll"] == validation["zero_shot"]["nll"]


def test_zero_shot_does_not_look_at_the_training_pictures(make_recipe, tmp_path):
    looked_at = set()

    def listen(event):
        if isinstance(event, events.Progress) and event.phase.code == "phase.evaluating":
            looked_at.add(event.phase.arguments["name"])

    content = make_recipe(method={"name": "zero-shot"})
    answer = train(TrainRequest(recipe=content, out=str(tmp_path / "run")), listen, Control())
    assert answer.reason == "finished"
    assert looked_at >= {"validation", "test"}
    assert "train" not in looked_at


@pytest.mark.parametrize("name", ["prolip", "tip-adapter-f"])
def test_a_run_on_features_writes_all_its_figures(make_recipe, tmp_path, name):
    content = make_recipe(method={"name": name, "options": QUICK[name]})
    answer = train(TrainRequest(recipe=content, out=str(tmp_path / "run")), lambda e: None, Control())
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert answer.reason == "finished"
    assert result["method"] == name
    validation = result["sets"]["validation"]
    assert validation["nll"] <= validation["zero_shot"]["nll"]
    # a memory that has grown since the start is judged again too
    for alpha, column in ((1.0, validation), (0.0, validation["zero_shot"])):
        request = EvaluateRequest(run=str(tmp_path / "run"), alpha=alpha)
        again = evaluate(request, lambda event: None, Control()).result["sets"]["validation"]
        assert again["nll"] == pytest.approx(column["nll"], abs=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_init_writes_a_recipe_that_is_read_back(pictures, tiny_model, tmp_path, name):
    out = tmp_path / "recipe.toml"
    request = InitRequest(source=str(pictures), model=str(tiny_model), method=name, shots=2, out=str(out))
    init(request, lambda event: None, Control())
    read = recipe.read(out)
    assert read.method.name == name
    assert set(read.method.options) <= set(methods()[name].Options.model_fields)
    methods()[name].Options.model_validate(read.method.options)


def test_another_method_by_set_drops_the_options_of_the_one_before(make_recipe):
    content = make_recipe(
        method={"name": "flyp", "options": {"collisions": "soft", "clamp_temperature": False}}
    )
    before = recipe.parse(content, "test")
    assert recipe.with_settings(before, ["method.name=lp-ft"]).method.options == {}
    for settings in (
        ["method.name=carot", "method.options.collisions=mask"],
        ["method.options.collisions=mask", "method.name=carot"],
    ):
        assert recipe.with_settings(before, settings).method.options == {"collisions": "mask"}
    same = recipe.with_settings(before, ["method.name=flyp", "method.options.collisions=mask"])
    assert same.method.options == {"collisions": "mask", "clamp_temperature": False}
    assert recipe.with_settings(before, ["training.epochs=1"]).method == before.method


def test_a_model_that_cannot_carry_a_method_says_why(place, make_recipe, tmp_path):
    bench.backbone_of(place, "resnet")
    content = make_recipe(method={"name": "clip-lora"}, model={"name": str(place / "resnet")})
    with pytest.raises(EngineError, match="image tower has no attention") as caught:
        train(TrainRequest(recipe=content, out=str(tmp_path / "run")), lambda event: None, Control())
    assert caught.value.exit_code == 2
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["carot", "clip-lora"])
def test_half_precision_gives_nearly_the_same_gradients(place, name):
    batch = bench.make_batch(9)
    learner = bench.learner_of(bench.backbone_of(place), name)
    bench.stepper_of(learner, rate=1e-4).step(batch)
    bench.stepper_of(learner).gradients(batch)
    expected = bench.gradients(learner)
    for micro in (100, 4):
        bench.stepper_of(learner, micro=micro, precision="bf16").gradients(batch)
        ours = bench.gradients(learner)
        assert ours.keys() == expected.keys()
        wrong = sum(float((ours[n] - e).square().sum()) for n, e in expected.items())
        assert wrong < 0.1**2 * sum(float(e.square().sum()) for e in expected.values())
