"""Messages about models: the catalogue, downloads, weights files, captions."""

from __future__ import annotations

from engine.messages.text import Text

TEXTS: dict[str, Text] = {
    # --- naming a model -----------------------------------------------------------------------
    "clip.unknown_model": Text(
        "There is no model called '{model}'.",
        "Take one 'flyp models' lists, 'hf-hub:owner/name' or a path of an open_clip folder{suggestion}.",
    ),
    "clip.no_weights_named": Text(
        "The model '{model}' needs model.weights: an architecture alone knows nothing yet.",
        "Set it to one of these, or to the path of a weights file: {tags}.",
    ),
    "clip.unknown_weights": Text(
        "The model '{model}' has no weights called '{weights}', and there is no such file.",
        "Set model.weights to one of these, or to the path of a weights file: {tags}.",
    ),
    "clip.weights_not_taken": Text(
        "'{model}' brings its own weights; model.weights ('{weights}') cannot be used with it.",
        "Remove model.weights from the recipe.",
    ),
    "clip.starter_missing": Text(
        "The bundled starter model is not at {path}.",
        "Install the program again, or choose another model with 'flyp models'.",
    ),
    # --- folders and configurations -----------------------------------------------------------
    "clip.not_a_model_folder": Text(
        "{path} is not an open_clip folder: {reason}.",
        "A model's folder holds open_clip_config.json and a weights file such as model.safetensors.",
    ),
    "clip.bad_config": Text(
        "The model configuration of {where} cannot be built: {reason}.",
        "Check its open_clip_config.json, or take another model.",
    ),
    "clip.bad_preprocess": Text(
        "The picture settings (preprocess_cfg) of {where} mean nothing: {reason}.",
        "Mend them in its open_clip_config.json, or take another model.",
    ),
    "clip.multimodal": Text(
        "'{model}' also writes captions (CoCa); finetuning it by contrast alone is not offered.",
        "Choose a model that 'flyp models' lists.",
    ),
    "clip.needs_transformers": Text(
        "'{model}' needs the package transformers for its {part}.",
        "Install it with: pip install 'flyp-gui[hf]'",
    ),
    "clip.no_tokenizer": Text(
        "The tokenizer '{tokenizer}' of '{model}' could not be loaded: {reason}.",
        "Connect to the internet once, so that it can be fetched, then try again.",
    ),
    # --- weights files ------------------------------------------------------------------------
    "clip.no_weights_file": Text("There is no weights file at {path}.", "Check the path."),
    "clip.not_weights": Text(
        "{path} is not a weights file that can be read: {reason}.",
        "Give a .safetensors file, or a .pt, .pth or .bin file of a state dict.",
    ),
    "clip.damaged_weights": Text(
        "The weights file {path} is damaged: {reason}.", "Delete it and fetch it again."
    ),
    "clip.unsafe_weights": Text(
        "The weights file {path} holds more than tensors and is not opened, since it could run code.",
        "Get the weights as .safetensors.",
    ),
    "clip.torchscript": Text(
        "{path} is a TorchScript archive, which holds code, and is not opened.",
        "For OpenAI's models set model.weights to 'openai': the same weights come as safetensors.",
    ),
    "clip.weights_mismatch": Text(
        "The weights in {path} do not fit the model: {reason}.",
        "Check that model.name is the architecture these weights were made for.",
    ),
    "clip.base_gone": Text(
        "The weights this run began from are gone: {name}, {weights} (SHA-256 {sha256}). {reason}",
        "Bring them back to where they were; without them this cannot be done.",
    ),
    "clip.base_changed": Text(
        "The weights this run began from have changed: {name}, {weights} at {path} had SHA-256 {sha256}, "
        "now it is {found}.",
        "Bring the old file back; with other weights the result would be wrong.",
    ),
    # --- the hub ------------------------------------------------------------------------------
    "clip.not_downloaded": Text(
        "'{model}' is not downloaded yet.",
        "Fetch it with 'flyp download', or let 'flyp train' do so.",
    ),
    "clip.offline": Text(
        "'{model}' is not downloaded, and {endpoint} cannot be reached: {reason}.",
        "Connect to the internet (and unset HF_HUB_OFFLINE), or take one that is here, such as 'starter'.",
    ),
    "clip.no_such_repository": Text(
        "There is no model '{model}' at {endpoint}, or it is private.",
        "Check the name; for a private or gated model log in with 'hf auth login'.",
    ),
    "clip.gated_repository": Text(
        "The model '{model}' at {endpoint} is gated: its owner wants terms accepted first.",
        "Accept them on the model's page, log in with 'hf auth login', and try again.",
    ),
    "clip.no_open_clip_files": Text(
        "The repository of '{model}' has no {missing}.",
        "Take one made with open_clip: it holds open_clip_config.json and open_clip_model.safetensors.",
    ),
    "clip.broken_download": Text(
        "The download of '{model}' broke off: {reason}.",
        "Try again: it goes on where it stopped.",
    ),
    "clip.wrong_download": Text(
        "The file {path} of '{model}' is not what the hub has: expected SHA-256 {expected}, found {found}.",
        "It was removed; download it again.",
    ),
    "clip.downloading": Text("Downloading {model}"),
    # --- captions -----------------------------------------------------------------------------
    "clip.equal_captions": Text(
        "The classes '{first}' and '{second}' have the same caption: '{caption}'.",
        "Give one of them another name in prompts.class_names.",
    ),
    "clip.cut_captions": Text(
        "{count} captions are longer than the model's {length} tokens and are cut, such as '{caption}'.",
        "Shorten the class name or the template.",
    ),
    "clip.unknown_class_name": Text(
        "prompts.class_names names a class '{name}' that the pictures do not have.",
        "Check its spelling against the folder names{suggestion}.",
    ),
    "clip.empty_class_name": Text(
        "The class '{name}' has an empty name in prompts.class_names.", "Give it a name the model can read."
    ),
    "clip.unreadable_preset": Text(
        "The prompt preset {path} cannot be read: {reason}.", "Mend the file, or install the program again."
    ),
    "clip.unknown_preset": Text("There is no prompt preset '{name}'.", "Take one of these: {known}."),
}
