"""Nothing is kept or sent about the person: ONNX Runtime would, from the moment it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper


def test_onnx_runtime_keeps_nothing_in_the_persons_folders(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(tmp_path / "model.onnx"))
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path; from engine.exporters.onnx_graph import session;"
        "assert session(Path(sys.argv[1])).run(None, {'x': [2.5]})[0] == [2.5]"
    )
    variables = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "LOCALAPPDATA": str(home)}
    variables.pop("ORT_DISABLE_TELEMETRY", None)
    command = [sys.executable, "-c", code, str(tmp_path / "model.onnx")]
    subprocess.run(command, env=variables, cwd=Path(__file__).parents[3], check=True)
    assert [file for file in home.rglob("*") if "icrosoft" in str(file)] == []
