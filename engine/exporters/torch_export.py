"""A program of torch.export: image tower and head, read by PyTorch with neither open_clip nor flyp.

    pictures (batch × H × W × 3, uint8)  ->  probabilities, logits (batch × C), embeddings (batch × D)

H and W are the model's own; the batch is free. Classes and preparation are in ``export.json``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, ClassVar

import torch

from engine import files
from engine.clip.quiet import quiet
from engine.control import Control
from engine.errors import EngineError
from engine.exporters import Options
from engine.exporters.about import About
from engine.exporters.graph import Classifier
from engine.exporters.reader import Outputs, Pixels, Reader
from engine.exporters.subject import Subject
from engine.messages import Message

FILE = "model.pt2"


class TorchExportOptions(Options):
    """There is nothing to choose."""


class _ProgramReader(Reader):
    """torch.export.load."""

    def __init__(self, folder: Path) -> None:
        with quiet():
            self._module: Any = torch.export.load(str(folder / FILE)).module()

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        with torch.inference_mode():
            _, logits_BC, embeddings_BD = self._module(torch.from_numpy(images_BHWC))
        return Outputs(logits_BC.numpy(), embeddings_BD.numpy())


class TorchExportExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "torch-export"
    title: ClassVar[str] = "PyTorch program"
    summary: ClassVar[str] = (
        "Image tower and classes as a torch.export program: for servers, AOTInductor, ExecuTorch."
    )
    readers: ClassVar[tuple[str, ...]] = ("PyTorch", "AOTInductor", "ExecuTorch")
    library: ClassVar[str] = "pytorch"
    Options = TorchExportOptions

    def supports(self, subject: Subject, options: TorchExportOptions) -> Message | None:
        del subject, options
        return None

    def write(
        self, subject: Subject, about: About, options: TorchExportOptions, folder: Path, control: Control
    ) -> None:
        del about, options, control
        module = Classifier(subject)
        batch = torch.export.Dim("batch", min=1)
        out = io.BytesIO()
        with quiet(), torch.no_grad():
            program = torch.export.export(
                module.eval(), (module.encoder.example(),), dynamic_shapes=({0: batch},)
            )
            for node in program.graph.nodes:
                # these name source files of this machine
                node.meta.pop("stack_trace", None)
            torch.export.save(program, out)
        files.write_bytes(folder / FILE, out.getvalue())

    def open(self, folder: Path, about: About) -> Reader:
        # loading evaluates expressions and may unpickle: fine for a file of one's own, not for a stranger's
        del about
        raise EngineError("export.holds_code", path=str(folder / FILE))

    def real(self, folder: Path, about: About) -> Reader:
        del about
        return _ProgramReader(folder)

    def code(self, about: About) -> str:
        p = about.preprocessing
        return "\n".join(
            [
                "import json, numpy, torch",
                "from pathlib import Path",
                "from PIL import Image",
                "",
                f'model = torch.export.load("{FILE}").module()',
                'about = json.loads(Path("export.json").read_text("utf-8"))',
                f"# {p.width} × {p.height} pixels, fitted as export.json says ({p.mode}, {p.interpolation})",
                'image = Image.open("picture.png").convert("RGB")',
                "batch = torch.from_numpy(numpy.array(image))[None]",
                "probabilities, logits, embeddings = model(batch)",
                'print(about["classes"][probabilities[0].argmax()], float(probabilities[0].max()))',
            ]
        )


EXPORTER = TorchExportExporter()
