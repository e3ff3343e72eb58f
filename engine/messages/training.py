"""Messages of training, methods and evaluation."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    "training.no_method": Text("There is no method '{name}'.", "Choose one of: {known}."),
    "training.wrong_option": Text(
        "Method {method}: option '{option}': {reason}.", "Its options are: {known}."
    ),
    "training.no_logit_bias": Text(
        "it has no logit bias, which the sigmoid loss needs", "Set method.options.loss to auto or softmax."
    ),
    "training.unsupported": Text(
        "{method} cannot run on {model}: {reason}.", "Choose another method or model."
    ),
    "training.unsupported_options": Text(
        "{method} with these options cannot run on {model}: {reason}.", "{remedy}"
    ),
    "training.no_projection": Text("its image tower does not end in a linear projection", ""),
    "training.no_attention": Text(
        "its {tower} tower has no attention layers whose queries, keys and values could be changed", ""
    ),
    "training.no_device": Text(
        "The device '{device}' is not there: {reason}.", "Set training.device to one of: {known}."
    ),
    "training.precision_unavailable": Text(
        "{device} cannot train in {precision}.", "Set training.precision to auto."
    ),
    "training.nan": Text(
        "The loss is no longer a number at step {step} "
        "(learning rate {learning_rate}, precision {precision}).",
        "Lower training.learning_rate to a third, or set training.precision to fp32. "
        "The best weights so far are kept.",
    ),
    "training.features_not_finite": Text(
        "What was learnt from the pictures' features is no longer a number (candidate {round}).",
        "Choose a model whose zero-shot accuracy can be told, or another method.",
    ),
    "training.out_of_memory": Text(
        "{device} has too little memory for one picture at a time.",
        "Choose a smaller model, or another device.",
    ),
    "training.smaller_micro_batch": Text(
        "Memory did not suffice for {before} pictures at once: going on with {after}. "
        "The gradients stay the same.",
        "",
    ),
    "training.warmup_cut": Text(
        "The warm-up of {asked} steps is as long as the run: {used} steps are used.", ""
    ),
    "training.left_out": Text("{count} pictures are left out: {kinds}.", "'flyp inspect' lists them."),
    "training.no_test": Text(
        "There is no test part: validation figures were used for choosing and are optimistic.",
        "Hold pictures back with data.test, or name a data.test_source.",
    ),
    "training.other_machine": Text(
        "This run was begun on {before}; it goes on on {now}. "
        "The result may differ in the last digits from an uninterrupted run.",
        "",
    ),
    "training.other_torch": Text(
        "This run was begun with torch {before}; it goes on with {now}. "
        "The result may differ in the last digits from an uninterrupted run.",
        "",
    ),
    "training.no_sample": Text(
        "The sample pictures are missing: there is no {path}.",
        "Install the program again, or use pictures of your own with 'flyp init'.",
    ),
    "training.bad_weights": Text("The weights in {path} cannot be loaded: {reason}.", "Start the run again."),
    "data.no_longer_there": Text("it is gone or cannot be read"),
    "training.picture_gone": Text(
        "{path} could be read when the run began but not now: {reason}.",
        "Put the picture back, then continue with 'flyp train --resume'.",
    ),
    "training.picture_changed": Text(
        "{count} pictures changed since the run began, the first of them {path}.",
        "Put the original files back, or start a new run.",
    ),
    "phase.loading_model": Text("Loading the model {model}"),
    "phase.choosing_precision": Text("Trying the device's arithmetic"),
    "phase.first_stage": Text("Fitting the linear head that the training begins with"),
    "phase.timing": Text("Timing a step and an evaluation"),
    "phase.evaluating": Text("Evaluating {name}"),
    "phase.comparing_pictures": Text("Comparing the pictures with those the run began with"),
    "phase.measuring": Text("Measuring"),
}
