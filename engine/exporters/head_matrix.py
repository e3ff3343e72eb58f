"""The head alone: one embedding a class, for use with the image tower.

    logits = scale · embeddings · weightᵀ + bias

Where the method left the image tower as it was, anyone's copy of the pretrained model will do; else
the tower goes with it, as ``image_encoder.safetensors`` under open_clip's names.

C: classes, D: embedding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import safetensors
import safetensors.torch

from engine import files, recipe
from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.clip.sources import CONFIG_FILE
from engine.control import Control
from engine.errors import EngineError
from engine.exporters import Options, head_files
from engine.exporters.about import About
from engine.exporters.reader import Reader
from engine.exporters.subject import Subject
from engine.exporters.towers import TowerReader
from engine.messages import Message, say

TOWER_FILE = "image_encoder.safetensors"
NAMES_FILE = "classes.json"
_PREFIX = "visual."


class HeadOptions(Options):
    """There is nothing to choose."""


class HeadExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "head"
    title: ClassVar[str] = "Class head"
    summary: ClassVar[str] = "One vector a class and their names; the image tower too where it was trained."
    readers: ClassVar[tuple[str, ...]] = ("safetensors", "PyTorch", "NumPy")
    library: ClassVar[str] = "open_clip"
    Options = HeadOptions

    def supports(self, subject: Subject, options: HeadOptions) -> Message | None:
        del options
        return (
            say("export.no_matrix", method=subject.finished.recipe.method.name) if _other(subject) else None
        )

    def write(
        self, subject: Subject, about: About, options: HeadOptions, folder: Path, control: Control
    ) -> None:
        del options, control
        head_files.write(subject.matrix, folder)
        names = {"classes": about.classes, "class_names": about.class_names}
        files.write_text(folder / NAMES_FILE, json.dumps(names, indent=1, ensure_ascii=False) + "\n")
        if about.untouched:
            return
        tower = {
            name: tensor.detach().cpu().contiguous().clone()
            for name, tensor in subject.plain.state_dict().items()
            if name.startswith(_PREFIX)
        }
        files.write_bytes(folder / TOWER_FILE, safetensors.torch.save(tower, {"format": "pt"}))
        files.write_text(folder / CONFIG_FILE, json.dumps(subject.plain.open_clip_config(), indent=2) + "\n")

    def open(self, folder: Path, about: About) -> Reader:
        head = head_files.read(folder, len(about.classes))
        return TowerReader(_tower(folder, about), head, about)

    def real(self, folder: Path, about: About) -> Reader:
        return self.open(folder, about)

    def code(self, about: About) -> str:
        base = about.base.name if about.base.weights is None else f"{about.base.name}, {about.base.weights}"
        whose = f"of {base}, untouched" if about.untouched else f"in {TOWER_FILE}, names as open_clip's"
        return "\n".join(
            [
                "import json",
                "from pathlib import Path",
                "from safetensors.torch import load_file",
                "",
                'head = load_file("head.safetensors")',
                'classes = json.loads(Path("classes.json").read_text("utf-8"))["classes"]',
                f"# embeddings: the image tower's ({whose}), divided by their length",
                'logits = head["scale"] * embeddings @ head["weight"].T + head["bias"]',
                "print([classes[i] for i in logits.argmax(dim=-1)])",
            ]
        )


def _other(subject: Subject) -> bool:
    return subject.head_kind == "other"


def _tower(folder: Path, about: About) -> Backbone:
    """The image tower that the head goes with. Raises EngineError if it cannot be had."""
    if about.untouched:
        base = about.base
        model = recipe.Model(name=base.name, weights=base.weights)
        return backbones.load(model, expected_sha256=base.sha256)
    path = folder / TOWER_FILE
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        tower = safetensors.torch.load_file(path)
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise EngineError("export.damaged", str(error), path=str(folder), reason=str(error)) from error
    made = backbones.skeleton(config)
    state = made.state_dict()
    wanted = {name for name in state if name.startswith(_PREFIX)}
    if wanted != tower.keys():
        reason = "its tensors are those of another image tower"
        raise EngineError("export.damaged", path=str(path), reason=reason)
    made.load_state_dict({**state, **tower})
    return made


EXPORTER = HeadExporter()
