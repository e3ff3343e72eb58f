"""ONNX: image tower and head in one graph, by PyTorch's exporter.

    pictures (batch × H × W × 3, uint8)  ->  probabilities, logits (batch × C), embeddings (batch × D)

H and W are the model's own; the batch is free. Normalisation is inside the graph, resizing is not.
With ``input = "float"`` pictures are batch × 3 × H × W, normalised already. With ``precision = "fp16"``
weights are kept in fp16, in half the space, and made fp32 again as the graph is loaded: arithmetic in
fp16 is left out, since ONNX Runtime 1.32 crashes on x86 processors as it loads a vision transformer in
it, and computes in fp32 there anyway.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from engine import files
from engine.clip.quiet import quiet
from engine.control import Control
from engine.errors import EngineError
from engine.exporters import Options, Precision
from engine.exporters.about import About
from engine.exporters.graph import Classifier, ImageEncoder, Input, TextEncoder
from engine.exporters.reader import Floats, Outputs, Pixels, Reader
from engine.exporters.subject import Subject
from engine.messages import Message, say

OPSET = 18
"""Of every graph; read by ONNX Runtime from 1.14 on."""
FILE = "model.onnx"
IMAGE_FILE = "image_encoder.onnx"
TEXT_FILE = "text_encoder.onnx"
OUTPUTS = ("probabilities", "logits", "embeddings")
_LARGEST = 2_000_000_000
"""Bytes of weights that one file can hold: protobuf ends at 2 GiB."""
_SMALL = 256
"""Weights of fewer numbers stay in fp32: nothing is gained by them."""
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


class OnnxOptions(Options):
    """Options of the ONNX graph."""

    precision: Precision = "fp32"
    """In what weights are kept: fp32, or fp16 in half the space. Arithmetic is fp32."""
    input: Input = "uint8"
    """What goes in: uint8 pictures as they are read, or float ones that are normalised already."""
    encoders: bool = False
    """Also write the image encoder and the text encoder as graphs of their own, for other classes."""


def missing_package() -> str | None:
    """The first package of the extra ``onnx`` that is not installed."""
    return next((name for name in _PACKAGES if importlib.util.find_spec(name) is None), None)


def unsupported(subject: Subject, precision: Precision) -> Message | None:
    """Why no graph can be written of this run."""
    if (package := missing_package()) is not None:
        return say("export.needs_package", package=package, extra="onnx")
    size = subject.plain.parameters_count.image * (2 if precision == "fp16" else 4)
    if size > _LARGEST:
        return say("export.too_large", size=f"{size / 1e9:.1f}")
    return None


def write_graph(
    module: nn.Module,
    example: Tensor,
    input_name: str,
    outputs: Sequence[str],
    about: About,
    path: Path,
    precision: Precision = "fp32",
    notes: dict[str, str] | None = None,
) -> None:
    """Trace ``module`` with a free batch and write it with what it is in its metadata."""
    with quiet(), torch.no_grad():
        batch = torch.export.Dim("batch", min=1)
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[input_name],
            output_names=list(outputs),
            dynamic_shapes=({0: batch},),
        )
        assert program is not None
        model = program.model
        model.producer_name, model.producer_version = "flyp", about.version
        model.metadata_props.update(
            {
                "classes": json.dumps(about.classes, ensure_ascii=False),
                "class_names": json.dumps(about.class_names, ensure_ascii=False),
                "preprocessing": about.preprocessing.model_dump_json(),
                "opset": str(OPSET),
                "alpha": repr(about.alpha),
                **(notes or {}),
            }
        )
        graph = _bare(program.model_proto)
        if precision == "fp16":
            _halve(graph)
    files.write_bytes(path, graph.SerializeToString())


def _bare(model: Any) -> Any:
    """The graph without the exporter's notes on each node, which name source files of this machine."""
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    graph.ClearField("metadata_props")
    return model


def _halve(model: Any) -> None:
    """Keep larger weights in fp16, each with a cast to fp32 behind it."""
    import onnx
    from onnx import helper, numpy_helper

    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < _SMALL:
            continue
        limit = np.finfo(np.float16).max
        kept = numpy_helper.from_array(values.clip(-limit, limit).astype(np.float16), f"{tensor.name}_fp16")
        casts.append(helper.make_node("Cast", [kept.name], [tensor.name], to=onnx.TensorProto.FLOAT))
        tensor.CopyFrom(kept)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


class OnnxReader(Reader):
    """A graph in ONNX Runtime, on the CPU."""

    def __init__(self, path: Path, about: About) -> None:
        self._session = session(path)
        self._about = about
        (given,) = self._session.get_inputs()
        self._name = given.name
        self._is_float = given.type != "tensor(uint8)"

    def __call__(self, images_BHWC: Pixels) -> Outputs:
        given = normalized(images_BHWC, self._about) if self._is_float else images_BHWC
        logits_BC, embeddings_BD = self._session.run(["logits", "embeddings"], {self._name: given})
        return Outputs(logits_BC, embeddings_BD)


class _WithEncoders(OnnxReader):
    """The graph, and beside it the two encoders."""

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder / FILE, about)
        self._image, self._text = session(folder / IMAGE_FILE), session(folder / TEXT_FILE)
        self._rows_CD: Floats | None = None

    def second(self, images_BHWC: Pixels) -> Outputs | None:
        given = normalized(images_BHWC, self._about) if self._is_float else images_BHWC
        (embeddings_BD,) = self._image.run(["embeddings"], {self._name: given})
        if self._about.head != "text":
            return Outputs(self(images_BHWC).logits_NC, embeddings_BD)
        if self._rows_CD is None:
            self._rows_CD = self._classes()
        logits_BC = self._about.scale * embeddings_BD @ self._rows_CD.T + (self._about.bias or 0.0)
        return Outputs(logits_BC, embeddings_BD)

    def _classes(self) -> Floats:
        """The template head, by the text encoder."""
        tokens_CTL = np.asarray(json.loads(self._text.get_modelmeta().custom_metadata_map["tokens"]))
        rows = []
        for tokens_TL in tokens_CTL:
            (texts_TD,) = self._text.run(["embeddings"], {"tokens": tokens_TL.astype(np.int64)})
            mean_D = texts_TD.mean(axis=0)
            rows.append(mean_D / np.linalg.norm(mean_D))
        return np.stack(rows)


def session(path: Path) -> Any:
    """ONNX Runtime's session of a graph, silent."""
    # it would keep an identity of this machine in the person's cache, to report by
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def normalized(images_BHWC: Pixels, about: About) -> Floats:
    """What a graph with float input takes: B × 3 × H × W."""
    p = about.preprocessing
    mean, std = np.array(p.mean, dtype=np.float32), np.array(p.std, dtype=np.float32)
    images = (images_BHWC.astype(np.float32) / np.float32(255) - mean) / std
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)


class OnnxExporter:
    """See the module's docstring."""

    name: ClassVar[str] = "onnx"
    title: ClassVar[str] = "ONNX"
    summary: ClassVar[str] = (
        "Image tower and classes in one graph: a picture goes in, probabilities come out."
    )
    readers: ClassVar[tuple[str, ...]] = ("ONNX Runtime", "OpenVINO", "TensorRT", "Windows ML")
    library: ClassVar[str] = "onnx"
    Options = OnnxOptions

    def supports(self, subject: Subject, options: OnnxOptions) -> Message | None:
        return unsupported(subject, options.precision)

    def write(
        self, subject: Subject, about: About, options: OnnxOptions, folder: Path, control: Control
    ) -> None:
        module, kept = Classifier(subject, options.input), options.precision
        write_graph(module, module.encoder.example(), "pictures", OUTPUTS, about, folder / FILE, kept)
        if not options.encoders:
            return
        control.check()
        encoder = ImageEncoder(subject.plain, options.input)
        write_graph(encoder, encoder.example(), "pictures", ["embeddings"], about, folder / IMAGE_FILE, kept)
        control.check()
        write_text_graph(subject, about, folder / TEXT_FILE, kept)

    def open(self, folder: Path, about: About) -> Reader:
        if (package := missing_package()) is not None:
            raise EngineError("export.needs_package", package=package, extra="onnx")
        return OnnxReader(folder / FILE, about)

    def real(self, folder: Path, about: About) -> Reader:
        return _WithEncoders(folder, about) if about.options.get("encoders") else self.open(folder, about)

    def code(self, about: About) -> str:
        p = about.preprocessing
        lines = [
            "import json, numpy, onnxruntime",
            "from PIL import Image",
            "",
            f'session = onnxruntime.InferenceSession("{FILE}")',
            'classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])',
            f"# {p.width} × {p.height} pixels, fitted as export.json says ({p.mode}, {p.interpolation})",
            'image = Image.open("picture.png").convert("RGB")',
        ]
        if about.options.get("input") == "float":
            lines += [
                f"mean, std = {list(p.mean)}, {list(p.std)}",
                "pixels = (numpy.float32(image) / 255 - mean) / std",
                "batch = numpy.float32(pixels.transpose(2, 0, 1)[None])",
            ]
        else:
            lines.append("batch = numpy.asarray(image)[None]")
        lines += [
            '(probabilities,) = session.run(["probabilities"], {"pictures": batch})',
            "print(classes[probabilities[0].argmax()], probabilities[0].max())",
        ]
        return "\n".join(lines)


def write_text_graph(subject: Subject, about: About, path: Path, precision: Precision) -> None:
    """The text encoder; the class captions' tokens are in its metadata, since a tokenizer is not."""
    tokens_CTL = subject.finished.task.tokens_CTL
    example, notes = tokens_CTL[0][:1].repeat(2, 1), {"tokens": json.dumps(tokens_CTL.tolist())}
    encoder = TextEncoder(subject.plain)
    write_graph(encoder, example, "tokens", ["embeddings"], about, path, precision, notes)


EXPORTER = OnnxExporter()
