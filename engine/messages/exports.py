"""Messages about taking a model elsewhere and about judging new pictures with it."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    # --- what cannot leave, and why -------------------------------------------------------------
    "export.no_format": Text("There is no format called '{name}'.", "Take one of these: {known}."),
    "export.no_formats": Text(
        "No format was named to export to.", "Give one or more with --format, such as --format open_clip."
    ),
    "export.twice": Text("The format '{format}' was named twice.", "Name each format once."),
    "export.wrong_option": Text(
        "The option '{option}' of the format '{format}' cannot be: {reason}.", "Its options are: {known}."
    ),
    "export.option_elsewhere": Text(
        "An option was given for the format '{format}', which is not exported.",
        "Add it with --format {format}, or leave the option out.",
    ),
    "export.option_form": Text(
        "--set {given} is not of the form format.option=value.", "For example: --set onnx.precision=fp16"
    ),
    "export.unsupported": Text("This run cannot leave as {format}: {reason}", ""),
    "export.no_place": Text(
        "the head of '{method}' is a computation of its own, which has no place in a CLIP folder.",
        "Take onnx, torch-export or classifier, which hold the whole computation.",
    ),
    "export.no_matrix": Text(
        "the head of '{method}' is no matrix with one row a class.",
        "Take onnx, torch-export or classifier, which hold the whole computation.",
    ),
    "export.needs_package": Text(
        "The package {package} is not installed.", "Install it with: pip install 'flyp-gui[{extra}]'"
    ),
    "export.too_large": Text(
        "its image tower takes {size} GB, and one ONNX file holds 2 GB.",
        "Take fp16 (--set onnx.precision=fp16), open_clip or torch-export.",
    ),
    "export.no_mapping": Text(
        "CLIPModel of transformers cannot compute this model: {reason}.",
        "Take open_clip, onnx or torch-export.",
    ),
    "export.not_plain": Text(
        "The method '{method}' adds to the image tower what a plain CLIP does not compute "
        "(embeddings differ by {difference}).",
        "This run can be used here, but not taken elsewhere.",
    ),
    # --- writing and checking -------------------------------------------------------------------
    "export.picture_gone": Text(
        "{path}, with which the export is checked, cannot be read: {reason}.",
        "Put the pictures of the run's validation set back where they were.",
    ),
    "export.failed": Text(
        "Writing as {format} failed: {reason}.", "Take another format; nothing was left behind."
    ),
    "export.not_read_back": Text(
        "The export could not be read back: {reason}.", "Take another format; nothing was left behind."
    ),
    "export.mismatch": Text(
        "The export as {format} does not say what the run says ({way}): cosines differ by up to {cosine} "
        "(tolerance {tolerance}), logits by {logit} (tolerance {logit_tolerance}), and {different} of {pictures} "
        "pictures get another class.",
        "Nothing was left behind. Take another format, or fp32.",
    ),
    "export.not_ours": Text(
        "{path} holds other things than an export, so it is not replaced.", "Give a new or an empty folder."
    ),
    # --- reading --------------------------------------------------------------------------------
    "export.not_one": Text(
        "{path} is neither a run nor an export of this program.",
        "Give the folder that 'flyp train' or 'flyp export' printed.",
    ),
    "export.damaged": Text("{path} is damaged: {reason}.", "Export the run again."),
    "export.holds_code": Text(
        "{path} is a PyTorch program, whose loading could run code of a stranger, and is not opened here.",
        "Give the run itself or another export of it; programs of your own load it with torch.export.load.",
    ),
    "export.newer": Text(
        "{path} was written for schema {found} of exports; this program reads up to {known}.",
        "Update the program.",
    ),
    # --- prediction -----------------------------------------------------------------------------
    "predict.no_pictures": Text(
        "There are no pictures at {path}.", "Give picture files, a folder of them, or a pattern in quotes."
    ),
    "predict.missing": Text("There is nothing at {path}.", "Check the path."),
    "predict.none_read": Text(
        "None of the {count} files could be read as a picture, such as {path}: {reason}", "Check the files."
    ),
    "predict.alpha_of_export": Text(
        "An export has its blend in it; --alpha cannot be given with one.", "Leave it out, or give the run."
    ),
    "predict.sorted_inside": Text(
        "Copies cannot be sorted into {path}: it lies within the pictures that are looked at.",
        "Give a folder elsewhere.",
    ),
    "predict.not_sure": Text("not sure"),
    # --- progress -------------------------------------------------------------------------------
    "phase.checking_run": Text("Looking at the pictures to check with"),
    "phase.measuring_errors": Text("Measuring errors on {name}"),
    "phase.writing_export": Text("Writing {format}"),
    "phase.verifying": Text("Reading it back in a fresh process"),
    "phase.predicting": Text("Looking at the pictures"),
    "phase.sorting": Text("Copying into class folders"),
}
