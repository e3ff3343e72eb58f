"""The folder that open_clip loads by ``local-dir:``, and that can be put on a hub as it is.

The classes come from the text tower, by the templates that ``export.json`` names. A learned linear
head has no place in such a model: it goes beside it as ``head.safetensors``.

B, N: pictures, C: classes, D: embedding, H, W: height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import safetensors.torch
import torch

from engine import files
from engine.clip import backbone as backbones
from engine.clip.backbone import Backbone
from engine.clip.head import class_embeddings
from engine.clip.local_dir import LocalDir
from engine.control import Control
from engine.data.pictures import open_rgb
from engine.exporters import Options, head_files
from engine.exporters.about import About
from engine.exporters.reader import Outputs, OwnWay, Pixels, Reader
from engine.exporters.subject import Subject
from engine.exporters.towers import TowerReader, outputs
from engine.messages import Message, say
from engine.methods import Head, MatrixHead

WEIGHTS = "open_clip_model.safetensors"
"""The name by which open_clip finds the weights on a hub."""


class OpenClipOptions(Options):
    """There is nothing to choose."""


def template_head(backbone: Backbone, about: About) -> MatrixHead:
    """The head of a model's text tower, from the captions that an export names."""
    with torch.inference_mode():
        weight_CD = class_embeddings(backbone, about.captions())
        bias = backbone.logit_bias
        return MatrixHead(weight_CD, float(backbone.scale()), 0.0 if bias is None else float(bias))


class _LocalDirReader(Reader):
    """open_clip's own loading, transforms and tokenizer."""

    def __init__(self, folder: Path, about: About) -> None:
        self._clip = LocalDir(folder)
        self._head: Head | None = None
        if about.head == "text":
            self._rows_CD = torch.stack([self._clip.class_embedding(texts) for texts in about.captions()])
        else:
            self._head = head_files.read(folder, len(about.classes))
        self._mean, self._std = self._normalization()

    def _normalization(self) -> tuple[torch.Tensor, torch.Tensor]:
        """As the last of open_clip's transforms says."""
        last = self._clip.transform.transforms[-1]
        return torch.tensor(last.mean).reshape(3, 1, 1), torch.tensor(last.std).reshape(3, 1, 1)

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        images_BCHW = torch.from_numpy(images_BHWC).permute(0, 3, 1, 2) / 255
        return self._outputs((images_BCHW - self._mean) / self._std)

    def from_files(self, paths: Sequence[Path], images_NHWC: Pixels) -> OwnWay:
        del images_NHWC
        images_NCHW = self._clip.pixels([open_rgb(path) for path in paths])
        return OwnWay(self._outputs(images_NCHW), tuple(range(len(paths))))

    def _outputs(self, images_NCHW: torch.Tensor) -> Outputs:
        embeddings_ND = self._clip.embeddings(images_NCHW)
        if self._head is not None:
            return outputs(self._head, embeddings_ND)
        return Outputs(self._clip.logits(embeddings_ND, self._rows_CD).numpy(), embeddings_ND.numpy())


class OpenClipExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "open_clip"
    title: ClassVar[str] = "open_clip folder"
    summary: ClassVar[str] = (
        "The whole CLIP, both towers: for new classes too, and as a start of further training."
    )
    readers: ClassVar[tuple[str, ...]] = ("open_clip", "flyp", "Hugging Face Hub")
    library: ClassVar[str] = "open_clip"
    Options = OpenClipOptions

    def supports(self, subject: Subject, options: OpenClipOptions) -> Message | None:
        del options
        if subject.head_kind == "other":
            return say("export.no_place", method=subject.finished.recipe.method.name)
        return None

    def write(
        self, subject: Subject, about: About, options: OpenClipOptions, folder: Path, control: Control
    ) -> None:
        del options, control
        state = subject.plain.state_dict()
        plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
        subject.plain.write_config(folder)
        files.write_bytes(folder / WEIGHTS, safetensors.torch.save(plain, {"format": "pt"}))
        if about.head == "matrix":
            head_files.write(subject.matrix, folder)

    def open(self, folder: Path, about: About) -> Reader:
        backbone = backbones.from_folder(folder)
        learned = about.head == "matrix"
        head = head_files.read(folder, len(about.classes)) if learned else template_head(backbone, about)
        return TowerReader(backbone, head, about)

    def real(self, folder: Path, about: About) -> Reader:
        return _LocalDirReader(folder, about)

    def code(self, about: About) -> str:
        lines = [
            "import json, open_clip, torch",
            "from pathlib import Path",
            "from PIL import Image",
            "",
            'model, _, preprocess = open_clip.create_model_and_transforms("local-dir:FOLDER")',
            'tokenizer = open_clip.get_tokenizer("local-dir:FOLDER")',
            'about = json.loads(Path("FOLDER/export.json").read_text("utf-8"))',
            "model.eval()",
            "with torch.no_grad():",
            '    image = preprocess(Image.open("picture.png")).unsqueeze(0)',
            "    image = model.encode_image(image, normalize=True)",
        ]
        if about.head == "matrix":
            lines += [
                "    from safetensors.torch import load_file",
                '    head = load_file("FOLDER/head.safetensors")',
                '    logits = head["scale"] * image @ head["weight"].T + head["bias"]',
            ]
        else:
            lines += [
                "    rows = []",
                '    for name in about["class_names"]:',
                '        texts = tokenizer([t.replace("{}", name) for t in about["templates"]])',
                "        rows.append(model.encode_text(texts, normalize=True).mean(dim=0))",
                "    rows = torch.nn.functional.normalize(torch.stack(rows), dim=-1)",
                "    logits = model.logit_scale.exp() * image @ rows.T",
            ]
        return "\n".join([*lines, 'print(about["classes"][logits.argmax()])'])


EXPORTER = OpenClipExporter()
