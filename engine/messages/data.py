"""Messages of the data room."""

from __future__ import annotations

from engine.messages.text import Text

_LAYOUTS = (
    "Give a folder with one subfolder a class, a folder with train, val and test folders, "
    "or a CSV/TSV file with the columns 'image' and 'label'."
)

_SOURCES: dict[str, Text] = {
    "data.source_missing": Text("There is no folder or file at {path}.", "Check the spelling. " + _LAYOUTS),
    "data.source_unreadable": Text(
        "{path} could not be read: {reason}.", "Check that it still exists and that you may read it."
    ),
    "data.source_not_a_table": Text("{path} is neither a folder nor a CSV/TSV file.", _LAYOUTS),
    "data.no_pictures": Text("No pictures were found in {path}.", _LAYOUTS),
    "data.no_class_folders": Text("{path} has no class folders.", _LAYOUTS),
    "data.table_beside": Text(
        "{path} has no class folders, but it holds the table {table}.",
        "Give that file instead of the folder.",
    ),
    "data.loose_pictures": Text(
        "{path} holds {count} pictures but no class folders, so no picture has a class.",
        "Make one folder a class and move the pictures there, "
        "or write a CSV file with the columns 'image' and 'label' and give that.",
    ),
    "data.one_class": Text(
        "Only one class was found in {path}: {name}. At least two are needed to tell apart.",
        "Add a folder (or label) for each further class; "
        "if a CSV/TSV file holds the labels, give that file instead.",
    ),
    "data.one_folder_deeper": Text(
        "{path} holds a single folder, {name}, so it has only one class.",
        "The classes seem to lie inside it: give {inner} instead.",
    ),
    "data.mixed_folders": Text(
        "{path} has train/val/test folders beside other folders: {names}.",
        "Move the other folders elsewhere, or give the train folder alone.",
    ),
    "data.same_source": Text(
        "The {role} set {path} is the same place as the training pictures.",
        "Give pictures that are not trained on, or remove that entry.",
    ),
}

_TABLES: dict[str, Text] = {
    "data.table_empty": Text(
        "The table {path} has no rows.", "It needs a header such as 'image,label' and a row a picture."
    ),
    "data.table_columns": Text(
        "The table {path} has no column for the {missing}; its columns are: {found}.",
        "Its first row must name the columns: image (or filepath, path) and label (or class, title); "
        "split and group may be added.",
    ),
    "data.table_broken": Text(
        "The table {path} cannot be read at row {row}: {reason}.", "Mend that row; check its quotation marks."
    ),
    "data.table_split": Text(
        "The table {path} has the split '{value}' in row {row}.",
        "Use train, validation (or val) or test in every row, or remove the column.",
    ),
    "data.table_paths": Text(
        "None of the {count} pictures that the table {path} names exists; the first would be {first}.",
        "Paths count from the table's own folder: move the table there, or write absolute paths.",
    ),
    "data.row_no_label": Text("Row {row} of {path} has no class.", "Fill it in; the row is not used."),
    "data.row_no_picture": Text("Row {row} of {path} names no picture.", "Fill it in; the row is not used."),
    "data.row_again": Text(
        "Row {row} of {path} names the same picture and class as an earlier row.",
        "Remove it; it counts once.",
    ),
}

_PICTURES: dict[str, Text] = {
    "data.unreadable": Text(
        "{path} could not be read: {reason}.", "Check that it exists and that you may read it."
    ),
    "data.not_a_file": Text("{path} is not an ordinary file.", "Remove it, or put a picture in its place."),
    "data.truncated": Text(
        "{path} is damaged or cut off: {reason}.", "Copy it again from where it came from, or remove it."
    ),
    "data.empty_file": Text("{path} is empty.", "Copy it again from where it came from, or remove it."),
    "data.not_a_picture": Text(
        "{path} is not a picture in a known format.",
        "Remove it, or save it as JPEG, PNG, WebP, BMP, GIF or TIFF.",
    ),
    "data.heic_missing": Text(
        "{path} is a HEIC picture, which needs an extra part of this program.",
        "Install it with: pip install 'flyp-gui[heic]', or save the picture as JPEG.",
    ),
    "data.too_large": Text(
        "{path} has more pixels than can be decoded safely (at most {limit} million).",
        "Save it smaller; {advice}.",
    ),
    "data.small": Text(
        "{path} is only {width} x {height} pixels.",
        "It is used, but a model sees little in so small a picture; use a larger copy if there is one.",
    ),
    "data.link_nowhere": Text("{path} is a link that leads nowhere.", "Mend or remove the link."),
    "data.link_loop": Text("{path} is a link that leads back to itself or above.", "Remove the link."),
    "data.link_again": Text(
        "{path} leads to a folder that was already read for this class.",
        "Remove the link; the pictures count once.",
    ),
    "data.folder_unreadable": Text(
        "The folder {path} could not be read: {reason}.",
        "Check that you may read it; its pictures are missing.",
    ),
}

_SETS: dict[str, Text] = {
    "data.duplicate": Text("{path} has {count} exact copies in its class.", "One of them is used."),
    "data.two_classes": Text(
        "{path} is the same picture as one in another class ({classes}).",
        "Delete the wrong ones; until then no copy is used.",
    ),
    "data.across_splits": Text(
        "{path} is in more than one part ({parts}).",
        "Only the copy in the last of them is used, so that no part is judged on what another has seen.",
    ),
    "data.copy_elsewhere": Text(
        "{path} is also in the {role} set.", "It is not used for training, so that the set judges fairly."
    ),
    "data.empty_class": Text(
        "The class folder {name} has no pictures.", "Add pictures or remove the folder."
    ),
    "data.few_shots": Text(
        "The class {name} has {count} usable pictures, too few for {shots} shots and one to hold back.",
        "Add pictures or ask for fewer shots; as many as there are will be used.",
    ),
    "data.fewer_shots": Text(
        "{count} classes have too few usable pictures for {shots} shots, the first of them {first}.",
        "As many as there are will be used; 'flyp inspect' lists these classes.",
    ),
    "data.few": Text(
        "The class {name} has {count} usable pictures; at least {least} are needed.",
        "Add pictures or leave the class out.",
    ),
    "data.imbalance": Text(
        "The largest class ({large}, {most} pictures) has more than ten times as many as the smallest "
        "({small}, {fewest}).",
        "Add pictures to small classes, or set data.balanced so that each class is drawn equally often.",
    ),
    "data.name_clash": Text(
        "The class names {names} differ only by upper and lower case or unicode form.",
        "If they are one class, give them one name.",
    ),
    "data.loose": Text(
        "{count} pictures in {path} lie beside the class folders and belong to no class.",
        "Move them into a class folder; they are not used.",
    ),
    "data.unknown_class": Text(
        "The class {name} ({count} pictures) is not among the classes of the training pictures.",
        "Rename it to match, if it is one of them; its pictures are not used.",
    ),
    "data.left_out": Text(
        "{path} is left out, as the recipe says.", "Remove it from data.leave_out to use it."
    ),
    "data.picture_unknown": Text(
        "data.{field} names {path}, which is not among the pictures.",
        "Check the spelling, or remove the entry.",
    ),
}

_SPLITTING: dict[str, Text] = {
    "data.no_training_part": Text(
        "{path} has no training part, only: {parts}.", "Add a train folder (or rows with split 'train')."
    ),
    "data.class_unknown": Text(
        "data.classes names classes that {path} does not have: {names}.",
        "Check the spelling; the folder names count.",
    ),
    "data.no_such_class": Text(
        "{path} has no class called '{name}'.", "Look at the folder again: its classes may have changed."
    ),
    "data.label_class": Text(
        "data.labels gives {path} the class '{name}', which the pictures do not have.",
        "Name a class folder, of which there are: {known}.",
    ),
    "data.too_few_classes": Text(
        "data.classes leaves only one class: {names}.", "Name at least two, or leave it empty for all."
    ),
    "data.no_train": Text(
        "No picture is left to train on in: {names}.",
        "Add pictures to these classes, or name only the others in data.classes.",
    ),
    "data.no_validation": Text(
        "There are too few pictures (or groups) to hold any back for validation in: {names}.",
        "Each class needs at least two pictures in different groups: add some, "
        "or name only the other classes in data.classes.",
    ),
    "data.validation_empty": Text(
        "The validation part of {path} has no usable picture.",
        "Add pictures to it, or remove it to have one drawn.",
    ),
    "data.no_common_class": Text(
        "The {role} set {path} has none of the classes of the training pictures; its classes are: {found}.",
        "Name its folders (or labels) as those of the training pictures: {expected}.",
    ),
    "data.split_file": Text(
        "{where} cannot be read at row {row}: {reason}.", "Start the run again from its recipe.toml."
    ),
}

_PHASES: dict[str, Text] = {
    "data.scanning": Text("Looking through {path}"),
    "data.examining": Text("Checking the pictures in {path}"),
}

TEXTS: dict[str, Text] = {**_SOURCES, **_TABLES, **_PICTURES, **_SETS, **_SPLITTING, **_PHASES}
