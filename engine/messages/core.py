"""Messages about recipes, files, runs and the program itself."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    "recipe.unreadable": Text(
        "{path} is not a readable TOML file: {reason}.",
        "Mend that line, or write a fresh recipe with 'flyp init FOLDER -o recipe.toml'.",
    ),
    "recipe.missing": Text(
        "There is no recipe at {path}.", "Write one with 'flyp init FOLDER -o recipe.toml'."
    ),
    "recipe.field_missing": Text("{where}: the field '{field}' is missing.", "Add it; {help}"),
    "recipe.unknown_key": Text("{where}: there is no field '{field}'.", "Remove it{suggestion}."),
    "recipe.wrong_value": Text("{where}: '{field}' {reason} (it is {value}).", "{help}"),
    "recipe.newer": Text(
        "{where} was written for recipe schema {found}; this program reads up to {known}.",
        "Update the program.",
    ),
    "recipe.shift_names": Text(
        "The shift sets cannot be named {names}.",
        "Give each a short name of its own, without slashes; train, validation, test and unused are taken.",
    ),
    "recipe.set_form": Text(
        "--set {given} is not of the form section.field=value.",
        "For example: --set training.epochs=5",
    ),
    "files.exists": Text("{path} already exists.", "Give another name; nothing was overwritten."),
    "files.not_a_folder": Text(
        "{path} is needed as a folder, but a file is in its place.",
        "Choose another place or move that file away.",
    ),
    "files.no_permission": Text("Writing to {path} is not permitted.", "Choose a folder you may write to."),
    "files.disk_full": Text(
        "The disk is full: {path} could not be written.",
        "Free some space and try again; what was there before is unharmed.",
    ),
    "files.not_text": Text(
        "The path {path} cannot be used: a name in it holds bytes that are not UTF-8 text.",
        "Rename that folder or file, then try again.",
    ),
    "files.no_home": Text(
        "This account has no home folder, so there is no place for what the program keeps.",
        "Set {variable} to a folder that you may write to, or HOME.",
    ),
    "files.failed": Text("{path} could not be written: {reason}.", "Check the disk and try again."),
    "files.unreadable": Text("{path} could not be read: {reason}.", "Check the file and its permissions."),
    "run.missing": Text(
        "{path} is not a run folder: it holds no recipe.toml.",
        "Give the folder that 'flyp train' printed.",
    ),
    "run.damaged": Text("The run {path} is damaged: {reason}.", "Start the run again from its recipe.toml."),
    "run.no_checkpoint": Text(
        "The run {path} has no checkpoint yet.", "Start it again from its recipe.toml."
    ),
    "run.finished": Text(
        "The run {path} has already finished.", "Train again from its recipe.toml into a new folder."
    ),
    "run.busy": Text(
        "The run {path} is in use by another process.",
        "Wait until that one has ended, or stop it.",
    ),
    "core.interrupted": Text("Interrupted.", ""),
    "core.cancelled": Text("Cancelled.", ""),
    "core.fault": Text(
        "Something went wrong in the program itself: {reason}.",
        "The details are in {log}; please report them.",
    ),
}
