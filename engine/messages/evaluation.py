"""Messages of judging: blends, single pictures, reports, averages, comparisons."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    # --- blends ---------------------------------------------------------------------------------
    "phase.blend": Text("Judging the blend at alpha {alpha}"),
    "sweep.nothing_learnt": Text(
        "The kept weights of {run} are the pretrained ones, so every blend is the same.",
        "No epoch was better on validation than zero-shot, or the method trains nothing.",
    ),
    # --- single pictures and reports ------------------------------------------------------------
    "phase.trying": Text("Looking at the pictures"),
    "try.not_there": Text("There is no file at {path}.", "Check its name, or drop the picture again."),
    "phase.report": Text("Writing the report"),
    "report.is_folder": Text("{path} is a folder.", "Name the HTML file that is to be written."),
    # --- averages -------------------------------------------------------------------------------
    "average.one_run": Text(
        "An average needs at least two runs, but only {run} was named.", "Name the runs of several seeds."
    ),
    "average.same_run": Text("The run {run} was named twice.", "Name each run once."),
    "average.differ": Text(
        "{run} and {other} cannot be averaged: their {what} differ.",
        "Average runs of one recipe that differ in their seeds only.",
    ),
    "average.method": Text(
        "Runs of {method} cannot be averaged: what it learns is no set of weights that could be mixed.",
        "Average runs of a method that trains the model itself, such as flyp or fine-tune.",
    ),
    "average.no_picture": Text(
        "No picture of {name} is one that none of the runs has trained on or chosen by.",
        "Average runs with the same data.seed, or judge them on shift sets.",
    ),
    "cli.average_alone": Text(
        "{given} cannot be given with --average.", "Leave it out, or judge a single run."
    ),
    "cli.one_run": Text(
        "Several runs are only judged together with --average uniform or --average stock.",
        "Name one run, or add --average.",
    ),
    "cli.sweep_alone": Text("{given} cannot be given with --sweep.", "Leave one of them out."),
    # --- comparisons ----------------------------------------------------------------------------
    "compare.method_form": Text(
        "'{given}' is not of the form METHOD or METHOD:OPTION=VALUE.", "For example: flyp:collisions=soft"
    ),
    "compare.method_twice": Text(
        "The method '{name}' was given twice.", "Give each method once, or with other options."
    ),
    "compare.rate": Text(
        "The learning rate {rate} is not above 0 and up to 1.", "For example: --rates 3e-5,1e-4"
    ),
    "compare.unsupported": Text(
        "{method} cannot run on {model}: {reason}.", "Leave it out, or compare on another model."
    ),
    "compare.unsupported_options": Text(
        "{method} cannot run on {model}: {reason}.", "{remedy} Or leave the method out."
    ),
    "compare.other_recipe": Text(
        "{path} holds a comparison of another recipe; these fields differ: {fields}.",
        "Give the recipe it was begun with, or another --out folder.",
    ),
    "compare.not_ours": Text(
        "{path} is not empty and holds no comparison.", "Give a new or an empty folder."
    ),
    "compare.other_cell": Text(
        "The run {path} was made from another recipe than the comparison's.",
        "Move that folder away; it is then trained anew.",
    ),
    "phase.compare": Text("{name} ({number} of {total} runs)"),
    "phase.compare_waiting": Text("Waiting for {count} runs that another process works on"),
}
