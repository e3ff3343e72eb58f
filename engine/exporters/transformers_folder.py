"""The folder that CLIPModel and CLIPProcessor of transformers load, offline.

For models that CLIPModel can compute (see ``engine.clip.hugging_face``); others are refused with the
reason. A learned linear head goes beside it as ``head.safetensors``.

B, N: pictures, C: classes, D: embedding, H, W: height and width.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import safetensors.torch
import torch

from engine import files
from engine.clip import hugging_face
from engine.clip.build import has_transformers
from engine.clip.hugging_face import NoMapping, PretrainedFolder
from engine.control import Control
from engine.data.fit import Fit
from engine.data.pictures import open_rgb
from engine.errors import EngineError
from engine.exporters import Options, head_files
from engine.exporters.about import About
from engine.exporters.reader import Outputs, OwnWay, Pixels, Reader
from engine.exporters.subject import Subject
from engine.exporters.towers import outputs
from engine.messages import Message, say
from engine.methods import Head

WEIGHTS = "model.safetensors"
_RESAMPLE = {"bicubic": 3, "bilinear": 2}
"""Pillow's numbers, which the library's configuration holds."""


class TransformersOptions(Options):
    """There is nothing to choose."""


class _FolderReader(Reader):
    """transformers' own loading, processor and tokenizer."""

    def __init__(self, folder: Path, about: About) -> None:
        self._clip = PretrainedFolder(folder)
        self._fit = about.preprocessing.fit()
        self._head: Head | None = None
        if about.head == "text":
            self._rows_CD = torch.stack([self._clip.class_embedding(texts) for texts in about.captions()])
        else:
            self._head = head_files.read(folder, len(about.classes))
        p = about.preprocessing
        self._mean, self._std = (torch.tensor(part).reshape(3, 1, 1) for part in (p.mean, p.std))

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        return self._outputs(self._normalized(images_BHWC))

    def _normalized(self, images_BHWC: Pixels) -> torch.Tensor:
        return (torch.from_numpy(images_BHWC).permute(0, 3, 1, 2) / 255 - self._mean) / self._std

    def from_files(self, paths: Sequence[Path], images_NHWC: Pixels) -> OwnWay:
        pictures = [open_rgb(path) for path in paths]
        images_NCHW = self._clip.pixels(pictures)
        ours_NCHW = self._normalized(images_NHWC)
        # half a level of 255, in the widest of the normalised channels
        limit = 0.5 / 255 / float(self._std.max())
        same_N = ((images_NCHW - ours_NCHW).abs().amax(dim=(1, 2, 3)) <= limit).tolist()
        rows = [i for i, same in enumerate(same_N) if same]
        for number, (picture, same) in enumerate(zip(pictures, same_N, strict=True)):
            if not same and not _cut_beside(picture.size, self._fit):
                raise ValueError(f"the processor prepares {paths[number].name} in another way")
        found = self._outputs(images_NCHW[rows]) if rows else _nothing(self._outputs(images_NCHW[:1]))
        return OwnWay(found, tuple(rows), len(paths) - len(rows))

    def _outputs(self, images_NCHW: torch.Tensor) -> Outputs:
        embeddings_ND = self._clip.embeddings(images_NCHW)
        if self._head is not None:
            return outputs(self._head, embeddings_ND)
        logits_NC = self._clip.scale * embeddings_ND @ self._rows_CD.T
        return Outputs(logits_NC.numpy(), embeddings_ND.numpy())


def _nothing(like: Outputs) -> Outputs:
    return Outputs(like.logits_NC[:0], like.embeddings_ND[:0])


def _cut_beside(size: tuple[int, int], fit: Fit) -> bool:
    """Whether the library cuts the middle out a pixel beside ours, or a strip is too long to compare.

    Where an odd number of pixels is left over, half a pixel is rounded down there and to even here.
    """
    width, height = size
    short, long = min(size), max(size)
    over = int(fit.width * long / short) - fit.width
    return over % 4 == 3 or long > 30 * short or fit.height != fit.width or width == 0 or height == 0


class TransformersExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "transformers"
    title: ClassVar[str] = "transformers folder"
    summary: ClassVar[str] = (
        "The whole CLIP as CLIPModel and CLIPProcessor load it, offline; for models that fit it."
    )
    readers: ClassVar[tuple[str, ...]] = ("transformers", "Hugging Face Hub")
    library: ClassVar[str] = "transformers"
    Options = TransformersOptions

    def supports(self, subject: Subject, options: TransformersOptions) -> Message | None:
        del options
        if not has_transformers():
            return say("export.needs_package", package="transformers", extra="hf")
        if subject.head_kind == "other":
            return say("export.no_place", method=subject.finished.recipe.method.name)
        try:
            hugging_face.config(subject.plain)
        except NoMapping as reason:
            return say("export.no_mapping", reason=str(reason))
        if not hugging_face.has_simple_tokenizer(subject.plain):
            return say("export.no_mapping", reason="its tokenizer is not CLIP's own")
        if subject.finished.fit.mode == "letterbox":
            return say("export.no_mapping", reason="its processor knows no letterbox, as this run has it")
        if subject.finished.fit.height != subject.finished.fit.width:
            return say("export.no_mapping", reason="its pictures are not square")
        return None

    def write(
        self, subject: Subject, about: About, options: TransformersOptions, folder: Path, control: Control
    ) -> None:
        del options, control
        plain = subject.plain
        content = {
            "config.json": json.dumps(hugging_face.config(plain), indent=1),
            "preprocessor_config.json": json.dumps(_processor(about), indent=1),
            **hugging_face.tokenizer_files(plain.context_length),
        }
        for name, text in content.items():
            files.write_text(folder / name, text)
        weights = safetensors.torch.save(hugging_face.tensors(plain), {"format": "pt"})
        files.write_bytes(folder / WEIGHTS, weights)
        if about.head == "matrix":
            head_files.write(subject.matrix, folder)

    def open(self, folder: Path, about: About) -> Reader:
        if not has_transformers():
            raise EngineError("export.needs_package", package="transformers", extra="hf")
        return _FolderReader(folder, about)

    def real(self, folder: Path, about: About) -> Reader:
        return _FolderReader(folder, about)

    def code(self, about: About) -> str:
        lines = [
            "import json, torch",
            "from pathlib import Path",
            "from PIL import Image",
            "from transformers import CLIPModel, CLIPProcessor",
            "",
            'model = CLIPModel.from_pretrained("FOLDER")',
            'processor = CLIPProcessor.from_pretrained("FOLDER", backend="pil")',
            'about = json.loads(Path("FOLDER/export.json").read_text("utf-8"))',
            'image = Image.open("picture.png").convert("RGB")',
        ]
        if about.head == "matrix":
            return "\n".join(
                [
                    *lines,
                    "from safetensors.torch import load_file",
                    'head = load_file("FOLDER/head.safetensors")',
                    'pixels = processor(images=image, return_tensors="pt")["pixel_values"]',
                    "image = model.get_image_features(pixel_values=pixels).pooler_output",
                    "image = image / image.norm(dim=-1, keepdim=True)",
                    'logits = head["scale"] * image @ head["weight"].T + head["bias"]',
                    'print(about["classes"][logits.argmax()])',
                ]
            )
        return "\n".join(
            [
                *lines,
                "# one template; the mean over all of them, as in the results below, takes a few lines more",
                'texts = [about["templates"][0].replace("{}", name) for name in about["class_names"]]',
                'given = processor(text=texts, images=image, return_tensors="pt", padding=True)',
                "with torch.no_grad():",
                "    probabilities = model(**given).logits_per_image.softmax(dim=-1)",
                'print(about["classes"][probabilities.argmax()])',
            ]
        )


def _processor(about: About) -> dict[str, Any]:
    """The content of preprocessor_config.json."""
    p = about.preprocessing
    whole = {"height": p.height, "width": p.width}
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": whole if p.mode == "squash" else {"shortest_edge": p.width},
        "resample": _RESAMPLE[p.interpolation],
        "do_center_crop": p.mode != "squash",
        "crop_size": whole,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(p.mean),
        "image_std": list(p.std),
    }


EXPORTER = TransformersExporter()
