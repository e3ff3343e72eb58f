"""The lines of Python by which open_clip loads a run's weights, and what goes with them. Knows no Qt."""

from __future__ import annotations

import pprint
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open

from engine.prompts import class_names
from engine.recipe import Prompts

_CODE = """\
import open_clip
import torch
from PIL import Image

name = {name}
model, _, preprocess = open_clip.create_model_and_transforms(name)
tokenizer = open_clip.get_tokenizer(name)
model.eval()

classes = {classes}
templates = {templates}

with torch.no_grad():
    head = []
    for each in classes:
        captions = tokenizer([template.replace("{{}}", each) for template in templates])
        head.append(model.encode_text(captions, normalize=True).mean(dim=0))
    head = torch.nn.functional.normalize(torch.stack(head), dim=-1)


def classify(path):
    \"\"\"The class of a picture and how sure the model is.\"\"\"
    picture = preprocess(Image.open(path).convert("RGB")).unsqueeze(0)
    with torch.no_grad():
        image = model.encode_image(picture, normalize=True)
        shares = (model.logit_scale.exp() * image @ head.T).softmax(dim=-1)[0]
    return classes[int(shares.argmax())], float(shares.max())
"""


def needs_more(folder: Path) -> bool:
    """Whether the run answers by a head or memory of its own, which lies beside the weights and open_clip does not read.

    Low-rank factors lie there too, but they are merged into the weights already.
    """
    path = folder / "learned.safetensors"
    try:
        with safe_open(path, framework="numpy") as content:
            return any(not name.startswith("learned.lora.") for name in content.keys())  # noqa: SIM118  no mapping
    except FileNotFoundError:
        return False
    except (OSError, SafetensorError):
        # it cannot be told, and code that answers otherwise would be worse than none
        return True


def code(folder: Path, classes: Sequence[str], prompts: Prompts) -> str:
    """Loads the model, builds the head from names and templates, and classifies a picture.

    ``classes`` are the folders' names in the run's order.
    """
    names = class_names.for_model(classes, prompts.class_names)
    return _CODE.format(
        name=repr(f"local-dir:{folder.as_posix()}"),
        classes=_listed(names),
        templates=_listed(prompts.templates),
    )


def _listed(values: Sequence[str]) -> str:
    return pprint.pformat(list(values), width=84, compact=True)
