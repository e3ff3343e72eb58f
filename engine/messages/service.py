"""Messages of the service room: requests, the wire, the command line and its small jobs."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    # --- requests that cannot be taken ----------------------------------------------------------
    "request.not_json": Text(
        "A request was not one JSON object on a line: {reason}.",
        'Send {{"id": "…", "request": {{"type": "…"}}}} and a newline.',
    ),
    "request.too_long": Text(
        "A request was longer than {limit} bytes and was dropped.",
        "Name a file or folder instead of sending its content.",
    ),
    "request.no_id": Text(
        "A request had no usable 'id': {reason}.",
        "Give each request a text of its own as id, 1 to 200 characters long.",
    ),
    "request.id_in_use": Text(
        "A request came with the id '{id}', which a request under way has already.",
        "Give each request an id of its own.",
    ),
    "request.unknown_type": Text(
        "There is no request of type '{type}'.",
        "Known are: {known}.",
    ),
    "request.wrong": Text(
        "The request '{type}' is not as it should be: {findings}.",
        "Mend these fields and send it again.",
    ),
    "request.no_target": Text(
        "There is no request '{target}' under way.",
        "It has ended already, or its id is misspelt.",
    ),
    "service.not_here": Text(
        "The request '{type}' is not answered by this engine.",
        "Start the engine with 'flyp serve' of the same version as the window.",
    ),
    "service.superseded": Text("A newer request took the place of this one."),
    "service.ending": Text(
        "The engine is ending and takes no new work.", "Start it again and repeat the request."
    ),
    "service.abandoned": Text(
        "This work did not stop in time and was cut off when the engine ended.",
        "Nothing was left half written; start it again.",
    ),
    # --- the command line -----------------------------------------------------------------------
    "cli.named": Text("'{given}' is not of the form NAME=FOLDER.", "For example: {option} art=pictures/art"),
    "cli.named_twice": Text(
        "The name '{name}' was given twice with {option}.", "Give each folder a name of its own."
    ),
    "cli.resume_alone": Text(
        "'--resume' goes on with a run as it was started; {given} cannot be given with it.",
        "Leave that out, or start a new run from a recipe.",
    ),
    "cli.recipe_or_resume": Text(
        "'flyp train' needs a recipe to train or a run to go on with.",
        "Give a recipe.toml (write one with 'flyp init FOLDER -o recipe.toml') or --resume RUN.",
    ),
    "cli.wrong_value": Text(
        "A value given to 'flyp {command}' cannot be: {findings}.", "See 'flyp {command} --help'."
    ),
    "cli.pausing": Text("Finishing the step and saving …", "Press Ctrl-C again to leave at once."),
    "cli.cancelling": Text("Ending …", "Press Ctrl-C again to leave at once."),
    "cli.resume_with": Text("Saved. Go on with: {command}"),
    "cli.begin_anew_with": Text("Paused; it begins anew and comes to the same end with: {command}"),
    "cli.recipe_fields": Text("The recipe's fields, in the sections of the file"),
    # --- progress in a terminal -----------------------------------------------------------------
    "terminal.run": Text(
        "Run {run}: {method} on {model}, {classes} classes, {epochs} epochs of {steps} steps."
    ),
    "terminal.step": Text(
        "epoch {epoch}, step {step} of {total}: loss {loss} (floor {floor}), {speed} pictures/s, {left} left"
    ),
    "terminal.evaluated": Text("epoch {epoch}: {sets}{kept}"),
    "terminal.kept": Text(" – best so far, kept"),
    "terminal.resumed": Text("Goes on from step {step}."),
    "terminal.paused": Text("Saved at step {step}."),
    "terminal.note": Text("Note: {text}"),
    # --- doctor ---------------------------------------------------------------------------------
    "doctor.looking": Text("Trying what this machine can do"),
    "doctor.wrong_sum": Text(
        "The kernel ran but its result was wrong.", "Do not train on this device; update its driver."
    ),
    # --- preview --------------------------------------------------------------------------------
    "preview.scanning": Text("Finding the pictures"),
    "preview.model": Text("Loading the model"),
    "preview.pictures": Text("Looking at the pictures"),
    "preview.captions": Text("Reading the captions"),
    "preview.no_pictures": Text(
        "There are no pictures to try the model on.", "Check the folder with 'flyp inspect'."
    ),
}
