"""A folder that classifies pictures on any machine with onnxruntime and pillow: no torch, no flyp.

``python predict.py PICTURE…`` prepares pictures as this program does; labels and preparation lie
beside it as JSON.

N: pictures, C: classes, H, W: height and width.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from engine import files, paths
from engine.control import Control
from engine.errors import EngineError
from engine.exporters import Options, Precision
from engine.exporters.about import About
from engine.exporters.graph import Classifier
from engine.exporters.onnx_graph import FILE, OUTPUTS, OnnxReader, missing_package, unsupported, write_graph
from engine.exporters.reader import Outputs, OwnWay, Pixels, Reader
from engine.exporters.subject import Subject
from engine.messages import Message

SCRIPT = "predict.py"
LABELS = "labels.json"
PREPROCESSING = "preprocessing.json"


class ClassifierOptions(Options):
    """Options of the classifier folder."""

    precision: Precision = "fp32"
    """In what weights are kept: fp32, or fp16 in half the space. Arithmetic is fp32."""


class _ScriptReader(OnnxReader):
    """The folder's own script. Only for folders of our own: it runs what lies there."""

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder / FILE, about)
        self._script = folder / SCRIPT

    def from_files(self, paths: Sequence[Path], images_NHWC: Pixels) -> OwnWay:
        del images_NHWC
        spec = importlib.util.spec_from_file_location("flyp_predict", self._script)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _, logits_NC, embeddings_ND = module.run([str(path) for path in paths])
        return OwnWay(Outputs(logits_NC, embeddings_ND), tuple(range(len(paths))))


class ClassifierExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "classifier"
    title: ClassVar[str] = "Classifier folder"
    summary: ClassVar[str] = (
        "Graph, labels and a short script: classifies pictures with onnxruntime and pillow only."
    )
    readers: ClassVar[tuple[str, ...]] = ("Python with onnxruntime and pillow",)
    library: ClassVar[str] = "onnx"
    Options = ClassifierOptions

    def supports(self, subject: Subject, options: ClassifierOptions) -> Message | None:
        return unsupported(subject, options.precision)

    def write(
        self, subject: Subject, about: About, options: ClassifierOptions, folder: Path, control: Control
    ) -> None:
        del control
        module = Classifier(subject)
        path = folder / FILE
        write_graph(module, module.encoder.example(), "pictures", OUTPUTS, about, path, options.precision)
        labels = json.dumps(list(about.classes), indent=1, ensure_ascii=False)
        files.write_text(folder / LABELS, labels + "\n")
        preparing = about.preprocessing.model_dump_json(indent=1)
        files.write_text(folder / PREPROCESSING, preparing + "\n")
        script = paths.resources_folder() / "classifier" / SCRIPT
        files.write_bytes(folder / SCRIPT, script.read_bytes())

    def open(self, folder: Path, about: About) -> Reader:
        # the script is not run: a stranger may have made the folder
        if (package := missing_package()) is not None:
            raise EngineError("export.needs_package", package=package, extra="onnx")
        return OnnxReader(folder / FILE, about)

    def real(self, folder: Path, about: About) -> Reader:
        return _ScriptReader(folder, about)

    def code(self, about: About) -> str:
        del about
        return "\n".join(["pip install onnxruntime pillow", f"python {SCRIPT} picture.png another.jpg"])


EXPORTER = ClassifierExporter()
